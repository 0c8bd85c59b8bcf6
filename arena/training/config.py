"""Settings of an algorithm: a frozen dataclass that is the command line, with every field documented and checked.

A field is made by `setting(default, help, low, high, choices)`. Values outside their range are refused with the range, however the
object is made. Defaults for a game stand in `defaults/ALGORITHM.toml`, a table for each game that differs; what a user gives comes last.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from arena.training.net import KINDS
from envs.errors import CORRUPT, UserError
from envs.options import checked
from envs.spec import Option

__all__ = ["Common", "SelfPlay", "Settings", "from_arguments", "game_defaults", "setting", "toml"]

DEFAULTS = Path(__file__).parent / "defaults"


def setting(
    default: Any, text: str, low: float | None = None, high: float | None = None, choices: tuple[Any, ...] = ()
) -> Any:
    """A field of Settings: its default, what it is for, and what is allowed (a range, or choices)."""
    return dataclasses.field(default=default, metadata={"option": Option(default, low, high, choices, text)})


@dataclass(frozen=True)
class Settings:
    """Base of every Config; `algo` is the name of the algorithm. Raises UserError for a value that is not allowed."""

    def __post_init__(self) -> None:
        for name, value in checked(type(self).name(), self.options(), self.values()).items():
            object.__setattr__(self, name, value)

    @classmethod
    def name(cls) -> str:
        """What the algorithm is called: the last part of its module."""
        return cls.__module__.rpartition(".")[2]

    @classmethod
    def options(cls) -> dict[str, Option]:
        """Field -> default, range and help, in declared order."""
        return {each.name: each.metadata["option"] for each in dataclasses.fields(cls)}

    def values(self) -> dict[str, Any]:
        """Field -> value."""
        return {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}

    @classmethod
    def made(cls, given: Mapping[str, Any], game: str = "") -> Self:
        """From texts or values: what is given, else the defaults of the game, else the field's own."""
        return cls(**checked(cls.name(), cls.options(), game_defaults(cls.name(), game) | dict(given)))

    def replace(self, **changes: Any) -> Self:
        """These settings with some values changed, checked again."""
        return dataclasses.replace(self, **changes)


@dataclass(frozen=True)
class Common(Settings):
    """What every algorithm has. The first of `steps` and `minutes` that is used up ends the training."""

    seed: int = setting(0, "what all randomness of the run follows from", 0, (1 << 63) - 1)
    steps: int = setting(1_000_000, "samples to learn from, at least one batch", 1, 10**12)
    minutes: float = setting(0.0, "time to train for, by `clock`; 0 for no limit", 0.0, 1e6)
    clock: str = setting(
        "wall", "which time counts: of the day, or of this process's processor", choices=("wall", "processor")
    )
    part: float = setting(
        0.0, "minutes, by `clock`, after which this call ends early, to be resumed; 0 for none", 0.0, 1e6
    )
    save_every: float = setting(60.0, "seconds, by `clock`, between checkpoints", 0.0, 1e6)
    log_every: float = setting(2.0, "seconds, by `clock`, between lines of metrics", 0.0, 1e6)


@dataclass(frozen=True)
class SelfPlay(Common):
    """What algorithms have that play a batch of games against themselves and others; each says its own defaults where they differ."""

    net: str = setting("auto", "kind of network; auto reads it off the view", choices=KINDS)
    view: str = setting("", "view that the network reads; empty for the role's first")
    hidden: int = setting(128, "width of hidden layers (channels of conv)", 1, 4096)
    layers: int = setting(2, "hidden layers (residual blocks of conv)", 1, 64)
    past: float = setting(0.2, "share of the games against former selves", 0.0, 1.0)
    two_ply: float = setting(0.0, "share of the games against a reader of two plies", 0.0, 1.0)
    agents: str = setting("", "agents to play against, by address, separated by spaces")
    agent_rows: int = setting(8, "games against each of them", 1, 1 << 16)
    pool: int = setting(12, "former selves that are kept", 1, 1000)
    snapshot: int = setting(50, "rounds between former selves", 1, 1_000_000)
    plies: int = setting(0, "longest random opening of an episode, in ticks; nothing is learned from it", 0, 1000)
    start_from: str = setting("", "recordings (a file or a folder) at whose states episodes may begin")
    start_share: float = setting(0.5, "share of the episodes that begin there", 0.0, 1.0)
    device: str = setting(
        "auto", "where networks learn; auto takes a GPU when torch sees one", choices=("auto", "cpu", "cuda")
    )
    threads: int = setting(
        0,
        "shards that work at once, or torch's threads where a board or entities are read; 0 for all cores that are worth it",
        0,
        1024,
    )
    shard: int = setting(512, "games from which on a shard is worth a thread, or a worker of a cluster", 1, 1 << 20)
    ray: str = setting("", "address of a Ray cluster that plays the shards: local, auto, HOST:PORT or ray://HOST:PORT")


def game_defaults(algo: str, game: str) -> dict[str, Any]:
    """The values that an algorithm's TOML file has for a game; {} where it has none."""
    path = DEFAULTS / f"{algo}.toml"
    if not path.is_file():
        return {}
    return dict(tomllib.loads(path.read_text(encoding="utf-8")).get(game, {}))


def from_arguments(words: Sequence[str], options: Mapping[str, Option]) -> dict[str, str]:
    """["--lr", "1e-3", "--net=conv"] -> {"lr": "1e-3", "net": "conv"}. Raises UserError for what is no --field value."""
    given: dict[str, str] = {}
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if not word.startswith("--") or name not in options:
            known = ", ".join(f"--{key.replace('_', '-')}" for key in options)
            raise UserError(f"{word!r} is no setting: there are {known}")
        if not equals:
            if not waiting:
                raise UserError(f"{word} needs a value: {options[name].allowed}")
            value = waiting.pop(0)
        given[name] = value
    return given


def toml(tables: Mapping[str, Mapping[str, Any]]) -> str:
    """Tables of plain values as TOML text."""
    lines = []
    for table, values in tables.items():
        lines += [f"[{table}]", *(f"{name} = {_word(value)}" for name, value in values.items()), ""]
    return "\n".join(lines)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        # Every character that TOML wants escaped in a basic string, JSON escapes in the same way.
        import json  # noqa: PLC0415

        return json.dumps(value, ensure_ascii=True).replace("\x7f", "\\u007f")
    raise UserError(f"{value!r} cannot be written to a configuration", CORRUPT)
