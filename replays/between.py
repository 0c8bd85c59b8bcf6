"""What happens between two ticks of a recording: the world's frames inside a step, where a step has several.

They are not in the file. The rules run once more from the recorded state with the recorded acts and the match's seed, as `verify` does;
where they do not come to the state that is recorded next, there are no frames rather than wrong ones.
"""

from __future__ import annotations

from replays.moment import Moment, Stored
from replays.tape import Tape

__all__ = ["inside"]


def inside(tape: Tape, moment: Moment) -> list[Moment]:
    """The frames that follow a moment and come before the next tick, in order; none where a step is one frame.

    Each is a Moment of the same tick, to be drawn and told like any other.
    """
    game = tape.game
    if game is None or game.spec.frames < 2 or not moment.acts or moment.tick >= tape.last:
        return []
    from envs.frames import frames  # noqa: PLC0415  (only such games pay for it)

    try:
        if {act.seat for act in moment.acts} != set(moment.acting()):
            return []
        actions = {act.seat: act.action for act in moment.acts}
        *between, after = frames(game, moment.state, actions, tape.secret.seed)
        if game.pack(after) != tape.at(moment.tick + 1).packed:
            return []
        return [_frame(moment, game.pack(state)) for state in between]
    except Exception:  # noqa: BLE001  (a file may hold anything; without frames the ticks are still worth looking at)
        return []


def _frame(moment: Moment, packed: bytes) -> Moment:
    stored = Stored(packed, b"", moment.stored.r, moment.stored.at)
    return Moment(moment.tape, moment.tick, stored, moment.acts)
