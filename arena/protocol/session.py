"""One end of a connection without input or output: bytes become messages, messages become bytes, and the law is kept.

On every transport the bytes are the same: frames of four bytes of length (big-endian) and one message in msgpack. How they are cut into
pieces means nothing, so a websocket message may carry half a frame or fifty. Whatever comes in becomes messages or one ProtocolError,
after which the session is closed and hears nothing more. A breach of the law by this side is a LocalError, a bug of the caller.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Any

import msgspec

from arena.protocol.messages import (
    CLOSED,
    GREETED,
    HOST,
    LAW,
    NEW,
    OPEN,
    PLAYER,
    VERSIONS,
    FromHost,
    FromPlayer,
    Hello,
    Message,
)  # fmt: skip
from arena.protocol.shape import FLAT, MOST_DEPTH, OPENING, depth

__all__ = ["HELLO", "LARGEST", "LocalError", "ProtocolError", "Session", "chosen_version"]

HELLO = 4096
"""Bytes of a frame, at most, as long as the other side has not been let in."""
LARGEST = {PLAYER: 256 << 10, HOST: 4 << 20}
"""Bytes of a frame, at most, by who sends it."""

_HEAD = struct.Struct(">I")
_head, _size_at = _HEAD.pack, _HEAD.unpack_from
_OTHER = {PLAYER: HOST, HOST: PLAYER}
_DECODERS: dict[str, msgspec.msgpack.Decoder[Any]] = {
    PLAYER: msgspec.msgpack.Decoder(FromPlayer), HOST: msgspec.msgpack.Decoder(FromHost),
}  # fmt: skip
_encode = msgspec.msgpack.Encoder().encode
_WRONG = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)
"""What a decoder raises."""
_LAW = {who: {state: LAW[who].get(state, {}) for state in (NEW, GREETED, OPEN, CLOSED)} for who in LAW}


class ProtocolError(Exception):
    """What the other side sent is not the protocol. code: frame, malformed, order, version or torn; the text is one line."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProtocolError) and (self.code, str(self)) == (other.code, str(other))

    def __hash__(self) -> int:
        return hash((self.code, str(self)))


class LocalError(Exception):
    """This side wanted to say something that it may not say now."""


class Session:
    """side: PLAYER or HOST, what this end is. `state` is that of the connection, the same at both ends when all has arrived."""

    def __init__(self, side: str) -> None:
        self.side, self.other = side, _OTHER[side]
        self.state = NEW
        self._mine, self._theirs = _LAW[side], _LAW[self.other]
        self._decode, self._open = _DECODERS[self.other].decode, self._theirs[OPEN]
        self._most, self._largest = LARGEST[side], LARGEST[self.other]
        self._buffer = bytearray()
        self._wanted = 4

    def receive(self, data: bytes) -> list[Message | ProtocolError]:
        """What has come in with these bytes, in order. A ProtocolError is the last thing that a session ever gives."""
        size = len(data) - 4
        if self.state == OPEN and not self._buffer and 0 < size <= self._largest and _size_at(data)[0] == size:
            # One frame and nothing else, as nearly always; what is wrong with it is found below.
            frame = data[4:]
            if size <= FLAT or size - len(frame.translate(None, OPENING)) <= MOST_DEPTH:
                try:
                    message = self._decode(frame)
                except _WRONG:
                    pass  # told below, where a whole frame is read
                else:
                    if self._open.get(type(message)) == OPEN:
                        return [message]
        if self.state == CLOSED:
            return []
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._wanted:  # a frame in many pieces is put together once
                return []
            data = bytes(self._buffer)
            self._buffer.clear()
        found: list[Message | ProtocolError] = []
        try:
            at = self._frames(data, found)
        except ProtocolError as error:
            self.state = CLOSED
            found.append(error)
        else:
            if at < len(data) and self.state != CLOSED:
                self._buffer += data[at:]
        return found

    def _frames(self, data: bytes, found: list[Message | ProtocolError]) -> int:
        """Every whole frame; the place where the next one begins."""
        at, end, self._wanted = 0, len(data), 4
        while end - at >= 4 and self.state != CLOSED:
            (size,) = _size_at(data, at)
            # What a player may send before it is let in is small, whatever it will be allowed later.
            limit = HELLO if self.side == HOST and self.state != OPEN else self._largest
            if not 0 < size <= limit:
                raise ProtocolError("frame", f"a frame of {size} bytes: 1 to {limit} are allowed now")
            at += 4
            if end - at < size:
                self._wanted = 4 + size
                return at - 4
            found.append(self._heard(data[at : at + size]))
            at += size
        return at

    def _heard(self, frame: bytes) -> Message:
        if len(frame) > FLAT and depth(frame) > MOST_DEPTH:
            raise ProtocolError("malformed", f"a message nested deeper than {MOST_DEPTH} levels")
        try:
            message: Message = self._decode(frame)
        except _WRONG as error:
            raise ProtocolError("malformed", " ".join(str(error).split())[:300]) from None
        after = self._theirs[self.state].get(type(message))
        if after is None:
            raise ProtocolError("order", self._not_now(self.other, message))
        self.state = after
        return message

    def say(self, message: Message) -> bytes:
        """The bytes of a message. LocalError when this side may not say it now."""
        after = self._mine[self.state].get(type(message))
        if after is None:
            raise LocalError(self._not_now(self.side, message))
        data = _encode(message)
        if len(data) > self._most:
            raise LocalError(f"a {_name(message)} of {len(data)} bytes: at most {self._most} can be sent")
        self.state = after
        return _head(len(data)) + data

    def say_all(self, messages: Iterable[Message]) -> bytes:
        """The bytes of several messages, one after another."""
        return b"".join([self.say(message) for message in messages])

    def end(self) -> ProtocolError | None:
        """No more bytes will come: None after a farewell, else what is wrong with that."""
        if self.state == CLOSED:
            return None
        self.state = CLOSED
        left = f"{len(self._buffer)} bytes of a frame" if self._buffer else "no farewell"
        return ProtocolError("torn", f"the connection ended with {left}")

    def _not_now(self, who: str, message: Message) -> str:
        allowed = ", ".join(sorted(_tag(kind) for kind in LAW[who].get(self.state, {})))
        return f"{_name(message)} is not allowed in a connection that is {self.state}: {allowed or 'nothing'} is"

    def __repr__(self) -> str:
        return f"<Session of the {self.side}, {self.state}>"


def _tag(kind: type) -> str:
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]  # msgspec gives every Struct one


def _name(message: Message) -> str:
    return _tag(type(message))


def chosen_version(hello: Hello) -> int:
    """The newest version that both speak. ProtocolError where there is none."""
    both = set(hello.versions) & set(VERSIONS)
    if not both:
        ours, theirs = (", ".join(map(str, sorted(versions))) or "none" for versions in (VERSIONS, hello.versions))
        raise ProtocolError(
            "version", f"no common version of the protocol: this host speaks {ours}, you speak {theirs}"
        )
    return max(both)
