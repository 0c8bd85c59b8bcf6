"""A player's visit to a host: seats are taken, questions answered, and taken up again when the connection breaks.

Coming back waits longer each time, by chance between nothing and a doubling bound, as long as the host asks for, and a minute in all.
"""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable
from typing import Any

from arena.protocol.dial import Line, Lost
from arena.protocol.messages import Ask, Begin, Join, Message, Over, Resume, Stale
from envs.errors import FAILURE, UserError

__all__ = ["Visit"]

PATIENCE = 60.0
"""Seconds without a connection after which a player gives up."""
MOST_HELD, LONGEST_HELD = 16, 0.002
"""Answers that go out in one piece, and seconds that one may wait for the next: the host works on the first while others are thought of."""


class Visit:
    """The connections of one player to one host, one after another. `keys` opens the seats that it holds."""

    def __init__(
        self, url: str, token: str, name: str, matches: int, at_once: int, ca: str | None = None, alone: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.url, self.token, self.name, self.ca = url, token, name, ca
        self.matches, self.at_once, self.alone = matches, at_once, alone
        self.clock = clock
        self.keys: dict[tuple[str, int], str] = {}
        self.taken = 0

    def play(self, player: Any, told: Callable[[str], None] = lambda _: None) -> None:
        """Until every seat has been played. UserError when the host refuses, or cannot be reached for too long.

        player: `hear` gives the answer to a message or None, `overs` collects results. told: called with lines for people.
        """
        draw, tries, since, first = random.Random(), 0, self.clock(), True
        while len(player.overs) < self.matches:
            before = self.taken + len(player.overs)
            try:
                self._once(player)
                first = False
            except Lost as lost:
                if lost.farewell and not self.keys:
                    told(str(lost))
                    return
                progress = self.taken + len(player.overs) > before
                tries, since = (0, self.clock()) if progress else (tries + 1, since)
                if (first and not self.taken) or self.clock() - since > PATIENCE:
                    raise UserError(str(lost), FAILURE) from None
                told(f"{lost}: trying again")
                time.sleep(max(lost.after, draw.uniform(0, min(10.0, 0.25 * 2**tries))))

    def _once(self, player: Any) -> None:
        """One connection, as long as it lasts."""
        line = Line(self.url, token=self.token, name=self.name, tls=self._tls())
        try:
            resumed = [Resume(match, seat, key) for (match, seat), key in self.keys.items()]
            left = self.matches - self.taken
            line.send([*resumed, *([Join("", left, self.at_once, self.alone)] if left > 0 else [])])
            while len(player.overs) < self.matches:
                self._turn(player, line)
        except KeyboardInterrupt:
            line.close("interrupted")  # so that nobody waits for a player who has left
            raise
        except BaseException:
            line.drop()
            raise
        line.close("done")

    def _turn(self, player: Any, line: Line) -> None:
        """Hear what has come and answer all of it."""
        held: list[Message] = []
        since = self.clock()
        for message in line.receive():
            if not isinstance(message, Ask):
                self._note(message)
            answer = player.hear(message)
            if answer is not None:
                held.append(answer)
            if held and (len(held) == MOST_HELD or self.clock() - since > LONGEST_HELD):
                line.send(held)
                held, since = [], self.clock()
        line.send(held)

    def _note(self, message: Message) -> None:
        """Which seats are held, with which key."""
        if isinstance(message, Begin):
            where = message.match, message.seat
            self.taken += where not in self.keys
            self.keys[where] = message.key
        elif isinstance(message, Over):
            self.keys.pop((message.match, message.seat), None)
        elif isinstance(message, Stale) and message.why == "unknown" and (message.match, message.seat) in self.keys:
            del self.keys[message.match, message.seat]  # the match ended while nobody was connected
            self.taken -= 1
            self.matches -= 1

    def _tls(self) -> ssl.SSLContext | None:
        return None if self.ca is None else ssl.create_default_context(cafile=self.ca)
