"""Games: rules over records, and the faces that training, matches and screens see.

`make` gives a game's face, `game` the game itself, `names` what is installed, `spec` a game's declaration. Names resolve
on first use, so that importing this package loads no numba, gymnasium, pettingzoo or pygame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from envs.loading import uncollected

with uncollected():
    from envs.errors import UserError
    from envs.registry import game, names, spec

if TYPE_CHECKING:
    from envs.conformance import check

__all__ = ["UserError", "check", "game", "make", "names", "spec"]

_FACES = {
    "aec": ("envs.faces.aec", "AEC"),
    "parallel": ("envs.faces.parallel", "Parallel"),
    "gym": ("envs.faces.gym", "Gym"),
    "vector": ("envs.faces.vector", "vector"),
}
_FACE_OPTIONS = {
    "aec": ("encode", "render_mode"),
    "parallel": ("encode", "render_mode"),
    "gym": ("encode", "render_mode", "seat", "opponents", "flat"),
    "vector": ("encode", "num", "seats", "threads", "checked"),
}


def make(name: str, view: str = "aec", **options: Any) -> Any:
    """A face of a game: "aec" (pettingzoo.AECEnv), "parallel" (ParallelEnv), "gym" (gymnasium.Env), "vector".

    Options of the face (num, encode, seat, opponents, render_mode, ...) and of the game may be mixed; with view="vector",
    `seats="acting"` is the face's. `name` may carry options itself ("liars_dice?seats=4"). Raises UserError.
    """
    from importlib import import_module  # noqa: PLC0415

    from envs.errors import unknown  # noqa: PLC0415

    if view not in _FACES:
        raise unknown("view", view, _FACES)
    taken = {key: options.pop(key) for key in _FACE_OPTIONS[view] if _is_face_option(view, key, options)}
    module, attribute = _FACES[view]
    with uncollected():
        return getattr(import_module(module), attribute)(game(name, **options), **taken)


def _is_face_option(view: str, key: str, options: dict[str, Any]) -> bool:
    """`seats` is the number of seats of many games, and the vector face's choice "all" or "acting"."""
    return key in options and not (view == "vector" and key == "seats" and not isinstance(options[key], str))


def __getattr__(name: str) -> Any:
    if name == "check":
        from envs.conformance import check  # noqa: PLC0415

        return check
    raise AttributeError(f"module 'envs' has no attribute {name!r}")
