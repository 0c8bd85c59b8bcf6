"""The store: one transaction a result, one writer, one plan; what is damaged or foreign is told in one line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from arena.match import Result
from arena.schedule import Pairing
from arena.spending import Spent
from arena.store import NAME, Played, Reader, Store, replay_name
from arena.tournament.plan import Division, Plan
from envs.errors import CORRUPT, NOT_FOUND, UserError

PLAN = Plan("cup", (Division("kuhn_poker", ("random", "first")),))


def made(folder: Path, plan: Plan = PLAN) -> Store:
    return Store(folder, plan, secret=lambda: b"s" * 32, now=lambda: 12.5)


def played(number: int = 0, **more: object) -> Played:
    pairing = Pairing(number, ("random", "first"), (0, 1) if number % 2 else (1, 0), (1 << 64) - 1, number // 2, 0)
    result = Result((0.1, -0.1), "forfeit", ((1, "illegal"),), 7, (0, 3), {"turns": 3, "share": 0.25})
    spent = (Spent(0.25, 2.0, 100), Spent())
    return Played(0, pairing, result, 0.5, replay_name(0, number), "ab" * 32, 12.5, spent)


def test_a_result_comes_back_as_it_was(tmp_path: Path) -> None:
    store = made(tmp_path)
    store.add(played(1))
    store.add(played(0))
    store.close()
    with Reader(tmp_path) as reader:
        assert reader.results() == [played(0), played(1)]
        assert (reader.plan, reader.secret, reader.count()) == (PLAN, b"s" * 32, 2)


def test_a_store_from_before_seats_had_expenses_is_read_and_goes_on(tmp_path: Path) -> None:
    store = made(tmp_path)
    store.add(played(0))
    store.close()
    with sqlite3.connect(tmp_path / NAME) as db:
        db.execute("ALTER TABLE results DROP COLUMN spent")
    db.close()
    with Reader(tmp_path) as reader:
        assert [each.spent for each in reader.results()] == [()]
    store = made(tmp_path)
    store.add(played(1))
    assert [each.spent for each in store.results()] == [(), played(1).spent]
    store.close()


def test_a_second_result_of_a_match_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    store = made(tmp_path)
    store.add(played(0))
    with pytest.raises(UserError, match="UNIQUE constraint failed"):
        store.add(played(0))
    store.add(played(1))
    assert store.results() == [played(0), played(1)]
    store.close()


def test_a_result_is_on_disk_when_add_returns(tmp_path: Path) -> None:
    store = made(tmp_path)
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert store._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    store.add(played(0))
    with Reader(tmp_path) as reader:  # another connection sees it at once
        assert reader.count() == 1
    store.close()


def test_an_interrupted_transaction_leaves_nothing(tmp_path: Path) -> None:
    store = made(tmp_path)

    def interrupt(name: str) -> None:
        if name == "before_commit":
            raise KeyboardInterrupt

    store.point = interrupt
    with pytest.raises(KeyboardInterrupt):
        store.add(played(0))
    store.close()
    again = made(tmp_path)
    assert again.results() == []
    again.close()


def test_only_one_process_writes(tmp_path: Path) -> None:
    store = made(tmp_path)
    with pytest.raises(UserError, match=r"is being played by another process \(\d+\): `arena watch"):
        made(tmp_path)
    store.close()
    made(tmp_path).close()


def test_a_store_of_another_plan_is_not_added_to(tmp_path: Path) -> None:
    made(tmp_path).close()
    other = Plan("cup", (Division("kuhn_poker", ("random", "first"), sets=2),))
    with pytest.raises(UserError, match=r"holds another tournament \(games\[0\].sets was 1\): give another name"):
        made(tmp_path, other)
    made(tmp_path).close()


def test_the_key_of_rated_seeds_is_for_the_owner_alone(tmp_path: Path) -> None:
    made(tmp_path).close()
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


def test_recordings_without_a_result_are_swept_away(tmp_path: Path) -> None:
    store = made(tmp_path)
    store.add(played(0))
    for name in (replay_name(0, 0), replay_name(0, 1), replay_name(0, 2) + ".part"):
        (tmp_path / name).write_bytes(b"x")
    assert store.sweep() == 2
    assert [path.name for path in (tmp_path / "replays").iterdir()] == ["000-0000000.arena"]
    store.close()


def test_a_folder_without_a_tournament(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no tournament in") as raised:
        Reader(tmp_path)
    assert raised.value.code == NOT_FOUND


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"x" * 4000, b"no base at all"])
def test_a_damaged_file_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    with pytest.raises(UserError):
        Reader(tmp_path)
    with pytest.raises(UserError):
        made(tmp_path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    made(tmp_path).close()
    base = sqlite3.connect(tmp_path / NAME)
    base.execute("UPDATE tournament SET version = 9")
    base.commit()
    base.close()
    with pytest.raises(UserError, match=r"is of version 9, this program reads 1") as raised:
        Reader(tmp_path)
    assert raised.value.code == CORRUPT
