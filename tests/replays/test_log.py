"""The container of recordings in good health: what goes in comes out, when it must, at the price that was promised."""

from __future__ import annotations

import bisect
import errno
import itertools
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.events import Asked, Ended, Event, Faulted, Marked, to_tree
from envs.errors import CORRUPT, NOT_FOUND, USAGE, UserError
from replays import _frames as frames
from replays._scan import Source
from replays._sink import Sink, packed_map
from replays._values import pack, pack_typed
from replays.log import MAX_RECORD, LogReader, LogWriter, recover

ROOT = Path(__file__).parents[2]
PLAIN: Any = {
    "none": None,
    "bits": [True, False],
    "ints": [0, -1, 2**63, -(2**63), 2**64 - 1],
    "float": 0.1,
    "text": "żółw ⚑\n",
    "bytes": bytes(range(256)),
    "deep": [[[{"a": [1, {"b": []}]}]]],
}


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "folder" / "m.arena"
    writer = LogWriter(path, {"env": "x", "deep": PLAIN})
    for step in range(200):
        writer.append(0, step, {"step": step, **PLAIN})
        writer.append(65535, step // 3, step)
    assert writer.close({"scores": [1.0, -1.0]}) == path
    with LogReader(path) as reader:
        assert reader.header == {"env": "x", "deep": PLAIN, "v": 1, "min_reader": 1}
        assert (reader.summary, reader.finished, reader.damaged) == ({"scores": [1.0, -1.0]}, True, [])
        assert reader.tracks == [0, 65535]
        assert (reader.count(0), reader.steps(0), reader.steps(65535)) == (200, (0, 199), (0, 66))
        assert [reader.record(0, n) for n in range(200)] == [(n, {"step": n, **PLAIN}) for n in range(200)]
        assert list(reader.iterate(65535)) == [(65535, n // 3, n) for n in range(200)]
        assert len(list(reader.iterate())) == 400
        assert (reader.count(7), reader.steps(7), reader.find(7, 3), list(reader.iterate(7))) == (0, None, -1, [])


def test_a_recording_without_records_opens(tmp_path: Path) -> None:
    LogWriter(tmp_path / "m.arena", {}).close({})
    reader = LogReader(tmp_path / "m.arena")
    assert (reader.tracks, reader.finished, reader.summary, list(reader.iterate())) == ([], True, {}, [])


@pytest.mark.parametrize("n", [-1, 3, 10**9])
def test_a_record_that_is_not_there_is_an_index_error(tmp_path: Path, n: int) -> None:
    with pytest.raises(IndexError, match="has 3 records"):
        LogReader(written(tmp_path, 3)).record(0, n)


def written(folder: Path, steps: int, **options: Any) -> Path:
    """A finished recording of that many steps on track 0, record n is [n]."""
    writer = LogWriter(folder / "m.arena", {}, **options)
    for step in range(steps):
        writer.append(0, step, [step])
    return writer.close({"steps": steps})


def test_the_name_of_a_finished_recording_also_finds_the_part(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    writer = LogWriter(path, {})
    writer.append(0, 0, "a")
    writer.abandon()
    writer.abandon()
    reader = LogReader(path)
    assert (reader.path.name, reader.finished, reader.record(0, 0)) == ("m.arena.part", False, (0, "a"))
    with pytest.raises(ValueError, match="is closed"):
        writer.append(0, 1, "b")
    with pytest.raises(ValueError, match="is closed"):
        writer.close({})
    assert not path.exists()


def test_names_that_are_taken_or_wrong_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, 1)
    before = path.read_bytes()
    for bad, hint in (
        (path, "another name"),
        (tmp_path / "m.txt", "ends in .arena"),
        (path / "x.arena", "cannot record"),
    ):
        with pytest.raises(UserError, match=hint) as error:
            LogWriter(bad, {})
        assert error.value.code == USAGE
    assert path.read_bytes() == before
    LogWriter(tmp_path / "n.arena", {})
    with pytest.raises(UserError, match="being recorded there, or was interrupted"):
        LogWriter(tmp_path / "n.arena", {})


def test_a_recording_that_appeared_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "m.arena", {})
    (tmp_path / "m.arena").write_text("other")
    with pytest.raises(UserError, match="exists already"):
        writer.close({})
    assert (tmp_path / "m.arena").read_text() == "other"
    assert LogReader(tmp_path / "m.arena.part").finished


def test_closing_twice_gives_the_same_path(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "m.arena", {})
    with pytest.raises(ValueError, match="summary"):
        writer.close({"bad": object()})
    assert writer.close({}) == writer.close({"other": 1}) == tmp_path / "m.arena"
    assert writer._sink.closed
    assert LogReader(tmp_path / "m.arena").summary == {}


# What is refused where the caller can be told


@pytest.mark.parametrize(
    "record",
    [
        {1: "a"},
        {(1, 2): 3},
        object(),
        {1, 2},
        2**64,
        msgpack.ExtType(4, b"x"),
        bytes(MAX_RECORD),
        [0] * 300_000,
        ["nested"] * 300_000,
    ],
    ids=["int key", "tuple key", "object", "set", "too long", "extension", "too large", "too many", "too many texts"],
)
def test_a_record_that_could_not_be_read_back_is_refused(tmp_path: Path, record: Any) -> None:
    writer = LogWriter(tmp_path / "m.arena", {})
    writer.append(0, 0, "before")
    with pytest.raises(ValueError, match="cannot be stored"):
        writer.append(0, 1, record)
    writer.append(0, 2, "after")
    writer.close({})
    assert list(LogReader(tmp_path / "m.arena").iterate()) == [(0, 0, "before"), (0, 2, "after")]


def test_deep_nesting_is_refused_and_not_a_recursion_error(tmp_path: Path) -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(ValueError, match="cannot be stored"):
        LogWriter(tmp_path / "m.arena", {}).append(0, 0, deep)


@pytest.mark.parametrize(("track", "step"), [(-1, 5), (65536, 5), (0, -1), (0, 4), (0, 2**63)])
def test_steps_do_not_go_back_and_tracks_have_two_bytes(tmp_path: Path, track: int, step: int) -> None:
    writer = LogWriter(tmp_path / "m.arena", {})
    writer.append(0, 5, "a")
    with pytest.raises(ValueError, match="do not go back"):
        writer.append(track, step, "b")


def test_a_lone_surrogate_in_a_text_does_not_stop_a_recording(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "m.arena", {})
    writer.append(0, 0, {"say": "a\ud800b"})
    writer.close({})
    assert LogReader(tmp_path / "m.arena").record(0, 0) == (0, {"say": "a\\ud800b"})


def test_large_records_within_the_limits_are_read_back(tmp_path: Path) -> None:
    large = [
        bytes(5 << 20),
        "x" * (5 << 20),
        list(range(200_000)),
        {"k" * 40: [1.5] * 1000},
        random.Random(1).randbytes(7 << 20),
    ]
    writer = LogWriter(tmp_path / "m.arena", {})
    for step, record in enumerate(large):
        writer.append(0, step, record)
    writer.close({})
    reader = LogReader(tmp_path / "m.arena")
    assert [record for _, _, record in reader.iterate()] == large
    assert reader.record(0, 2) == (2, large[2])


def test_what_a_caller_does_to_a_record_does_not_reach_the_next_caller(tmp_path: Path) -> None:
    reader = LogReader(written(tmp_path, 3))
    reader.record(0, 1)[1].append("changed")
    assert reader.record(0, 1) == (1, [1])


# When records reach the file


def test_a_chunk_is_written_after_so_many_steps(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "m.arena", {}, clock=Clock())
    reader = LogReader(tmp_path / "m.arena")
    seen = []
    for step in range(200):
        for _ in range(3):
            writer.append(0, step, "event")
        reader.refresh()
        seen.append(reader.count(0))
    assert [step for step, (a, b) in enumerate(itertools.pairwise(seen), 1) if b > a] == [63, 126, 189], (
        "the first record of the 64th step completes a chunk, the others of that step begin the next"
    )


def test_a_chunk_is_written_after_so_many_bytes(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "m.arena", {}, clock=Clock(), chunk_bytes=1000)
    reader = LogReader(tmp_path / "m.arena")
    counts = []
    for _ in range(25):
        writer.append(0, 0, bytes(98))  # 100 bytes packed
        reader.refresh()
        counts.append(reader.count(0))
    assert counts == [n // 10 * 10 for n in range(1, 26)]


def test_a_chunk_is_written_after_so_long_by_an_append_to_any_track_or_by_tick(tmp_path: Path) -> None:
    clock = Clock()
    writer = LogWriter(tmp_path / "m.arena", {}, clock=clock, fsync=lambda fd: None)
    reader = LogReader(tmp_path / "m.arena")

    def counts() -> tuple[int, int]:
        reader.refresh()
        return reader.count(0), reader.count(1)

    writer.append(0, 0, "a")
    clock.now += 0.6
    writer.append(1, 0, "b")
    clock.now += 0.39
    writer.tick()
    assert counts() == (0, 0)
    clock.now += 0.02
    writer.append(1, 1, "c")
    assert counts() == (1, 0)
    clock.now += 0.58
    writer.tick()
    assert counts() == (1, 0)
    clock.now += 0.02
    writer.tick()
    assert counts() == (1, 2)
    assert [reader.time(1, n) for n in (0, 1)] == pytest.approx([0.6, 1.01])


def test_nothing_is_older_than_the_fsync_time_while_the_owner_ticks(tmp_path: Path) -> None:
    clock, synced = Clock(), []
    size = lambda: os.path.getsize(tmp_path / "m.arena.part")  # noqa: E731
    writer = LogWriter(tmp_path / "m.arena", {}, clock=clock, fsync=lambda fd: synced.append((clock.now - 100, size())))
    for step in range(40):
        writer.append(0, step, "a")
        clock.now += 0.125
        writer.tick()
    times = sorted({round(when, 1) for when, _ in synced})
    assert times == [2.0, 4.0]
    assert synced[-1][1] > synced[0][1]
    with LogReader(tmp_path / "m.arena") as reader:
        assert reader.count(0) >= 32, "at 4.0 s all records of the first four seconds were written and synced"
    before = len(synced)
    for _ in range(2):
        clock.now += 2.5
        writer.tick()
    assert len(synced) == before + 1, "nothing new, nothing to sync"


def test_a_sync_takes_along_what_was_not_yet_a_chunk(tmp_path: Path) -> None:
    clock = Clock()
    writer = LogWriter(tmp_path / "m.arena", {}, clock=clock, fsync=lambda fd: None, chunk_seconds=60.0)
    clock.now += 1.9
    writer.append(0, 0, "a")
    clock.now += 0.2
    writer.tick()
    assert LogReader(tmp_path / "m.arena").count(0) == 1


def test_closing_syncs_the_file_before_it_has_its_name_and_the_folder_after(tmp_path: Path) -> None:
    path, calls = tmp_path / "m.arena", []
    writer = LogWriter(path, {}, fsync=lambda fd: calls.append((os.path.isdir(f"/proc/self/fd/{fd}"), path.exists())))
    if not Path("/proc/self/fd").exists():
        pytest.skip("needs /proc to tell a folder's descriptor from a file's")
    writer.append(0, 0, "a")
    writer.close({})
    assert calls[0] == (False, False)
    assert calls[-1] == (True, True)


def test_every_chunk_is_one_write(tmp_path: Path) -> None:
    writes = []
    written(tmp_path, 640, write=lambda fd, data: (writes.append(bytes(data)), os.write(fd, data))[1])
    chunks = [data for data in writes if data.startswith(frames.HEAD_START)]
    assert len(chunks) == 10
    assert len(writes) == 12, "the header, ten chunks, the index with the footer"
    assert b"".join(writes) == (tmp_path / "m.arena").read_bytes()


# Failing disks


def failing(after: int, code: int, part: float = 0.5) -> Callable[[int, bytes], int]:
    """A write that lets `after` calls pass, then writes a part of one and fails from then on."""
    calls = itertools.count()

    def write(fd: int, data: bytes) -> int:
        n = next(calls)
        if n < after:
            return os.write(fd, data)
        if n == after and part:
            return os.write(fd, data[: max(1, int(len(data) * part))])
        raise OSError(code, os.strerror(code))

    return write


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.99])
def test_a_full_disk_is_told_to_the_caller_and_what_was_flushed_stays(tmp_path: Path, part: float) -> None:
    writer = LogWriter(tmp_path / "m.arena", {}, write=failing(3, errno.ENOSPC, part))
    for step in range(191):
        writer.append(0, step, [step])
    with pytest.raises(OSError, match=r"No space left.*can be read.*m\.arena\.part") as error:
        writer.append(0, 191, "the one that completes the third chunk")
    assert error.value.errno == errno.ENOSPC
    with pytest.raises(OSError, match=r"No space left.*m\.arena\.part"):
        writer.append(0, 192, "more")
    with pytest.raises(OSError, match="No space left"):
        writer.close({})
    writer.abandon()
    with LogReader(tmp_path / "m.arena") as reader:
        assert list(reader.iterate()) == [(0, n, [n]) for n in range(128)]
        assert (reader.damaged, reader._scan.unread()) == ([], 0)


def test_every_write_and_every_sync_may_fail_and_the_file_opens(tmp_path: Path) -> None:
    """Fails the n-th call to the system for every n until a recording comes through."""
    for n in itertools.count(1):
        folder = tmp_path / str(n)
        calls = itertools.count(1)

        def counted(call: Callable[..., Any], calls: Any = calls, n: int = n) -> Callable[..., Any]:
            def act(*arguments: Any) -> Any:
                if next(calls) == n:
                    raise OSError(errno.EIO, "input/output error")
                return call(*arguments)

            return act

        try:
            written(folder, 200, write=counted(os.write), fsync=counted(lambda fd: None))
            break
        except OSError as error:
            code = error.errno
        assert code == errno.EIO
        if n > 1:
            with LogReader(folder / "m.arena") as reader:
                assert reader.count(0) == min((n - 2) * 64, 200)
    assert n == 1 + 4 + 1 + 3 + 1, "header, four chunks, index, three syncs"


def test_short_writes_are_continued(tmp_path: Path) -> None:
    path = written(tmp_path, 300, write=lambda fd, data: os.write(fd, data[:7]))
    assert list(LogReader(path).iterate()) == [(0, n, [n]) for n in range(300)]


# Live


def test_a_live_reader_sees_exactly_what_was_flushed_and_then_the_end(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    writer = LogWriter(path, {"a": 1}, clock=Clock())
    reader = LogReader(path)
    assert not reader.refresh()
    for step in range(150):
        writer.append(0, step, [step])
        assert reader.refresh() == (step in {63, 127})
        assert (reader.count(0), reader.finished, reader.damaged) == ((step + 1) // 64 * 64, False, [])
        assert list(reader.iterate(start=max(0, reader.count(0) - 3)))[-1:] == [
            (0, n, [n]) for n in [reader.count(0) - 1] if n > 0
        ]
    writer.close({"end": True})
    assert reader.refresh()
    assert not reader.refresh()
    assert (reader.finished, reader.summary, reader.count(0), reader.path) == (True, {"end": True}, 150, path)
    assert reader.record(0, 149) == (149, [149])


def test_a_live_reader_waits_for_the_rest_of_a_chunk(tmp_path: Path) -> None:
    """The file grows byte by byte: records appear when their last byte does, and nothing is called damage."""
    data = written(tmp_path, 130).read_bytes()
    header = frames.PREFIX_SIZE + int.from_bytes(data[4:8], "little")
    part = tmp_path / "live.arena.part"
    part.write_bytes(data[:header])
    counts, told = [], []
    with LogReader(part) as reader, part.open("ab", buffering=0) as file:
        for byte in data[header:]:
            file.write(bytes([byte]))
            told.append(reader.refresh())
            counts.append(reader.count(0))
            assert reader.damaged == []
        assert (reader.finished, reader.summary) == (True, {"steps": 130})
    assert sorted(set(counts)) == [0, 64, 128, 130]
    assert counts == sorted(counts)
    assert sum(told) == 4, "three chunks and the end"


# Finding


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_seeking_equals_reading_in_order(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), st.binary(max_size=30)), max_size=300))
    chunk_steps, chunk_bytes = data.draw(st.integers(1, 80)), data.draw(st.integers(1, 500))
    path = tmp_path_factory.mktemp("seek") / "m.arena"
    writer = LogWriter(path, {}, chunk_steps=chunk_steps, chunk_bytes=chunk_bytes, fsync=lambda fd: None)
    step, expected = 0, {track: [] for track in range(3)}  # type: ignore[var-annotated]
    for track, gap, record in gaps:
        step += gap
        writer.append(track, step, record)
        expected[track].append((step, record))
    finish = data.draw(st.booleans())
    if finish:
        writer.close({})
    else:
        writer.abandon()
    with LogReader(path) as reader:
        for track, records in expected.items():
            assert [(s, r) for _, s, r in reader.iterate(track)] == records
            order = data.draw(st.permutations(range(len(records))))
            assert all(reader.record(track, n) == records[n] for n in order)
            steps = [s for s, _ in records]
            for wanted in [data.draw(st.integers(0, step + 5)) for _ in range(5)]:
                assert reader.find(track, wanted) == bisect.bisect_right(steps, wanted) - 1
                assert reader.at(track, wanted) == [record for s, record in records if s == wanted]
            start = data.draw(st.integers(0, len(records) + 2))
            assert [(s, r) for _, s, r in reader.iterate(track, start)] == records[start:]
        everything = list(reader.iterate())
        assert list(reader.iterate(start=7)) == everything[7:]


