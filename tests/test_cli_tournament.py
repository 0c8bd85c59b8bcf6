"""`arena tournament` and `arena rank`: play, stop, go on, print; their mistakes are one line."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from arena.bench.pages import filled
from arena.bench.results import newest, read
from arena.cli import run
from arena.cli.scoreboard import Scoreboard
from arena.store import Reader
from arena.tournament.crew import Here
from arena.tournament.plan import Division, Plan
from arena.tournament.run import Run, open_store

ROOT = Path(__file__).parents[1]
NIM = "nim_plain.py"
"""Its name is part of every seed, so it must not depend on where this checkout is."""
FILE = f"""
name = "small-cup"
agents = ["random", "first", "mcts?simulations=2"]
sets = 2
[[games]]
game = "{NIM}"
[[games]]
game = "{NIM}?heaps=2"
system = "swiss"
rounds = 2
agents = ["first", "random"]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with the file, in which matches are played by this process."""
    (tmp_path / "cup.toml").write_text(FILE)
    shutil.copy(ROOT / "docs/examples/nim_plain.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("arena.cli.tournament._crew", lambda workers, ray: Here())
    return tmp_path


def test_it_plays_prints_the_table_and_says_where_it_is(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tournament", "cup.toml", "--resamples", "50"]) == 0
    told = capsys.readouterr()
    assert f"{NIM}: 12 matches, round robin" in told.out
    assert f"{NIM}?heaps=2: 8 matches, swiss" in told.out
    assert told.out.rstrip().endswith("20 of 20 matches in tournaments/small-cup")
    assert told.err == ""
    header = next(line for line in told.out.splitlines() if line.startswith("#"))
    assert [name in header for name in ("rating", "95 %", "forfeits", "illegal", "void", "running")] == [True] * 6


def test_rank_finds_the_tournament_that_was_played_last(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tournament", "cup.toml", "--json", "--resamples", "50"]) == 0
    played = json.loads(capsys.readouterr().out)
    assert run(["rank", "--json", "--resamples", "50"]) == 0
    ranked = json.loads(capsys.readouterr().out)
    assert played.pop("interrupted") is False
    assert ranked == played
    assert ranked["schema"] == "palaestra.rank/1"
    assert ranked["finished"] is True
    game = ranked["games"][0]
    players = game["ladders"][0]["players"]
    assert [each["place"] for each in players] == [1, 2, 3]
    assert sum(each["rating"] for each in players) == pytest.approx(4500)
    assert all(each["interval"][0] <= each["rating"] <= each["interval"][1] for each in players)
    assert {"forfeit", "illegal", "void"} == players[0]["rates"].keys()
    assert len(game["meetings"]) == 6
    assert run(["rank", "tournaments/small-cup", "--game", f"{NIM}?heaps=2", "--plain"]) == 0
    assert "round robin" not in capsys.readouterr().out


MODEL = """
from arena.agent import Reply

class Model:
    def __call__(self, ask):
        return Reply([[ask.legal[0]]], notes={"tokens": 50, "cost": 0.01, "latency": {"total": 2.0}})
