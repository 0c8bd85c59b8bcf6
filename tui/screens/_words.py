"""The words of the match screen: what the header, the status line and the key line say. Pure functions of a `Scene`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from arena.events import Ended
from arena.text import safe_text
from envs.canvas import seat_colour
from envs.spec import PUBLIC, SPECTATOR
from envs.words import plural
from replays.tape import Tape
from tui.lines import Line, Span, span_width
from tui.playback import Playback
from tui.screens._layout import NORMAL
from tui.vantage import Vantage

__all__ = ["Scene", "badge", "headline", "key_words", "result", "status", "view_name"]

_NAMED = 4
_PATIENCE = 2.0
"""Seconds without news after which a running match is said to be waiting."""


@dataclass(frozen=True)
class Scene:
    """What the words are about. waited: seconds since the tape last grew; shown: pictures in the last second; columns: of the screen.

    said: what the match's process says while nothing else comes of it.
    """

    vantage: Vantage
    playback: Playback
    waited: float = 0.0
    shown: int = 0
    told: tuple[str, str] = ("", "text")
    hits: int = -1
    pattern: str = ""
    trouble: str = ""
    columns: int = 120
    said: str = ""

    @property
    def tape(self) -> Tape:
        return self.vantage.tape


def view_name(who: int) -> str:
    """A view in words that hold nothing foreign."""
    return {SPECTATOR: "all", PUBLIC: "the public's view"}.get(who, f"seat {who}'s view")


def _speed(playback: Playback) -> str:
    factor = playback.factor
    return f"{factor:.1f}x" if factor >= 0.095 else f"{factor:.2f}x"


def badge(scene: Scene) -> Line:
    """Live or recorded, moving or not."""
    playback = scene.playback
    if playback.live:
        return _live_badge(scene)
    if playback.playing:
        return [Span(f"▶ {_speed(playback)}", "accent", True)]
    if playback.following:
        return [Span("● ENDED, catching up", "gold", True)]
    return [Span(f"▮▮ {_speed(playback)}", "gold", True)]


def _live_badge(scene: Scene) -> Line:
    playback = scene.playback
    if playback.following:
        if playback.delay > 0:
            return [Span("● LIVE", "good", True), Span(f" {playback.delay:g} s behind", "muted")]
        if scene.waited >= _PATIENCE:
            return [Span("● LIVE", "good", True), Span(f" waiting {scene.waited:.0f} s", "muted")]
        pace = [Span(f" {scene.shown:>2} fps", "muted")] if scene.columns >= NORMAL else []
        return [Span("● LIVE", "good", True), *pace]
    moving = f" ▶ {_speed(playback)}" if playback.playing else " ▮▮"
    return [Span(f"LIVE -{playback.behind}", "gold", True), Span(moving, "gold")]


def headline(scene: Scene) -> tuple[list[Line], list[Line]]:
    """The header: the game, the agents, the seed; the badge, the step, the view, the kind of tape."""
    started, tape, playback = scene.tape.started, scene.tape, scene.playback
    title = safe_text(started.game.get("title") or started.game.get("game") or "a match", width=40)
    digits = len(str(playback.last))
    step: Line = [Span(f"step {playback.position:>{digits}}"), Span(f" / {playback.last}", "muted")]
    right: list[Line] = [step, badge(scene)]
    if scene.vantage.who != SPECTATOR:
        right.append([Span(view_name(scene.vantage.who), "highlight", True)])
    if not playback.live and not tape.finished:
        right.append([Span("CUT OFF", "bad")])
    left: list[Line] = [[Span(title, "text", True)]]
    left.append(_agents(scene.vantage, scene.columns - 4 - sum(span_width(part) + 2 for part in [*left, *right])))
    if not playback.live and tape.finished:
        right.append([Span("RECORDED", "muted")])  # who plays goes before it
    if scene.vantage.seed is not None:
        left.append([Span(f"seed {scene.vantage.seed}", "muted")])
    if started.match:
        left.append([Span(f"#{safe_text(started.match, width=8)}", "muted")])
    return left, right


def _agents(vantage: Vantage, room: int) -> Line:
    """Who plays, each in the seat's colour: with all that tells them apart, in fewer words, or the first of them."""
    wordings: list[tuple[Callable[[int], str], int]] = [
        (vantage.title, min(vantage.seats, _NAMED)),
        *((vantage.agent, shown) for shown in range(min(vantage.seats, _NAMED), 0, -1)),
    ]
    line: Line = []
    for name, shown in wordings:
        line = _versus(vantage.seats, name, shown)
        if span_width(line) <= room:
            break
    return line


def _versus(seats: int, name: Callable[[int], str], shown: int) -> Line:
    spans: list[Span] = []
    for seat in range(shown):
        spans += [Span(" v ", "muted")] if seat else []
        spans += [Span("● ", seat_colour(seat)), Span(name(seat))]
    if seats > shown:
        spans.append(Span(f" +{seats - shown}", "muted"))
    return spans


