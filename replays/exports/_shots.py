"""Which ticks a moving picture shows and for how long, and what a viewer is told beside the board.

One pass over the tape; each shot knows what led to it, who acts now, and the points so far, all as `who` may know it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from arena.events import Acted, Event, Marked, Stepped, shown
from arena.text import safe_text
from envs.spec import SPECTATOR
from replays.between import inside
from replays.tape import Entry, Moment, Tape

__all__ = ["HOLD", "Shot", "Wanted", "outcome", "shots", "titles"]

HOLD = 3.0
"""Seconds that the last picture stays."""
_PACE, _LONGEST = 2.0, 60.0
_MOST_SAID = 2000


@dataclass(frozen=True)
class Wanted:
    """What is to be made: who looks, first and last tick, ticks a second (None: as fits), pictures a second, size, palette, who is told."""

    who: int = SPECTATOR
    first: int = 0
    last: int = 0
    speed: float | None = None
    fps: float = 25.0
    size: tuple[int, int] | None = None
    palette: str = "standard"
    done: Callable[[int, int], None] | None = None

    @property
    def pace(self) -> float:
        """Ticks a second: two, or as many as let the match pass in a minute."""
        return self.speed or max(_PACE, (self.last - self.first) / _LONGEST)


@dataclass
class Shot:
    """One picture: the moment, how long it stays (seconds), what led to it, what was said then, what is worth a line, points, who acts."""

    moment: Moment
    seconds: float
    acts: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    marks: list[Marked] = field(default_factory=list)
    points: tuple[float | None, ...] = ()
    acting: tuple[int, ...] = ()
    final: bool = False
    """Whether the match ends with it."""
    between: bool = False
    """Whether it is a frame inside a step; it is told what the tick before it was told."""


def shots(tape: Tape, wanted: Wanted) -> Iterator[Shot]:
    """The pictures in order. Of ticks that pass faster than pictures are made, the last one before each picture is shown."""
    step = max(1, round(wanted.pace / wanted.fps))
    told = _Told(tape, wanted.who)
    for entry in tape.entries():
        if entry.tick > wanted.last:
            break
        told.take(entry)
        final = entry.tick == wanted.last
        if entry.tick <= wanted.first:
            told.forget_earlier()
        due = entry.tick >= wanted.first and ((entry.tick - wanted.first) % step == 0 or final)
        if due and entry.stored is not None:
            seconds = HOLD if final else min(step, wanted.last - entry.tick) / wanted.pace
            shot = told.shot(entry, seconds)
            yield from _with_frames(tape, shot, wanted.fps) if step == 1 and not final else [shot]
            if wanted.done is not None:
                wanted.done(entry.tick - wanted.first, wanted.last - wanted.first)


def _with_frames(tape: Tape, shot: Shot, fps: float) -> Iterator[Shot]:
    """A tick and the frames that follow it within its time, as many as there are pictures."""
    room = max(int(shot.seconds * fps), 1)
    frames = inside(tape, shot.moment)
    apart = -(-(len(frames) + 1) // room)
    frames = frames[apart - 1 :: apart]
    part = shot.seconds / (len(frames) + 1)
    yield replace(shot, seconds=part)
    for moment in frames:
        yield replace(shot, moment=moment, seconds=part, between=True)


class _Told:
    """What has been told so far to who looks."""

    def __init__(self, tape: Tape, who: int) -> None:
        self.tape, self.who = tape, who
        self.points = [0.0] * tape.seats
        self.before: list[Acted] = []
        self.acts: list[str] = []
        self.latest: list[str] = []
        self.said: list[str] = []
        self.heard: list[str] = []
        self.marks: list[Marked] = []
        self.new: list[Marked] = []

    def forget_earlier(self) -> None:
        """What led to ticks before the first picture is not told in it."""
        self.acts, self.marks, self.said = list(self.latest), list(self.new), list(self.heard)

    def take(self, entry: Entry) -> None:
        """One tick further. Acts and marks pile up until a picture shows them."""
        acts = [seen for act in self.before if isinstance(seen := self._shown(act), Acted)]
        self.latest = self._named(acts)
        self.acts += self.latest
        self.heard = self._spoken(acts)
        self.said += self.heard
        self.before = entry.acts
        self.new = [seen for event in entry.events if isinstance(seen := self._shown(event), Marked)]
        self.marks += self.new
        if entry.stored is not None and len(entry.stored.r) == len(self.points):
            self.points = [sum(pair) for pair in zip(self.points, entry.stored.r, strict=True)]

    def _shown(self, event: Event) -> Event | None:
        return shown(event, self.who, self.tape.opened)

    def _named(self, acts: list[Acted]) -> list[str]:
        return [f"{self._seat(act)} {safe_text(act.name, width=60)}" for act in acts if act.name and act.seat >= 0]

    def _spoken(self, acts: list[Acted]) -> list[str]:
        """What was said with these acts, as far as who looks has heard it."""
        words = [(self._seat(act), safe_text(text, width=_MOST_SAID)) for act in acts for _, text in act.said]
        return [f"{seat} says: {text}" for seat, text in words if text]

    def _seat(self, act: Acted) -> str:
        return safe_text(self.tape.started.seats[act.seat].name, width=40)

    def shot(self, entry: Entry, seconds: float) -> Shot:
        assert entry.stored is not None
        moment = Moment(self.tape, entry.tick, entry.stored, entry.acts)
        final = entry.tick == self.tape.last and self.tape.ended is not None
        points = self._points(final)
        told = self.acts, self.said, self.marks
        self.acts, self.said, self.marks = [], [], []
        return Shot(moment, seconds, *told, points, moment.acting(), final)

    def _points(self, final: bool) -> tuple[float | None, ...]:
        """Points so far; those of others only where they are everybody's. The scores of a fault count at the end."""
        ended = self.tape.ended
        if final and ended is not None:
            return ended.scores
        probe = shown(Stepped(0, 0.0, tuple(1.0 for _ in self.points)), self.who, self.tape.opened)
        mine = probe.reward if isinstance(probe, Stepped) else ()
        return tuple(point if known else None for point, known in zip(self.points, mine, strict=True))


def titles(tape: Tape) -> list[str]:
    """Each seat's agent, made safe: the title, or the address where there is none."""
    return [safe_text(seat.agent or seat.title or seat.name, width=40) for seat in tape.started.seats]


def outcome(tape: Tape) -> str:
    """How the match ended, in one line; '' while it has not."""
    ended = tape.ended
    if ended is None:
        return ""
    scores = " : ".join(f"{score:g}" for score in ended.scores)
    best = max(ended.scores, default=0.0)
    if ended.reason not in ("aborted", "void") and tape.started.has("apart"):
        who = "points"  # of different roles, which cannot be compared: nobody has won
    elif ended.reason in ("aborted", "void") or ended.scores.count(best) != 1:
        who = {"aborted": "stopped", "void": "void"}.get(ended.reason, "draw")
    elif tape.seats == 1:
        who = titles(tape)[0]
    else:
        winner = ended.scores.index(best)
        who = f"{safe_text(tape.started.seats[winner].name, width=40)} ({titles(tape)[winner]}) wins"
    faults = ", ".join(
        f"{safe_text(tape.started.seats[s].name, width=40)}: {safe_text(c, width=20)}"
        for s, c in ended.faults
        if 0 <= s < tape.seats
    )
    return ", ".join(part for part in (who, scores, safe_text(ended.reason, width=40), faults) if part)
