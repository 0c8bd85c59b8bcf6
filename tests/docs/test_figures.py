"""Every measured figure in README.md and docs/ comes from a row of docs/results, and the checks that say so bite."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from arena.bench.pages import NOT_YET, bare, filled, pages, refresh
from arena.bench.results import append, newest, read
from arena.bench.studies import mean_figure, share_figure, study_row
from envs.errors import CORRUPT, UserError

ROOT = Path(__file__).parents[2]
PAGES = pages(ROOT)


def row(name: str = "vector/pgx", ratio: float = 5.234, **more: Any) -> dict[str, Any]:
    """A row as `arena bench --record` keeps it, as far as pages read it."""
    figures = {
        "ours": {"n": 5, "median": 12.61e6, "interval": [12e6, 13e6], "unit": "steps/s"},
        "peer": {"n": 5, "median": 2.4e6, "interval": [2e6, 3e6], "unit": "steps/s"},
        "ratio": {"n": 5, "median": ratio, "interval": [5.0, 6.0], "unit": "x"},
    }
    machine = {"cpu": "A processor", "cores": 2, "system": "Linux x86_64", "python": "3.11.7"}
    told = {"command": "arena bench", "commit": "abc", "config": {}, "seeds": [7], "machine": machine}
    return {"id": name, "date": "2026-11-21T05:00:00+00:00", "figures": figures, **told, **more}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_says_what_the_newest_rows_say(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert filled(page, newest(read(ROOT / "docs" / "results"))) == page, "run `make docs`"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_has_no_figure_that_no_row_has(path: Path) -> None:
    assert bare(path.read_text(encoding="utf-8")) == [], (
        "write <!-- figure:ID NAME --><!-- /figure -->, then `make docs`"
    )


def test_there_are_pages_to_look_at() -> None:
    assert {"README.md", "performance.md"} <= {path.name for path in PAGES}


@pytest.mark.parametrize(
    "figure",
    [
        "5x", "5.2x", "2×", "12 %", "12%", "26 M steps/s", "1,200 steps/s", "240k steps/s", "3 GB/s", "150 ms", "45 us", "0.3 s",
        "30 fps", "3 times", "1 million steps per second", "60 frames a second", "10 seconds", "1e6 steps/s", "5 million steps/s",
    ],
)  # fmt: skip
def test_a_bare_figure_is_found(figure: str) -> None:
    assert bare(f"Stepping is fast: {figure}, more or less.")
    assert bare(f"`{figure}`")
    assert bare(f"| pgx | {figure} |")


@pytest.mark.parametrize(
    "text",
    ["Python 3.11 to 3.14", "a board of 6 x 7", "80x24 cells", "port 8080", "version 2.13.0", "fps = 30  # 1 to 120", "exit code 5"],
)  # fmt: skip
def test_other_numbers_are_left_alone(text: str) -> None:
    assert bare(text) == []


def test_what_stands_between_markers_is_not_bare() -> None:
    page = "<!-- figure:vector/pgx ratio -->5.23x<!-- /figure --> and <!-- given -->30 fps<!-- /given --> and 7x"
    assert bare(page) == ["7x"]


def test_a_figure_is_written_from_its_row_and_a_wrong_one_is_replaced() -> None:
    page = "about <!-- figure:vector/pgx ratio -->9x<!-- /figure --> (<!-- figure:vector/pgx ratio.span --><!-- /figure -->)"
    page += " or <!-- figure:vector/pgx ours --><!-- /figure -->, wanted <!-- target:vector/pgx --><!-- /target -->"
    rows = {"vector/pgx": row()}
    written = filled(page, rows)
    assert "-->5.23x<!--" in written and "-->5.00x to 6.00x<!--" in written
    assert "-->12.6 M steps/s<!--" in written and "-->>= 5x<!--" in written
    assert filled(written, rows) == written


def test_without_a_row_nothing_is_claimed() -> None:
    page = "<!-- figure:vector/pgx ratio -->5x<!-- /figure --><!-- table:vector --><!-- /table -->"
    written = filled(page, {})
    assert f"-->{NOT_YET}<!--" in written
    assert "5x<!--" not in written


@pytest.mark.parametrize(("ratio", "verdict"), [(5.0, "reached"), (4.99, "missed")])
def test_a_table_has_the_verdict_of_its_row(ratio: float, verdict: str) -> None:
    written = filled("<!-- table:vector --><!-- /table -->", {"vector/pgx": row(ratio=ratio)})
    line = next(line for line in written.splitlines() if line.startswith("| vector/pgx |"))
    assert f"{ratio:.2f}x" in line and line.endswith(f"| {verdict} |")
    assert "A processor" in written


def test_the_rows_of_a_study_become_a_table() -> None:
    won, spread = share_figure(90, 100), mean_figure([1.0, 2.0, 3.0], "chips")
    at = datetime(2026, 11, 21, tzinfo=UTC)
    rows = {
        f"poker/{name}": study_row(
            f"poker/{name}", name, "arena study", at, config={}, seeds=[0, 1, 2], figures={"won": won, "gap": spread}
        )
        for name in ("ours", "theirs")
    }
    written = filled("<!-- rows:poker won gap --><!-- /rows -->", rows)
    assert "| poker | won | gap | n |" in written
    line = next(line for line in written.splitlines() if line.startswith("| ours |"))
    assert line.startswith("| ours | 90.0 % (82.6 to 94.5) | 2.00 chips (1.00 to 3.00) | 100, 3 |")
    assert filled(written, rows) == written
    assert bare(written) == []
    assert NOT_YET in filled("<!-- rows:poker lost --><!-- /rows -->", rows)


@pytest.mark.parametrize(
    "page",
    [
        "<!-- rows:poker --><!-- /rows -->",
        "<!-- figure:vector/nobody ratio --><!-- /figure -->",
        "<!-- figure:vector/pgx speed --><!-- /figure -->",
        "<!-- figure:vector/pgx ratio.mean --><!-- /figure -->",
        "<!-- target:vector/pgx_planes --><!-- /target -->",
        "<!-- table:nowhere --><!-- /table -->",
        "<!-- figure:vector/pgx ratio -->5x",
        "5x<!-- /figure -->",
        "<!-- given -->5x",
    ],
)
def test_a_marker_that_nothing_answers_is_refused(page: str) -> None:
    with pytest.raises(UserError):
        filled(page, {"vector/pgx": row()})


def test_refreshing_takes_the_newest_row_of_all_files_and_says_what_changed(tmp_path: Path) -> None:
    results = tmp_path / "docs" / "results"
    append(results / "z.jsonl", [row(ratio=1.5, date="2026-11-20T05:00:00+00:00")])
    append(results / "a.jsonl", [row(ratio=2.5), row(ratio=1.25, date="2026-11-19T05:00:00+00:00")])
    page = tmp_path / "README.md"
    page.write_text("<!-- figure:vector/pgx ratio --><!-- /figure -->", encoding="utf-8")
    assert refresh(tmp_path) == [page]
    assert "2.50x" in page.read_text(encoding="utf-8")
    assert refresh(tmp_path) == []


@pytest.mark.parametrize("line", ["no json", "[]", "{}", '{"id": "x"}'])
def test_a_damaged_row_is_named_by_file_and_line(tmp_path: Path, line: str) -> None:
    append(tmp_path / "bench.jsonl", [row()])
    with (tmp_path / "bench.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match=r"bench\.jsonl, line 2: ") as raised:
        read(tmp_path)
    assert raised.value.code == CORRUPT


def test_a_row_that_lacks_something_is_not_appended(tmp_path: Path) -> None:
    lame = row()
    del lame["figures"]["ratio"]["interval"]
    with pytest.raises(ValueError, match="interval"):
        append(tmp_path / "bench.jsonl", [row(), lame])
    assert not (tmp_path / "bench.jsonl").exists()
