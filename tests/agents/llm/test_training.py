"""Rows for a trainer: rewards, masks and tokens as they were recorded, in a stream; and a tiny model that learns from them."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import arena
from arena.agent import Ask, Reply, Unanswered
from arena.cli import run as command_line
from arena.cli.rollouts import stream
from replays.rollouts import finished, rows
from tests.agents.llm.endpoint import Answer, chunk, sse

ROOT = Path(__file__).parents[3]


def writer(move: int, fails: int = 0) -> Callable[[Ask], Any]:
    left = [fails]

    def agent(ask: Ask) -> Any:
        notes = {
            "completion": "c",
            "prompt": "p",
            "training": {"prompt_ids": [1, 2], "ids": [3], "logprobs": [-0.5], "policy": "v1"},
        }
        if left[0]:
            left[0] -= 1
            return Unanswered("empty", "nothing", "", notes | {"completion": ""})
        return Reply([[move]], notes=notes)

    return agent


def played(path: Path, one: Any, other: Any, game: str = "kuhn_poker", seed: int = 0) -> list[dict[str, Any]]:
    arena.play(game, [one, other], seed=seed, record=path)
    return list(rows(path))


def test_each_attempt_is_a_row_with_mask_reward_and_tokens(tmp_path: Path) -> None:
    found = played(tmp_path / "m.arena", writer(1, fails=1), "first")
    assert [(row["seat"], row["tick"], row["attempt"], row["kind"]) for row in found] == [
        (0, 0, 0, "empty"),
        (0, 0, 1, "accepted"),
    ]
    assert [(row["reward"], row["return"]) for row in found] == [(0.0, 1.0), (1.0, 1.0)]
    row = found[1]
    assert row["legal"] == [[True, True]] and row["action"] == [1] and row["name"] == "bet" and row["score"] == 1.0
    assert (row["prompt_ids"], row["ids"], row["logprobs"], row["policy"], row["tokens"]) == (
        [1, 2],
        [3],
        [-0.5],
        "v1",
        None,
    )
    json.dumps(found)


def test_rewards_come_with_the_turn_that_earned_them(tmp_path: Path) -> None:
    found = played(tmp_path / "m.arena", writer(1), "first", "matrix?rounds=4")
    assert len(found) == 4 and sum(row["reward"] for row in found) == pytest.approx(found[0]["score"])
    assert [row["return"] for row in found] == pytest.approx([sum(r["reward"] for r in found[n:]) for n in range(4)])


def test_a_forfeit_falls_to_the_last_attempt_and_void_gives_no_rows(tmp_path: Path) -> None:
    found = played(tmp_path / "m.arena", writer(1, fails=9), "first")
    assert [row["reward"] for row in found] == [0.0, 0.0, -2.0] and {row["return"] for row in found} == {-2.0}
    assert played(tmp_path / "v.arena", lambda ask: Unanswered("void", "no endpoint"), writer(1)) == []


def test_recordings_are_streamed_once_each_as_they_end(tmp_path: Path) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        played(tmp_path / f"{len(pauses)}.arena", writer(1), "first", seed=len(pauses))

    found = [path.name for path in stream(lambda: finished([tmp_path]), True, 3, pause)]
    assert found == ["1.arena", "2.arena", "3.arena"] and len(pauses) == 3


def test_the_command_prints_one_row_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    played(tmp_path / "m.arena", writer(1), writer(0))
    assert command_line(["rollouts", str(tmp_path)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["seat"] for line in lines} == {0, 1}
    assert command_line(["rollouts", str(tmp_path), "--seat", "1"]) == 0
    assert {json.loads(line)["seat"] for line in capsys.readouterr().out.splitlines()} == {1}
    assert command_line(["rollouts", str(tmp_path / "nowhere")]) == 3
    assert command_line(["rollouts", str(tmp_path), "--seat", "2"]) == 2
    assert "give --seat 0 to 1" in capsys.readouterr().err


def test_a_folder_that_is_not_there_yet_is_awaited_when_matches_are_followed(tmp_path: Path) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        (tmp_path / "runs").mkdir()
        played(tmp_path / "runs" / "m.arena", writer(1), "first")

    assert len(list(stream(lambda: finished([tmp_path / "runs"], True), True, 1, pause))) == len(pauses) == 1


def test_that_nothing_was_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    played(tmp_path / "m.arena", "first", "first")
    assert command_line(["rollouts", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("no rows")


# ---------------------------------------------------------------------- a model that learns
ANSWERS = ['{"why": "", "move": "pass"}', '{"why": "", "move": "bet"}']
PASS, BET = 256, 257


class Policy:
    """An endpoint's model with random weights, sampled; it tells the ids and log-probabilities of its tokens.

    Tokens are bytes, and the two whole answers, which alone it gives; it reads the mean of what came before.
    """

    def __init__(self) -> None:
        import torch

        class Model(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.embed, self.head = torch.nn.Embedding(258, 16), torch.nn.Linear(16, 258)

            def forward(self, ids: Any) -> Any:
                means = self.embed(ids).cumsum(1) / torch.arange(1, ids.shape[1] + 1)[None, :, None]
                return SimpleNamespace(logits=self.head(means) - 1e9 * (torch.arange(258) < PASS))

        with torch.random.fork_rng():
            torch.random.manual_seed(0)
            self.model = Model()
        self.draw = torch.Generator().manual_seed(3)

    def __call__(self, body: dict[str, Any], _number: int) -> Answer:
        import torch

        prompt = list(body["messages"][-1]["content"].encode())
        with torch.no_grad():
            scores = torch.log_softmax(self.model(torch.tensor([prompt])).logits[0, -1], -1)
        token = int(torch.multinomial(scores.exp(), 1, generator=self.draw))
        text = ANSWERS[token - PASS]
        given = {
            "content": [{"token": text, "logprob": float(scores[token]), "bytes": None, "top_logprobs": []}],
            "refusal": None,
        }
        whole = chunk({"content": text}, "stop", logprobs=given, token_ids=[token]) | {"prompt_token_ids": prompt}
        return Answer(pieces=[(0.0, sse(whole)), (0.0, b"data: [DONE]\n\n")])


def example() -> Any:
    """The page's example, as a module."""
    made = importlib.util.spec_from_file_location("learn_from_rollouts", ROOT / "docs/examples/learn_from_rollouts.py")
    assert made is not None and made.loader is not None
    module = importlib.util.module_from_spec(made)
    made.loader.exec_module(module)
    return module


