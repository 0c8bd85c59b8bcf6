"""What `--proofs` keeps of a run of long tests: each proof once, with its cases, and those that failed among them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from arena.bench.results import read
from arena.bench.studies import study_table
from tests.proofs import Proofs, rows, told

FILE = "tests/replays/test_torn.py"
NODE = f"{FILE}::test_a_million_crash_images_open_and_lack_nothing_that_was_synced"


def report(node: str, when: str = "call", outcome: str = "passed", seconds: float = 2.0, nightly: bool = True) -> Any:
    return SimpleNamespace(
        nodeid=node, when=when, passed=outcome == "passed", skipped=outcome == "skipped", failed=outcome == "failed",
        duration=seconds, keywords={"nightly": 1} if nightly else {},
    )  # fmt: skip


def test_cases_are_counted_once_whatever_phase_they_fail_in(tmp_path: Path) -> None:
    kept = Proofs(tmp_path / "proofs.jsonl", ["-m", "nightly"], 4)
    for case in "abc":
        for when in ("setup", "call", "teardown"):
            kept.pytest_runtest_logreport(report(f"{NODE}[{case}]", when))
    kept.pytest_runtest_logreport(report(f"{NODE}[d]", "setup", "failed"))
    kept.pytest_runtest_logreport(report(f"{NODE}[e]", "call", "failed"))
    kept.pytest_runtest_logreport(report(f"{NODE}[f]", "call"))
    kept.pytest_runtest_logreport(report(f"{NODE}[f]", "teardown", "failed"))
    kept.pytest_runtest_logreport(report(f"{NODE}[g]", "call", "skipped"))
    kept.pytest_runtest_logreport(report(f"{FILE}::test_short", "call", nightly=False))
    kept.pytest_sessionfinish()
    (row,) = read(tmp_path)
    assert row["figures"]["held"]["n"] == 6
    assert row["figures"]["held"]["median"] == 50.0
    assert (row["command"], row["seeds"]) == ("python -m pytest -m nightly", [4])
    assert row["figures"]["took"]["median"] == 14.0


def test_a_proof_is_told_in_words_and_the_table_shows_what_failed() -> None:
    assert told(NODE) == "a million crash images open and lack nothing that was synced (`replays/test_torn.py`)"
    said = told("tests/docs/test_proofs.py::report")
    assert said == "report (`docs/test_proofs.py`)"
    kept = Proofs(Path("unused"), [], 0)
    kept.pytest_runtest_logreport(report(NODE, "call", "failed"))
    made = rows(kept.found.values(), [], 0, datetime(2026, 1, 1, tzinfo=UTC))
    (_, _, line) = study_table("proofs", ["held", "took"], {row["id"]: row for row in made})
    assert "0 %" in line or "0.00 %" in line
    assert "2.00 s" in line
