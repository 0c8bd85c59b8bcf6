"""The lobby and the form for a new match: what they list, what their keys do, and that nothing foreign or hostile comes through."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input

from arena import background
from arena.agent import Reply
from arena.matches import play
from arena.settings import Settings
from envs.errors import UserError
from envs.registry import game as open_game
from tests.tui.glass import glass, settled
from tests.tui.live import Live
from tui.app import ArenaApp
from tui.entries import entry
from tui.library import Library, age, is_condition, matching
from tui.listing import compact
from tui.screens.ask import Question
from tui.screens.lobby import LOBBY, LobbyScreen
from tui.screens.match import MatchScreen
from tui.screens.new_match import AgentInput, NewMatch
from tui.watched import Watched, open_seat
from tui.widgets.rows import RowList

HOSTILE = "\x1b]52;c;aGk=\x07\x9b6n[bold]x[/][@click=app.quit]\u202e"


def lobby(runs: Path, clock: float = 2_000_000_000.0) -> ArenaApp:
    return ArenaApp(Settings(runs=runs), lambda: LobbyScreen(clock=lambda: clock))


def record(
    runs: Path, name: str, game: str = "kuhn_poker", agents: tuple[str, ...] = ("first", "random"), seed: int = 1
) -> Path:
    path = runs / f"{name}.arena"
    play(open_game(game, plain=True), agents, seed=seed, record=path)  # nothing is compiled
    return path


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A match that counts as running: its process is this one."""
    live = Live(tmp_path / "20260101-connect-four-abcd.arena", "connect_four", ["mcts?simulations=40", "scripted"])
    monkeypatch.setattr(background, "is_running", lambda path: not live.match.over)
    yield live
    live.close()


# ------------------------------------------------------------------ lists


async def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    async with lobby(tmp_path / "runs").run_test(size=(120, 40)) as pilot:
        text = await settled(pilot)
        assert "Press n to start a match." in text
        assert "No recordings yet." in text
        assert "0 running" in text
    assert not (tmp_path / "runs").exists()


async def test_recordings_are_listed_newest_first_with_winner_and_ticks(tmp_path: Path) -> None:
    first = record(tmp_path, "a", seed=1)
    record(tmp_path, "b", "connect_four", ("first", "scripted"))
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        text = await settled(pilot)
        rows = pilot.app.screen.query_one("#recorded", RowList).rows
        assert [row.key for row in rows][-1] == str(first)
        assert "2 recordings" in text
        line = next(line for line in text.splitlines() if "connect_four" in line)
        assert "first v scripted" in line
        assert "-1 : +1" in line


async def test_a_recording_that_comes_is_seen(tmp_path: Path) -> None:
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        assert "kuhn_poker" not in await settled(pilot)
        record(tmp_path, "a")
        pilot.app.screen._look()  # type: ignore[attr-defined]
        assert "kuhn_poker" in await settled(pilot)


async def test_a_running_match_is_listed_with_its_step_and_drops_out_at_its_end(running: Live, tmp_path: Path) -> None:
    running.first()
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        text = await settled(pilot)
        line = next(line for line in text.splitlines() if "mcts 40 v scripted" in line)
        assert re.search(r"abcd +connect_four +mcts 40 v scripted +1 +0 : 0", line)
        assert "1 running" in text
        running.act(1, "nonsense")
        pilot.app.screen._look()  # type: ignore[attr-defined]
        text = await settled(pilot)
        assert "!" in next(line for line in text.splitlines() if "mcts 40 v scripted" in line)
        running.finish()
        pilot.app.screen._look()  # type: ignore[attr-defined]
        text = await settled(pilot)
        assert "0 running" in text
        assert "Nothing is running." in text


async def test_unreadable_and_broken_off_recordings_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.arena").write_bytes(b"nothing of this is a recording")
    live = Live(tmp_path / "cut.arena", "kuhn_poker", ["a", "b"])
    live.close()
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        text = await settled(pilot)
        assert "unreadable" in text
        assert "broken off" in text
        await pilot.press("tab")
        for _ in range(2):
            await pilot.press("enter", "down")
            await settled(pilot)


