"""A league: main players who meet everybody, and exploiters who look for their weaknesses.

Roles, mixture and rules are those of Vinyals et al., "Grandmaster level in StarCraft II using multi-agent reinforcement learning" (2019),
supplementary pseudocode. The same: shares, thresholds, weightings, who is reset. Changed: lengths are given, and draws are by keys.
This file decides who meets whom and when somebody is kept or begins anew; playing and learning are the trainer's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from arena.training.pool import Payoff, pick, priorities
from envs.errors import UserError
from envs.keys import fold, uniform

__all__ = ["EXPLOITER", "LEAGUE_EXPLOITER", "MAIN", "SCRIPTED", "League", "Learner", "Past"]

MAIN, EXPLOITER, LEAGUE_EXPLOITER, SCRIPTED = "main", "exploiter", "league exploiter", "scripted"
ROLES = (MAIN, EXPLOITER, LEAGUE_EXPLOITER)

PFSP_SHARE, CHECK_SHARE = 0.5, 0.15
"""A main player's matches: half by priority against all of the past, 15 % to check on exploiters and on what it may have forgotten, the
rest, and what the check leaves, against main players as they are now."""

TOO_STRONG = {MAIN: 0.3, EXPLOITER: 0.1}
"""Below this rate a player meets the past of its opponent instead, equals first: it could learn nothing from losing always."""

EXPLOITED, FORGOTTEN, READY = 0.3, 0.7, 0.7
RESET_SHARE = 0.25
"""How often a league exploiter begins anew when it has been kept; an exploiter always does, a main player never."""


@dataclass(frozen=True)
class Past:
    """A player as it was: name, whose past it is, and that player's role; SCRIPTED for one that never learned."""

    name: str
    parent: str
    role: str


@dataclass
class Learner:
    """A player that learns. steps: those taken so far; kept: those at which it was last kept; initial: whether it is as it began."""

    name: str
    role: str
    steps: int = 0
    kept: int = 0

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise UserError(f"role {self.role!r} is not known: it is one of {', '.join(ROLES)}")


@dataclass
class League:
    """least, most: the steps between two times that a learner is kept: not before `least`, at latest after `most`."""

    learners: Sequence[Learner]
    scripted: Sequence[str] = ()
    least: int = 1_000_000
    most: int = 2_000_000
    payoff: Payoff = field(default_factory=Payoff)
    past: list[Past] = field(default_factory=list)

    def __post_init__(self) -> None:
        names = [learner.name for learner in self.learners]
        if len(set(names)) < len(names) or not self._named(MAIN):
            raise UserError("a league needs learners of different names, one of them main")
        if not 0 < self.least <= self.most:
            raise UserError(f"least={self.least}, most={self.most}: give 0 < least <= most")
        self.past += [Past(name, "", SCRIPTED) for name in self.scripted if name not in {old.name for old in self.past}]

    def _named(self, role: str) -> list[str]:
        return [learner.name for learner in self.learners if learner.role == role]

    # ------------------------------------------------------------------ who meets whom
    def opponent(self, learner: Learner, key: int) -> str:
        """Whom a learner meets next: a learner as it is now (itself included), or somebody of the past."""
        main = pick(self._named(MAIN), np.ones(len(self._named(MAIN))), int(fold(key, 1)))
        if learner.role == LEAGUE_EXPLOITER:
            return self._by_priority(learner, self.past, "capped", key) or main
        if learner.role == EXPLOITER:
            return self._now_or_past(learner, main, key)
        coin = uniform(fold(key, 0))
        if coin < PFSP_SHARE and self.past:
            return str(self._by_priority(learner, self.past, "squared", key))
        checked = self._check(learner, main, key) if coin < PFSP_SHARE + CHECK_SHARE else None
        return checked or self._now_or_past(learner, main, key)

    def _now_or_past(self, learner: Learner, other: str, key: int) -> str:
        """The other as it is now, unless it is too strong to learn from."""
        if other == learner.name or self.payoff.rate(learner.name, other) > TOO_STRONG[learner.role]:
            return other
        return self._by_priority(learner, self._past_of(other), "variance", key) or other

    def _check(self, learner: Learner, other: str, key: int) -> str | None:
        """An exploiter of the past that still wins, else a past self of `other` that was beaten before and is not beaten now."""
        exploiters = [old for old in self.past if old.role == EXPLOITER]
        if exploiters and min(self._rates(learner, exploiters)) < EXPLOITED:
            return self._by_priority(learner, exploiters, "squared", key)
        old = without_rise(self._past_of(other), self._rates(learner, self._past_of(other)))
        if old and min(self._rates(learner, old)) < FORGOTTEN:
            return self._by_priority(learner, old, "squared", key)
        return None

    def _by_priority(self, learner: Learner, among: Sequence[Past], weighting: str, key: int) -> str | None:
        if not among:
            return None
        return pick([old.name for old in among], priorities(self._rates(learner, among), weighting), int(fold(key, 2)))

    def _rates(self, learner: Learner, among: Sequence[Past]) -> list[float]:
        return self.payoff.rates(learner.name, [old.name for old in among])

    def _past_of(self, name: str) -> list[Past]:
        return [old for old in self.past if old.parent == name]

    # ------------------------------------------------------------------ who is kept
    def ready(self, learner: Learner) -> bool:
        """Whether the learner should be kept as it is: it beats all that it is measured by, or has learned for long."""
        passed = learner.steps - learner.kept
        if passed < self.least:
            return False
        names = self._named(MAIN) if learner.role == EXPLOITER else [old.name for old in self.past]
        return passed >= self.most or (bool(names) and min(self.payoff.rates(learner.name, names)) > READY)

    def keep(self, learner: Learner, key: int) -> tuple[Past, bool]:
        """The learner enters the past: (as whom, whether it must begin anew)."""
        entry = Past(f"{learner.name}@{learner.steps}", learner.name, learner.role)
        self.past.append(entry)
        learner.kept = learner.steps
        # What is known of it holds for the one that stays behind too.
        for old, away in list(self.payoff.games):
            if old == learner.name != away:
                self._inherit(entry.name, old, away)
        anew = learner.role == EXPLOITER or (learner.role == LEAGUE_EXPLOITER and uniform(fold(key, 3)) < RESET_SHARE)
        if anew:
            self.payoff.forget(learner.name)
        return entry, anew

    def _inherit(self, heir: str, old: str, away: str) -> None:
        for table in (self.payoff.games, self.payoff.scores):
            table[heir, away], table[away, heir] = table[old, away], table[away, old]

    # ------------------------------------------------------------------ for a checkpoint
    def state(self) -> dict[str, Any]:
        learners = [[each.name, each.role, each.steps, each.kept] for each in self.learners]
        return {
            "learners": learners,
            "past": [[old.name, old.parent, old.role] for old in self.past],
            "payoff": self.payoff.tree(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """The inverse of `state`."""
        self.learners = [Learner(*entry) for entry in state["learners"]]
        self.past = [Past(*entry) for entry in state["past"]]
        self.payoff.restore(state["payoff"])


def without_rise(among: Sequence[Past], rates: Sequence[float]) -> list[Past]:
    """The past without its newest part of never rising rates: that newer selves are harder to beat is no forgetting."""
    end = len(rates) - 1
    while end > 0 and rates[end - 1] >= rates[end]:
        end -= 1
    return list(among[: end + 1]) if end > 0 else []
