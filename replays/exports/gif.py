"""A GIF, written picture by picture: only what changed since the last one, on one table of colours for all.

Pillow's own writer of moving GIFs keeps every picture until the end; here each one goes to the file at once. Source: GIF89a specification.
"""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from replays.exports._scene import Scene
from replays.exports._shots import Shot, Wanted, shots
from replays.tape import Tape

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["write"]

_SAMPLES = 6
_LOOP = b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + struct.pack("<H", 0) + b"\x00"
_OPEN = 255
"""The colour number that lets the picture below show through."""
_LONGEST = 0xFFFF
"""Hundredths of a second that one picture can stay."""


def write(tape: Tape, wanted: Wanted, path: Path) -> None:
    scene = Scene(tape, wanted)
    table = _colours(scene, tape, wanted)
    with path.open("wb") as file:
        film = _Film(file, table)
        for shot in shots(tape, wanted):
            film.add(scene.paint(shot), shot.seconds)
        film.end()


def _colours(scene: Scene, tape: Tape, wanted: Wanted) -> Image:
    """A picture whose palette fits the whole match, from a few moments spread over it."""
    from PIL import Image  # noqa: PLC0415

    span = wanted.last - wanted.first
    ticks = sorted({wanted.first + span * n // (_SAMPLES - 1) for n in range(_SAMPLES)})
    moments = [tape.at(tick) for tick in ticks]
    painted = [
        scene.paint(Shot(moment, 1.0, acting=tuple(range(tape.seats)), final=moment.tick == tape.last))
        for moment in moments
    ]
    sheet = Image.new("RGB", (scene.size[0], scene.size[1] * len(painted)))
    for n, image in enumerate(painted):
        sheet.paste(image, (0, n * scene.size[1]))
    return sheet.quantize(_OPEN, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


class _Film:
    """The file being written. A picture is held back until the next one differs, because only then is its time known."""

    def __init__(self, file: BinaryIO, table: Image) -> None:
        self.file, self.table = file, table
        self.palette = (table.getpalette() or [])[: 3 * _OPEN] + [0] * (
            3 * 256 - len((table.getpalette() or [])[: 3 * _OPEN])
        )
        self.shown: np.ndarray | None = None
        self.held: Image | None = None
        self.corner = (0, 0)
        self.seconds = self.owed = 0.0

    def add(self, image: Image, seconds: float) -> None:
        from PIL import Image  # noqa: PLC0415

        indexed = image.quantize(palette=self.table, dither=Image.Dither.NONE)
        pixels = np.asarray(indexed)
        box = (0, 0, *indexed.size) if self.shown is None else _changed(self.shown, pixels)
        if self.shown is None:
            self._open(indexed)
        if box is None:
            self.seconds += seconds
            return
        self._flush()
        self.held, self.corner, self.seconds = self._cut(pixels, box), box[:2], seconds
        self.shown = pixels

    def _cut(self, pixels: np.ndarray, box: tuple[int, int, int, int]) -> Image:
        """The part that changed, with what has not changed inside it left open, which packs best."""
        from PIL import Image  # noqa: PLC0415

        left, top, right, bottom = box
        part = pixels[top:bottom, left:right].copy()
        if self.shown is not None:
            part[part == self.shown[top:bottom, left:right]] = _OPEN
        found = Image.frombytes("P", (right - left, bottom - top), part.tobytes())
        found.putpalette(self.palette)
        return found

    def _open(self, image: Image) -> None:
        """Header, the 256 colours, and the wish to loop for ever."""
        self.file.write(b"GIF89a" + struct.pack("<HHBBB", *image.size, 0xF7, 0, 0) + bytes(self.palette) + _LOOP)

    def _flush(self) -> None:
        """Write the held picture; the parts of hundredths that its time had over go to the next one."""
        if self.held is None:
            return
        exact = self.seconds * 100 + self.owed
        ticks = min(max(2, round(exact)), _LONGEST)
        self.owed = exact - ticks
        packed = _alone(self.held)
        at = packed.index(b"\x2c", 13 + _table_size(packed))
        # The block in front says how long it stays, that what is there stays below it, and which colour is open.
        self.file.write(b"\x21\xf9\x04\x05" + struct.pack("<HBB", ticks, _OPEN, 0))
        flags = packed[at + 9]
        self.file.write(
            b"\x2c" + struct.pack("<HHHH", *self.corner, *self.held.size) + bytes([flags & 0x40]) + packed[at + 10 : -1]
        )

    def end(self) -> None:
        self._flush()
        self.file.write(b"\x3b")


def _alone(image: Image) -> bytes:
    """The image as a GIF of one picture, its colours in the order that they have."""
    found = BytesIO()
    image.save(found, "GIF", optimize=False)
    return found.getvalue()


def _table_size(packed: bytes) -> int:
    """Bytes of the table of colours behind the header of a GIF."""
    return 3 << ((packed[10] & 7) + 1) if packed[10] & 0x80 else 0


def _changed(before: np.ndarray, after: np.ndarray) -> tuple[int, int, int, int] | None:
    """The box (left, top, right, bottom) in which two pictures differ, None when nowhere."""
    unlike = before != after
    rows, columns = np.flatnonzero(unlike.any(axis=1)), np.flatnonzero(unlike.any(axis=0))
    if not len(rows):
        return None
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
