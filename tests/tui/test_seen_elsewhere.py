"""A match on a host, on a whole terminal: another size is painted at once, `q` leaves. And tables of tournaments in little room."""

from __future__ import annotations

import io
import os
import threading
from pathlib import Path
from typing import Any

import msgspec
import pytest

import replays
from arena.cli.ranking import _HEAD, _fitted
from arena.cli.scoreboard import _BAR, _OTHERS, _SHORT_BAR, _SHORTEST, _row
from arena.cli.scoreboard import _HEAD as _SCORES
from arena.cli.tables import room_of
from arena.events import Started
from arena.standings import Player, Standing
from arena.text import cell_width
from envs.errors import UserError
from tests.sources import ROOT
from tests.tui.feeding import heard
from tui.distant import Account
from tui.distant_view import Keys, View
from tui.lines import spread
from tui.screens.keys import written
from tui.screens.leaderboard import LEADERBOARD
from tui.sheet import Cells
from tui.widgets.lineview import keys_line


class Terminal(io.StringIO):
    """What was written since the last look."""

    def news(self) -> str:
        text = self.getvalue()
        self.seek(0)
        self.truncate()
        return text


def viewed(terminal: Terminal, sizes: list[tuple[int, int]]) -> View:
    account = Account()
    account.started = replays.open(Path(ROOT / "tests" / "golden" / "connect_four.arena")).started
    account.points = [0.0, 0.0]
    view = View(terminal, size=lambda: sizes[-1])
    view(account, ["0. player_0: column 4"])
    return view


def test_another_size_is_painted_at_once_and_the_same_one_is_left_alone() -> None:
    terminal, sizes = Terminal(), [(80, 24)]
    view = viewed(terminal, sizes)
    assert terminal.news().count("\r\n") == 23
    view.refit()
    assert terminal.news() == ""
    sizes.append((120, 40))
    view.refit()
    told = terminal.news()
    assert told.startswith("\x1b[2J") and told.count("\r\n") == 39 and "column 4" in told and "q leaves" in told


@pytest.mark.parametrize(("typed", "leaves"), [(b"q", True), (b"\x1b", True), (b"x", False), (b"\x1b[A", False)])
def test_q_leaves_and_other_keys_do_nothing(typed: bytes, leaves: bool) -> None:
    gone = threading.Event()
    reader, writer = os.pipe()
    keys = Keys(viewed(Terminal(), [(80, 24)]), reader, gone.set)
    os.write(writer, typed)
    os.close(writer)  # after what was typed there is nobody any more, so that the thread ends by itself
    keys.start()
    keys.join(10)
    os.close(reader)
    assert not keys.is_alive() and keys.left is gone.is_set() is leaves


@pytest.mark.parametrize("room", [60, 80, 100, 120, 160, None])
def test_a_table_leaves_out_what_can_be_spared_and_says_so(room: int | None) -> None:
    row: list[Any] = [
        1, "mcts?simulations=100", "2104", "[1906, 2302]", 360, 297, 5, 58, "+0.664", 0, 0, 0, 0, "38.3", "0", "trusted",
    ]  # fmt: skip
    told = _fitted(_HEAD, [row], "rlrlrrrrrrrrrrrl", room)
    table = told.splitlines()[:2]
    if room is None:
        assert "wider" not in told and table[0].split()[-1] == "mode"
    else:
        assert room < 80 or all(cell_width(line) <= room for line in told.splitlines())
        assert ("mode" in table[0]) == (room >= 160) == ("wider" not in told)
    assert "rating" in table[0] and "mcts?simulations=100" in table[1]


def test_what_is_no_terminal_has_any_room() -> None:
    assert room_of(io.StringIO()) is None


@pytest.mark.parametrize("columns", range(24, 90))
def test_help_and_the_way_back_are_on_every_line_of_keys(columns: int) -> None:
    words = [(written(each.keys).split(" ")[0], each.label) for each in LEADERBOARD if each.label]
    cells = Cells.blank(columns, 1)
    spread(cells, 0, keys_line(words), [], "standard", firm=2)
    assert cells.lines()[0].rstrip().endswith("back") and "help" in cells.lines()[0]


def test_two_watchers_of_one_match_come_to_one_recording(tmp_path: Path) -> None:
    events = heard()
    started = next(event for event in events if isinstance(event, Started))
    accounts = [Account(), Account()]
    for account in accounts:
        account.full = [
            msgspec.structs.replace(started, match="abc") if event is started else event for event in events
        ]
    first = accounts[0].record(tmp_path)
    assert first is not None and accounts[1].record(tmp_path) == first
    accounts[1].full[0] = msgspec.structs.replace(
        started, match="a-b-c"
    )  # another match whose file would have the same name
    with pytest.raises(UserError, match="exists already"):
        accounts[1].record(tmp_path)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_a_row_of_the_running_table_fits(columns: int) -> None:
    bar = _BAR if columns >= 100 else _SHORT_BAR
    wide = min(max(columns - _OTHERS - bar, _SHORTEST), 32)
    standing = Standing(
        Player("mcts?simulations=100000&c=1.4", ""), matches=360, won=298, drawn=5, lost=57, rating=2107.0
    )
    row = _row(1, standing, 607.0, wide, bar)
    assert len(row[3]) == bar and len(row[1]) <= wide and row[1].startswith("mcts?")
    heads = [max(len(head), len(cell)) for head, cell in zip(_SCORES, row, strict=True)]
    assert columns < 80 or sum(heads) + 2 * (len(heads) - 1) <= columns
