"""Kills a tournament at its named points and at random moments (SIGKILL), goes on with it each time, and compares the end (T1).

    python -m tests.arena.tournament.kill_tournament MATCHES KILLS [SEED]

A child process plays; at a named point it ends itself there with exit code 137. What must hold: the results and the table, to the last bit,
are those of a run that nobody disturbed; no match is lost and none is there twice; each recording is finished and is the one of its result.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from arena.clock import Limits
from arena.ratings import digest
from arena.store import NAME, Reader, sha256
from arena.tournament.account import tables
from arena.tournament.crew import Crew, Here, Processes
from arena.tournament.plan import Division, Plan
from arena.tournament.run import POINTS, Run, open_store

ROOT = Path(__file__).parents[3]
NIM = "docs/examples/nim_plain.py"
AGENTS = ("random", "first", "mcts?simulations=3", "mcts?simulations=2")
_ENDED = 137
_MOST = 8
"""Results after which a child that will be killed stands still: so a fast machine does not end before it is killed."""
_OFTEN = ("match", "recording", "result", "commit")
"""Ends of the names of points that every match passes."""


def plan(matches: int) -> Plan:
    """Half a round robin, half a Swiss tournament of whole rounds, `matches` in all (a multiple of 8; 24 or more)."""
    swiss = Division(NIM, AGENTS, system="swiss", rounds=2, sets=max(1, matches // 16))
    rest = (matches - 8 * swiss.sets) // 2
    pairs = Division(NIM, AGENTS[:2], sets=rest)
    return Plan("killed", (pairs, swiss), seed=5, rated=True, limits=Limits())


def secret() -> bytes:
    """The same key each time: what is compared must be comparable."""
    return b"k" * 32


def child(folder: Path, matches: int, workers: int, where: str, skip: int, most: int) -> None:
    """Play on, and end at the `skip`-th time of a point; "" for no point. A line on stdout for each result.

    After `most` results it stands still; 0: never.
    """
    passed = 0

    def point(name: str) -> None:
        nonlocal passed
        if name == where:
            passed += 1
            if passed > skip:
                os._exit(_ENDED)

    store = open_store(plan(matches), folder, secret=secret, now=lambda: 0.0, point=point)
    crew: Crew = Processes(workers) if workers else Here(point)
    for kept, _ in enumerate(Run(store, crew), 1):
        print("kept", flush=True)
        if kept == most:
            signal.pause()
    store.close()


def start(
    folder: Path, matches: int, workers: int, where: str = "", skip: int = 0, most: int = 0
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.arena.tournament.kill_tournament", "--child", str(folder)]
    command += [str(matches), str(workers), where, str(skip), str(most)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


class Found(NamedTuple):
    """What a folder holds in the end."""

    digests: list[str]
    results: list[object]
    matches: int


def found(folder: Path) -> Found:
    """Read a finished tournament, and check all that must hold for any."""
    with Reader(folder) as reader:
        results = reader.results()
        keys = [(each.division, each.pairing.number) for each in results]
        assert len(set(keys)) == len(keys), "a match is there twice"
        for each in results:
            assert sha256(folder / each.replay) == each.sha256, f"{each.replay} is not the recording of its result"
        files = {path.name for path in (folder / "replays").iterdir()}
        assert files == {Path(each.replay).name for each in results}, "a recording is left over or lost"
        told = [(each.division, each.pairing, each.result) for each in results]
        return Found([digest(table) for table in tables(reader, [0, 1], 200)], list(told), len(results))


def demand_whole(folder: Path) -> int:
    """What a killed process leaves opens at once and is sound; how many results there are."""
    path = folder / NAME
    if not path.exists():
        return 0
    base = sqlite3.connect(path)
    assert base.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    (count,) = base.execute("SELECT COUNT(*) FROM results").fetchone()
    base.close()
    return int(count)


def undisturbed(folder: Path, matches: int) -> Found:
    """The end of a run that nobody kills."""
    with start(folder, matches, 0) as process:
        assert process.stdout is not None
        process.stdout.read()
    assert process.returncode == 0
    return found(folder)


def at_points(folder: Path, matches: int, rng: random.Random) -> int:
    """End the child at every named point; how often it was killed. The point that many matches lead to comes last, and the making of the
    store is done once more, beside the one that is there.
    """
    killed = 0
    for name in sorted(POINTS, key=lambda name: name == "before_round"):
        before = demand_whole(folder)
        if name == "before_store_named":
            killed += _unnamed(folder.with_name("unnamed"), matches)
            continue
        with start(folder, matches, 0, name, rng.randrange(3) if name.endswith(_OFTEN) else 0) as process:
            assert process.stdout is not None
            acknowledged = process.stdout.read().count(b"kept")
        assert process.returncode in (0, _ENDED), process.returncode
        assert demand_whole(folder) >= before + acknowledged, f"{name}: a result that was told is lost"
        killed += process.returncode == _ENDED
    return killed


def _unnamed(folder: Path, matches: int) -> bool:
    """Ended before the store has its name there is none; the next run makes it."""
    with start(folder, matches, 0, "before_store_named") as process:
        assert process.stdout is not None
        assert process.stdout.read() == b""
    assert not (folder / NAME).exists()
    with start(folder, matches, 0, "after_sweep") as again:
        assert again.stdout is not None
        again.stdout.read()
    assert (folder / NAME).exists()
    return process.returncode == again.returncode == _ENDED


def at_random(folder: Path, matches: int, workers: int, kills: int, rng: random.Random) -> int:
    """SIGKILL after a random number of results, and a moment that the machine chooses; how often it was killed before its end."""
    killed = 0
    for _ in range(kills):
        before = demand_whole(folder)
        with start(folder, matches, workers, most=_MOST) as process:
            assert process.stdout is not None
            acknowledged = 0
            for _ in range(rng.randrange(0, _MOST)):
                acknowledged += process.stdout.readline() == b"kept\n"
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.03 * rng.random())
            process.kill()
            acknowledged += process.stdout.read().count(b"kept")
        killed += process.returncode == -9
        assert demand_whole(folder) >= before + acknowledged, "a result that was told is lost"
    return killed


def finished(folder: Path, matches: int, workers: int) -> Found:
    """Let it come to its end."""
    with start(folder, matches, workers) as process:
        assert process.stdout is not None
        process.stdout.read()
    assert process.returncode == 0
    return found(folder)


def rounds(matches: int, kills: int, seed: int, workers: int = 2) -> Iterator[str]:
    """The whole of T1, told line by line."""
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        calm = undisturbed(Path(place) / "calm", matches)
        yield f"{calm.matches} matches, undisturbed: {' '.join(calm.digests)}"
        folder = Path(place) / "killed"
        killed = at_random(folder, matches, workers, kills, rng)
        yield f"killed {killed} times of {kills} (SIGKILL), {demand_whole(folder)} results by then"
        killed = at_points(folder, matches, rng)
        yield f"ended at {killed} of {len(POINTS)} named points, {demand_whole(folder)} results by then"
        assert killed == len(POINTS), "a point was not reached"
        end = finished(folder, matches, workers)
        assert end == calm, "the end is another one"
        yield f"{end.matches} matches, killed: {' '.join(end.digests)}; nothing lost, nothing twice, every result equal"


if __name__ == "__main__":
    if sys.argv[1] == "--child":
        child(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5], *map(int, sys.argv[6:8]))
    else:
        for line in rounds(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0):
            print(line, flush=True)
