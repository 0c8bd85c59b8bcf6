"""What a host does with its guests, without input or output: lets them in, seats them, keeps their matches going, tells the results.

The owner gives each connection a Guest, its bytes to `hear`, its end to `gone`, calls `pass_time` many times a second, sends what the
guests in `waiting` have to be told, and records what `on_events` is given; when a match's recording is on the disk it calls `recorded`. A
player is asked on before what it did is recorded, so that it thinks meanwhile. A connection acts for the seats that it was given and for no
other. Tokens come in the first message and are never logged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from arena.events import Ended, Event, Seat
from arena.match import Match
from arena.protocol import messages as wire
from arena.protocol.messages import OPEN
from arena.protocol.session import LARGEST, ProtocolError, chosen_version
from arena.protocol.table import Table
from arena.server import guests
from arena.server.guests import BEAT, FIRST_WORDS, FLOOD, LOOK, MOST_IDLE, Guest, House, Terms, Wrong, seat_of
from arena.server.lobby import Lobby
from arena.server.tokens import Tokens
from arena.text import safe_text
from envs.game import Game

__all__ = ["Hall"]


class Hall:
    """One game's host. make: a fresh Match for these seats (and now); secret: gives a new key each time; house: what fills the last seats.

    on_answered(guest) is called when all that it has sent is answered; then on_events(table, events) with all events of every match, in
    order, and on_over(table) when a match has ended.
    """

    def __init__(
        self, rules: Game, tokens: Tokens, terms: Terms, *, make: Callable[[Sequence[Seat], float], Match], secret: Callable[[], str],
        wall: Callable[[], float], house: Sequence[Callable[[], House]] = (), on_answered: Callable[[Guest], None] = lambda _: None,
        on_events: Callable[[Table, list[Event]], None] = lambda *_: None, on_over: Callable[[Table], None] = lambda *_: None,
        gallery: int = 0,
    ) -> None:  # fmt: skip
        self.rules, self.tokens, self.terms, self.gallery = rules, tokens, terms, gallery
        self.guests: set[Guest] = set()
        self.waiting: set[Guest] = set()
        self.tables: dict[str, Table] = {}
        self.begun = self.ended = 0
        self.stopped = False
        self._make, self._secret, self._wall, self._house = make, secret, wall, list(house)
        self._on_answered, self._on_events, self._on_over = on_answered, on_events, on_over
        self._players: dict[str, list[Guest | House]] = {}
        self._lobby = Lobby()
        self._wrong = Wrong()
        self._looks: dict[str, float] = {}
        self._acted: dict[Table, None] = {}  # in their order, each once
        self._takes: dict[type, Callable[[Guest, Any, float], None]] = {
            wire.Act: self._act, wire.Resign: self._act, wire.Hello: self._greet, wire.Join: self._join, wire.Resume: self._resume,
            wire.Watch: self._watch, wire.Bye: self._leave,
        }  # fmt: skip

    # ------------------------------------------------------------------ what the owner calls
    def come(self, address: str, now: float) -> Guest:
        """A connection has been opened from this address."""
        guest = Guest(address, now, self.waiting)
        self.guests.add(guest)
        return guest

    def hear(self, guest: Guest, data: bytes, now: float) -> None:
        """Bytes from a guest."""
        guest.heard = now
        for message in guest.session.receive(data):
            if guest.closing:
                break
            guest.idle += 1  # an act that is taken gives it back
            if isinstance(message, ProtocolError):
                self._break_off(guest, message, now)
            elif guest.idle > MOST_IDLE:
                self._break_off(guest, FLOOD, now)
            elif take := self._takes.get(type(message)):
                take(guest, message, now)
        self._on_answered(guest)
        self._record()

    def gone(self, guest: Guest, now: float) -> None:
        """A guest's connection has ended; its seats wait for it."""
        self.guests.discard(guest)
        self.waiting.discard(guest)
        guest.left = 0
        for (match, seat), table in list(guest.seats.items()):
            if self._players.get(match, [None] * (seat + 1))[seat] is guest:
                table.lose(seat, now)
                self._serve(table, now)
        guest.seats.clear()

    def house_says(
        self, house: House, table: Table, seat: int, message: wire.Act | wire.Resign | tuple[str, str], now: float
    ) -> None:
        """An answer of somebody in the house, or how it failed: (cause, detail)."""
        if isinstance(message, tuple):
            table.break_off(seat, *message, now)
        else:
            table.hear(seat, message, now)
        self._serve(table, now)

    def pass_time(self, now: float) -> None:
        """Clocks of matches. Each is read at least every LOOK seconds, because an act may bring a deadline nearer."""
        for ident, table in list(self.tables.items()):
            if now < self._looks.get(ident, 0.0):
                continue
            due = table.deadline
            if due is not None and now >= due:
                table.pass_time(now)
                self._serve(table, now)
            self._looks[ident] = now + LOOK if due is None else min(due, now + LOOK)

    def beat(self, now: float) -> None:
        """About once a second: heartbeats, silent guests, tokens that no longer hold."""
        self.tokens.renew()
        wall = self._wall()
        for guest in list(self.guests):
            guest.idle = 0
            if guest.session.state != OPEN:
                if now - guest.came > FIRST_WORDS:
                    guest.refuse("slow", f"no greeting within {FIRST_WORDS:g} s")
            elif guest.grant is not None and not self.tokens.valid(guest.grant, wall):
                guest.refuse("token", "this token does not hold any more")
            elif now - guest.heard > 2 * BEAT:
                guest.refuse("silent", f"nothing was heard for {now - guest.heard:.0f} s", retry_after=1.0)
            elif now - guest.said > BEAT / 2:
                guest.say(wire.Beat(), now)

    def recorded(self, table: Table, done: bool, now: float) -> None:
        """A match's recording is on the disk, or could not be brought there: the result is told."""
        match = table.match.ident
        for seat, over in table.overs(done):
            player = self._players[match][seat]
            if isinstance(player, House):
                player.close()
            elif player in self.guests:
                player.say(over, now)
                player.seats.pop((match, seat), None)
        self._players.pop(match, None)
        self.tables.pop(match, None)
        self._looks.pop(match, None)
        self.ended += 1
        self._fill(now)

    def stop(self, now: float) -> None:
        """Matches are aborted, no new one begins; their results are told as ever."""
        self.stopped = True
        for table in list(self.tables.values()):
            table.match.abort(now)
            self._serve(table, now)

    def close(self, now: float) -> None:
        """Say goodbye to everybody."""
        for guest in list(self.guests):
            if guest.session.state == OPEN:
                guest.say(wire.Bye("the host is closing"), now)
            guest.let_go()

    # ------------------------------------------------------------------ messages
    def _greet(self, guest: Guest, hello: wire.Hello, now: float) -> None:
        if self._wrong.too_many(guest.address, now):
            guest.refuse("token", "too many wrong tokens from your address", retry_after=60.0)
            return
        try:
            version = chosen_version(hello)
        except ProtocolError as error:
            guest.refuse("version", str(error))
            return
        guest.grant = self.tokens.find(hello.token, self._wall())
        if guest.grant is None and not self.terms.open:
            self._wrong.add(guest.address, now)
            guest.refuse("token", "no such token here: ask whoever runs this host for one")
            return
        if guest.grant and guests.is_full(self.guests, guest.grant):
            guest.refuse("crowded", "this token has as many connections as it may", 10.0)
            return
        guest.name = safe_text(hello.name or (guest.grant.name if guest.grant else "guest"), width=60)
        guest.wants = tuple(want for want in hello.wants if want in wire.WANTS)
        guest.say(wire.Welcome(version, BEAT, LARGEST[wire.PLAYER], self.rules.id, self.gallery), now)

    def _may(self, guest: Guest, scope: str) -> bool:
        return self.terms.open or (guest.grant is not None and guest.grant.allows(scope))

    def _join(self, guest: Guest, join: wire.Join, now: float) -> None:
        full = self.rules.id
        if not self._may(guest, "play"):
            guest.refuse("scope", "this token does not allow to play")
        elif join.game not in ("", full, full.rpartition("-v")[0]):
            guest.refuse("game", f"no game {safe_text(join.game, width=60)!r} here: {full} is served")
        else:
            guest.left, guest.at_once, guest.alone = join.matches, join.at_once, join.alone
            self._lobby.add(guest)
            self._fill(now)

    def _act(self, guest: Guest, message: wire.Act | wire.Resign, now: float) -> None:
        table = guest.seats.get((message.match, message.seat))
        if table is None:
            tick = message.tick if isinstance(message, wire.Act) else 0
            guest.say(wire.Stale(message.match, message.seat, tick, "unknown"), now)
            return
        guest.idle -= table.hear(message.seat, message, now)
        self._tell(table, now)
        self._acted[table] = None

    def _resume(self, guest: Guest, resume: wire.Resume, now: float) -> None:
        table = self.tables.get(resume.match)
        if table is None or not self._may(guest, "play") or not table.resume(resume.seat, resume.key, guest.wants, now):
            guest.say(wire.Stale(resume.match, resume.seat, 0, "unknown"), now)
            return
        players = self._players[resume.match]
        old = players[resume.seat]
        players[resume.seat] = guest
        guest.seats[resume.match, resume.seat] = table
        if isinstance(old, Guest) and old is not guest and old.seats.pop((resume.match, resume.seat), None) is not None:
            old.refuse("replaced", "another connection has taken this seat up")
        self._serve(table, now)

    def _watch(self, guest: Guest, watch: wire.Watch, now: float) -> None:
        where = f"matches are watched at port {self.gallery}" if self.gallery else "this host has no gallery"
        guest.refuse("gallery", where)

    def _leave(self, guest: Guest, bye: wire.Bye, now: float) -> None:
        guest.let_go()
        for (_, seat), table in list(guest.seats.items()):
            table.leave(seat, bye.reason or "said goodbye", now)
            self._serve(table, now)

    def _break_off(self, guest: Guest, error: ProtocolError, now: float) -> None:
        """Whoever breaks the protocol loses what it plays."""
        for (_, seat), table in list(guest.seats.items()):
            table.break_off(seat, "protocol", f"{error.code}: {error}", now)
            self._serve(table, now)
        guest.refuse(error.code, str(error))

    # ------------------------------------------------------------------ matches
    def _fill(self, now: float) -> None:
        """Begin every match for which there are players."""
        most = self.terms.matches
        while not self.stopped and (most is None or self.begun < most) and (found := self._company()):
            self._begin(found, now)

    def _company(self) -> list[Guest | House]:
        """Players for one more match, in the order of its seats; [] while there are too few."""
        chosen = self._lobby.company(self.rules.seats - len(self._house), self.guests)
        if not chosen:
            return []
        players: list[Guest | House] = [*chosen, *(make() for make in self._house)]
        # Guests change seats from match to match.
        turn = self.begun % len(players)
        return players[-turn:] + players[:-turn] if turn else players

    def _begin(self, players: list[Guest | House], now: float) -> None:
        seats = [seat_of(name, player) for name, player in zip(self.rules.spec.seat_names, players, strict=True)]
        match = self._make(seats, now)
        names = [seat.title for seat in seats]
        table = Table(match, names, keys=self._secret, now=now, grace=self.terms.grace, longest=self.terms.longest)
        self.begun += 1
        self.tables[match.ident], self._players[match.ident] = table, players
        for seat, player in enumerate(players):
            if isinstance(player, House):
                player.begin(self.rules, match.ident, seat, names, match.limits)
                table.sit(seat, ("house",), now)
            else:
                player.seats[match.ident, seat] = table
                table.sit(seat, player.wants, now)
        table.start(now)
        self._serve(table, now)

    def _serve(self, table: Table, now: float) -> None:
        """Send and record what a table has to say."""
        self._tell(table, now)
        self._note(table)

    def _tell(self, table: Table, now: float) -> None:
        """Send what a table has to say."""
        ident = table.match.ident
        for seat, message in table.messages():
            player = self._players[ident][seat] if ident in self._players else None
            if isinstance(player, House):
                player.tell(message, table, seat)
            elif player in self.guests:
                player.say(message, now)

    def _record(self) -> None:
        """Record what has come of acts whose answers are on their way."""
        acted, self._acted = self._acted, {}
        for table in acted:
            self._note(table)

    def _note(self, table: Table) -> None:
        """Record what has happened at a table."""
        events = table.events()
        if not events:
            return
        self._on_events(table, events)
        if isinstance(events[-1], Ended):
            self._on_over(table)
