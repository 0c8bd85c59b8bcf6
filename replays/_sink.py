"""The file under a writer: whole frames, one write each, `.part` until it is finished, nothing torn but the end.

A failed write takes back what it left of its frame and stops the file: what was written before stays readable.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn
from zlib import crc32

from envs.errors import UserError
from replays import _frames as frames
from replays._scan import PART
from replays._tables import MAX_CHUNKS, Tables, Track, pack_index
from replays._values import pack

__all__ = ["SUFFIX", "Sink", "packed_map"]

SUFFIX = ".arena"


def packed_map(kind: str, value: dict[str, Any]) -> bytes:
    """A header or a summary, packed. ValueError if it is too large or holds what cannot be stored."""
    try:
        return pack(value, frames.MAX_HEADER)
    except ValueError as error:
        raise ValueError(f"the {kind}: {error}") from error


class Sink:
    """A recording being written to `part`; it becomes `path` when it is finished. Not for several threads."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        packed_header: bytes,
        *,
        fsync: Callable[[int], None],
        write: Callable[[int, bytes], int],
        level: int,
        part: Path | None = None,
    ) -> None:
        self.path = _free(Path(path))
        self.part = part or self.path.with_name(self.path.name + PART)
        self.salt = crc32(packed_header)
        self._fsync, self._write = fsync, write
        self._level = level
        self._header = packed_header
        self._tables: Tables = {}
        self._chunks = self._size = self._synced = 0
        self._failure: OSError | None = None
        self._fd = _create(self.part, replace=part is not None)
        self._put(frames.header_frame(packed_header))

    def chunk(self, track: int, batch: frames.Batch) -> None:
        """Writes a chunk of packed records."""
        self.copy(*frames.make_chunk(track, batch, self.salt, frames.compressor(self._level)))

    def copy(self, head: frames.Head, data: bytes) -> None:
        """Writes a chunk that is already in its final form: `data` begins with `head`."""
        if self._chunks == MAX_CHUNKS:
            self._fail(OSError(errno.EFBIG, f"it has {MAX_CHUNKS:,} chunks, the most there may be"))
        offset = self._size
        self._put(data)
        self._tables.setdefault(head.track, Track()).add(offset, head)
        self._chunks += 1

    def sync(self) -> None:
        """Brings everything written so far to the disk; the first time also the name of the file."""
        if self._synced == self._size:
            return
        self._guarded(lambda: self._fsync(self._fd))
        if not self._synced:
            self._sync_folder()
        self._synced = self._size

    def finish(self, packed_summary: bytes) -> Path:
        """Index, footer, disk, final name, in this order."""
        index = frames.index_frame(
            pack_index(self._header, packed_summary, self._tables.items()), frames.compressor(self._level)
        )
        self._put(index + frames.footer(self._size))
        self.sync()
        self.abandon()
        os.replace(self.part, _free(self.path))
        self._sync_folder()
        return self.path

    @property
    def closed(self) -> bool:
        return self._fd < 0

    def refuse(self) -> NoReturn:
        """Raises what stopped the file, or a ValueError if it was closed in the ordinary way."""
        if self._failure:
            raise OSError(self._failure.errno, self._failure.strerror, self._failure.filename)
        raise ValueError(f"the recording {str(self.path)!r} is closed")

    def abandon(self) -> None:
        """Closes the file as it is, under its name of the moment."""
        if not self.closed:
            os.close(self._fd)
            self._fd = -1

    def _put(self, data: bytes) -> None:
        if self.closed:
            self.refuse()
        self._guarded(lambda: self._write_all(data))
        self._size += len(data)

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            # bytes, not a view: the first and nearly always only call gets `data` itself
            written = self._write(self._fd, data if len(rest) == len(data) else bytes(rest))
            if written <= 0:
                raise OSError(errno.EIO, "the system wrote nothing")
            rest = rest[written:]

    def _guarded(self, act: Callable[[], None]) -> None:
        """Runs calls of the system; the first that fails ends the recording."""
        try:
            act()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> NoReturn:
        """Cuts the file back to whole frames, closes it for good and says so."""
        what = f"{error.strerror}: the recording stopped here; what was flushed before can be read"
        self._failure = OSError(error.errno, what, str(self.part))
        if not self.closed:
            self._cut()
            self.abandon()
        raise self._failure from error

    def _cut(self) -> None:
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            return  # then the file ends in a torn frame, which every reader passes over

    def _sync_folder(self) -> None:
        """A new name is only on the disk once its folder is. Windows has no such call."""
        if os.name == "nt":
            return
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            self._fsync(folder)
        finally:
            os.close(folder)


def _free(path: Path) -> Path:
    if path.suffix != SUFFIX:
        raise UserError(f"cannot record to {str(path)!r}: the name of a recording ends in {SUFFIX}")
    if path.exists():
        raise UserError(
            f"{str(path)!r} exists already; recordings are not overwritten: choose another name or remove it"
        )
    return path


def _create(part: Path, *, replace: bool) -> int:
    """A descriptor of the new file. UserError if the folder cannot be made or the name is taken."""
    flags = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | (os.O_TRUNC if replace else os.O_EXCL)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        return os.open(part, flags, 0o666)
    except OSError as error:
        if part.exists():
            what = "exists: a match is being recorded there, or was interrupted; choose another name, or recover it"
            raise UserError(f"{str(part)!r} {what} (arena replay recover) and remove it") from error
        raise UserError(f"cannot record to {str(part)!r}: {error.strerror}; choose another place") from error
