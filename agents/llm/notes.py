"""What a recording keeps of one attempt: the prompt, what came back, what was read in it, tokens, money, time, failed requests.

Every text passes `redacted_tree`, and every size is bounded, so that a recording takes the notes whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.llm.accounts import dollars
from agents.llm.outcomes import Completion
from agents.llm.patience import Tries
from agents.llm.picture import without_pictures
from agents.llm.purses import Bill
from agents.llm.reading import without_thoughts
from agents.llm.secrets import redacted_tree
from agents.llm.transport import Request

__all__ = ["Attempt", "notes_of"]

_MOST_PROMPT, _MOST_TEXT, _MOST_TOKENS = 200_000, 60_000, 8192


@dataclass
class Attempt:
    """One attempt while it goes on. bills: of its requests."""

    request: Request
    prompts: str
    policy: str = ""
    tries: Tries = field(default_factory=Tries)
    completion: Completion | None = None
    parsed: Mapping[str, Any] | None = None
    bills: list[Bill] = field(default_factory=list)

    @property
    def cost(self) -> int:
        """Billionths of a dollar, of every request; one whose cost nobody knows counts with what was reserved."""
        return sum(bill.reserved if bill.cost is None else bill.cost for bill in self.bills)

    @property
    def priced(self) -> bool:
        """Whether the model has a price; without one nothing is said of money, for it need not be free."""
        return any(bill.price is not None for bill in self.bills)

    @property
    def trouble(self) -> str:
        """Why the time was over, where the model is not to blame."""
        if self.tries.failed:
            return f"the endpoint failed until the time was over: {self.tries.failed[-1][2]}"
        return f"the time was over while it waited for {self.tries.waits_for}"


def notes_of(attempt: Attempt) -> dict[str, Any]:
    """The notes, without secrets."""
    prompt = "\n\n".join(f"[{each['role']}]\n{each['content']}" for each in without_pictures(attempt.request.messages))
    notes: dict[str, Any] = {
        "model": attempt.request.model, "prompts": attempt.prompts, "prompt": _cut(prompt, _MOST_PROMPT),
        "requests": attempt.tries.requests,
    }  # fmt: skip
    if attempt.priced:
        notes["cost"] = dollars(attempt.cost)
    if attempt.tries.failed:
        notes["failed"] = [list(each) for each in attempt.tries.failed[-100:]]
    if attempt.completion is not None:
        notes |= _came(attempt, attempt.completion)
    found: dict[str, Any] = redacted_tree(notes)
    return found


def _came(attempt: Attempt, completion: Completion) -> dict[str, Any]:
    usage = completion.usage
    _, thoughts = without_thoughts(completion.text)
    notes: dict[str, Any] = {
        "completion": _cut(completion.text, _MOST_TEXT), "finish": completion.finish, "tokens": usage.prompt + usage.completion,
        "usage": {"prompt": usage.prompt, "completion": usage.completion, "reasoning": usage.reasoning, "cached": usage.cached},
        "counted": usage.reported,
        "latency": {"first": round(completion.first, 4), "total": round(completion.total, 4)},
    }  # fmt: skip
    reasoning = completion.reasoning or thoughts
    if reasoning or completion.refusal:
        notes["reasoning"] = _cut(reasoning or completion.refusal, _MOST_TEXT)
    if attempt.parsed is not None:
        notes["parsed"] = _bounded(attempt.parsed)
    if completion.model and completion.model != attempt.request.model:
        notes["answered by"] = completion.model
    if completion.without:
        notes["without"] = list(completion.without)
    if completion.training:
        notes["training"] = _tokens(completion.training) | {"policy": attempt.policy or completion.model}
    return notes


def _cut(text: str, most: int) -> str:
    """The beginning and the end of a long text."""
    return (
        text if len(text) <= most else f"{text[: most // 2]}\n[… {len(text) - most} characters …]\n{text[-most // 2 :]}"
    )


def _bounded(tree: Mapping[str, Any]) -> Any:
    """The object as it was read, or as text where it is large."""
    text = repr(dict(tree))
    return dict(tree) if len(text) <= 8000 and _is_plain(tree) else _cut(text, 8000)


def _is_plain(value: Any, depth: int = 0) -> bool:
    """Whether a recording takes it: no whole number beyond 64 bits, not too deep."""
    if isinstance(value, Mapping):
        return depth < 20 and all(_is_plain(each, depth + 1) for each in value.values())
    if isinstance(value, list):
        return depth < 20 and all(_is_plain(each, depth + 1) for each in value)
    return not isinstance(value, int) or -(1 << 63) <= value < 1 << 63


def _tokens(training: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: list(value)[:_MOST_TOKENS] if isinstance(value, list | tuple) else value
        for name, value in training.items()
    }
