"""The study of small games: what is fixed can be trained, and a row has what the tables show."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from arena.bench.results import append
from arena.training.solver_studies import ENTRIES, GAMES, _config, _entry, rows
from envs.errors import UserError


def test_every_entry_has_settings_that_its_algorithm_takes() -> None:
    for name, entry in ENTRIES.items():
        _, address = _entry(name)
        if entry.algo:
            config = _config(entry, address, entry.seeds[0], {})
            assert all(getattr(config, field) == value for field, value in entry.settings.items())
        assert entry.seeds == tuple(range(len(entry.seeds)))


def test_the_rows_of_a_game_are_tables_made_at_once(tmp_path: Path) -> None:
    made = rows("perturbed-rps", datetime(2026, 11, 29, tzinfo=UTC), tmp_path)
    assert [row["id"] for row in made] == [name for name in ENTRIES if name.startswith("perturbed-rps/")]
    assert append(tmp_path / "solvers.jsonl", made) == 3
    moving = made[-1]["figures"]
    assert (
        moving["distance"]["median"] < 1e-3 and moving["nash_conv"]["median"] == 2 * moving["exploitability"]["median"]
    )


def test_no_seed_is_dropped_and_no_name_made_up(tmp_path: Path) -> None:
    with pytest.raises(UserError):
        rows("leduc/network-long", datetime(2026, 11, 29, tzinfo=UTC), tmp_path)
    with pytest.raises(UserError, match="known are"):
        rows("chess", datetime(2026, 11, 29, tzinfo=UTC), tmp_path)
    assert set(GAMES) == {name.partition("/")[0] for name in ENTRIES}
