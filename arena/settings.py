"""What a user may choose once: read from flags, environment, project file, user file, defaults, in this order.

The project file is `./palaestra.toml`, the user file `config.toml` in the user's configuration folder. `RULES` is
the law: every key, what it may be, its default. An unknown key or a wrong value is a UserError of one line
that names where it stands. `keys.BINDING = "key"` remaps one binding of the screens on top of the preset.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from envs.errors import UserError

__all__ = ["PALETTES", "PRESETS", "PROJECT_FILE", "RULES", "Keys", "Rule", "Settings", "load", "user_file"]

PALETTES = ("standard", "colour-blind")
PRESETS = ("default", "asciinema", "vim", "arrows-only")
PROJECT_FILE = Path("palaestra.toml")
PREFIX = "PALAESTRA_"
DEBUG = "PALAESTRA_DEBUG"
"""No setting of a user: it makes compile errors of rules come out whole."""
BINDINGS = "keys."


@dataclass(frozen=True, slots=True)
class Rule:
    """One key: its default, what is allowed in words, and the test.

    `take` gives the value to keep, and raises ValueError where it is not allowed.
    """

    default: Any
    allowed: str
    take: Callable[[Any], Any]


def _number(kind: type[int | float], least: float, most: float) -> Callable[[Any], Any]:
    """Accepts a number from `least` to `most` (both included); where whole ones are asked for, only whole ones."""

    def take(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, kind)) or not least <= value <= most:
            raise ValueError
        return kind(value)

    return take


def _choice(*names: str) -> Callable[[Any], Any]:
    def take(value: Any) -> Any:
        if value not in names:
            raise ValueError
        return value

    return take


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError
    return value


def _path(value: Any) -> Path:
    return value if isinstance(value, Path) else Path(_text(value)).expanduser()


RULES: dict[str, Rule] = {
    "runs": Rule(Path("runs"), "a path in quotes", _path),
    "fps": Rule(30, "a whole number from 1 to 120", _number(int, 1, 120)),
    "palette": Rule("standard", " or ".join(PALETTES), _choice(*PALETTES)),
    "speed": Rule(1.0, "moves per second, from 0.01 to 1000", _number(float, 0.01, 1000)),
    "delay": Rule(0.0, "seconds, from 0 to 3600", _number(float, 0, 3600)),
    "keys.preset": Rule("default", ", ".join(PRESETS), _choice(*PRESETS)),
}
_BINDING = Rule("", "the name of a key in quotes", _text)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of the screens: a preset, and single bindings (binding id -> key) that go before it."""

    preset: str = RULES["keys.preset"].default
    bindings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """All choices, checked. `sources` says for each key that was set where it was set."""

    runs: Path = RULES["runs"].default
    """The folder that recordings and training runs are written to; relative to the working folder."""
    fps: int = RULES["fps"].default
    """Pictures per second that a screen paints at most."""
    palette: str = RULES["palette"].default
    speed: float = RULES["speed"].default
    """Moves per second at which a match is shown."""
    delay: float = RULES["delay"].default
    """Seconds that a view stays behind the newest event."""
    keys: Keys = field(default_factory=Keys)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)


def user_file() -> Path:
    """Where this user's own settings are kept, by the custom of the system."""
    import platformdirs  # noqa: PLC0415 (the fastest verbs need no settings)

    return platformdirs.user_config_path("palaestra") / "config.toml"


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    project: Path = PROJECT_FILE,
    user: Path | None = None,
) -> Settings:
    """Read every source and merge them. `flags` maps keys of `RULES` to values; None means not given.

    Raises UserError for a file that cannot be read, an unknown key or a value that is not allowed.
    """
    layers = [
        _from_file(user_file() if user is None else user),
        _from_file(project),
        _from_environment(os.environ if environ is None else environ),
        ((key, value, f"--{key}") for key, value in (flags or {}).items() if value is not None),
    ]
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for key, value, source in (entry for layer in layers for entry in layer):
        values[key] = _checked(key, value, source)
        sources[key] = source
    return _settings(values, sources)


def _settings(values: dict[str, Any], sources: dict[str, str]) -> Settings:
    plain = {key: value for key, value in values.items() if not key.startswith(BINDINGS)}
    bindings = {key.removeprefix(BINDINGS): value for key, value in values.items() if key not in RULES}
    preset = values.get("keys.preset", RULES["keys.preset"].default)
    return Settings(**plain, keys=Keys(preset, bindings), sources=sources)


def _from_file(path: Path) -> Iterator[tuple[str, Any, str]]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not a settings file: {error}; mend it or take it away") from None
    yield from ((key, value, str(path)) for key, value in _flat(table))


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested tables as dotted keys: {"keys": {"preset": "vim"}} is ("keys.preset", "vim")."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Any, str]]:
    """PALAESTRA_FPS is fps, PALAESTRA_KEYS_PRESET is keys.preset; single bindings stand in files only."""
    names = {PREFIX + key.replace(".", "_").upper(): key for key in RULES}
    for name in sorted(name for name in environ if name.startswith(PREFIX) and name != DEBUG):
        if name not in names:
            raise UserError(f"{name}: no such setting; {_known(name, names)}")
        yield names[name], _read(environ[name], RULES[names[name]].default), name


def _read(text: str, default: Any) -> Any:
    """A variable's text as the type of the key; text that does not read so stays text, for the rule to refuse."""
    kind = type(default)
    try:
        return kind(text) if kind in (int, float) else text
    except ValueError:
        return text


def _checked(key: str, value: Any, source: str) -> Any:
    rule = RULES.get(key) or (_BINDING if key.startswith(BINDINGS) else None)
    if rule is None:
        raise UserError(f"{source}: unknown key {key!r}; {_known(key, RULES)}, keys.BINDING")
    try:
        return rule.take(value)
    except ValueError:
        raise UserError(f"{source}: {key} is {_shown(value)}; allowed is {rule.allowed}") from None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _known(name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]}? " if near else "") + f"known are {', '.join(known)}"
