"""A training run as a screen shows it: its folder, read on as it grows.

Files may be cut anywhere, since the training may be killed or the disk full: a line that is not whole waits for its rest, one that makes no
sense is left out. Nothing is locked, nothing of the algorithms is loaded, and memory is bounded: long series are thinned.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from arena.text import safe_text
from arena.training.run import Run

__all__ = ["Curve", "Follower", "RunView", "newest_match", "tell"]

_MOST_POINTS = 4000
_MOST_READ = 1 << 22
"""Bytes that are taken from one file in one look."""
_LONGEST = 1 << 16
_MOST_NAMES = 64
_LOG_LINES = 200
_QUIET = 30.0
"""A run that has written nothing for so many seconds, or for five lines' time, is called silent."""


class Follower:
    """The new whole lines of a file that grows; a file that became shorter is read anew, and `again` says so."""

    def __init__(self, path: Path) -> None:
        self.path, self.at, self.rest, self.again = path, 0, b"", False

    def lines(self) -> list[str]:
        """What has come since the last call, at most 4 MB of it."""
        self.again = False
        try:
            with self.path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self.at:
                    self.at, self.rest, self.again = 0, b"", True
                file.seek(self.at)
                data = file.read(_MOST_READ)
        except OSError:
            return []
        self.at += len(data)
        *whole, self.rest = (self.rest + data).split(b"\n")
        self.rest = self.rest if len(self.rest) <= _LONGEST else b""
        return [line.decode("utf-8", "replace") for line in whole if line and len(line) <= _LONGEST]


class Curve:
    """One metric over the steps. When there are too many points, every second one goes."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.values: list[float] = []

    def add(self, step: float, value: float) -> None:
        self.steps.append(step)
        self.values.append(value)
        if len(self.steps) > _MOST_POINTS:
            del self.steps[-2::-2], self.values[-2::-2]

    @property
    def last(self) -> float:
        return self.values[-1] if self.values else math.nan

    def smooth(self, share: float = 0.05) -> list[float]:
        """A running mean over a share of the points (exponential, centred by its bias correction)."""
        keep = 1.0 - 1.0 / max(1.0, share * len(self.values))
        found, mean, weight = [], 0.0, 0.0
        for value in self.values:
            if math.isfinite(value):
                mean, weight = keep * mean + (1 - keep) * value, keep * weight + (1 - keep)
            found.append(mean / weight if weight else math.nan)
        return found


class RunView:
    """A run's folder. Raises UserError (3, 4) when there is none. now: seconds since 1970, as file times are."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self.run, self.path, self.now = Run.opened(path), path, now
        self.curves: dict[str, Curve] = {}
        self.step, self.seconds = 0, 0.0
        self.log: deque[str] = deque(maxlen=_LOG_LINES)
        self.alerts: deque[dict[str, Any]] = deque(maxlen=20)
        self.gates: deque[dict[str, Any]] = deque(maxlen=100)
        self.pool: list[int] = []
        self.league: dict[str, Any] = {}
        self.match: Path | None = None
        self._files = {
            name: Follower(path / name) for name in ("metrics.jsonl", "log.txt", "alerts.jsonl", "gates.jsonl")
        }

    # ------------------------------------------------------------------ reading on
    def refresh(self) -> bool:
        """Take up what is new; whether there was anything."""
        metrics = self._metrics()
        logged = self._files["log.txt"].lines()
        self.log.extend(safe_text(line, width=400) for line in logged)
        told = list(self._objects("alerts.jsonl"))
        judged = list(self._objects("gates.jsonl"))
        self.alerts.extend(told)
        self.gates.extend(judged)
        before = self.pool, self.match, self.league
        self.pool = sorted(
            int(each.stem) for each in (self.path / "pool").glob("*.safetensors") if each.stem.isdecimal()
        )
        self.match = newest_match(self.path / "matches")
        self.league = _small(self.path / "league.json")
        return bool(metrics or logged or told or judged) or before != (self.pool, self.match, self.league)

    def _metrics(self) -> bool:
        rows = list(self._objects("metrics.jsonl"))
        if self._files["metrics.jsonl"].again:
            self.curves.clear()  # the run was taken back to a checkpoint
        for row in rows:
            step, seconds = row.pop("step", None), row.pop("seconds", None)
            if not _number(step) or not _number(seconds):
                continue
            self.step, self.seconds = int(step), float(seconds)
            for name, value in row.items():
                if value is None or _number(value):
                    self._curve(name).add(step, math.nan if value is None else float(value))
        return bool(rows)

    def _curve(self, name: str) -> Curve:
        if name not in self.curves and len(self.curves) >= _MOST_NAMES:
            return Curve()
        return self.curves.setdefault(name, Curve())

    def _objects(self, name: str) -> Iterator[dict[str, Any]]:
        for line in self._files[name].lines():
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if isinstance(found, dict):
                yield found

    # ------------------------------------------------------------------ what follows from it
    @property
    def used(self) -> float:
        """The share of the budget that is used up."""
        steps, seconds = self._budget("steps"), self._budget("seconds") or 60 * self._budget("minutes")
        shares = [self.step / steps] if steps else []
        shares += [self.seconds / seconds] if seconds else []
        return min(max(shares, default=0.0), 1.0)

    @property
    def left(self) -> float | None:
        """Seconds that are left at the pace so far; None before anything is known."""
        used = self.used
        return self.seconds * (1 - used) / used if used > 0 and self.seconds > 0 else None

    def _budget(self, name: str) -> float:
        value = self.run.config.get(name, 0)
        return float(value) if _number(value) and value > 0 else 0.0

    @property
    def state(self) -> str:
        """running, paused, ended, or silent: nothing was written for long, and no end was logged."""
        if self.log and " ends at step " in self.log[-1]:
            return "ended"
        if self.log and " pauses at step " in self.log[-1]:
            return "paused"
        quiet = max(_QUIET, 5 * self._budget("log_every"))
        return "running" if self.now() - self._touched() < quiet else "silent"

    def _touched(self) -> float:
        paths = [self.path / "run.json", *(each.path for each in self._files.values())]
        times = [path.stat().st_mtime for path in paths if path.is_file()]
        return max(times, default=0.0)


