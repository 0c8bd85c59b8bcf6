"""A run: the folder in which a training lives, so that it can be killed, resumed, watched and played against.

config.toml     [run] algo, game, command; [config] every setting
run.json        versions, git state, start; the game's id and the digest of its rules
metrics.jsonl   one JSON object a line: step, seconds, then named numbers
log.txt         what happened, a line each; alerts.jsonl: what somebody should look at (kind, text, step, seconds)
checkpoints/    see `checkpoint`; pool/: past selves, <step>.safetensors; ratings.json; league.json; matches/: recorded evaluation matches
tensorboard/    the metrics as TensorBoard events
A disk that is full stops no training: what cannot be written is told as an alert, and tried again the next time.
"""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import time
import tomllib
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from arena.training import checkpoint
from arena.training.checkpoint import Checkpoint
from arena.training.config import Settings, toml
from arena.training.events import Events
from envs.errors import CORRUPT, NOT_FOUND, USAGE, UserError
from envs.game import Game
from envs.options import address as joined

__all__ = ["Run", "is_run"]

_PACKAGES = ("palaestra", "numpy", "numba", "torch", "safetensors", "msgpack")


def is_run(path: str | os.PathLike[str]) -> bool:
    """Whether a path is the folder of a run."""
    return (Path(path) / "run.json").is_file()


