"""`Window`: a person at a window, in real time. Each question is one frame of the game; who does nothing waits.

A key takes a verb in hand, the left button uses it where one clicks, the right button has a verb of its own. The window's bar says what is
in hand and why the last act was not possible. The game says by `hands` and `touch` what keys and places mean.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from arena.agent import Ask, Reply, Resigned
from arena.text import safe_text
from envs.canvas import Canvas
from envs.errors import UserError
from envs.game import Game
from envs.spec import Hands, Option, Refusal

__all__ = ["Window"]

LATE = 0.25
"""Seconds behind the clock from which on time is let go: the game then runs slower instead of in leaps."""
LEFT, RIGHT = 1, 3


class Window:
    """A person at a window in real time, with mouse and keys."""

    title = "Human, real time"
    OPTIONS: ClassVar[Mapping[str, Option]] = {"size": Option(760, 200, 4000, help="pixels along a side of the window")}

    def __init__(
        self, size: int = 760, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.size, self.clock, self.sleep = size, clock, sleep
        self.window: Any = None
        self.verb = self.said = ""
        self.due = 0.0

    @staticmethod
    def fits(game: Game) -> None:
        if game.hands is None:
            raise UserError(
                f"{game.id} is not played in a window: play it in the terminal, arena watch {game.spec.name} human"
            )
        if game.spec.frames != 1:
            raise UserError(
                f"{game.id} decides every {game.spec.frames} frames, and a window wants each: add the option period=1"
            )

    def __call__(self, ask: Ask) -> Reply:
        """Raises Resigned when the window is closed."""
        hands = ask.game.hands
        assert hands is not None, "fits has let a game without hands pass"
        if self.window is None:
            self._open(ask, hands)
        if self._paced(hands.rate):
            self._paint(ask)
        text = self._wanted(ask, hands) or hands.idle
        found = ask.game.parse(text, ask.obs, ask.legal)
        if isinstance(found, Refusal):
            self.said = found.reason
            found = ask.game.parse(hands.idle, ask.obs, ask.legal)
        elif text != hands.idle:
            self.said = ""
        assert not isinstance(found, Refusal), "doing nothing is always possible"
        return Reply(found[:1], notes={"why": text})

    def _open(self, ask: Ask, hands: Hands) -> None:
        from envs.canvas import Window as Screen  # noqa: PLC0415  pygame is loaded when it is wanted

        self.window = Screen(ask.game.spec.title, self.size, self.size)
        self.verb, self.due = hands.left, self.clock()

    def _paced(self, rate: int) -> bool:
        """Wait until this frame is due; whether there is time to paint it."""
        now = self.clock()
        if now < self.due:
            self.sleep(self.due - now)
        elif now > self.due + LATE:
            self.due = now
        on_time = now <= self.due + 1 / rate
        self.due += 1 / rate
        return on_time

    def _paint(self, ask: Ask) -> None:
        canvas = Canvas()
        ask.game.draw(ask.obs, canvas)
        said = f" | {self.said}" if self.said else ""
        self.window.show(canvas, safe_text(f"{ask.game.spec.title} | in hand: {self.verb}{said}", width=200))

    def _wanted(self, ask: Ask, hands: Hands) -> str:
        """The text of what was asked for since the last frame, "" for nothing; of several acts the last counts."""
        text = ""
        for kind, *rest in self.window.events():
            if kind == "quit" or (kind == "key" and rest[0] == "escape"):
                raise Resigned("the window was closed")
            if kind == "key" and rest[0] in hands.keys:
                text = self._taken(hands, hands.keys[rest[0]]) or text
            if kind == "click" and rest[0] in (LEFT, RIGHT):
                verb = self.verb if rest[0] == LEFT else hands.right
                text = ask.game.touch(ask.obs, rest[1], rest[2], verb) or text
        return text

    def _taken(self, hands: Hands, verb: str) -> str:
        """Take a verb in hand; one that needs no place is the act itself."""
        if verb in hands.alone:
            return verb
        self.verb, self.said = verb, ""
        return ""

    def close(self) -> None:
        """Take the window away."""
        if self.window is not None:
            self.window.close()
            self.window = None
