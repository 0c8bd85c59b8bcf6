"""The ways in: connections of asyncio carry bytes between guests and the hall (or the gallery).

By a websocket, or the bare frames on a Unix socket.

Everything that one turn of the loop has to say to a guest goes out in one piece. A guest that does not read is let go when MOST_UNREAD
bytes wait for it. Compression is off, and a browser's page of another origin is not let in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import OPEN as WEB_OPEN
from websockets.server import ServerProtocol

from arena.protocol.session import LARGEST
from arena.server.guests import Guest, crowded

__all__ = ["MOST_UNREAD", "Door", "WebDoor"]

MOST_UNREAD = 8 << 20
PIECE = 2 << 10
"""Bytes of a guest's messages that are answered in one piece, if as many have come: the guest works on one piece while the host answers
the next."""


class Talks(Protocol):
    """What is behind a door: a hall or a gallery."""

    def come(self, address: str, now: float) -> Guest: ...
    def hear(self, guest: Guest, data: bytes, now: float) -> None: ...
    def gone(self, guest: Guest, now: float) -> None: ...


class Door(asyncio.Protocol):
    """Bare frames. wake() is called when the hall may have something to send."""

    guest: Guest
    transport: asyncio.Transport

    def __init__(
        self, hall: Talks, now: Callable[[], float], wake: Callable[[], None], doors: dict[Guest, Door], most: int
    ) -> None:
        self.hall, self.now, self.wake, self.doors, self.most = hall, now, wake, doors, most

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        peer = self.transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else "local"
        if len(self.doors) >= self.most or crowded(self.doors, address):
            self.transport.abort()
        self.guest = self.hall.come(address, self.now())
        self.doors[self.guest] = self

    def data_received(self, data: bytes) -> None:
        self.hall.hear(self.guest, data, self.now())
        self.wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self.doors.pop(self.guest, None)
        self.hall.gone(self.guest, self.now())
        self.wake()

    def send(self) -> None:
        """What the guest has to be told; then the end, if it is the end."""
        if self.guest.out:
            self.write(bytes(self.guest.out))
            self.guest.out.clear()
        if self.guest.closing:
            self.finish()
        elif self.transport.get_write_buffer_size() > MOST_UNREAD:
            self.transport.abort()

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    def finish(self) -> None:
        self.transport.close()


class WebDoor(Door):
    """A websocket, by the sans-IO protocol of `websockets`; how messages are cut means nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The handshake is bounded by the library; a page in a browser sends an Origin, a player does not.
        self.web = ServerProtocol(origins=[None], max_size=2 * LARGEST["player"])
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.web.receive_data(data)
        said = bytearray()
        for event in self.web.events_received():
            if isinstance(event, Request):
                self.web.send_response(self.web.accept(event))
            elif not isinstance(event, Frame):
                continue
            elif event.opcode in (Opcode.BINARY, Opcode.CONT):
                said += event.data
                if len(said) >= PIECE:
                    self._hear(said)
            elif event.opcode not in (Opcode.PING, Opcode.PONG, Opcode.CLOSE):
                self._hear(said)
                self._wrong(event)
        self._hear(said)
        self._carry()
        self.wake()

    def _hear(self, said: bytearray) -> None:
        if said:
            self.hall.hear(self.guest, bytes(said), self.now())
            said.clear()

    def eof_received(self) -> None:
        self.web.receive_eof()
        self._carry()

    def write(self, data: bytes) -> None:
        if self.web.state is WEB_OPEN:
            self.web.send_binary(data)
            self._carry()

    def finish(self) -> None:
        if self.web.state is WEB_OPEN:
            self.web.send_close(1000)
            self._carry()
        self.transport.close()

    def _wrong(self, frame: Frame) -> None:
        if self.web.state is WEB_OPEN:
            self.web.fail(1003, "binary messages only")

    def _carry(self) -> None:
        for data in self.web.data_to_send():
            if data:
                self.transport.write(data)
            else:
                self.transport.close()
