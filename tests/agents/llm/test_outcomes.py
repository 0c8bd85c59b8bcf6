"""Errors of the wire and the client, read as one kind of trouble each, and the pauses that follow from them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from agents.llm.outcomes import Completion, Permanent, RateLimited, Transient, trouble_of
from agents.llm.patience import Backoff, GaveUp, OutOfTime, Tries, persist
from tests.agents.llm.virtual import VirtualLoop, pass_time

NOW = datetime(2026, 5, 31, 12, 0, tzinfo=UTC)


def error(status: int, headers: dict[str, str] | None = None, **body: Any) -> Exception:
    made: Any = Exception("told")
    made.status_code, made.body, made.response = status, body or None, SimpleNamespace(headers=headers or {})
    return made


@pytest.mark.parametrize(
    ("name", "value", "after"),
    [
        ("retry-after", "7", 7.0), ("retry-after", "0.5", 0.5), ("retry-after", "Sun, 31 May 2026 12:00:20 GMT", 20.0),
        ("retry-after-ms", "250", 0.25), ("retry-after", "99999", 3600.0), ("retry-after", "-3", None), ("retry-after", "nan", None),
        ("retry-after", "soon", None), ("retry-after", "Sun, 31 May 2020 12:00:20 GMT", None), ("retry-after", "inf", None),
        ("x", "7", None),
    ],
)  # fmt: skip
def test_how_long_an_endpoint_wants_to_be_left_alone(name: str, value: str, after: float | None) -> None:
    trouble = trouble_of(error(429, {name: value}), NOW)
    assert isinstance(trouble, RateLimited) and trouble.after == after


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Permanent), (401, Permanent), (402, Permanent), (403, Permanent), (404, Permanent), (408, Transient), (409, Transient),
     (413, Permanent), (422, Permanent), (425, Transient), (429, RateLimited), (500, Transient), (503, Transient), (529, Transient)],
)  # fmt: skip
def test_what_a_status_means(status: int, kind: type) -> None:
    trouble = trouble_of(error(status))
    assert type(trouble) is kind and trouble.status == status and trouble.free


@pytest.mark.parametrize(
    "body", [{"code": "insufficient_quota"}, {"type": "insufficient_quota"}, {"error": {"code": "insufficient_quota"}}]
)
def test_a_quota_that_is_exhausted_does_not_come_back(body: dict[str, Any]) -> None:
    assert isinstance(trouble_of(error(429, **body)), Permanent)


@pytest.mark.parametrize(
    "raised",
    [
        OSError("refused"),
        UnicodeDecodeError("utf-8", b"x", 0, 1, "no"),
        json.JSONDecodeError("no", "x", 0),
        ValueError(),
    ],
)
def test_what_breaks_on_the_wire_is_tried_again_and_may_have_cost(raised: Exception) -> None:
    trouble = trouble_of(raised)
    assert type(trouble) is Transient and not trouble.free and "\n" not in str(trouble)


# ---------------------------------------------------------------------- trying again
def outcome(
    answers: list[Any], seconds: float | None = None, tries: int = 5, draw: float = 1.0
) -> tuple[Any, float, Tries]:
    """What comes of these answers (raised where they are trouble, waited for where they are numbers), the time it took, the tries."""
    loop, noted, left = VirtualLoop(), Tries(), iter(answers)

    async def attempt() -> Completion:
        answer = next(left)
        noted.sent()
        if isinstance(answer, Exception):
            raise answer
        await pass_time(answer)
        return Completion("x", "stop")

    async def whole() -> Any:
        try:
            return await persist(attempt, Backoff(tries, 1.0, 8.0), noted, seconds=seconds, draw=lambda: draw)
        except (GaveUp, OutOfTime) as end:
            return end

    try:
        return loop.run_until_complete(whole()), loop.now, noted
    finally:
        loop.close()


def test_pauses_double_up_to_the_most() -> None:
    end, took, noted = outcome([Transient("no")] * 6 + [0.0], tries=7)
    assert (
        isinstance(end, Completion)
        and [pause for *_, pause in noted.failed] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
        and took == 31.0
    )


def test_no_jitter_at_all_is_possible_too() -> None:
    assert outcome([Transient("no")] * 4 + [0.0], draw=0.0)[1] == 0.0


def test_tries_come_to_an_end() -> None:
    end, _, noted = outcome([Transient("no")] * 9, tries=3)
    assert isinstance(end, GaveUp) and noted.requests == 3 and "3 tries failed" in str(end)


def test_no_pause_outlasts_the_time() -> None:
    end, took, noted = outcome([Transient("no")] * 99, seconds=10.0, tries=99)
    assert isinstance(end, GaveUp | OutOfTime) and took <= 10.0 and noted.requests > 4


def test_time_that_ends_while_the_first_request_is_answered_is_the_seats_own() -> None:
    end, took, _ = outcome([60.0], seconds=10.0)
    assert isinstance(end, OutOfTime) and end.answering and took == 10.0
    end, _, _ = outcome([Transient("no"), 60.0], seconds=10.0)
    assert isinstance(end, OutOfTime) and not end.answering


def test_what_is_permanent_is_not_tried_again() -> None:
    end, took, noted = outcome([Permanent("wrong key"), 0.0])
    assert isinstance(end, GaveUp) and noted.requests == 1 and took == 0.0


def test_a_wait_that_is_asked_for_and_too_long_gives_up_at_once() -> None:
    end, took, _ = outcome([RateLimited("busy", 429, 30.0), 0.0], seconds=10.0)
    assert isinstance(end, GaveUp) and took == 0.0
    assert isinstance(outcome([RateLimited("busy", 429, 3.0), 0.0], seconds=10.0)[0], Completion)
