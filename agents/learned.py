"""A trained player: the newest checkpoint of a run, alone or inside a tree search.

`runs/x` plays as the run's network says, `runs/x?search=200` lets the network guide a search of 200 simulations in games where all is
seen. A network that remembers does so from decision to decision of an episode. Nothing of torch is loaded: outputs are worked out with
numpy. A run trained on other rules is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from agents import pane
from arena.agent import Ask, Reply
from arena.training import checkpoint
from arena.training.net import Plan
from arena.training.reader import Memory, Reader, reader
from arena.training.run import Run
from envs import keys
from envs.errors import CORRUPT, UserError
from envs.extras import wanting
from envs.game import Game
from envs.spec import Option

__all__ = ["Learned", "Policy", "of"]

KINDS = ("softmax", "q", "dueling")


class Policy:
    """The networks of a checkpoint. kind: "softmax" (logits and a value), "q" (action values), "dueling" (advantages and a value)."""

    def __init__(self, run: Run, step: int = 0) -> None:
        found = run.demand(step)
        work = found.state.get("work")
        if not isinstance(work, dict) or work.get("policy") not in KINDS or not isinstance(work.get("nets"), dict):
            raise UserError(f"{run.path}, checkpoint {found.step}, holds no network that plays", CORRUPT)
        self.run, self.step, self.kind = run, found.step, str(work["policy"])
        self.unit = float(work.get("scale", 1.0))
        self.readers: dict[str, tuple[Plan, Reader]] = {}
        for name, tree in work["nets"].items():
            plan, start = Plan.of(tree), f"{name}/"
            own = {key.removeprefix(start): value for key, value in found.weights.items() if key.startswith(start)}
            self.readers[str(name)] = plan, reader(plan, own)

    @property
    def remembers(self) -> bool:
        """Whether any of the networks does."""
        return any(plan.remembers for plan, _ in self.readers.values())

    def outputs(self, game: Game, obs: Any, seat: int, memory: Memory = None) -> tuple[np.ndarray, Memory]:
        """(float32[outputs] for what a seat sees, what it remembers after that); memory: what it remembered, None at its first decision.

        UserError (4) when the run knows no such role.
        """
        role = game.spec.role(seat)
        if role.name not in self.readers:
            raise UserError(f"{self.run.path} has no network for {role.name}", CORRUPT)
        plan, read = self.readers[role.name]
        seen = game.encode(obs, plan.view).astype(np.float32)[None]
        out, after = read(seen, memory)
        return np.asarray(out[0]), after

    def judged(self, game: Game, obs: Any, seat: int, mask: np.ndarray) -> tuple[list[np.ndarray], float]:
        """(the probabilities of each factor's values, the value in points, as the seat sees it), without a past."""
        return self.read(game, self.outputs(game, obs, seat)[0], seat, mask)

    def read(self, game: Game, out: np.ndarray, seat: int, mask: np.ndarray) -> tuple[list[np.ndarray], float]:
        """What outputs mean: see `judged`."""
        sizes = game.spec.role(seat).actions.factors
        edges = list(accumulate(sizes, initial=0))
        if self.kind == "dueling":
            out = out[:-1] - out[:-1].mean() + out[-1]
        if self.kind != "softmax":
            allowed = np.where(mask[: edges[-1]], out[: edges[-1]], -np.inf)
            return [_best(allowed[a:b]) for a, b in pairwise(edges)], self.unit * float(
                allowed[edges[0] : edges[1]].max()
            )
        return [_softmax(out[a:b], mask[a:b]) for a, b in pairwise(edges)], self.unit * float(out[-1])


def _softmax(logits: np.ndarray, mask: np.ndarray) -> np.ndarray:
    weights = np.where(mask, np.exp(logits - logits[mask].max()), 0.0)
    return np.asarray(weights / weights.sum())


def _best(values: np.ndarray) -> np.ndarray:
    return np.asarray((np.arange(len(values)) == values.argmax()).astype(float))


@cache
def _policy(path: str, step: int, stamp: tuple[str, ...]) -> Policy:
    return Policy(Run.opened(path), step)


def policy(path: Path, step: int) -> Policy:
    """The policy of a run, kept while its checkpoints stay the same."""
    return _policy(str(path), step, tuple(map(str, checkpoint.steps(path / "checkpoints"))))


class Learned:
    """The network of a run, which plays."""

    title = "Learned"
    path: ClassVar[Path]
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "search": Option(0, 0, 1_000_000, help="simulations of a tree search that the network guides; 0 for none"),
        "c": Option(3.0, 0.0, 100.0, help="weight of the network's probabilities in the search"),
        "soften": Option(3.0, 1.0, 100.0, help="root that is taken of these probabilities"),
        "mix": Option(0.5, 0.0, 1.0, help="share of a random game in the worth of a leaf, the rest is the network's"),
        "temperature": Option(-1.0, -1.0, 100.0, help="0 the likeliest, 1 as trained; -1: 0 where all is seen, else 1"),
        "step": Option(0, 0, 1 << 62, help="the checkpoint; 0 for the newest"),
    }

    def __init__(
        self,
        search: int = 0,
        c: float = 3.0,
        soften: float = 3.0,
        mix: float = 0.5,
        temperature: float = -1.0,
        step: int = 0,
    ) -> None:
        self.search, self.c, self.soften, self.mix = search, c, soften, mix
        self.temperature, self.step = temperature, step
        self.policy: Policy | None = None
        self._known: dict[int, _Known] = {}

    @classmethod
    def fits(cls, game: Game) -> None:
        run = Run.opened(cls.path)
        run.demand_same_rules(game)

    @classmethod
    def ready(cls, game: Game, step: int, search: int, **_: Any) -> Policy:
        """What is played from. UserError for a run that has no such checkpoint, or whose network cannot play so."""
        found = policy(cls.path, step)
        if search:
            from agents.guided import demand_plain_sight  # noqa: PLC0415  only a search needs it

            demand_plain_sight(game, found)
        return found

    def __call__(self, ask: Ask) -> Reply:
        """Raises UserError for a run of another game, or one that holds no network."""
        if self.policy is None:
            self.fits(ask.game)
            self.policy = self.ready(ask.game, self.step, self.search)
        if self.search:
            from agents.guided import guided  # noqa: PLC0415  only a search needs it

            return guided(ask, self.policy, self.search, self.c, self.mix, self.soften)
        known = self._known.setdefault(ask.seat, _Known())
        out, after = self.policy.outputs(ask.game, ask.obs, ask.seat, known.before(ask))
        known.after(ask, after)
        shares, value = self.policy.read(ask.game, out, ask.seat, ask.legal.mask)
        heat = self.temperature if self.temperature >= 0 else float("perfect" not in ask.game.spec.traits)
        action = [_drawn(share, heat, keys.fold(ask.key, k)) for k, share in enumerate(shares)]
        return self._reply(ask, action, shares, value)

    def _reply(self, ask: Ask, action: list[int], shares: list[np.ndarray], value: float) -> Reply:
        assert self.policy is not None
        likely = shares[0][action[0]]
        why = (
            f"{ask.game.name(action, ask.obs)}: {likely:.0%} of the policy, value {value:+.2f}, step {self.policy.step}"
        )
        if len(action) == 1:
            weights = {a: float(shares[0][a]) for a in ask.legal}
            shown = pane.policy(ask, weights, action[0])
        else:
            shown = pane.factored(ask, action, dict(enumerate(np.concatenate(shares).tolist())))
        return Reply([action], notes={"policy": shown, "value": pane.scaled(value, ask), "why": why})


