"""Liar's dice: bids rise, a challenge counts all dice and costs one, hidden dice stay hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import envs
from envs.canvas import PALETTES, Canvas
from envs.game import Game, Legal
from envs.rules import PUBLIC, SPECTATOR, Refusal

TABLES: list[Any] = [
    "liars_dice",
    "liars_dice?seats=6&dice=2&wild=true",
    pytest.param("liars_dice?seats=3&dice=1", marks=pytest.mark.nightly),
]
"""Other numbers of seats and dice are other records, which take their compiler some ten seconds each."""
SEED = 11


def dealt(hands: list[list[int]], options: str = "", plain: bool = True) -> tuple[Game, Any]:
    """A first state in which the seats have these dice."""
    game = envs.game(f"liars_dice?seats={len(hands)}&dice={len(hands[0])}{options}", plain=plain)
    state = game.start(SEED)
    state["table"]["dice"] = [len(hand) for hand in hands]
    state["hands"] = [np.bincount(hand, minlength=7)[1:] for hand in hands]
    return game, state


def act(game: Game, state: Any, *texts: str) -> Any:
    """The state after these texts, each by the seat that is on turn."""
    for text in texts:
        (seat,) = game.acting(state)
        actions = game.parse(text, game.observe(state, seat), game.legal(state, seat))
        assert isinstance(actions, list), actions
        state = game.step(state, {seat: actions[0]}, SEED)
    return state


def allowed(game: Game, state: Any) -> list[str]:
    (seat,) = game.acting(state)
    obs = game.observe(state, seat)
    return [game.form([action], obs) for action in game.legal(state, seat)]


@pytest.mark.parametrize("name", TABLES)
def test_compiled_and_plain_play_are_the_same_bytes(name: str, seeds: Any, episode: Callable[..., Any]) -> None:
    compiled, plain = envs.game(name), envs.game(name, plain=True)
    for seed in seeds(5):
        assert compiled.pack(compiled.start(seed)) == plain.pack(plain.start(seed))
        for state, actions, after in episode(compiled, seed):
            assert plain.pack(plain.step(state, actions, seed)) == compiled.pack(after)
            for who in range(SPECTATOR, compiled.seats):
                seen = compiled.observe(after, who)
                assert plain.observe(after, who) == seen
                assert compiled.encode(seen, "flat").tobytes() == plain.encode(seen, "flat").tobytes()
                if who >= 0:
                    assert compiled.pack(compiled.imagine(seen, who, seed)) == plain.pack(
                        plain.imagine(seen, who, seed)
                    )
                    assert compiled.legal(after, who).mask.tolist() == plain.legal(after, who).mask.tolist()


@pytest.mark.parametrize("name", TABLES)
def test_what_a_seat_imagines_looks_to_it_like_the_truth(name: str, seeds: Any, episode: Callable[..., Any]) -> None:
    game = envs.game(name)
    for seed in seeds(5):
        for _, _, state in episode(game, seed):
            for who in (PUBLIC, SPECTATOR, *range(game.seats)):
                seen = game.observe(state, who)
                assert game.observe(game.imagine(seen, who, seed), who) == seen


def test_imagined_dice_differ_from_the_truth_and_from_one_another(seeds: Any) -> None:
    game = envs.game("liars_dice?seats=4")
    state = game.start(SEED)
    seen = game.observe(state, 0)
    imagined = [game.row(game.imagine(seen, 0, seed)).hands for seed in seeds(50)]
    assert all((hands[0] == seen.hands[0]).all() and hands.sum(axis=1).tolist() == [5] * 4 for hands in imagined)
    assert len({hands.tobytes() for hands in imagined}) > 45
    truth = game.row(state).hands
    assert sum((hands == truth).all() for hands in imagined) == 0


def test_hidden_dice_are_in_no_word_drawing_or_tensor() -> None:
    game, one = dealt([[1, 2, 3], [4, 4, 4], [5, 5, 6]])
    _, other = dealt([[1, 2, 3], [1, 2, 6], [3, 3, 3]])
    for who in (0, PUBLIC):
        looks = []
        for state in (one, other):
            seen, canvas = game.observe(state, who), Canvas()
            game.draw(seen, canvas)
            looks.append((game.say(seen), canvas.verbs, game.encode(seen, "flat").tolist()))
        assert looks[0] == looks[1]
    assert game.say(game.observe(one, SPECTATOR)) != game.say(game.observe(other, SPECTATOR))


def test_all_faces_fall_alike_for_every_seat(seeds: Any) -> None:
    game = envs.game("liars_dice?seats=3")
    total = sum(game.row(game.start(seed)).hands for seed in seeds(600))
    assert total.sum(axis=1).tolist() == [3000] * 3
    # 3000 dice of a seat: 500 of a face are expected, with a standard deviation of 20.4.
    assert abs(total - 500).max() < 100


def test_new_dice_fall_in_every_round(episode: Callable[..., Any]) -> None:
    game = envs.game("liars_dice?seats=2&dice=5")
    for state, _, after in episode(game, SEED):
        before, now = game.row(state), game.row(after)
        if now.table.challenges == before.table.challenges:
            assert (before.hands == now.hands).all()
        else:
            assert (now.table.lifted == before.hands).all()
            assert now.hands.sum(axis=1).tolist() == (now.table.dice * (not now.done)).tolist()


def test_a_first_bid_is_any_and_never_a_challenge() -> None:
    game, state = dealt([[1], [2]])
    assert allowed(game, state) == [f"1 {noun}" for noun in ("one", "two", "three", "four", "five", "six")] + [
        f"2 {noun}" for noun in ("ones", "twos", "threes", "fours", "fives", "sixes")
    ]


def test_a_bid_rises_in_number_or_face_and_the_last_one_can_only_be_doubted() -> None:
    game, state = dealt([[1], [2]])
    higher = ["1 six", "2 ones", "2 twos", "2 threes", "2 fours", "2 fives", "2 sixes", "liar"]
    assert allowed(game, act(game, state, "1 five")) == higher
    assert allowed(game, act(game, state, "2 sixes")) == ["liar"]


def test_no_bid_names_more_dice_than_are_left() -> None:
    game, state = dealt([[1, 1], [2, 2]])
    state = act(game, state, "4 sixes", "liar")
    assert game.row(state).table.dice.tolist() == [1, 2]
    assert allowed(game, state)[-1] == "3 sixes"


@pytest.mark.parametrize(
    ("bid", "options", "loser"),
    [
        ("3 fives", "", 1),  # there are exactly three: the bid is true
        ("4 fives", "", 0),
        ("4 fives", "&wild=true", 1),  # with the one there are four
        ("5 fives", "&wild=true", 0),
        ("1 one", "&wild=true", 1),
        ("2 ones", "&wild=true", 0),  # a bid on ones counts ones alone
    ],
)
def test_who_was_wrong_loses_a_die_and_bids_first(bid: str, options: str, loser: int) -> None:
    game, state = dealt([[5, 5, 1], [5, 2, 3]], options)
    after = act(game, state, bid, "liar")
    table = game.row(after).table
    assert table.dice.tolist() == [3 - (loser == seat) for seat in range(2)]
    assert (table.loser, table.accused, table.accuser) == (loser, 0, 1)
    assert game.acting(after) == (loser,)
    assert (table.challenges, table.caught) == (1, int(loser == 0))


def test_a_seat_without_dice_is_out_and_the_next_one_bids() -> None:
    game, state = dealt([[1], [2], [3]])
    after = act(game, state, "1 one", "2 fives", "liar")
    table = game.row(after).table
    assert table.out.tolist() == [0, 1, 0]
    assert game.acting(after) == (2,)
    assert game.facts(after).reward == (0.0, 0.0, 0.0)
    assert game.acting(act(game, after, "1 one")) == (0,)  # seat 1 is passed over


def test_the_last_seat_with_dice_wins_what_the_others_pay() -> None:
    game, state = dealt([[1], [2], [3]])
    after = act(game, state, "1 one", "2 fives", "liar", "2 fours", "liar")
    facts = game.facts(after)
    assert facts.done
    assert not facts.truncated
    assert facts.reward == (1.0, -0.5, -0.5)
    assert game.acting(after) == ()
    before = act(game, state, "1 one", "2 fives", "liar", "2 fours")
    assert [mark.kind for mark in game.tell(before, {0: [18]}, after)] == ["challenge", "loss", "out", "win"]
    assert game.metrics(after) == {"challenges": 2, "caught_per_mille": 1000, "dice": 1}


def test_seats_that_are_out_never_act_and_are_paid_only_at_the_end(seeds: Any, episode: Callable[..., Any]) -> None:
    game = envs.game("liars_dice?seats=6&dice=2&wild=true")
    for seed in seeds(10):
        for state, actions, after in episode(game, seed):
            assert all(not game.row(state).table.out[seat] for seat in actions)
            facts = game.facts(after)
            assert sum(after[0]["reward"]) == 0
            assert facts.done or not any(facts.reward)
        assert facts.done
        assert not facts.truncated
        assert sorted(after[0]["reward"].tolist()) == [-1] * 5 + [5]


def test_the_longest_game_ends_by_the_rules_at_the_tick_limit() -> None:
    game = envs.game("liars_dice?seats=2&dice=2", plain=True)
    state = game.start(SEED)
    while game.acting(state):
        (seat,) = game.acting(state)
        state = game.step(
            state, {seat: [game.legal(state, seat)[0]]}, SEED
        )  # the lowest bid, liar when there is no other
    facts = game.facts(state)
    # Three dice more than the last one: rounds of 4, 3 and 2 dice, six bids for each die and a challenge.
    assert facts.tick == 25 + 19 + 13 == game.spec.limit
    assert not facts.truncated


@pytest.mark.parametrize("name", TABLES)
def test_every_action_is_read_back_from_its_form(name: str) -> None:
    game = envs.game(name, plain=True)
    seen = game.observe(game.start(SEED), 0)
    every = Legal(np.ones(game.spec.width, np.bool_), (game.spec.width,))
    for action in range(game.spec.width):
        assert game.parse(game.form([action], seen), seen, every) == [[action]]


@pytest.mark.parametrize("text", ["3 fives", "3 FIVES.", " bid 3  fives", "3x5", "3 x 5", "3 5", "3 5s"])
def test_a_bid_may_be_written_in_several_ways(text: str) -> None:
    game = envs.game("liars_dice", plain=True)
    state = game.start(SEED)
    assert game.parse(text, game.observe(state, 0), game.legal(state, 0)) == [[2 * 6 + 4]]


@pytest.mark.parametrize(
    "text", ["liar", "11 ones", "11x1", "0 fives", "0x3", "3 sevens", "", "99x6", "fives", "\x1b[2J"]
)
def test_what_is_no_bid_now_is_refused_in_one_line(text: str) -> None:
    game = envs.game("liars_dice", plain=True)
    state = game.start(SEED)
    refusal = game.parse(text, game.observe(state, 0), game.legal(state, 0))
    assert isinstance(refusal, Refusal)
    assert refusal.reason.isprintable()
    assert "1 one" in refusal.reason


def test_words_tell_a_seat_what_it_needs() -> None:
    game, state = dealt([[5, 5, 1], [5, 2, 3]])
    state = act(game, state, "3 fives", "liar", "1 two", "2 threes")
    text = game.say(game.observe(state, 1))
    assert "You are player 2." in text
    assert "player 1 doubted" not in text
    assert "player 2 doubted player 1's 3 fives, there were 3: player 2 lost a die" in text
    assert "player 1 1 5 5; player 2 2 3 5" in text  # the dice that were shown
    assert "Bids in this round: player 2 1 two, player 1 2 threes." in text
    assert "Player 2 is to bid or to say liar." in text


def test_the_tensor_is_seen_from_the_seat_and_stays_in_range(seeds: Any, episode: Callable[..., Any]) -> None:
    game, state = dealt([[5, 5], [1, 2], [3, 3]])
    state = act(game, state, "2 fives")
    flat = game.encode(game.observe(state, 1), "flat")
    assert flat[:6].tolist() == [0.5, 0.5, 0, 0, 0, 0]  # the own dice come first
    assert not flat[6:18].any()
    assert flat[18:21].tolist() == [1, 1, 1]
    assert flat[21:24].tolist() == [0, 0, 1]  # the bid is by the last seat from here
    assert flat[24:27].tolist() == [1, 0, 0]  # the turn is the own
    assert np.flatnonzero(flat[27:]).tolist() == [6 + 4]
    random = envs.game("liars_dice?seats=6&dice=2&wild=true")
    for _, _, after in episode(random, SEED):
        for who in range(SPECTATOR, random.seats):
            assert 0 <= (flat := random.encode(random.observe(after, who), "flat")).min() <= flat.max() <= 1


def test_drawings_use_known_colours_and_show_golden_what_counts() -> None:
    game, state = dealt([[5, 1, 2], [5, 5, 6]], "&wild=true")
    canvas = Canvas()
    game.draw(game.observe(act(game, state, "2 fives"), SPECTATOR), canvas)
    assert sum(verb[0] == "rect" and "gold" in verb for verb in canvas.verbs) == 4
    assert all(any(part in PALETTES["standard"] for part in verb if isinstance(part, str)) for verb in canvas.verbs)
    public = Canvas()
    game.draw(game.observe(state, PUBLIC), public)
    assert sum("?" in verb for verb in public.verbs) == 6


def test_options_change_the_rules_in_words() -> None:
    plain, wild = envs.spec("liars_dice?seats=3"), envs.spec("liars_dice?seats=4&dice=1&wild=true")
    assert plain.rules.startswith("Three players have five dice each")
    assert wild.rules.startswith("Four players have one die each")
    assert "Ones count as any face" in wild.rules
    assert "Ones count as any face" not in plain.rules
    with pytest.raises(envs.UserError, match="seats=7 is not allowed: it must be an integer from 2 to 6"):
        envs.game("liars_dice?seats=7")