async def test_the_preview_shows_who_sits_where_and_the_board(tmp_path: Path) -> None:
    record(tmp_path, "b", "connect_four", ("random", "scripted"))
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("tab")
        text = await settled(pilot)
        assert "● random" in text
        assert "Connect Four" in text
        assert "▀" in text


async def test_a_persons_running_match_is_previewed_from_their_seat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: Any
) -> None:
    monkeypatch.setattr(background, "is_running", lambda path: True)
    for seed in seeds(3):
        runs = tmp_path / str(seed)
        runs.mkdir()
        live = Live(runs / "m.arena", "kuhn_poker", ["human?socket=x", "mcts"], seed=seed)
        other = "JQK"[int(live.game.row(live.match._state).cards[1])]
        async with lobby(runs).run_test(size=(120, 40)) as pilot:
            preview = [line[72:] for line in (await settled(pilot)).splitlines()]
            assert not any(re.search(rf"\b{other}\b", line) for line in preview)
            assert any("?" in line for line in preview)
        live.close()


async def test_hostile_names_reach_no_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "is_running", lambda path: path.name.startswith("run"))
    for name in ("run.arena", "cut.arena"):
        live = Live(tmp_path / name, "connect_four", [HOSTILE, HOSTILE])
        live.act(0, Reply([[3]], notes={"why": HOSTILE}))
        live.act(1, HOSTILE)
        live.close()
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        for key in ("tab", "tab", "slash"):
            text = await settled(pilot)
            assert [letter for letter in text if not letter.isprintable() and letter != "\n"] == []
            assert "[bold]" in text
            await pilot.press(key)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60), (30, 8), (10, 3)])
async def test_every_size_is_borne(tmp_path: Path, size: tuple[int, int]) -> None:
    record(tmp_path, "a")
    async with lobby(tmp_path).run_test(size=size) as pilot:
        await settled(pilot)
        for key in ("tab", "question_mark", "escape", "n"):
            await pilot.press(key)
            await settled(pilot)
        if size >= (60, 20):
            assert "New match" in glass(pilot.app)


# ------------------------------------------------------------------ keys


async def test_words_filter_the_recordings_and_escape_clears_them(tmp_path: Path) -> None:
    record(tmp_path, "a")
    record(tmp_path, "b", "connect_four", ("first", "scripted"))
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"scripted")
        text = await settled(pilot)
        assert "connect_four" in text
        assert "kuhn_poker" not in text
        await pilot.press(*"zzz")
        assert "No recording meets the filter." in await settled(pilot)
        await pilot.press("escape")
        assert "kuhn_poker" in await settled(pilot)
        assert pilot.app.is_running


async def test_a_condition_filters_by_figures(tmp_path: Path) -> None:
    record(tmp_path, "a")
    record(tmp_path, "b", "connect_four", ("first", "scripted"))
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        pilot.app.screen.query_one("#filter", Input).value = "ticks<5"
        await pilot.press("slash", "enter")
        text = await settled(pilot)
        assert "kuhn_poker" in text
        assert "connect_four" not in text
        pilot.app.screen.query_one("#filter", Input).value = "tocks<5 and game=x"
        await pilot.press("slash", "enter")
        assert "tocks" in await settled(pilot)


async def test_enter_opens_a_recording_and_q_comes_back(tmp_path: Path) -> None:
    record(tmp_path, "a")
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("tab", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, MatchScreen)
        await pilot.press("q")
        await settled(pilot)
        assert isinstance(pilot.app.screen, LobbyScreen)
        await pilot.press("q")
        await pilot.pause()
    assert pilot.app.return_value == 0


async def test_a_running_match_with_a_person_opens_at_the_seat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tui.screens.human import HumanScreen

    monkeypatch.setattr(background, "is_running", lambda path: True)
    live = Live(tmp_path / "m.arena", "connect_four", ["first", "human?socket=x"])
    assert open_seat(live.path) == 1
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, HumanScreen)
    live.close()


