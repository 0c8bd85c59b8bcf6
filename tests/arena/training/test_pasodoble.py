"""The dual-play paradigms: cached decoding, tables played by decoders, who is paid and taught, history after scoring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from arena.training import cold_start, pasodoble
from arena.training.decoder import Decoder, Model
from arena.training.pasodoble import Config, Loop
from arena.training.writing import Tables, Written, log_probabilities, vocabulary
from envs.errors import UserError
from envs.registry import game as named

SMALL = {"questions": 32, "attempts": 4, "collect": 8, "width": 16, "layers": 1, "examples": 256, "batches": 4}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def test_cached_decoding_gives_the_same_logits() -> None:
    torch.manual_seed(0)
    model = Decoder(16, 12)
    tokens = torch.randint(0, 16, (5, 12))
    whole = model(tokens)
    first, cache = model.extended(tokens[:, :7])
    rest = []
    for i in range(7, 12):
        logits, cache = model.extended(tokens[:, i : i + 1], cache)
        rest.append(logits)
    torch.testing.assert_close(torch.cat([first, *rest], 1), whole, atol=1e-5, rtol=1e-4)
    with pytest.raises(ValueError, match="12 places"):
        model.extended(tokens[:, :1], cache)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_contexts_that_are_read_once_give_the_same_logits_and_gradients(length: int) -> None:
    torch.manual_seed(0)
    model = Decoder(16, 12)
    context = torch.randint(0, 16, (4, 7)).repeat_interleave(torch.tensor([3, 1, 2, 2]), 0)
    tokens = torch.randint(0, 16, (8, length))
    weights = torch.rand(8, length, 16)

    def grown(logits: torch.Tensor) -> list[torch.Tensor]:
        return list(torch.autograd.grad((logits * weights).sum(), list(model.parameters())))

    whole = model(torch.cat((context, tokens[:, :-1]), 1))[:, 6:]
    shared = model.behind(context, tokens)
    torch.testing.assert_close(shared, whole, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(grown(shared), grown(whole), atol=1e-4, rtol=1e-3)


@pytest.fixture(scope="module")
def loop() -> Loop:
    torch.set_num_threads(1)
    config = Config.made(SMALL)
    return Loop(config, named(config.game()))  # type: ignore[arg-type]


def test_what_was_drawn_has_the_probability_that_is_computed_again(loop: Loop) -> None:
    tables = Tables(loop.game, loop._keys())
    written = tables.propose(loop.proposer, loop.draws)
    logs, entropy = log_probabilities(loop.proposer, written)
    slow = []
    for i in range(len(written.tokens)):
        total, context = 0.0, written.context[i]
        for t in range(written.tokens.shape[1]):
            if not written.drawn[i, t]:
                break
            logits = loop.proposer(context[None])[0, -1, :15].masked_fill(~written.masks[i, t], -1e9)
            total += float(logits.log_softmax(-1)[written.tokens[i, t]].detach())
            context = torch.cat((context, written.tokens[i, t : t + 1]))
        slow.append(total)
    np.testing.assert_allclose(logs.detach().numpy(), slow, atol=1e-4)
    assert 0 < float(entropy.detach()) < np.log(15)


def test_questions_of_a_group_begin_alike_and_all_are_well_formed(loop: Loop) -> None:
    tables = Tables(loop.game, loop._keys())
    passages = tables.passages().reshape(-1, loop.config.group, tables.passages().shape[1])
    assert (passages == passages[:, :1]).all()
    assert len(torch.unique(passages[:, 0], dim=0)) > 1
    tables.propose(loop.proposer, loop.draws)
    assert set(tables.states["stage"].tolist()) <= {2, 3}


def test_dictated_questions_are_put_whole_and_an_illegal_one_is_refused(loop: Loop) -> None:
    tables = Tables.asked(loop.game, [(1, 10, 2, 13), (1, 2, 11, 3, 13)])
    assert tables.states["truth"].tolist() == [3, 9]
    right = (3, 9)
    answers = np.zeros((2, loop.game.seats), np.int64)
    for row, value in enumerate(right):
        answers[row, 1] = value
    tables.step(answers, np.array([True, True]))
    assert not tables.states["done"].any()
    with pytest.raises(ValueError, match="may not be written"):
        Tables.asked(loop.game, [(10,)])


def test_an_invalid_question_costs_the_proposer_what_is_set_and_is_paid_nothing(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught: list[np.ndarray] = []
    monkeypatch.setattr(loop, "update", lambda model, optimiser, written, advantage, entropy: taught.append(advantage))
    monkeypatch.setattr(loop, "config", Config.made(SMALL | {"penalty": 0.5, "group": 8}))
    monkeypatch.setattr(loop, "draws", torch.Generator().manual_seed(1))
    batch = loop.proposed()
    batch.valid = np.arange(32) % 8 != 0  # one of each group of eight
    batch.rewards = np.where(batch.valid, 0.25, 0.0)
    loop.teach_proposer(batch)
    mean = (7 * 0.25 - 0.5) / 8
    np.testing.assert_allclose(taught[0], np.where(batch.valid, 0.25, -0.5) - mean)
    assert batch.rewards[0] == 0.0


def test_advantages_are_those_of_the_group(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[tuple[str, np.ndarray]] = []

    def update(model: Any, optimiser: Any, written: Written, advantage: np.ndarray, entropy: float) -> None:
        taught.append(("proposer" if model is loop.proposer else "solver", advantage))

    monkeypatch.setattr(loop, "update", update)
    monkeypatch.setattr(loop, "waiting", [])
    for _ in range(12):
        loop.step()
    proposer = [advantage for who, advantage in taught if who == "proposer"]
    solver = [advantage for who, advantage in taught if who == "solver"]
    assert proposer and solver
    for advantage in proposer:
        np.testing.assert_allclose(advantage.reshape(-1, loop.config.group).sum(1), 0, atol=1e-9)
    for advantage in solver:
        grouped = advantage.reshape(-1, loop.config.attempts)
        np.testing.assert_allclose(grouped.sum(1), 0, atol=1e-9)
        assert (np.abs(grouped).sum(1) > 0).all(), "questions that all or none can do teach nothing"
        assert len(grouped) >= loop.config.collect


def test_the_history_is_updated_after_scoring_and_forgets() -> None:
    config = Config.made(SMALL)
    loop = Loop(config, named(config.game()))  # type: ignore[arg-type]
    assert int(loop.game.configs["known"][0]) == 0
    batch = loop._played()
    assert set(batch.unlike[batch.right.any(1)].tolist()) <= {1000}, "an empty history: everything is new"
    loop.remember(batch)
    assert int(loop.game.configs["known"][0]) == 32
    again = Tables(loop.game, loop._keys())
    again.dictate([text[int(n) :] for text, n in zip(batch.texts, again.states["length"], strict=True)])
    assert not (again.states["verdict"] == 1).any(), "each is a copy now, or was invalid before"
    for _ in range(5):
        loop.remember(batch)
    assert int(loop.game.configs["known"][0]) == 128


def test_duplicates_within_a_batch_and_held_out_questions_earn_nothing(loop: Loop) -> None:
    tables = Tables(loop.game, np.zeros(4, np.uint64))
    start = tables.states["writing"][0, : tables.states["length"][0]].tolist()
    tables.dictate([[0, 13], [0, 13], [1, 13], [1, 13]])
    batch = loop.answered(tables, None)
    assert start == list(batch.texts[0][: len(start)])
    assert not batch.valid[1] and not batch.valid[3]
    assert batch.rewards[1] == batch.rewards[3] == 0.0


def test_the_held_out_set_is_fixed_and_no_example_is_in_it(loop: Loop) -> None:
    assert cold_start.held_out(loop.game) == loop.held
    held = {asked for cell in loop.held for asked, _ in cell}
    assert not held & {one.asked for one in loop.examples.problems}
    assert [len(cell) for cell in loop.held] == [31, 150, 150, 150]


@pytest.mark.parametrize("ahead", [0, 3])
def test_a_proposer_may_start_ahead_of_its_solver(ahead: int) -> None:
    config = Config.made(SMALL | {"claims": "written", "until": 0.01, "ahead": ahead})
    started = Loop(config, named(config.game()))  # type: ignore[arg-type]
    took = started.warm()
    alone = Loop(Config.made(SMALL | {"claims": "written", "until": 0.01}), started.game)
    assert alone.warm() == took

    def equal(one: Model, other: Model) -> bool:
        return all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))

    assert equal(started.solver, alone.solver)
    assert equal(started.proposer, alone.proposer) is (ahead == 0)


@pytest.mark.parametrize("paradigm", pasodoble.PARADIGMS)
def test_every_paradigm_runs_and_leaves_a_run(paradigm: str, tmp_path: Path) -> None:
    config = Config.made({**SMALL, "paradigm": paradigm, "steps": 2, "seconds": 1e5, "until": 0.0})
    found = pasodoble.train(config, tmp_path / "run")
    assert 0.0 <= found["sampled"] <= 1.0
    assert (tmp_path / "run" / "metrics.jsonl").read_text().count("\n") >= 2


def test_a_setting_outside_of_its_range_is_refused_with_the_range() -> None:
    with pytest.raises(UserError, match="2 to 16"):
        Config(attempts=1)


def test_a_game_without_problems_is_refused_in_one_line() -> None:
    with pytest.raises(UserError, match="cells"):
        cold_start.held_out(named("connect_four", plain=True))  # type: ignore[arg-type]


def test_padding_is_no_action() -> None:
    game = named("arithmetic", plain=True)
    assert (game.spec.width, vocabulary(game)) == (15, 16)  # type: ignore[arg-type]
