"""`Llm`: a language model in a seat. It asks, reads and notes; it never plays in the model's place.

One call is one attempt at one question: a completion that is no answer goes back to the match as Unanswered, which counts it by kind and
asks again with the reason; the texts of the second try follow the kind. What the endpoint fails to give is void, whoever would have won.
"""

from __future__ import annotations

import logging
import random
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, ClassVar

from agents.llm import picture
from agents.llm.accounts import price_of
from agents.llm.gateway import Gateway, shared
from agents.llm.memory import Memory
from agents.llm.notes import Attempt, notes_of
from agents.llm.options import OPTIONS, Settings
from agents.llm.outcomes import Completion, Transient
from agents.llm.patience import Backoff, GaveUp, OutOfTime, persist
from agents.llm.prompts import Prompts, answer_schema, load
from agents.llm.purses import Purses
from agents.llm.reading import Failure, Spoken, read
from agents.llm.secrets import key_from, redacted
from agents.llm.transport import Request
from arena.agent import Ask, Reply, Unanswered
from arena.answers import understood
from arena.text import safe_text
from envs.errors import UserError
from envs.extras import demand
from envs.game import Game
from envs.spec import Option, Refusal

__all__ = ["Llm"]

_log = logging.getLogger("palaestra.llm")
MARGIN = 0.98
"""Of the time that is left: the rest is for reading the answer."""


@dataclass
class _Question:
    """The open question: its first message, and what was tried since, as messages."""

    tick: int
    code: str
    asked: dict[str, Any]
    since: list[dict[str, str]] = field(default_factory=list)
    failed: str = ""


