"""The leaderboard: what it shows at each size, what its keys do, and that it follows a tournament that is being played."""

from __future__ import annotations

from pathlib import Path

import pytest

from arena.ratings import rate
from arena.settings import Settings
from arena.standings import Bout, Player
from arena.store import Reader
from arena.tournament.account import bout
from arena.tournament.crew import Here
from arena.tournament.plan import Division, Plan
from arena.tournament.run import Run, open_store
from envs.errors import UserError
from tests.tui.glass import glass, settled
from tui.app import ArenaApp
from tui.cups import brief, csv, found, look
from tui.ladders import Matrix, ladder_columns, ladder_rows, matrix_cells, player_cells
from tui.screens.bouts import BoutsScreen
from tui.screens.leaderboard import LeaderboardScreen, screen
from tui.screens.lobby import LobbyScreen
from tui.screens.match import MatchScreen
from tui.sheet import look_of
from tui.widgets.matrix import MatrixView
from tui.widgets.rows import RowList

ROOT = Path(__file__).parents[2]
NIM = "docs/examples/nim_plain.py"
HOSTILE = "\x1b]52;c;aGk=\x07\x9b6n[bold]x[/][@click=app.quit]\u202e"
A, B, C = (Player(name) for name in ("random", "first", "mcts?simulations=2"))


def played(folder: Path, most: int = 10**6) -> Path:
    agents = tuple(player.agent for player in (A, B, C))
    plan = Plan("small-cup", (Division(NIM, agents, sets=2), Division(f"{NIM}?heaps=2", agents[:2])))
    store = open_store(plan, folder)
    for n, _ in enumerate(Run(store, Here()), 1):
        if n == most:
            break
    store.close()
    return folder


@pytest.fixture(scope="module")
def cup(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("runs") / "tournaments" / "small-cup")


def app(first: object, runs: Path | None = None) -> ArenaApp:
    return ArenaApp(Settings(runs=runs) if runs else Settings(), lambda: first)  # type: ignore[arg-type,return-value]


def table(*bouts: tuple[Player, Player, float]) -> object:
    made = [Bout(n, n, (a, b), (score, -score)) for n, (a, b, score) in enumerate(bouts)]
    return rate(made, [A, B, C], resamples=20)


# ------------------------------------------------------------------ the screen
@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 20), (40, 12)])
async def test_it_shows_ratings_and_matrix_at_every_size(cup: Path, size: tuple[int, int]) -> None:
    async with app(screen(cup)).run_test(size=size) as pilot:
        text = await settled(pilot)
        assert "Ratings" in text
        assert "mcts 2" in text
        assert "Row against column" in text
        assert all(len(line) <= size[0] for line in text.splitlines())
        if size[0] >= 80:
            assert "├" in text and "●" in text
            assert "trend" in text
        if size[0] >= 120:
            assert "forfeits" in text and "running rating" in text


async def test_the_keys_lead_from_a_cell_to_its_matches_and_to_a_recording(cup: Path) -> None:
    async with app(screen(cup)).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        await pilot.press("tab", "down")
        view = pilot.app.screen.query_one(MatrixView)
        first, second = view.matrix.pair if view.matrix else (A, B)
        assert f"{first.agent} v" in (await settled(pilot)).replace("mcts 2", C.agent)
        await pilot.press("enter")
        text = await settled(pilot)
        assert isinstance(pilot.app.screen, BoutsScreen)
        assert "4 matches" in text
        with Reader(cup) as reader:
            wanted = {
                str(each.pairing.number) for each in reader.results()
                if each.division == 0 and {first, second} <= set(bout(reader.plan.divisions[0], each).players)
            }  # fmt: skip
        assert {row.key for row in pilot.app.screen.query_one(RowList).rows} == wanted
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, MatchScreen)
        await pilot.press("q", "q")
        assert isinstance(pilot.app.screen, LeaderboardScreen)


async def test_a_player_opens_all_of_its_matches(cup: Path) -> None:
    async with app(screen(cup)).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        assert "8 matches" in await settled(pilot)


