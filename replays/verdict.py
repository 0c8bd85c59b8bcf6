"""Proof by playing again: from the seed and the acts in a recording to every state, reward, name and mark in it.

`verify` follows the rules that are installed, so it is no reader: it may load numba. What a file says of itself is compared with what the
rules make of it, tick by tick, and the first difference is named. Ticks that a damaged file has lost are told, and the proof goes on
from the next state that is there.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from typing import Any

from envs.errors import CORRUPT, DIVERGES, UserError
from replays.games import installed
from replays.proof import CONTRADICTS, DIFFERS, SAME, Proof, UnlikeError
from replays.tape import Tape

__all__ = ["Verdict", "verify"]

OTHER_RULES, NO_RULES = "other rules", "cannot be re-simulated"
COMPILED_FROM = 2000
"""Ticks from which on loading the compiled rules costs less than it saves."""


@dataclass(frozen=True)
class Verdict:
    """What came of playing a recording again. outcome: "verified", "diverges", "the file contradicts itself", "other rules" or
    "cannot be re-simulated"; where it differs: tick, seat (-1: none) and field, and what was expected and recorded, in words.

    ticks: how many steps were proven. complete: nothing is missing between the start and the recorded end. notes: what is missing.
    """

    outcome: str
    path: str
    game: str
    ticks: int = 0
    tick: int = -1
    seat: int = -1
    field: str = ""
    expected: str = ""
    recorded: str = ""
    complete: bool = True
    notes: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The exit code: 0, 4 where the rules are not there, 5 for a difference."""
        return {SAME: 0, DIFFERS: DIVERGES, CONTRADICTS: DIVERGES}.get(self.outcome, CORRUPT)

    def __bool__(self) -> bool:
        return self.outcome == SAME

    @property
    def line(self) -> str:
        """The verdict in one line."""
        if self.outcome in (OTHER_RULES, NO_RULES):
            return self.recorded if self.recorded.startswith(self.outcome) else f"{self.outcome}: {self.recorded}"
        if self.outcome == SAME:
            return f"verified: {self.ticks} ticks of {self.game} played again, all the same" + (
                "" if self.complete else ", as far as the file goes"
            )
        place = f"tick {self.tick}" if self.tick >= 0 else "the header"
        seat = f", seat {self.seat}" if self.seat >= 0 else ""
        return f"{self.outcome} at {place}{seat}: {self.field} is {self.recorded}, the rules give {self.expected}"

    def tree(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self) | {"code": self.code, "line": self.line}


def verify(path: str | os.PathLike[str]) -> Verdict:
    """Play a recording again and compare everything. UserError: 3 no such file, 4 not readable."""
    tape = Tape(path)
    try:
        return _verdict(tape)
    finally:
        tape.close()


def _verdict(tape: Tape) -> Verdict:
    about = Verdict(SAME, str(tape.log.path), str(tape.started.game.get("game", "")))
    game, why = installed(tape.started, tape.secret, plain=tape.last < COMPILED_FROM)
    if game is None or game.kind == "foreign":
        outcome = OTHER_RULES if why.startswith("other rules") else NO_RULES
        recorded = why or "an environment of another library is kept as it was shown, without its rules"
        return replace(about, outcome=outcome, recorded=recorded, complete=False)
    proof = Proof(tape, game)
    try:
        proof.run()
    except UnlikeError as found:
        about = replace(about, **found.fields)
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  a configuration or state that nobody's rules made may break them in any way
        unlike = UnlikeError("what the rules met", "a step", f"{type(error).__name__}: {error}", proof.tick)
        about = replace(about, **unlike.fields)
    damaged = tape.log.damaged
    notes = (*proof.notes, *proof.without_acts(), *damaged)
    return replace(about, ticks=proof.ticks, notes=notes, complete=proof.complete and not damaged)
