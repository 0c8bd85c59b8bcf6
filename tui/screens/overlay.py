"""A screen over another one, which stays to be seen behind it."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.screen import ModalScreen

__all__ = ["Overlay"]

Answer = TypeVar("Answer")


class Overlay(ModalScreen[Answer], Generic[Answer]):
    """The application's style sheet gives every screen a ground; an overlay dims what is behind it instead."""

    def on_mount(self) -> None:
        self.styles.background = "rgba(16,20,28,0.6)"
