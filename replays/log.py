"""The container of a recording: numbered tracks of records, appended live, readable at any moment and for ever.

It knows nothing of games or events. `LogWriter` writes `x.arena.part` and renames it to `x.arena` when the match is
over; `LogReader` opens either, in any state; `recover` makes a finished file of what can be read of a broken one.
Durability: kill -9 loses at most the chunk not yet flushed (64 steps or 1 s), power loss at most what was appended
in the last `fsync_seconds`, if the owner calls `tick`. The format is described in `replays._frames`.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from replays import _frames as frames
from replays._reader import LogReader
from replays._scan import Scan, Source, corrupt
from replays._sink import Sink, packed_map
from replays._values import MAX_RECORD, DamageError, pack

__all__ = ["MAX_RECORD", "LogReader", "LogWriter", "recover"]

_MAX_CHUNK_BYTES = 4 << 20
_MOST_STEP = 1 << 63


class LogWriter:
    """Appends records to a new recording. For one thread; an OSError names the file and ends the recording."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        header: dict[str, Any],
        *,
        clock: Callable[[], float] = time.monotonic,
        fsync: Callable[[int], None] = os.fsync,
        write: Callable[[int, bytes], int] = os.write,
        chunk_steps: int = 64,
        chunk_seconds: float = 1.0,
        chunk_bytes: int = 262_144,
        fsync_seconds: float = 2.0,
        level: int = 3,
    ) -> None:
        """Creates `path` + ".part" and the folders above it. UserError (2) if either name is taken or not `*.arena`.

        A track's records become a chunk when they span `chunk_steps` steps, hold `chunk_bytes` bytes (at most 4 MiB)
        or are `chunk_seconds` old. `level` is zstd's, 1 to 19.
        """
        whole = {**header, "v": frames.VERSION, "min_reader": frames.VERSION}
        self._sink = Sink(path, packed_map("header", whole), fsync=fsync, write=write, level=level)
        self._clock = clock
        self._steps, self._seconds, self._bytes = chunk_steps, chunk_seconds, min(chunk_bytes, _MAX_CHUNK_BYTES)
        self._fsync_seconds = fsync_seconds
        self._batches: dict[int, frames.Batch] = {}
        self._began = self._synced = clock()
        self._time = 0
        self._due = math.inf
        self._closed: Path | None = None

    @property
    def path(self) -> Path:
        """The file as it is named now."""
        return self._closed or self._sink.part

    def append(self, track: int, step: int, record: Any) -> None:
        """Puts a record on a track (0 to 65535) at a step that is not before the track's last one.

        ValueError for any other track or step, and for a record that could not be read back (see `replays._values`);
        then nothing was appended. OSError if a write failed: the recording is over, what was flushed is readable.
        """
        self.append_packed(track, step, pack(record))

    def append_packed(self, track: int, step: int, data: bytes) -> None:
        """`append` for a record that `pack` or `pack_typed` has packed."""
        if self._sink.closed:
            self._sink.refuse()
        batch = self._batches.get(track)
        if batch is None or not batch.last <= step < _MOST_STEP:
            batch = self._begun(track, step)
        now = self._clock()
        passed = int((now - self._began) * 1e6 + 0.5)
        self._time = max(self._time, passed)
        if not batch.lengths:
            batch.since = now
            self._due = min(self._due, now + self._seconds)
        batch.add(step, self._time, data)
        full = len(batch.body) >= self._bytes or len(batch.lengths) == frames.MAX_RECORDS
        if full or step - batch.first >= self._steps - 1:
            self._write(track, batch)
        if now >= self._due:
            self._write_old(now)

    def _begun(self, track: int, step: int) -> frames.Batch:
        """The batch of a track of which nothing was appended yet. ValueError where that is not why it is asked for."""
        known = self._batches.get(track)
        if known is not None or not (0 <= track < 1 << 16 and 0 <= step < _MOST_STEP):
            last = None if known is None else known.last
            raise ValueError(f"track {track}, step {step}: steps of a track do not go back (last {last})")
        batch = self._batches[track] = frames.Batch()
        return batch

    def tick(self) -> None:
        """Writes what is older than `chunk_seconds`; every `fsync_seconds` everything, and brings it to the disk."""
        now = self._clock()
        if now - self._synced >= self._fsync_seconds:
            self.flush()
            self._sink.sync()
            self._synced = now
        elif now >= self._due:
            self._write_old(now)

    def flush(self) -> None:
        """Writes all records that are not in the file yet, so that readers and a crash find them.

        Track 0 comes last: a reader that finds a record of it finds what belongs to it on the other tracks too.
        """
        for track, batch in sorted(self._batches.items(), reverse=True):
            if batch.lengths:
                self._write(track, batch)
        self._due = math.inf

    def close(self, summary: dict[str, Any]) -> Path:
        """Finishes the file: records, index, footer, disk, final name. A second call gives the same path.

        ValueError for a summary that cannot be stored; OSError if a write failed: then the `.part` stays.
        """
        if self._closed is None:
            packed = packed_map("summary", summary)
            self.flush()
            self._closed = self._sink.finish(packed)
        return self._closed

    def abandon(self) -> None:
        """Writes what there is and lets go of the file without finishing it: the `.part` stays, and opens."""
        if not self._sink.closed:
            self.flush()
            self._sink.abandon()

    def _write(self, track: int, batch: frames.Batch) -> None:
        self._sink.chunk(track, batch)
        batch.clear()

    def _write_old(self, now: float) -> None:
        for track, batch in self._batches.items():
            if now - batch.since >= self._seconds:
                self._write(track, batch)
        self._due = min(batch.since for batch in self._batches.values()) + self._seconds


