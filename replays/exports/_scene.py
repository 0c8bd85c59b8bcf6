"""One picture of a match: the board between a line with the players and their points, and a line with what has just happened.

The board is painted large and shrunk, because pygame's discs have hard edges. A game without rules here has no picture.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from arena.text import safe_text
from envs.canvas import PALETTES, Canvas, raster, seat_colour
from envs.errors import CORRUPT, UserError
from replays.exports._shots import Shot, Wanted, outcome, titles
from replays.tape import Tape

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Scene"]

Colour = tuple[int, int, int]
_WIDTH, _TALLEST, _SMALLEST = 640, 560, 120
_FINE = 3
"""How many times larger the board is painted before it is shrunk."""
_COLUMNS = 4


class Scene:
    """Paints shots of one tape, all of the same size; `size` is (width, height) in pixels, both even as video wants them."""

    def __init__(self, tape: Tape, wanted: Wanted) -> None:
        if tape.game is None:
            raise UserError(f"cannot paint {tape.log.path}: {tape.why_closed}", CORRUPT)
        self.tape, self.wanted = tape, wanted
        self.colours = PALETTES.get(wanted.palette, PALETTES["standard"])
        board = self._board(tape.at(wanted.first))
        aspect = min(max(board.width, 0.01) / max(board.height, 0.01), 8.0)
        width = wanted.size[0] if wanted.size else _WIDTH
        self.text = max(11, round(min(width, wanted.size[1] if wanted.size else width) / 40))
        self.pad, self._width = self.text, width
        rows = -(-len(self._seats) // self._columns)
        self.head, self.foot = round(self.text * (1.9 * rows + 1.1)), round(self.text * 4.4)
        tall = round(min((width - 2 * self.pad) / aspect, _TALLEST))
        height = wanted.size[1] if wanted.size else self.head + max(tall, _SMALLEST) + self.foot
        self.size = (width - width % 2, height - height % 2)

    @cached_property
    def _columns(self) -> int:
        """As many players in a line as their names have room for."""
        names = max(
            self._length(f"{seat.name}  {title}") for seat, title in zip(self._seats, titles(self.tape), strict=True)
        )
        room = (self._width - 2 * self.pad) / (names + 5.5 * self.text)
        most = max(1, min(len(self._seats), _COLUMNS, int(room)))
        rows = -(-len(self._seats) // most)
        return -(-len(self._seats) // rows)

    @property
    def _seats(self) -> tuple[Any, ...]:
        return self.tape.started.seats

    def _board(self, moment: Any) -> Canvas:
        canvas = Canvas()
        moment.draw(canvas, self.wanted.who)
        return canvas

    def paint(self, shot: Shot) -> Image:
        """The picture in RGB."""
        from PIL import Image  # noqa: PLC0415  only pictures pay for it

        image = Image.new("RGB", self.size, self.colours["background"])
        width, height = self.size[0] - 2 * self.pad, max(20, self.size[1] - self.head - self.foot)
        pixels = raster(self._board(shot.moment), width * _FINE, height * _FINE, self.wanted.palette)
        image.paste(Image.fromarray(pixels).reduce(_FINE), (self.pad, self.head))
        self._header(image, shot)
        self._footer(_pen(image), shot)
        return image

    def _header(self, image: Image, shot: Shot) -> None:
        wide = (self.size[0] - 2 * self.pad) / self._columns
        for seat, title in enumerate(titles(self.tape)):
            row, column = divmod(seat, self._columns)
            x, y = self.pad + column * (wide + self.pad / self._columns), self.text * (1.5 + 1.9 * row)
            self._player(image, shot, seat, title, (x, y, wide - self.pad))

    def _player(self, image: Image, shot: Shot, seat: int, title: str, box: tuple[float, float, float]) -> None:
        """A disc in the seat's colour (a ring while others act), the name, the points at the right."""
        x, y, wide = box
        pen, active = _pen(image), seat in shot.acting or shot.final
        colour = self.colours[seat_colour(seat)]
        self._disc(image, x, y, colour, active)
        points = shot.points[seat] if seat < len(shot.points) else None
        told = "" if points is None else f"{points:g}"
        room = wide - self.text * 2 - self._length(told)
        name = self._fitted(f"{safe_text(self._seats[seat].name)} ", room)
        left = x + self.text * 1.3
        pen.text((left, y), name, self.colours["muted"], self._font, anchor="lm")
        left += self._length(name) + self.text * 0.2
        agent = self._fitted(title, room - self._length(name) - self.text * 0.2)
        pen.text((left, y), agent, self.colours["text" if active else "muted"], self._font, anchor="lm")
        pen.text((x + wide, y), told, colour, self._font, anchor="rm")

    def _disc(self, image: Image, x: float, y: float, colour: Colour, filled: bool) -> None:
        """A smooth disc or ring whose left edge is at x."""
        from PIL import Image, ImageDraw  # noqa: PLC0415

        side = max(8, round(self.text * 0.8))
        mask = Image.new("L", (side * 4, side * 4))
        thick = 0 if filled else max(4, side // 2)
        ImageDraw.Draw(mask).ellipse(
            (0, 0, side * 4 - 1, side * 4 - 1), fill=255 if filled else 0, outline=255, width=thick
        )
        image.paste(Image.new("RGB", (side, side), colour), (round(x), round(y - side / 2)), mask.reduce(4))

    def _footer(self, pen: Any, shot: Shot) -> None:
        tape, (width, height) = self.tape, self.size
        tick = f"tick {shot.moment.tick} of {tape.last}"
        y, right = height - self.foot + self.text * 1.5, width - self.pad
        room = right - self.pad - self._length(tick) - self.text
        end = outcome(tape) if shot.final else ""
        happened = end or "; ".join(safe_text(mark.text) for mark in shot.marks[-2:]) or ", ".join(shot.acts[-4:])
        colour = "highlight" if end or shot.marks else "text"
        pen.text((self.pad, y), self._fitted(happened, room), self.colours[colour], self._font, anchor="lm")
        pen.text((right, y), tick, self.colours["muted"], self._font, anchor="rm")
        self._progress(pen, shot.moment.tick / max(1, tape.last))

    def _progress(self, pen: Any, share: float) -> None:
        width, height = self.size
        thick = max(2, round(self.text / 5))
        y = height - round(self.text * 1.3)
        for reach, colour in ((1.0, "fog"), (min(share, 1.0), "accent")):
            pen.rectangle(
                (self.pad, y, self.pad + (width - 2 * self.pad) * reach, y + thick), fill=self.colours[colour]
            )

    @cached_property
    def _font(self) -> Any:
        from PIL import ImageFont  # noqa: PLC0415

        return ImageFont.load_default(self.text)

    def _length(self, text: str) -> float:
        return float(self._font.getlength(text))

    def _fitted(self, text: str, room: float) -> str:
        """The text, cut so that it fits into that many pixels."""
        text = text[:400]
        if self._length(text) <= room:
            return text
        while text and self._length(text + "…") > room:
            text = text[:-1]
        return text + "…"


def _pen(image: Image) -> Any:
    from PIL import ImageDraw  # noqa: PLC0415

    return ImageDraw.Draw(image)
