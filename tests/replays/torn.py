"""Crash images of a file that is only appended to: what a disk may hold after the power has gone (T3).

A file system keeps what was synced. Of what was written after that it keeps each sector or not, in any order, and the length it knows may
be any: what was not kept reads as zeros. A new name is only there once its folder was synced.
"""

from __future__ import annotations

import os
import random
import stat
from dataclasses import dataclass, field

__all__ = ["SECTOR", "Disk", "torn"]

SECTOR = 512


@dataclass
class Disk:
    """Notes the calls of a writer, which it also carries out (without the slow part). Give `write` and `fsync` to the writer.

    calls: for each call the bytes written so far, those that are safe, and how much was acknowledged by then; `named`: whether the
    file's name was safe. acknowledge: call it when the writer has promised something.
    """

    data: bytearray = field(default_factory=bytearray)
    calls: list[tuple[int, int, int, bool]] = field(default_factory=list)
    safe: int = 0
    acknowledged: int = 0
    named: bool = False

    def write(self, fd: int, data: bytes) -> int:
        self.data += data
        self._note()
        return os.write(fd, data)

    def fsync(self, fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            self.named = True
        else:
            self.safe = len(self.data)
        self._note()

    def acknowledge(self, count: int) -> None:
        self.acknowledged = count
        self._note()

    def _note(self) -> None:
        self.calls.append((len(self.data), self.safe, self.acknowledged, self.named))

    def image(self, rng: random.Random) -> tuple[bytes | None, int]:
        """What is left after a crash at a random moment, and how much had been acknowledged. None: not even the name."""
        size, safe, acknowledged, named = rng.choice(self.calls)
        if not named and rng.random() < 0.2:
            return None, acknowledged
        return torn(bytes(self.data[:size]), safe, rng), acknowledged


def torn(data: bytes, safe: int, rng: random.Random) -> bytes:
    """The first `safe` bytes, and of the others any sectors; the length is any, too."""
    image = bytearray(data)
    kept = rng.choice((0.0, 0.5, 0.9, 1.0))
    for sector in range(safe - safe % SECTOR, len(data), SECTOR):
        at, end = max(sector, safe), min(sector + SECTOR, len(data))
        if rng.random() >= kept:
            image[at:end] = bytes(end - at)
    whole = rng.random() < 0.3
    return bytes(image if whole else image[: rng.randint(safe, len(data))])
