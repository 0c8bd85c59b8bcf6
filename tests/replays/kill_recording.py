"""Kills processes that are recording (SIGKILL, at random moments) and opens what they leave behind.

    python -m tests.replays.kill_recording 200 [seed]

Each child records one short match after another, on two tracks, and keeps in shared memory the last step that it
appended to each. Whatever moment the kill hits, every file must open, hold exactly what was appended up to some
step, and lack at most the steps of one unflushed chunk.
"""

from __future__ import annotations

import mmap
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from replays.log import LogReader, LogWriter

ROOT = Path(__file__).parents[2]
STATE, TEXT, TEXT_EVERY, CHUNK_STEPS = 0, 3, 7, 64
_SHARED = struct.Struct("<qqq")  # match, last step appended to STATE, to TEXT


class Found(NamedTuple):
    """What one kill left: files, of them finished, steps that are gone (at most), bytes of a torn chunk."""

    files: int
    finished: int
    lost: int
    torn: int


def state(match: int, step: int) -> dict[str, Any]:
    """The record that belongs on the STATE track; its size changes with the step."""
    return {"match": match, "step": step, "board": random.Random(step).randbytes(20 + step % 90)}


def text(step: int) -> str:
    """The record that belongs on the TEXT track."""
    return f"thinking about step {step}, " * (1 + step % 5)


def record_for_ever(folder: Path, seed: int) -> None:
    """The child: matches of 40 to 1,500 steps until it is killed."""
    rng = random.Random(seed)
    with (folder / "shared").open("r+b") as file, mmap.mmap(file.fileno(), _SHARED.size) as shared:
        for match in range(10_000):
            _record_match(folder, match, rng.randrange(40, 1500), shared)


def _record_match(folder: Path, match: int, length: int, shared: mmap.mmap) -> None:
    writer = LogWriter(folder / f"{match}.arena", {"match": match}, chunk_steps=CHUNK_STEPS)
    shared[:] = _SHARED.pack(match, -1, -1)
    told = -1
    for step in range(length):
        if step % TEXT_EVERY == 0:
            writer.append(TEXT, step, text(step))
            told = step
        writer.append(STATE, step, state(match, step))
        shared[:] = _SHARED.pack(match, step, told)
        if step % 50 == 0:
            print(step, flush=True)
    writer.close({"length": length})


def kill_once(folder: Path, seed: int) -> Found:
    """Starts a child, kills it after a random number of its lines, and checks all that it wrote."""
    (folder / "shared").write_bytes(_SHARED.pack(-1, -1, -1))
    command = [sys.executable, "-m", "tests.replays.kill_recording", "--child", str(folder), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for _ in range(random.Random(seed).randrange(1, 60)):
            child.stdout.readline()
        child.kill()
    assert child.returncode == -9, child.returncode
    return _check(folder)


def _check(folder: Path) -> Found:
    match, *last = _SHARED.unpack((folder / "shared").read_bytes())
    paths = sorted(folder.glob("*.arena*"))
    lost = torn = finished = 0
    for path in paths:
        if path.stat().st_size == 0:
            continue  # killed between the creation of the file and its first write
        with LogReader(path) as reader:
            number = reader.header["match"]
            _check_content(reader, number)
            finished += reader.finished
            assert reader.finished or number >= match, f"{path}: match {number} had ended, {match} was being played"
            if reader.finished:
                assert reader.summary == {"length": reader.count(STATE)}
            elif number == match:
                lost = max(
                    appended - _last_step(reader, track) for track, appended in zip((STATE, TEXT), last, strict=True)
                )
                torn = reader._scan.unread()
    assert lost <= CHUNK_STEPS, f"{lost} steps are gone"
    return Found(len(paths), finished, lost, torn)


def _check_content(reader: LogReader, match: int) -> None:
    assert reader.damaged == []
    for track, expected, every in ((STATE, lambda s: state(match, s), 1), (TEXT, text, TEXT_EVERY)):
        records = list(reader.iterate(track))
        assert len(records) == reader.count(track)
        for n, (_, step, record) in enumerate(records):
            assert (step, record) == (n * every, expected(step))


def _last_step(reader: LogReader, track: int) -> int:
    steps = reader.steps(track)
    return steps[1] if steps else -1


def main(kills: int, seed: int = 0) -> None:
    """Kills that many children, one after another, and prints what was found."""
    found = []
    for number in range(kills):
        with tempfile.TemporaryDirectory() as folder:
            found.append(kill_once(Path(folder), seed * 1_000_003 + number))
    files, finished = sum(f.files for f in found), sum(f.finished for f in found)
    print(f"{kills} kills, {files} files, {finished} finished, all opened and right")
    print(f"most steps lost {max(f.lost for f in found)}, torn tails {sum(f.torn > 0 for f in found)}")


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        record_for_ever(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:3]))
