"""Recordings that are cut, changed or forged: one clear error or an open file, never a traceback, a hang or a bomb."""

from __future__ import annotations

import random
import resource
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import msgpack
import pytest
import zstandard

from envs.errors import CORRUPT, UserError
from replays import _frames as frames
from replays._values import MAX_TOKENS, DamageError, pack, unpack
from replays.log import LogReader, LogWriter, recover

ROOT = Path(__file__).parents[2]
MEMORY = 96 << 20
STEPS = 150


def content(track: int, step: int) -> Any:
    return {"step": step, "board": random.Random(step).randbytes(30)} if track == 0 else f"text of step {step}"


def write(path: Path, *, finish: bool = True, steps: int = STEPS) -> bytes:
    """A small recording on two tracks; its bytes."""
    writer = LogWriter(
        path, {"env": "x", "seats": ["a", "b"]}, clock=lambda: 0.0, fsync=lambda fd: None, chunk_steps=20
    )
    for step in range(steps):
        writer.append(0, step, content(0, step))
        if step % 3 == 0:
            writer.append(1, step, content(1, step))
    if finish:
        return writer.close({"result": [1, 0]}).read_bytes()
    writer.abandon()
    return writer.path.read_bytes()


def boundaries(data: bytes) -> dict[int, list[int]]:
    """Where the frames of each kind begin in a sound recording."""
    found: dict[int, list[int]] = {frames.HEADER: [], frames.CHUNK: [], frames.INDEX: [], frames.FOOTER: []}
    at, salt = 0, header_salt(data)
    while at < len(data):
        shape = frames.kind_and_size(data[at : at + 8])
        assert shape is not None
        found[shape[0]].append(at)
        head = frames.Head.parse(data[at : at + frames.HEAD_SIZE], salt)
        at += 8 + shape[1] + (head.packed if head else 0)
    return found


def header_salt(data: bytes) -> int:
    return crc32(data[20 : 8 + int.from_bytes(data[4:8], "little")])


def read_everything(path: Path, out: Path | None = None) -> int:
    """Uses all that a reader has; UserError (4) is the only way out. The number of records that could be read.

    Every record that was read must be one that was written: damage may take, it may not change.
    """
    try:
        return _read_everything(path, out)
    except UserError as error:
        text, code = str(error), error.code
    assert code == CORRUPT, text
    assert "\n" not in text
    assert path.name in text
    return 0


def _read_everything(path: Path, out: Path | None) -> int:
    with LogReader(path) as reader:
        records = list(reader.iterate())
        assert all(record == content(track, step) for track, step, record in records)
        assert isinstance(reader.header, dict)
        reader.refresh()
        for track in [*reader.tracks, 5]:
            look_around(reader, track)
        assert all(isinstance(line, str) and "\n" not in line for line in reader.damaged)
    if out:
        check_recovery(path, out)
    return len(records)