class _Known:
    """What a seat remembers of its match: moved by its decisions, not by questions that are asked again, empty when another begins."""

    def __init__(self) -> None:
        self._match, self._tick = "", -1
        self._before: Memory = None
        self._after: Memory = None

    def before(self, ask: Ask) -> Memory:
        """What was remembered when this decision came."""
        if ask.match != self._match or ask.tick < self._tick:
            return None
        return self._before if ask.tick == self._tick else self._after

    def after(self, ask: Ask, memory: Memory) -> None:
        """What is remembered once it is made."""
        self._before = self.before(ask)
        self._match, self._tick, self._after = ask.match, ask.tick, memory


def _drawn(share: np.ndarray, heat: float, key: int) -> int:
    if heat <= 0:
        return int(share.argmax())
    powered = share ** (1.0 / heat)
    edges = np.cumsum(powered)
    return int(min(np.searchsorted(edges, keys.uniform(key) * edges[-1], side="right"), np.flatnonzero(share)[-1]))


def of(path: Path) -> type:
    """The player of a run's folder, as `agents.load` makes it. UserError when it is none."""
    run = Run.opened(path)
    if run.algo == "cfr+" or run.config.get("policy") == "table":
        from agents.tabular import Tabular  # noqa: PLC0415  a solver's run is read by another player

        return type("Tabular", (Tabular,), {"path": path, "title": f"Solved ({run.algo})", "__doc__": Tabular.__doc__})
    if run.algo == "duel":
        duellist = _needing_torch("arena.training.duel_seat").Duellist
        return type("Duellist", (duellist,), {"path": path, "__doc__": duellist.__doc__})
    return type("Learned", (Learned,), {"path": path, "title": f"Learned ({run.algo})", "__doc__": Learned.__doc__})


def _needing_torch(module: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise (wanting(error, "this run's player") or error) from None