class Run:
    """See the module. Made by `create` or `opened`; `path`, `algo`, `game` (an address), `config` (field -> value), `facts` (run.json).

    fsync and now (seconds since 1970, for log.txt) are arguments. alerts: all that were given in this process.
    """

    def __init__(
        self, path: Path, *, fsync: Callable[[int], None] = os.fsync, now: Callable[[], float] = time.time
    ) -> None:
        self.path, self.fsync, self.now = path, fsync, now
        tables = _config(path)
        self.algo, self.game = str(tables["run"]["algo"]), str(tables["run"]["game"])
        self.config: dict[str, Any] = tables["config"]
        self.facts: dict[str, Any] = _facts(path)
        self.alerts: list[dict[str, Any]] = []
        self.step, self.seconds = 0, 0.0
        self._events: Events | None = None
        self._failing: set[str] = set()

    # ------------------------------------------------------------------ making and finding
    @classmethod
    def create(
        cls, path: str | os.PathLike[str], *, algo: str, game: Game, address: str = "", config: Settings | Mapping[str, Any],
        command: str = "", fsync: Callable[[int], None] = os.fsync, now: Callable[[], float] = time.time,
    ) -> Self:  # fmt: skip
        """A fresh run. UserError when the folder is taken."""
        folder = Path(path)
        if folder.exists() and any(folder.iterdir()):
            raise UserError(f"{folder} is not empty: --resume continues a run, another --run DIR begins one", USAGE)
        folder.mkdir(parents=True, exist_ok=True)
        values = config.values() if isinstance(config, Settings) else dict(config)
        told = {"algo": algo, "game": address or joined(game.place or game.id, game.options), "command": command}
        (folder / "config.toml").write_text(toml({"run": told, "config": values}), encoding="utf-8")
        facts = {
            "schema": "palaestra.run/1", "algo": algo, "game": game.id, "digest": game.digest, "started": now(),
            "versions": _versions(), **_commit(),
        }  # fmt: skip
        # Written last: a folder with a run.json is a run.
        (folder / "run.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
        return cls(folder, fsync=fsync, now=now)

    def discard(self) -> None:
        """Take back a run that could not begin: its folder is empty again, for the next try."""
        self.close()
        for each in self.path.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink(missing_ok=True)

    @classmethod
    def opened(cls, path: str | os.PathLike[str], **more: Any) -> Self:
        """The run of a folder. UserError (3, 4) when there is none, or its configuration cannot be read."""
        return cls(Path(path), **more)

    def demand_same_rules(self, game: Game) -> None:
        """Raises UserError (4) when the game's rules are not those that the run was trained on."""
        if self.facts.get("game") != game.id or self.facts.get("digest") != game.digest:
            what = f"{self.facts.get('game')}, rules {self.facts.get('digest')}"
            raise UserError(
                f"{self.path} was trained on {what}; installed is {game.id}, rules {game.digest}: begin a new run",
                CORRUPT,
            )

    # ------------------------------------------------------------------ what is written
    def log(self, step: int, seconds: float, values: Mapping[str, float]) -> None:
        """Add a line of metrics, and TensorBoard events. Values that are not finite are null in the file."""
        self.step, self.seconds = step, seconds
        row = {"step": step, "seconds": round(seconds, 3)} | {k: _finite(v) for k, v in values.items()}
        self._append("metrics.jsonl", json.dumps(row))
        self._guarded("tensorboard", lambda: self._board().add(step, values))

    def note(self, text: str) -> None:
        """Add a line to log.txt."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now()))
        self._append("log.txt", f"{stamp} {' '.join(text.split())}")

    def alert(self, kind: str, text: str) -> None:
        """What somebody should look at; also a line of log.txt. kind: disk, nan, entropy, ..."""
        entry = {"kind": kind, "text": text, "step": self.step, "seconds": round(self.seconds, 3)}
        self.alerts.append(entry)
        try:
            self._write_line("alerts.jsonl", json.dumps(entry))
            self.note(f"{kind}: {text}")
        except OSError:
            return  # it stays in `alerts`, which the progress line shows

    def save(self, step: int, weights: checkpoint.Weights, state: Mapping[str, Any]) -> bool:
        """Write a checkpoint; False, with an alert, when the disk does not take it."""
        folder = self.path / "checkpoints"
        return self._guarded("checkpoints", lambda: checkpoint.save(folder, step, weights, state, self.fsync))

    def keep(self, name: str, data: bytes) -> bool:
        """Write a small file (ratings.json, pool/<step>.safetensors) whole or not at all; False, with an alert, when it fails."""
        return self._guarded(name, lambda: self._replace(self.path / name, data))

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is whole; each damaged one is an alert."""
        return checkpoint.newest(self.path / "checkpoints", lambda why: self.alert("damaged", why))

    def demand(self, step: int = 0) -> Checkpoint:
        """The checkpoint of a step, or with 0 the newest that is whole. UserError (3) where there is none, (4) for a damaged one."""
        if step:
            kept = checkpoint.steps(self.path / "checkpoints")
            if step not in kept:
                there = f"it has {', '.join(map(str, kept))}" if kept else "train it first"
                raise UserError(f"{self.path} has no checkpoint {step}: {there}", NOT_FOUND)
            return checkpoint.load(self.path / "checkpoints" / str(step))
        found = self.newest()
        if found is None:
            raise UserError(f"{self.path} has no checkpoint that can be loaded: train it first", NOT_FOUND)
        return found

    def newest_step(self) -> int:
        """The step of the newest checkpoint, whole or not; 0 without one."""
        return max(checkpoint.steps(self.path / "checkpoints"), default=0)

    def rewind(self, step: int) -> None:
        """Drop the metrics after `step`: they will come again."""
        path = self.path / "metrics.jsonl"
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            kept = [line for line in lines if _step_of(line) <= step]
            self._replace(path, "".join(line + "\n" for line in kept).encode())

    def close(self) -> None:
        """Close the files that are open."""
        if self._events is not None:
            self._events.close()
            self._events = None

    # ------------------------------------------------------------------ inside
    def _board(self) -> Events:
        if self._events is None:
            self._events = Events(self.path / "tensorboard")
        return self._events

    def _append(self, name: str, line: str) -> None:
        self._guarded(name, lambda: self._write_line(name, line))

    def _write_line(self, name: str, line: str) -> None:
        # Unbuffered: a line is in the file or not, and a full disk is noticed here.
        with (self.path / name).open("ab", buffering=0) as file:
            file.write(line.encode() + b"\n")

    def _replace(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            self.fsync(file.fileno())
        part.replace(path)

    def _guarded(self, what: str, work: Callable[[], Any]) -> bool:
        """Do it; a disk that refuses is an alert, once until it works again."""
        try:
            work()
        except OSError as error:
            if what not in self._failing:
                self._failing.add(what)
                self.alert("disk", f"{what} cannot be written: {error.strerror or error}; training goes on")
            return False
        self._failing.discard(what)
        return True


def _config(path: Path) -> dict[str, dict[str, Any]]:
    try:
        tables = tomllib.loads((path / "config.toml").read_text(encoding="utf-8"))
        return {"run": {"algo": tables["run"]["algo"], "game": tables["run"]["game"]}, "config": dict(tables["config"])}
    except OSError as error:
        raise UserError(f"{path} is no run: config.toml cannot be read ({error.strerror})", NOT_FOUND) from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}/config.toml is damaged: {error}", CORRUPT) from None


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads((path / "run.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path} is no run: run.json cannot be read ({error.strerror})", NOT_FOUND) from None
    except ValueError as error:
        raise UserError(f"{path}/run.json is damaged: {error}", CORRUPT) from None
    if not isinstance(facts, dict):
        raise UserError(f"{path}/run.json is damaged: it is a {type(facts).__name__}", CORRUPT)
    return facts


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "source" if package == "palaestra" else ""
    return found


def _commit() -> dict[str, str]:
    from arena.bench.machine import ROOT, commit  # noqa: PLC0415  it runs git

    return {"commit": commit(ROOT)}


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _step_of(line: str) -> int:
    """The step of a line of metrics; a line that was cut is after everything."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return 1 << 62
