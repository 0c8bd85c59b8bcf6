"""What answers cost: prices per model from a TOML file, tokens into money.

    [models."NAME"]
    prompt = 0.15        # dollars for a million tokens
    cached = 0.075       # of the prompt, where the endpoint has them in its cache; without it, as prompt
    completion = 0.60
    reasoning = 0.60     # of the completion; without it, as completion
    picture = 1500       # tokens of one picture, at most

There are no built-in prices: they change, and a figure nobody checked would be worse than none. Money is whole billionths of a dollar, so
that sums are exact.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.llm.outcomes import Usage
from envs.errors import NOT_FOUND, UserError

__all__ = ["DOLLAR", "Price", "bound", "dollars", "price_of"]

DOLLAR = 1_000_000_000
_PER_MESSAGE = 64
_FIELDS = ("prompt", "cached", "completion", "reasoning")


@dataclass(frozen=True)
class Price:
    """Billionths of a dollar for one token of each kind; picture: tokens of one picture, at most."""

    prompt: float
    completion: float
    cached: float
    reasoning: float
    picture: int = 1500

    def cost(self, usage: Usage) -> int:
        """What an answer cost, rounded up; counts that contradict each other are taken at the dearer side."""
        cached, thought = min(usage.cached, usage.prompt), min(usage.reasoning, usage.completion)
        dear = (usage.prompt - cached) * self.prompt + cached * self.cached
        return math.ceil(dear + (usage.completion - thought) * self.completion + thought * self.reasoning)

    def most(self, prompt: int, completion: int) -> int:
        """What an answer of so many tokens can cost at most."""
        kinds = max(self.prompt, self.cached), max(self.completion, self.reasoning)
        return math.ceil(prompt * kinds[0] + completion * kinds[1])


def dollars(amount: int) -> float:
    return amount / DOLLAR


def price_of(path: str, model: str) -> Price | None:
    """The model's price in a TOML file; None without a file, or where the file does not name the model. UserError for a wrong file."""
    if not path:
        return None
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"llm: no file {path!r}: give prices= the path of a TOML file", NOT_FOUND) from None
    except (OSError, ValueError) as error:
        raise UserError(f"llm: {path} is no price table: {error}; see docs/llm.md for its form") from None
    models = table.get("models")
    if not isinstance(models, dict):
        raise UserError(
            f'llm: {path} has no prices: each model has a table of its own, [models."NAME"], see docs/llm.md'
        )
    entry = models.get(model)
    return None if entry is None else _price(path, model, entry)


def _price(path: str, model: str, entry: Any) -> Price:
    known = {*_FIELDS, "picture"}
    wrong = not isinstance(entry, dict) or not {"prompt", "completion"} <= entry.keys() <= known
    if wrong or not all(_is_price(value) for value in entry.values()):
        raise UserError(
            f"llm: {path}: the price of {model} needs prompt and completion, and may have cached, reasoning, picture: numbers from 0 on"
        )
    per = {name: float(entry[name]) * 1000 for name in _FIELDS if name in entry}
    cached, reasoning = per.get("cached", per["prompt"]), per.get("reasoning", per["completion"])
    return Price(per["prompt"], per["completion"], cached, reasoning, int(entry.get("picture", 1500)))


def _is_price(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and 0 <= value <= 1e6


def bound(messages: Sequence[Mapping[str, Any]], more: str, picture: int) -> int:
    """Tokens that a prompt can have at most: no token is shorter than a byte of its text. more: a schema sent besides."""
    total = len(more.encode()) + _PER_MESSAGE
    for message in messages:
        content = message["content"]
        parts = content if isinstance(content, list) else [{"text": content}]
        total += _PER_MESSAGE + sum(len(part["text"].encode()) if "text" in part else picture for part in parts)
    return total
