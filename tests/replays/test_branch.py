"""Playing on from a tick: the past stays, the future is new, and the whole verifies."""

from __future__ import annotations

from pathlib import Path

import pytest

import replays
from envs.errors import CORRUPT, NOT_FOUND, UserError
from replays.branch import play_on
from replays.difference import diff, differences
from replays.recorder import ACTS
from tests.games import NUMBERS
from tests.replays.matches import GAMES, recorded, rewritten, uniform


@pytest.mark.parametrize("name", GAMES)
def test_a_branch_has_the_past_and_verifies(name: str, tmp_path: Path) -> None:
    recorded(tmp_path / "a.arena", name, 4)
    old = replays.open(tmp_path / "a.arena")
    tick = old.last // 2
    other = "first" if name in NUMBERS else "random"
    result = play_on(tmp_path / "a.arena", tick, [other] * old.seats, record=tmp_path / "b.arena")
    new = replays.open(tmp_path / "b.arena")
    assert new.started.branch == {"match": "test", "tick": tick}
    assert [new.at(t).packed for t in range(tick + 1)] == [old.at(t).packed for t in range(tick + 1)]
    assert [[a.notes for a in new.at(t).acts] for t in range(tick)] == [
        [a.notes for a in old.at(t).acts] for t in range(tick)
    ]
    assert result.ticks == new.last
    assert replays.verify(tmp_path / "b.arena").complete
    parting = [found for found in differences(tmp_path / "a.arena", tmp_path / "b.arena") if found.tick >= 0]
    assert all(found.tick >= tick for found in parting)


def test_the_same_players_play_the_same_future(tmp_path: Path) -> None:
    """Each seat is asked on the seed that the old match had."""
    recorded(tmp_path / "a.arena", seed=4)
    play_on(tmp_path / "a.arena", 7, [uniform, uniform], record=tmp_path / "b.arena")
    found = list(differences(tmp_path / "a.arena", tmp_path / "b.arena"))
    assert [difference.kind for difference in found] == ["seats"]
    play_on(tmp_path / "b.arena", 3, [uniform, uniform], record=tmp_path / "c.arena")
    assert diff(tmp_path / "b.arena", tmp_path / "c.arena") is None


def test_what_cannot_be_played_on_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.arena"
    recorded(path, seed=4)
    for tick, agents, code in (
        (-1, ["first"] * 2, 2),
        (999, ["first"] * 2, 2),
        (3, ["first"], 2),
        (3, ["nobody", "first"], NOT_FOUND),
    ):
        with pytest.raises(UserError) as caught:
            play_on(path, tick, agents)
        assert caught.value.code == code
    rewritten(path, tmp_path / "b.arena", lambda track, step, record: None if (track, step) == (ACTS, 2) else record)
    with pytest.raises(UserError, match="acts of tick 2") as caught:
        play_on(tmp_path / "b.arena", 5, ["first", "first"])
    assert caught.value.code == CORRUPT


def test_differences_are_told_in_order(tmp_path: Path) -> None:
    recorded(tmp_path / "a.arena", "kuhn_poker", 1)
    recorded(tmp_path / "b.arena", "kuhn_poker", 2)
    recorded(tmp_path / "c.arena", "connect_four", 1)
    assert diff(tmp_path / "a.arena", tmp_path / "a.arena") is None
    found = list(differences(tmp_path / "a.arena", tmp_path / "b.arena"))
    assert found[0].kind == "seed"
    assert found[1].kind in ("state", "acts")
    with pytest.raises(UserError, match="two games"):
        diff(tmp_path / "a.arena", tmp_path / "c.arena")
    rewritten(
        tmp_path / "c.arena", tmp_path / "d.arena", lambda t, s, r: r | {"r": [9.0, 0.0]} if (t, s) == (0, 3) else r
    )
    assert diff(tmp_path / "c.arena", tmp_path / "d.arena") is None  # rewards follow from the states


def test_another_act_is_named(tmp_path: Path) -> None:
    recorded(tmp_path / "a.arena", seed=1, agents=[lambda ask: ask.legal[0], lambda ask: ask.legal[-1]])
    recorded(
        tmp_path / "b.arena",
        seed=1,
        agents=[lambda ask: ask.legal[0], lambda ask: ask.legal[-1 if ask.tick < 3 else 3]],
    )
    found = diff(tmp_path / "a.arena", tmp_path / "b.arena")
    assert found is not None
    assert (found.kind, found.tick, found.seat, found.left, found.right) == (
        "acts",
        3,
        1,
        "column 7 ([6])",
        "column 4 ([3])",
    )
