"""A drawing is a list of verbs in board units; painters turn it into pixels or terminal cells.

A game's `draw(obs, c, canvas)` calls the verbs and never sees a screen. `Canvas` records them as plain
tuples (msgpack takes them as they are, so a recording can keep a foreign game's picture). `raster` paints
them with pygame, the only place in the project that imports it; `tui.cells` paints them with characters.
Colours are names of `PALETTES`; x grows to the right, y grows down, (0, 0) is the top left corner.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from envs.errors import UserError

__all__ = ["PALETTES", "Canvas", "Verb", "Window", "raster", "seat_colour"]

Verb = tuple[Any, ...]
Colour = tuple[int, int, int]

_STANDARD: dict[str, Colour] = {
    "background": (16, 20, 28),
    "board": (38, 70, 120),
    "hole": (20, 30, 48),
    "light": (210, 196, 168),
    "dark": (134, 108, 84),
    "grid": (70, 84, 104),
    "text": (226, 230, 236),
    "muted": (130, 140, 154),
    "accent": (122, 196, 255),
    "highlight": (250, 250, 160),
    "good": (96, 196, 120),
    "bad": (232, 92, 92),
    "card": (240, 236, 224),
    "ink": (34, 36, 44),
    "grass": (52, 92, 58),
    "path": (150, 128, 92),
    "water": (48, 104, 160),
    "wall": (92, 92, 100),
    "fog": (56, 60, 70),
    "gold": (236, 190, 70),
    "seat0": (232, 84, 84),
    "seat1": (244, 204, 72),
    "seat2": (92, 172, 240),
    "seat3": (128, 208, 120),
    "seat4": (200, 128, 232),
    "seat5": (246, 152, 72),
    "seat6": (112, 216, 208),
    "seat7": (240, 150, 190),
}
# Okabe and Ito (2008), colours that stay apart under the common colour-vision deficiencies.
_COLOUR_BLIND: dict[str, Colour] = _STANDARD | {
    "good": (0, 158, 115),
    "bad": (213, 94, 0),
    "seat0": (213, 94, 0),
    "seat1": (86, 180, 233),
    "seat2": (240, 228, 66),
    "seat3": (0, 158, 115),
    "seat4": (204, 121, 167),
    "seat5": (230, 159, 0),
    "seat6": (0, 114, 178),
    "seat7": (230, 230, 230),
}
PALETTES: dict[str, dict[str, Colour]] = {"standard": _STANDARD, "colour-blind": _COLOUR_BLIND}


def seat_colour(seat: int) -> str:
    """The colour name of a seat; seats beyond eight share colours again."""
    return f"seat{seat % 8}"


class Canvas:
    """Records verbs over a board of `width` x `height` units.

    Verbs: ("rect", x, y, w, h, colour, filled) ("disc", x, y, r, colour, filled) ("line", x0, y0, x1, y1, colour)
    ("text", x, y, string, colour, anchor) with anchor "left", "centre" or "right", y being the middle of the line, and
    ("sprite", x, y, name, colour): a one-letter figure in the unit cell whose centre is (x, y), and
    ("image", x, y, w, h, columns, rows, data): columns x rows pixels of three bytes each, stretched over a rectangle.
    """

    def __init__(self, width: float = 1.0, height: float = 1.0) -> None:
        self.width, self.height, self.whole = width, height, True
        self.verbs: list[Verb] = []

    def size(self, width: float, height: float, whole: bool = True) -> None:
        """Set the board's size in units; a game calls it first. whole: a terminal gives a unit whole cells, as squares and stones want;
        a map without them may take any size that fits.
        """
        self.width, self.height, self.whole = width, height, whole

    def rect(self, x: float, y: float, w: float, h: float, colour: str, filled: bool = True) -> None:
        self.verbs.append(("rect", x, y, w, h, colour, filled))

    def disc(self, x: float, y: float, r: float, colour: str, filled: bool = True) -> None:
        self.verbs.append(("disc", x, y, r, colour, filled))

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
        self.verbs.append(("line", x0, y0, x1, y1, colour))

    def text(self, x: float, y: float, string: str, colour: str = "text", anchor: str = "centre") -> None:
        self.verbs.append(("text", x, y, string, colour, anchor))

    def sprite(self, x: float, y: float, name: str, colour: str) -> None:
        self.verbs.append(("sprite", x, y, name, colour))

    def image(self, x: float, y: float, w: float, h: float, columns: int, rows: int, data: bytes) -> None:
        self.verbs.append(("image", x, y, w, h, columns, rows, data))


_SCREENLESS = "SDL_VIDEODRIVER" not in os.environ
"""Whether no screen is our own choice, so that a window may ask for one."""


def _pygame() -> Any:
    """pygame, set up to need no screen and no sound card unless the user has asked for them."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    import pygame  # noqa: PLC0415

    if not pygame.font.get_init():
        pygame.font.init()
    return pygame


