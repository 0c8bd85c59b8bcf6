"""The pages of a seat whose agent reads and writes: the prompt, what came back, what was read in it, and what it took.

Every attempt at a decision is shown, also those that were refused, and those of a match that ended because of them. What is
here is a stranger's words about a stranger's words: only shapes are believed, and whoever writes makes it safe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from arena.events import Acted, Refused
from tui.tally import number
from tui.vantage import Vantage, as_text

__all__ = ["WRITTEN", "attempts", "is_writer", "page_of"]

Attempt = Acted | Refused


def attempts(vantage: Vantage, seat: int, tick: int, act: Acted | None) -> list[Attempt]:
    """All attempts at the seat's decision that led to `act`, oldest first; at the end of a match, those that led to none."""
    at = tick if act is None or (tick == vantage.tape.last and act.tick != tick) else act.tick
    refused: list[Attempt] = [event for event in vantage.tape.refusals(at) if event.seat == seat]
    if not refused and act is not None:
        at = act.tick
        refused = [event for event in vantage.tape.refusals(at) if event.seat == seat]
    return [*refused, act] if act is not None and act.tick == at else refused


def is_writer(act: Acted | None) -> bool:
    """Whether an act's notes hold any of what these pages show."""
    return act is not None and "completion" in act.notes


def _heading(each: Attempt, nth: int, count: int) -> str:
    if isinstance(each, Refused):
        return f"attempt {nth} of {count}, {each.kind}: {each.reason}"
    return f"attempt {nth} of {count}, accepted: {each.name}" if count > 1 else f"accepted: {each.name}"


def _each(found: list[Attempt], told: Callable[[Attempt], str]) -> str:
    parts = [f"{_heading(each, n, len(found))}\n\n{told(each)}" for n, each in enumerate(found, 1)]
    return "\n\n".join(parts) or "Nothing was written here."


def _prompt(found: list[Attempt]) -> str:
    """The newest attempt's: it holds the earlier ones."""
    return _text(found[-1].notes, "prompt") if found else "Nothing was asked here."


def _completion(found: list[Attempt]) -> str:
    return _each(found, _came)


def _came(each: Attempt) -> str:
    parts = [f"{name}:\n{each.notes[name]}" for name in ("reasoning", "completion") if each.notes.get(name)]
    return "\n\n".join(parts) or "Nothing came, or its text was not recorded."


def _parsed(found: list[Attempt]) -> str:
    return _each(found, lambda each: as_text(each.notes["parsed"]) if "parsed" in each.notes else "Nothing was read.")


def _tokens(found: list[Attempt]) -> str:
    return _each(found, lambda each: "\n".join(_counts(each.notes)))


def _counts(notes: Mapping[str, Any]) -> list[str]:
    """What an attempt took, one figure a line."""
    usage, latency = _table(notes, "usage"), _table(notes, "latency")
    rows: list[tuple[str, Any]] = [
        (f"{name} tokens", _count(usage, name)) for name in ("prompt", "cached", "completion", "reasoning")
    ]
    cost = number(notes.get("cost"))
    rows.append(("dollars", f"{cost:.6f}" if cost else None))
    rows += [("first token", _seconds(latency, "first")), ("in all", _seconds(latency, "total"))]
    rows += [(name, notes.get(name)) for name in ("requests", "model", "answered by", "prompts")]
    without = notes.get("without")
    rows.append(("not taken", ", ".join(map(str, without[:20])) if isinstance(without, list) else None))
    lines = [
        f"{name:<18}{as_text(value) if isinstance(value, dict) else value}" for name, value in rows if value is not None
    ]
    failed = notes.get("failed")
    return lines + [f"failed request     {as_text(each)}" for each in (failed if isinstance(failed, list) else [])[:20]]


def _table(notes: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = notes.get(name)
    return value if isinstance(value, dict) else {}


def _count(usage: dict[str, Any], name: str) -> str | None:
    figure = number(usage.get(name))
    return None if figure is None else f"{figure:,.0f}"


def _seconds(latency: dict[str, Any], name: str) -> str | None:
    figure = number(latency.get(name))
    return None if figure is None else f"{figure:.2f} s"


def _text(notes: Mapping[str, Any], name: str) -> str:
    value = notes.get(name)
    return value if isinstance(value, str) else "It was not recorded." if value is None else as_text(value)


WRITTEN: dict[str, Callable[[list[Attempt]], str]] = {
    "prompt": _prompt, "completion": _completion, "parsed": _parsed, "tokens": _tokens,
}  # fmt: skip
"""The pages by name: each makes a text of the attempts at one decision."""
_ELSEWHERE = {
    "reasoning": "completion",
    "model": "tokens",
    "prompts": "tokens",
    "failed": "tokens",
    "without": "tokens",
}


def page_of(note: str) -> str:
    """The page of a seat's pane on which a note is read."""
    return note if note in WRITTEN else _ELSEWHERE.get(note, "notes")
