"""Games of every shape that the contract allows: checked, faced, played as matches, recorded, verified, and shown frame by frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test

import arena
import envs
import replays
from envs import keys
from envs.conformance import CHECKS
from envs.errors import UserError
from envs.frames import frames
from envs.game import Game
from envs.spec import SPECTATOR
from replays.games import allow

HERE = Path(__file__).parent
RECORDS = ["duel", "fog", "guess", "guess?solvers=1", "guess?solvers=5", "meeting"]
PROBES = [*RECORDS, "dictionary"]
NIGHTLY = {"guess?solvers=1", "guess?solvers=5"}
"""Another number of seats is another compilation, and five are met daily."""


def cases(names: list[str]) -> list[Any]:
    return [pytest.param(name, marks=[pytest.mark.nightly] * (name in NIGHTLY)) for name in names]


SLOW = "no index leaves its array"
"""Compiles every probe once more, with checked indices."""


def place(name: str) -> str:
    short, mark, options = name.partition("?")
    return f"{HERE / short}.py{mark}{options}"


def opened(name: str, **more: Any) -> Game:
    return envs.game(place(name), **more)


def uniform(question: Any) -> Any:
    return question.legal.sample(question.key)


@pytest.fixture
def allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of allowed places of this test's own, with all probes."""
    monkeypatch.setattr("replays.games._allowed", [])
    for name in PROBES:
        allow(place(name.partition("?")[0]))


# ------------------------------------------------------------------ the checks and the libraries' own tests
@pytest.mark.parametrize("name", cases(PROBES))
def test_it_passes_the_conformance_suite(name: str) -> None:
    report = envs.check(place(name), episodes=40, only=tuple(check for check in CHECKS if check != SLOW))
    assert report.ok, str(report)


@pytest.mark.parametrize("name", cases(RECORDS))
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.foreign_random
def test_the_libraries_accept_its_faces(name: str) -> None:
    api_test(envs.make(place(name), "aec"), num_cycles=40)
    seed_test(lambda: envs.make(place(name), "aec"), num_cycles=30)
    parallel_api_test(envs.make(place(name), "parallel"), num_cycles=40)
    parallel_seed_test(lambda: envs.make(place(name), "parallel"), num_cycles=30)
    seats = opened(name, plain=True).seats
    for seat in range(seats):
        check_env(envs.make(place(name), "gym", seat=seat, opponents=[uniform] * (seats - 1)), skip_render_check=True)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.foreign_random
def test_pettingzoo_accepts_the_parallel_face_of_a_game_of_texts() -> None:
    """Its test of the turn-by-turn face takes no observation but arrays; that face is played below."""
    parallel_api_test(envs.make(place("dictionary"), "parallel"), num_cycles=30)


def test_texts_go_through_the_turn_by_turn_face() -> None:
    env = envs.make(place("dictionary"), "aec")
    env.reset(seed=1)
    seen = env.observe("reader_0")
    assert seen == {"observation": env.game.say(env._board.observe(0))}
    assert env.observation_space("reader_0").contains(seen)
    word = env._board.observe(0).word
    for agent, text in (("reader_0", f"look {word}"), ("dictionary_0", "sand"), ("reader_0", "answer sand")):
        assert env.agent_selection == agent
        assert env.action_space(agent).contains(text)
        env.step(text)
    assert (env.rewards, env.terminations["reader_0"]) == ({"reader_0": 1.0, "dictionary_0": 0.0}, True)
    env.reset(seed=1)
    env.step("burn the library")
    assert "look|answer" in env.infos["reader_0"]["illegal"]
    assert env.terminations["reader_0"]


# ------------------------------------------------------------------ the vector face
@pytest.mark.parametrize("name", cases(RECORDS))
def test_sampled_actions_are_legal_for_every_role_and_differ(name: str) -> None:
    vec, game = envs.make(place(name), "vector", num=64), opened(name)
    vec.reset(seed=1)
    seen: dict[int, set[tuple[int, ...]]] = {}
    for _ in range(12):
        actions = vec.sample().copy()
        for row, seat in np.argwhere(vec.acting).tolist():
            role = game.spec.role(seat).actions
            action = actions[row, seat, : len(role.factors)].tolist()
            assert action in game.legal_from(vec.legal[row, seat], seat)  # type: ignore[attr-defined]
            seen.setdefault(seat, set()).add(tuple(action))
        vec.step(actions)
    assert set(seen) == set(range(game.seats))
    assert all(len(actions) > 1 for actions in seen.values())


