"""The match machine: order of events, sealed acts, clocks, faults, secrets."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import envs
from arena.agent import Reply
from arena.clock import Limits
from arena.events import (
    Acted,
    Asked,
    Ended,
    Faulted,
    Marked,
    Refused,
    Seat,
    Secret,
    Started,
    Stepped,
    from_tree,
    shown,
    to_tree,
)
from arena.match import Match, commitment, seat_seed
from envs.errors import UserError
from envs.spec import PUBLIC, SPECTATOR

GAMES = {name: envs.game(name, plain=True) for name in ("connect_four", "kuhn_poker")}
GAMES["matrix"] = envs.game("matrix?rounds=3", plain=True)


def a_match(name: str = "connect_four", seed: int = 7, **more) -> Match:
    game = GAMES[name]
    return Match(game, [Seat(seat, "test") for seat in game.spec.seat_names], seed, **more)


def play_random(match: Match) -> list:
    events = match.events()
    while not match.over:
        for seat in match.waiting():
            ask = match.ask(seat)
            match.acted(seat, ask.legal.sample(ask.key), 0.0)
        events += match.events()
    return events


def test_what_is_only_told_is_made_when_events_are_drained(monkeypatch):
    game, told = GAMES["matrix"], []
    monkeypatch.setattr(game, "tell", lambda *step: told.append(step) or [])
    match = a_match("matrix")
    for seat in (0, 1):
        match.acted(seat, 0, 1.5)
    assert match.tick == 1 and match.waiting() == (0, 1) and not told
    for seat in (0, 1):
        match.acted(seat, 1, 2.5)
    acts = [event for event in match.events() if isinstance(event, Acted)]
    assert [(act.tick, act.at, act.name) for act in acts] == [(0, 1.5, "rock")] * 2 + [(1, 2.5, "paper")] * 2
    assert [game.facts(after).tick for _, _, after in told] == [1, 2]


@pytest.mark.parametrize("name", GAMES)
def test_events_come_in_the_promised_order_and_end_once(name):
    events = play_random(a_match(name))
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Started, Secret]
    assert kinds[-1] is Ended and kinds.count(Ended) == 1
    ticks = [event.tick for event in events if isinstance(event, Stepped)]
    assert ticks == list(range(1, len(ticks) + 1))
    for before, after in itertools.pairwise(kinds[2:]):
        allowed = {
            Asked: {Asked, Acted}, Acted: {Acted, Stepped}, Stepped: {Marked, Asked, Ended}, Marked: {Marked, Asked, Ended},
        }  # fmt: skip
        assert after in allowed[before], (before, after)


@pytest.mark.parametrize("name", GAMES)
def test_same_calls_give_the_same_events(name):
    assert play_random(a_match(name)) == play_random(a_match(name))
    assert play_random(a_match(name)) != play_random(a_match(name, seed=8))


def test_events_survive_the_trip_through_plain_values():
    for event in play_random(a_match("kuhn_poker")):
        assert from_tree(to_tree(event)) == event


def test_acts_of_one_tick_stay_sealed_until_the_last_seat_has_spoken():
    match = a_match("matrix")
    match.events()
    seen = match.ask(1).obs
    match.acted(0, 0, 0.0)
    assert not [event for event in match.events() if isinstance(event, Acted)]
    assert match.waiting() == (1,)
    assert match.ask(1).obs == seen
    match.acted(1, 1, 0.0)
    assert [event.seat for event in match.events() if isinstance(event, Acted)] == [0, 1]


@pytest.mark.parametrize(
    "answer", [7, -1, [0, 0], "nonsense", None, 1.0, True, [True], {"a": 1}, [], "", b"\x00", [[1]], 10**30, Reply([])]
)
def test_an_answer_that_is_no_legal_action_is_refused_with_a_reason_and_asked_again(answer):
    match = a_match()
    match.events()
    assert match.acted(0, answer, 0.0)
    refused, asked = match.events()
    assert isinstance(refused, Refused) and refused.reason and "\n" not in refused.reason
    assert isinstance(asked, Asked) and asked.attempt == 1
    assert match.ask(0).refusals == (refused.reason,)
    assert match.acted(0, 3, 0.0) and match.tick == 1


def test_too_many_refusals_are_the_fault_illegal_and_the_other_wins():
    match = a_match(retries=2)
    for _ in range(3):
        match.acted(0, 99, 0.0)
    assert match.result is not None
    assert (match.result.reason, match.result.scores, match.result.faults) == (
        "forfeit",
        (-1.0, 1.0),
        ((0, "illegal"),),
    )
    assert match.result.refusals == (3, 0)


def test_late_double_and_foreign_answers_are_dropped_without_a_trace():
    match = a_match()
    match.events()
    assert not match.acted(1, 3, 0.0)
    assert not match.acted(0, 3, 0.0, tick=5)
    assert match.acted(0, 3, 0.0, tick=0)
    assert not match.acted(0, 3, 0.0, tick=0)
    assert match.tick == 1
    match.fault(1, "resigned", "", 0.0)
    assert not match.acted(1, 3, 0.0)
    assert [type(event) for event in match.events()][-1] is Ended


def test_a_time_bank_is_spent_beyond_the_move_limit_and_then_the_seat_loses_on_time():
    match = a_match(limits=Limits(move=1.0, bank=2.0), now=100.0)
    assert match.deadline == 103.0
    match.acted(0, 3, 102.5)
    assert match.ask(1).seconds == 3.0
    match.acted(1, 3, 103.0)
    assert match.ask(0).seconds == pytest.approx(1.5)
    match.late(104.4)
    assert not match.over
    match.late(104.6)
    assert match.result is not None and match.result.faults == ((0, "timeout"),)


def test_an_answer_after_the_deadline_is_a_timeout_even_when_nobody_called_late():
    match = a_match(limits=Limits(move=1.0))
    match.acted(0, 3, 1.5)
    assert match.result is not None and match.result.faults == ((0, "timeout"),)


def test_the_increment_is_paid_after_each_answer():
    match = a_match(limits=Limits(bank=5.0, increment=2.0))
    match.acted(0, 3, 4.0)
    match.acted(1, 3, 4.0)
    assert match.ask(0).seconds == pytest.approx(3.0)


def test_void_keeps_the_points_earned_and_abort_names_no_winner():
    match = a_match("matrix")
    match.acted(0, 0, 0.0)
    match.acted(1, 2, 0.0)
    match.fault(0, "void", "the host's network failed", 0.0)
    assert match.result is not None and match.result.reason == "void"
    other = a_match()
    other.abort(0.0)
    assert other.result is not None and (other.result.reason, other.result.scores) == ("aborted", (0.0, 0.0))


def test_a_reply_of_several_actions_is_played_tick_after_tick_and_dropped_when_it_no_longer_fits():
    match = a_match()
    match.acted(0, Reply([[3], [3], [99]]), 0.0)
    match.acted(1, 3, 0.0)
    acts = [event for event in match.events() if isinstance(event, Acted)]
    assert [(act.seat, act.action, act.queued) for act in acts] == [(0, [3], False), (1, [3], False), (0, [3], True)]
    match.acted(1, 0, 0.0)
    assert match.waiting() == (0,)


def test_the_commitment_binds_seed_and_configuration_and_the_nonce_hides_them():
    game = GAMES["kuhn_poker"]
    match = Match(game, [Seat("a", "x"), Seat("b", "x")], 5, nonce=b"n" * 16)
    started, secret = match.events()[:2]
    assert started.commitment == commitment(game, 5, b"n" * 16) != commitment(game, 6, b"n" * 16)
    assert (secret.seed, secret.nonce) == (5, b"n" * 16)
    assert len({seat_seed(seed, seat) for seed in range(50) for seat in range(4)}) == 200


@pytest.mark.parametrize("who", [0, 1, PUBLIC])
def test_no_event_that_a_seat_or_the_public_sees_holds_a_state_a_digest_or_the_seed(who):
    for event in play_random(a_match("kuhn_poker")):
        seen = shown(event, who, opened=False)
        assert not isinstance(seen, Secret)
        if isinstance(seen, Stepped):
            assert seen.state == b"" == seen.fingerprint
            assert all(reward == 0.0 for seat, reward in enumerate(seen.reward) if seat != who)
        if isinstance(seen, Acted):
            assert seen.seat == who
        assert shown(event, SPECTATOR, opened=False) is event


def test_notes_are_the_seats_own_and_bounded():
    match = a_match()
    match.acted(0, Reply([[3]], notes={"value": 0.5}), 0.0)
    match.acted(1, Reply([[3]], notes={"big": "x" * (1 << 21)}), 0.0)
    match.acted(0, Reply([[3]], notes={"bad": object()}), 0.0)
    acts = [event for event in match.events() if isinstance(event, Acted)]
    assert acts[0].notes == {"value": 0.5}
    assert "dropped" in acts[1].notes["why"] and "dropped" in acts[2].notes["why"]
    assert shown(acts[0], 1, opened=True).notes == {}


@pytest.mark.parametrize(("count", "seed"), [(1, 0), (3, 0), (2, -1), (2, 1 << 64)])
def test_wrong_seats_and_seeds_are_refused_in_one_line(count, seed):
    with pytest.raises(UserError) as told:
        Match(GAMES["connect_four"], [Seat("s", "a")] * count, seed)
    assert "\n" not in str(told.value)


ANSWERS = st.one_of(
    st.integers(-2, 9), st.text(max_size=5), st.none(), st.floats(), st.lists(st.integers(-1, 8), max_size=3)
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_players_do_ends_in_one_result_and_the_clock_never_pays_twice(data):
    name = data.draw(st.sampled_from(sorted(GAMES)))
    match = a_match(name, limits=Limits(move=2.0, bank=3.0), seed=data.draw(st.integers(0, 9)))
    now, events = 0.0, match.events()
    for _ in range(200):
        if match.over:
            break
        now += data.draw(st.sampled_from([0.0, 0.1, 1.0, 4.0]))
        seat = data.draw(st.integers(0, 1))
        what = data.draw(st.sampled_from(["legal", "legal", "any", "late", "resign"]))
        if what == "legal" and seat in match.waiting():
            ask = match.ask(seat)
            assert ask.seconds is None or ask.seconds <= 5.0
            match.acted(seat, ask.legal.sample(ask.key), now)
        elif what == "any":
            match.acted(seat, data.draw(ANSWERS), now)
        elif what == "late":
            match.late(now)
        elif data.draw(st.integers(0, 9)) == 0:
            match.fault(seat, "resigned", "enough", now)
        events += match.events()
    match.abort(now)
    events += match.events()
    assert sum(isinstance(event, Ended) for event in events) == 1 and isinstance(events[-1], Ended)
    # A sealed act keeps the time at which it was given; everything else is told as it happens.
    times = [event.at for event in events if not isinstance(event, Acted)]
    assert times == sorted(times)
    assert sum(isinstance(event, Faulted) for event in events) <= 1
    assert match.waiting() == () and match.result is not None
