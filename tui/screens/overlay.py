"""A screen over another one, which stays to be seen behind it."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

__all__ = ["Overlay"]

Answer = TypeVar("Answer")


class Overlay(ModalScreen[Answer], Generic[Answer]):
    """The application's style sheet gives every screen a ground; an overlay dims what is behind it instead."""

    _answered = False

    def on_mount(self) -> None:
        self.styles.background = "rgba(16,20,28,0.6)"

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Leave with an answer. Of two quick keys the first one counts: a second pop would take the screen below."""
        if self._answered:
            return AwaitComplete()
        self._answered = True
        return super().dismiss(result)
