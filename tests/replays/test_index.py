"""The index of recordings: always what the files say, whatever happens to it, and a condition is never SQL."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envs.errors import UserError
from replays import index as index_module
from replays.index import NAME, Index, described
from replays.where import FIELDS, condition
from tests.replays.matches import recorded


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for n in range(4):
        recorded(tmp_path / "sub" / f"four{n}.arena", "connect_four", n, created=1000.0 + n)
    recorded(tmp_path / "poker.arena", "kuhn_poker", 0, agents=[lambda ask: 9, lambda ask: 0])
    (tmp_path / "broken.arena").write_bytes(b"nothing")
    return tmp_path


def names(index: Index, where: str = "", search: str = "") -> set[str]:
    return {row.path.stem for row in index.rows(where, search)}


def test_conditions_choose(runs: Path) -> None:
    with Index(runs) as index:
        assert index.update() == 6
        everything = {"four0", "four1", "four2", "four3", "poker", "broken"}
        assert names(index) == everything
        fours = {name for name in everything if name.startswith("four")}
        wins = {row.path.stem for row in index.rows() if row.winner is not None}
        for where, wanted in {
            "game=connect_four": fours, "game = CONNECT_FOUR and version=0": fours, "not game=connect_four": everything - fours,
            "game~four or game~kuhn": fours | {"poker"}, "winner=random": wins, "winner=none": everything - wins,
            "fault=illegal": {"poker"},
            "faults>0": {"poker"}, "seed=2": {"four2"}, "created>=1970-01-01T00:16:42+00:00": {"four2", "four3"}, "refusals>=3": {"poker"},
            "(seed=1 or seed=2) and not (seed=2)": {"four1"}, "finished=no": {"broken"}, "damaged=yes": {"broken"}, "path~sub": fours,
            'reason="played out"': fours, "agent=random and ticks>3": fours, "agent=mcts": set(), "agent!=mcts": everything,
        }.items():  # fmt: skip
            assert names(index, where) == wanted, where


def test_words_are_found(runs: Path) -> None:
    with Index(runs) as index:
        index.update()
        assert names(index, search="four in a row") == {
            row.path.stem for row in index.rows("winner=random and game=connect_four")
        }
        assert names(index, "seed=1", "drawn tick") == {"four1"}
        assert names(index, search='" OR NEAR( *') == set()
        hit = index.rows("seed=1", "four row")[0].found[0]
        assert (hit[1], "four" in hit[2]) == ("mark", True)


def test_only_what_changed_is_read_again(runs: Path) -> None:
    with Index(runs) as index:
        index.update()
        assert index.update() == 0
        os.utime(runs / "poker.arena", (1, 1))
        (runs / "sub" / "four0.arena").unlink()
        recorded(runs / "new.arena", seed=9)
        assert index.update() == 3
        assert names(index) == {"four1", "four2", "four3", "poker", "broken", "new"}
    with Index(runs) as index:
        assert index.update() == 0
        assert names(index, search="four in a row") <= {"four1", "four2", "four3", "new"}


def test_a_match_that_ends_while_it_is_looked_at_is_found_by_the_next_look(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (runs / "poker.arena").rename(runs / "poker.arena.part")

    def ended(path: Path) -> Any:
        if path.name == "poker.arena.part":
            path.rename(runs / "poker.arena")
        return described(path)

    monkeypatch.setattr(index_module, "described", ended)
    with Index(runs) as index:
        index.update()
        assert names(index) == {"four0", "four1", "four2", "four3", "broken"}
        index.update()
        assert "poker" in names(index)


def test_a_running_match_is_listed_once(tmp_path: Path) -> None:
    recorded(tmp_path / "m.arena")
    (tmp_path / "m.arena").rename(tmp_path / "m.arena.part")
    with Index(tmp_path) as index:
        index.update()
        assert [row.path.name for row in index.rows()] == ["m.arena.part"]
        (tmp_path / "m.arena.part").rename(tmp_path / "m.arena")
        index.update()
        assert [row.path.name for row in index.rows()] == ["m.arena"]


@pytest.mark.parametrize("harm", ["garbage", "empty", "version", "table", "cut"])
def test_a_broken_index_is_made_again(runs: Path, harm: str) -> None:
    with Index(runs) as index:
        index.update()
    base = runs / NAME
    if harm in ("garbage", "empty", "cut"):
        whole = base.read_bytes()
        base.write_bytes({"garbage": b"garbage" * 1000, "empty": b"", "cut": whole[: len(whole) // 2]}[harm])
    else:
        with sqlite3.connect(base) as connection:
            connection.execute("PRAGMA user_version = 99" if harm == "version" else "DROP TABLE seats")
        connection.close()
    with Index(runs) as index:
        index.update()
        assert len(index.rows()) == 6
        assert names(index, "winner=random", "four in a row")


def test_a_folder_that_is_not_there_has_no_recordings(tmp_path: Path) -> None:
    with Index(tmp_path / "away") as index:
        assert index.update() == 0
        assert index.rows() == []
    assert not (tmp_path / "away").exists()


@pytest.mark.parametrize(
    "where",
    ["foo=1", "game", "game=", "=x", "game=a b", "(game=a", "game=a)", "game<a", "ticks=x", "created=x", "finished=maybe", "and",
     "not", "game=(",
     "game='a", "(" * 50 + "seed=1" + ")" * 50, "not " * 50 + "seed=1", "seed=1 " * 400, "game=a;drop table replays"],
)  # fmt: skip
def test_a_wrong_condition_is_one_line(where: str) -> None:
    with pytest.raises(UserError) as caught:
        condition(where)
    assert len(str(caught.value)) < 400


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.text(max_size=30),
    field=st.sampled_from(sorted(FIELDS)),
    operator=st.sampled_from(["=", "!=", "~", "<", ">="]),
)
def test_values_never_become_sql(value: str, field: str, operator: str) -> None:
    """What is quoted stays a parameter, or is refused; the statement has no letter of it."""
    try:
        sql, values = condition(f'{field}{operator}"{value}"')
    except UserError:
        return
    plain, _ = condition(
        f'{field}{operator}"{ {"created": "2020-01-01", "finished": "yes", "damaged": "yes", "branch": "yes"}.get(field, "7") }"'
    )
    assert sql == plain or value.lower() == "none"
    assert len(values) == sql.count("?") - sql.count("'?'") or value.lower() == "none"
