"""Every fault that an endpoint or a model can have ends in its documented class and count, over real sockets in a virtual clock."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from arena.events import Acted, Refused
from tests.agents.llm.conftest import CANARY
from tests.agents.llm.endpoint import Answer, after, chunk, plays, says, sse, whole, wrong
from tests.agents.llm.virtual import pass_time

GOOD = '{"why": "w", "move": "bet"}'
HTML = b"<!DOCTYPE html><html><body>Bad gateway</body></html>"
TEN_MEGABYTES = 10 << 20


@dataclass
class Case:
    """What an endpoint does first (then it answers well), and what becomes of it: kinds of refusals, failed requests, requests in all."""

    answers: list[Any]
    kinds: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    requests: int = 1
    cause: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    move: float | None = None


def endless(size: int) -> Answer:
    """An HTTP answer of one line that does not end."""
    return Answer(pieces=[(0.0, b"data: " + b"x" * (1 << 20))] * (size >> 20))


CASES = {
    # The endpoint's troubles: tried again, or void; never a move, never a loss.
    "429 with Retry-After": Case([wrong(429, Retry_After="7")], failed=["rate limited"], requests=2),
    "429 without Retry-After": Case([wrong(429)] * 2, failed=["rate limited"] * 2, requests=3),
    "429 until the tries are over": Case([wrong(429)] * 9, ["void"], ["rate limited"] * 5, 5, "void"),
    "quota exhausted": Case([wrong(429, code="insufficient_quota")] * 2, ["void"], ["permanent"], 1, "void"),
    "quota by type": Case([wrong(429, kind="insufficient_quota")], ["void"], ["permanent"], 1, "void"),
    "payment required": Case([wrong(402)], ["void"], ["permanent"], 1, "void"),
    "wrong key": Case([wrong(401)], ["void"], ["permanent"], 1, "void"),
    "no such model": Case([wrong(404)], ["void"], ["permanent"], 1, "void"),
    "500": Case([wrong(500)] * 3, failed=["transient"] * 3, requests=4),
    "503 with Retry-After": Case([wrong(503, Retry_After="2")], failed=["rate limited"], requests=2),
    "500 for ever": Case([wrong(500)] * 9, ["void"], ["transient"] * 5, 5, "void"),
    "hang before the headers": Case([Answer(before=1e6)], failed=["transient"], requests=2, options={"first": 30.0}),
    "hang before the first token": Case([Answer(end="hang")], failed=["transient"], requests=2, options={"first": 30.0}),
    "hang after the first token": Case(
        [Answer(pieces=[(0.0, sse(chunk({"content": '{"move":'})))], end="hang")], failed=["transient"], requests=2
    ),
    "cut stream": Case([Answer(pieces=[(0.0, sse(chunk({"content": GOOD})))], end="cut")], failed=["transient"], requests=2),
    "stream without an end": Case([Answer(pieces=[(0.0, sse(chunk({"content": GOOD})))])], failed=["transient"], requests=2),
    "no stream at all": Case([Answer()], failed=["transient"], requests=2),
    "HTML error page": Case([Answer(502, {"Content-Type": "text/html"}, [(0.0, HTML)])], failed=["transient"], requests=2),
    "HTML page that says 200": Case([Answer(200, {"Content-Type": "text/html"}, [(0.0, HTML)])], failed=["transient"], requests=2),
    "invalid UTF-8": Case([Answer(pieces=[(0.0, b'data: {"choices": "\xff\xfe"}\n\n')])], failed=["transient"], requests=2),
    "chunks that are no JSON": Case([Answer(pieces=[(0.0, b"data: {nope\n\n")])], failed=["transient"], requests=2),
    "chunks of another shape": Case([Answer(pieces=[(0.0, b"data: [1, 2]\n\n"), (0.0, b'data: {"choices": 7}\n\n')])],
                                    failed=["transient"], requests=2),
    "an error in the stream": Case([Answer(pieces=[(0.0, sse({"error": {"message": "overloaded", "code": 503}}))])],
                                   failed=["transient"], requests=2),
    "a quota in the stream": Case([Answer(pieces=[(0.0, sse({"error": {"message": "no", "code": "insufficient_quota"}}))])],
                                  ["void"], ["permanent"], 1, "void"),
    "ten megabytes of error": Case([Answer(500, {"Content-Type": "text/plain"}, [(0.0, b"x" * (1 << 20))] * 10)],
                                   failed=["transient"], requests=2),
    "no stream, but a whole answer": Case([whole(GOOD)]),
    "no stream, and thoughts alone": Case([whole("", reasoning_content=GOOD)], ["empty"], requests=2),
    "no stream, and tools": Case([whole("", "tool_calls", tool_calls=[{"id": "a", "function": {}}])], ["empty"], requests=2),
    "no stream, and an error that says 200": Case(
        [Answer(200, {"Content-Type": "application/json"}, [(0.0, b'{"error": {"message": "busy", "code": 503}}')])],
        failed=["transient"], requests=2,
    ),
    "no stream, and half of it": Case(
        [Answer(200, {"Content-Type": "application/json"}, [(0.0, b'{"choices": [')])], failed=["transient"], requests=2
    ),
    "hang after the end": Case([Answer(pieces=[(0.0, sse(chunk({"content": GOOD}, "stop")))], end="hang")]),
    "cut after the end": Case([Answer(pieces=[(0.0, sse(chunk({"content": GOOD}, "stop")))], end="cut")]),
    # The model's own: refused by kind, asked again, and after two of a kind the match's fault.
    "empty": Case([says("")], ["empty"], requests=2),
    "white space": Case([says(" \n\t ")], ["empty"], requests=2),
    "thoughts and nothing else": Case([says("", delta={"reasoning_content": f"I play {GOOD}"})], ["empty"], requests=2),
    "thoughts in the text": Case([says(f"<think>I play {GOOD}</think>")], ["empty"], requests=2),
    "tool calls unasked": Case(
        [says("", "tool_calls", delta={"tool_calls": [{"index": 0, "id": "a", "function": {"name": "move", "arguments": GOOD}}]})],
        ["empty"], requests=2,
    ),
    "filtered away": Case([says("", "content_filter")], ["empty"], requests=2),
    "a refusal": Case([says("", delta={"refusal": "I cannot play games."})], ["unparsable"], requests=2),
    "a refusal in prose": Case([says("I am sorry, I cannot bet.")], ["unparsable"], requests=2),
    "length": Case([says('{"why": "I think that', "length")], ["truncated"], requests=2),
    "length after an object": Case([says(f"{GOOD} or rather", "length")], ["truncated"], requests=2),
    "ten megabytes of text": Case([says("x" * TEN_MEGABYTES, size=1 << 16)], ["truncated"], requests=2),
    "ten megabytes in one line": Case([endless(TEN_MEGABYTES)], ["truncated"], requests=2),
    "prose that names a move": Case([says("I bet. My move: bet")], ["unparsable"], requests=2),
    "wrong JSON": Case([says('{"move": "bet"')], ["unparsable"], requests=2),
    "JSON without a move": Case([says('{"action": "bet"}')], ["unparsable"], requests=2),
    "a move that is no text": Case([says('{"move": ["bet"]}')], ["unparsable"], requests=2),
    "an illegal move": Case([says('{"move": "fly"}')], ["illegal"], requests=2),
    "JSON in prose": Case([says(f"Let me see {{}}. I think: {GOOD} That is all.")]),
    "JSON in a fence": Case([says(f"```json\n{GOOD}\n```")]),
    "thoughts, then JSON": Case([says(f'<think>{{"move": "fly"}}</think>{GOOD}')]),
    "three of a kind": Case([says("")] * 3, ["empty"] * 3, requests=3, cause="illegal"),
    "two of each kind": Case(
        [*[says("")] * 2, *[says("prose")] * 2, *[says("", "length")] * 2, *[says('{"move": "fly"}')] * 2],
        ["empty"] * 2 + ["unparsable"] * 2 + ["truncated"] * 2 + ["illegal"] * 2, requests=9,
    ),
    # The clock.
    "slow": Case([says(GOOD, first=1e4)], ["timeout"], cause="timeout", move=20.0),
    "slow in the middle": Case([says(GOOD, between=15.0, size=5)], ["timeout"], cause="timeout", move=20.0),
    "errors until the time is over": Case([wrong(500)] * 99, ["void"], cause="void", move=20.0, requests=0, options={"tries": 99}),
    "asked to wait beyond the time": Case([wrong(429, Retry_After="60")], ["void"], ["rate limited"], 1, "void", move=20.0),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_ends_in_its_class_and_count(table: Any, first: Any, name: str) -> None:
    case = CASES[name]
    endpoint = table.serve(after(case.answers))
    result = table.play([table.seat(endpoint, **case.options), first], move=case.move)
    assert table.kinds == case.kinds
    if case.cause:
        assert result.faults == ((0, case.cause),)
        assert result.reason == ("void" if case.cause == "void" else "forfeit")
    else:
        assert (result.reason, result.faults) == ("played out", ())
    noted = [event.notes for event in table.events if isinstance(event, Acted | Refused) and event.seat == 0]
    first_answer = noted[: len(case.kinds) + (not case.cause)]
    failed = [each[0] for notes in first_answer for each in notes.get("failed", [])]
    if case.requests:
        assert failed == case.failed
        assert sum(notes["requests"] for notes in first_answer) == case.requests
    else:
        assert len(failed) > 1
    if case.move:
        assert table.now() <= case.move + 1e-6


def test_the_second_try_is_told_what_was_wrong_in_the_words_of_its_kind(table: Any, first: Any) -> None:
    answers = [says(""), says("prose"), says("", "length"), says('{"move": "fly"}')]
    endpoint = table.serve(after(answers))
    table.play([table.seat(endpoint), first])
    told = [body["messages"][-1]["content"] for _, body in endpoint.seen[1:5]]
    assert "Nothing but text is read" in told[0] and "is empty" in told[0]
    assert "Write the JSON object last" in told[1]
    assert "cut off" in told[2]
    assert "'fly' is no action" in told[3] and "pass, bet" in told[3]
    # What failed is forgotten once the question is answered.
    assert [each["role"] for each in endpoint.seen[4][1]["messages"]] == ["system", "user"] + ["assistant", "user"] * 4


def test_pauses_grow_by_full_jitter_and_keep_to_what_the_endpoint_asks(table: Any, first: Any) -> None:
    endpoint = table.serve(after([wrong(500)] * 3 + [wrong(429, Retry_After="40")]))
    table.play([table.seat(endpoint), first])
    pauses = [later - sooner for sooner, later in zip(endpoint.at, endpoint.at[1:], strict=False)]
    assert all(0 <= pause <= most + 0.01 for pause, most in zip(pauses, (0.5, 1.0, 2.0), strict=False))
    assert pauses[3] >= 40.0


HALF = (0.0, sse(chunk({"content": '{"move":'})))


@pytest.mark.parametrize(
    ("answer", "waited"),
    [(Answer(before=1e6), 30.0), (Answer(end="hang"), 30.0), (Answer(pieces=[HALF], end="hang"), 7.0),
     (Answer(pieces=[(20.0, HALF[1]), (6.0, HALF[1])], end="hang"), 33.0)],
)  # fmt: skip
def test_an_answer_that_stands_still_is_given_up_when_its_time_is_over(
    table: Any, first: Any, answer: Answer, waited: float
) -> None:
    """`first` seconds for the first piece, `idle` for each further one, then the next try after half a second at most."""
    endpoint = table.serve(after([answer]))
    table.play([table.seat(endpoint, first=30.0, idle=7.0), first])
    assert waited <= endpoint.at[1] - endpoint.at[0] <= waited + 0.6
    assert table.kinds == []


def test_a_long_wait_is_told_once_to_whoever_looks_on(
    table: Any, first: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a clock an endpoint may ask for an hour; nobody should wonder."""
    endpoint = table.serve(after([wrong(429, f"busy\x1b[2J {CANARY}", Retry_After="2000"), wrong(500)]))
    table.play([table.seat(endpoint), first])
    told = capsys.readouterr().err
    assert told == "palaestra: tiny waits 2000 s, then asks again: HTTP 429: busy␛[2J [redacted]\n"
    assert table.now() > 2000.0


