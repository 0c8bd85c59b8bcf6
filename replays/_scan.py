"""From a file to its header, its summary and its chunk tables, whatever state the file is in.

A finished file is opened by its footer and its index. Any other, one that is still being written, was cut off or
was damaged, is walked from chunk head to chunk head; after garbage the walk goes on at the next head whose checksum
is right. Every loop is bounded by the size of the file and by MAX_CHUNKS.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

from envs.errors import CORRUPT, NOT_FOUND, UserError
from replays import _frames as frames
from replays._tables import MAX_CHUNKS, Tables, Track, unpack_index
from replays._values import DamageError

__all__ = ["PART", "Scan", "Source", "corrupt"]

PART = ".part"
"""What the name of a file ends in while it is written."""
_BLOCK = 1 << 20
_MAX_NOTES = 100


def corrupt(path: Path, what: object) -> UserError:
    """The error for a file that cannot be opened at all."""
    return UserError(f"cannot read {str(path)!r}: {what}", CORRUPT)


class Source:
    """An open file, read at places. `x.arena` stands for `x.arena.part` while only that exists."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = _existing(Path(path))
        try:
            self._file = self._opened()
        except FileNotFoundError:
            # It may have got its final name between the look and the opening.
            self.path = Path(path)
            self._file = self._opened()

    def _opened(self) -> io.FileIO:
        try:
            # What is opened blocks for ever if it is a pipe, so ask before.
            if not stat.S_ISREG(self.path.stat().st_mode):
                raise corrupt(self.path, "it is not a file; give the path of a recording (.arena)")
            return self.path.open("rb", buffering=0)
        except FileNotFoundError:
            if self.path.suffix == PART:
                raise
            raise UserError(f"cannot open {str(self.path)!r}: No such file or directory", NOT_FOUND) from None
        except OSError as error:
            raise UserError(f"cannot open {str(self.path)!r}: {error.strerror}", NOT_FOUND) from error

    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def read(self, at: int, size: int) -> bytes:
        """Up to `size` bytes from byte `at`; fewer only at the end of the file."""
        return os.pread(self._file.fileno(), size, at)

    def renamed(self) -> None:
        """Follows the file to its final name once it has one."""
        if self.path.suffix == PART and not self.path.exists():
            self.path = self.path.with_suffix("")

    def close(self) -> None:
        self._file.close()


def _existing(path: Path) -> Path:
    part = path.with_name(path.name + PART)
    return part if part.exists() and not path.exists() else path


