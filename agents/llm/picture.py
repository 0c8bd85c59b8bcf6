"""The observation as a picture: what the game draws of what this seat knows, as a PNG for models that see."""

from __future__ import annotations

import base64
import io
from typing import Any

from arena.agent import Ask

__all__ = ["SIDE", "drawn", "load", "message", "without_pictures"]

SIDE = 512
"""Pixels of the longer side."""


def load() -> None:
    """Load what draws, so that no move pays for it."""
    from PIL import PngImagePlugin  # noqa: F401, PLC0415

    from envs.canvas import Canvas, raster  # noqa: PLC0415

    canvas = Canvas()
    canvas.size(1, 1)
    canvas.text(0, 0, "a")
    raster(canvas, 8, 8)


def drawn(ask: Ask) -> bytes:
    """The seat's view, PNG. It is made from the observation, so that it shows what the words tell and nothing more."""
    from PIL import Image  # noqa: PLC0415  (only seats that look load these)

    from envs.canvas import Canvas, raster  # noqa: PLC0415

    canvas = Canvas()
    ask.game.draw(ask.obs, canvas)
    longer = max(canvas.width, canvas.height)
    width, height = (max(1, round(SIDE * side / longer)) for side in (canvas.width, canvas.height))
    out = io.BytesIO()
    Image.fromarray(raster(canvas, width, height)).save(out, "PNG")
    return out.getvalue()


def message(text: str, png: bytes | None) -> dict[str, Any]:
    """A user's message of a text, with a picture below it."""
    if png is None:
        return {"role": "user", "content": text}
    url = "data:image/png;base64," + base64.b64encode(png).decode()
    return {
        "role": "user",
        "content": [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": url}}],
    }


def without_pictures(messages: list[dict[str, Any]]) -> list[dict[str, str]]:
    """The messages as a recording keeps them: a picture is told by its size; it can be drawn again from the state."""
    return [{"role": str(each["role"]), "content": _told(each["content"])} for each in messages]


def _told(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] if "text" in part else _size(part["image_url"]["url"]) for part in content)


def _size(url: str) -> str:
    return f"[a picture of the observation, PNG, {len(url.partition(',')[2]) * 3 // 4} bytes]"
