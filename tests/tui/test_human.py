"""A person's seat: turns, words, numbers, arrows, clicks, refusals, clocks, secrets, resigning, leaving and coming back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

import replays
from arena import background
from arena.agent import Reply
from arena.background import reply_socket
from arena.clock import Limits
from arena.settings import Settings
from envs.errors import NOT_FOUND, UserError
from envs.registry import game
from tests.tui.glass import glass, settled
from tests.tui.live import Live
from tui.app import ArenaApp
from tui.pointing import Pointing
from tui.screens._seat_panes import stacked_rows
from tui.screens.ask import Question
from tui.screens.human import HUMAN, HumanScreen
from tui.screens.match import MatchScreen
from tui.seat import HumanSeat
from tui.widgets.grid import GridView
from tui.widgets.rows import RowList

HOSTILE = "\x1b]52;c;aGk=\x07\x9b6n[bold]x[/]\u202e"


class Table:
    """A live match, and the application at one seat of it."""

    def __init__(self, live: Live, seat: int, tmp_path: Path) -> None:
        self.live, self.seat, self.now = live, seat, [1000.0]
        self.screen = HumanScreen(live.path, seat, clock=lambda: self.now[0])
        self.screen.person._send = live.send
        self.app = ArenaApp(Settings(runs=tmp_path), lambda: self.screen)

    async def seen(self, pilot: Any) -> str:
        """What is shown once the screen has looked at the file."""
        self.screen._tick()
        self.screen._show_top()
        return await settled(pilot)


Seat = Callable[..., Table]


@pytest.fixture
def sit(tmp_path: Path) -> Iterator[Seat]:
    made: list[Live] = []

    def sit(name: str = "connect_four", seat: int = 0, **chosen: Any) -> Table:
        agents = ["scripted"] * game(name, plain=True).seats
        agents[seat] = "human"
        live = Live(tmp_path / f"{len(made)}.arena", name, chosen.pop("agents", agents), **chosen)
        made.append(live)
        return Table(live, seat, tmp_path)

    yield sit
    for live in made:
        live.close()


def acts(table: Table) -> list[tuple[int, str]]:
    tape = replays.open(table.live.path)
    return [(act.seat, act.name) for tick in range(tape.last) for act in tape.acts(tick)]


# ------------------------------------------------------------------ answers


async def test_the_legal_actions_are_listed_and_enter_plays_one(sit: Seat) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        text = await table.seen(pilot)
        assert "YOUR MOVE" in text
        assert all(f"column {column}" in text for column in range(1, 8))
        await pilot.press("down", "down", "enter")
        text = await table.seen(pilot)
        assert acts(table) == [(0, "column 3")]
        assert "the others move" in text
        assert "YOUR MOVE" not in text
        table.live.act(1, 6)
        assert "YOUR MOVE" in await table.seen(pilot)
    path, match, seat, tick, words = table.live.sent[0]
    assert (path, match, seat, tick, words) == (reply_socket(table.live.path, 0), "live", 0, 0, "3")


async def test_words_are_written_from_any_letter(sit: Seat) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press(*"column", "space", "5", "enter")
        await table.seen(pilot)
        assert acts(table) == [(0, "column 5")]
        assert table.screen.query_one("#words", Input).value == ""


async def test_a_bare_number_is_a_place_where_the_game_has_no_numbers(sit: Seat) -> None:
    table = sit("kuhn_poker")
    async with table.app.run_test(size=(120, 40)) as pilot:
        text = await table.seen(pilot)
        assert re.search(r"1 +pass", text)
        await pilot.press("2", "enter")
        await table.seen(pilot)
        assert acts(table) == [(0, "bet")]


async def test_what_is_no_action_is_told_and_costs_nothing(sit: Seat) -> None:
    table = sit(retries=0)
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("9", "enter")
        text = await table.seen(pilot)
        assert "'9' is no column" in text
        assert table.live.sent == []
        assert not table.live.match.over
        assert table.screen.query_one("#words", Input).value == "9"
        await pilot.press("backspace", "2", "enter")
        await table.seen(pilot)
        assert acts(table) == [(0, "column 2")]


async def test_a_refusal_of_the_match_stands_beside_the_line_and_asks_again(sit: Seat) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        table.live.act(0, "nonsense")
        text = await table.seen(pilot)
        assert "illegal: 'nonsense' is no column" in text
        assert "YOUR MOVE" in text
        await pilot.press("4", "enter")
        await table.seen(pilot)
        assert acts(table) == [(0, "column 4")]


async def test_nothing_is_sent_twice_or_out_of_turn(sit: Seat) -> None:
    table = sit("matrix?rounds=3")
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("enter")
        assert "sent" in await table.seen(pilot)
        await pilot.press("enter", "enter")
        await table.seen(pilot)
        assert len(table.live.sent) == 1
        table.live.act(1, 0)
        assert "YOUR MOVE" in await table.seen(pilot)
        await pilot.press("enter")
        await table.seen(pilot)
        assert [tick for _, _, _, tick, _ in table.live.sent] == [0, 1]


async def test_an_answer_that_nobody_waits_for_is_told(sit: Seat) -> None:
    table = sit()

    def nobody(*arguments: object) -> None:
        raise UserError("nobody waits for an answer", NOT_FOUND)

    table.screen.person._send = nobody
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("enter")
        text = await table.seen(pilot)
        assert "nobody waits for an answer" in text
        assert "YOUR MOVE" in text


# ------------------------------------------------------------------ the board


async def click(table: Table, pilot: Any, x: float, y: float) -> str:
    """Click at a position in board units, through the view's own arithmetic."""
    grid = table.screen.query_one(GridView)
    fit = grid._fit
    assert fit is not None
    column, row = fit.cell(x, y)
    await pilot.click(GridView, offset=(column + 2, row + 1))  # the frame and its padding
    return await table.seen(pilot)


