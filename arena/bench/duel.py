"""Two sides measured in turns: A B A B ..., each in its own process, both on the same core, one of them at work at a time.

A round's ratio compares neighbours in time, so that a machine that slows down slows both. A side whose packages are not
installed, or that fails, is said so in the row; it is never left out.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from types import TracebackType
from typing import Any, Self

from arena.bench.areas import Contender, Question
from arena.bench.figures import Figure, ratios, value
from arena.bench.results import Row

__all__ = ["Arena", "SideFailed", "ask", "versions"]

ONE_THREAD = {
    "NUMBA_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
}


class SideFailed(Exception):  # noqa: N818  named for what has happened
    """A side cannot be measured; the message says why, in one line."""


def versions(contender: Contender) -> dict[str, str]:
    """The versions of a side's packages. SideFailed for one that is not installed."""
    found = {}
    for package in contender.packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            raise SideFailed(f"{package}: not installed (pip install 'palaestra[peers]')") from None
    return found


class Side:
    """One side's process."""

    def __init__(self, contender: Contender, core: str, patience: float) -> None:
        self._patience = patience
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  lives as long as the process
        config = json.dumps(dict(contender.config))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "arena.bench.worker", contender.make, config, core],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True, env=os.environ | ONE_THREAD,
        )  # fmt: skip
        self.pinned = False

    def wait_ready(self) -> None:
        self.pinned = self._answer()["pinned"]

    def round(self, seconds: float) -> tuple[float, float]:
        """(count, seconds) of one turn. SideFailed when the process has died."""
        self.begin(seconds)
        return self.ended()

    def begin(self, seconds: float) -> None:
        """The first half of a turn: it works while the caller goes on."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # then it has died, and its answer tells
            self._process.stdin.write(f"{seconds}\n")
            self._process.stdin.flush()

    def ended(self) -> tuple[float, float]:
        """The other half: wait for what it has done."""
        count, took = self._answer()
        return count, took

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        # One answer follows one question, so nothing waits in the file's own buffer.
        if not select.select([self._process.stdout], [], [], self._patience)[0]:
            self._process.kill()
            raise SideFailed(f"no answer within {self._patience:g} s")
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._process.wait()
        self._errors.seek(0)
        told = self._errors.read().decode(errors="replace").strip().splitlines()
        raise SideFailed(told[-1] if told else f"ended with code {self._process.returncode}")

    def close(self) -> None:
        """Ask it to end, and wait until it has."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what is left for a process that has died
                    pipe.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()


class Arena:
    """The processes of a run. A side that several questions share is set up once; leaving the block ends all."""

    def __init__(self, core: str = "", patience: float = 300.0) -> None:
        """core: where all sides run, "" for anywhere; patience: seconds after which a side without an answer is given up."""
        self.core, self.patience = core, patience
        self._sides: dict[str, Side | SideFailed] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for side in self._sides.values():
            if isinstance(side, Side):
                side.close()
        self._sides.clear()

    def side(self, contender: Contender) -> Side:
        """The side's process, ready. SideFailed, each time again, when it could not be set up."""
        versions(contender)
        key = f"{contender.make} {json.dumps(dict(contender.config), sort_keys=True)}"
        if key not in self._sides:
            side = Side(contender, self.core if contender.cores == 1 else "", self.patience)
            self._sides[key] = side
            try:
                side.wait_ready()
            except SideFailed as failed:
                side.close()
                self._sides[key] = failed
        found = self._sides[key]
        if isinstance(found, SideFailed):
            raise found
        return found


def ask(question: Question, arena: Arena, rounds: int, seconds: float) -> Row:
    """Measure both sides in turns, `rounds` times, about `seconds` each; one side alone when there is no peer."""
    row = Row.about(question)
    sides: dict[str, Side] = {}
    for name, contender in question.sides:
        try:
            sides[name] = arena.side(contender)
            row.versions.update(versions(contender))
        except SideFailed as failed:
            row.notes.append(f"{contender.name}: {failed}")
    try:
        values = _rounds(sides, question.unit, rounds, seconds)
    except SideFailed as failed:
        row.notes.append(f"failed while it was measured: {failed}")
        return row
    row.pinned = bool(sides) and all(side.pinned for side in sides.values())
    row.figures.update(_figures(values, question.unit))
    return row


def _rounds(sides: Mapping[str, Side], unit: str, rounds: int, seconds: float) -> dict[str, list[float]]:
    values: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            values[name].append(value(*side.round(seconds), unit))
    return values


def _figures(values: Mapping[str, list[float]], unit: str) -> dict[str, Figure]:
    figures = {name: Figure.of(found, unit) for name, found in values.items()}
    if len(values) == 2:
        figures["ratio"] = Figure.of(ratios(values["ours"], values["peer"], unit), "x")
    return figures
