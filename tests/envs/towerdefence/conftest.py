"""Games of tower defence for the tests, made once, and a level that one can bend."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import envs
from envs.game import Game

LINE = """\
title = "A line"
[rules]
{rules}
[fog]
radius = {fog}
[[path]]
points = [[-3.0, 0.0], [3.0, 0.0]]
[[slot]]
at = [0.0, 0.5]
[[slot]]
at = [1.5, -0.5]
[[slot]]
at = [0.0, 2.9]
[[wave]]
spacing = 1.0
groups = [{groups}]
{more}
"""


@pytest.fixture
def line(tmp_path: Path) -> Callable[..., Game]:
    """line(groups, rules=, fog=, more=, **options): a game on one straight road."""

    def made(
        groups: str = '["goblin", 3, 1]', rules: str = "", fog: float = 0.0, more: str = "", **options: Any
    ) -> Game:
        path = tmp_path / "line.toml"
        path.write_text(LINE.format(groups=groups, rules=rules, fog=fog, more=more), encoding="utf-8")
        return envs.game("tower_defence", level=str(path), **options)

    return made
