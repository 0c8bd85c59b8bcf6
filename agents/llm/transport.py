"""One request to a chat-completions endpoint, streamed, bounded, cancelled with its task: a Completion or one kind of trouble.

The openai client's own retries are off; `patience` is the only one who tries again. What an endpoint does not take of the optional
parameters (a JSON schema, a seed, streaming) is left out from then on, and each answer says what was. An answer that comes whole in place
of a stream is read as one. The client is loaded with the first request.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from agents.llm.answer import Answer
from agents.llm.outcomes import Completion, Permanent, Transient, Trouble, trouble_of
from envs.extras import absent

__all__ = ["MOST_BYTES", "Endpoint", "Request"]

MOST_BYTES = 8 << 20
"""Of one HTTP answer; the rest is not read."""
_WEAKER: Mapping[str, Any] = {"response_format": {"type": "json_object"}}
_HINTS: Mapping[str, Collection[str]] = {
    "response_format": ("json_schema", "guided", "grammar"), "reasoning_effort": ("reasoning", "thinking"),
    "chat_template_kwargs": ("chat_template",), "stream": ("streaming",),
}  # fmt: skip
"""Other words by which endpoints name a parameter, believed where they name none outright."""


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
        self._quiet_until = 0.0
        self._lacks: dict[str, dict[str, Any]] = {}
        self._client: Any = None

    @property
    def client(self) -> Any:
        if self._client is None:
            self._client = _client(self.base_url, self._key, self.cap)
        return self._client

    def quiet(self, pause: float) -> bool:
        """Whether nothing has been told yet of a pause that is still going on; from now on something is, for so many seconds."""
        now = asyncio.get_running_loop().time()
        first = now >= self._quiet_until
        self._quiet_until = max(self._quiet_until, now + pause)
        return first

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
        may = sent.keys() & {"stream", *request.optional, *request.extra}
        names = [name for name in may if re.search(rf"\b{name}\b", trouble.named)]
        names = names or [name for name in may if any(hint in trouble.named for hint in _HINTS.get(name, ()))]
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
        if changed["stream"] is None:
            changed["stream_options"] = None
        return {name: value for name, value in changed.items() if value is not None}

    def without(self, request: Request) -> tuple[str, ...]:
        """What was asked for and is left out, because the endpoint did not take it ("strict NAME": it takes a weaker one)."""
        sent = self._parameters(request)
        wanted = {"stream": True, **request.optional, **request.extra}
        weaker = [name for name in _WEAKER if name in sent and sent[name] != wanted[name]]
        return tuple(sorted([*(name for name in wanted if name not in sent), *(f"strict {name}" for name in weaker)]))

    async def _once(self, request: Request) -> Completion:
        clock = asyncio.get_running_loop().time
        answer, opened = Answer(clock(), clock), False
        try:
            async with AsyncExitStack() as stack:
                async with asyncio.timeout(request.first):
                    stream = await _streamed(self.client, self._parameters(request))
                opened = True
                stack.push_async_callback(stream.close)
                async for chunk in _unhurried(_pieces(stream), request):
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
        return answer.completion(request.model, self.without(request))

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()


async def _streamed(client: Any, body: Mapping[str, Any]) -> Any:
    """The answer's pieces as they were sent: the client's models of requests and pieces would cost more time than all the rest."""
    from openai import AsyncStream  # noqa: PLC0415  (the client is loaded by now)

    return await client.post(
        "/chat/completions", cast_to=object, body=body, stream=True, stream_cls=AsyncStream[object]
    )


async def _pieces(stream: Any) -> AsyncIterator[Any]:
    """The pieces of the stream, or the one of an endpoint that answered whole. Raises Trouble for what is neither."""
    kind = stream.response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "text/html":
        raise Transient("a page of HTML instead of an answer")
    if kind != "application/json":
        async for piece in stream:
            yield piece
        return
    whole = json.loads(await stream.response.aread())
    if isinstance(whole, Mapping) and whole.get("error"):
        from openai import APIError  # noqa: PLC0415  (as the client says it of a stream)

        told = whole["error"].get("message") if isinstance(whole["error"], Mapping) else whole["error"]
        raise APIError(str(told), request=stream.response.request, body=whole["error"])
    yield whole


def _as_trouble(error: Exception, answer: Answer) -> Trouble:
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


class TooLong(Exception):  # noqa: N818  not an error of ours
    """An HTTP answer has more than MOST_BYTES."""


def _client(base_url: str, key: str, cap: int) -> Any:
    """An AsyncOpenAI that never tries again by itself, and reads at most MOST_BYTES of an answer."""
    try:
        import httpx2  # noqa: PLC0415  (only a seat that plays loads them)
        from openai import AsyncOpenAI  # noqa: PLC0415
    except ImportError:
        raise absent("openai", "llm") from None

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