def test_what_an_endpoint_does_not_take_is_left_out_from_then_on(table: Any, first: Any) -> None:
    refused = [
        wrong(400, "Unrecognized request argument supplied: stream_options"), wrong(400, "response_format json_schema is not supported"),
        wrong(400, "response_format is not supported"), wrong(400, "Use 'max_completion_tokens' in place of max_tokens."),
    ]  # fmt: skip
    endpoint = table.serve(after(refused))
    result = table.play([table.seat(endpoint), first], "connect_four")
    assert result.reason == "played out" and table.kinds == []
    kept = [set(body) for _, body in endpoint.seen[4:]]
    assert all(each == {"model", "messages", "stream", "max_completion_tokens"} for each in kept)
    assert endpoint.seen[2][1]["response_format"] == {"type": "json_object"}


def test_an_endpoint_that_will_not_stream_is_asked_without_and_every_answer_says_so(table: Any, first: Any) -> None:
    body = b'{"error": {"message": "Your organization must be verified to stream this model.", "param": "stream"}}'
    refused = Answer(400, {"Content-Type": "application/json"}, [(0.0, body)])
    endpoint = table.serve(lambda asked, _: refused if asked.get("stream") else whole(GOOD))
    result = table.play([table.seat(endpoint), first])
    assert (result.reason, table.kinds) == ("played out", [])
    assert ["stream" in body for _, body in endpoint.seen][:2] == [True, False]
    assert all("stream_options" not in body for _, body in endpoint.seen[1:])
    notes = next(event.notes for event in table.events if isinstance(event, Acted) and event.seat == 0)
    assert notes["without"] == ["stream", "stream_options"] and notes["usage"]["completion"] == 20