def _points(value: Any) -> str:
    return f"{value:+.4g}" if value and isinstance(value, (int, float)) else "0" if value == 0 else "?"


def result(vantage: Vantage, ended: Ended) -> Line:
    """Who won, how, and whose faults there were. One seat alone wins nothing, nor does anybody where roles are rated apart."""
    spans: list[Span] = [Span("■ ", "gold", True)]
    if ended.reason in {"void", "aborted"}:
        spans.append(Span(ended.reason, "bad", True))
    elif vantage.tape.started.has("apart"):
        spans += _apart(vantage, ended)
    else:
        spans += _winners(vantage, ended)
        spans.append(Span("  " + " : ".join(map(_points, ended.scores[:12])), "text"))
    if ended.reason not in {"void", "aborted"}:
        spans.append(Span(f"  {ended.reason}", "muted"))
    for seat, cause in ended.faults[:_NAMED]:
        spans.append(Span(f"  ! {vantage.title(seat)}: {cause}", "bad"))
    refusals = sum(ended.refusals)
    return [*spans, Span(f"  {plural(refusals, 'refusal')}", "muted")] if refusals else spans


def _apart(vantage: Vantage, ended: Ended) -> Line:
    """Each seat's points, in its colour."""
    spans: list[Span] = []
    for seat, score in enumerate(ended.scores[:12]):
        spans += [Span("  " if seat else ""), Span(f"{vantage.short(seat)} ", seat_colour(seat))]
        spans.append(Span(_points(score), "text", True))
    return spans


def _winners(vantage: Vantage, ended: Ended) -> Line:
    best = max(ended.scores, default=0.0)
    winners = [seat for seat, score in enumerate(ended.scores) if score == best]
    if len(ended.scores) == 1:
        return [Span(f"{vantage.title(0)} scored", "gold", True)]
    if len(winners) == len(ended.scores):
        return [Span("a draw", "gold", True)]
    spans: list[Span] = [] if len(winners) == 1 else [Span("a draw between ", "gold", True)]
    for n, seat in enumerate(winners[:_NAMED]):
        spans += [Span(", " if n else ""), Span("● ", seat_colour(seat)), Span(vantage.title(seat), "gold", True)]
    return [*spans, Span(" wins", "gold", True)] if len(winners) == 1 else spans


def status(scene: Scene) -> tuple[list[Line], list[Line]]:
    """The line under the board: a word to the user, the result at the end, or what led to this step."""
    vantage, playback = scene.vantage, scene.playback
    right: list[Line] = []
    if scene.pattern:
        right.append([Span(f"/{scene.pattern}", "highlight"), Span(f"  {plural(max(scene.hits, 0), 'hit')}", "muted")])
    damaged = scene.tape.log.damaged
    trouble = scene.trouble or vantage.trouble
    if trouble and not damaged:
        right.append([Span(safe_text(trouble, width=70), "bad")])
    if damaged:
        more = f" (+{len(damaged) - 1})" if len(damaged) > 1 else ""
        right.append([Span(f"file damaged: {safe_text(damaged[0], width=60)}{more}", "bad")])
    text, colour = scene.told
    ended = vantage.ended(playback.position)
    if text:
        return [[Span(text, colour)]], right
    if ended is not None and playback.position >= playback.last:
        return [result(vantage, ended)], right
    if vantage.tape.why_closed:
        right.insert(0, [Span(safe_text(vantage.tape.why_closed, width=90), "bad")])
    if scene.said:
        return [[Span(safe_text(scene.said, width=scene.columns), "accent")]], right
    return [_led_here(vantage, playback.position)], right


def _led_here(vantage: Vantage, position: int) -> Line:
    """The moves that were made in the tick before, and the marks that they left."""
    spans: list[Span] = []
    for act in vantage.acts(position - 1, position)[:_NAMED] if position else []:
        spans += [
            Span("● ", seat_colour(act.seat)),
            Span(f"{vantage.short(act.seat)}  "),
            Span(f"{act.name}   ", "text", True),
        ]
    for mark in vantage.marks_at(position, position)[:_NAMED]:
        spans.append(Span(f"{mark.text}   ", "accent"))
    if spans or vantage.everything:
        return spans or [Span("The start." if position == 0 else "", "muted")]
    return [Span("What led here is hidden from this view." if position else "The start.", "muted")]


def key_words(scene: Scene) -> Sequence[tuple[str, str]]:
    """Ids of the commands on the key line and the word that each has now."""
    moving = scene.playback.playing or scene.playback.following
    words = [("play", "pause" if moving else "play")]
    if scene.playback.live and not scene.playback.following:
        words.append(("last", "live"))
    words += [
        ("step-forward", "step"),
        ("next-event", "event"),
        ("search", "search"),
        ("view", "view"),
        ("next-pane", "pane"),
    ]
    words += [("tab", "page"), ("charts", "charts"), ("zoom", "zoom"), ("leave", "back"), ("help", "help")]
    return words
