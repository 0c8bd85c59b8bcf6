"""Seed, nonce and first state of a match come out when the last match of its pairing group has ended, and not before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import envs
import replays
from arena.events import Acted, Ended, Event, Secret, Started, Stepped, shown
from arena.match import commitment
from arena.matches import play
from arena.release import Groups, Series, Withheld
from arena.schedule import rotations
from envs.spec import PUBLIC


@given(st.integers(1, 4), st.integers(1, 12), st.booleans(), st.randoms(use_true_random=False))
def test_a_group_is_released_by_its_last_match_in_whatever_order_they_end(
    agents: int, episodes: int, swap: bool, random: Any
) -> None:
    pairings = rotations([f"agent{n}" for n in range(agents)], episodes, 5, swap)
    groups, waiting = Groups(pairings), list(pairings)
    random.shuffle(waiting)
    while waiting:
        pairing = waiting.pop()
        last = all(other.group != pairing.group for other in waiting)
        assert groups.ended(pairing) is last
        for each in pairings:
            assert groups.released(each.group) is all(other.group != each.group for other in waiting)
    with pytest.raises(ValueError, match="still waits for"):
        groups.ended(pairings[0])
    assert not groups.released(len(pairings))


def test_matches_of_one_group_share_a_seed_and_no_other_does() -> None:
    for swap in (True, False):
        pairings = rotations(["a", "b", "c"], 9, (1 << 64) - 1, swap)
        seeds = {pairing.group: pairing.seed for pairing in pairings}
        assert all(pairing.seed == seeds[pairing.group] for pairing in pairings)
        assert len(set(seeds.values())) == len(seeds) == (3 if swap else 9)


def heard(game: str, who: int, seed: int = 3) -> tuple[list[Event], list[Event], Withheld]:
    """A match as the host's sinks hear it, and what one who may not see all is given of it."""
    full: list[Event] = []
    given: list[Event] = []
    rules = envs.game(game, plain=True)
    sink = Withheld(given.append, who, "perfect" in rules.spec.traits)
    play(rules, ["random"] * rules.seats, seed=seed, sinks=[full.append, sink])
    return full, given, sink


@pytest.mark.parametrize("game", ["kuhn_poker", "connect_four"])
@pytest.mark.parametrize("who", [0, PUBLIC])
def test_while_the_group_is_played_nothing_tells_the_seed(game: str, who: int) -> None:
    full, given, sink = heard(game, who)
    (secret,) = (event for event in full if isinstance(event, Secret))
    assert not any(isinstance(event, Secret) for event in given)
    assert isinstance(given[-1], Ended)
    assert all(not event.state and not event.fingerprint for event in given if isinstance(event, Stepped))
    told = repr(given).encode()
    assert secret.nonce not in told
    assert secret.nonce.hex().encode() not in told
    sink.release()
    sink.release()
    assert given[-1] == secret
    assert given.count(secret) == 1
    started = given[0]
    assert isinstance(started, Started)
    assert commitment(envs.game(game, plain=True), secret.seed, secret.nonce) == started.commitment


def test_the_second_game_of_a_swapped_pair_begins_in_the_dark() -> None:
    """What a seat was given of the first game does not hold the cards of the second one, which lie the same."""
    pairings = rotations(["random", "random"], 2, 8)
    groups = Groups(pairings)
    tapes = [heard("kuhn_poker", 0, pairing.seed) for pairing in pairings]
    states = [next(event.state for event in full if isinstance(event, Secret)) for full, _, _ in tapes]
    assert states[0] == states[1]
    for pairing, (_, seen, sink) in zip(pairings, tapes, strict=True):
        if groups.ended(pairing):
            assert not any(isinstance(event, Secret) for _, each, _ in tapes for event in each)
            sink.release()
            assert isinstance(seen[-1], Secret)


def test_a_released_tape_is_the_full_one_for_everybody(tmp_path: Path) -> None:
    path = tmp_path / "kuhn.arena"
    play(envs.game("kuhn_poker", plain=True), ["random", "random"], seed=3, record=path)
    tape = replays.open(path)
    whole = list(tape.events())
    for who in (0, PUBLIC):
        dark, opened = list(tape.events(who)), list(tape.events(who, released=True))
        assert opened == whole
        assert not any(isinstance(event, Secret) for event in dark)
        assert len([event for event in dark if isinstance(event, Acted)]) < len(
            [e for e in whole if isinstance(e, Acted)]
        )
        assert all(shown(event, who, tape.opened, released=True) is event for event in whole)
    tape.close()


def test_a_host_that_plays_on_tells_the_secrets_of_a_seed_when_its_last_match_has_ended() -> None:
    series = Series(2)
    assert [series.begun(match) for match in "abcd"] == [0, 0, 1, 1]
    assert [series.ended(match) for match in "bdac"] == [[], [], ["b", "a"], ["d", "c"]]
    assert series.ended("a") == []


def test_a_seed_of_its_own_is_told_at_its_own_end() -> None:
    series = Series(1)
    series.begun("a")
    assert series.ended("a") == ["a"]
