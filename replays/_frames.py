"""The bytes of a recording: ordinary zstd frames, with what we say about them in skippable frames between.

    HEADER  skippable 0   "ARENARPL", crc32, msgpack {v, min_reader, ...}
    CHUNK   skippable 1   Head (fixed size), then one zstd frame: [step, time and length deltas], then the records
    INDEX   skippable 2   crc32, raw length, zstd of msgpack [header, summary, chunk tables]
    FOOTER  skippable 3   where INDEX begins, crc32 of that, "ARENAEND": the last 28 bytes of a finished file

All numbers are little-endian. Every checksum starts from the header's (`salt`), so that neither a chunk of another
file nor one that an agent wrote into its text passes for a chunk of this file. `zstd -dc` prints all records, as a
stream of msgpack values. Skippable frames: RFC 8878, section 3.1.2. Nothing here reads or writes a file.
"""

from __future__ import annotations

import math
import struct
import threading
from itertools import accumulate
from typing import Any, NamedTuple
from zlib import crc32

import zstandard

from replays._values import DamageError, pack_typed, unpack

__all__ = [
    "CHUNK",
    "FOOTER",
    "FOOTER_SIZE",
    "HEADER",
    "HEAD_SIZE",
    "HEAD_START",
    "INDEX",
    "MAX_HEADER",
    "MAX_INDEX",
    "MAX_RAW",
    "MAX_RECORDS",
    "PREFIX_SIZE",
    "VERSION",
    "Batch",
    "Chunk",
    "Head",
    "compressor",
    "footer",
    "footer_place",
    "header_frame",
    "index_content",
    "index_frame",
    "inflate",
    "kind_and_size",
    "make_chunk",
    "parse_header",
    "read_header",
]

VERSION = 1
"""What this code writes, and the newest `min_reader` that it reads."""
HEADER, CHUNK, INDEX, FOOTER = 0, 1, 2, 3
MAX_RAW = 16 << 20
"""Most bytes of a decompressed chunk: with one record unpacked from it a reader stays under 96 MiB."""
MAX_RECORDS = 1 << 16
"""Most records in one chunk."""
MAX_HEADER = 4 << 20
"""Most packed bytes of a header, and of a summary."""
MAX_INDEX = 21 << 20
"""Most bytes of a decompressed index."""
MAX_WINDOW = 8 << 20
"""Most memory that a zstd frame may ask for; the window of level 19, the highest that is written."""

_SKIPPABLE = 0x184D2A50
_PREFIX = struct.Struct("<II")
_HEAD = struct.Struct("<IIIIHHIqqQQ")
_INDEX = struct.Struct("<II")
_MARK, _END = b"ARENARPL", b"ARENAEND"
PREFIX_SIZE = _PREFIX.size
HEAD_SIZE = _PREFIX.size + _HEAD.size
FOOTER_SIZE = PREFIX_SIZE + 20
HEAD_START = _PREFIX.pack(_SKIPPABLE + CHUNK, _HEAD.size)
"""The eight bytes that every chunk begins with: what is searched for after garbage."""


class Head(NamedTuple):
    """What is known of a chunk without decompressing it. Steps are inclusive, times microseconds."""

    checksum: int  # of the compressed bytes
    packed: int  # their number
    raw: int
    track: int
    records: int
    first: int
    last: int
    begun: int
    ended: int

    def pack(self, salt: int) -> bytes:
        fields = _HEAD.pack(0, *self[:4], 0, *self[4:])[4:]
        return HEAD_START + struct.pack("<I", crc32(fields, salt)) + fields

    @classmethod
    def parse(cls, data: bytes, salt: int) -> Head | None:
        """The head that `data` (HEAD_SIZE bytes) is, or None if it is none of this file's or makes no sense."""
        if len(data) != HEAD_SIZE or not data.startswith(HEAD_START):
            return None
        own, checksum, packed, raw, track, _reserved, *rest = _HEAD.unpack_from(data, PREFIX_SIZE)
        head = cls(checksum, packed, raw, track, *rest)
        sound = head.raw <= MAX_RAW >= head.packed and 0 < head.records <= MAX_RECORDS and 0 <= head.first <= head.last
        return head if sound and own == crc32(data[PREFIX_SIZE + 4 :], salt) else None