def look_around(reader: LogReader, track: int) -> None:
    steps, count = reader.steps(track), reader.count(track)
    for n in {0, count // 2, count - 1} if steps else ():
        for look in (lambda n=n: reader.record(track, n), lambda n=n: reader.time(track, n)):
            tolerated(look)
    for step in steps or (0,):
        tolerated(lambda step=step: reader.find(track, step))


def tolerated(look: Callable[[], object]) -> None:
    """A damaged place is a UserError; a place that a search has since taken out of the tables, an IndexError."""
    code, text = CORRUPT, "records; "
    try:
        look()
    except UserError as error:
        code = error.code
    except IndexError as error:
        text = str(error)
    assert code == CORRUPT
    assert "records; " in text


def check_recovery(path: Path, out: Path) -> None:
    out.unlink(missing_ok=True)
    counts = recover(path, out)
    with LogReader(out) as reader:
        assert (reader.finished, reader.damaged) == (True, [])
        assert reader.summary is not None
        assert reader.summary["truncated"] is True
        assert len(list(reader.iterate())) == counts["records"] == sum(map(reader.count, reader.tracks))
        assert reader.damaged == []


ALL = STEPS + STEPS // 3


# Truncation


def test_a_recording_cut_at_any_byte_opens_or_says_why(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena", steps=48)
    spots = boundaries(data)
    begins = len(data[: spots[frames.CHUNK][0]])
    path, got = tmp_path / "cut.arena", []
    for size in range(len(data) + 1):
        path.write_bytes(data[:size])
        got.append(read_everything(path, tmp_path / "out.arena" if size % 16 == 0 else None))
    assert got == sorted(got), "more bytes never give fewer records"
    assert set(got[:begins]) == {0}
    ends = [*spots[frames.CHUNK][1:], spots[frames.INDEX][0]]
    gains = [size for size in range(1, len(data) + 1) if got[size] > got[size - 1]]
    assert gains == ends, "a chunk counts from its last byte on"
    assert got[-1] == 48 + 48 // 3


def test_a_cut_inside_the_header_is_a_clear_error(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena")
    (tmp_path / "cut.arena").write_bytes(data[:15])
    with pytest.raises(UserError, match=r"cut\.arena.*ends inside its header") as error:
        LogReader(tmp_path / "cut.arena")
    assert error.value.code == CORRUPT


@pytest.mark.parametrize(
    "text", [b"", b"PK\x03\x04 not a recording", bytes(5000), b"\xff" * 100_000, frames.HEAD_START * 5000]
)
def test_other_files_are_a_clear_error(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "other.arena"
    path.write_bytes(text)
    for act in (lambda: LogReader(path), lambda: recover(path, tmp_path / "out.arena")):
        with pytest.raises(UserError, match="does not begin as a recording does") as error:
            act()
        assert error.value.code == CORRUPT
    assert not (tmp_path / "out.arena").exists()


# Damage in known places


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def opened(path: Path, data: bytes) -> tuple[LogReader, int]:
    """A reader of these bytes, and the number of records that it can read."""
    path.write_bytes(data)
    reader = LogReader(path)
    return reader, len(list(reader.iterate()))


@pytest.mark.parametrize("finish", [True, False])
@pytest.mark.parametrize("where", [0, 4, 9, 20, 60, 70])
def test_damage_in_a_chunk_costs_that_chunk(tmp_path: Path, where: int, finish: bool) -> None:
    data = write(tmp_path / "m.arena", finish=finish)
    chunk = boundaries(data)[frames.CHUNK][3]
    reader, records = opened(tmp_path / ("d.arena" if finish else "d.arena.part"), flipped(data, chunk + where))
    head = frames.Head.parse(data[chunk : chunk + frames.HEAD_SIZE], header_salt(data))
    assert head is not None
    assert records == ALL - head.records
    assert len(reader.damaged) in {1, 2}
    assert "lost" in reader.damaged[0] or "skipped" in reader.damaged[0]


def test_a_damaged_record_is_an_error_and_its_neighbours_are_not(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena")
    chunk = boundaries(data)[frames.CHUNK][0]
    reader, _ = opened(tmp_path / "d.arena", flipped(data, chunk + frames.HEAD_SIZE + 20))
    with pytest.raises(UserError, match=r"d\.arena.*checksum is wrong") as error:
        reader.record(0, 5)
    assert error.value.code == CORRUPT
    assert reader.record(0, 25) == (25, content(0, 25))
    assert reader.find(0, 30) == 30


def test_a_damaged_header_is_taken_from_the_index(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena")
    for at in (0, 5, 8, 17, 30):
        reader, records = opened(tmp_path / "d.arena", flipped(data, at))
        assert (reader.header["seats"], records, len(reader.damaged)) == (["a", "b"], ALL, 1)
        assert "copy in the index" in reader.damaged[0]
        check_recovery(tmp_path / "d.arena", tmp_path / "out.arena")


def test_a_damaged_header_without_an_index_is_a_clear_error(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena", finish=False)
    (tmp_path / "d.arena.part").write_bytes(flipped(data, 30))
    with pytest.raises(UserError, match="checksum of its header is wrong"):
        LogReader(tmp_path / "d.arena.part")


def test_a_damaged_footer_or_index_costs_no_record(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena")
    spots = boundaries(data)
    for at in range(spots[frames.INDEX][0], len(data)):
        reader, records = opened(tmp_path / "d.arena", flipped(data, at))
        assert records == ALL, at
        assert reader.damaged, at
        assert reader.summary in (None, {"result": [1, 0]})
        assert at < spots[frames.FOOTER][0] or reader.finished, "the index is whole"


def test_garbage_between_chunks_is_passed_over(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena")
    for junk in (bytes(500), frames.HEAD_START * 40, random.Random(1).randbytes(3 << 20), b"\x28\xb5\x2f\xfd" * 10):
        at = boundaries(data)[frames.CHUNK][2]
        reader, records = opened(tmp_path / "d.arena.part", data[:at] + junk + data[at:])
        assert records == ALL
        assert any(f"bytes {at:,} to {at + len(junk):,} are damaged" in line for line in reader.damaged)


# Random damage, in a process with little memory


def mutant(data: bytes, rng: random.Random) -> bytes:
    """The bytes with some of them changed, cut out, doubled or added."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 20))):
        at = rng.randrange(len(changed)) if rng.random() < 0.7 else -1 - rng.randrange(min(120, len(changed)))
        kind = rng.random()
        if kind < 0.6:
            changed[at] = rng.randrange(256)
        elif kind < 0.7:
            changed[at : at + 8 if at >= 0 else None] = struct.pack("<q", rng.choice((-1, 0, 2**31, 2**62)))
        elif kind < 0.8:
            del changed[at : at + rng.randrange(200)]
        elif kind < 0.9:
            changed[at:at] = changed[max(0, at - 150) : at]
        else:
            changed[at:at] = rng.randbytes(rng.randrange(100))
        changed = changed or bytearray(b"x")
    return bytes(changed)


def limit_memory() -> None:
    """Lets this process take 96 MiB of address space more than it has."""
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (has + MEMORY, has + MEMORY))


def read_mutants(folder: Path, seed: int = 0, count: int = 1000) -> None:
    """The child: opens `count` damaged recordings; any exception but a UserError ends it."""
    bases = [write(folder / "a.arena"), write(folder / "b.arena", finish=False)]
    limit_memory()
    whole = 0
    for number in range(seed, seed + count):
        rng = random.Random(number)
        path = folder / rng.choice(("x.arena", "x.arena.part"))
        path.write_bytes(mutant(rng.choice(bases), rng))
        begin = time.perf_counter()
        try:
            whole += read_everything(path, folder / "out.arena" if number % 5 == 0 else None) > 0
        except BaseException:
            print(f"seed {number}", file=sys.stderr)
            raise
        assert time.perf_counter() - begin < 2, f"seed {number} took too long"
        path.unlink()
    print(whole)


def test_a_thousand_damaged_recordings_open_or_say_why(tmp_path: Path) -> None:
    assert int(in_a_child("read_mutants", tmp_path)) > 500, "most of them still give records"


def in_a_child(function: str, folder: Path) -> str:
    """What a function of this file prints in a process of its own."""
    program = f"import sys, pathlib, tests.replays.test_log_hostile as t; t.{function}(pathlib.Path(sys.argv[1]))"
    command = [sys.executable, "-c", program, str(folder)]
    run = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout.strip()


def read_the_dearest(folder: Path) -> None:
    """The child: every chunk and record is as expensive as the limits allow, in a process with little memory.

    A record is 7 MiB that do not compress beside a quarter million lists; a chunk holds two.
    """
    path, noise = folder / "m.arena.part", random.Random(1).randbytes(7 << 20)
    lists = b"\xdc\x02\x8c" + (b"\x91" * 399 + b"\x90") * 652
    chunk = forged_records(*[b"\x92\xc6" + len(noise).to_bytes(4, "big") + noise + lists] * 2)
    path.write_bytes(frames.header_frame(HEADER) + chunk * 8)
    del chunk, noise
    limit_memory()
    with LogReader(path) as reader:
        for n in (0, 2, 4, 6, 8, 10, 12, 14, 1, 3):
            assert len(reader.record(0, n)[1][1]) == 652
        assert sum(len(record[1]) == 652 for _, _, record in reader.iterate()) == 16
        print(reader.damaged)


def test_the_dearest_file_that_the_limits_allow_is_read_within_96_mebibytes(tmp_path: Path) -> None:
    assert in_a_child("read_the_dearest", tmp_path) == "[]"


# Forgeries: right checksums, wrong content


@contextmanager
def little_memory() -> Iterator[None]:
    """Fails if more than 96 MiB of Python's memory were taken at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


HEADER = pack({"v": 1, "min_reader": 1})
SALT = crc32(HEADER)


def forged_chunk(payload: bytes, *, raw: int, records: int = 1, first: int = 0, last: int = 0) -> bytes:
    """A chunk whose checksums are right, around any payload."""
    return frames.Head(crc32(payload, SALT), len(payload), raw, 0, records, first, last, 0, 0).pack(SALT) + payload


def forged_records(*records: bytes, table: Any = None) -> bytes:
    """A chunk of packed records as they are, with the table that belongs to them or another."""
    n = len(records)
    lead = pack(table if table is not None else [[0] * n, [0] * n, [len(record) for record in records]])
    raw = b"\xc6" + len(lead).to_bytes(4, "big") + lead + b"".join(records)
    return forged_chunk(zstandard.compress(raw), raw=len(raw), records=n)


def forged_file(path: Path, *chunks: bytes) -> LogReader:
    path.write_bytes(frames.header_frame(HEADER) + b"".join(chunks))
    return LogReader(path)


def one_gigabyte(*, sized: bool) -> bytes:
    """32 kB that decompress to 1 GiB; the frame tells its size or does not."""
    squeeze = zstandard.ZstdCompressor(level=3).compressobj(size=1 << 30 if sized else -1)
    return b"".join([squeeze.compress(bytes(1 << 20)) for _ in range(1 << 10)]) + squeeze.flush()


@pytest.mark.parametrize("sized", [True, False])
def test_a_compressed_gigabyte_is_not_unpacked(tmp_path: Path, sized: bool) -> None:
    bomb = one_gigabyte(sized=sized)
    with little_memory():
        for raw in (1000, frames.MAX_RAW):
            reader = forged_file(tmp_path / "m.arena.part", forged_chunk(bomb, raw=raw))
            with pytest.raises(UserError, match="decompress") as error:
                reader.record(0, 0)
            assert error.value.code == CORRUPT
        reader = forged_file(tmp_path / "m.arena.part", forged_chunk(bomb, raw=frames.MAX_RAW + 1))
        assert reader.count(0) == 0
        assert reader._scan.unread() > 0


def test_frames_that_ask_for_much_memory_are_refused(tmp_path: Path) -> None:
    declares_exabytes = bytes.fromhex("28b52ffd") + bytes([0xE0]) + (7 * 10**18).to_bytes(8, "little")
    wide = zstandard.ZstdCompressionParameters(window_log=30, write_content_size=False)
    squeeze = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    wants_window = squeeze.compress(b"abc") + squeeze.flush()
    with little_memory():
        for payload in (declares_exabytes, wants_window):
            reader = forged_file(tmp_path / "m.arena.part", forged_chunk(payload, raw=3))
            with pytest.raises(UserError, match="decompress"):
                reader.record(0, 0)


BOMBS = {
    "empty maps": b"\xdd" + (7 << 20).to_bytes(4, "big") + b"\x80" * (7 << 20),
    "chains": b"\xdc\x40\x00" + (b"\x91" * 400 + b"\xc0") * 0x4000,
    "promises": b"\xdd\xff\xff\xff\xff" * 1000,
    "depth": b"\x91" * 100_000 + b"\xc0",
    "long text": b"\xdb\xff\xff\xff\xffabc",
    "extension": b"\xc9\x00\x00\x00\x03\x05abc",
    "int keys": b"\x81\x01\x02",
    "not utf-8": b"\xa2\xff\xfe",
    "two values": b"\x01\x02",
    "nothing": b"",
    "reserved": b"\xc1",
    "list as key": b"\x81\x90\x01",
    "cut timestamp": b"\xd6\xff\x00",
    "mangled timestamp": b"\xc7\x0c\xff" + b"\xff" * 12,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_forged_record_is_an_error_and_its_neighbours_are_not(tmp_path: Path, name: str) -> None:
    with little_memory():
        reader = forged_file(tmp_path / "m.arena.part", forged_records(b"\x07", BOMBS[name], b"\x09"))
        with pytest.raises(UserError) as error:
            reader.record(0, 1)
        assert error.value.code == CORRUPT
        assert len(str(error.value)) < 500
        assert [reader.record(0, 0), reader.record(0, 2)] == [(0, 7), (0, 9)]
        assert [record for _, _, record in reader.iterate()] == [7, 9]
        assert "record 1 of track 0 is lost" in reader.damaged[0]


def test_only_plain_values_come_out_of_a_forged_record() -> None:
    assert unpack(msgpack.packb(msgpack.Timestamp(5, 0))) == 5.0


def test_the_most_expensive_allowed_record_stays_small() -> None:
    """Lists of one, 400 deep: the dearest memory per byte."""
    chain = b"\x91" * 399 + b"\x90"
    data = b"\xdc" + (655).to_bytes(2, "big") + chain * 655
    assert len(data) <= MAX_TOKENS
    with little_memory():
        assert len(unpack(data)) == 655
    with pytest.raises(DamageError, match="more than 262,144 values"):
        unpack(b"\xdd" + MAX_TOKENS.to_bytes(4, "big") + b"\xc0" * MAX_TOKENS)


@pytest.mark.parametrize(
    "table",
    [
        [],
        {},
        None,
        7,
        [[0, 0], [0, 0]],
        [[0, 0], [0, 0], [1]],
        [[0, 0], [0, 0], [1, -1]],
        [[0, 0], [0, 0], [1, 2]],
        [[0, 0], [0, 0], [2, 1]],
        [[0, 0], [0, 0], [2**63, 1]],
        [[0, -5], [0, 0], [1, 1]],
        [[0, 5], [0, 0], [1, 1]],
        [[0, "a"], [0, 0], [1, 1]],
        [[0, True], [0, 0], [1, 1]],
        [[0, 1.0], [0, 0], [1, 1]],
        ["ab", "ab", "ab"],
    ],
)
def test_a_forged_table_of_records_is_an_error(tmp_path: Path, table: Any) -> None:
    raw_table = pack(table)
    raw = b"\xc6" + len(raw_table).to_bytes(4, "big") + raw_table + b"\x01\x02"
    reader = forged_file(tmp_path / "m.arena.part", forged_chunk(zstandard.compress(raw), raw=len(raw), records=2))
    for n in (0, 1):
        with pytest.raises(UserError, match="table of records"):
            reader.record(0, n)
    assert list(reader.iterate()) == []


def chunk_at(step: int) -> bytes:
    batch = frames.Batch()
    batch.add(step, 0, b"\x01")
    return frames.make_chunk(0, batch, SALT, frames.compressor(3))[1]


def test_chunks_that_go_back_in_time_are_skipped(tmp_path: Path) -> None:
    late, early = (chunk_at(step) for step in (50, 10))
    reader = forged_file(tmp_path / "m.arena.part", late, early, late)
    assert list(reader.iterate()) == [(0, 50, 1), (0, 50, 1)]
    assert "go back to 10 after 50" in reader.damaged[0]


def test_a_chunk_inside_the_text_of_an_agent_is_not_believed(tmp_path: Path) -> None:
    """An agent writes chunks, right but for the header that it does not know, into a text that zstd stores as it is."""
    fake = forged_chunk(zstandard.compress(b"\xc6\x00\x00\x00\x07\x93\x91\x00\x91\x00\x91\x01\x63"), raw=13)
    assert list(forged_file(tmp_path / "f.arena.part", fake).iterate()) == [(0, 0, 0x63)], (
        "it is a sound chunk elsewhere"
    )
    noise = random.Random(5).randbytes(20_000)
    writer = LogWriter(tmp_path / "m.arena", {"nonce": "17"})
    for step in range(3):
        writer.append(0, step, noise + fake)
        writer.flush()
    data = writer.close({}).read_bytes()
    assert data.count(fake) == 3
    chunk = boundaries(data)[frames.CHUNK][1]
    reader, records = opened(tmp_path / "d.arena.part", flipped(data, chunk + 5)[: -frames.FOOTER_SIZE])
    assert records == 2
    assert [step for _, step, _ in reader.iterate()] == [0, 2]


# Forged index


def reindexed(data: bytes, change: Callable[[Any], Any]) -> bytes:
    """A recording whose index, with right checksums, says what `change` makes of [header, summary, tables]."""
    at = boundaries(data)[frames.INDEX][0]
    parts = msgpack.unpackb(frames.index_content(data[at + 8 : -frames.FOOTER_SIZE]))
    raw = msgpack.packb(change(parts))
    return data[:at] + frames.index_frame(raw, frames.compressor(3)) + frames.footer(at)


def column(values: list[int], code: str = "Q") -> bytes:
    return struct.pack(f"<{len(values)}{code}", *values)


def offsets_of(row: list[Any]) -> list[int]:
    return list(struct.unpack(f"<{len(row[3]) // 8}Q", row[3]))


def changed_row(position: int, change: Callable[[list[Any]], Any]) -> Callable[[Any], Any]:
    """Changes one field of the first track: number, records, last step, offsets, first records, first steps."""

    def act(parts: Any) -> Any:
        row = parts[2][0]
        row[position] = change(row)
        return parts

    return act


def first_chunk_twice(parts: Any) -> Any:
    """Both entries agree with the chunk that they name."""
    row = parts[2][0]
    firsts, steps = (list(struct.unpack(f"<{len(row[i]) // 8}Q", row[i])) for i in (4, 5))
    row[1] += firsts[1]
    row[3] = column([offsets_of(row)[0], *offsets_of(row)])
    row[4] = column([0, *(first + firsts[1] for first in firsts)])
    row[5] = column([steps[0], *steps])
    return parts


FORGED_INDEXES: dict[str, Callable[[Any], Any]] = {
    "offsets moved by one": changed_row(3, lambda row: column([at + 1 for at in offsets_of(row)])),
    "offsets of the other chunks": changed_row(3, lambda row: column(sorted({*offsets_of(row)[1:], 10**9}))),
    "offsets far outside": changed_row(3, lambda row: column([at + 2**63 for at in offsets_of(row)])),
    "the same chunk for ever": changed_row(3, lambda row: column([offsets_of(row)[0]] * len(offsets_of(row)))),
    "the first chunk twice": first_chunk_twice,
    "offsets reversed": changed_row(3, lambda row: row[3][::-1]),
    "too many records": changed_row(1, lambda row: 10**15),
    "negative records": changed_row(1, lambda row: -1),
    "records as text": changed_row(1, lambda row: "many"),
    "other first records": changed_row(4, lambda row: column(list(range(len(row[4]) // 8)))),
    "other steps": changed_row(5, lambda row: column(list(range(len(row[5]) // 8)), "q")),
    "columns of unequal length": changed_row(5, lambda row: row[5][:-8]),
    "half a number": changed_row(5, lambda row: row[5][:-1]),
    "columns as text": changed_row(3, lambda row: "abc"),
    "an earlier last step": changed_row(2, lambda row: 0),
    "a huge last step": changed_row(2, lambda row: 2**63),
    "track of another number": changed_row(0, lambda row: 7),
    "no tracks": lambda parts: [parts[0], parts[1], 5],
    "a list of nothing": lambda parts: [parts[0], parts[1], [[]]],
    "no parts": lambda parts: [],
    "another header": lambda parts: [pack({"v": 1, "min_reader": 1, "env": "y"}), *parts[1:]],
    "a header that is none": lambda parts: [7, *parts[1:]],
    "a summary that is none": lambda parts: [parts[0], pack([1]), parts[2]],
    "a summary that is a bomb": lambda parts: [parts[0], BOMBS["depth"], parts[2]],
}


@pytest.mark.parametrize("name", FORGED_INDEXES)
def test_a_forged_index_is_found_out_and_the_file_searched(tmp_path: Path, name: str) -> None:
    data = write(tmp_path / "m.arena")
    path = tmp_path / "forged.arena"
    path.write_bytes(reindexed(data, FORGED_INDEXES[name]))
    expected = list(LogReader(tmp_path / "m.arena").iterate())
    with LogReader(path) as reader:
        assert list(reader.iterate()) == expected
        assert any("searched instead" in line for line in reader.damaged), reader.damaged
        assert (reader.tracks, reader.count(0), reader.steps(0)) == ([0, 1], STEPS, (0, STEPS - 1))
        assert [reader.record(0, n) for n in range(STEPS)] == [(n, content(0, n)) for n in range(STEPS)]
        assert [reader.find(0, n) for n in range(STEPS)] == list(range(STEPS))
    with LogReader(path) as reader:  # the first thing that is asked may be anything
        assert [reader.record(0, n) for n in (149, 3, 77)] == [(n, content(0, n)) for n in (149, 3, 77)]
    with LogReader(path) as reader:
        assert [reader.find(0, n) for n in (149, 3, 77)] == [149, 3, 77]
    check_recovery(path, tmp_path / "out.arena")


def more_in_the_middle(parts: Any) -> Any:
    """The last chunk is as it should be; one before it has a thousand records more than there are."""
    row = parts[2][0]
    firsts = list(struct.unpack(f"<{len(row[4]) // 8}Q", row[4]))
    row[1], row[4] = row[1] + 1000, column([*firsts[:-1], firsts[-1] + 1000])
    return parts


def test_a_record_that_only_the_index_knew_is_an_error(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena")
    (tmp_path / "f.arena").write_bytes(reindexed(data, more_in_the_middle))
    reader = LogReader(tmp_path / "f.arena")
    assert reader.count(0) == STEPS + 1000
    with pytest.raises(UserError, match="promised more than is there") as error:
        reader.record(0, STEPS + 5)
    assert error.value.code == CORRUPT
    assert reader.count(0) == STEPS


def test_an_index_that_is_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena")
    at, body = boundaries(data)[frames.INDEX][0], struct.pack("<I", 1000) + one_gigabyte(sized=True)
    frame = (0x184D2A52).to_bytes(4, "little") + struct.pack("<II", len(body) + 4, crc32(body)) + body
    with little_memory():
        reader, records = opened(tmp_path / "f.arena", data[:at] + frame + frames.footer(at))
    assert (records, reader.finished) == (ALL, False)


def test_two_recordings_in_one_file_are_read_as_one_of_them(tmp_path: Path) -> None:
    first = write(tmp_path / "m.arena")
    LogWriter(tmp_path / "n.arena", {"env": "other"}).close({"n": 1})
    reader, records = opened(tmp_path / "both.arena", first + (tmp_path / "n.arena").read_bytes())
    assert (reader.header["env"], reader.summary, records) == ("x", {"result": [1, 0]}, ALL)


def test_a_file_of_nothing_but_beginnings_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replays._scan.MAX_CHUNKS", 5000)
    path = tmp_path / "m.arena.part"
    empty = (0x184D2A59).to_bytes(4, "little") + bytes(4)
    for filling in (frames.HEAD_START, empty):
        path.write_bytes(frames.header_frame(HEADER) + filling * 100_000)
        with pytest.raises(UserError, match="more than 5,000 chunks"):
            LogReader(path)


def test_the_list_of_damage_does_not_grow_without_end(tmp_path: Path) -> None:
    chunk = forged_records(b"\xc1")
    reader = forged_file(tmp_path / "m.arena.part", *[chunk + b"garbage"] * 500)
    assert list(reader.iterate()) == []
    assert len(reader.damaged) <= 100


def test_recovering_keeps_what_is_sound_and_counts_what_is_not(tmp_path: Path) -> None:
    data = write(tmp_path / "m.arena")
    spots = boundaries(data)[frames.CHUNK]
    bad = flipped(flipped(data, spots[1] + frames.HEAD_SIZE + 3), spots[4] + 9)
    (tmp_path / "bad.arena").write_bytes(bad)
    heads = [frames.Head.parse(data[at : at + frames.HEAD_SIZE], header_salt(data)) for at in spots]
    lost = [head.records for head in heads if head]
    counts = recover(tmp_path / "bad.arena", tmp_path / "out.arena")
    assert counts["chunks"] == len(spots) - 2
    assert counts["lost_chunks"] == 1, "the other has no head that could be counted"
    assert (counts["lost_records"], counts["records"]) == (lost[1], ALL - lost[1] - lost[4])
    with LogReader(tmp_path / "out.arena") as reader:
        assert reader.summary == {"result": [1, 0], "truncated": True}
        assert len(list(reader.iterate())) == counts["records"]
    assert (tmp_path / "bad.arena").read_bytes() == bad
