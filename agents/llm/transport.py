"""One request to a chat-completions endpoint, streamed, bounded, cancelled with its task: a Completion or one kind of trouble.

The openai client's own retries are off; `patience` is the only one who tries again. What an endpoint does not take of the optional
parameters (a JSON schema, a seed, counting of a stream) is left out from then on. The client is loaded with the first request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from agents.llm.outcomes import Completion, Permanent, Transient, Trouble, Usage, trouble_of
from agents.llm.secrets import redacted, redacted_tree
from envs.errors import UserError

__all__ = ["MOST_BYTES", "MOST_CHARACTERS", "Endpoint", "Request"]

MOST_BYTES = 8 << 20
"""Of one HTTP answer; the rest is not read."""
MOST_CHARACTERS = 1 << 18
"""Of a model's text, reasoning and refusal together; the rest is not read."""
_WEAKER: Mapping[str, Any] = {"response_format": {"type": "json_object"}}


@dataclass(frozen=True)
class Request:
    """messages as the API takes them; optional: parameters that an endpoint may lack, left out where it does, and extra: such that the API
    does not know.

    first, idle: seconds to wait for the first piece of the answer, and between two pieces.
    """

    model: str
    messages: list[dict[str, Any]]
    most_tokens: int = 1024
    optional: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    first: float = 300.0
    idle: float = 60.0


class Endpoint:
    """A base URL with its key, and at most `cap` requests at once. Lives in one event loop."""

    def __init__(self, base_url: str, key: str, cap: int = 16) -> None:
        self.base_url, self.cap, self._key = base_url, cap, key
        self.slots = asyncio.Semaphore(cap)
        self._lacks: dict[str, dict[str, Any]] = {}
        self._client: Any = None

    @property
    def client(self) -> Any:
        if self._client is None:
            self._client = _client(self.base_url, self._key, self.cap)
        return self._client

    async def open(self) -> Any:
        """Load the client now, so that no move pays for it."""
        client = self.client
        with suppress(Exception):
            from openai._base_client import get_platform  # noqa: PLC0415  (else asked in a thread, with the first request)

            get_platform()
        return client

    async def complete(self, request: Request) -> Completion:
        """One answer. Raises Trouble; parameters that the endpoint refuses are left out and the request is made again."""
        while True:
            try:
                return await self._once(request)
            except Permanent as trouble:
                if not self._do_without(request, trouble):
                    raise

    def _do_without(self, request: Request, trouble: Permanent) -> bool:
        """Whether the endpoint refused an optional parameter that can be left out from now on."""
        sent = self._parameters(request)
        lacks = self._lacks.setdefault(request.model, {})
        if trouble.status not in (400, 422):
            return False
        if "max_tokens" in trouble.named and "max_tokens" in sent:
            lacks["max_tokens"] = None
            return True
        may = request.optional.keys() | request.extra.keys()
        names = [name for name in sent if name in may and _mentions(trouble.named, name)]
        for name in names:
            lacks[name] = _WEAKER[name] if name in _WEAKER and name not in lacks else None
        return bool(names)

    def _parameters(self, request: Request) -> dict[str, Any]:
        lacks = self._lacks.get(request.model, {})
        whole = {
            "model": request.model,
            "messages": request.messages,
            "stream": True,
            **request.optional,
            **request.extra,
        }
        whole["max_completion_tokens" if "max_tokens" in lacks else "max_tokens"] = request.most_tokens
        changed = {name: lacks.get(name, value) for name, value in whole.items()}
        return {name: value for name, value in changed.items() if value is not None}

    async def _once(self, request: Request) -> Completion:
        clock = asyncio.get_running_loop().time
        answer, opened = _Answer(clock(), clock), False
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(request.first):
                    stream = await _streamed(self.client, self._parameters(request))
                opened = True
                stack.push_async_callback(stream.close)
                async for chunk in _unhurried(stream, request):
                    if answer.take(chunk):
                        break
        except TooLong:
            if not opened:
                raise Transient("the error is longer than can be read") from None
            answer.finish = "length"
        except Trouble:
            raise
        except Exception as error:  # noqa: BLE001  whatever client and wire raise is the endpoint's trouble
            if not answer.finish:
                raise _as_trouble(error, answer) from None
            # The answer had come to its end; what broke afterwards took at most its counts away.
        return answer.completion(request.model)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()


