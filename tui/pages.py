"""The pages of an agent's pane: policy, observation, notes, raw data, statistics. Pure functions of what a viewer may see.

An agent's notes are a stranger's words: shapes are checked here, figures are bounded by the widgets, text is made safe
when it is written. A page that has nothing to show says why, and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from arena.events import Acted
from envs.spec import SPECTATOR
from replays.tape import Moment
from tui.lines import Line, Span, paste, scrolled, wrap, write, write_lines
from tui.sheet import Cells
from tui.tally import Figures, Tally, number
from tui.vantage import LOOK_BACK, Vantage, as_text
from tui.widgets.bars import Choice, Thought, bars_cells
from tui.written import WRITTEN, attempts, is_writer

__all__ = ["PAGES", "Sitting", "line_of", "page_cells", "page_text", "pages_of", "thought_of"]

PAGES = ("policy", "sees", "notes", "raw", "stats")
"""Of every seat; one whose agent writes has those of `tui.written` besides."""
_MOST_CHOICES = 64
_MOST_LINES = 20_000
"""Lines of one page: a prompt of the longest kind, in a narrow pane."""
_LONG = ("prompt", "completion", "reasoning", "raw")
Sought = re.Pattern[str] | None
_HIDDEN = "Hidden from this view."


@dataclass(frozen=True)
class Sitting:
    """One seat at one moment, through a viewer's eyes: its latest act that the viewer knows, if any."""

    vantage: Vantage
    moment: Moment
    seat: int
    act: Acted | None
    tally: Tally

    @property
    def own(self) -> bool:
        """Whether the viewer knows what this seat knows."""
        return self.vantage.everything or self.vantage.who == self.seat


def thought_of(act: Acted, legal: int | None) -> Thought:
    """The policy in an agent's notes, as far as it is one; without one, the action that was taken."""
    choices = []
    listed = act.notes.get("policy")
    for entry in listed[:_MOST_CHOICES] if isinstance(listed, (list, tuple)) else ():
        if isinstance(entry, (list, tuple)) and len(entry) == 2:
            name, share = str(entry[0]), number(entry[1])
            choices.append(Choice(name, share if share is not None else float("nan"), name == act.name))
    total = min(legal or 0, 10**9)
    return Thought(choices, max(total, len(choices)), number(act.notes.get("value")))


def seconds(figure: float) -> str:
    """A duration in three digits or so."""
    if figure < 0.0995:
        return f"{figure * 1000:.1f} ms"
    return f"{figure:.1f} s" if figure < 600 else f"{figure / 60:.0f} min"


def _facts(act: Acted, legal: int | None, columns: int) -> str:
    """What an agent counts, in one line; what does not fit whole is left out."""
    parts = [f"legal {legal}"] if legal is not None else []
    parts.append("decided earlier" if act.queued else f"think {seconds(act.took)}")
    for name in ("simulations", "depth", "tokens", "cost", "entropy"):
        figure = number(act.notes.get(name))
        if figure is not None:
            parts.append(f"{name} {figure:.6g}")
    line = ""
    for part in parts:
        if len(line) + len(part) + 3 <= columns + 3:
            line += part + "   "
    return line.rstrip()


def _when(sitting: Sitting, act: Acted) -> str:
    ago = sitting.moment.tick - act.tick
    return "decides now" if ago == 0 else f"{ago} ago" if ago > 1 else "last move"


def _policy(sitting: Sitting, columns: int, rows: int, palette: str, plain: bool) -> Cells:
    cells, act = Cells.blank(columns, rows), sitting.act
    if act is None:
        write_lines(cells, _nothing(sitting), palette)
        return cells
    when = _when(sitting, act)
    name = act.name or str(act.action)
    write(cells, 0, 0, [Span("→ ", "accent", True), Span(name, "text", True)], palette, width=columns - len(when) - 1)
    write(cells, columns - len(when), 0, [Span(when, "muted")], palette)
    legal = sitting.vantage.legal(act)
    below: list[Line] = (
        [[Span(line, "text")] for line in wrap(act.notes.get("why", ""), columns, 3)] if act.notes.get("why") else []
    )
    if sitting.own:
        below.append([Span(_facts(act, legal, columns), "muted")])
    thought = thought_of(act, legal)
    below = below[-max(rows - 4, 1) :] if thought.choices else below
    high = rows - 1 - len(below)
    if thought.choices or thought.value is not None:
        wanted = len(thought.choices) + (thought.value is not None) + (thought.total > len(thought.choices))
        high = min(high, wanted)
        if high > 0:
            paste(cells, bars_cells(thought, columns, high, palette, plain), 0, 1)
    else:
        high = 0
    write_lines(cells, below, palette, top=1 + high)
    return cells


def _nothing(sitting: Sitting) -> list[Line]:
    """Why there is no act to show."""
    if not sitting.own and not sitting.vantage.tape.opened:
        return [[Span(_HIDDEN, "muted")], [Span("v looks through other eyes.", "muted")]]
    longer = sitting.moment.tick > LOOK_BACK
    return [[Span(f"No move in the last {LOOK_BACK} steps." if longer else "No move yet.", "muted")]]


def _sees(sitting: Sitting) -> str:
    obs = sitting.vantage.observation(sitting.moment, sitting.seat)
    if obs is None:
        return sitting.vantage.tape.why_closed or f"{_HIDDEN} v looks through other eyes."
    return str(sitting.vantage.tape.need_game().say(obs))