def tell(path: Path, out: TextIO, now: Callable[[], float] = time.time) -> None:
    """Where a run stands, as lines: what it is, how far, its newest figures, its alerts, the end of its log."""
    view = RunView(path, now)
    view.refresh()
    out.write(f"{safe_text(path)}: {safe_text(view.run.algo)} on {safe_text(view.run.game)}, {view.state}\n")
    out.write(f"step {view.step}, {view.used:.0%} of the budget, {view.seconds:.0f} s\n")
    out.writelines(f"{safe_text(name, width=40)} {curve.last:.6g}\n" for name, curve in view.curves.items())
    out.writelines(f"alert: {safe_text(alert.get('text'), width=400)}\n" for alert in view.alerts)
    out.writelines(f"{line}\n" for line in list(view.log)[-10:])


def _small(path: Path) -> dict[str, Any]:
    """What a small file of JSON holds; {} where there is none, or it is too large or makes no sense."""
    try:
        with path.open("rb") as file:
            found = json.loads(file.read(_MOST_READ))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def newest_match(folder: Path) -> Path | None:
    """The recording that was begun last in a folder or below, running ones (x.arena.part) by their later name."""
    found = [each for pattern in ("*.arena", "*.arena.part") for each in folder.rglob(pattern)]
    if not found:
        return None
    return Path(str(max(found, key=_age)).removesuffix(".part"))


def _age(path: Path) -> tuple[bool, float, str]:
    try:
        return path.suffix == ".part", path.stat().st_mtime, path.name
    except OSError:
        return False, 0.0, path.name


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