@pytest.mark.parametrize("row", [0.5, 1.5, 3.5, 6.5])
async def test_a_click_anywhere_in_a_column_drops_there(sit: Seat, row: float) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await click(table, pilot, 2.5, row)
        assert acts(table) == [(0, "column 3")]


async def test_two_clicks_move_a_piece(sit: Seat) -> None:
    table = sit("breakthrough")
    person = table.screen.person
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        cells = person.turn.pointing.cells
        action = next(iter(cells))
        first, second = sorted(cells[action])
        others = [each for each in cells.values() if first in each]
        text = await click(table, pilot, first[0] + 0.5, first[1] + 0.5)
        assert len(others) > 1 or table.live.sent
        assert f"{len(others)} of {len(cells)}" in text
        await click(table, pilot, second[0] + 0.5, second[1] + 0.5)
        assert acts(table) == [(0, person.tape.acts(0)[0].name)]
        assert table.live.match.tick == 1


async def test_a_click_where_nothing_can_be_done_does_nothing(sit: Seat) -> None:
    table = sit("breakthrough")
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        touched = set().union(*table.screen.person.turn.pointing.cells.values())
        x, y = next((x, y) for x in range(2, 8) for y in range(2, 8) if (x, y) not in touched)
        assert "no action there" in await click(table, pilot, x + 0.5, y + 0.5)
        assert table.live.sent == []


async def test_a_game_with_secrets_is_not_tried_out_by_clicks(sit: Seat) -> None:
    table = sit("leduc_poker")
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        assert table.screen.person.turn.pointing.cells == {}
        assert "cannot be clicked" in await click(table, pilot, 1, 1)


async def test_a_click_on_the_table_of_a_matrix_game_is_a_row_or_a_column(sit: Seat) -> None:
    table = sit("matrix?game=prisoners_dilemma")
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        assert "no action there" in await click(table, pilot, 10, 1.5)
        assert "sent: defect" in await click(table, pilot, 8, 5.5)