def test_a_record_of_a_hundred_thousand_steps_is_found_within_a_millisecond(tmp_path: Path) -> None:
    path = written(tmp_path, 100_000)
    rng = random.Random(3)
    with LogReader(path) as reader:
        times = []
        for n in (rng.randrange(100_000) for _ in range(1000)):
            begin = time.perf_counter()
            found = reader.record(0, reader.find(0, n))
            times.append(time.perf_counter() - begin)
            assert found == (n, [n])
    assert statistics.median(times) < 1e-3


def test_a_finished_recording_opens_without_a_look_at_its_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, 20_000, chunk_steps=1)
    reads: list[tuple[int, int]] = []
    read = Source.read
    monkeypatch.setattr(Source, "read", lambda self, at, size: (reads.append((at, size)), read(self, at, size))[1])
    reader = LogReader(path)
    assert len(reads) <= 6
    assert reader.count(0) == 20_000
    reads.clear()
    assert reader.record(0, 12_345) == (12_345, [12_345])
    assert len(reads) == 2, "its head and its content"


def test_a_chunk_table_of_the_greatest_size_is_written_read_and_then_closed_to_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("replays._sink.MAX_CHUNKS", 10)
    monkeypatch.setattr("replays._scan.MAX_CHUNKS", 10)
    writer = LogWriter(tmp_path / "m.arena", {}, chunk_steps=1)
    for step in range(10):
        writer.append(0, step, step)
    with pytest.raises(OSError, match="has 10 chunks, the most"):
        writer.append(0, 10, 10)
    writer.abandon()
    assert LogReader(tmp_path / "m.arena").count(0) == 10


