"""Kills processes that record matches (SIGKILL, at random moments) and opens what they leave behind.

    python -m tests.replays.kill_match 200 [seed]

Each child plays one match after another and keeps in shared memory the last tick that its recorder has taken. Every file must open, verify
as far as it goes, and lack at most the steps of one chunk that was not flushed.
"""

from __future__ import annotations

import mmap
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import envs
import replays
from arena.events import Event, Stepped
from arena.host import Host
from replays.games import allow
from replays.recorder import Recorder
from tests.replays.matches import WALK, Clock, fresh, uniform

ROOT = Path(__file__).parents[2]
CHUNK = 64
_SHARED = struct.Struct("<qq")


class Found(NamedTuple):
    """What one kill left: files, finished ones among them, steps that are gone."""

    files: int
    finished: int
    lost: int


def record_for_ever(folder: Path, seed: int) -> None:
    """The child: matches of 50 to 600 ticks until it is killed."""
    rng = random.Random(seed)
    with (folder / "shared").open("r+b") as file, mmap.mmap(file.fileno(), _SHARED.size) as shared:
        for number in range(10_000):
            game = envs.game(str(WALK), length=rng.randrange(50, 600), plain=True)
            shared[:] = _SHARED.pack(number, 0)

            def tell(event: Event, number: int = number) -> None:
                if isinstance(event, Stepped):
                    shared[:] = _SHARED.pack(number, event.tick)
                    if event.tick % 20 == 0:
                        print(event.tick, flush=True)

            recorder = Recorder(folder / f"{number}.arena")
            Host(fresh(game, number), [uniform, uniform], [recorder, tell], clock=Clock()).run()


def kill_once(folder: Path, seed: int) -> Found:
    """Starts a child, kills it after a random number of its lines, and checks all that it wrote."""
    (folder / "shared").write_bytes(_SHARED.pack(-1, -1))
    command = [sys.executable, "-m", "tests.replays.kill_match", "--child", str(folder), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for _ in range(random.Random(seed).randrange(1, 60)):
            child.stdout.readline()
        child.kill()
    assert child.returncode == -9, child.returncode
    return _check(folder)


def _check(folder: Path) -> Found:
    allow(str(WALK))
    number, tick = _SHARED.unpack((folder / "shared").read_bytes())
    paths = [path for path in folder.glob("*.arena*") if path.stat().st_size]
    lost = finished = 0
    for path in paths:
        tape = replays.open(path)
        verdict = replays.verify(path)
        assert verdict, verdict.line
        assert tape.log.damaged == []
        finished += tape.finished
        if tape.finished:
            assert verdict.complete
            assert tape.ended is not None
        elif int(path.name.partition(".")[0]) == number:
            lost = max(0, tick - tape.last)
    assert lost <= CHUNK, f"{lost} steps are gone"
    return Found(len(paths), finished, lost)


def main(kills: int, seed: int = 0) -> None:
    """Kills that many children, one after another, and prints what was found."""
    found = []
    for number in range(kills):
        with tempfile.TemporaryDirectory() as folder:
            found.append(kill_once(Path(folder), seed * 1_000_003 + number))
    files, finished = sum(f.files for f in found), sum(f.finished for f in found)
    print(
        f"{kills} kills, {files} files, {finished} finished, all opened and verified; most steps lost {max(f.lost for f in found)}"
    )


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        record_for_ever(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:3]))