async def _streamed(client: Any, body: Mapping[str, Any]) -> Any:
    """The answer's pieces as they were sent: the client's models of requests and pieces would cost more time than all the rest."""
    from openai import AsyncStream  # noqa: PLC0415  (the client is loaded by now)

    return await client.post(
        "/chat/completions", cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object]
    )


def _mentions(text: str, name: str) -> bool:
    also = {"response_format": ("json_schema", "guided", "grammar"), "reasoning_effort": ("reasoning", "thinking")}
    return any(word in text for word in (name, *also.get(name, ())))


def _as_trouble(error: Exception, answer: _Answer) -> Trouble:
    if isinstance(error, TimeoutError):
        return Transient("no more came of the answer in time" if answer.began else "no answer began in time")
    return trouble_of(error)


async def _unhurried(stream: Any, request: Request) -> AsyncIterator[Any]:
    """The stream's pieces; TimeoutError when the next one does not come in time."""
    pieces, patience = aiter(stream), request.first
    while True:
        async with asyncio.timeout(patience):
            try:
                piece = await anext(pieces)
            except StopAsyncIteration:
                return
        yield piece
        patience = request.idle


class _Answer:
    """The pieces of a streamed answer, put together."""

    def __init__(self, start: float, clock: Any) -> None:
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
        delta = choice.get("delta") or {}
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

    def completion(self, model: str) -> Completion:
        """Raises Transient for a stream that broke off: without its end, what came is nobody's answer."""
        if not self.finish:
            what = "the stream broke off" if self.began is not None else "the answer held no completion"
            raise Transient(f"{what} after {self.size} characters" if self.size else what)
        now = self.clock()
        texts = (redacted("".join(part)[:MOST_CHARACTERS]) for part in (self.text, self.reasoning, self.refusal))
        text, reasoning, refusal = texts
        first = (now if self.began is None else self.began) - self.start
        named, training = redacted(str(self.model))[:200] or model, redacted_tree(self.training)
        return Completion(
            text, self.finish, reasoning, refusal, len(self.tools), self.usage, first, now - self.start, named, training
        )


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


class TooLong(Exception):  # noqa: N818  not an error of ours
    """An HTTP answer has more than MOST_BYTES."""


def _client(base_url: str, key: str, cap: int) -> Any:
    """An AsyncOpenAI that never tries again by itself, and reads at most MOST_BYTES of an answer."""
    try:
        import httpx2  # noqa: PLC0415  (only a seat that plays loads them)
        from openai import AsyncOpenAI  # noqa: PLC0415
    except ImportError:
        raise UserError("llm needs the package openai: pip install 'palaestra[llm]'") from None

    class Bounded(httpx2.AsyncHTTPTransport):
        async def handle_async_request(self, request: Any) -> Any:
            response = await super().handle_async_request(request)
            response.stream = Counted(response.stream)
            return response

    class Counted(httpx2.AsyncByteStream):
        def __init__(self, inner: Any) -> None:
            self.inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            left = MOST_BYTES
            async for part in self.inner:
                left -= len(part)
                if left < 0:
                    raise TooLong
                yield part

        async def aclose(self) -> None:
            await self.inner.aclose()

    limits = httpx2.Limits(max_connections=cap, max_keepalive_connections=cap)
    # Without certificates to check, loading them would only cost time.
    transport = Bounded(limits=limits, verify=not base_url.startswith("http:"))
    wire = httpx2.AsyncClient(transport=transport, timeout=None, follow_redirects=False)
    return AsyncOpenAI(base_url=base_url, api_key=key or "none", max_retries=0, timeout=None, http_client=wire)