def test_where_something_is_hidden_a_click_is_tried_on_imagined_states_alone() -> None:
    """The same cells as of the game with nothing hidden, and the real state is never stepped."""
    rules = game("connect_four", plain=True)
    state, columns = rules.step(rules.start(0), {0: [3]}, 0), list(range(7))
    plain = Pointing(rules, state, 1, columns).cells
    rules.spec = rules.spec.replace(traits=frozenset({"hidden"}))
    stepped: list[object] = []
    step = rules.step
    rules.step = lambda s, actions, key: stepped.append(s) or step(s, actions, key)  # type: ignore[method-assign, func-returns-value]
    assert Pointing(rules, state, 1, columns).cells == plain
    assert stepped
    assert all(each is not state for each in stepped)


def test_cells_that_do_not_tell_the_actions_apart_are_no_ones() -> None:
    for name in ("kuhn_poker", "leduc_poker", "liars_dice", "commons"):
        rules = game(name, plain=True)
        assert Pointing(rules, rules.start(1), 0, list(rules.legal(rules.start(1), 0))).cells == {}


async def test_a_wide_board_stands_above_the_moves_where_beside_them_it_could_not_be_read(sit: Seat) -> None:
    table = sit("liars_dice")
    async with table.app.run_test(size=(60, 20)) as pilot:
        text = await table.seen(pilot)
        assert "last bid" in text
        assert "1 three" in text
        fit = table.screen.query_one(GridView)._fit
        assert fit is not None
        assert fit.scale == 2
        await pilot.resize_terminal(120, 40)
        await table.seen(pilot)
        assert not table.screen.has_class("-stacked")


async def test_a_board_that_cannot_be_read_is_told_in_words(sit: Seat) -> None:
    table = sit("liars_dice?seats=6")
    async with table.app.run_test(size=(60, 20)) as pilot:
        text = await table.seen(pilot)
        assert "Dice that you see" in text
        assert "1 three" in text


@pytest.mark.parametrize(
    ("board", "terminal", "rows"),
    [((20, 7), (60, 20), 9), ((20, 15), (60, 20), None), ((7, 7), (60, 20), None), ((20, 7), (120, 40), None)],
)
def test_rows_of_a_board_above_the_moves(
    board: tuple[float, float], terminal: tuple[int, int], rows: int | None
) -> None:
    assert stacked_rows(*board, *terminal) == rows


def test_each_action_owns_the_cells_that_it_changes() -> None:
    rules = game("connect_four", plain=True)
    state = rules.start(0)
    pointing = Pointing(rules, state, 0, list(range(7)))
    assert pointing.cells == {column: frozenset({(column, 6)}) for column in range(7)}
    state = rules.step(state, {0: [3]}, 0)
    assert Pointing(rules, state, 1, list(range(7))).cells[3] == frozenset({(3, 5)})
    assert pointing.at([(5, 1)]) == [5]
    assert pointing.at([(9, 9)]) == []


def test_a_game_may_say_itself_what_a_click_means() -> None:
    rules = game("connect_four", plain=True)
    rules.words = dict(rules.words, point=lambda x, y, obs, c: 6 - int(x))
    pointing = Pointing(rules, rules.start(0), 0, list(range(7)))
    assert pointing.said(0.5, 3.5) == 6


# ------------------------------------------------------------------ secrets


async def test_nothing_of_the_other_seat_is_shown_before_the_end(sit: Seat, seeds: Any) -> None:
    for seed in seeds(4):
        table = sit("kuhn_poker", seed=seed)
        cards = ["JQK"[int(card)] for card in table.live.game.row(table.live.match._state).cards]
        notes = {"why": f"SECRET {cards[1]}", "value": 0.5, "policy": [["SECRET", 1.0]], "prompt": "SECRET"}
        async with table.app.run_test(size=(120, 40)) as pilot:
            await table.seen(pilot)
            await pilot.press(":", *"pass", "enter")
            for _ in range(4):
                text = await table.seen(pilot)
                if table.live.match.over:
                    break
                assert not re.search(rf"\b{cards[1]}\b", text)
                assert "SECRET" not in text
                await pilot.press("o")
                assert "SECRET" not in await table.seen(pilot)
                if table.live.match.waiting() == (1,):
                    table.live.act(1, Reply([[1]], notes=notes))
                else:
                    await pilot.press(":", *"bet", "enter")
            assert table.live.match.over
            text = await table.seen(pilot)
            assert re.search(rf"\b{cards[1]}\b", text)
            assert "SECRET" in text