class Chunk:
    """A decompressed chunk: `steps` and `times` (microseconds) of its records, which are unpacked one at a time."""

    __slots__ = ("_ends", "_raw", "size", "steps", "times")

    def __init__(self, head: Head, payload: bytes, salt: int) -> None:
        if crc32(payload, salt) != head.checksum:
            raise DamageError("its checksum is wrong")
        self._raw = memoryview(inflate(payload, head.raw))
        start = 5 + int.from_bytes(self._raw[1:5], "big")
        steps, times, lengths = _table(unpack(self._raw[5:start]), head.records)
        self.size = head.raw
        self.steps = list(accumulate(steps, initial=head.first))[1:]
        self.times = list(accumulate(times, initial=head.begun))[1:]
        self._ends = list(accumulate(lengths, initial=start))
        if self.steps[-1] != head.last or self._ends[-1] != head.raw:
            raise DamageError("its table of records does not fit it")

    def record(self, i: int) -> Any:
        """The i-th record, unpacked anew: the caller may change it. Raises DamageError."""
        return unpack(self._raw[self._ends[i] : self._ends[i + 1]])


def _table(table: Any, records: int) -> tuple[list[int], list[int], list[int]]:
    """The three columns in front of the records: steps and times as differences, lengths in bytes."""
    sound = isinstance(table, list) and [len(column) for column in table if isinstance(column, list)] == [records] * 3
    if not sound or any(type(value) is not int or value < 0 for column in table for value in column):
        raise DamageError("its table of records is not one")
    return table[0], table[1], table[2]


class Batch:
    """Records of one track that become a chunk, as they will lie in it: differences of steps and times (microseconds), lengths, the bytes.

    In one piece, because a host has many recordings open: small objects of each would be cold when they are gathered. `since` is the time
    of the oldest, in seconds; `last` the newest step ever.
    """

    __slots__ = ("began", "body", "first", "last", "lengths", "since", "steps", "times", "until")

    def __init__(self) -> None:
        self.first = self.last = self.began = self.until = 0
        self.clear()

    def clear(self) -> None:
        self.steps: list[int] = []
        self.times: list[int] = []
        self.lengths: list[int] = []
        self.body = bytearray()
        self.since = math.inf

    def add(self, step: int, time: int, record: bytes) -> None:
        """A packed record; neither step nor time goes back."""
        if not self.lengths:
            self.first, self.began = self.last, self.until = step, time
        self.steps.append(step - self.last)
        self.times.append(time - self.until)
        self.lengths.append(len(record))
        self.body += record
        self.last, self.until = step, time


def make_chunk(track: int, batch: Batch, salt: int, squeeze: zstandard.ZstdCompressor) -> tuple[Head, bytes]:
    """The head and the bytes, head included, of a batch that is not empty."""
    table = pack_typed([batch.steps, batch.times, batch.lengths])
    raw = b"".join((b"\xc6", len(table).to_bytes(4, "big"), table, batch.body))
    payload = squeeze.compress(raw)
    spans = batch.first, batch.last, batch.began, batch.until
    head = Head(crc32(payload, salt), len(payload), len(raw), track, len(batch.lengths), *spans)
    return head, head.pack(salt) + payload


class _Compressors(threading.local):
    """One for each thread and level: its memory, over a megabyte, stays in the caches when many recordings are written by turns."""

    def __init__(self) -> None:
        self.own: dict[int, zstandard.ZstdCompressor] = {}


_compressors = _Compressors()


def compressor(level: int) -> zstandard.ZstdCompressor:
    """For `make_chunk` and `index_frame`, in this thread: level 1 to 19, with a content checksum."""
    found = _compressors.own.get(level)
    if found is None:
        made = zstandard.ZstdCompressor(level=min(max(level, 1), 19), write_checksum=True, write_content_size=True)
        found = _compressors.own[level] = made
    return found


