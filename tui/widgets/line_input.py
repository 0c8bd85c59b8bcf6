"""A line to write in that holds nothing but what may be shown: pasted text can be anybody's."""

from __future__ import annotations

from textual.widgets import Input

from arena.text import safe_text

__all__ = ["LineInput"]


class LineInput(Input):
    """Textual's input of one row; control codes and hidden characters become visible ones as they come in."""

    def __init__(self, value: str = "", *, placeholder: str = "", id: str | None = None) -> None:  # noqa: A002  (Textual's name)
        super().__init__(value, placeholder=placeholder, compact=True, select_on_focus=False, id=id)

    def validate_value(self, value: str) -> str:
        return safe_text(value)
