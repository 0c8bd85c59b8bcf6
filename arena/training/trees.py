"""The whole tree of a small game as flat arrays, and the passes over it that solvers are made of.

`walk` enumerates a game of the trait `enumerable` by its rules `chances` and `chance`. An information set is the sequence of a seat's
observations and own actions; seats that act in one tick decide one after another, the later ones blind to the earlier ones' acts.
Nodes stand in the order of levels (tick, then seat): a parent comes before its children, the nodes of one set share a level.
A strategy of all seats is one array float64[S] over the pairs (information set, action), "slots", those of a set side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any

import numpy as np

from arena.training import _passes as passes
from arena.training._growth import Growth
from envs.errors import UserError
from envs.game import Game
from envs.record_game import RecordGame

__all__ = ["CHANCE", "END", "Tree", "chained", "walk"]

CHANCE, END = -1, -2
"""In `who`: nobody decides here, a chance outcome does; the episode has ended."""

MOST = 5_000_000
"""The most nodes of a tree, for memory's sake: about 1 GB."""

_AFTER = 1 << 10
"""Chance comes after the seats of its tick."""


@dataclass(frozen=True)
class Tree:
    """N nodes, I information sets, S slots, P seats. Payoffs and values are points (chips in poker).

    parent int32[N] (-1 for the root); who int8[N]: a seat, CHANCE or END; infoset int32[N], -1 where nobody decides; slot int32[N]: the
    slot of the edge that led here, -1 after chance; chance float64[N]: the probability of that edge where chance drew it, else 1;
    payoff float64[N, P]: a seat's total, at ends. first int32[I + 1]: the slots of set i are first[i] to first[i + 1] - 1; owner int8[I];
    action int32[S]. levels int32[L + 1]: where the levels begin. keys: per set, the digest of what its seat was asked and did.
    seen: per set, one observation that it stands for.
    """

    game: RecordGame
    parent: np.ndarray
    who: np.ndarray
    infoset: np.ndarray
    slot: np.ndarray
    chance: np.ndarray
    payoff: np.ndarray
    first: np.ndarray
    owner: np.ndarray
    action: np.ndarray
    levels: np.ndarray
    keys: tuple[bytes, ...]
    seen: tuple[Any, ...]

    @property
    def seats(self) -> int:
        return self.payoff.shape[1]

    @cached_property
    def sizes(self) -> np.ndarray:
        """int32[I]: the number of actions of each set."""
        return np.diff(self.first)

    @cached_property
    def set_of(self) -> np.ndarray:
        """int32[S]: the set of each slot."""
        return np.repeat(np.arange(len(self.owner), dtype=np.int32), self.sizes)

    @cached_property
    def kids(self) -> tuple[np.ndarray, np.ndarray]:
        """(begin int64[N + 1], nodes int64[N - 1]): the children of node n are nodes[begin[n]:begin[n + 1]]."""
        nodes = np.argsort(self.parent[1:], kind="stable") + 1
        return np.searchsorted(self.parent[nodes], np.arange(len(self.parent) + 1)), nodes

    @cached_property
    def before(self) -> np.ndarray:
        """int64[I]: of each set, the one in which its seat decided before; -1 where there is none."""
        last = np.full((len(self.parent), self.seats), -1, np.int64)
        found = np.full(len(self.owner), -1, np.int64)
        for n, (above, seat, own) in enumerate(zip(self.parent, self.who, self.infoset, strict=True)):
            if above >= 0:
                last[n] = last[above]
                if self.who[above] >= 0:
                    last[n, self.who[above]] = self.infoset[above]
            if seat >= 0:
                found[own] = last[n, seat]
        return found

    def uniform(self) -> np.ndarray:
        """The strategy that plays every legal action alike."""
        return (1.0 / self.sizes)[self.set_of]

    def normalised(self, weights: np.ndarray) -> np.ndarray:
        """Weights >= 0, float64[S], to sum 1 in each set; sets without weight become uniform."""
        sums = np.add.reduceat(weights, self.first[:-1])[self.set_of]
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(sums > 0, weights / sums, self.uniform())

    def softmax(self, logits: np.ndarray) -> np.ndarray:
        """The softmax of float64[S] within each set."""
        peaks = np.maximum.reduceat(logits, self.first[:-1])[self.set_of]
        weights = np.exp(logits - peaks)
        return weights / np.add.reduceat(weights, self.first[:-1])[self.set_of]

    def reach(self, strategy: np.ndarray) -> np.ndarray:
        """float64[N, P + 1]: what each seat, and in the last column chance, contributes to the probability of coming by each node."""
        out = np.ones((len(self.parent), self.seats + 1))
        passes.reach(self.parent, self.who, self.slot, self.chance, strategy, out)
        return out

    def values(self, strategy: np.ndarray) -> np.ndarray:
        """float64[N, P]: the expected totals from each node on."""
        out = self.payoff.copy()
        passes.values(self.parent, self.slot, self.chance, strategy, out)
        return out

    def expected(self, strategy: np.ndarray) -> np.ndarray:
        """float64[P]: the expected totals of the seats."""
        return self.values(strategy)[0]

    def counterfactual(self, strategy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(values float64[S], weights float64[I]).

        weights: the probability of coming by the set as far as it lies with chance and the others; values: of taking the action
        there, times that weight.
        """
        values, weights = np.zeros(len(self.action)), np.zeros(len(self.owner))
        passes.counterfactual(
            self.parent, self.who, self.infoset, self.slot, self.reach(strategy), self.values(strategy), values, weights
        )
        return values, weights

    def own_reach(self, strategy: np.ndarray) -> np.ndarray:
        """float64[I]: the probability that a set's owner plays so that the set can be reached."""
        reach, out = self.reach(strategy), np.zeros(len(self.owner))
        nodes = np.flatnonzero(self.infoset >= 0)
        out[self.infoset[nodes]] = reach[nodes, self.who[nodes]]
        return out

    def tensors(self, view: str) -> np.ndarray:
        """float32[I, ...]: the view of one observation of each set."""
        return np.stack([self.game.encode(obs, view) for obs in self.seen])

    @cached_property
    def legal(self) -> np.ndarray:
        """bool[I, A]: the legal actions of each set."""
        mask = np.zeros((len(self.owner), self.game.spec.width), np.bool_)
        mask[self.set_of, self.action] = True
        return mask

    def flat(self, table: np.ndarray) -> np.ndarray:
        """float64[S] from a table float[I, A]."""
        return table[self.set_of, self.action].astype(np.float64)


def chained(past: bytes, *more: bytes) -> bytes:
    """The digest of a past (b"" at the start) and what followed: 16 bytes."""
    return blake2b(past + b"".join(more), digest_size=16).digest()


def walk(game: Game, most: int = MOST) -> Tree:
    """The tree of a game. UserError, in one line, for a game that cannot be walked or has more than `most` nodes."""
    if not isinstance(game, RecordGame) or "enumerable" not in game.spec.traits:
        raise UserError(
            f"{game.id} is not enumerable: exact solvers take kuhn_poker, leduc_poker or small matrix games"
        )
    if game.spec.factors != 1:
        raise UserError(f"{game.id}: an action has {game.spec.factors} factors; exact solvers take one")
    walker = _Walker(game, most)
    walker.open(
        game.start_unsettled(),
        _Place(-1, -1, 1.0, (b"",) * game.seats, (b"",) * game.seats, (0.0,) * game.seats),
        start=True,
    )
    walker.run()
    return walker.tree()


@dataclass(frozen=True)
class _Place:
    """Where a node hangs: its parent, the edge, and per seat what it has seen, what it was asked, and its points so far."""

    parent: int
    slot: int
    chance: float
    pasts: tuple[bytes, ...]
    asked: tuple[bytes, ...]
    points: tuple[float, ...]

    def under(self, parent: int, slot: int = -1, chance: float = 1.0) -> _Place:
        return _Place(parent, slot, chance, self.pasts, self.asked, self.points)


class _Walker:
    """Takes the nodes level by level; `growth` gathers the arrays."""

    def __init__(self, game: RecordGame, most: int) -> None:
        self.game, self.growth = game, Growth(game.seats, most)

    def run(self) -> None:
        while (level := self.growth.next_level()) is not None:
            for visit in level:
                visit()

    def open(self, state: np.ndarray, place: _Place, start: bool = False, drawn: int = 0) -> None:
        """A state whose tick is not closed: chance if some is pending, else the next tick."""
        n = self.game.chances(state)
        if n > 1:
            tick = -1 if start else int(state["tick"][0])
            self.growth.put((tick, _AFTER + drawn), lambda: self.draw(state, place, start, drawn, n))
        else:
            self.closed(state if start else self.game.finish(state), place, start)

    def draw(self, state: np.ndarray, place: _Place, start: bool, drawn: int, n: int) -> None:
        node = self.growth.node(place.parent, CHANCE, -1, place.slot, place.chance, place.points)
        for i in range(n):
            self.open(self.game.force(state, i), place.under(node, chance=1.0 / n), start, drawn + 1)

    def closed(self, state: np.ndarray, place: _Place, start: bool) -> None:
        """The beginning of a tick: everybody looks, then the acting seats decide in turn."""
        facts = self.game.facts(state)
        points = place.points if start else tuple(a + b for a, b in zip(place.points, facts.reward, strict=True))
        seen = [self.game.observe(state, seat) for seat in range(self.game.seats)]
        pasts = tuple(chained(past, obs.array.tobytes()) for past, obs in zip(place.pasts, seen, strict=True))
        place = _Place(place.parent, place.slot, place.chance, pasts, place.asked, points)
        if facts.done:
            self.growth.put((facts.tick, _AFTER - 1), lambda: self.end(place))
        else:
            turns = self.game.turns(state)
            self.growth.put((facts.tick, min(turns)), lambda: self.decide(state, seen, turns, {}, place))

    def end(self, place: _Place) -> None:
        self.growth.node(place.parent, END, -1, place.slot, place.chance, place.points)

    def decide(
        self, state: np.ndarray, seen: Sequence[Any], turns: dict[int, Any], acts: dict[int, list[int]], place: _Place
    ) -> None:
        """The first acting seat that has not decided yet."""
        seat = next(seat for seat in turns if seat not in acts)
        asked = chained(place.asked[seat], seen[seat].array.tobytes())
        chosen = self.growth.infoset((seat, place.pasts[seat]), list(turns[seat]), asked, seen[seat])
        node = self.growth.node(place.parent, seat, chosen, place.slot, place.chance, place.points)
        for slot, action in self.growth.slots(chosen):
            below = _acted(place.under(node, slot), seat, asked, action)
            done = acts | {seat: [action]}
            if len(done) == len(turns):
                self.open(self.game.step_unsettled(state, done), below)
            else:
                later = min(turns.keys() - done.keys())
                self.growth.put((int(state["tick"][0]), later), partial(self.decide, state, seen, turns, done, below))

    def tree(self) -> Tree:
        return Tree(self.game, **self.growth.arrays())


def _acted(place: _Place, seat: int, asked: bytes, action: int) -> _Place:
    """The place after a seat's own act, which it knows."""
    act = action.to_bytes(4, "little")
    pasts = tuple(chained(past, act) if p == seat else past for p, past in enumerate(place.pasts))
    after = tuple(chained(asked, act) if p == seat else past for p, past in enumerate(place.asked))
    return _Place(place.parent, place.slot, place.chance, pasts, after, place.points)