async def test_stopping_asks_first(running: Live, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[tuple[Path, int]] = []
    monkeypatch.setattr(background, "stop", lambda path, pid: stopped.append((path, pid)))
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        for answer, count in (("n", 0), ("escape", 0), ("y", 1)):
            await pilot.press("k")
            await settled(pilot)
            assert isinstance(pilot.app.screen, Question)
            await pilot.press(answer)
            await settled(pilot)
            assert len(stopped) == count
    assert stopped[0][0] == running.path


async def test_again_starts_the_same_match_on_the_same_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = record(tmp_path, "a", "liars_dice?seats=3&dice=2", ("first", "random", "first"), seed=77)
    started: list[tuple[Any, ...]] = []

    def start(game: str, agents: list[str], **chosen: Any) -> Path:
        started.append((game, agents, chosen["seed"]))
        return path

    monkeypatch.setattr(background, "start", start)
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("tab", "r")
        await settled(pilot)
        assert isinstance(pilot.app.screen, MatchScreen)
    ((game, agents, seed),) = started
    assert (agents, seed) == (["first", "random", "first"], 77)
    again = tmp_path / "again.arena"
    play(game, agents, seed=seed, record=again)
    one, other = Watched(path).tape, Watched(again).tape
    assert [one.at(tick).fingerprint for tick in range(len(one))] == [
        other.at(tick).fingerprint for tick in range(len(other))
    ]


@pytest.mark.parametrize("agent", ["evil.py:run", "os:system", "/tmp/x.py:y?a=1", "nobody"])
def test_again_runs_no_code_that_a_file_names(tmp_path: Path, agent: str) -> None:
    live = Live(tmp_path / "m.arena", "kuhn_poker", [agent, "first"])
    live.finish()
    with pytest.raises(UserError, match="code of its own"):
        Watched(live.path).again()


# ------------------------------------------------------------------ a new match


@pytest.fixture
def starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What would have been started; instead a finished match is there at once."""
    asked: list[dict[str, Any]] = []

    def start(game: str, agents: list[str], **chosen: Any) -> Path:
        asked.append({"game": game, "agents": agents, **chosen})
        return record(tmp_path, f"new{len(asked)}")

    monkeypatch.setattr(background, "start", start)
    return asked


async def test_the_form_starts_what_it_shows_and_opens_it(tmp_path: Path, starting: list[dict[str, Any]]) -> None:
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("n")
        text = await settled(pilot)
        assert "player_0" in text
        assert "player_1" in text
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.focused, AgentInput)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, MatchScreen)
    (asked,) = starting
    assert (asked["game"], asked["agents"]) == ("connect_four", ["mcts", "scripted"])
    assert (asked["seed"], asked["speed"], asked["runs"]) == (None, 1.0, tmp_path)


async def test_tab_goes_through_every_field(tmp_path: Path) -> None:
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("n")
        await settled(pilot)
        reached = []
        for _ in range(6):
            reached.append(pilot.app.focused.id if pilot.app.focused else None)
            await pilot.press("tab")
        assert reached == ["games", "options", "seat-0", "seat-1", "seed", "speed"]
        assert pilot.app.focused is pilot.app.screen.query_one("#games")


async def test_options_change_the_seats_and_arrows_the_agents(tmp_path: Path, starting: list[dict[str, Any]]) -> None:
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("n")
        await settled(pilot)
        form = pilot.app.screen
        form.query_one("#games", RowList).go("liars_dice")
        await settled(pilot)
        form.query_one("#options", Input).value = "seats=3"
        form.query_one("#options", Input).focus()
        await pilot.press("tab")
        await settled(pilot)
        seats = list(form.query(AgentInput))
        assert len(seats) == 3
        seats[2].focus()
        await pilot.press("down")
        await settled(pilot)
        able = entry("liars_dice?seats=3").agents
        before = able.index("scripted")
        assert seats[2].value == able[(before + 1) % len(able)]
        form.query_one("#seed", Input).value = "12"
        form.query_one("#speed", Input).value = "max"
        await pilot.press("enter")
        await settled(pilot)
    (asked,) = starting
    assert asked["game"] == "liars_dice?seats=3"
    assert (asked["seed"], asked["speed"]) == (12, None)


async def test_a_person_is_never_unpaced(tmp_path: Path, starting: list[dict[str, Any]]) -> None:
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("n")
        await settled(pilot)
        form = pilot.app.screen
        form.query_one("#seat-0", AgentInput).value = "human"
        form.query_one("#speed", Input).value = ""
        form.query_one("#seat-0", AgentInput).focus()
        await pilot.press("enter")
        await settled(pilot)
    assert starting[0]["speed"] == 1000.0


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("seat-0", "rndom", "did you mean 'random'"),
        ("seat-1", "mcts?simulation=4", "simulations"),
        ("seat-1", "", "no agent"),
        ("seed", "-4", "seed -4 is not allowed"),
        ("seed", "x" * 50, "is not allowed"),
        ("speed", "fast", "moves per second is not allowed"),
        ("speed", "nan", "is not allowed"),
        ("options", "size=9", "no option"),
    ],
)
async def test_a_mistake_in_the_form_is_told_in_it(
    tmp_path: Path, starting: list[dict[str, Any]], field: str, value: str, said: str
) -> None:
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("n")
        await settled(pilot)
        box = pilot.app.screen.query_one(f"#{field}", Input)
        box.value = value
        box.focus()
        await pilot.press("enter")
        text = await settled(pilot)
        assert isinstance(pilot.app.screen, NewMatch)
        assert said in " ".join(text.replace("│", " ").split())
    assert starting == []


async def test_a_match_that_cannot_be_started_leaves_the_form_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*arguments: object, **named: object) -> Path:
        raise UserError(f"the disk is full {HOSTILE}")

    monkeypatch.setattr(background, "start", start)
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("n")
        await settled(pilot)
        await pilot.press("enter", "enter")
        text = await settled(pilot)
        assert "the disk is full" in text
        assert [letter for letter in text if not letter.isprintable() and letter != "\n"] == []
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(pilot.app.screen, LobbyScreen)


def test_no_entry_loads_a_compiler() -> None:
    import subprocess
    import sys

    code = (
        "import sys, tui.entries, tui.screens.lobby; tui.entries.entry('breakthrough'); print('numba' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert answer.stdout.strip() == "False"


# ------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0 s"), (59, "59 s"), (61, "1 min"), (7300, "2 h"), (200_000, "2 d"), (1e9, "11574 d")],
)
def test_ages_are_said_in_the_largest_unit(seconds: float, said: str) -> None:
    assert age(seconds) == said


@pytest.mark.parametrize(
    ("agent", "said"),
    [
        ("mcts?simulations=400", "mcts 400"),
        ("human?socket=/a/b.sock", "human"),
        ("bots/mine.py:Player", "Player"),
        ("a-very-long-name-of-an-agent", "a-very-long-nam…"),
    ],
)
def test_agents_are_named_shortly(agent: str, said: str) -> None:
    assert compact(agent) == said


def test_conditions_are_told_from_words() -> None:
    assert is_condition("ticks<20 and winner=mcts")
    assert not is_condition("mcts scripted")
    assert not is_condition("a=b")


def test_the_index_is_read_again_only_when_a_file_comes_or_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, "a")
    library = Library(tmp_path)
    assert len(library.look().recordings) == 1
    monkeypatch.setattr("tui.library.Index", None)
    assert len(library.look().recordings) == 1
    assert matching(library.look().recordings, "KUHN first")
    assert not matching(library.look().recordings, "kuhn nobody")


async def test_the_palette_offers_every_command_and_does_it(tmp_path: Path) -> None:
    async with lobby(tmp_path).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, LobbyScreen)
        offered = {command.help: command.callback for command in screen.commands()}
        assert set(offered) == {command.help for command in LOBBY}
        offered["Start a new match"]()
        await settled(pilot)
        assert isinstance(pilot.app.screen, NewMatch)
