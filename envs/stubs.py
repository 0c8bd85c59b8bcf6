"""The stubs that drivers call, and the table that says which game answers.

A stub finds the rule by the tag of the record that it is given: plainly at run time, here; compiled when numba types
the call, in envs.compiled. What a game leaves out is answered by the defaults at the end.
"""

from __future__ import annotations

from typing import Any

from envs.records import Rule, tag_of

__all__ = [
    "STUBS",
    "acting",
    "advance",
    "chance",
    "chances",
    "command",
    "encode",
    "imagine",
    "init",
    "legal",
    "observe",
    "play",
    "registered",
]

registered: dict[str, dict[str, Rule]] = {}
"""Tag of a record type -> stub name -> the rule that answers for it."""


def _found(record: Any, name: str) -> Rule:
    return registered[tag_of(record.dtype)][name]


def init(s: Any, c: Any, key: Any) -> None:
    _found(s, "init")(s, c, key)


def acting(s: Any, c: Any, seats: Any) -> None:
    _found(s, "acting")(s, c, seats)


def legal(s: Any, c: Any, seat: int, mask: Any) -> None:
    _found(s, "legal")(s, c, seat, mask)


def play(s: Any, c: Any, actions: Any, key: Any) -> None:
    _found(s, "play")(s, c, actions, key)


def command(s: Any, c: Any, actions: Any, key: Any) -> None:
    _found(s, "command")(s, c, actions, key)


def advance(s: Any, c: Any, key: Any, frame: int) -> None:
    _found(s, "advance")(s, c, key, frame)


def chances(s: Any, c: Any) -> int:
    return int(_found(s, "chances")(s, c))


def chance(s: Any, c: Any, i: int) -> None:
    _found(s, "chance")(s, c, i)


def observe(s: Any, c: Any, seat: int, obs: Any) -> None:
    _found(obs, "observe")(s, c, seat, obs)


def imagine(obs: Any, c: Any, seat: int, key: Any, s: Any) -> None:
    _found(obs, "imagine")(obs, c, seat, key, s)


def encode(obs: Any, c: Any, out: Any) -> None:
    _found(obs, "encode")(obs, c, out)


STUBS = (init, acting, legal, play, command, advance, chances, chance, observe, imagine, encode)


def _play_frames(s: Any, c: Any, actions: Any, key: Any) -> None:
    command(s, c, actions, key)
    for frame in range(c.frames):
        if not s.done:
            advance(s, c, key, frame)


def _one_chance(s: Any, c: Any) -> int:
    return 1


def _no_chance(s: Any, c: Any, i: int) -> None:
    return


play_frames, one_chance, no_chance = Rule(_play_frames), Rule(_one_chance), Rule(_no_chance)
"""What stands in for a rule that a game leaves out."""
