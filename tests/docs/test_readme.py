"""The README's Python runs as it stands, and the files that it shows are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(block, "README.md", "exec"), {})


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_what_the_readme_links_to_is_there(path):
    assert (ROOT / path).is_file()


def test_every_verb_that_the_readme_shows_exists():
    from arena.cli import VERBS

    used = set(re.findall(r"^arena (\w+)", README, re.MULTILINE))
    assert used <= set(VERBS)
    assert all((ROOT / "arena/cli" / f"{verb}.py").exists() or (ROOT / "arena/cli" / verb).is_dir() for verb in used)
