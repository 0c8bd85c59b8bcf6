"""The catalogue of `arena bench`, tower defence: frames a second, as enemies grow more, on two threads, and of one match."""

from __future__ import annotations

from typing import Any

from arena.bench.figures import Target
from arena.bench.question import SEED, Contender, Question, in_pair, on_either, times

__all__ = ["TOWERS"]

NUMBA = ("numba", "numpy")
_TOWERS = "arena.bench.towers"
_REAL = 50.0
"""Frames of tower defence in a second of its time."""


def _world(living: int, **more: Any) -> Contender:
    return Contender("palaestra", f"{_TOWERS}:world", NUMBA, {"living": living, "num": 1024, "seed": SEED} | more)


TOWERS = (
    *(
        Question(
            f"towers/world_{living}", f"tower defence, 1024 boards, {living} living enemies, compact view", "frames/s",
            _world(living, processor=True),
            target=Target("ours", 1.5e6, "frames/s") if living == 30 else None,
            note="all rules: towers, knights, hero, fog, random acts from the mask; every decision of 16 frames masked and observed; "
            "seconds are the processor's",
        )
        for living in (0, 10, 20, 30, 40, 50)
    ),
    Question(
        "towers/threads", "the same with 30 living enemies on two threads, beside one", "frames/s",
        Contender("palaestra, two threads", f"{_TOWERS}:world", NUMBA, dict(_world(30, threads=2).config), cores=2),
        on_either(_world(30)),
        times(1.8), note="one thread is measured on either core, half of the time each; `towers/pair` is what the machine gives at most",
    ),
    Question(
        "towers/pair", "the same in two processes of 512 boards, beside one thread with 1024", "frames/s",
        in_pair(_world(30, num=512)), on_either(_world(30)),
        note="each process on its own core",
    ),
    Question(
        "towers/alone", "one match through the Gymnasium face", "frames/s",
        Contender("palaestra", f"{_TOWERS}:alone", NUMBA, {"pixels": False, "seed": SEED}),
        target=Target("ours", 500 * _REAL, "frames/s"), note="a second of the game is 50 frames; the target is 500 times real time",
    ),
    Question(
        "towers/pixels", "the same with a picture of 512 x 512 at each decision", "frames/s",
        Contender("palaestra", f"{_TOWERS}:alone", ("numba", "numpy", "pygame"), {"pixels": True, "seed": SEED}),
        target=Target("ours", 20 * _REAL, "frames/s"), note="the target is 20 times real time",
    ),
)  # fmt: skip
