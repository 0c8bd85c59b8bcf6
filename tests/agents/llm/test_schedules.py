"""Random schedules of everything that an endpoint and a model can do, against a plain reference of what must become of each."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from arena.events import KINDS, Acted, Refused
from tests.agents.llm.endpoint import Answer, after, chunk, says, sse, whole, wrong

GOOD = '{"why": "w", "move": "bet"}'
TRIES, FORGIVEN = 5, 2
CUT = Answer(pieces=[(0.0, sse(chunk({"content": GOOD})))], end="cut")
PAGE = Answer(502, {"Content-Type": "text/html"}, [(0.0, b"<html></html>")])
ANSWERS: dict[str, tuple[Any, ...]] = {
    "good": (says(GOOD), whole(GOOD), says(f"Well {{}}: {GOOD}"), says(f"<think>no</think>{GOOD}")),
    "transient": (wrong(500), wrong(503), wrong(408), wrong(429), wrong(429, Retry_After="3"), CUT, PAGE, Answer(end="hang"),
                  Answer(pieces=[(0.0, b"data: {nope\n\n")]), Answer(pieces=[(0.0, b'data: {"choices": "\xff"}\n\n')])),
    "permanent": (wrong(401), wrong(402), wrong(404), wrong(429, code="insufficient_quota")),
    "truncated": (says(GOOD, "length"), says('{"why"', "length")),
    "empty": (says(""), says(" "), says("", delta={"reasoning_content": GOOD}), says("", "content_filter")),
    "unparsable": (says("I bet."), says('{"action": "bet"}'), says("", delta={"refusal": "no"})),
    "illegal": (says('{"move": "fly"}'),),
}  # fmt: skip
LIKELY = {"good": 4, "transient": 6, "permanent": 1} | dict.fromkeys(KINDS, 2)


@dataclass
class Expected:
    """What a match's first seat comes to: its refusals by kind, the fault that ends it, requests that are made."""

    kinds: list[str] = field(default_factory=list)
    fault: str = ""
    requests: int = 0


def expected(schedule: list[str]) -> Expected:
    """A plain reading of the rules for the first question, after which everything is good."""
    found, failed = Expected(), 0
    for kind in [*schedule, "good"]:
        found.requests += 1
        failed = failed + 1 if kind == "transient" else 0
        if kind == "good":
            break
        if kind == "permanent" or failed == TRIES:
            found.kinds.append("void")
            found.fault = "void"
            break
        if kind in KINDS:
            found.kinds.append(kind)
            if Counter(found.kinds)[kind] > FORGIVEN:
                found.fault = "illegal"
                break
    return found


def check(table: Any, first: Any, seed: int) -> None:
    draw = random.Random(seed)
    schedule = draw.choices(list(LIKELY), list(LIKELY.values()), k=draw.randrange(1, 14))
    wanted = expected(schedule)
    endpoint = table.serve(after([draw.choice(ANSWERS[kind]) for kind in schedule[: wanted.requests]]))
    result = table.play([table.seat(endpoint, first=20.0, tries=TRIES), first], seed=seed)
    noted = [event for event in table.events if isinstance(event, Acted | Refused) and event.seat == 0]
    asked = noted[: len(wanted.kinds) + (not wanted.fault)]
    assert table.kinds == wanted.kinds, (seed, schedule)
    assert result.faults == (((0, wanted.fault),) if wanted.fault else ()), (seed, schedule)
    assert sum(event.notes["requests"] for event in asked) == wanted.requests, (seed, schedule)
    assert [type(event) for event in asked[: len(wanted.kinds)]] == [Refused] * len(wanted.kinds)
    counts = result.reason != "void"
    assert counts or result.scores == (0.0, 0.0), (seed, schedule)
    # A move is the model's own word, whatever came before it.
    assert all(event.notes["parsed"]["move"] in ("bet", "pass") for event in noted if isinstance(event, Acted))
    table.gateway.run(endpoint.stop())


@pytest.mark.parametrize("part", range(3))
def test_any_schedule_of_faults_ends_as_the_rules_say(table: Any, first: Any, part: int) -> None:
    for seed in range(part, 60, 3):
        check(table, first, seed)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_two_thousand_schedules(table: Any, first: Any) -> None:
    for seed in range(60, 2060):
        check(table, first, seed)
