"""Measures a long recording: size, seek, one pass, verification, in seconds of one core. Not part of the suite.

python -m tests.replays.measure [TICKS]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import envs
import replays
from replays.games import allow
from tests.replays.matches import WALK, recorded


def _timed(what: str, count: int, act: Callable[[], object]) -> None:
    before = time.process_time()
    act()
    seconds = time.process_time() - before
    print(f"{what:<34} {seconds:8.2f} s  {seconds / count * 1e6:8.1f} us each")


def main(ticks: int) -> None:
    """Records one match of that many ticks and prints what its readers cost."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.arena")
        game = envs.game(str(WALK), length=ticks)
        _timed("record", ticks, lambda: recorded(path, game, 1, step=0.0001))
        print(f"{path.stat().st_size:,} bytes, {path.stat().st_size / ticks:.1f} a tick")
        allow(str(WALK))
        _timed("open", 1, lambda: replays.open(path))
        tape = replays.open(path)
        places = [random.Random(1).randrange(ticks) for _ in range(2000)]
        _timed("at(t), anywhere", len(places), lambda: [tape.at(tick) for tick in places])
        _timed("at(t), forward", 2000, lambda: [tape.at(tick) for tick in range(2000)])
        _timed("entries, one pass", ticks, lambda: sum(1 for _ in tape.entries()))
        _timed("verify", ticks, lambda: print(replays.verify(path).line))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
