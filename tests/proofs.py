"""`--proofs FILE` keeps what the long proofs came to: one row a proof in a file of results, from which docs/proofs.md is made.

A proof is a test function marked `nightly`; its cases are its parameters. A proof that has failed is a row like any other, and one of
which a case was skipped counts the cases that ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from arena.bench.results import append
from arena.bench.studies import study_row, typed


@dataclass
class Proof:
    """One test function: how many of its cases ran and how many held; seconds of all of them."""

    node: str
    cases: int = 0
    held: int = 0
    seconds: float = 0.0


class Proofs:
    """A plugin that listens to the reports, wherever the tests run, and writes the rows at the end."""

    def __init__(self, path: Path, arguments: Sequence[str], seed: int) -> None:
        self.path, self.arguments, self.seed = path, arguments, seed
        self.found: dict[str, Proof] = {}
        self._held: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a case when its call is over, or when it did not come to that."""
        if "nightly" not in report.keywords or report.skipped or (report.when != "call" and report.passed):
            return
        node = report.nodeid.partition("[")[0]
        proof = self.found.setdefault(node, Proof(node))
        proof.seconds += report.duration
        proof.cases += (
            report.when != "teardown"
        )  # a case that fails there has been counted: what it left behind fails it
        if report.passed:
            self._held.add(report.nodeid)
        else:
            self._held.discard(report.nodeid)
        proof.held = sum(each.partition("[")[0] == node for each in self._held)

    def pytest_sessionfinish(self) -> None:
        """Append the rows."""
        append(self.path, rows(self.found.values(), self.arguments, self.seed, datetime.now(UTC)))


def rows(found: Iterable[Proof], arguments: Sequence[str], seed: int, now: datetime) -> list[dict[str, Any]]:
    """A row for each proof, in the order of their names."""
    return [_row(proof, arguments, seed, now) for proof in sorted(found, key=lambda proof: proof.node)]


def _row(proof: Proof, arguments: Sequence[str], seed: int, now: datetime) -> dict[str, Any]:
    figures = {
        "held": _counted(proof, 100 * proof.held / proof.cases, "%"),
        "took": _counted(proof, proof.seconds, "s"),
    }
    command = typed("pytest", arguments)
    return study_row(f"proofs/{proof.node}", told(proof.node), command, now, config={}, seeds=[seed], figures=figures)


def _counted(proof: Proof, value: float, unit: str) -> dict[str, Any]:
    """A figure that is no sample of anything, so that its interval has no width."""
    return {"n": proof.cases, "median": value, "interval": [value, value], "unit": unit}


def told(node: str) -> str:
    """What a proof says, which is its name in words, and the file in which it stands."""
    file, _, name = node.partition("::")
    return f"{name.removeprefix('test_').replace('_', ' ')} (`{file.removeprefix('tests/')}`)"
