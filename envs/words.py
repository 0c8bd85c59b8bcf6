"""Small pieces of language that games share: reading a choice, counting with nouns, naming seats."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from envs.spec import Refusal

__all__ = ["choice", "listed", "plural"]


def choice(text: str, names: Mapping[str, int], legal: Any, what: str = "action") -> list[int] | Refusal:
    """The one legal action that a text names, matched without regard to case, spaces and a final full stop.

    names maps each written form to its action. An unknown or illegal text gives a Refusal that lists what is allowed.
    """
    wanted = _squeezed(text)
    action = next((value for form, value in names.items() if _squeezed(form) == wanted), None)
    allowed = [form for form, value in names.items() if value in legal]
    if action is None:
        return Refusal(f"{text.strip()[:40]!r} is no {what}: answer with one of {listed(allowed)}")
    if action not in legal:
        return Refusal(f"{text.strip()[:40]!r} is not allowed now: answer with one of {listed(allowed)}")
    return [action]


def _squeezed(text: str) -> str:
    return re.sub(r"[\s_]+", " ", text[:200].strip().rstrip(".").lower())


def listed(items: Sequence[str], most: int = 40) -> str:
    """ "a, b, c"; beyond `most` items the rest is counted."""
    shown = ", ".join(items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"


def plural(n: int, noun: str) -> str:
    """ "1 chip", "2 chips"."""
    return f"{n} {noun}{'' if abs(n) == 1 else 's'}"