def _notes(sitting: Sitting) -> str:
    act = sitting.act
    if act is None:
        return "\n".join(span.text for line in _nothing(sitting) for span in line)
    if not sitting.own and not act.said:
        return f"{_HIDDEN} v looks through other eyes."
    parts = [f"says to {_listeners(sitting, seats)}:\n{text}" for seats, text in act.said]
    notes = dict(act.notes)
    for name in ("why", *_LONG):
        if name in notes:
            value = notes.pop(name)
            parts.append(f"{name}:\n{value if isinstance(value, str) else as_text(value)}")
    rest = {name: value for name, value in notes.items() if name not in {"policy", "value"}}
    parts += [f"{name}: {value if isinstance(value, str) else as_text(value)}" for name, value in rest.items()]
    return "\n\n".join(parts) or "This agent leaves no notes."


def _listeners(sitting: Sitting, seats: Sequence[int]) -> str:
    return ", ".join(sitting.vantage.title(seat) for seat in seats[:8]) or "nobody"


def _raw(sitting: Sitting) -> str:
    """The act as it is recorded, and the state (the spectator's) or the observation (the seat's own)."""
    parts = []
    if sitting.act is not None:
        act = sitting.act
        kept = {"tick": act.tick, "action": act.action, "name": act.name, "took": act.took, "notes": act.notes}
        parts.append("act:\n" + as_text(kept))
    if sitting.vantage.who == SPECTATOR:
        parts.append("state:\n" + as_text(sitting.moment.row.tree()))
    elif sitting.own and sitting.vantage.tape.game is not None:
        parts.append("observation:\n" + as_text(sitting.moment.observe(sitting.seat).tree()))
    return "\n\n".join(parts) or f"{_HIDDEN} v looks through other eyes."


def _stats(sitting: Sitting) -> str:
    if not sitting.own:
        return f"{_HIDDEN} v looks through other eyes."
    figures: Figures = sitting.tally.figures(sitting.seat, sitting.moment.tick)
    lines = [
        f"up to step   {sitting.moment.tick}",
        f"score        {figures.score:g}",
        f"decisions    {figures.decisions}",
        f"think mean   {seconds(figures.mean)}",
        f"think most   {seconds(figures.longest)}",
        f"refusals     {figures.refusals}",
    ]
    if figures.tokens:
        lines.append(f"tokens       {figures.tokens:,.0f}")
    if figures.cost:
        lines.append(f"cost         {figures.cost:.4f}")
    return "\n".join(lines)


def _written(page: str) -> Callable[[Sitting], str]:
    def text(sitting: Sitting) -> str:
        if not sitting.own:
            return f"{_HIDDEN} v looks through other eyes."
        return WRITTEN[page](attempts(sitting.vantage, sitting.seat, sitting.moment.tick, sitting.act))

    return text


_TEXTS: dict[str, Callable[[Sitting], str]] = {
    "sees": _sees, "notes": _notes, "raw": _raw, "stats": _stats, **{page: _written(page) for page in WRITTEN}
}  # fmt: skip


def pages_of(sitting: Sitting | None, opened: str = PAGES[0]) -> tuple[str, ...]:
    """The names of a seat's pages; the one that is open is always among them."""
    writes = sitting is not None and sitting.own and is_writer(sitting.act)
    return (*PAGES, *WRITTEN) if writes or opened in WRITTEN else PAGES


def page_text(page: str, sitting: Sitting) -> str:
    """A page as text, for copying; the policy as names and shares."""
    if page != "policy":
        return _TEXTS[page](sitting)
    act = sitting.act
    if act is None:
        return "\n".join("".join(span.text for span in line) for line in _nothing(sitting))
    shares = [f"{choice.name}  {choice.probability:.3f}" for choice in thought_of(act, None).choices]
    why = act.notes.get("why")
    return "\n".join([f"step {act.tick}: {act.name}", *shares, *([str(why)] if why else [])])


def page_cells(
    page: str, sitting: Sitting, columns: int, rows: int, scroll: int, palette: str, plain: bool, sought: Sought = None
) -> tuple[Cells, int]:
    """A page as a sheet, from its line `scroll` on, and how many lines it can be scrolled. sought: what is searched for stands out."""
    if page == "policy":
        return _policy(sitting, columns, rows, palette, plain), 0
    lines = _wrapped(_TEXTS[page](sitting), columns)
    return scrolled([_styled(line, sought) for line in lines], columns, rows, scroll, palette)


def line_of(page: str, sitting: Sitting, columns: int, sought: re.Pattern[str]) -> int | None:
    """The line of a page on which what is searched for is found first; None where it is not there."""
    if page == "policy":
        return None
    text = _TEXTS[page](sitting)
    found = sought.search(text)
    return None if found is None else max(len(wrap(text[: found.start() + 1], columns, _MOST_LINES)) - 1, 0)


@lru_cache(maxsize=32)
def _wrapped(text: str, columns: int) -> Sequence[str]:
    """A page's lines; a prompt may be long, and is painted again and again while its match runs."""
    return wrap(text, columns, _MOST_LINES)


def _styled(line: str, sought: Sought) -> Line:
    """Headings (a word and a colon alone on a line, or whom something was said to) stand out a little, what is searched for much."""
    heads = line.endswith(":") and (" " not in line or line.startswith("says to "))
    colour = "accent" if heads else "text"
    spans, at = [], 0
    for found in sought.finditer(line) if sought is not None else ():
        spans += [Span(line[at : found.start()], colour), Span(found[0], "highlight", True)]
        at = found.end()
    return [span for span in (*spans, Span(line[at:], colour)) if span.text]
