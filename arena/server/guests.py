"""Who comes to a host: guests over a connection, and those of the house; and the terms on which they play."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from arena.clock import Limits
from arena.events import Seat
from arena.protocol import messages as wire
from arena.protocol.messages import CLOSED, HOST
from arena.protocol.session import ProtocolError, Session
from arena.protocol.table import GRACE, LONGEST, Table
from arena.server.tokens import Grant
from envs.game import Game

__all__ = [
    "BEAT",
    "FIRST_WORDS",
    "FLOOD",
    "LOOK",
    "MOST_IDLE",
    "MOST_OF_ADDRESS",
    "MOST_OF_TOKEN",
    "MOST_WRONG",
    "Guest",
    "House",
    "Terms",
    "Wrong",
    "crowded",
    "is_full",
    "is_loopback",
    "seat_of",
]

BEAT = 10.0
"""Seconds after which each side must have been heard again; after two of them without a word a connection is lost."""
FIRST_WORDS, LOOK = 5.0, 0.05
"""Seconds: for a greeting; between two looks at the clock of a match, at most."""
MOST_WRONG = 10
"""Wrong tokens of one address a minute."""
MOST_OF_ADDRESS, MOST_OF_TOKEN = 256, 64
"""Connections of one address, and of one token, at a time; this machine itself is no address (a proxy may stand on it)."""
MOST_IDLE = 1024
"""Messages of one guest a second, besides the acts that are taken."""
FLOOD = ProtocolError("flood", f"more than {MOST_IDLE} messages a second")


@dataclass(frozen=True)
class Terms:
    """How matches are played. open: no token is asked for. matches: how many are played before the host is done, None for ever."""

    limits: Limits = field(default_factory=lambda: Limits(move=10.0))
    retries: int = 2
    grace: float = GRACE
    longest: float = LONGEST
    open: bool = False
    matches: int | None = None


class Guest:
    """A connection. out: bytes to be sent; closing: to be closed when they have been. waiting: where it puts itself for either."""

    def __init__(self, address: str, now: float, waiting: set[Guest] | None = None) -> None:
        self.address, self.session = address, Session(HOST)
        self.heard, self.said, self.came = now, now, now
        self.grant: Grant | None = None
        self.name = ""
        self.wants: tuple[str, ...] = ("fields", "text")
        self.seats: dict[tuple[str, int], Table] = {}
        self.left, self.at_once, self.alone = 0, 0, False
        self.idle = 0
        self.out = bytearray()
        self.closing = False
        self.waiting = set() if waiting is None else waiting

    @property
    def free(self) -> int:
        """How many more seats it would take now."""
        return min(self.left, self.at_once - len(self.seats))

    def say(self, message: wire.Message, now: float) -> None:
        """Put a message to what is to be sent; one that is being let go is told nothing more."""
        if not self.closing and self.session.state != CLOSED:
            self.out += self.session.say(message)
            self.said = now
            self.waiting.add(self)

    def refuse(self, code: str, text: str, retry_after: float | None = None) -> None:
        """The last words to a guest; what it plays waits for it to come back."""
        if self.closing:
            return
        # A session that heard nonsense is closed and says nothing more; the reason is still owed.
        speaker = self.session if self.session.state != CLOSED else Session(HOST)
        self.out += speaker.say(wire.Error(code, text[:4000], retry_after))
        self.let_go()

    def let_go(self) -> None:
        """To be closed; what it plays waits for it to come back, or has been told that it has left."""
        self.closing, self.left = True, 0
        self.waiting.add(self)


class Wrong:
    """Wrong tokens by address."""

    def __init__(self) -> None:
        self._times: dict[str, list[float]] = {}

    def add(self, address: str, now: float) -> None:
        self._times.setdefault(address, []).append(now)

    def too_many(self, address: str, now: float) -> bool:
        """Whether an address has tried MOST_WRONG or more in the last minute."""
        recent = [then for then in self._times.pop(address, ()) if now - then < 60.0]
        if recent:
            self._times[address] = recent
        return len(recent) >= MOST_WRONG


class House:
    """Something in the host's process that takes a seat: `tell` is given each message, and answers come back by `Hall.house_says`."""

    title = "house"
    agent = "house"
    mode = ""
    walls: tuple[str, ...] = ()

    def begin(self, rules: Game, match: str, seat: int, names: Sequence[str], limits: Limits) -> None:
        """A match is about to begin."""

    def tell(self, message: wire.Message, table: Table, seat: int) -> None:
        """Take a message of the table."""

    def close(self) -> None:
        """The match is over."""


def is_loopback(host: str) -> bool:
    """Whether an address never leaves this machine."""
    return host in ("localhost", "::1") or host.startswith("127.")


def crowded(guests: Iterable[Guest], address: str) -> bool:
    """Whether an address has as many connections as it may."""
    if address == "local" or is_loopback(address):
        return False
    return sum(guest.address == address for guest in guests) >= MOST_OF_ADDRESS


def is_full(guests: Iterable[Guest], grant: Grant) -> bool:
    """Whether a token has more connections than it may."""
    return sum(guest.grant == grant and not guest.closing for guest in guests) > MOST_OF_TOKEN


def seat_of(name: str, player: Guest | House) -> Seat:
    """What is recorded of who sits in a seat."""
    if isinstance(player, House):
        return Seat(name, player.agent, player.title, player.mode, player.walls)
    return Seat(name, f"remote:{player.name}", player.name, "remote")
