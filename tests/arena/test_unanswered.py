"""Answers that are none: counted by kind in one place, recorded with what was noted of them, void where the backend failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import arena
import envs
import replays
from arena.agent import Ask, Unanswered
from arena.clock import Limits
from arena.events import KINDS, Acted, Refused, Seat
from arena.forgiving import Retries, retries_of
from arena.host import Host
from arena.match import Match
from envs.errors import UserError
from replays.search import search


def failing(kinds: list[str], **notes: Any) -> Callable[[Ask], Any]:
    """An agent that fails in these ways at its first question, one after another, and then plays the first legal action."""
    left: Iterator[str] = iter(kinds)

    def agent(ask: Ask) -> Any:
        kind = next(left, None)
        if kind is None:
            return ask.legal[0]
        return Unanswered(
            kind, f"it was {kind}", f"text of {kind}", {"why": kind, "completion": f"long of {kind}"} | notes
        )

    return agent


def played(kinds: list[str], retries: Retries = 2) -> Any:
    return arena.play("connect_four", [failing(kinds), "first"], retries=retries)


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_forgiven_as_often_as_the_match_says(kind: str) -> None:
    assert played([kind] * 2).reason == "played out"
    assert played([kind] * 3).faults == ((0, "illegal"),)
    assert played([kind], retries=0).faults == ((0, "illegal"),)


def test_each_kind_may_have_a_count_of_its_own() -> None:
    retries = retries_of("truncated=4,illegal=0")
    assert played(["truncated"] * 4 + ["empty"] * 2, retries=retries).reason == "played out"
    assert played(["truncated"] * 5, retries=retries).faults == ((0, "illegal"),)
    assert played(["empty"] * 3, retries=retries).refusals[0] == 3
    assert played(["illegal"], retries=retries).refusals[0] == 1


@pytest.mark.parametrize(
    "text", ["-1", "101", "two", "2.5", "lost=1", "empty=", "empty=x", "empty=101", "empty=1,empty=2", "2,empty=1", ""]
)
def test_a_count_that_there_is_not_is_told_in_one_line(text: str) -> None:
    with pytest.raises(UserError, match="or one by kind") as told:
        retries_of(text)
    assert "\n" not in str(told.value)


def test_kinds_are_counted_apart() -> None:
    kinds = [kind for kind in KINDS for _ in range(2)]
    result = played(kinds)
    assert result.reason == "played out" and result.refusals == (8, 0)
    assert played([*kinds, "empty"]).faults == ((0, "illegal"),)


def test_an_unknown_kind_counts_as_unparsable() -> None:
    assert played(["nonsense", "unparsable", "unparsable"]).faults == ((0, "illegal"),)


@pytest.mark.parametrize(
    ("kind", "reason", "scores"), [("void", "void", (0.0, 0.0)), ("timeout", "forfeit", (-1.0, 1.0))]
)
def test_where_no_answer_can_come_the_match_ends_at_once(kind: str, reason: str, scores: tuple[float, ...]) -> None:
    result = played([kind])
    assert (result.reason, result.faults, result.scores, result.refusals) == (reason, ((0, kind),), scores, (0, 0))


@pytest.mark.parametrize("texts", [True, False])
def test_what_was_noted_of_a_failed_attempt_is_recorded_beside_it(tmp_path: Path, texts: bool) -> None:
    arena.play("connect_four", [failing(["empty", "illegal"]), "first"], record=tmp_path / "m.arena", texts=texts)
    tape = replays.open(tmp_path / "m.arena")
    refused = [event for event in tape.events() if isinstance(event, Refused)]
    assert [(event.kind, event.attempt) for event in refused] == [("empty", 0), ("illegal", 1)]
    assert [event.notes.get("why") for event in refused] == (["empty", "illegal"] if texts else [None] * 2)
    assert [event.notes.get("completion") for event in refused] == (
        ["long of empty", "long of illegal"] if texts else [None] * 2
    )
    assert [event.answer for event in refused] == (["text of empty", "text of illegal"] if texts else ["", ""])
    assert next(event.notes for event in tape.events() if isinstance(event, Acted) and event.seat == 0) == {}
    hits = {(hit.where, hit.tick) for hit in search(tape, "long of")}
    assert hits == ({("completion", 0)} if texts else set())
    assert replays.verify(tmp_path / "m.arena")


def test_only_the_seat_itself_sees_its_failed_attempts() -> None:
    seen: list[Any] = []
    arena.play("kuhn_poker", [failing(["empty"]), "first"], sinks=[seen.append])
    from arena.events import shown

    refused = next(event for event in seen if isinstance(event, Refused))
    assert shown(refused, 1, False) is None and shown(refused, 0, False) == refused


def test_whoever_is_asked_again_is_told_what_time_is_left() -> None:
    now, told = [0.0], []

    def slow(ask: Ask) -> Any:
        told.append(ask.seconds)
        now[0] += 3.0
        return ask.legal[0] if len(ask.refusals) == 2 else Unanswered("empty", "nothing")

    game = envs.game("matrix", plain=True)
    match = Match(game, [Seat("player_0", "a"), Seat("player_1", "b")], 0, limits=Limits(move=10.0), now=0.0)
    Host(match, [slow, lambda ask: ask.legal[0]], clock=lambda: now[0]).run()
    assert told[:3] == [10.0, 7.0, 4.0]