class Llm:
    """A language model behind a chat-completions endpoint: hosted, vLLM, Ollama, llama.cpp."""

    title = "LLM"
    waits = True
    OPTIONS: ClassVar[Mapping[str, Option]] = OPTIONS

    def __init__(
        self, *, gateway: Callable[[], Gateway] = shared, today: Callable[[], date] = lambda: datetime.now(UTC).date(), **options: Any
    ) -> None:  # fmt: skip
        """Raises UserError for options that do not fit together, a missing key, or a missing package."""
        self.settings = Settings(**{name: option.default for name, option in OPTIONS.items()} | options)
        demand("llm", "llm")
        s = self.settings
        self.prompts: Prompts = load(s.prompts)
        self.price = price_of(s.prices, s.model)
        if s.limited and self.price is None:
            raise UserError(f"llm: {s.prices} has no price for {s.model}, and a budget needs one")
        self.purses = Purses(s, self.price, today)
        self.gateway = gateway()
        self.endpoint = self.gateway.endpoint(s.base_url, key_from(s.key_env), s.cap)
        self.gateway.run(self.endpoint.open())
        if s.obs != "text":
            picture.load()
        self.memory = Memory(s.memory, s.window)
        self.question: _Question | None = None

    @staticmethod
    def entitled(options: Mapping[str, Any]) -> str:
        """The model's own name."""
        return str(options["model"]) or Llm.title

    @staticmethod
    def fits(game: Game) -> None:
        """Every game has words."""

    def __call__(self, ask: Ask) -> Reply | Unanswered:
        """One attempt. Whatever fails in here, and not in the model, is void: no machinery loses a match for it."""
        try:
            return self._attempted(ask)
        except Exception as error:  # noqa: BLE001  see above
            _log.debug("the seat of a model failed", exc_info=True)
            why = redacted(f"the seat failed, and not the model: {type(error).__name__}: {error}")
            return Unanswered("void", why, "", {"why": why})

    def _attempted(self, ask: Ask) -> Reply | Unanswered:
        form = answer_schema(
            self.prompts, ask, enforce=self.settings.legal == "enforce", scratchpad=self.memory.kind == "scratchpad"
        )
        question = self._opened(ask, form)
        request = self._request(ask, question, form)
        attempt = Attempt(request, self.prompts.name, self.settings.policy)
        try:
            attempt.completion = self.gateway.run(self._complete(ask, request, attempt))
        except GaveUp as gave_up:
            return self._void(attempt, str(gave_up))
        except OutOfTime as over:
            if not over.answering:
                return self._void(attempt, attempt.trouble)
            return self._unanswered("timeout", "the time was over before the model had answered", attempt)
        return self._judged(ask, question, attempt, form)

    # ------------------------------------------------------------------ asking
    def _opened(self, ask: Ask, form: Mapping[str, Any]) -> _Question:
        """The question as it stands: a new one, or the last one with what was wrong with its answer."""
        if self.question is None or not ask.refusals or self.question.tick != ask.tick:
            self.purses.open_move()
            code = f"{ask.key:016x}"[-12:]
            looks = self.settings.obs != "text"
            text = self.prompts.turn(
                ask, code, legal=self.settings.legal != "hide", notes=self.memory.scratchpad,
                sees="(the picture below)" if self.settings.obs == "pixels" else None,
            )  # fmt: skip
            self.question = _Question(ask.tick, code, picture.message(text, picture.drawn(ask) if looks else None))
        elif ask.refusals:
            kind = self.question.failed or "illegal"
            again = self.prompts.again(kind, ask, ask.refusals[-1], form, self.settings.legal != "hide")
            self.question.since.append({"role": "user", "content": again})
        return self.question

    def _request(self, ask: Ask, question: _Question, form: Mapping[str, Any]) -> Request:
        s = self.settings
        fitting = [shot for shot in self.prompts.shots if shot.game in ("*", ask.game.id, ask.game.spec.name)]
        shots = fitting if s.shots < 0 else fitting[: s.shots]
        messages: list[dict[str, Any]] = [{"role": "system", "content": self.prompts.system(ask, form).strip()}]
        for shot in shots:
            messages += [{"role": "user", "content": shot.user}, {"role": "assistant", "content": shot.assistant}]
        messages += [*self.memory.dialogue(), question.asked, *question.since]
        return Request(s.model, messages, s.max_tokens, _optional(s, form), _extra(s), s.first, s.idle)

    async def _complete(self, ask: Ask, request: Request, attempt: Attempt) -> Completion:
        """Through the purses and the retries. Raises GaveUp or OutOfTime."""
        s = self.settings
        draw = random.Random(ask.key).random
        seconds = None if ask.seconds is None else MARGIN * ask.seconds

        async def once() -> Completion:
            async with self.purses.paid(request, attempt.tries) as bill:
                attempt.bills.append(bill)
                attempt.tries.sent()
                completion = await self.endpoint.complete(request)
                bill.settle(completion.usage)
                return completion

        slots, told = self.endpoint.slots, self._told_of
        return await persist(once, Backoff(s.tries), attempt.tries, seconds=seconds, draw=draw, slots=slots, told=told)

    def _told_of(self, trouble: Transient, pause: float) -> None:
        """A line for whoever looks on, once for all who wait for this endpoint."""
        if self.endpoint.quiet(pause):
            why = safe_text(trouble, width=200)
            with suppress(OSError, ValueError):  # nobody looks on
                sys.stderr.write(
                    f"palaestra: {safe_text(self.settings.model)} waits {pause:.0f} s, then asks again: {why}\n"
                )
                sys.stderr.flush()

    # ------------------------------------------------------------------ reading
    def _judged(self, ask: Ask, question: _Question, attempt: Attempt, form: Mapping[str, Any]) -> Reply | Unanswered:
        assert attempt.completion is not None
        spoken = read(attempt.completion, ask.game.letter(ask.obs))
        found: Reply | Refusal | Failure = spoken if isinstance(spoken, Failure) else self._played(ask, spoken)
        attempt.parsed = None if isinstance(spoken, Failure) else spoken.whole
        if isinstance(found, Reply):
            return self._accepted(ask, question, attempt, found, spoken)
        kind = found.kind if isinstance(found, Failure) else "illegal"
        question.failed = kind
        # An empty message is one that some endpoints refuse to be shown.
        said = attempt.completion.text.strip() or "(no text)"
        question.since.append({"role": "assistant", "content": said[-4000:]})
        return self._unanswered(kind, found.reason, attempt)

    @staticmethod
    def _played(ask: Ask, spoken: Spoken) -> Reply | Refusal:
        """The move by the game's own reading, judged as the match will judge it."""
        return understood(ask.game, ask.obs, ask.legal, spoken.move)

    def _accepted(
        self, ask: Ask, question: _Question, attempt: Attempt, found: Reply, spoken: Spoken | Failure
    ) -> Reply:
        assert isinstance(spoken, Spoken)
        completion = attempt.completion
        assert completion is not None
        self.memory.add(question.asked, completion.text, spoken.fields.get("notes", ""))
        self.question = None
        others = [seat for seat in range(ask.game.seats) if seat != ask.seat]
        words = spoken.fields.get("say", "").strip()
        notes: dict[str, Any] = {"policy": [(ask.game.name(found.actions[0], ask.obs), 1.0)]}
        notes |= {"why": redacted(spoken.fields.get("why", "")) or "the model gave no reason"}
        if self.memory.kind == "scratchpad":
            notes["scratchpad"] = self.memory.notes
        return Reply(found.actions, [(others, redacted(words))] if words else (), notes | notes_of(attempt))

    def _void(self, attempt: Attempt, why: str) -> Unanswered:
        return self._unanswered("void", why, attempt)

    @staticmethod
    def _unanswered(kind: str, why: str, attempt: Attempt) -> Unanswered:
        text = attempt.completion.text if attempt.completion else ""
        return Unanswered(kind, redacted(why), text[:2000], {"why": redacted(why)} | notes_of(attempt))


def _optional(s: Settings, form: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters that not every endpoint takes."""
    wanted: dict[str, Any] = {"stream_options": {"include_usage": True}}
    if s.format == "schema":
        wanted["response_format"] = {
            "type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": dict(form)}
        }  # fmt: skip
    elif s.format == "object":
        wanted["response_format"] = {"type": "json_object"}
    if s.temperature >= 0:
        wanted["temperature"] = s.temperature
    if s.seed >= 0:
        wanted["seed"] = s.seed
    if s.reasoning != "default":
        wanted["reasoning_effort"] = "none" if s.reasoning == "off" else s.reasoning
    if s.record_tokens:
        wanted["logprobs"] = True
    return wanted


def _extra(s: Settings) -> dict[str, Any]:
    """What goes beyond the API: vLLM gives token ids when it is asked; many open models think unless their template is told not to."""
    thoughtless: dict[str, Any] = {"chat_template_kwargs": {"enable_thinking": False}} if s.reasoning == "off" else {}
    return thoughtless | ({"return_token_ids": True} if s.record_tokens else {})