class _Painter:
    """Paints verbs on a pygame surface; one unit is `scale` pixels."""

    def __init__(self, canvas: Canvas, width: int, height: int, palette: str) -> None:
        self.pygame = _pygame()
        self.colours = PALETTES[palette]
        self.scale = min(width / canvas.width, height / canvas.height)
        self.left = (width - canvas.width * self.scale) / 2
        self.top = (height - canvas.height * self.scale) / 2
        self.surface = self.pygame.Surface((width, height))
        self.surface.fill(self.colours["background"])
        self.font = self.pygame.font.Font(None, max(10, int(self.scale * 0.62)))
        for verb in canvas.verbs:
            getattr(self, verb[0])(*verb[1:])

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x * self.scale, self.top + y * self.scale

    def rect(self, x: float, y: float, w: float, h: float, colour: str, filled: bool) -> None:
        px, py = self.at(x, y)
        # The far edge is rounded on its own, so that neighbouring cells leave no seam.
        qx, qy = self.at(x + w, y + h)
        box = (round(px), round(py), max(1, round(qx) - round(px)), max(1, round(qy) - round(py)))
        self.pygame.draw.rect(self.surface, self.colours[colour], box, 0 if filled else self.stroke())

    def disc(self, x: float, y: float, r: float, colour: str, filled: bool) -> None:
        width = 0 if filled else self.stroke()
        self.pygame.draw.circle(self.surface, self.colours[colour], self.at(x, y), max(1.0, r * self.scale), width)

    def line(self, x0: float, y0: float, x1: float, y1: float, colour: str) -> None:
        self.pygame.draw.line(self.surface, self.colours[colour], self.at(x0, y0), self.at(x1, y1), self.stroke())

    def text(self, x: float, y: float, string: str, colour: str, anchor: str) -> None:
        image = self.font.render(string, True, self.colours[colour])
        px, py = self.at(x, y)
        shift = {"left": 0.0, "centre": 0.5, "right": 1.0}[anchor]
        self.surface.blit(image, (px - image.get_width() * shift, py - image.get_height() / 2))

    def sprite(self, x: float, y: float, name: str, colour: str) -> None:
        self.disc(x, y, 0.36, colour, True)
        self.text(x, y, name[:1].upper(), "ink", "centre")

    def image(self, x: float, y: float, w: float, h: float, columns: int, rows: int, data: bytes) -> None:
        image = self.pygame.image.frombuffer(data, (columns, rows), "RGB")
        size = (max(1, round(w * self.scale)), max(1, round(h * self.scale)))
        self.surface.blit(self.pygame.transform.scale(image, size), self.at(x, y))

    def stroke(self) -> int:
        return max(1, round(self.scale / 24))


def raster(canvas: Canvas, width: int = 512, height: int = 512, palette: str = "standard") -> np.ndarray:
    """Paint a drawing with pygame: uint8[height, width, 3], the board centred and as large as fits."""
    painter = _Painter(canvas, width, height, palette)
    pixels = painter.pygame.surfarray.array3d(painter.surface)
    return np.ascontiguousarray(pixels.transpose(1, 0, 2))


class Window:
    """A window that shows drawings and tells what a person does there.

    Raises UserError where there is no screen. With SDL_VIDEODRIVER=dummy it works without one, for tests.
    """

    def __init__(self, title: str, width: int, height: int, palette: str = "standard") -> None:
        self.pygame, self.palette = _pygame(), palette
        if _SCREENLESS:
            os.environ.pop("SDL_VIDEODRIVER", None)
        try:
            self.pygame.display.init()
            if _SCREENLESS and self.pygame.display.get_driver() in {"dummy", "offscreen"}:
                raise self.pygame.error("there is no screen")
            self.pygame.display.set_caption(title)
            self.surface = self.pygame.display.set_mode((width, height))
        except self.pygame.error as error:
            raise UserError(f"no window can be opened ({error}): play in the terminal, without --window") from None
        self._shown: _Painter | None = None

    def show(self, canvas: Canvas, title: str = "") -> None:
        """Paint a drawing, as large as fits; title: what the window's bar says, as before where it is empty."""
        width, height = self.surface.get_size()
        self._shown = _Painter(canvas, width, height, self.palette)
        self.surface.blit(self._shown.surface, (0, 0))
        if title:
            self.pygame.display.set_caption(title)
        self.pygame.display.flip()

    def events(self) -> list[tuple[Any, ...]]:
        """What happened since the last call: ("quit",), ("key", name), ("click", button, x, y), in the units of what is shown."""
        return [told for event in self.pygame.event.get() if (told := self._told(event)) is not None]

    def _told(self, event: Any) -> tuple[Any, ...] | None:
        if event.type == self.pygame.QUIT:
            return ("quit",)
        if event.type == self.pygame.KEYDOWN:
            return "key", self.pygame.key.name(event.key)
        if event.type == self.pygame.MOUSEBUTTONDOWN and self._shown is not None:
            shown = self._shown
            return (
                "click",
                event.button,
                (event.pos[0] - shown.left) / shown.scale,
                (event.pos[1] - shown.top) / shown.scale,
            )
        return None

    def close(self) -> None:
        """Take the window away; a second call does nothing."""
        self.pygame.display.quit()
