"""A language model of Hugging Face takes either seat: a tiny one with random weights and a tokenizer of its own, both made here."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from arena.training.cold_start import posed
from arena.training.pasodoble import Config, Loop, train
from arena.training.writing import Tables, log_probabilities
from envs.errors import UserError
from envs.registry import game as named

EXTRA = all(importlib.util.find_spec(name) for name in ("transformers", "peft"))
needs_extra = pytest.mark.skipif(not EXTRA, reason="the extra hf is not installed")
SMALL = {
    "questions": 8,
    "group": 4,
    "attempts": 4,
    "collect": 1,
    "width": 16,
    "layers": 1,
    "examples": 256,
    "batches": 16,
}


@pytest.fixture(autouse=True)
def few_held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules run plainly here, so little is measured."""
    monkeypatch.setattr("arena.training.cold_start.TRIES", 60)


def tiny(folder: Path, symbols: str = "0123456789+-*/=.(),") -> str:
    """A Llama of one layer that writes single characters."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = ["<unk>", "<s>", *symbols]
    made = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    PreTrainedTokenizerFast(tokenizer_object=made, unk_token="<unk>", bos_token="<s>").save_pretrained(folder)
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(vocab_size=len(words), max_position_embeddings=2048, **size)).save_pretrained(folder)
    return str(folder)


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from arena.training import hugging

    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UserError, match=r"palaestra\[hf\]"):
        hugging.opened(named("arithmetic", plain=True), "anywhere", 4)  # type: ignore[arg-type]


@needs_extra
def test_a_cached_reading_is_the_whole_reading_whatever_the_padding() -> None:
    from transformers.models.llama import LlamaConfig, LlamaForCausalLM

    from arena.training.hugging import Causal

    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    torch.manual_seed(0)
    model = Causal(LlamaForCausalLM(LlamaConfig(vocab_size=20, **size)), range(2, 18), 15, [3, 4])
    tokens = torch.randint(0, 15, (4, 9))
    tokens[0, :3] = tokens[1, :5] = tokens[2, 7:] = 15
    whole = model(tokens)
    first, past = model.extended(tokens[:, :5])
    past = past.repeated(1)
    parts = [first]
    for t in range(5, 9):
        logits, past = model.extended(tokens[:, t : t + 1], past)
        parts.append(logits)
    seen = tokens != 15
    torch.testing.assert_close(torch.cat(parts, 1)[seen], whole[seen], atol=1e-5, rtol=1e-4)
    assert whole.shape == (4, 9, 16)
    alone = model(tokens[:1, 2:])
    torch.testing.assert_close(alone[0, 1:], whole[0, 3:], atol=1e-5, rtol=1e-4)


@pytest.mark.nightly
@needs_extra
def test_what_a_language_model_has_drawn_is_scored_again_alike(tmp_path: Path) -> None:
    from arena.training.hugging import opened

    game: Any = named("arithmetic?attempts=2&passage=true", plain=True)
    with pytest.raises(UserError, match="no single token for '\\*'"):
        opened(game, tiny(tmp_path / "small", "0123456789+-=."), 0)
    model = opened(game, tiny(tmp_path / "model"), 4, "12+34=46")
    draws = torch.Generator().manual_seed(0)
    tables = Tables(game, np.arange(6, dtype=np.uint64))
    for written in (tables.propose(model, draws), tables.solve(model, draws)):
        logs, _ = log_probabilities(model, written)
        for i in range(0, len(written.tokens), 3):
            total, context = 0.0, written.context[i : i + 1]
            for t in range(int(written.drawn[i].sum())):
                logits = model(context)[0, -1, :15].masked_fill(~written.masks[i, t], -1e9)
                total += float(logits.log_softmax(-1)[written.tokens[i, t]].detach())
                context = torch.cat((context, written.tokens[i : i + 1, t : t + 1]), 1)
            assert float(logs[i]) == pytest.approx(total, abs=1e-4)
    trained = [name for name, weight in model.model.named_parameters() if weight.requires_grad]
    assert trained and all("lora" in name for name in trained)
    assert set(model.state_dict()) == set(trained)


@pytest.mark.nightly
@needs_extra
@pytest.mark.parametrize("seats", [("proposer",), ("solver",), ("proposer", "solver")])
def test_either_seat_is_trained_by_the_same_code(
    seats: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tiny(tmp_path / "model")
    config = Config.made({**SMALL, "steps": 1, "seconds": 1e5, "until": 0.0, "rank": 4, **dict.fromkeys(seats, path)})
    loop = Loop(config, named(config.game(), plain=True))  # type: ignore[arg-type]
    before = {who: {k: v.clone() for k, v in getattr(loop, who).state_dict().items()} for who in seats}
    batch = loop.proposed()
    assert batch.proposed is not None
    for model, optimiser, drawn in (
        (loop.proposer, loop.proposes, batch.proposed),
        (loop.solver, loop.solves, batch.answered),
    ):
        loop.update(model, optimiser, drawn, np.resize([1.0, -1.0], len(drawn.tokens)), 0.0)
    for who in seats:
        assert any((v != before[who][k]).any() for k, v in getattr(loop, who).state_dict().items()), who
    monkeypatch.setattr("arena.training.pasodoble.named", lambda name: named(name, plain=True))
    found = train(config, tmp_path / "run")
    assert 0.0 <= found["sampled"] <= 1.0
    with (tmp_path / "run" / "log.txt").open() as log:
        assert "ends at step 1" in log.read()


@pytest.mark.nightly
@needs_extra
def test_a_language_model_plays_countdown_too(tmp_path: Path) -> None:
    path = tiny(tmp_path / "model")
    given = {**SMALL, "played": "countdown?operators=1&digits=1&most=9", "proposer": path, "solver": path, "rank": 0}
    config = Config.made({**given, "attempts": 2, "until": 0.0})
    loop = Loop(config, named(config.game(), plain=True))  # type: ignore[arg-type]
    assert len(posed(loop.game, [loop.examples.problems[0].asked])[0]) == loop.shape.read
    assert 0 <= loop.step()["valid"] <= 1
