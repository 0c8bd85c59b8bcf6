"""The configurations that are tried come from the declared options alone, and a value that cannot be played is found."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import envs
from envs.checks.options import MOST, configurations, covering, values
from envs.spec import Option

NIM = Path(__file__).parents[2] / "docs" / "examples" / "nim.py"
OPTIONS = st.one_of(
    st.just(Option(False)),
    st.integers(1, 4).map(lambda n: Option("a", choices=tuple("abcd"[:n]))),
    st.integers(1, 5).map(lambda n: Option(n, 1, 5)),
    st.sampled_from([Option(0.5, 0.0, 1.0), Option(3), Option("words")]),
)


def test_choices_bounds_and_both_truths_are_tried() -> None:
    assert values(Option("b", choices=("a", "b"))) == ("a", "b")
    assert values(Option(3, 1, 9)) == (3, 1, 9)
    assert values(Option(0.5, 0, 1)) == (0.5, 0.0, 1.0)
    assert values(Option(1, 1, 9)) == (1, 9)
    assert values(Option(True)) == (True, False)
    assert values(Option(7)) == (7,)


@given(st.lists(OPTIONS, max_size=4))
def test_every_pair_of_values_occurs_and_the_defaults_come_first(some: list[Option]) -> None:
    declared = {f"option{n}": option for n, option in enumerate(some)}
    made = covering(declared, 200)
    assert made[0] == {name: option.default for name, option in declared.items()}
    assert all(list(each) == list(declared) for each in made)
    for a, b in combinations(declared, 2):
        wanted = {(x, y) for x in values(declared[a]) for y in values(declared[b])}
        assert {(each[a], each[b]) for each in made} == wanted


def test_many_options_are_bounded_and_lose_no_value() -> None:
    declared = {f"option{n}": Option(2, 1, 3) for n in range(20)}
    made = covering(declared)
    assert len(made) <= max(MOST, 1 + 2 * len(declared))
    assert all({each[name] for each in made} == {1, 2, 3} for name in declared)


# A game of many frames a step takes long for it.
@pytest.mark.parametrize(
    "name",
    [name if envs.spec(name).frames == 1 else pytest.param(name, marks=pytest.mark.nightly) for name in envs.names()],
)
def test_the_games_accept_what_they_declare(name: str) -> None:
    report = envs.check(name, episodes=1, only=("every option plays",))
    assert report.ok, str(report)
    assert envs.game(name, plain=True, **configurations(name)[-1]).options == configurations(name)[-1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('Option(3, 1, 6, help="number of heaps")', 'Option(3, 0, 6, help="number of heaps")'), "heaps=0, misere=False nobody can act"),
        (("def build(", 'def build(misere, **options):\n    if misere:\n        raise UserError("no misere today")\n'
          "    return sound(misere=misere, **options)\n\n\ndef sound("), "misere=True is declared and never accepted: no misere"),
    ],
)  # fmt: skip
def test_a_declared_value_that_cannot_be_played_is_named(change: tuple[str, str], says: str, tmp_path: Path) -> None:
    text: Any = NIM.read_text(encoding="utf-8")
    assert text.count(change[0]) == 1
    game = tmp_path / "nim_changed.py"
    game.write_text(
        text.replace(*change).replace("from envs.rules", "from envs.errors import UserError\nfrom envs.rules")
    )
    (verdict,) = envs.check(str(game), episodes=1, only=("every option plays",)).verdicts
    assert not verdict.ok
    assert says in verdict.evidence
