"""The newest moment of a live recording, in a small shared file: latest wins, nobody waits.

The writer overwrites one of two slots and then flips the counter; a reader that meets a half-written slot sees a wrong checksum and
keeps what it had. The file lies beside the recording (`x.arena.part.live`) and goes away with it. Nothing in it is needed to replay.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack

__all__ = ["Mailbox"]

_COUNTER = struct.Struct("<Q")
_HEAD = struct.Struct("<II")
SLOT = 1 << 19
SIZE = _COUNTER.size + 2 * SLOT


class Mailbox:
    """`create` for the host, `attach` for a viewer. Messages over 512 KiB are not shown here (the file has them)."""

    def __init__(
        self, path: Path, memory: mmap.mmap, clock: Callable[[], float] = time.monotonic, rate: float = 60.0
    ) -> None:
        self.path, self._memory, self._clock, self._gap = path, memory, clock, 1.0 / rate
        self._count, self._last = 0, float("-inf")

    @staticmethod
    def beside(recording: str | os.PathLike[str]) -> Path:
        return Path(f"{os.fspath(recording)}.live")

    @classmethod
    def create(cls, recording: str | os.PathLike[str], *, clock: Callable[[], float] = time.monotonic) -> Mailbox:
        path = cls.beside(recording)
        with open(path, "wb") as file:
            file.truncate(SIZE)
        return cls(path, _mapped(path, mmap.ACCESS_WRITE), clock)

    @classmethod
    def attach(cls, recording: str | os.PathLike[str]) -> Mailbox | None:
        """The mailbox of a live recording, None when there is none."""
        path = cls.beside(recording)
        try:
            return cls(path, _mapped(path, mmap.ACCESS_READ))
        except (OSError, ValueError):
            return None

    def put(self, message: dict[str, Any]) -> None:
        """Leave the newest message; more than 60 a second are not written, so that a fast match pays nothing."""
        now = self._clock()
        if now - self._last < self._gap:
            return
        data = msgpack.packb(message)
        if len(data) > SLOT - _HEAD.size:
            return
        self._last = now
        self._count += 1
        at = _COUNTER.size + (self._count & 1) * SLOT
        self._memory[at : at + _HEAD.size + len(data)] = _HEAD.pack(len(data), zlib.crc32(data)) + data
        self._memory[: _COUNTER.size] = _COUNTER.pack(self._count)

    def take(self) -> dict[str, Any] | None:
        """The newest message, or None when there is no new one."""
        (count,) = _COUNTER.unpack(self._memory[: _COUNTER.size])
        if count == self._count:
            return None
        at = _COUNTER.size + (count & 1) * SLOT
        length, crc = _HEAD.unpack(self._memory[at : at + _HEAD.size])
        data = self._memory[at + _HEAD.size : at + _HEAD.size + min(length, SLOT - _HEAD.size)]
        if len(data) != length or zlib.crc32(data) != crc:
            return None
        self._count = count
        try:
            message = msgpack.unpackb(data, strict_map_key=True)
        except (ValueError, msgpack.exceptions.UnpackException):
            return None
        return message if isinstance(message, dict) else None

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def _mapped(path: Path, access: int) -> mmap.mmap:
    with open(path, "r+b" if access == mmap.ACCESS_WRITE else "rb") as file:
        return mmap.mmap(file.fileno(), SIZE, access=access)