class Scan:
    """What is known of a file: `header`, `summary` (None until it is finished), `tables`, and `notes` on damage."""

    def __init__(self, source: Source, *, use_index: bool = True) -> None:
        """Raises DamageError if not even a header can be had."""
        self._source = source
        self.summary: dict[str, Any] | None = None
        self.tables: Tables = {}
        self.notes: list[str] = []
        self._at = 1  # behind the header; where that is damaged, the search for chunks begins at the next byte
        self._hunted = 0
        self._frames = 0
        index_at = frames.footer_place(source.read(max(0, source.size() - frames.FOOTER_SIZE), frames.FOOTER_SIZE))
        index = None if index_at is None else self._index(index_at)
        self.packed_header, self.header = self._header(index[0] if index else None)
        self.salt = crc32(self.packed_header)
        self.indexed = use_index and index is not None and self._believes(index)
        """Whether the tables are the index's word, compared only with the last chunk of every track."""
        if self.indexed and index:
            _, self.summary, self.tables = index
            self._at = source.size()
        else:
            self.advance()

    @property
    def finished(self) -> bool:
        return self.summary is not None

    def note(self, what: str) -> None:
        """Keeps a line for `damaged`, once, and not without end."""
        if len(self.notes) < _MAX_NOTES and what not in self.notes:
            self.notes.append(what)

    def advance(self) -> bool:
        """Takes in what stands in the file behind the place reached so far; True if that brought something new."""
        size, before = self._source.size(), self._frames
        while self._at < size:
            end = self._frame(size)
            if end is not None:
                self._at = end
            elif not self._hunt(size):
                break
        return before != self._frames

    def unread(self) -> int:
        """Bytes at the end that are no whole frame: the torn tail of a crash, or a chunk on its way."""
        return max(0, self._source.size() - self._at)

    def _content(self, at: int, kind: int, limit: int) -> bytes | None:
        """The content of the skippable frame at byte `at`, if it is one of this kind, whole and of a fair size."""
        found = frames.kind_and_size(self._source.read(at, frames.PREFIX_SIZE))
        if found is None or found[0] != kind or found[1] > limit:
            return None
        content = self._source.read(at + frames.PREFIX_SIZE, found[1])
        return content if len(content) == found[1] else None

    def _header(self, copy: bytes | None) -> tuple[bytes, dict[str, Any]]:
        """The header, packed and unpacked; the index's copy of it if the one in front is damaged."""
        content = self._content(0, frames.HEADER, frames.MAX_HEADER + 64)
        try:
            if content is None:
                raise DamageError("it does not begin as a recording does, or ends inside its header")
            packed, header = frames.parse_header(content)
            self._at = frames.PREFIX_SIZE + len(content)
        except DamageError as error:
            if copy is None:
                raise
            self.note(f"{error}; the copy in the index was used")
            packed, header = copy, frames.read_header(copy)
        return packed, header

    def _index(self, at: int) -> tuple[bytes, dict[str, Any], Tables] | None:
        content = self._content(at, frames.INDEX, frames.MAX_INDEX)
        try:
            return unpack_index(frames.index_content(content or b""), at)
        except DamageError as error:
            self.note(f"{error}; the file was searched instead")
            return None

    def _believes(self, index: tuple[bytes, dict[str, Any], Tables]) -> bool:
        """Whether an index is this file's and the last chunks are where and what it says: then its counts are right."""
        if index[0] == self.packed_header and all(self._ends_with(*entry) for entry in index[2].items()):
            return True
        self.note("the index does not fit the file; the file was searched instead")
        return False

    def _ends_with(self, number: int, track: Track) -> bool:
        k = len(track) - 1
        head = frames.Head.parse(self._source.read(track.offset(k), frames.HEAD_SIZE), self.salt)
        return head is not None and head.track == number and track.agrees(k, head) and track.last == head.last

    def _frame(self, size: int) -> int | None:
        """Takes in the frame at the place reached and gives its end; None if no sound and whole one is there."""
        start = self._source.read(self._at, frames.HEAD_SIZE)
        found = frames.kind_and_size(start[: frames.PREFIX_SIZE])
        if found is None:
            return None
        kind, end = found[0], self._at + frames.PREFIX_SIZE + found[1]
        head = frames.Head.parse(start, self.salt) if kind == frames.CHUNK else None
        if head:
            end += head.packed
        if end > size or (kind == frames.CHUNK and head is None):
            return None
        self._count()
        if head:
            self._add(head)
        elif kind == frames.INDEX:
            self._finish()
        elif kind == frames.FOOTER and frames.footer_place(start[: frames.FOOTER_SIZE]) is None:
            self.note("the footer is damaged; the file was searched instead")
        return end

    def _add(self, head: frames.Head) -> None:
        try:
            self.tables.setdefault(head.track, Track()).add(self._at, head)
        except DamageError as error:
            self.note(f"the chunk at byte {self._at:,} was skipped: {error}")

    def _finish(self) -> None:
        """Only the summary of an index met on the way is used: the tables were built from the chunks themselves."""
        index = self._index(self._at)
        if index and index[0] == self.packed_header:
            self.summary = index[1]

    def _hunt(self, size: int) -> bool:
        """Goes to the next sound chunk head behind the place reached; False if there is none yet."""
        for place in _places(self._source, max(self._at + 1, self._hunted), size):
            self._count()
            if frames.Head.parse(self._source.read(place, frames.HEAD_SIZE), self.salt):
                self.note(f"bytes {self._at:,} to {place:,} are damaged and were skipped")
                self._at = place
                return True
        self._hunted = max(self._hunted, size - frames.HEAD_SIZE + 1)
        return False

    def _count(self) -> None:
        """Bounds the time that a file of nothing but beginnings can take."""
        self._frames += 1
        if self._frames > MAX_CHUNKS + 64:
            raise DamageError(f"it has more than {MAX_CHUNKS:,} chunks")


def _places(source: Source, at: int, size: int) -> Iterator[int]:
    """Every byte from `at` on where a chunk head may begin and has room to end."""
    while at + frames.HEAD_SIZE <= size:
        block = source.read(at, _BLOCK)
        place = block.find(frames.HEAD_START)
        while 0 <= place <= size - at - frames.HEAD_SIZE:
            yield at + place
            place = block.find(frames.HEAD_START, place + 1)
        # The last bytes once more: a beginning may lie across two blocks.
        at += max(1, len(block) - len(frames.HEAD_START) + 1)
