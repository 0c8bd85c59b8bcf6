"""A league at work: who is kept and begins anew, what is restored, and that the run plays as its main player."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
import envs
from arena.training import checkpoint, league_training
from arena.training.league_training import Config, LeagueWork
from envs.errors import UserError

SMALL: dict[str, Any] = {
    "rows": 16, "ticks": 6, "batch": 32, "hidden": 8, "layers": 1, "epochs": 1, "least": 60, "most": 120, "log_every": 0.0,
}  # fmt: skip


def test_learners_take_turns_and_the_past_grows() -> None:
    work = LeagueWork(Config(**SMALL), envs.game("kuhn_poker"))
    names = [learner.name for learner in work.league.learners]
    assert names == ["main-0", "exploiter-0", "league-exploiter-0"]
    told = [work.round(0.0) for _ in range(18)]
    assert work.step == sum(learner.steps for learner in work.league.learners)
    assert "main-0/entropy" in told[0] and "exploiter-0/entropy" in told[1] and "won/exploiter-0" in told[2]
    assert {old.parent for old in work.league.past} == set(names)
    assert set(work.everybody.past) == {old.name for old in work.league.past}
    games = work.league.payoff.games
    assert games and all(pair[::-1] in games for pair in games), "every match is seen from both sides"
    work.close()


def test_an_exploiter_begins_anew_and_a_main_player_does_not() -> None:
    work = LeagueWork(Config(**SMALL | {"least": 10**6, "most": 10**6}), envs.game("kuhn_poker"))
    for _ in range(6):
        work.round(0.0)
    for name, anew in (("main-0", False), ("exploiter-0", True)):
        one = work.everybody.learners[name]
        before = {key: array.copy() for key, array in one.weights().items()}
        learner = next(each for each in work.league.learners if each.name == name)
        work._keep(learner, one)
        kept = work.everybody.past[work.league.past[-1].name]
        assert all((kept[key] == before[key]).all() for key in before)
        assert any((one.weights()[key] != before[key]).any() for key in before) == anew
        # The optimiser moves the weights that are played with, not those that were thrown away.
        work.round(0.0)
    work.close()


def test_an_opponent_is_seated_with_its_weights_and_counted_under_its_name() -> None:
    work = LeagueWork(Config(**SMALL | {"exploiters": 0, "league_exploiters": 0}), envs.game("kuhn_poker"))
    work.round(0.0)
    main = work.everybody.learners["main-0"]
    assert main.roster.names == ["main-0", "main-0"], "with no past it meets itself"  # type: ignore[attr-defined]
    assert work.league.payoff.rate("main-0", "main-0") > 0
    for _ in range(8):
        work.round(0.0)
    seated = main.roster._copies[0]["player"].theta
    assert not (seated == main.nets["player"].theta).all(), "it learned after its opponent was seated"
    work.close()


def test_a_league_is_resumed_to_the_bit_and_plays(tmp_path: Path) -> None:
    config = Config(**SMALL | {"steps": 700})
    league_training.train(config, "kuhn_poker", tmp_path / "a")
    league_training.train(config.replace(steps=300), "kuhn_poker", tmp_path / "b")
    league_training.train(config, "kuhn_poker", tmp_path / "b", resume=True)
    a, b = (checkpoint.newest(tmp_path / name / "checkpoints") for name in "ab")
    assert a is not None and b is not None and a.step == b.step
    assert all(a.weights[name].tobytes() == b.weights[name].tobytes() for name in a.weights)
    assert a.state["work"]["league"] == b.state["work"]["league"]
    for name, weights in a.state["work"]["past"].items():
        assert all(np.array_equal(array, b.state["work"]["past"][name][key]) for key, array in weights.items())
    assert "is kept" in (tmp_path / "a" / "log.txt").read_text()
    assert arena.play("kuhn_poker", [str(tmp_path / "a"), "random"], seed=2).faults == ()


def test_how_the_main_player_stands_is_written_for_people(tmp_path: Path) -> None:
    config = Config(**SMALL | {"steps": 3000})
    league_training.train(config, "kuhn_poker", tmp_path / "r")
    told = json.loads((tmp_path / "r" / "league.json").read_text())
    names = [each["name"] for each in told["met"]]
    assert told["player"] == names[0] == "main-0" and names[1:3] == ["exploiter-0", "league-exploiter-0"]
    assert len(names) > 4 and len(set(names)) == len(names), "then the past, the newest first"
    assert all(0 <= each["rate"] <= 1 and each["games"] >= 0 for each in told["met"])


def test_a_league_has_a_main_player() -> None:
    with pytest.raises(UserError, match="from 1"):
        Config(mains=0)
