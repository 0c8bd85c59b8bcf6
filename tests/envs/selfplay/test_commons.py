"""The commons: sealed harvests, shares, growth, collapse, and rewards of teams."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import envs
from envs.canvas import PALETTES, Canvas
from envs.game import Game, Legal
from envs.rules import PUBLIC, SPECTATOR, Refusal
from envs.selfplay.commons import growth

COMMONS: list[Any] = [
    "commons",
    "commons?seats=7&teams=2&most=9&capacity=5&horizon=30",
    pytest.param("commons?seats=2&shared=true&rate=100", marks=pytest.mark.nightly),
]
"""Another number of seats is another record, which takes its compiler some ten seconds."""
SEED = 5


def take(game: Game, state: Any, *amounts: int) -> Any:
    return game.step(state, {seat: [amount] for seat, amount in enumerate(amounts)}, SEED)


def with_stock(options: str, stock: int, tick: int = 0) -> tuple[Game, Any]:
    game = envs.game(f"commons?{options}", plain=True)
    state = game.start(SEED)
    state["pool"]["stock"], state["tick"] = stock, tick
    return game, state


@pytest.mark.parametrize("name", COMMONS)
def test_compiled_and_plain_play_are_the_same_bytes(name: str, seeds: Any, episode: Callable[..., Any]) -> None:
    compiled, plain = envs.game(name), envs.game(name, plain=True)
    for seed in seeds(3):
        assert compiled.pack(compiled.start(seed)) == plain.pack(plain.start(seed))
        for state, actions, after in episode(compiled, seed):
            assert plain.pack(plain.step(state, actions, seed)) == compiled.pack(after)
            for who in (SPECTATOR, compiled.seats - 1):
                seen = compiled.observe(after, who)
                assert plain.observe(after, who) == seen
                assert compiled.encode(seen, "flat").tobytes() == plain.encode(seen, "flat").tobytes()
            assert compiled.legal(after, 0).mask.tolist() == plain.legal(after, 0).mask.tolist()


@pytest.mark.parametrize("name", COMMONS)
def test_what_a_seat_imagines_is_the_state_itself(name: str, seeds: Any, episode: Callable[..., Any]) -> None:
    game = envs.game(name)
    for seed in seeds(3):
        for state, actions, after in episode(game, seed):
            for who in (PUBLIC, SPECTATOR, *range(game.seats)):
                seen = game.observe(state, who)
                imagined = game.imagine(seen, who, seed)
                assert game.observe(imagined, who) == seen
                assert game.pack(game.step(imagined, actions, seed)) == game.pack(after)


def test_all_seats_decide_in_every_tick(episode: Callable[..., Any]) -> None:
    game = envs.game("commons?seats=8&horizon=10", plain=True)
    steps = list(episode(game, SEED))
    assert [sorted(actions) for _, actions, _ in steps] == [list(range(8))] * 10
    assert game.acting(steps[-1][2]) == ()


@pytest.mark.parametrize(("left", "grown"), [(0, 0), (1, 0), (2, 1), (10, 4), (40, 8), (79, 0), (80, 0)])
def test_the_stock_grows_by_the_logistic_law(left: int, grown: int) -> None:
    # 40 % of left * (80 - left) / 80: 0.395, 0.78, 3.5 (half a unit counts as one), 8, 0.395
    assert growth(left, 80, 40) == grown
    game, state = with_stock("", left + 1)
    pool = game.row(take(game, state, 1, 0, 0, 0)).pool
    assert (pool.grown, pool.stock) == (grown, left + grown)


def test_growth_never_fills_more_than_the_commons_holds() -> None:
    for capacity in (2, 3, 17, 80, 800):
        for rate in (0, 1, 50, 100):
            grown = [growth(left, capacity, rate) for left in range(capacity + 1)]
            assert all(0 <= more <= capacity - left for left, more in enumerate(grown))


@pytest.mark.parametrize(
    ("stock", "tick", "asked", "got"),
    [
        (9, 0, (3, 3, 2, 0), (3, 3, 2, 0)),  # enough for all
        (8, 0, (3, 3, 2, 0), (3, 3, 2, 0)),  # exactly enough
        (4, 0, (3, 3, 2, 0), (2, 1, 1, 0)),  # 1.5, 1.5, 1: the unit left over goes to player 1 in the first tick
        (4, 1, (3, 3, 2, 0), (1, 2, 1, 0)),  # and to player 2 in the second
        (5, 2, (3, 3, 3, 3), (1, 1, 2, 1)),
        (6, 0, (6, 3, 3, 0), (3, 2, 1, 0)),  # 3 is an exact part: the unit goes to a rounded one
        (2, 3, (3, 3, 3, 3), (1, 0, 0, 1)),
        (1, 2, (3, 0, 0, 0), (1, 0, 0, 0)),
    ],
)
def test_what_is_short_is_shared_by_the_stated_rule(stock: int, tick: int, asked: Any, got: Any) -> None:
    game, state = with_stock("", stock, tick)
    pool = game.row(take(game, state, *asked)).pool
    assert pool.got.tolist() == list(got)
    assert pool.asked.tolist() == list(asked)


def test_shares_lose_and_invent_no_unit(seeds: Any, episode: Callable[..., Any]) -> None:
    game = envs.game("commons?seats=7&most=9&capacity=4&horizon=50", plain=True)
    short = 0
    for seed in seeds(20):
        for state, actions, after in episode(game, seed):
            stock, pool = game.row(state).pool.stock, game.row(after).pool
            asked = [actions[seat][0] for seat in range(7)]
            assert pool.asked.tolist() == asked
            assert pool.got.sum() == min(stock, sum(asked))
            assert (pool.got <= asked).all()
            exact = np.array(asked) * min(stock / max(sum(asked), 1), 1)
            assert abs(pool.got - exact).max() < 1
            short += stock < sum(asked)
    assert short >= 10  # the others collapse because exactly all is asked


def test_an_exhausted_commons_ends_the_game() -> None:
    game, state = with_stock("", 12)
    after = take(game, state, 3, 3, 3, 3)
    facts = game.facts(after)
    assert facts.done
    assert not facts.truncated
    assert facts.reward == (3.0, 3.0, 3.0, 3.0)
    assert game.metrics(after)["collapsed"] is True
    actions = {seat: [3] for seat in range(4)}
    assert [mark.kind for mark in game.tell(state, actions, after)] == ["peak", "collapse", "end"]
    game, state = with_stock("", 20)
    assert [mark.kind for mark in game.tell(state, actions, take(game, state, 3, 3, 3, 3))] == ["peak", "low"]


def test_the_horizon_ends_the_game_by_the_rules() -> None:
    game = envs.game("commons?horizon=3", plain=True)
    state = game.start(SEED)
    for tick in range(3):
        assert not game.facts(state).done
        state = take(game, state, 0, 1, 0, 1)
        assert game.facts(state).tick == tick + 1
    facts = game.facts(state)
    assert facts.done
    assert not facts.truncated
    assert game.metrics(state) == {"harvest": 6, "gini_per_mille": 500, "ticks": 3, "collapsed": False}


def test_a_careful_crew_takes_more_than_a_greedy_one() -> None:
    def harvest(amount: int) -> int:
        game = envs.game("commons", plain=True)
        state = game.start(SEED)
        while game.acting(state):
            state = take(game, state, *[amount] * 4)
        return int(game.metrics(state)["harvest"])

    careful, greedy = harvest(2), harvest(3)
    assert careful == 800  # two each in all of the 100 ticks
    assert greedy < 400


@pytest.mark.parametrize(
    ("options", "amounts", "reward"),
    [
        ("seats=3", (3, 1, 0), (3, 1, 0)),
        ("seats=3&shared=true", (3, 1, 0), (4 / 3, 4 / 3, 4 / 3)),
        ("seats=3&teams=1", (3, 1, 0), (4 / 3, 4 / 3, 4 / 3)),
        ("seats=4&teams=2", (3, 1, 0, 0), (1.5, 0.5, 1.5, 0.5)),
        ("seats=5&teams=2", (3, 1, 0, 0, 1), (4 / 3, 0.5, 4 / 3, 0.5, 4 / 3)),
        ("seats=7&teams=3", (3, 1, 0, 0, 1, 1, 1), (4 / 3, 1, 0.5, 4 / 3, 1, 0.5, 4 / 3)),
    ],
)
def test_rewards_are_the_means_of_the_groups(options: str, amounts: tuple[int, ...], reward: tuple[float, ...]) -> None:
    game = envs.game(f"commons?{options}", plain=True)
    facts = game.facts(take(game, game.start(SEED), *amounts))
    assert facts.reward == pytest.approx(reward, abs=1e-12)
    assert sum(facts.reward) == pytest.approx(sum(amounts))


def test_totals_stay_in_the_declared_range(seeds: Any, episode: Callable[..., Any]) -> None:
    for name in COMMONS[:2]:
        game = envs.game(name)
        low, high = game.spec.points
        for seed in seeds(3):
            total = np.sum([game.facts(after).reward for _, _, after in episode(game, seed)], axis=0)
            assert low <= total.min()
            assert total.max() <= high
    greedy = envs.game("commons?rate=100&most=1&capacity=100&seats=2&horizon=40", plain=True)
    state, total = greedy.start(SEED), 0.0
    while greedy.acting(state):
        state = take(greedy, state, 1, 1)
        total += greedy.facts(state).reward[0]
    assert total == greedy.spec.points[1] == 40


def test_more_teams_than_seats_are_refused_in_one_line() -> None:
    with pytest.raises(envs.UserError, match="teams=3 is not allowed: 2 seats make at most 2 teams") as caught:
        envs.game("commons?seats=2&teams=3")
    assert caught.value.code == 2


def test_marks_tell_peaks_and_a_low_stock_once(episode: Callable[..., Any]) -> None:
    game = envs.game("commons?most=9&rate=60&capacity=10", plain=True)
    record, harvests, kinds = 0, [], []
    for state, actions, after in episode(game, SEED):
        marks = [mark.kind for mark in game.tell(state, actions, after)]
        harvests.append(int(game.row(after).pool.got.sum()))
        assert ("peak" in marks) == (harvests[-1] > record)
        record = max(record, harvests[-1])
        kinds += marks
    assert kinds[-2:] == ["collapse", "end"]
    assert kinds.count("end") == 1


def test_the_last_stocks_are_remembered() -> None:
    game = envs.game("commons?horizon=40", plain=True)
    state, stocks = game.start(SEED), [80]
    for tick in range(39):
        state = take(game, state, tick % 3, 1, 2, tick % 4)
        stocks.append(game.row(state).pool.stock)
        past = game.row(state).pool.past.tolist()
        assert past == ([-1] * 32 + stocks)[-32:]


@pytest.mark.parametrize("name", COMMONS)
def test_every_action_is_read_back_from_its_form(name: str) -> None:
    game = envs.game(name, plain=True)
    seen = game.observe(game.start(SEED), 0)
    every = Legal(np.ones(game.spec.width, np.bool_), (game.spec.width,))
    for action in range(game.spec.width):
        assert game.parse(game.form([action], seen), seen, every) == [[action]]
        assert game.parse(game.name([action], seen), seen, every) == [[action]]


@pytest.mark.parametrize("text", ["4", "-1", "", "two", "1.5", "take", "\x1b[31m2"])
def test_what_is_no_amount_is_refused_in_one_line(text: str) -> None:
    game = envs.game("commons", plain=True)
    state = game.start(SEED)
    refusal = game.parse(text, game.observe(state, 0), game.legal(state, 0))
    assert isinstance(refusal, Refusal)
    assert refusal.reason.isprintable()
    assert "0, 1, 2, 3" in refusal.reason


def test_words_tell_the_stock_the_harvest_and_the_rules_in_numbers() -> None:
    game, state = with_stock("", 7, tick=4)
    text = game.say(game.observe(take(game, state, 3, 3, 3, 0), 2))
    assert text.splitlines() == [
        "You are player 3 of 4. The game is over.",
        "Stock: 0 of 80 units, of which 0 grew in the last tick.",
        "Taken in the last tick: player 1 3, player 2 2 of 3, player 3 2 of 3, player 4 0.",
        "In all: player 1 3, player 2 2, player 3 2, player 4 0.",
    ]
    rules = " ".join(game.spec.rules.split())
    assert "4 players share a stock of 80 units" in rules
    assert "40 units grow by 8, which is the most, 10 by 4, and 80 do not grow" in rules
    teams = envs.spec("commons?seats=5&teams=2").rules
    assert "Players 1 and 3 and 5, players 2 and 4 are teams" in teams


def test_the_tensor_is_seen_from_the_seat_and_stays_in_range(episode: Callable[..., Any]) -> None:
    game = envs.game("commons?seats=3&teams=2&most=4&horizon=10&capacity=8", plain=True)
    flat = game.encode(game.observe(take(game, game.start(SEED), 4, 2, 0), 1), "flat").tolist()
    pool = game.row(take(game, game.start(SEED), 4, 2, 0)).pool
    assert flat[:2] == pytest.approx([pool.stock / 24, 0.1])
    assert flat[2:11] == pytest.approx([0.5, 0, 1, 0.5, 0, 1, 0.05, 0, 0.1])
    assert flat[11:] == [1, 0, 0]
    for name in COMMONS[:2]:
        random = envs.game(name)
        for _, _, after in episode(random, SEED):
            for who in (SPECTATOR, random.seats - 1):
                assert 0 <= (flat := random.encode(random.observe(after, who), "flat")).min() <= flat.max() <= 1


def test_drawings_use_known_colours_and_show_what_was_asked_in_vain() -> None:
    game, state = with_stock("", 7)
    canvas = Canvas()
    game.draw(game.observe(take(game, state, 3, 3, 3, 0), PUBLIC), canvas)
    discs = [verb for verb in canvas.verbs if verb[0] == "disc"]
    assert sum(filled for *_, filled in discs) == 7
    assert sum("muted" in verb for verb in discs) == 2
    assert all(any(part in PALETTES["standard"] for part in verb if isinstance(part, str)) for verb in canvas.verbs)