def test_numbers_are_drawn_from_the_whole_box() -> None:
    vec = envs.make(place("meeting"), "vector", num=2000)
    vec.reset(seed=0)
    drawn = vec.sample()
    assert drawn.min() == -20
    assert drawn.max() == 20
    assert abs(float(drawn.mean())) < 1.0


@pytest.mark.parametrize("name", cases(RECORDS))
def test_a_recorded_row_can_be_played_again_by_a_match(name: str) -> None:
    vec, game = envs.make(place(name), "vector", num=3), opened(name)
    vec.reset(seed=4)
    episode = vec.record(2)
    while not episode.done:
        vec.step(vec.sample())
    state = game.start(episode.seed)
    for actions in episode.actions:
        turns = game.turns(state)
        assert turns.keys() == actions.keys()
        assert all(actions[seat] in legal for seat, legal in turns.items())
        state = game.step(state, actions, episode.seed)
    assert game.facts(state).done


@pytest.mark.parametrize("name", cases(RECORDS))
def test_each_role_has_its_own_fields(name: str) -> None:
    vec, game = envs.make(place(name), "vector", num=4), opened(name)
    obs, _ = vec.reset(seed=4)
    for role in game.spec.roles:
        first = game.spec.first(role.name)
        seen = game.observe(game.start(int(vec.seeds[1])), first)
        assert set(seen.fields) == set(obs[role.name])
        for field, values in obs[role.name].items():
            assert values.shape[:2] == (4, role.count)
            assert values[1, 0].tobytes() == seen.array[field][0].tobytes()
    assert set(vec.state()) == set(game.observe(game.start(0), SPECTATOR).fields)


def test_an_option_changes_the_shapes() -> None:
    two, five = opened("guess?solvers=2"), opened("guess?solvers=5")
    assert (two.seats, five.seats) == (3, 6)
    assert two.observe(two.start(0), 1).guesses.shape == (2, 2)
    assert five.observe(five.start(0), 1).guesses.shape == (2, 5)
    with pytest.raises(UserError, match="solvers=9 is not allowed: it must be an integer from 1 to 6"):
        opened("guess?solvers=9")


# ------------------------------------------------------------------ matches and recordings
@pytest.mark.parametrize("name", cases(PROBES))
def test_a_match_is_recorded_and_verified(name: str, tmp_path: Path, allowed: None) -> None:
    game = opened(name)
    path = tmp_path / "m.arena"
    result = arena.play(game, ["random"] * game.seats, seed=3, record=path)
    assert result.faults == ()
    verdict = replays.verify(path)
    assert verdict, verdict.line
    tape = replays.open(path)
    try:
        assert tape.last == result.ticks
        for tick in range(tape.last + 1):
            moment = tape.at(tick)
            assert all(moment.text(seat).strip() for seat in (*range(game.seats), SPECTATOR))
            assert moment.facts.tick == tick
    finally:
        tape.close()


def by_words(ask: Any) -> str:
    """An agent that writes a random legal action in the words of the game."""
    return ask.game.form(ask.legal.sample(ask.key), ask.obs)


@pytest.mark.parametrize("name", cases(RECORDS))
def test_agents_may_answer_in_words(name: str) -> None:
    game = opened(name, plain=True)
    result = arena.play(game, [by_words] * game.seats, seed=5)
    assert result.faults == ()
    assert result.refusals == (0,) * game.seats


@pytest.mark.parametrize("name", cases(PROBES))
@pytest.mark.parametrize("answer", ["", "nonsense", [99], [-99, 0], [0, 0, 0], 2.5])
def test_what_is_no_action_is_refused_and_loses(name: str, answer: Any) -> None:
    game = opened(name, plain=True)
    others = "random" if game.kind == "plain" else uniform
    result = arena.play(game, [lambda ask: answer, *[others] * (game.seats - 1)], seed=5)
    assert result.faults == ((0, "illegal"),)


