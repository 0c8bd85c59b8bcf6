"""`arena train` and `arena eval`: a run by the command line, resumed, judged, and what is told of mistakes."""

from __future__ import annotations

import io
import json
import re
import signal
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
from arena import cli
from arena.cli import eval as evaluate
from arena.cli import train
from arena.training import algorithm, ppo
from arena.training.config import DEFAULTS
from arena.training.evaluation import Judgement, against, opening
from arena.training.run import Run
from envs.errors import UserError
from envs.registry import game, spec

SMALL = (
    "--rows",
    "32",
    "--ticks",
    "8",
    "--batch",
    "64",
    "--hidden",
    "16",
    "--threads",
    "1",
    "--net",
    "mlp",
    "--two-ply",
    "0",
)


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    assert cli.run(list(arguments)) == code
    captured = capsys.readouterr()
    return captured.out, captured.err


def test_a_run_is_trained_resumed_and_judged(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = str(tmp_path / "r")
    out, err = told(capsys, "train", "connect_four", "--algo", "ppo", "--run", folder, "--steps", "300", *SMALL)
    assert out.strip() == folder and "steps" in err and "entropy" in err
    run = Run.opened(folder)
    assert run.config["rows"] == 32 and run.config["gamma"] == 1.0, "the game's defaults hold where nothing was given"
    before = run.newest_step()
    told(capsys, "train", "--resume", "--steps", "600", "--run", folder)
    assert run.newest_step() >= 600 > before
    out, _ = told(
        capsys,
        "eval",
        folder,
        "--against",
        "random",
        "--against",
        "first",
        "--episodes",
        "4",
        "--workers",
        "1",
        "--record",
    )
    assert "win rate" in out and "forfeits" in out and "first" in out
    assert len(list((tmp_path / "r" / "matches").rglob("*.arena"))) == 8
    out, _ = told(capsys, "eval", folder, "--episodes", "4", "--workers", "1", "--json")
    (judged,) = json.loads(out)["judgements"]
    assert json.loads((tmp_path / "r" / "ratings.json").read_text()) == json.loads(out)
    assert judged["games"] == 4 and judged["won"] + judged["drawn"] + judged["lost"] == 4
    assert judged["forfeits"] == 0 and judged["refused"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (("train", "connect_four"), 2, "give --run DIR"),
        (("train", "--run", "x"), 2, "give a game"),
        (("train", "connect_four", "--run", "x", "--ratte", "1"), 2, "is no setting"),
        (("train", "connect_four", "--run", "x", "--rate", "7"), 2, "from 0.0 to 1.0"),
        (("train", "connect_four", "--run", "x", "--algo", "pppo"), 3, "did you mean"),
        (("train", "--resume", "--run", "nowhere"), 3, "is no run"),
        (("eval", "nowhere"), 3, "is no run"),
    ],
)
def test_mistakes_are_one_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    code: int,
    line: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    _, err = told(capsys, *arguments, code=code)
    assert line in err and err.count("\n") == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_training_that_is_stopped_pauses_with_a_checkpoint_and_goes_on_to_the_same_bits(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    chosen = ("kuhn_poker", "--algo", "ppo", "--steps", "3000", "--log-every", "0", *SMALL)
    told(capsys, "train", *chosen, "--run", str(tmp_path / "straight"))
    lines, line = [], train._line

    def third(*news: Any) -> None:
        lines.append(line(*news))
        if len(lines) == 3:
            signal.raise_signal(number)

    before = signal.getsignal(number)
    monkeypatch.setattr(train, "_line", third)
    out, err = told(capsys, "train", *chosen, "--run", str(tmp_path / "r"), code=130)
    run, straight = Run.opened(tmp_path / "r"), Run.opened(tmp_path / "straight")
    step = run.newest_step()
    assert 0 < step < straight.newest_step() and len(lines) == 3
    assert out.strip() == str(tmp_path / "r") and f"stopped; go on from step {step}: arena train --resume --run" in err
    assert signal.getsignal(number) == before
    told(capsys, "train", "--resume", "--run", str(tmp_path / "r"))
    one, other = run.demand().weights, straight.demand().weights
    assert one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def test_a_duel_that_is_stopped_plays_as_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = iter([signal.SIGTERM])
    monkeypatch.setattr(train, "_line", lambda *news: [signal.raise_signal(number) for number in once])
    small = ("--updates", "40", "--clones", "0", "--batch", "6", "--group", "2", "--hidden", "8")
    folder = str(tmp_path / "r")
    _, err = told(capsys, "train", "double_agent", "--algo", "duel", "--run", folder, *small, code=130)
    monkeypatch.undo()
    step = Run.opened(folder).newest_step()
    assert 0 < step < 40 * 6
    assert err.endswith(f"stopped at step {step}: {folder} plays as it is, and cannot be gone on with\n")
    assert not arena.play("double_agent", [folder, folder]).faults


def test_a_second_signal_ends_a_training_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(*news: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(train, "_line", twice)
    chosen = ("kuhn_poker", "--algo", "ppo", "--steps", "3000", "--log-every", "0", "--save-every", "1000", *SMALL)
    _, err = told(capsys, "train", *chosen, "--run", str(tmp_path / "r"), code=130)
    assert err.endswith("stopped before the first checkpoint: nothing can be gone on with\n")


def test_settings_are_listed_with_their_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = told(capsys, "train", "--settings", "--algo", "pqn")
    assert "--lam" in out and "lambda of the targets" in out and "from 0.0 to 1.0" in out


def test_both_sides_play_each_opening_from_each_seat() -> None:
    rules = game("connect_four")
    acts = opening(rules, 5, 2)
    assert [list(each) for each in acts] == [[0], [1]] and acts == opening(rules, 5, 2)
    assert len({str(opening(rules, seed, 2)) for seed in range(30)}) > 15
    assert opening(game("matrix"), 5, 2) == []
    found = against("connect_four", "first", "first", episodes=4)
    assert found.won == found.lost and found.games == 4, "equal players share what a pair of seats brings"
    with pytest.raises(UserError, match="multiple of 2"):
        against("connect_four", "first", "first", episodes=3)


def test_a_forfeit_of_the_player_is_counted_and_one_of_the_other_is_not(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def bad(ask): return 99\n")
    bad = f"{tmp_path / 'bad.py'}:bad"
    own = against("kuhn_poker", bad, "first", episodes=2, plies=0)
    other = against("kuhn_poker", "first", bad, episodes=2, plies=0)
    assert own.forfeits == 2 and own.refused > 0 and own.faults == {"illegal": 2}
    assert other.forfeits == 0 and other.refused == 0 and other.won == 2


@pytest.mark.parametrize("path", sorted(DEFAULTS.glob("*.toml")), ids=lambda path: str(path.stem))
def test_a_game_of_every_table_of_defaults_is_there_and_its_settings_hold(path: Path) -> None:
    """Settings are checked when they are made."""
    for name, values in tomllib.loads(path.read_text(encoding="utf-8")).items():
        made = algorithm(path.stem).Config.made({}, spec(name).name).values()
        assert made.items() >= values.items()


@pytest.mark.parametrize(
    "wrong",
    [
        ("--ray", "127.0.0.1:1"),
        ("--device", "cuda"),
        ("--algo", "bc", "--recordings", "nowhere.arena"),
        ("--agents", "nobody"),
    ],
)
def test_a_training_that_could_not_begin_leaves_the_folder_to_the_next_try(
    wrong: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "--ray" in wrong:
        pytest.importorskip("ray")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    (tmp_path / "r").mkdir()
    assert cli.run(["train", "kuhn_poker", "--run", str(tmp_path / "r"), *wrong]) != 0
    assert capsys.readouterr().err.startswith("arena: ") and not any((tmp_path / "r").iterdir())
    told(capsys, "train", "kuhn_poker", "--run", str(tmp_path / "r"), "--steps", "100", *SMALL[:-2])
    assert Run.opened(tmp_path / "r").newest_step() >= 100
    # A run that is there is left alone, whatever was wrong with going on.
    monkeypatch.setattr("arena.training.ppo.Ppo.__init__", lambda *given, **more: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ppo.train(
            ppo.Config(**Run.opened(tmp_path / "r").config | {"steps": 1000}), "kuhn_poker", tmp_path / "r", resume=True
        )
    assert Run.opened(tmp_path / "r").newest_step() >= 100


@pytest.mark.foreign_random
@pytest.mark.parametrize(("columns", "figures"), [(60, 0), (80, 2), (120, 4)])
def test_the_bar_and_the_time_that_is_left_stay_whole_where_there_is_little_room(
    columns: int, figures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    out.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stderr", out)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    news = {"steps_per_second": 137_000.0, "entropy": 0.633, "kl": 0.00234, "explained": 0.257, "won/past": 0.93}
    with train._progress() as progress:
        progress(1_230_000, 30.0, 0.5, news)
    last = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", out.getvalue()).replace("\r", "\n").strip().splitlines()[-1]
    assert " 50% " in last and re.search(r"[-0-9]:[-0-9]{2}:[-0-9]{2}", last) and "1.23 M steps  137 k/s" in last
    assert last.count("\u2501") >= 5 and len(last.rstrip()) <= columns and "\u2026" not in last
    assert sum(name in last for name in news) == figures


def test_a_judgement_fits_into_a_narrow_terminal() -> None:
    found = [
        Judgement(player="runs/x", opponent=name, games=40, won=30, drawn=4, lost=6, points=24.0)
        for name in ("random", "mcts")
    ]
    wide, narrow = (evaluate._told("connect_four", found, 0, 2, columns) for columns in (None, 80))
    assert max(map(len, narrow.splitlines())) <= 80 < max(map(len, wide.splitlines()))
    for word in ("forfeits", "illegal", "mean score", "+0.600"):
        assert word in wide and word in narrow