def recover(path: str | os.PathLike[str], out: str | os.PathLike[str]) -> dict[str, int]:
    """Writes every chunk of `path` that can be read whole to `out`, a finished recording marked `truncated`.

    Gives the counts `chunks`, `records`, `lost_chunks`, `lost_records`, `unread_bytes`. Any index in `path` is
    ignored, `path` itself stays as it is. UserError: 2 `out` is taken, 3 no such file, 4 not even a header.
    """
    source = Source(path)
    try:
        scan = Scan(source, use_index=False)
        partial = Path(out).with_name(Path(out).name + ".recovering")
        sink = Sink(out, scan.packed_header, fsync=os.fsync, write=os.write, level=3, part=partial)
        try:
            counts = _copy_chunks(source, scan, sink)
            sink.finish(packed_map("summary", {**(scan.summary or {}), "truncated": True}))
        finally:
            sink.abandon()
    except DamageError as error:
        raise corrupt(source.path, error) from error
    finally:
        source.close()
    return counts


def _copy_chunks(source: Source, scan: Scan, sink: Sink) -> dict[str, int]:
    counts = dict.fromkeys(("chunks", "records", "lost_chunks", "lost_records"), 0)
    for offset in sorted(table.offset(k) for table in scan.tables.values() for k in range(len(table))):
        data = source.read(offset, frames.HEAD_SIZE)
        head = frames.Head.parse(data, scan.salt)
        if head is None:
            raise DamageError("it changed while it was read")
        data += source.read(offset + frames.HEAD_SIZE, head.packed)
        if whole := _is_whole(head, data, scan.salt):
            sink.copy(head, data)
        counts["chunks" if whole else "lost_chunks"] += 1
        counts["records" if whole else "lost_records"] += head.records
    return {**counts, "unread_bytes": scan.unread()}


def _is_whole(head: frames.Head, data: bytes, salt: int) -> bool:
    try:
        chunk = frames.Chunk(head, data[frames.HEAD_SIZE :], salt)
        for i in range(head.records):
            chunk.record(i)
    except DamageError:
        return False
    return True
