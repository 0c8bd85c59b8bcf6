"""Makes the golden recordings: one match of random players on seed 0 for every game, and its transcript.

    python -m tests.golden.make [GAME ...]

A recording keeps the digest of its rules, so whoever edits a game, or the contract that all games build on, makes them again and looks at
what changed in the transcripts: `git diff tests/golden/*.txt`. When nothing should have changed, nothing must have changed there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import envs
import replays
from tests.replays.matches import recorded

__all__ = ["FOLDER", "make", "transcript"]

FOLDER = Path(__file__).parent


def make(game: str) -> None:
    """Writes GAME.arena and GAME.txt anew."""
    target = FOLDER / f"{game}.arena"
    target.unlink(missing_ok=True)
    recorded(target, game, 0)
    replays.export(target, FOLDER / f"{game}.txt")


def transcript(game: str) -> list[str]:
    """The lines of the transcript that is kept."""
    return (FOLDER / f"{game}.txt").read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    for name in sys.argv[1:] or envs.names():
        make(name)
        print(name)