# Neighbours


def test_the_file_is_plain_zstandard_and_inside_a_stream_of_msgpack(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    writer = LogWriter(path, {"a": 1})
    for step in range(130):
        writer.append(0, step, {"step": step})
    writer.close({})
    with path.open("rb") as file, zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True) as stream:
        values = list(msgpack.Unpacker(stream))
    assert [value for value in values if isinstance(value, dict)] == [{"step": step} for step in range(130)]
    assert [len(msgpack.unpackb(value)[0]) for value in values if isinstance(value, bytes)] == [64, 64, 2]


def test_the_frame_of_a_later_version_is_passed_over(tmp_path: Path) -> None:
    data = written(tmp_path, 64).read_bytes()
    header = frames.PREFIX_SIZE + int.from_bytes(data[4:8], "little")
    unknown = (0x184D2A50 + 9).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"later"
    path = tmp_path / "later.arena.part"
    path.write_bytes(data[:header] + unknown + data[header : -frames.FOOTER_SIZE])
    with LogReader(path) as reader:
        assert (reader.count(0), reader.damaged, reader.finished) == (64, [], True)


def test_a_file_for_a_later_reader_says_so(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    sink = Sink(path, packed_map("header", {"v": 9, "min_reader": 2}), fsync=os.fsync, write=os.write, level=3)
    sink.finish(packed_map("summary", {}))
    with pytest.raises(UserError, match=r"newer version.*needs reader 2.*update") as error:
        LogReader(path)
    assert error.value.code == CORRUPT


def test_files_that_are_not_there_or_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.arena")
    for name, code in (("none.arena", NOT_FOUND), ("", CORRUPT), ("pipe.arena", CORRUPT)):
        with pytest.raises(UserError) as error:
            LogReader(tmp_path / name)
        assert error.value.code == code


# Crashes


def test_what_a_killed_recording_leaves_opens_and_lacks_at_most_one_chunk() -> None:
    command = [sys.executable, "-m", "tests.replays.kill_recording", "20"]
    run = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("20 kills")


def test_recovering_an_interrupted_recording_finishes_it_under_its_own_name(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    writer = LogWriter(path, {"a": 1}, clock=Clock())
    for step in range(100):
        writer.append(0, step, [step])
    writer._sink.abandon()  # as a kill does: nothing is flushed
    with path.with_name("m.arena.part").open("ab") as file:
        file.write(frames.HEAD_START + b"half a head")
    counts = recover(path, path)
    assert counts == {"chunks": 1, "records": 64, "lost_chunks": 0, "lost_records": 0, "unread_bytes": 19}
    with LogReader(path) as reader:
        assert (reader.path, reader.summary, reader.header["a"]) == (path, {"truncated": True}, 1)
        assert list(reader.iterate()) == [(0, n, [n]) for n in range(64)]
    with pytest.raises(UserError, match="exists already"):
        recover(path.with_name("m.arena.part"), path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["m.arena", "m.arena.part"]


@pytest.mark.parametrize(
    "event",
    [
        Asked(3, 0.25, seat=1, seconds=None),
        Marked(-1, 1e300, kind="k", text="ü\U0001f600", audience=-2),
        Faulted(1 << 40, -0.0, seat=1, cause="crash", detail="a lone surrogate \ud800"),
        Marked(0, 0.0, text="long" * 70_000),
        Ended(9, 1.5, reason="limit", scores=(1.0, -1.0), faults=((0, "void"),), metrics={"lost": 3}),
    ],
    ids=lambda event: type(event).__name__,
)
def test_typed_records_are_packed_to_the_same_bytes(event: Event) -> None:
    assert pack_typed(event) == pack(to_tree(event))


def test_a_reward_of_numpy_is_packed_as_the_float_that_it_is() -> None:
    state = {"s": b"", "f": b"f", "r": [np.float64(0.5), 1.0], "at": 2.5}
    assert pack_typed(state) == pack({**state, "r": [0.5, 1.0]})
    with pytest.raises(ValueError, match="cannot be stored"):
        pack_typed({**state, "r": [np.float32(0.5)]})


def test_a_typed_record_that_is_too_large_is_refused() -> None:
    state = {"s": b"\x00" * 70_000, "f": b"f", "r": [0.5, -1.0], "at": 2.5}
    assert pack_typed(state) == pack(state)
    with pytest.raises(ValueError, match="cannot be stored"):
        pack_typed({"s": b"\x00" * (MAX_RECORD + 1)})
