"""A process that is killed while it records a match leaves files that open and verify; the long run is kill_match."""

from __future__ import annotations

from pathlib import Path

from tests.replays.kill_match import CHUNK, kill_once


def test_eight_kills(tmp_path: Path) -> None:
    found = []
    for number in range(8):
        (folder := tmp_path / str(number)).mkdir()
        found.append(kill_once(folder, number))
    assert sum(each.files for each in found) >= 8
    assert max(each.lost for each in found) <= CHUNK
