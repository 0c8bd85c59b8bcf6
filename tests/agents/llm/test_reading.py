"""The last JSON object of a model's own text, or a failure of one kind; never a guess."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agents.llm.outcomes import Completion
from agents.llm.reading import MOST_READ, Failure, Spoken, last_object, read, schema


def answer(text: str, finish: str = "stop", **more: Any) -> Spoken | Failure:
    return read(Completion(text, finish, **more))


@pytest.mark.parametrize(
    ("text", "move"),
    [
        ('{"move": "4"}', "4"), ('{"move": 4}', "4"), ('{"move": 0.5}', "0.5"), ('{"move": " 4 "}', "4"),
        ('{"move": "1"} or {"move": "2"}', "2"), ('{"move": "1", "why": {"move": "2"}}', "1"),
        ('{"move": "1"}\n{"move": "2"', "1"), ('{{{"move": "3"}}}', "3"), ('a } b { c {"move": "}{"} d', "}{"),
        ('"{"move": "5"}"', "5"), ('{"move": "\\u0034"}', "4"), ("```json\n{\"move\": \"6\"}\n```", "6"),
        ('<think>{"move": "1"}</think>{"move": "2"}', "2"), ('{"why": "it\'s {fine}", "move": "7"}', "7"),
    ],
)  # fmt: skip
def test_a_move_is_read(text: str, move: str) -> None:
    found = answer(text)
    assert isinstance(found, Spoken) and found.move == move


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("column 4", "unparsable"), ("4", "unparsable"), ('"move": "4"', "unparsable"), ("{'move': '4'}", "unparsable"),
        ('{"move": true}', "unparsable"), ('{"move": null}', "unparsable"), ('{"move": ""}', "unparsable"), ("[4]", "unparsable"),
        ('{"move": "4"} and so: {}', "unparsable"), ('{"move": {"move": "4"}}', "unparsable"), ('["move"]', "unparsable"),
        ("", "empty"), (" \n", "empty"), ('<think>{"move": "4"}', "empty"), ('<think>{"move": "4"}</think>\n', "empty"),
    ],
)  # fmt: skip
def test_nothing_else_is(text: str, kind: str) -> None:
    found = answer(text)
    assert isinstance(found, Failure) and found.kind == kind


def test_what_was_cut_off_is_truncated_whatever_it_holds() -> None:
    assert isinstance(found := answer('{"move": "4"}', "length"), Failure) and found.kind == "truncated"


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers(), max_size=4),
    st.text(alphabet="ab \n\"'[]:,", max_size=60),
)
def test_an_object_is_found_behind_any_prose_without_braces(tree: dict[str, Any], prose: str) -> None:
    assert last_object(prose + json.dumps(tree) + prose) == tree


@pytest.mark.parametrize(
    "part", ["{", '{"a":', '{"a":[', '[{"a":1,', '{"a":"', "{}", '{"a":1}', '"{', "\\{", '{"a":[1,1,1,1,1,1,1,1,']
)
def test_hostile_text_is_read_in_little_time(part: str) -> None:
    began = time.process_time()
    last_object(part * (4 * MOST_READ // len(part)))
    assert time.process_time() - began < 1.0


def test_the_schema_is_one_that_strict_structured_output_takes() -> None:
    form = schema(["1", "2"], {"why": "reasons"})
    Draft202012Validator.check_schema(form)
    assert form["required"] == ["why", "move"] == list(form["properties"]) and form["additionalProperties"] is False
    valid = Draft202012Validator(form).is_valid
    assert valid({"why": "", "move": "2"}) and not valid({"why": "", "move": "3"}) and not valid({"move": "1"})
    assert "enum" not in schema(None, {})["properties"]["move"]