class _Decompressors(threading.local):
    """One for each thread: to make it takes far longer than to decompress a chunk of a few steps."""

    def __init__(self) -> None:
        self.own = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)


_decompressors = _Decompressors()


def inflate(payload: bytes, size: int) -> bytes:
    """The `size` bytes in one zstd frame. Never takes the frame's own word for its size; raises DamageError."""
    try:
        with _decompressors.own.stream_reader(payload) as reader:
            raw = reader.read(size + 1)
    except (zstandard.ZstdError, MemoryError) as error:
        raise DamageError(f"it cannot be decompressed: {str(error) or 'it takes too much memory'}") from error
    if len(raw) != size:
        raise DamageError("it does not decompress to the size that it states")
    return raw


def kind_and_size(prefix: bytes) -> tuple[int, int] | None:
    """The kind (0 to 15) of a skippable frame and the size of its content; None for anything else."""
    if len(prefix) != PREFIX_SIZE:
        return None
    magic, size = _PREFIX.unpack(prefix)
    return (magic - _SKIPPABLE, size) if 0 <= magic - _SKIPPABLE < 16 else None


def _skippable(kind: int, content: bytes) -> bytes:
    return _PREFIX.pack(_SKIPPABLE + kind, len(content)) + content


def header_frame(packed: bytes) -> bytes:
    """The first frame of a file, around a packed header."""
    return _skippable(HEADER, _header_content(packed))


def parse_header(content: bytes) -> tuple[bytes, dict[str, Any]]:
    """The header in a HEADER's content, packed and unpacked. Raises DamageError."""
    packed = content[len(_MARK) + 4 :]
    if not content.startswith(_MARK):
        raise DamageError("it does not begin as a recording does")
    if content != _header_content(packed):
        raise DamageError("the checksum of its header is wrong")
    return packed, read_header(packed)


def read_header(packed: bytes) -> dict[str, Any]:
    """The unpacked header. Raises DamageError if it is none, or if it asks for a newer reader."""
    header = unpack(packed)
    if not isinstance(header, dict):
        raise DamageError("its header is not a map")
    least = header.get("min_reader")
    if type(least) is not int:
        raise DamageError("its header does not say which reader it needs")
    if least > VERSION:
        raise DamageError(
            f"written by a newer version (it needs reader {least}, this is {VERSION}); update this program"
        )
    return header


def _header_content(packed: bytes) -> bytes:
    return _MARK + struct.pack("<I", crc32(packed)) + packed


def index_frame(raw: bytes, squeeze: zstandard.ZstdCompressor) -> bytes:
    """The INDEX around packed tables."""
    content = struct.pack("<I", len(raw)) + squeeze.compress(raw)
    return _skippable(INDEX, struct.pack("<I", crc32(content)) + content)


def index_content(content: bytes) -> bytes:
    """The packed tables in an INDEX's content. Raises DamageError."""
    if len(content) < _INDEX.size:
        raise DamageError("the index is cut short")
    checksum, size = _INDEX.unpack_from(content)
    if checksum != crc32(content[4:]) or size > MAX_INDEX:
        raise DamageError("the checksum or the size of the index is wrong")
    return inflate(content[_INDEX.size :], size)


def footer(index_at: int) -> bytes:
    """The FOOTER behind an INDEX frame that begins at byte `index_at`."""
    place = struct.pack("<Q", index_at)
    return _skippable(FOOTER, place + struct.pack("<I", crc32(place)) + _END)


def footer_place(data: bytes) -> int | None:
    """Where INDEX begins, if `data` (the last FOOTER_SIZE bytes of a file) is a footer."""
    if len(data) != FOOTER_SIZE:
        return None
    place = int.from_bytes(data[PREFIX_SIZE : PREFIX_SIZE + 8], "little")
    return place if data == footer(place) else None
