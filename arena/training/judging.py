"""How exploitable a run's newest checkpoint is: exactly, over the whole tree, where its game can be walked."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from arena.training.exploitability import Gap, gap
from arena.training.net import Plan
from arena.training.reader import Reader, reader
from arena.training.run import Run
from arena.training.table import Table
from arena.training.trees import Tree, walk
from envs.errors import CORRUPT, UserError
from envs.registry import game as open_game

__all__ = ["exact", "strategy_of"]


def strategy_of(run: Run, tree: Tree) -> np.ndarray:
    """float64[S]: what the newest checkpoint of a run plays in every information set. UserError (3, 4) when it holds no strategy.

    Logits are taken as probabilities, as a player at temperature 1 draws from them; action values are played from greedily. A network that
    remembers is led through the seat's sets in the order in which it comes by them.
    """
    run.demand_same_rules(tree.game)
    found = run.demand()
    work = found.state["work"]
    if work.get("policy") == "table":
        return _of_table(Table.loaded(found), tree, run.path)
    logits = np.zeros(len(tree.action))
    for name, plain in work["nets"].items():
        plan, start = Plan.of(plain), f"{name}/"
        read = reader(plan, {key.removeprefix(start): v for key, v in found.weights.items() if key.startswith(start)})
        seats = [seat for seat in range(tree.seats) if tree.game.spec.role(seat).name == name]
        own = np.isin(tree.owner, seats)
        table = np.zeros((len(tree.owner), tree.game.spec.width))
        table[own] = _outputs(tree, plan, read, own)[:, : tree.game.spec.width]
        slots = own[tree.set_of]
        logits[slots] = tree.flat(table)[slots]
    return tree.softmax(logits * 1e9) if work.get("policy") in ("q", "dueling") else tree.softmax(logits)


def _outputs(tree: Tree, plan: Plan, read: Reader, own: np.ndarray) -> np.ndarray:
    """float32[n, outputs] of a network at the sets that bool[I] names, each after the sets of its seat that lie before it."""
    sets = np.flatnonzero(own)
    x = np.stack([tree.game.encode(tree.seen[i], plan.view) for i in sets]).astype(np.float32)
    if not plan.remembers:
        return read(x, None)[0]
    before = tree.before
    depth = np.zeros(len(before), np.int64)
    for i in sets.tolist():
        depth[i] = depth[before[i]] + 1 if before[i] >= 0 else 0
    out = np.zeros((len(before), plan.outputs), np.float32)
    memory = np.zeros((len(before) + 1, plan.remembers), np.float32)  # the last stands for no set before
    for level in range(int(depth[sets].max()) + 1):
        here = depth[sets] == level
        out[sets[here]], after = read(x[here], memory[before[sets[here]]])
        assert after is not None
        memory[sets[here]] = after
    return out[sets]


def _of_table(table: Table, tree: Tree, path: Path) -> np.ndarray:
    whole = Table.of(tree, tree.uniform())
    if whole.keys != table.keys:
        raise UserError(f"{path} holds a table of another game: train a new run", CORRUPT)
    return np.asarray(table.strategy, np.float64)


def exact(run: Run) -> Gap:
    """NashConv and exploitability of the newest checkpoint. UserError when the game cannot be walked."""
    tree = walk(open_game(run.game))
    return gap(tree, strategy_of(run, tree))
