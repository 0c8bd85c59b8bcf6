"""An MP4 (H.264, as browsers play it), encoded picture by picture by PyAV, which the extra `video` brings."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from envs.extras import absent
from replays.exports._scene import Scene
from replays.exports._shots import Wanted, shots
from replays.tape import Tape

__all__ = ["write"]


def write(tape: Tape, wanted: Wanted, path: Path) -> None:
    av = _library()
    scene = Scene(tape, wanted)
    # The suffix of the unfinished file says nothing, so the container is named.
    with av.open(str(path), "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=Fraction(wanted.fps).limit_denominator(1000))
        stream.width, stream.height, stream.pix_fmt = *scene.size, "yuv420p"
        stream.options = {"crf": "18", "preset": "veryfast", "tune": "animation"}
        elapsed, made = 0.0, 0
        for shot in shots(tape, wanted):
            picture = np.asarray(scene.paint(shot))
            elapsed += shot.seconds
            while made < max(1, round(elapsed * wanted.fps)):
                film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
                made += 1
        film.mux(stream.encode())


def _library() -> Any:
    try:
        import av  # noqa: PLC0415  an extra
    except ImportError:
        raise absent("av", "an .mp4", "or export a .gif") from None
    return av