def test_a_tiny_model_learns_from_its_rows(table: Any, first: Any, tmp_path: Path) -> None:
    """Against one who always passes, a bet wins at once: after training on its own matches the model bets more."""
    policy, learner = Policy(), example()
    endpoint = table.serve(policy)
    for seed in range(12):
        table.play(
            [table.seat(endpoint, record_tokens=True, memory="none"), first],
            seed=seed,
            record=tmp_path / f"{seed:02}.arena",
        )
    found = [row for path in finished([tmp_path]) for row in rows(path)]
    assert len(found) >= 12 and all(len(row["ids"]) == len(row["logprobs"]) == 1 and row["prompt_ids"] for row in found)

    def chance() -> float:
        """The mean probability of a bet where it was to be decided."""
        each = [learner.log_probabilities(policy.model, row["prompt_ids"], [BET]).detach().exp() for row in found]
        return float(sum(each)) / len(each)

    again = learner.log_probabilities(policy.model, found[0]["prompt_ids"], found[0]["ids"]).detach()
    assert float(again[0]) == pytest.approx(found[0]["logprobs"][0], abs=1e-4)
    before = chance()
    learner.learn(policy.model, found, rate=0.02, epochs=8)
    assert before + 0.05 < chance() < 1.0
    with pytest.raises(ValueError, match="record_tokens=true"):
        learner.learn(policy.model, [{"prompt_ids": None, "ids": None, "logprobs": None}])