async def test_the_others_thinking_opens_on_request_where_all_is_open(sit: Seat) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("enter")
        table.live.act(1, Reply([[3]], notes={"policy": [["column 4", 0.75], ["IDEA", 0.25]], "value": 0.25}))
        assert "IDEA" not in await table.seen(pilot)
        await pilot.press("o")
        text = await table.seen(pilot)
        assert "IDEA" in text
        assert "+0.25" in text
        await pilot.press("o")
        assert "IDEA" not in await table.seen(pilot)


async def test_hostile_text_reaches_no_terminal(sit: Seat) -> None:
    table = sit(agents=["human", HOSTILE])
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("enter", "o")
        table.live.act(1, HOSTILE)
        table.live.act(1, Reply([[3]], notes={"policy": [[HOSTILE, 0.5], ["x", float("nan")], 7], "value": HOSTILE}))
        text = await table.seen(pilot)
        assert [letter for letter in text if not letter.isprintable() and letter != "\n"] == []
        table.screen.query_one("#words", Input).value = HOSTILE
        table.screen.query_one("#words", Input).focus()
        await pilot.press("enter")
        text = await table.seen(pilot)
        assert "\x1b" not in text


# ------------------------------------------------------------------ the end, clocks, leaving


async def test_resigning_asks_and_ends_the_match(sit: Seat) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("R")
        await settled(pilot)
        assert isinstance(table.app.screen, Question)
        await pilot.press("n")
        await settled(pilot)
        assert not table.live.match.over
        await pilot.press("R")
        await settled(pilot)
        await pilot.press("y")
        await settled(pilot)
        text = await table.seen(pilot)
        assert table.live.match.result is not None
        assert table.live.match.result.faults == ((0, "resigned"),)
        assert "You lose." in text
        assert "the match is over" in text


@pytest.mark.parametrize(("seat", "said"), [(0, "You win."), (1, "You lose.")])
async def test_the_end_is_told_from_the_seat(sit: Seat, seat: int, said: str) -> None:
    table = sit(seat=seat)
    async with table.app.run_test(size=(120, 40)) as pilot:
        for column in (3, 0, 3, 0, 3, 0, 3):
            table.live.act(table.live.match.waiting()[0], column)
        text = await table.seen(pilot)
        assert said in text
        assert "red has four in a row" in text
        await pilot.press("i")
        await settled(pilot)
        assert isinstance(table.app.screen, MatchScreen)


async def test_before_the_end_the_match_is_not_gone_through(sit: Seat) -> None:
    table = sit("kuhn_poker")
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("i")
        assert "when it is over" in await table.seen(pilot)
        assert table.app.screen is table.screen


async def test_clocks_run_for_who_is_to_move(sit: Seat) -> None:
    table = sit(limits=Limits(bank=90.0, increment=2.0))
    async with table.app.run_test(size=(120, 40)) as pilot:
        assert "you 1:30" in await table.seen(pilot)
        table.now[0] += 25
        text = await table.seen(pilot)
        assert "you 1:05" in text
        assert "scripted 1:30" in text
        table.now[0] += 60
        assert "you 5.0" in await table.seen(pilot)
        await pilot.press("enter")
        # The match itself counted one second for this answer, and adds two.
        assert "you 1:31" in await table.seen(pilot)