async def test_the_diagonal_has_no_matches(cup: Path) -> None:
    async with app(screen(cup)).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("tab", "enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, LeaderboardScreen)


async def test_v_goes_through_the_games(cup: Path) -> None:
    async with app(screen(cup)).run_test(size=(120, 40)) as pilot:
        assert "1/2" in await settled(pilot)
        await pilot.press("v")
        text = await settled(pilot)
        assert "heaps=2 2/2" in text
        assert "mcts 2" not in text
        await pilot.press("v")
        assert "1/2" in await settled(pilot)


async def test_o_shows_what_the_games_say_together(cup: Path) -> None:
    async with app(screen(cup)).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("o")
        text = await settled(pilot)
        assert "all games  2 ladders vote" in text
        assert {row.key for row in pilot.app.screen.query_one(RowList).rows} == {"0", "0/random", "0/first"}
        await pilot.press("q")
        assert isinstance(pilot.app.screen, LeaderboardScreen)


async def test_it_follows_a_tournament_that_is_played(tmp_path: Path) -> None:
    played(tmp_path, 3)
    async with app(screen(tmp_path)).run_test(size=(120, 40)) as pilot:
        assert "3 of 14" in await settled(pilot)
        played(tmp_path)
        pilot.app.screen._look()  # type: ignore[attr-defined]
        text = await settled(pilot)
        assert "finished" in text
        assert "12 matches" in text


async def test_the_lobby_leads_there(cup: Path) -> None:
    runs = cup.parents[1] / "runs"
    async with app(LobbyScreen(), runs).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("t")
        text = await settled(pilot)
        assert "small-cup" in text
        await pilot.press("enter")
        assert "Row against column" in await settled(pilot)
        await pilot.press("q", "q")
        assert isinstance(pilot.app.screen, LobbyScreen)


async def test_without_a_tournament_the_list_says_how_to_play_one(tmp_path: Path) -> None:
    async with app(LobbyScreen(), tmp_path / "runs").run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("t")
        assert "arena tournament FILE.toml" in await settled(pilot)


async def test_copy_puts_csv_on_the_clipboard(cup: Path) -> None:
    async with app(screen(cup)).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("y", "question_mark")
        assert "Copy the table as CSV" in glass(pilot.app)
        assert pilot.app.clipboard.startswith("role,place,agent,rating")


# ------------------------------------------------------------------ what it is made of
def test_a_store_is_read_again_only_when_something_has_changed(cup: Path) -> None:
    first = look(cup, 0)
    assert look(cup, 0, first) is first
    assert look(cup, 1, first) is not first
    assert found(cup.parents[1] / "runs") == [cup]
    assert brief(cup).total == brief(cup).played == 14
    assert brief(cup.parent).problem.startswith("no tournament in")
    with pytest.raises(UserError, match="no tournament in"):
        look(cup.parent, 0)


def test_the_matrix_is_blue_ahead_and_orange_behind_and_strongest_at_the_ends() -> None:
    made = table(*[(A, B, 1.0)] * 4, *[(B, C, 1.0)] * 3, (C, B, 1.0), (A, C, 1.0), (C, A, 1.0))
    matrix = Matrix.of(made, 0)  # type: ignore[arg-type]
    cells = matrix_cells(matrix, 60, 8, "colour-blind", False)
    index = {player: n for n, player in enumerate(matrix.rows)}

    def ground(row: Player, column: Player) -> tuple[int, int, int]:
        x = 15 + 1 + index[column] * 8 + 1
        found = look_of(int(cells.styles[1 + index[row], x])).background
        assert found is not None
        return found

    red, _, blue = ground(A, B)
    assert blue > red + 80
    red, _, blue = ground(B, A)
    assert red > blue + 80
    weak, strong = ground(B, C), ground(A, B)
    assert weak[2] < strong[2]
    assert ground(A, C) == ground(C, A)


def test_a_matrix_that_does_not_fit_follows_its_cursor() -> None:
    players = [Player(f"agent-{n:02}") for n in range(30)]
    bouts = [Bout(n, n, (players[n], players[(n + 1) % 30]), (1.0, -1.0)) for n in range(30)]
    matrix = Matrix.of(rate(bouts, players, resamples=0), 0)
    far = matrix.moved(29, 29)
    assert far.at == (29, 29)
    assert matrix.moved(-1, -1).at == (0, 0)
    lines = matrix_cells(far, 60, 8, "standard", True).lines()
    assert any(far.rows[29].agent in line for line in lines)
    assert "[" in "".join(lines)


def test_names_of_agents_reach_the_screen_as_text_only() -> None:
    evil = Player(HOSTILE)
    made = rate([Bout(0, 0, (A, evil), (1.0, -1.0), ((1, "crash"),))], [A, evil], resamples=0)
    sheets = [matrix_cells(Matrix.of(made, 0), 60, 6, "standard", True)]
    sheets += [player_cells(each, made, 40, 14, "standard") for each in made.ladders[0].standings]
    for cells in sheets:
        assert not [
            glyph for glyph in cells.glyphs.ravel().tolist() if 0 < glyph < 32 or 127 <= glyph < 160 or glyph == 0x202E
        ]
    assert '"' in csv(made)


@pytest.mark.parametrize("columns", [36, 76, 116])
def test_a_bar_spans_the_interval_and_holds_the_rating(columns: int) -> None:
    made = rate([Bout(n, n, (A, B), (1.0, -1.0) if n % 3 else (-1.0, 1.0)) for n in range(30)], [A, B, C])
    standings = made.ladders[0].standings
    at = [column.title for column in ladder_columns(standings, columns)].index("games") - 1
    for row, each in zip(ladder_rows(standings, columns), standings, strict=True):
        bar = "".join(span.text for span in row.cells[at])
        if each.matches:
            (line,) = bar.replace("┊", " ").split()
            assert line.count("●") == 1
            assert len(line) >= columns // 12
        else:
            assert bar.strip() == "┊"
