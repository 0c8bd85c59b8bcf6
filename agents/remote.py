"""A player's end of a connection: hears a host's messages, asks its agent, says what there is to answer.

Without input or output; `worker` carries the bytes over standard input and output, `arena join` over a network. One instance of the agent
serves one seat of one match. What an agent raises gives its seat up as crashed: this end stays.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from arena.agent import Agent, Resigned
from arena.protocol import messages as wire
from arena.protocol.translate import act_of, ask_of, rules_of
from arena.text import safe_text
from envs.game import Game

__all__ = ["Player"]


class Player:
    """`make` gives a fresh agent; `fits`, if given, is asked about each game; `place`: where the game is, if it is not installed.

    `overs` collects the results of matches that have ended, `stale` counts acts that were not taken.
    """

    def __init__(
        self, make: Callable[[], Agent], *, fits: Callable[[Game], None] | None = None, place: str = "", game: Game | None = None
    ) -> None:  # fmt: skip
        self.make, self.fits, self.place, self._known = make, fits, place, game
        self.overs: list[wire.Over] = []
        self.stale = 0
        self._games: dict[tuple[str, int], Game] = {}
        self._agents: dict[tuple[str, int], Any] = {}

    def hear(self, message: wire.Message) -> wire.Message | None:
        """The answer to a message, if it asks for one. UserError for a game that cannot be played here."""
        if isinstance(message, wire.Ask):
            return self._answer(message)
        if isinstance(message, wire.Begin):
            self._begin(message)
        elif isinstance(message, wire.Over):
            self._end(message)
        elif isinstance(message, wire.Stale):
            self.stale += 1
        return None

    def _begin(self, told: wire.Begin) -> None:
        where = told.match, told.seat
        if where not in self._agents:
            self._games[where] = self._rules(told.game)
            self._agents[where] = self.make()

    def _rules(self, told: wire.Rules) -> Game:
        """The game, opened once for all matches with the same rules and configuration."""
        known = self._known
        if known is None or (known.id, known.digest, known.shared_options, known.config_bytes()) != (
            told.id, told.digest, told.options, told.config,
        ):  # fmt: skip
            known = rules_of(told, self.place)
            if self.fits is not None:
                self.fits(known)
            self._known = known
        return known

    def _answer(self, told: wire.Ask) -> wire.Message:
        where = told.match, told.seat
        if where not in self._agents:
            return wire.Resign(*where, "asked in a match that has not begun here", crash=True)
        try:
            return act_of(self._agents[where](ask_of(told, self._games[where])), told)
        except Resigned as error:
            return wire.Resign(*where, str(error)[:4000])
        except Exception as error:  # noqa: BLE001  whatever an agent raises is its seat's result
            return wire.Resign(*where, safe_text(f"{type(error).__name__}: {error}", width=400), crash=True)

    def _end(self, told: wire.Over) -> None:
        self.overs.append(told)
        where = told.match, told.seat
        self._games.pop(where, None)
        close = getattr(self._agents.pop(where, None), "close", None)
        if callable(close):
            with suppress(Exception):
                close()
