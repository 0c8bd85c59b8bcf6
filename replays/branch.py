"""Another end for a recorded match: the same game and seed up to a tick, then other players.

A branch is a whole match: its first ticks are played again with the recorded acts, words and notes, so that its recording has the history,
verifies like any other, and asks each player on the seed that the old one had. `Started.branch` says where it comes from.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from arena.agent import Reply
from arena.match import Match, Result
from arena.matches import play
from envs.errors import CORRUPT, DIVERGES, UserError
from replays.games import installed
from replays.tape import Entry, Tape

__all__ = ["play_on"]


def play_on(path: str | os.PathLike[str], tick: int, agents: Sequence[Any], **options: Any) -> Result:
    """Play a recorded match on from a tick (negative: from the end) with these agents, one per seat, and return how it ended.

    options: those of arena.play (record, limits, sinks, ...). UserError: 2 for the caller's mistakes, 3 no such file, 4 other rules or
    a damaged file, 5 when the recorded acts lead elsewhere.
    """
    tape = Tape(path)
    try:
        if tape.need_game().kind == "foreign":
            raise UserError(f"cannot play on {path}: a game of another library cannot be taken to a tick", CORRUPT)
        start = tape.at(tick)
        tick = tick + tape.last + 1 if tick < 0 else tick
        if start.tick != tick or start.facts.done:
            why = "the match has ended there" if start.facts.done else "it is lost"
            raise UserError(f"cannot play on from tick {tick}: {why}; choose one from 0 to {tape.last - tape.finished}")
        game, _ = installed(tape.started, tape.secret, plain=False)
        branch = {"match": tape.started.match, "tick": tick}
        assert game is not None
        return play(game, agents, seed=tape.secret.seed, branch=branch, opening=_Opening(tape, tick), **options)
    finally:
        tape.close()


class _Opening:
    """Gives a fresh match the recorded replies of the first `tick` ticks."""

    def __init__(self, tape: Tape, tick: int) -> None:
        self.tape, self.tick = tape, tick

    def __call__(self, match: Match, now: float) -> None:
        for entry in self.tape.entries(states=False):
            if entry.tick >= self.tick:
                break
            self._play(match, entry, now)
        self._demand_same(match)

    def _play(self, match: Match, entry: Entry, now: float) -> None:
        replies = {act.seat: Reply([act.action], act.said, act.notes) for act in entry.acts}
        for seat in match.waiting():
            if match.tick != entry.tick or seat not in replies:
                raise UserError(
                    f"cannot play on: the acts of tick {match.tick} are not in {self.tape.log.path}", CORRUPT
                )
            match.acted(seat, replies[seat], now, entry.tick)

    def _demand_same(self, match: Match) -> None:
        """What the seats to act now see must be what they saw."""
        then = self.tape.at(self.tick)
        if match.tick != self.tick or any(match.ask(seat).obs != then.observe(seat) for seat in match.waiting()):
            raise UserError(
                f"the recorded acts lead elsewhere than the recording ({self.tape.log.path}): `arena replay verify` names the place",
                DIVERGES,
            )
