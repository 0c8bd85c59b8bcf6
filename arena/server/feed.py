"""The host's end of the gallery: starts its process, sends it every event in one piece a turn, and never waits for it.

A gallery that does not keep up with MOST_UNREAD bytes has failed and is let go; matches go on without it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from arena.events import Event
from arena.protocol.table import Table
from arena.server.tokens import Tokens
from envs.errors import FAILURE, UserError

__all__ = ["Feed"]

MOST_UNREAD = 64 << 20
STARTING = 30.0

_log = logging.getLogger("palaestra.gallery")
_ENCODER = msgspec.msgpack.Encoder()


class Feed:
    """A sink of all matches of a host. `start` gives the port at which they are watched, `connect` comes before events, `close` ends it."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._out = bytearray()
        self._writer: asyncio.StreamWriter | None = None
        self._ending: subprocess.Popen[bytes] | None = None

    def start(
        self, tokens: Tokens, host: str, *, port: int = 0, open_: bool = False, cert: str = "", key: str = ""
    ) -> int:
        """Start the gallery and return its port. UserError when it does not come up."""
        self._ours, theirs = socket.socketpair()
        task = {
            "feed": theirs.fileno(), "host": host, "port": port, "open": open_, "cert": cert, "key": key,
            "tokens": str(tokens.path.absolute()) if tokens.path else "", "grants": [asdict(grant) for grant in tokens.grants.values()],
        }  # fmt: skip
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "arena.server.gallery", json.dumps(task)], pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self._ours.settimeout(STARTING)
        try:
            told = self._ours.recv(4)
        except TimeoutError:
            told = b""
        if len(told) != 4:
            self.close()
            raise UserError("the gallery did not start: see what it printed, or serve with --no-gallery", FAILURE)
        (self.port,) = struct.unpack(">I", told)
        return self.port

    def __call__(self, table: Table, events: Sequence[Event]) -> None:
        """Events of a match, in order; sent at the end of this turn of the loop."""
        if self.process is None:
            return
        for event in events:
            self._tell((table.match.ident, event))

    def release(self, match: str) -> None:
        """The secrets of a match that has ended may be known: the last match on its seed has ended too."""
        if self.process is not None:
            self._tell((match, None))

    def _tell(self, told: tuple[str, Event | None]) -> None:
        data = _ENCODER.encode(told)
        if not self._out:
            asyncio.get_running_loop().call_soon(self._send)
        self._out += struct.pack(">I", len(data)) + data

    async def connect(self) -> None:
        """Take the socket into the loop that runs now."""
        if self.process is not None:
            _, self._writer = await asyncio.open_connection(sock=self._ours)

    def _send(self) -> None:
        data, self._out = bytes(self._out), bytearray()
        self._write(data)

    def _write(self, data: bytes) -> None:
        writer: Any = self._writer
        if self.process is None or writer is None:
            return
        if writer.transport.get_write_buffer_size() > MOST_UNREAD or writer.transport.is_closing():
            _log.error("the gallery does not keep up: nobody can watch any more")
            self.close()
            return
        writer.write(data)

    def close(self) -> None:
        """Hang up: the gallery lets its watchers read the end and ends."""
        process, self.process = self.process, None
        if self._writer is not None:
            self._writer.close()
        elif process is not None:
            self._ours.close()
        self._ending = process

    def wait(self, seconds: float = 6.0) -> None:
        """Until the process has ended; it is killed if it does not."""
        process = self._ending
        if process is not None:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
