"""The world of a frame: waves, roads, blockers, traits, fog, coins, the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import envs
from envs.frames import frames
from envs.game import Game
from envs.keys import fold
from envs.towerdefence.tower_defence.state import SLOTS

WAIT = [6 * SLOTS]


def waited(game: Game, decisions: int, state: Any = None) -> Any:
    state = game.start(1) if state is None else state
    for _ in range(decisions):
        state = game.step(state, {0: WAIT}, 1)
    return state


def to_end(game: Game, seed: int = 1) -> Any:
    state = game.start(seed)
    while game.acting(state):
        state = game.step(state, {0: WAIT}, seed)
    return state


def test_an_enemy_that_arrives_costs_a_life_and_the_last_wave_ends_the_game(line: Callable[..., Game]) -> None:
    game = line(rules="first_wave = 0.1", more="[hero]\ndamage = 0\nextra = 0\nhealth = 1\n")
    state = to_end(game)
    facts, row = game.facts(state), game.row(state)
    assert facts.done
    assert not facts.truncated
    assert row.lives in {17, 18}  # the hero stops one of the three before it falls, and no more
    assert game.metrics(state)["score"] == row.lives - 20


def test_at_no_lives_the_base_falls(line: Callable[..., Game]) -> None:
    game = line(
        '["wolf", 25, 1]', rules="lives = 2\nfirst_wave = 0.1", more="[hero]\ndamage = 0\nextra = 0\nhealth = 1\n"
    )
    state = to_end(game)
    assert game.row(state).lives == 0
    assert [mark.text for mark in game.tell(state, {}, state) if mark.kind == "end"] == ["the base falls"]


def test_enemies_keep_to_the_road_and_to_their_speed(line: Callable[..., Game]) -> None:
    game = line('["goblin", 1, 1]', rules="first_wave = 0.1", period=1)
    state = waited(game, 6)
    was = game.row(state).enemies.x[0]
    state = waited(game, 100, state)
    crowd = game.row(state).enemies
    assert crowd.y[0] == 0
    # 0.42 map units a second for two seconds are 860 length units; a step of a frame is rounded to a sixteenth.
    assert crowd.x[0] - was == pytest.approx(860, abs=8)


def blocked(state: Any) -> dict[int, tuple[int, int]]:
    """Enemies that are held: index -> (blocker, progress)."""
    row = state[0]
    foes, along = (row["enemies"][name][: row["crowd"]].tolist() for name in ("foe", "along"))
    return {j: (foe, at) for j, (foe, at) in enumerate(zip(foes, along, strict=True)) if foe >= 0}


def test_no_enemy_walks_while_it_is_held(seeds: Any) -> None:
    """Frame by frame; where somebody has left, indices have moved and nothing is compared."""
    game = envs.game("tower_defence?level=2")
    held = 0
    for seed in seeds(1):
        state = game.start(seed)
        for tick in range(140):
            acts = {0: game.legal(state, 0).sample(fold(seed, tick))}
            if tick < 90:
                state = game.step(state, acts, seed)
                continue
            before = None
            for after in frames(game, state, acts, seed):
                if before is not None and same_people(before, after):
                    now = blocked(after)
                    for j, (foe, along) in blocked(before).items():
                        if j in now and now[j][0] == foe:
                            held += 1
                            assert now[j][1] == along
                before = after
            state = after
            if not game.acting(state):
                break
    assert held > 50


def same_people(before: Any, after: Any) -> bool:
    """Whether the arrays hold the same units in both states."""
    names = ("crowd", "guard", "lives")
    return (
        all(before[0][name] == after[0][name] for name in names)
        and before[0]["tally"]["kills"] == after[0]["tally"]["kills"]
    )


def test_flyers_pass_everybody(line: Callable[..., Game]) -> None:
    game = line('["bat", 3, 1]', rules="first_wave = 0.1", more="[hero]\ndamage = 0\nextra = 0\n")
    state = game.step(game.start(1), {0: [2 * SLOTS]}, 1)
    state = waited(game, 60, state)
    assert game.row(state).guard > 0
    assert not blocked(state)


@pytest.mark.parametrize(
    ("kind", "more", "field", "check"),
    [
        ("slime", "", "crowd", lambda before, after: after.crowd > before.crowd),
        (
            "wizard",
            "[enemy.wizard]\naura = 6.0\npulse = 0.5\n",
            "towers",
            lambda before, after: after.towers.frozen[0] > 0,
        ),
    ],
)
def test_traits_of_enemies(line: Callable[..., Game], kind: str, more: str, field: str, check: Any) -> None:
    game = line(f'["{kind}", 1, 1]', rules="first_wave = 0.1", more=more)
    before = state = waited(game, 4, game.step(game.start(1), {0: [0]}, 1))
    if kind == "slime":
        state["enemies"]["hp"][0][0], state["fallen"] = 0, 1
    before, after = game.row(before), game.row(waited(game, 4, state))
    assert check(before, after), field


def test_healers_drummers_and_trolls(line: Callable[..., Game]) -> None:
    more = "[enemy.shaman]\npulse = 0.1\n[enemy.drummer]\npulse = 0.1\n"
    game = line('["shaman", 1, 1], ["drummer", 1, 1], ["troll", 1, 1]', rules="first_wave = 0.1", more=more)
    state = waited(game, 12)
    row = game.row(state)
    assert row.crowd == 3
    speed = game.config.levels[0].kind[row.enemies.kind[0]].speed
    assert row.enemies.speed[0] == speed * 3 // 2  # the drum
    state["enemies"]["hp"][0][:3] = 100
    after = game.row(waited(game, 3, state))
    assert after.enemies.hp[2] > 100
    assert after.enemies.hp[1] > 100  # the shaman's
    assert after.enemies.hp[0] == 100  # it does not heal itself


def test_knights_fall_and_may_be_paid_for(line: Callable[..., Game]) -> None:
    game = line('["ogre", 8, 1]', rules="first_wave = 0.1", more="[compensation]\nchance = 1.0\ngold = 33\n")
    state = game.step(game.start(1), {0: [2 * SLOTS]}, 1)
    gold = game.row(state).gold
    while game.row(state).amends == 0:
        state = waited(game, 1, state)
    row = game.row(state)
    assert row.gold == gold + 33 * row.amends


def test_the_hero_falls_and_comes_back(line: Callable[..., Game]) -> None:
    game = line(
        '["ogre", 5, 1]', rules="first_wave = 0.1", more="[hero]\nhealth = 300\nregeneration = 0\nrevive = 1.0\n"
    )
    state = game.start(1)
    state["hero"]["x"] = state["hero"]["to_x"] = -2600
    while game.row(state).hero.down == 0:
        state = waited(game, 1, state)
    crowd = game.row(state).enemies
    assert not ((crowd.hp > 0) & (crowd.foe == 100)).any()
    state = waited(game, 5, state)
    assert (game.row(state).hero.down, game.row(state).hero.hp) == (0, 300)


def test_a_coin_comes_and_the_hero_picks_it_up(line: Callable[..., Game]) -> None:
    game = line(more="[coin]\nevery = 0.1\nstays = 5.0\nleast = 40\nextra = 0\n")
    state = waited(game, 1)
    coin = game.row(state).coin
    assert coin.left > 0
    state["hero"]["x"] = state["hero"]["to_x"] = coin.x
    state["hero"]["y"] = state["hero"]["to_y"] = coin.y
    gold = game.row(state).gold
    after = game.row(waited(game, 1, state))
    assert (after.coins, after.gold) == (1, gold + 40)


def in_fog(game: Game, x: int, y: int, fog: tuple[int, int]) -> Any:
    state = waited(game, 20)
    state["fog"]["x"], state["fog"]["y"] = fog
    state["fog"]["to_x"], state["fog"]["to_y"] = fog
    state["enemies"]["x"][0][0], state["enemies"]["y"][0][0] = x, y
    return state


def test_fog_hides_from_every_form_and_stops_the_tower_under_it(line: Callable[..., Game]) -> None:
    game = line('["goblin", 1, 1]', rules="first_wave = 0.1", fog=0.6)
    seen = in_fog(game, 0, 0, (2800, 2800))
    hidden = in_fog(game, 0, 0, (0, 0))
    for state, crowd in ((seen, 1), (hidden, 0)):
        obs = game.observe(state, 0)
        assert obs.crowd == crowd
        assert ("goblin at" in game.say(obs)) == bool(crowd)
        assert (game.encode(obs, "compact")[6].sum() > 0) == bool(crowd)
        assert (game.encode(obs, "structured")[44 + 200 + 25 + 20 + 120] != -9999) == bool(crowd)
        assert game.observe(state, -1).crowd == 1
        assert game.observe(state, -2).crowd == crowd
    game = line('["goblin", 1, 1]', rules="first_wave = 0.1", fog=0.6)
    state = in_fog(game, 0, 300, (0, 900))
    state = game.step(state, {0: [0]}, 1)
    state["enemies"]["hp"][0][0] = 10_000
    assert waited(game, 1, state)["enemies"]["hp"][0][0] == 10_000


def test_frames_add_up_to_the_step() -> None:
    game = envs.game("tower_defence?level=3")
    state = game.start(4)
    for tick in range(40):
        acts = {0: game.legal(state, 0).sample(fold(4, tick))}
        shown = list(frames(game, state, acts, 4))
        assert len(shown) == 16
        assert [game.row(each).frame for each in shown] == [16 * tick + n for n in range(1, 17)]
        state = game.step(state, acts, 4)
        assert game.pack(shown[-1]) == game.pack(state)


def episodes(name: str) -> Iterator[int]:
    game = envs.game(name)
    for seed in range(3):
        yield int(game.row(to_end(game, seed)).lives)


@pytest.mark.parametrize("level", ["1", "2", "3", "4", "5", "t1", "t2", "t3", "t4"])
def test_whoever_does_nothing_loses_everything(level: str) -> None:
    assert list(episodes(f"tower_defence?level={level}")) == [0, 0, 0]