def test_what_an_endpoint_lacks_is_named_by_the_endpoint_and_nothing_else_is_left_out(table: Any, first: Any) -> None:
    """A word about reasoning in a complaint about temperature says nothing of reasoning_effort."""
    detail = b'{"detail": [{"loc": ["body", "response_format"]}]}'
    first_two = wrong(400, "'temperature' is not supported with this reasoning model"), Answer(422, {}, [(0.0, detail)])
    endpoint = table.serve(after(first_two))
    table.play([table.seat(endpoint, temperature=0.5, reasoning="low"), first])
    assert "temperature" not in endpoint.seen[1][1] and endpoint.seen[1][1]["reasoning_effort"] == "low"
    assert endpoint.seen[2][1]["response_format"] == {"type": "json_object"}
    notes = next(event.notes for event in table.events if isinstance(event, Acted) and event.seat == 0)
    assert notes["without"] == ["strict response_format", "temperature"]


HTML_TOLD = "a page of HTML instead of an answer"


@pytest.mark.parametrize(
    ("answer", "told"),
    [(Answer(404, {"Content-Type": "text/html"}, [(0.0, HTML)]), f"HTTP 404: {HTML_TOLD}"),
     (Answer(404, {"Content-Type": "text/plain"}, [(0.0, b"404 page not found")]), "HTTP 404: 404 page not found"),
     (Answer(404, {"Content-Type": "application/json"}, [(0.0, b'{"detail": "Not Found"}')]), "HTTP 404: Not Found"),
     (Answer(400, {"Content-Type": "application/json"}, [(0.0, b'{"error": "no such model"}')]), "HTTP 400: no such model")],
)  # fmt: skip
def test_what_an_endpoint_says_of_an_error_is_told_in_any_form(
    table: Any, first: Any, answer: Answer, told: str
) -> None:
    assert table.play([table.seat(table.serve(after([answer]))), first]).details == (told,)


