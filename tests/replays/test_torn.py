"""After the power has gone at any moment a recording opens, and nothing is missing that was promised (T3)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from envs.errors import CORRUPT, NOT_FOUND, UserError
from replays.log import LogReader, LogWriter, recover
from tests.replays.torn import Disk, torn

STEPS = 120


def recorded(folder: Path) -> tuple[Disk, list[list[int | str]]]:
    """A disk that has seen a recording of 120 steps, synced every two seconds of its clock, and its records."""
    disk, now, rng = Disk(), [0.0], random.Random(3)
    writer = LogWriter(
        folder / "m.arena", {"kind": "test"}, clock=lambda: now[0], write=disk.write, fsync=disk.fsync, chunk_steps=8
    )
    records: list[list[int | str]] = []
    for step in range(STEPS):
        # Text that does not shrink, so that a chunk lies on several sectors.
        records.append([step, rng.randbytes(60).hex()])
        writer.append(0, step, records[-1])
        now[0] += 0.3
        before = disk.safe
        writer.tick()
        if disk.safe > before and disk.safe == len(disk.data):
            disk.acknowledge(step + 1)
    writer.close({"end": True})
    disk.acknowledge(STEPS)
    return disk, records


def look(image: bytes, acknowledged: int, records: list[Any], folder: Path) -> int:
    """Open an image with the real reader; how many records it held."""
    path = folder / "x.arena.part"
    path.write_bytes(image)
    try:
        with LogReader(path) as reader:
            found = {step: record for _, step, record in reader.iterate()}
    except UserError as error:
        assert error.code == CORRUPT
        assert acknowledged == 0, "a file of which something was promised must open"
        return 0
    assert all(records[step] == record for step, record in found.items()), "what is read was written"
    assert set(found) >= set(range(acknowledged)), "and nothing is missing that was promised"
    return len(found)


def test_mending_an_image_keeps_what_can_be_read(tmp_path: Path, seeds: Any) -> None:
    disk, records = recorded(tmp_path)
    path, mended = tmp_path / "x.arena.part", tmp_path / "y.arena"
    for seed in seeds(30):
        image, acknowledged = disk.image(random.Random(seed))
        if image is None or not look(image, acknowledged, records, tmp_path):
            continue
        with LogReader(path) as reader:
            before = list(reader.iterate())
        recover(path, mended)
        with LogReader(mended) as reader:
            assert (reader.finished, list(reader.iterate())) == (True, before)
        mended.unlink()


def crashes(folder: Path, seeds: Any, count: int) -> list[int]:
    """Look at so many images; the numbers of records."""
    disk, records = recorded(folder)
    counts = []
    for seed in seeds(count):
        image, acknowledged = disk.image(random.Random(seed))
        if image is None:
            assert acknowledged == 0, "the name must be safe before anything is promised"
        else:
            counts.append(look(image, acknowledged, records, folder))
    return counts


def test_two_thousand_crash_images_open_and_lack_nothing_that_was_synced(tmp_path: Path, seeds: Any) -> None:
    counts = crashes(tmp_path, seeds, 2000)
    assert {0, STEPS} < set(counts), "from nothing to all"
    assert len(set(counts)) > 20


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(10))
def test_a_million_crash_images_open_and_lack_nothing_that_was_synced(tmp_path: Path, seeds: Any, part: int) -> None:
    assert len(crashes(tmp_path, seeds, 100_000)) > 90_000


def test_the_images_are_cruel(tmp_path: Path) -> None:
    """Sectors go missing between others, the end is cut inside of one, and what was synced is never touched."""
    data = bytes(range(1, 251)) * 40
    images = [torn(data, 3000, random.Random(seed)) for seed in range(300)]
    assert all(image[:3000] == data[:3000] for image in images)
    assert any(bytes(500) in image and image[-50:] == data[len(image) - 50 : len(image)] for image in images)
    assert any(len(image) % 512 and len(image) < len(data) for image in images)
    assert data in images


def test_a_writer_that_promises_too_early_is_found(tmp_path: Path, seeds: Any) -> None:
    disk, records = recorded(tmp_path)
    early = [(size, safe, min(STEPS, acknowledged + 20), named) for size, safe, acknowledged, named in disk.calls]
    disk.calls[:] = early
    images = [disk.image(random.Random(seed)) for seed in seeds(200)]
    with pytest.raises(AssertionError, match="promised"):
        [look(image or b"", acknowledged, records, tmp_path) for image, acknowledged in images]


def test_a_recording_that_left_no_file_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError) as error:
        LogReader(tmp_path / "m.arena")
    assert error.value.code == NOT_FOUND
