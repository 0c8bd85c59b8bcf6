"""Reading a recording: any record of any track in one bisection and one decompressed chunk, finished or live.

Nothing in a file is believed: what cannot be read is a UserError or a line in `damaged`. A reader belongs to one
thread; it holds the file open, so that a live recording stays readable through its renaming.
"""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from envs.errors import UserError
from replays import _frames as frames
from replays._scan import PART, Scan, Source, corrupt
from replays._tables import Track
from replays._values import DamageError

__all__ = ["LogReader"]

_CACHED_CHUNKS, _CACHED_BYTES = 256, 8 << 20
_T = TypeVar("_T")


class _MovedError(Exception):
    """The index was wrong and the tables are new: look the place up again."""


class LogReader:
    """A recording opened for reading. Records of a track are numbered from 0; `damaged` tells what was left out."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """`x.arena` opens `x.arena.part` while only that exists. UserError: 3 no such file, 4 not readable."""
        self._source = Source(path)
        self._cache: OrderedDict[int, frames.Chunk] = OrderedDict()
        self._cached = 0  # bytes in the cache
        try:
            self._scan = Scan(self._source)
        except DamageError as error:
            self.close()
            raise self._corrupt(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """The file as it is named now."""
        return self._source.path

    @property
    def header(self) -> dict[str, Any]:
        """What the writer was given, and `v` and `min_reader`."""
        return self._scan.header

    @property
    def summary(self) -> dict[str, Any] | None:
        """What the writer was closed with; None while it is not finished."""
        return self._scan.summary

    @property
    def finished(self) -> bool:
        """False for a file that is still being written and for one that a crash cut off."""
        return self._scan.finished

    @property
    def damaged(self) -> list[str]:
        """One line for each thing that was found unreadable so far. The unwritten end of a `.part` is not damage."""
        tail = self._scan.unread()
        cut = tail > 0 and self.path.suffix != PART
        return self._scan.notes + ([f"the last {tail:,} bytes are no whole chunk and were left out"] if cut else [])

    @property
    def tracks(self) -> list[int]:
        """The numbers of the tracks that hold a record."""
        return sorted(number for number, track in self._scan.tables.items() if track.records)

    def refresh(self) -> bool:
        """Looks for what was written since; True if there are new chunks or the file is finished now."""
        if self.finished:
            self._source.renamed()  # a file gets its last name after its last bytes
            return False
        try:
            new = self._scan.advance()
        except DamageError as error:
            raise self._corrupt(error) from error
        self._source.renamed()
        return new

    def count(self, track: int) -> int:
        """Records of a track; 0 for a track that is not there."""
        table = self._scan.tables.get(track)
        return table.records if table else 0

    def steps(self, track: int) -> tuple[int, int] | None:
        """The first and the last step of a track; None if it has no record."""
        table = self._scan.tables.get(track)
        return (table.first, table.last) if table and table.records else None

    def record(self, track: int, n: int) -> tuple[int, Any]:
        """The step and the n-th record of a track. IndexError outside 0 <= n < count; UserError (4) if damaged."""

        def look() -> tuple[int, Any]:
            chunk, i = self._place(track, n)
            return chunk.steps[i], chunk.record(i)

        return self._asked(look)

    def time(self, track: int, n: int) -> float:
        """Seconds from the start of the recording to the n-th record of a track. Errors as in `record`."""

        def look() -> float:
            chunk, i = self._place(track, n)
            return chunk.times[i] / 1e6

        return self._asked(look)

    def find(self, track: int, step: int) -> int:
        """The last record of a track at or before `step`; -1 if there is none. UserError (4) if damaged."""

        def look() -> int:
            table = self._scan.tables.get(track)
            k = table.with_step(step) if table else -1
            if table is None or k < 0:
                return -1
            return table.first_record(k) + bisect_right(self._chunk(track, table, k).steps, step) - 1

        return self._asked(look)

    def at(self, track: int, step: int) -> list[Any]:
        """The records of a track at exactly one step, in order. UserError (4) if one is damaged."""

        def look() -> list[Any]:
            table = self._scan.tables.get(track)
            found: list[Any] = []
            k = table.with_step(step) if table and step <= table.last else -1
            while table is not None and k >= 0:
                chunk = self._chunk(track, table, k)
                start, stop = bisect_left(chunk.steps, step), bisect_right(chunk.steps, step)
                found[:0] = [chunk.record(i) for i in range(start, stop)]
                k = k - 1 if start == 0 < stop else -1
            return found

        return self._asked(look)

    def iterate(self, track: int | None = None, start: int = 0) -> Iterator[tuple[int, int, Any]]:
        """(track, step, record) of one track or of all, from record `start` on, in the order of the file.

        Tracks are written in chunks, so records of different tracks come chunk by chunk, each track's in order.
        What is damaged is passed over and noted in `damaged`.
        """
        at, start = self._beginning(track, start)
        while (place := self._next_chunk(track, at)) is not None:
            number, k = place
            table = self._scan.tables[number]
            offset, count = table.offset(k), table.size(k)
            if start < count:
                try:
                    yield from self._records(number, table, k, start)
                except _MovedError:
                    continue
            start = max(0, start - count)
            at = offset + 1

    def close(self) -> None:
        """Lets go of the file. A second call does nothing."""
        self._forget()
        self._source.close()

    def _beginning(self, track: int | None, start: int) -> tuple[int, int]:
        """A place in the file, and how many records to pass over from there, to come to record `start`."""
        table = None if track is None else self._scan.tables.get(track)
        if table is None or not 0 < start < table.records:
            return 0, max(0, start)
        k = table.with_record(start)
        return table.offset(k), start - table.first_record(k)

    def _records(self, number: int, table: Track, k: int, start: int) -> Iterator[tuple[int, int, Any]]:
        """The records of a chunk from the start-th on. No chunk and no record outlives this call."""
        first = table.first_record(k)
        try:
            chunk = self._chunk(number, table, k)
        except DamageError as error:
            self._scan.note(f"records {first:,} to {first + table.size(k) - 1:,} of track {number} are lost: {error}")
            return
        for i in range(start, len(chunk.steps)):
            try:
                yield number, chunk.steps[i], chunk.record(i)
            except DamageError as error:
                self._scan.note(f"record {first + i:,} of track {number} is lost: {error}")

    def _next_chunk(self, track: int | None, at: int) -> tuple[int, int] | None:
        """Track and number of the first chunk at or behind a byte of the file."""
        tables = self._scan.tables
        if track is not None:
            k = tables[track].from_offset(at) if track in tables else 0
            return (track, k) if track in tables and k < len(tables[track]) else None
        ahead = ((number, table.from_offset(at)) for number, table in tables.items())
        places = [(number, k) for number, k in ahead if k < len(tables[number])]
        return min(places, key=lambda place: tables[place[0]].offset(place[1]), default=None)

    def _place(self, track: int, n: int) -> tuple[frames.Chunk, int]:
        table = self._scan.tables.get(track)
        if table is None or not 0 <= n < table.records:
            raise IndexError(f"track {track} has {self.count(track)} records; {n} is none of them")
        k = table.with_record(n)
        return self._chunk(track, table, k), n - table.first_record(k)

    def _chunk(self, number: int, table: Track, k: int) -> frames.Chunk:
        """A chunk, from the last used ones or from the file. Raises DamageError, or _MovedError after a new search."""
        offset = table.offset(k)
        if offset in self._cache:
            self._cache.move_to_end(offset)
            return self._cache[offset]
        head = frames.Head.parse(self._source.read(offset, frames.HEAD_SIZE), self._scan.salt)
        if head is None or head.track != number or not table.agrees(k, head):
            self._search()
            raise _MovedError
        self._make_room(head.raw)
        payload = self._source.read(offset + frames.HEAD_SIZE, head.packed)
        chunk = self._cache[offset] = frames.Chunk(head, payload, self._scan.salt)
        self._cached += chunk.size
        return chunk

    def _search(self) -> None:
        """Builds the tables from the chunks themselves, because the index does not fit them."""
        if not self._scan.indexed:
            raise DamageError("it changed while it was read")
        notes = self._scan.notes
        self._scan = Scan(self._source, use_index=False)
        for line in [*notes, "the index does not fit the file; the file was searched instead"]:
            self._scan.note(line)
        self._forget()

    def _forget(self) -> None:
        self._cache.clear()
        self._cached = 0

    def _make_room(self, size: int) -> None:
        cache = self._cache
        while cache and (len(cache) >= _CACHED_CHUNKS or self._cached + size > _CACHED_BYTES):
            self._cached -= cache.popitem(last=False)[1].size

    def _asked(self, look: Callable[[], _T]) -> _T:
        """The answer to a look-up, repeated once if the tables had to be built anew."""
        try:
            try:
                return look()
            except _MovedError:
                return self._again(look)
        except DamageError as error:
            raise self._corrupt(error) from error

    def _again(self, look: Callable[[], _T]) -> _T:
        try:
            return look()
        except IndexError as error:
            raise DamageError(f"its index promised more than is there: {error}") from error

    def _corrupt(self, error: DamageError) -> UserError:
        return corrupt(self.path, error)