def test_a_page_that_says_it_is_well_is_named_as_one(table: Any, first: Any) -> None:
    page = Answer(200, {"Content-Type": "text/html; charset=utf-8"}, [(0.0, HTML)])
    assert table.play([table.seat(table.serve(after([page] * 5))), first]).details[0].endswith(HTML_TOLD)


def test_a_request_the_endpoint_refuses_for_another_reason_is_void(table: Any, first: Any) -> None:
    endpoint = table.serve(after([wrong(400, "This model's maximum context length is 8 tokens")]))
    result = table.play([table.seat(endpoint), first])
    assert result.faults == ((0, "void"),) and len(endpoint.seen) == 1
    assert result.details == ("HTTP 400: This model's maximum context length is 8 tokens",)


def test_a_refused_connection_is_void_and_not_a_loss(table: Any, first: Any) -> None:
    endpoint = table.serve(plays)
    table.gateway.run(endpoint.stop())
    result = table.play([table.seat(endpoint), first])
    assert result.faults == ((0, "void"),) and endpoint.url.removesuffix("/v1") in result.details[0]
    assert table.events[-1].scores == (0.0, 0.0)


def test_the_request_is_cancelled_when_the_time_is_over(table: Any, first: Any) -> None:
    """The endpoint is still at it, and sees that nobody waits any more."""
    endpoint = table.serve(lambda body, number: says(json.dumps({"move": "bet"}), first=1e4))
    table.play([table.seat(endpoint), first], move=5.0)
    assert table.now() < 6.0 and endpoint.busy == 1

    async def settled() -> int:
        await pass_time(0.5)
        return endpoint.left_alone

    assert table.gateway.run(settled()) == 1
