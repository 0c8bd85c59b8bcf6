"""Games of texts with models in their seats: played, refused in one line, recorded, verified, searched; prompts keep secrets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import agents
import envs
import replays
from arena.agent import Ask
from arena.events import Acted, Refused
from replays.search import search
from tests.agents.llm.endpoint import plays, says

HOSTILE = ["x" * 120_000, "search: \x1b[2Jwipe", "ask: " + "(" * 500, "answer: a\u202eb", "\x00", "[" * 3000]


class Voiced:
    """A model's seat whose endpoint says what a script would: the whole way of an answer, with known words."""

    def __init__(self, seat: Any, player: str, planned: list[str]) -> None:
        self.seat, self.player, self.planned = seat, agents.load(player)(), planned

    def __call__(self, ask: Ask) -> Any:
        self.planned[:] = [ask.game.form(self.player(ask).actions[0], ask.obs)]
        return self.seat(ask)


def voiced(table: Any, game: str, scripted: int, players: list[str], hostile: bool = False) -> tuple[Any, list[Any]]:
    """The endpoint, and the seats of a game: models in all but the last `scripted`."""
    planned: list[str] = []

    def script(body: dict[str, Any], n: int) -> Any:
        first = n % 3 == 0 and hostile
        return says(
            json.dumps({"why": f"zebra {n}", "move": HOSTILE[n // 3 % len(HOSTILE)] if first else planned[0]}),
            size=4096,
        )

    endpoint = table.serve(script)
    seats = envs.spec(game).seats if "?" not in game else envs.game(game).seats
    made = [Voiced(table.seat(endpoint), players[min(i, len(players) - 1)], planned) for i in range(seats - scripted)]
    return endpoint, [*made, *(agents.load("scripted")() for _ in range(scripted))]


def asked(body: dict[str, Any]) -> str:
    return "\n".join(str(each["content"]) for each in body["messages"])


@pytest.mark.parametrize("scripted", [0, 2])
def test_models_search_and_judge(scripted: int, table: Any, tmp_path: Path) -> None:
    """Proposer and solvers are models; with none scripted so are library and judge."""
    endpoint, seats = voiced(table, "search_text", scripted, ["scripted"])
    result = table.play(seats, "search_text", seed=0, record=tmp_path / "m.arena")
    assert result.reason == "played out" and result.faults == () and table.kinds == []
    assert result.metrics["verdict"] == "valid" and result.scores[1:3] == (1.0, 1.0)
    verdict = replays.verify(tmp_path / "m.arena")
    assert verdict and verdict.complete
    tape = replays.open(tmp_path / "m.arena")
    assert {hit.where for hit in search(tape, result.metrics["question"][:60])} >= {"mark", "action"}
    assert [hit for hit in search(tape, "the judge finds the answer") if hit.where == "mark"]
    assert [hit for hit in search(tape, "the same letters") if hit.where == "mark"]
    target = result.metrics["answer"]
    solvers = [asked(body) for _, body in endpoint.seen if "You are solver" in asked(body)]
    assert solvers and target not in solvers[0].partition("you see")[2]


def test_models_ask_and_answer(table: Any, tmp_path: Path) -> None:
    endpoint, seats = voiced(table, "questions", 0, ["scripted"])
    result = table.play(seats, "questions", seed=2, record=tmp_path / "m.arena")
    assert result.reason == "played out" and result.faults == () and table.kinds == []
    assert replays.verify(tmp_path / "m.arena")
    tape = replays.open(tmp_path / "m.arena")
    assert {hit.where for hit in search(tape, result.metrics["question"][:60])} >= {"mark", "action"}
    assert len([hit for hit in search(tape, "letters") if hit.where == "mark"]) >= 3
    passage = envs.game("questions").config.passages
    prompts = [asked(body) for _, body in endpoint.seen]
    assert sum(any(text in prompt for text in passage) for prompt in prompts) == 1, (
        "the proposer alone reads the passage"
    )


@pytest.mark.parametrize("game", ["countdown", "search"])
def test_a_solver_is_told_nothing_that_the_proposer_alone_knows(game: str, table: Any) -> None:
    """The calculation behind a target; the name at the end of a walk, before anything was looked for."""
    endpoint, scripted, known = table.serve(plays), agents.load("scripted")(), list[str]()

    def proposes(ask: Ask) -> Any:
        known.extend(re.findall(r"The answer is (\w+);", ask.text))
        return scripted(ask)

    rules = envs.game(game, plain=True)
    table.play([proposes, *(table.seat(endpoint, memory="none") for _ in range(rules.seats - 1))], rules, seed=1)
    acts = [event.name.removeprefix("write ") for event in table.events if isinstance(event, Acted) and event.seat == 0]
    known += ["".join(acts).rstrip("=")] if game == "countdown" else []
    questions = {
        asked(body).partition(", seat")[0]: asked(body).replace(" ", "") for _, body in reversed(endpoint.seen)
    }
    assert len(questions) == rules.seats - 1 and known and len(known[0]) > 2
    assert not any(known[0] in question for question in questions.values())


def test_hostile_answers_of_a_model_are_refused_in_one_line_and_recorded(table: Any, tmp_path: Path) -> None:
    _, seats = voiced(table, "questions", 0, ["scripted"], hostile=True)
    result = table.play(seats, "questions", seed=2, record=tmp_path / "m.arena")
    refused = [event for event in table.events if isinstance(event, Refused)]
    assert len(refused) >= 2 and result.faults == ()
    assert all(len(event.reason) < 400 and event.reason.isprintable() for event in refused)
    assert replays.verify(tmp_path / "m.arena")
