"""Whole matches of the games that models are measured in, models in all seats: asked, answered, recorded, verified, searched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import envs
import replays
from arena.events import Acted
from replays.search import search
from tests.agents.llm.endpoint import Answer, Body, first_move, says

LEVEL = "tower_defence?level=t1&actions=raw&text=json&period=64"


def question(body: Body) -> str:
    """The words of the newest question."""
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else str(content[0]["text"])


def played(table: Any, game: Any, answers: Any, path: Path, **options: Any) -> Any:
    """A match of models alone; (the endpoint, the result). It is verified, and what was said in it is found."""
    endpoint = table.serve(answers)
    rules = envs.game(game, plain=True)
    result = table.play([table.seat(endpoint, **options) for _ in range(rules.seats)], rules, record=path)
    assert (table.kinds, result.faults) == ([], ())
    assert replays.verify(path)
    found = list(search(replays.open(path), "zebra"))
    assert {hit.seat for hit in found} == set(range(rules.seats))
    return endpoint, result


def test_both_seats_of_the_double_agent_answer_with_whole_turns(table: Any, tmp_path: Path) -> None:
    """As its rules ask: the statements and the act in one answer, so that a turn is one request."""

    def answers(body: Body, number: int) -> Answer:
        attacks = "You are attacker_0" in body["messages"][0]["content"]
        said = {"trust": 5, "belief": None, "signal": "query again", "act": "ask 2"}
        said = said if attacks else {"trust": 4, "prior": 1, "guess": None, "act": "vague"}
        return says(json.dumps(said | {"reflection": f"zebra {number}", "message": f"words {number}"}))

    endpoint, result = played(table, "double_agent", answers, tmp_path / "m.arena")
    assert len(endpoint.seen) == 30 and result.ticks == 90 and result.scores == (-0.5, 0.5)
    # What each said stands in the other's prompt, and the truth in the defender's alone.
    seen = [(body["messages"][0]["content"], question(body)) for _, body in endpoint.seen]
    assert all(("The truth is" in asked) == ("You are defender_0" in system) for system, asked in seen)
    assert "| words 0" in seen[1][1] and "| words 1" in seen[2][1]


@pytest.mark.parametrize("claims", ["computed", "written"])
def test_both_roles_of_arithmetic_answer_with_whole_questions_and_numbers(
    table: Any, tmp_path: Path, claims: str
) -> None:
    def answers(body: Body, number: int) -> Answer:
        asks = "You are proposer_0" in body["messages"][0]["content"]
        move = ("12 + 34 = 46" if claims == "written" else "12 + 34") if asks else "46" if number % 2 else "47"
        return says(json.dumps({"why": f"zebra {number}", "move": move}))

    endpoint, result = played(table, f"arithmetic?claims={claims}", answers, tmp_path / "m.arena")
    assert len(endpoint.seen) == 5 and result.metrics["right_per_mille"] == 500
    assert result.scores[1:] == (1.0, 0.0, 1.0, 0.0) and result.scores[0] > 0
    shown = [
        "\n".join(line for line in question(body).splitlines() if line[:2] == "| ") for _, body in endpoint.seen[1:]
    ]
    assert all("12 + 34 = ?" in each and "46" not in each and "47" not in each for each in shown)


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("obs", ["text", "both"])
def test_a_tower_defence_is_played_on_words_alone_and_with_its_picture(table: Any, tmp_path: Path, obs: str) -> None:
    def answers(body: Body, number: int) -> Answer:
        return says(
            json.dumps({"why": f"zebra {number}", "move": "archer at -1.25 0.5" if number % 3 else first_move(body)})
        )

    endpoint, result = played(table, LEVEL, answers, tmp_path / "m.arena", obs=obs, memory="none")
    assert len(endpoint.seen) == result.ticks > 10 and 0 <= result.metrics["valid_per_mille"] < 1000
    pictures = [body["messages"][-1]["content"] for _, body in endpoint.seen]
    assert all(isinstance(content, list) == (obs == "both") for content in pictures)
    if obs == "both":
        assert len({content[1]["image_url"]["url"] for content in pictures}) > 3
    assert all(
        json.loads(question(body).partition("\n| ")[2].partition("\n")[0])["lives"] > 0 for _, body in endpoint.seen
    )
    # An act that changes nothing is told in the next question, and is no failed answer.
    acts = [event for event in table.events if isinstance(event, Acted)]
    assert len(acts) == result.ticks and '"last_action":{' in question(endpoint.seen[2][1])