"""


def test_where_models_play_their_score_per_dollar_and_second_stands_beside_the_rating(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "model.py").write_text(MODEL)
    (here / "models.toml").write_text(
        f'name = "models"\nagents = ["model.py:Model", "random"]\n[[games]]\ngame = "{NIM}"\nsets = 2\n'
    )
    assert run(["tournament", "models.toml", "--resamples", "0"]) == 0
    shown = capsys.readouterr().out
    assert "score/$" in shown and "score/s" in shown
    assert run(["rank", "tournaments/models", "--json", "--resamples", "0"]) == 0
    players = {p["agent"]: p for p in json.loads(capsys.readouterr().out)["games"][0]["ladders"][0]["players"]}
    model, other = players["model.py:Model"], players["random"]
    answers = model["spent"]["tokens"] // 50
    assert model["spent"]["dollars"] == pytest.approx(0.01 * answers) and model["spent"]["seconds"] == pytest.approx(
        2.0 * answers
    )
    assert model["score_per_dollar"] == pytest.approx((model["won"] + model["drawn"] / 2) / (0.01 * answers))
    assert other["score_per_dollar"] is None and other["spent"]["tokens"] == 0


def test_ctrl_c_keeps_what_was_played_and_the_same_command_goes_on(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(Here):
        def take(self) -> Any:
            if counted[0] == 5:
                raise KeyboardInterrupt
            counted[0] += 1
            return super().take()

    counted = [0]
    with monkeypatch.context() as patch:
        patch.setattr("arena.cli.tournament._crew", lambda workers, ray: Stopped())
        assert run(["tournament", "cup.toml", "--resamples", "0"]) == 130
    told = capsys.readouterr()
    assert "5 of 20 matches in tournaments/small-cup" in told.out
    assert "stopped; the same command goes on from here" in told.err
    assert run(["tournament", "cup.toml", "--resamples", "0"]) == 0
    assert "20 of 20 matches" in capsys.readouterr().out


def test_a_rated_tournament_gives_its_key_away_at_the_end(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "cup.toml").write_text("rated = true\n" + FILE)
    assert run(["tournament", "cup.toml", "--json", "--resamples", "0"]) == 0
    key = json.loads(capsys.readouterr().out)["seed_key"]
    with Reader(here / "tournaments/small-cup") as reader:
        assert reader.secret.hex() == key


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["tournament", "none.toml"], 3, "no file 'none.toml'"),
        (["rank"], 3, "no tournament in 'tournaments': `arena tournament FILE.toml` plays one"),
        (["rank", "nowhere"], 3, "no tournament in 'nowhere'"),
        (["tournament", "cup.toml", "--workers", "0"], 2, "--workers"),
    ],
)
def test_a_mistake_is_one_line(
    here: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, said: str
) -> None:
    assert run(words) == code
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == 1
    assert told.out == ""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.foreign_random  # rich numbers its styles by chance
def test_a_terminal_sees_the_table_while_it_is_played(tmp_path: Path) -> None:
    plan = Plan("cup", (Division(NIM, ("random", "first", "mcts?simulations=2"), sets=2),), record=False)
    store = open_store(plan, tmp_path)
    clock = iter(range(1000))
    output = Terminal()
    match = Run(store, Here())
    with Scoreboard(match, output, clock=lambda: next(clock)) as board:
        for played in match:
            board.add(played)
    store.close()
    assert "mcts?simulations=2" in output.getvalue()
    assert "12/12" in output.getvalue()


def test_a_pipe_sees_nothing(tmp_path: Path) -> None:
    store = open_store(Plan("cup", (Division(NIM, ("random", "first")),), record=False), tmp_path)
    output = io.StringIO()
    match = Run(store, Here())
    with Scoreboard(match, output) as board:
        for played in match:
            board.add(played)
    store.close()
    assert output.getvalue() == ""


def test_rows_for_the_pages_are_kept_where_that_is_asked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["tournament", "cup.toml", "--resamples", "20"]) == 0
    assert run(["rank", "--record", "results/cup.jsonl", "--resamples", "20"]) == 0
    assert run(["rank", "--record", "results/one.jsonl", "--game", f"{NIM}?heaps=2", "--resamples", "0"]) == 0
    assert "6 rows added to results/cup.jsonl" in capsys.readouterr().err
    rows = newest(read(here / "results"))
    assert len([line for line in (here / "results/one.jsonl").read_text().splitlines() if line]) == 2
    whole = rows["tournament/small-cup"]
    assert whole["figures"]["matches"]["median"] == 20
    one = rows[f"tournament-{NIM}/random"]
    assert one["figures"]["rating"]["interval"][0] < one["figures"]["rating"]["median"]
    page = filled(f"<!-- rows:tournament-{NIM} rating won --><!-- /rows -->", rows)
    assert "| random | " in page and " Elo (" in page
