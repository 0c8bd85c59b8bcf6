"""A stranger's words inside a prompt: in a field that they cannot leave.

Every line of the field begins with the same mark, and the field's borders carry a code that is drawn for this one question from the
seat's own randomness, after the words were said. A line is whatever Unicode calls a line; hidden and control characters become visible
ones; the code itself, should it be guessed, is taken out. So no text ends its field, whatever it holds. (Marking of data: Hines et al.,
"Defending Against Indirect Prompt Injection Attacks With Spotlighting", 2024. It does not keep a model from believing what it reads.)
"""

from __future__ import annotations

import re

from arena.text import safe_text

__all__ = ["MOST", "border", "fenced"]

MOST = 2000
"""Characters of one field; the rest is cut."""
_MARK = "| "


def border(code: str, name: str, end: bool = False) -> str:
    """The first or last line of a field."""
    return f"<<<{'end ' if end else ''}{name} {code}>>>"


def fenced(text: str, name: str, code: str, most: int = MOST) -> str:
    """The text as a field of the prompt. name: of ours, a word; code: letters and digits, drawn for this question."""
    shown = safe_text(text[: most + 1], lines=most + 1)
    shown = shown if len(shown) <= most else shown[:most] + "…"
    shown = re.sub(re.escape(code), "…", shown, flags=re.IGNORECASE)
    lines = [_MARK + line for line in shown.splitlines()] or [_MARK]
    return "\n".join([border(code, name), *lines, border(code, name, end=True)])
