"""Leduc poker: showdowns by a table of their own, stakes, raise caps, and who sees which card when."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

import envs
from envs.spec import PUBLIC, SPECTATOR, Refusal

FOLD, CALL, RAISE = 0, 1, 2
JS, JH, QS, QH, KS, KH = range(6)


def dealt(game: Any, cards: tuple[int, int, int]) -> Any:
    """A start with these private cards."""
    state = game.start(0)
    state["cards"][0] = cards[:2]
    return state


def shown(game: Any, played: Any, cards: tuple[int, int, int], first: list[int], second: list[int]) -> Any:
    """Both rounds played to their end with these cards, the public one last."""
    state = played(game, first, dealt(game, cards))
    state["public"][0] = cards[2]
    return played(game, second, state)


@pytest.mark.parametrize("public", range(6))
def test_a_pair_beats_a_high_card_and_equal_ranks_split(public: int, played: Any) -> None:
    """All 120 deals against the rule put as a sort key."""
    game = envs.game("leduc_poker")
    for pair in permutations([card for card in range(6) if card != public], 2):
        facts = game.facts(shown(game, played, (*pair, public), [CALL, CALL], [CALL, CALL]))
        ours, theirs = [(card // 2 == public // 2, card // 2) for card in pair]
        assert facts.reward[0] == (ours > theirs) - (ours < theirs)
        assert facts.reward[1] == -facts.reward[0]
        assert facts.done
        assert not facts.truncated


@pytest.mark.parametrize(
    ("cards", "winner"),
    [
        ((JS, KS, JH), 0),
        ((KH, JS, JH), 1),
        ((QS, KS, JS), 1),
        ((QS, QH, KS), -1),
        ((KS, QS, KH), 0),
        ((JS, JH, QS), -1),
    ],
)
def test_some_showdowns_by_hand(cards: tuple[int, int, int], winner: int, played: Any) -> None:
    game = envs.game("leduc_poker")
    after = shown(game, played, cards, [RAISE, CALL], [RAISE, CALL])
    reward = [0.0, 0.0]
    if winner >= 0:
        reward[winner], reward[1 - winner] = 7.0, -7.0
    assert list(game.facts(after).reward) == reward
    marks = [mark.kind for mark in game.tell(played(game, [], dealt(game, cards)), {1: [CALL]}, after)]
    assert marks[-1] == ("win" if winner >= 0 else "split")


@pytest.mark.parametrize(
    ("first", "second", "stakes"),
    [
        ([CALL, CALL], [CALL, CALL], 1),
        ([RAISE, CALL], [CALL, CALL], 3),
        ([RAISE, RAISE, CALL], [CALL, CALL], 5),
        ([CALL, RAISE, RAISE, CALL], [RAISE, CALL], 9),
        ([CALL, RAISE, RAISE, CALL], [CALL, RAISE, RAISE, CALL], 13),
    ],
)
def test_raises_add_two_then_four(first: list[int], second: list[int], stakes: int, played: Any) -> None:
    game = envs.game("leduc_poker")
    after = shown(game, played, (KS, QS, JS), first, second)
    assert game.row(after).bets.tolist() == [stakes, stakes]
    assert game.facts(after).reward == (stakes, -stakes)


@pytest.mark.parametrize(
    ("acts", "lost", "loser"),
    [
        ([RAISE, FOLD], 1, 1),
        ([CALL, RAISE, FOLD], 1, 0),
        ([RAISE, RAISE, FOLD], 3, 0),
        ([CALL, CALL, RAISE, FOLD], 1, 1),
    ],
)
def test_a_fold_loses_what_was_put_in_whatever_the_cards(acts: list[int], lost: int, loser: int, played: Any) -> None:
    game = envs.game("leduc_poker")
    for cards in ((KS, JS), (JS, KS)):
        facts = game.facts(played(game, acts, dealt(game, (*cards, -1))))
        assert facts.done
        assert facts.reward[loser] == -lost
        assert facts.reward[1 - loser] == lost


@pytest.mark.parametrize("before", [[], [CALL, CALL]])
def test_two_raises_a_round_and_no_fold_without_a_raise(before: list[int], played: Any) -> None:
    """The cap is of the round: it starts anew in the second."""
    game = envs.game("leduc_poker")
    table = {
        (): [CALL, RAISE],
        (CALL,): [CALL, RAISE],
        (RAISE,): [FOLD, CALL, RAISE],
        (CALL, RAISE): [FOLD, CALL, RAISE],
        (RAISE, RAISE): [FOLD, CALL],
        (CALL, RAISE, RAISE): [FOLD, CALL],
    }
    for acts, allowed in table.items():
        state = played(game, [*before, *acts])
        (seat,) = game.acting(state)
        assert seat == len(acts) % 2
        assert list(game.legal(state, seat)) == allowed


def test_the_public_card_comes_after_the_first_round_and_is_no_private_one(played: Any) -> None:
    game = envs.game("leduc_poker")
    found = set()
    for seed in range(300):
        state = played(game, [CALL], key=seed)
        assert game.row(state).public == -1
        s = game.row(played(game, [CALL], state, key=seed))
        assert s.round == 1
        assert 0 <= s.public < 6
        assert len({*s.cards.tolist(), s.public}) == 3
        found.add((*s.cards.tolist(), s.public))
    assert len(found) > 100, "of 120 deals"


def test_private_cards_are_seen_by_their_seat_and_after_a_showdown(played: Any) -> None:
    game = envs.game("leduc_poker")
    cards = (KS, JH, QS)
    running, end = (
        played(game, [RAISE, CALL], dealt(game, cards)),
        shown(game, played, cards, [CALL, CALL], [CALL, CALL]),
    )
    folded = played(game, [RAISE, FOLD], dealt(game, cards))
    for after, hidden in ((running, True), (folded, True), (end, False)):
        seen = [game.observe(after, who).cards.tolist() for who in (0, 1, PUBLIC, SPECTATOR)]
        assert seen == ([[KS, -1], [-1, JH], [-1, -1], [KS, JH]] if hidden else [[KS, JH]] * 4)
    assert "Jh" not in game.say(game.observe(running, 0))
    assert "Jh" in game.say(game.observe(end, 0))


def test_check_and_bet_are_understood_only_when_nothing_is_missing(played: Any) -> None:
    game = envs.game("leduc_poker")
    start, raised = game.start(3), played(game, [RAISE], key=3)
    assert game.parse("Check", game.observe(start, 0), game.legal(start, 0)) == [[CALL]]
    assert game.parse("bet", game.observe(start, 0), game.legal(start, 0)) == [[RAISE]]
    assert isinstance(game.parse("check", game.observe(raised, 1), game.legal(raised, 1)), Refusal)
    assert isinstance(game.parse("fold", game.observe(start, 0), game.legal(start, 0)), Refusal)
    assert game.parse("fold", game.observe(raised, 1), game.legal(raised, 1)) == [[FOLD]]
    assert game.name([CALL], game.observe(start, 0)) == "check"
    assert game.name([CALL], game.observe(raised, 1)) == "call"
