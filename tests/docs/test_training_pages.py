"""The Python of the pages on training runs as it stands, with fewer steps."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def blocks(page: str) -> list[str]:
    found: list[str] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
    return found


def shortened(block: str) -> str:
    """With the least number of steps that goes once around the loop."""
    block = re.sub(r"^STEPS = [\d_]+", "STEPS = 512", block, flags=re.MULTILINE)
    return re.sub(
        r"^STEPS, ROWS, TICKS, (.*) = [\d_]+, 256, 32,",
        r"STEPS, ROWS, TICKS, \1 = 1024, 32, 16,",
        block,
        flags=re.MULTILINE,
    )


@pytest.mark.foreign_random
@pytest.mark.parametrize("number", range(3))
def test_the_page_on_other_libraries_runs(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    block = blocks("other-libraries.md")[number]
    assert shortened(block) != block
    exec(compile(shortened(block), "other-libraries.md", "exec"), {"__name__": "page"})
    assert number == 1 or "last step" in capsys.readouterr().out


def test_the_page_on_training_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (block,) = blocks("training.md")
    space: dict[str, object] = {}
    exec(compile(block, "training.md", "exec"), space)
    assert (tmp_path / "runs" / "mine" / "run.json").is_file()


def test_no_block_was_forgotten() -> None:
    assert len(blocks("other-libraries.md")) == 3