# ------------------------------------------------------------------ text and tools
def test_a_tools_answers_are_acts_that_are_replayed_and_never_asked_again(tmp_path: Path, allowed: None) -> None:
    calls: list[str] = []

    def tool(ask: Any) -> str:
        calls.append(ask.obs.asked)
        return {"arena": "sand"}.get(ask.obs.asked, "unknown")

    def reader(ask: Any) -> str:
        word = ask.obs.word
        return f"Answer {ask.obs.meanings[word]}" if word in ask.obs.meanings else f"look  {word}"

    path = tmp_path / "m.arena"
    game = opened("dictionary")
    result = arena.play(game, [reader, tool], seed=1, record=path)
    assert (result.scores, result.reason, result.ticks) == ((1.0, 0.0), "played out", 3)
    assert len(calls) == 1
    assert replays.verify(path)
    assert len(calls) == 1
    tape = replays.open(path)
    assert [act.action for tick in range(3) for act in tape.at(tick).acts][1] in {"sand", "unknown"}
    tape.close()


def test_a_text_outside_its_form_is_refused_with_the_form() -> None:
    reasons: list[tuple[str, ...]] = []

    def stubborn(ask: Any) -> str:
        reasons.append(ask.refusals)
        return "burn the library"

    result = arena.play(opened("dictionary"), [stubborn, "random"], seed=1)
    assert result.faults == ((0, "illegal"),)
    assert [len(each) for each in reasons] == [0, 1, 2]
    assert "look WORD" in reasons[1][0]


def test_a_game_of_texts_is_refused_by_those_who_need_numbers() -> None:
    with pytest.raises(UserError, match="no vector face"):
        envs.make(place("dictionary"), "vector", num=2)
    for agent in ("mcts", "first"):
        with pytest.raises(UserError):
            arena.play(opened("dictionary"), [agent, "random"], seed=1)


# ------------------------------------------------------------------ frames and hidden configuration
@pytest.mark.parametrize("plain", [False, True])
def test_the_frames_of_a_step_lead_to_its_end(plain: bool, seeds: Any) -> None:
    game: Any = opened("fog", plain=plain)
    moved = 0
    for seed in seeds(5):
        state = game.start(seed)
        while turns := game.turns(state):
            tick = game.facts(state).tick
            actions = {seat: legal.sample(keys.fold(seed, tick)) for seat, legal in turns.items()}
            kept = game.pack(state)
            shown = list(frames(game, state, actions, seed))
            after = game.step(state, actions, seed)
            assert game.pack(shown[-1]) == game.pack(after)
            assert game.pack(state) == kept
            assert len(shown) == 2 or game.facts(after).done
            moved += any(game.pack(each) not in {kept, game.pack(after)} for each in shown[:-1])
            state = after
    assert moved > 20, "the first frame shows something between the two steps"


def test_a_step_of_one_frame_is_shown_as_it_is() -> None:
    game: Any = opened("duel")
    state = game.start(1)
    actions = {0: [2], 1: [0]}
    assert [game.pack(each) for each in frames(game, state, actions, 1)] == [game.pack(game.step(state, actions, 1))]


def test_the_levels_of_the_bank_are_picked_by_key_and_waves_are_hidden() -> None:
    game: Any = opened("fog")
    assert {int(game.row(game.start(seed)).level) for seed in range(30)} == {0, 1, 2}
    assert game.config.tree()["waves"][0][0] == {"tick": 1, "row": 2, "column": 0}
    assert not any(number for row in game.public.tree()["waves"] for wave in row for number in wave.values())
    assert game.public.tree()["levels"] == game.config.tree()["levels"]
    assert game.describe()["config"] == game.config_bytes(public=True) != game.config_bytes()


def test_factors_that_are_allowed_one_by_one_are_allowed_together(seeds: Any) -> None:
    game: Any = opened("fog")
    for seed in seeds(10):
        state = game.start(seed)
        for tick in range(8):
            if game.facts(state).done:
                break
            ((seat, legal),) = game.turns(state).items()
            for first in legal.factors[0]:
                for second in legal.factors[1]:
                    assert [first, second] in legal
                    ways = game.step(state, {seat: [first, second]}, seed)["ways"][0][2 * seat : 2 * seat + 2]
                    assert ways.tolist() == [first, second]
            state = game.step(state, {seat: legal.sample(keys.fold(seed, tick))}, seed)
