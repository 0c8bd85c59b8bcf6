"""Where the chunks of each track lie: what a writer notes, a scan finds again and an index keeps.

Three columns per track, 24 bytes per chunk, so that a record or a step is found by bisection and a finished file
opens without a look at its chunks.
"""

from __future__ import annotations

import operator
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import islice
from typing import Any

from replays._frames import MAX_INDEX, MAX_RECORDS, Head
from replays._values import DamageError, pack, unpack

__all__ = ["MAX_CHUNKS", "Tables", "Track", "pack_index", "unpack_index"]

MAX_CHUNKS = 1 << 19
"""Most chunks in one file: 33 million steps of 64 to a chunk. Its tables take 13 MB."""


class Track:
    """The chunks of one track, in file order; records and steps rise along it."""

    __slots__ = ("_firsts", "_offsets", "_steps", "last", "records")

    def __init__(self) -> None:
        self._offsets, self._firsts, self._steps = array("Q"), array("Q"), array("q")
        self.records = 0
        self.last = 0
        """The step of the newest record."""

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, offset: int, head: Head) -> None:
        """One more chunk. Raises DamageError if its steps lie before those already there."""
        if head.first < self.last:
            raise DamageError(f"its steps go back to {head.first} after {self.last}")
        self._offsets.append(offset)
        self._firsts.append(self.records)
        self._steps.append(head.first)
        self.records, self.last = self.records + head.records, head.last

    @property
    def first(self) -> int:
        """The step of the oldest record."""
        return self._steps[0]

    def offset(self, k: int) -> int:
        return self._offsets[k]

    def first_record(self, k: int) -> int:
        return self._firsts[k]

    def size(self, k: int) -> int:
        """Records in the k-th chunk."""
        after = self._firsts[k + 1] if k + 1 < len(self) else self.records
        return after - self._firsts[k]

    def agrees(self, k: int, head: Head) -> bool:
        """Whether the k-th chunk is as `head`, found in its place, says."""
        return head.first == self._steps[k] and head.records == self.size(k)

    def with_record(self, n: int) -> int:
        """The chunk that holds record n, 0 <= n < records."""
        return bisect_right(self._firsts, n) - 1

    def with_step(self, step: int) -> int:
        """The last chunk that begins at or before `step`; -1 if none does."""
        return bisect_right(self._steps, step) - 1

    def from_offset(self, offset: int) -> int:
        """The first chunk at or behind a place in the file; len(self) if there is none."""
        return bisect_left(self._offsets, offset)

    def columns(self) -> list[Any]:
        return [self.records, self.last, *(_little(c).tobytes() for c in (self._offsets, self._firsts, self._steps))]

    @classmethod
    def of(cls, records: int, last: int, *columns: bytes) -> Track:
        """The inverse of `columns`. Raises DamageError unless they rise and lie within their ranges."""
        track = cls()
        for column, data in zip((track._offsets, track._firsts, track._steps), columns, strict=True):
            column.frombytes(data)
        track._offsets, track._firsts, track._steps = map(_little, (track._offsets, track._firsts, track._steps))
        track.records, track.last = records, last
        if not track._sound():
            raise DamageError("the tables of the index are not in order")
        return track

    def _sound(self) -> bool:
        offsets, firsts, steps = self._offsets, self._firsts, self._steps
        return (
            0 < len(offsets) == len(firsts) == len(steps) <= MAX_CHUNKS
            and firsts[0] == 0 <= steps[0]
            and firsts[-1] < self.records <= len(firsts) * MAX_RECORDS
            and steps[-1] <= self.last
            and all(map(operator.lt, offsets, islice(offsets, 1, None)))
            and all(map(operator.lt, firsts, islice(firsts, 1, None)))
            and all(map(operator.le, steps, islice(steps, 1, None)))
        )


Tables = dict[int, Track]


def _little(column: array[int]) -> array[int]:
    """The column in the byte order of the file, or back."""
    if sys.byteorder == "big":
        column = column[:]
        column.byteswap()
    return column


def pack_index(header: bytes, summary: bytes, tables: Iterable[tuple[int, Track]]) -> bytes:
    """What INDEX holds: the header once more (packed), the summary (packed), the columns of every track."""
    return pack([header, summary, [[number, *track.columns()] for number, track in tables]], MAX_INDEX)


def unpack_index(raw: bytes, index_at: int) -> tuple[bytes, dict[str, Any], Tables]:
    """The packed header, the summary and the tables of an index that begins at byte `index_at`. Raises DamageError."""
    try:
        header, summary, rows = unpack(raw, MAX_INDEX)
        tables = {int(number): Track.of(*columns) for number, *columns in rows}
        summary = unpack(memoryview(summary))
        within = all(track.offset(len(track) - 1) < index_at for track in tables.values())
    except (ValueError, TypeError, OverflowError) as error:
        raise DamageError(f"the index is not one: {error}") from error
    if not (within and isinstance(header, bytes) and isinstance(summary, dict)):
        raise DamageError("the index does not fit the file")
    return header, summary, tables
