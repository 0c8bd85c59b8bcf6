"""The pieces of a streamed answer, put together. An endpoint that does not stream sends one piece, of the same fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agents.llm.outcomes import Completion, Transient, Usage
from agents.llm.secrets import redacted, redacted_tree

__all__ = ["MOST_CHARACTERS", "Answer"]

MOST_CHARACTERS = 1 << 18
"""Of a model's text, reasoning and refusal together; the rest is not read."""


class Answer:
    """The pieces of a streamed answer, put together."""

    def __init__(self, start: float, clock: Callable[[], float]) -> None:
        self.start, self.clock = start, clock
        self.began: float | None = None
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.refusal: list[str] = []
        self.tools: set[str] = set()
        self.finish, self.model = "", ""
        self.size = 0
        self.usage = Usage()
        self.training: dict[str, Any] = {}

    def take(self, chunk: Any) -> bool:
        """Add a piece, as it was sent; True when no more is read. Any error means that it is no piece of an answer."""
        self.model = _text(chunk.get("model")) or self.model
        if isinstance(chunk.get("usage"), Mapping):
            self.usage = _usage(chunk["usage"])
        if chunk.get("prompt_token_ids"):
            self.training["prompt_ids"] = list(chunk["prompt_token_ids"])
        if chunk.get("system_fingerprint"):
            self.training["fingerprint"] = str(chunk["system_fingerprint"])[:200]
        for choice in (chunk.get("choices") or [])[:1]:
            self._choice(choice)
        if self.size > MOST_CHARACTERS:
            self.finish = "length"
        return self.size > MOST_CHARACTERS

    def _choice(self, choice: Mapping[str, Any]) -> None:
        delta = choice.get("delta") or choice.get("message") or {}
        parts = (
            (self.text, delta.get("content")),
            (self.reasoning, delta.get("reasoning_content") or delta.get("reasoning")),
            (self.refusal, delta.get("refusal")),
        )
        for kept, piece in parts:
            if isinstance(piece, str) and piece:
                self.began = self.clock() if self.began is None else self.began
                kept.append(piece)
                self.size += len(piece)
        self.tools |= {str(call.get("index")) for call in (delta.get("tool_calls") or [])[:64]}
        self.finish = _text(choice.get("finish_reason")) or self.finish
        if choice.get("token_ids"):
            self.training.setdefault("ids", []).extend(choice["token_ids"])
        for token in (choice.get("logprobs") or {}).get("content") or []:
            self.training.setdefault("tokens", []).append(token["token"])
            self.training.setdefault("logprobs", []).append(token["logprob"])

    def completion(self, model: str, without: tuple[str, ...] = ()) -> Completion:
        """without: see Completion. Raises Transient for a stream that broke off: without its end, what came is nobody's answer."""
        if not self.finish:
            what = "the stream broke off" if self.began is not None else "the answer held no completion"
            raise Transient(f"{what} after {self.size} characters" if self.size else what)
        now = self.clock()
        texts = (redacted("".join(part)[:MOST_CHARACTERS]) for part in (self.text, self.reasoning, self.refusal))
        text, reasoning, refusal = texts
        first = (now if self.began is None else self.began) - self.start
        named, training = redacted(str(self.model))[:200] or model, redacted_tree(self.training)
        return Completion(
            text, self.finish, reasoning, refusal, len(self.tools), self.usage, first, now - self.start, named, training, without
        )  # fmt: skip


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _usage(usage: Mapping[str, Any]) -> Usage:
    """The endpoint's counts; what makes no sense is 0."""

    def count(owner: Any, name: str) -> int:
        value = owner.get(name) if isinstance(owner, Mapping) else None
        return value if type(value) is int and 0 <= value < 1 << 40 else 0

    return Usage(
        count(usage, "prompt_tokens"), count(usage, "completion_tokens"),
        count(usage.get("completion_tokens_details"), "reasoning_tokens"),
        count(usage.get("prompt_tokens_details"), "cached_tokens"), True,
    )  # fmt: skip
