"""A player's connection to a host: ws://, wss:// or unix:PATH, blocking, for one thread that plays and one that keeps the line alive.

While the playing thread thinks, the other one sends a Beat before the host could take the silence for the end. `Lost` means that coming
back may help; a UserError means that it does not (wrong token, version, game).
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.protocol import OPEN as WEB_OPEN
from websockets.uri import parse_uri

from arena.protocol.lookout import Lookout
from arena.protocol.messages import CLOSED, PLAYER, VERSIONS, Beat, Bye, Error, Hello, Message, Welcome
from arena.protocol.session import LARGEST, ProtocolError, Session
from arena.text import safe_text
from envs.errors import FAILURE, UserError

__all__ = ["Line", "Lost"]

_PIECE = 1 << 16
_FINAL = frozenset({"token", "version", "scope", "game", "gallery", "match", "replaced"})
"""Codes of a host's Error that coming back does not change."""


class Lost(Exception):  # noqa: N818  a state of the line, not an error of the program
    """The connection could not be made, or is gone. after: seconds that the host asks to wait; farewell: the host has said goodbye."""

    def __init__(self, text: str, after: float = 0.0, *, farewell: bool = False) -> None:
        super().__init__(text)
        self.after, self.farewell = after, farewell


class Line:
    """Connects and greets. Raises Lost, or UserError for an address that is none and for a host that does not want this player."""

    def __init__(
        self, url: str, *, token: str = "", name: str = "", wants: Sequence[str] = ("packed",), timeout: float = 10.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        self.url, self.session = url, Session(PLAYER)
        self._web: ClientProtocol | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._socket = _connected(url, timeout, tls)
        self._come, self._lookout = _coming(self._socket), Lookout()
        self._early: list[Message] = []
        self._end: Exception | None = None  # raised when what came before it has been handed out
        try:
            self._greet(Hello(list(VERSIONS), token, name[:256], tuple(wants)))
        except BaseException:
            self._socket.close()
            raise

    def _greet(self, hello: Hello) -> None:
        if not self.url.startswith("unix:"):
            self._upgrade()
        self.send([hello])
        while not isinstance(first := self._next(), Welcome):
            continue
        self.welcome = first
        self._socket.settimeout(2 * first.beat if first.beat else None)
        if first.beat:
            threading.Thread(target=self._keep_alive, args=(first.beat / 3,), name="beat", daemon=True).start()

    def _next(self) -> Message:
        while not self._early:
            self._early = self.receive()
        return self._early.pop(0)

    def _upgrade(self) -> None:
        """The websocket's handshake."""
        web = self._web = ClientProtocol(parse_uri(self.url), max_size=2 * LARGEST["host"])
        web.send_request(web.connect())
        self._carry()
        while web.state is not WEB_OPEN:
            data = self._read()
            web.receive_data(data) if data else web.receive_eof()
            if web.handshake_exc is not None or not data:
                raise Lost(f"{self.url} is no host of matches: {web.handshake_exc or 'the connection was closed'}")
        self._early += self._understood(_payload(web.events_received()))

    # ------------------------------------------------------------------ talking
    def receive(self) -> list[Message]:
        """What the host says next, at least once something has come. Raises Lost or UserError."""
        if self._early:
            early, self._early = self._early, []
            return early
        while self._end is None:
            data = self._read()
            found = self._unwrapped(data)
            if found:
                return found
            if not data:
                break
        raise self._end or Lost("the host has closed the connection")

    def send(self, messages: Iterable[Message]) -> None:
        """Say something. Raises Lost."""
        with self._lock:
            data = self.session.say_all(messages)
            if data:
                self._write(data)

    def close(self, reason: str = "") -> None:
        """Take leave and hang up; a second call does nothing."""
        self._stop.set()
        with suppress(Exception):
            if self.session.state != CLOSED:
                self.send([Bye(reason)])
        self.drop()

    def drop(self) -> None:
        """Hang up without a word."""
        self._stop.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _unwrapped(self, data: bytes) -> list[Message]:
        if self._web is None:
            return self._understood(data)
        with self._lock:
            self._web.receive_data(data) if data else self._web.receive_eof()
            data = _payload(self._web.events_received())
            self._carry()
        return self._understood(data) if data else []

    def _understood(self, data: bytes) -> list[Message]:
        said: list[Message] = []
        for message in self.session.receive(data):
            if isinstance(message, ProtocolError):
                self._end = UserError(f"{self.url} does not speak this protocol: {message}", FAILURE)
            elif isinstance(message, Error):
                self._end = _refused(message)
            elif isinstance(message, Bye):
                self._end = Lost(message.reason or "the host said goodbye", farewell=True)
            elif not isinstance(message, Beat):
                said.append(message)
        return said

    def _read(self) -> bytes:
        try:
            self._lookout(self._come)
            return self._socket.recv(_PIECE)
        except TimeoutError:
            raise Lost("nothing is heard from the host any more") from None
        except OSError as error:
            raise Lost(f"the connection is gone: {error.strerror or error}") from None

    def _write(self, data: bytes) -> None:
        if self._web is None:
            self._put(data)
        else:
            try:
                self._web.send_binary(data)
            except WebSocketException as error:
                raise Lost(f"the connection is gone: {error}") from None
            self._carry()

    def _carry(self) -> None:
        assert self._web is not None
        for data in self._web.data_to_send():
            if data:
                self._put(data)

    def _put(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise Lost(f"the connection is gone: {error.strerror or error}") from None

    def _keep_alive(self, seconds: float) -> None:
        while not self._stop.wait(seconds):
            with suppress(Exception):
                self.send([Beat()])


def _payload(events: Iterable[Any]) -> bytes:
    """What websocket messages carry; how they are cut means nothing."""
    pieces = [
        bytes(each.data) for each in events if isinstance(each, Frame) and each.opcode in (Opcode.BINARY, Opcode.CONT)
    ]
    return b"".join(pieces)


def _refused(error: Error) -> Exception:
    text = safe_text(error.text, width=300)
    if error.code in _FINAL and error.retry_after is None:
        return UserError(f"the host refuses: {text}", FAILURE)
    return Lost(text, error.retry_after or 0.0)


def _coming(line: socket.socket) -> Callable[[], object]:
    """Whether something can be read now, or will never be."""
    if not hasattr(select, "poll"):  # Windows
        return lambda: select.select([line], [], [], 0)[0]
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return partial(poll.poll, 0)


def _connected(url: str, timeout: float, tls: ssl.SSLContext | None) -> socket.socket:
    """A socket to the address, encrypted for wss://."""
    try:
        if url.startswith("unix:"):
            made = socket.socket(socket.AF_UNIX)
            made.settimeout(timeout)
            made.connect(url.removeprefix("unix:"))
            return made
        parts = urlsplit(url)
        if parts.scheme not in ("ws", "wss") or not parts.hostname:
            raise UserError(f"{url!r} is no address of a host: write ws://HOST:PORT, wss://HOST:PORT or unix:PATH")
        port = parts.port or (443 if parts.scheme == "wss" else 80)
        made = socket.create_connection((parts.hostname, port), timeout)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if parts.scheme == "wss":
            made = (tls or ssl.create_default_context()).wrap_socket(made, server_hostname=parts.hostname)
    except ssl.SSLError as error:
        raise UserError(f"{url}: no encrypted connection: {error.reason or error}", FAILURE) from None
    except (OSError, ValueError) as error:
        raise Lost(f"cannot reach {url}: {getattr(error, 'strerror', None) or error}") from None
    return made
