"""What a seat is shown: 759 numbers, planes, a JSON document, words, pixels; and the promises of the conformance suite."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import envs
from envs.conformance import CHECKS, check
from envs.game import Game
from envs.keys import fold
from envs.packages import sources
from envs.spec import Refusal
from envs.towerdefence import tower_defence
from envs.towerdefence.tower_defence import pixels
from envs.towerdefence.tower_defence.state import UNIT

SLOW = {
    "no index leaves its array", "rows equal the match alone", "compiled equals plain", "actions are written and read back",
    "actions have names",
}  # fmt: skip


def some_way(name: str, decisions: int, seed: int = 5) -> tuple[Game, Any]:
    game = envs.game(name)
    state = game.start(seed)
    for tick in range(decisions):
        state = game.step(state, {0: game.legal(state, 0).sample(fold(seed, tick))}, seed)
    return game, state


@pytest.mark.nightly
def test_the_promises_of_every_game_are_kept() -> None:
    """But for those that take longest, which stand below or in the nightly test."""
    report = check("tower_defence?level=3", episodes=1, only=tuple(name for name in CHECKS if name not in SLOW))
    assert report.ok, str(report)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("actions", ["semantic", "raw"])
def test_all_promises_are_kept(actions: str) -> None:
    report = check(f"tower_defence?level=3&actions={actions}", episodes=2)
    assert report.ok, str(report)


def test_compiled_and_plain_rules_agree_in_the_middle_of_a_fight() -> None:
    game, state = some_way("tower_defence?level=5", 130)
    plain = envs.game("tower_defence?level=5", plain=True)
    assert game.row(state).crowd > 5
    for tick in range(12):
        acts = {0: game.legal(state, 0).sample(fold(6, tick))}
        obs = game.observe(state, 0)
        assert plain.observe(state, 0) == obs
        assert (plain.legal(state, 0).mask == game.legal(state, 0).mask).all()
        assert plain.pack(plain.imagine(obs, 0, tick)) == game.pack(game.imagine(obs, 0, tick))
        for view in ("compact", "structured"):
            assert plain.encode(obs, view).tobytes() == game.encode(obs, view).tobytes()
        after = game.step(state, acts, 5)
        assert plain.pack(plain.step(state, acts, 5)) == game.pack(after)
        state = after


def test_the_759_numbers_stand_in_the_order_of_the_page() -> None:
    game, state = some_way("tower_defence?level=3", 120)
    obs, level = game.observe(state, 0), game.config.levels[0]
    numbers = game.encode(obs, "structured")
    assert numbers.shape == (759,)
    assert numbers[:4].tolist() == [-3, 3, -3, 3]
    assert numbers[[11, 12, 13, 26, 27]].tolist() == [20, 5, obs.wave, obs.gold, obs.lives]
    assert numbers[24] == 120
    assert numbers[44:48].tolist() == [level.path[0].x[0] / UNIT, 0.0, level.path[0].x[1] / UNIT, 0.0]
    assert numbers[44 + 2 * level.path[0].n] == -9999
    types = numbers[244:269]
    assert types[types >= 0].tolist() == [kind - 1 for kind in obs.types.tolist() if kind]
    towers = numbers[289:409].reshape(15, 8)
    assert towers[: level.slots, 7].tolist() == [tower.kind for tower in obs.towers[: level.slots]]
    assert (towers[level.slots :] == -9999).all()
    enemies = numbers[409:609].reshape(50, 4)
    assert (enemies[: obs.crowd, 3] == [e.hp for e in obs.enemies[: obs.crowd]]).all()
    assert (enemies[obs.crowd :] == -9999).all()
    knights = numbers[609:759].reshape(50, 3)
    assert (knights[obs.guard :] == -9999).all()


def test_the_document_has_the_fields_and_no_wave_to_come() -> None:
    game, state = some_way("tower_defence?level=3&text=json", 120)
    obs = game.observe(state, 0)
    document = json.loads(game.say(obs))
    assert document["gold"] == obs.gold
    assert len(document["towers"]) == game.config.levels[0].slots
    assert len(document["enemies"]) == obs.crowd
    assert len(document["waves"]["types"]) == int((obs.types > 0).sum())
    named = {"goblin", "wolf", "orc", "bat", "rogue"}
    assert obs.wave == 2
    assert not {"slime", "shield", "shaman", "berserker", "wizard", "ogre", "gargoyle"} & set(
        game.say(obs).replace('"', " ").split()
    )
    assert set(document["waves"]["types"]) <= named


def test_two_futures_look_alike(line: Callable[..., Game]) -> None:
    """Levels that differ in what is still to come give the same observations, words and masks until it comes."""
    same = '[[wave]]\nspacing = 1.0\ngroups = [["{}", 4, 1]]\n'
    games = [line(more=same.format(kind)) for kind in ("ogre", "bat")]
    states = [game.start(3) for game in games]
    assert games[0].config_bytes() != games[1].config_bytes()
    assert games[0].config_bytes(public=True) == games[1].config_bytes(public=True)
    for tick in range(60):
        one, two = (game.observe(state, 0) for game, state in zip(games, states, strict=True))
        assert one == two
        assert games[0].say(one) == games[1].say(two)
        acts = {0: games[0].legal(states[0], 0).sample(fold(9, tick))}
        states = [game.step(state, acts, 3) for game, state in zip(games, states, strict=True)]


def test_planes_and_pixels() -> None:
    game, state = some_way("tower_defence?level=4&grid=8", 90)
    planes = game.encode(game.observe(state, 0), "compact")
    assert planes.shape == (21, 8, 8)
    assert 0 <= planes.min() <= planes.max() <= 1
    assert (planes[14:] == planes[14:, :1, :1]).all()
    assert planes[1:5].sum(axis=(1, 2))[0] > 0
    picture = pixels(game.observe(state, 0), game.public)
    assert picture.shape == (512, 512, 3)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 8
    assert pixels(game.observe(state, 0), game.public, 96, 84).shape == (84, 96, 3)


def test_acts_in_words_are_read_back_in_both_forms() -> None:
    for name in ("tower_defence", "tower_defence?actions=raw"):
        game = envs.game(name)
        state = game.start(1)
        obs, legal = game.observe(state, 0), game.legal(state, 0)
        for seed in range(200):
            action = legal.sample(seed)
            assert game.parse(f" {game.form(action, obs).upper()}. ", obs, legal) == [action]
        for text in (
            "archer",
            "archer 99",
            "rally Z99",
            "hero",
            "fire \x1b[2J",
            "wait 3",
            "archer at 9 9",
            "archer 1; jump",
        ):
            refusal = game.parse(text, obs, legal)
            assert isinstance(refusal, Refusal), text
            assert refusal.reason.isprintable()
    game = envs.game("tower_defence")
    obs, legal = game.observe(game.start(1), 0), game.legal(game.start(1), 0)
    assert game.parse("archer 1; archer 2\nwait", obs, legal) == [[0], [1], [90]]


def test_the_digest_covers_files_without_a_rule() -> None:
    texts = sources(vars(tower_defence))
    assert any("KIND = nested(" in text for text in texts)
    assert sources({"__file__": __file__}) == []