async def test_what_the_others_wait_for_is_told_beside_the_line(sit: Seat) -> None:
    table = sit()
    log = table.live.path.with_suffix(".log")
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("enter")
        log.write_text("palaestra: m waits 40 s: HTTP 429\n")
        assert "m waits 40 s: HTTP 429" in await table.seen(pilot)
        table.live.act(1, 6)
        assert "YOUR MOVE" in (text := await table.seen(pilot)) and "m waits" not in text


async def test_without_limits_there_is_no_clock(sit: Seat) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        assert not re.search(r"\d:\d\d", (await table.seen(pilot)).splitlines()[0])


async def test_leaving_leaves_the_match_and_coming_back_takes_the_seat_up(sit: Seat, tmp_path: Path) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("enter")
        await table.seen(pilot)
        await pilot.press("q")
        await pilot.pause()
    assert not table.live.match.over
    table.live.act(1, 6)
    again = Table(table.live, 0, tmp_path)
    async with again.app.run_test(size=(120, 40)) as pilot:
        text = await again.seen(pilot)
        assert "YOUR MOVE" in text
        assert "step 2" in text
        await pilot.press("enter")
        await again.seen(pilot)
        assert len(acts(again)) == 3


async def test_escape_leaves_the_line_first(sit: Seat) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("4", "escape")
        await table.seen(pilot)
        assert table.screen.query_one("#words", Input).value == ""
        assert table.app.is_running
        assert table.screen.focused is table.screen.query_one("#moves", RowList)


async def test_other_rules_can_be_seen_and_not_played(sit: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    table = sit()
    monkeypatch.setattr("replays.tape.installed", lambda started, secret: (None, "other rules: it has changed"))
    async with table.app.run_test(size=(120, 40)) as pilot:
        text = await table.seen(pilot)
        assert "other rules" in text
        await pilot.press("enter", "4", "enter", "o", "R")
        await table.seen(pilot)
        assert table.live.sent == []


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 60), (30, 8), (10, 3)])
async def test_every_size_is_borne(sit: Seat, size: tuple[int, int]) -> None:
    table = sit("liars_dice")
    async with table.app.run_test(size=size) as pilot:
        text = await table.seen(pilot)
        if size >= (60, 20):
            assert "YOUR MOVE" in text
        await pilot.press("question_mark")
        await settled(pilot)
        await pilot.press("x", "down", "f2")
        await settled(pilot)
        assert glass(table.app)


async def test_the_rules_can_be_read(sit: Seat) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        await pilot.press("f2")
        assert "falls to the lowest free cell" in await settled(pilot)


# ------------------------------------------------------------------ with a process


def test_an_answer_reaches_a_match_in_its_own_process(tmp_path: Path) -> None:
    """The whole way: a match in the background, its socket, a reply by the seat, the opponent's move, resigning."""
    path = background.start("connect_four", ["human", "first"], runs=tmp_path, seed=1, speed=1000.0)
    person = HumanSeat(path, 0)
    waited = 0
    try:
        person.refresh(0.0)
        assert person.awaited
        person.answer("4")
        while not (person.tape.last >= 2 and person.awaited):
            person.refresh(0.0)
            waited += 1
            assert waited < 10_000_000
        assert [act.name for tick in (0, 1) for act in person.tape.acts(tick)] == ["column 4", "column 1"]
        person.resign()
        while not person.over:
            person.refresh(0.0)
    finally:
        background.stop(path, person.tape.log.header["pid"])  # nothing is left waiting when an assertion has failed
        while background.alive():
            pass
    assert person.tape.ended is not None
    assert person.tape.ended.faults == ((0, "resigned"),)
    person.close()


async def test_the_palette_offers_every_command_and_does_it(sit: Seat) -> None:
    table = sit()
    async with table.app.run_test(size=(120, 40)) as pilot:
        await table.seen(pilot)
        offered = {command.help: command.callback for command in table.screen.commands()}
        assert set(offered) == {command.help for command in HUMAN[1:]}
        offered["Resign (asks)"]()
        await settled(pilot)
        assert isinstance(table.app.screen, Question)
