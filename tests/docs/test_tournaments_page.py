"""The page on tournaments says what the program does: its example is a file that can be played, its table has every field."""

from __future__ import annotations

import re
from pathlib import Path

from arena.tournament.fields import CLOCK, FIELDS, SYSTEMS
from arena.tournament.reading import read

PAGE = (Path(__file__).parents[2] / "docs" / "tournaments.md").read_text(encoding="utf-8")


def test_the_example_can_be_played(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "first-cup.toml"
    path.write_text(example, encoding="utf-8")
    plan = read(path)
    assert [division.sets for division in plan.divisions] == [20, 100]


def test_the_table_has_every_field_and_no_other() -> None:
    table = PAGE[PAGE.index("| field |") : PAGE.index("**Seats.**")]
    named = {word for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for word in re.findall(r"`(.*?)`", row)}
    named |= set(re.findall(r"`(.*?)`", PAGE.split("| `[clock]` |")[1].split("|")[0]))
    assert {word.strip("[]") for word in named} == FIELDS.keys() | CLOCK.keys() | {"clock"}


def test_it_tells_which_fields_a_game_may_have() -> None:
    sentence = next(line for line in PAGE.splitlines() if "may also stand under a game" in line)
    assert set(re.findall(r"`(.*?)`", sentence)) == {name for name, field in FIELDS.items() if field.own}


def test_it_tells_of_every_system() -> None:
    assert all(f"`{system}`" in PAGE for system in SYSTEMS)
