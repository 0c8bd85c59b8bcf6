"""After the power has gone in the middle of a result, every earlier result is there, and the tournament goes on (T3)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from arena.store import NAME, Reader
from tests.arena.tournament.test_store import made, played
from tests.replays.torn import torn

WAL = NAME + "-wal"


def logs(folder: Path, count: int) -> tuple[bytes, list[bytes]]:
    """A store's file, and its write-ahead log when it was made and after each of `count` results; nothing is folded in meanwhile."""
    store, found = made(folder), [(folder / WAL).read_bytes()]
    before = (folder / NAME).read_bytes()
    for number in range(count):
        store.add(played(number))
        found.append((folder / WAL).read_bytes())
    assert (folder / NAME).read_bytes() == before
    store.close()
    return before, found


def test_a_torn_result_costs_no_earlier_one(tmp_path: Path, seeds: Any) -> None:
    base, states = logs(tmp_path / "whole", 12)
    kept = set()
    for n, seed in enumerate(seeds(240)):
        rng = random.Random(seed)
        acknowledged = rng.randrange(len(states) - 1)
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / NAME).write_bytes(base)
        (folder / WAL).write_bytes(torn(states[acknowledged + 1], len(states[acknowledged]), rng))
        with Reader(folder) as reader:
            found = reader.results()
        assert found[:acknowledged] == [played(number) for number in range(acknowledged)]
        assert found[acknowledged:] in ([], [played(acknowledged)]), (
            "the torn result is there whole, or it is not there"
        )
        kept.add(len(found) - acknowledged)
        if n % 8 == 0:
            store = made(folder)
            for number in range(len(found), len(states) - 1):
                store.add(played(number))
            assert store.count() == len(states) - 1
            store.close()
    assert kept == {0, 1}
