"""Train a language model from the rows that `arena rollouts` prints: a clipped policy gradient on the tokens that were recorded.

    arena rollouts runs/ | python docs/examples/learn_from_rollouts.py MODEL OUT

MODEL is a folder that transformers loads, OUT where the trained one goes. A row is used when it has the ids of its prompt and of its
answer and their log-probabilities (record_tokens=true, and an endpoint that gives them, as vLLM does). Its advantage is its return less
the mean of all rows. Source of the clipping: Schulman et al., "Proximal Policy Optimization Algorithms" (2017).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from torch.nn.functional import log_softmax

NOTHING = "no row has the ids and log-probabilities of its tokens: play with record_tokens=true"
CLIP, EPOCHS, RATE = 0.2, 4, 1e-3
"""RATE is for a model as small as a test's; one of a billion weights wants a thousandth of it."""


def usable(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows whose tokens are known, each with one log-probability."""
    return [row for row in rows if row["prompt_ids"] and row["ids"] and len(row["logprobs"] or []) == len(row["ids"])]


def log_probabilities(model: Any, prompt: Sequence[int], answer: Sequence[int]) -> torch.Tensor:
    """float[len(answer)]: of each token of the answer, given what comes before it. model(ids[1, n]).logits: float[1, n, vocabulary]."""
    whole = torch.tensor([[*prompt, *answer]])
    scores = log_softmax(model(whole).logits[0, len(prompt) - 1 : -1].float(), dim=-1)
    return scores.gather(1, torch.tensor(answer)[:, None])[:, 0]


def learn(model: Any, rows: Sequence[Mapping[str, Any]], rate: float = RATE, epochs: int = EPOCHS) -> list[float]:
    """Improve the model in place; the mean loss of each epoch. ValueError without a usable row."""
    rows = usable(rows)
    if not rows:
        raise ValueError(NOTHING)
    returns = torch.tensor([float(row["return"]) for row in rows])
    advantages = returns - returns.mean()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    losses = []
    for _ in range(epochs):
        total = 0.0
        optimizer.zero_grad()
        for row, advantage in zip(rows, advantages, strict=True):
            new, old = log_probabilities(model, row["prompt_ids"], row["ids"]), torch.tensor(row["logprobs"])
            ratio = (new - old).exp()
            loss = -torch.minimum(ratio * advantage, ratio.clamp(1 - CLIP, 1 + CLIP) * advantage).mean() / len(rows)
            loss.backward()
            total += float(loss.detach())
        optimizer.step()
        losses.append(total)
    return losses


def main(source: str, target: str) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415  (what is above needs no particular kind of model)

    rows = usable(json.loads(line) for line in sys.stdin)
    if not rows:
        sys.exit(NOTHING)
    model, tokenizer = AutoModelForCausalLM.from_pretrained(source), AutoTokenizer.from_pretrained(source)
    losses = learn(model, rows)
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    sys.stdout.write(f"mean loss {losses[0]:.4f}, then {losses[-1]:.4f}; written to {target}\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("give two folders: a model that transformers loads, and where the trained one goes")
    main(*sys.argv[1:])
