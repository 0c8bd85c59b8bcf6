"""A chat-completions endpoint that answers by a script: a real HTTP server on loopback, with every fault that one can have."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer", "Endpoint", "chunk", "first_move", "moves_told", "says", "sse", "whole", "wrong"]

Body = dict[str, Any]


@dataclass
class Answer:
    """pieces: (seconds to wait, bytes) of the body. end: "whole", "cut" (the connection breaks off) or "hang" (nothing more comes)."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/event-stream"})
    pieces: Sequence[tuple[float, bytes]] = ()
    end: str = "whole"
    before: float = 0.0


Script = Callable[[Body, int], Answer]


class Endpoint:
    """`async with Endpoint(script) as url:`; script(request body, its number from 0) -> Answer. seen: (headers, body) of all requests."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.seen: list[tuple[dict[str, str], Body]] = []
        self.at: list[float] = []
        self.busy = self.most_busy = 0
        self.asking: set[asyncio.StreamReader] = set()
        self.url = ""
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        self._server = await asyncio.start_server(self._greet, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self.url

    async def stop(self) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._serve(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # a caller who hangs up, or the end of the test
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", 0))) or b"{}")
        number = len(self.seen)
        self.seen.append((headers, body))
        self.at.append(asyncio.get_running_loop().time())
        self.asking.add(reader)
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            return await self._answer(self.script(body, number), writer)
        finally:
            self.busy -= 1
            self.asking.discard(reader)

    @property
    def left_alone(self) -> int:
        """How many requests are being answered whose asker has gone."""
        return sum(reader.at_eof() for reader in self.asking)

    @staticmethod
    async def _answer(answer: Answer, writer: asyncio.StreamWriter) -> bool:
        if answer.before:
            await asyncio.sleep(answer.before)
        lines = [f"HTTP/1.1 {answer.status} X", *(f"{name}: {value}" for name, value in answer.headers.items())]
        writer.write(("\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""])).encode())
        for wait, piece in answer.pieces:
            if wait:
                await writer.drain()
                await asyncio.sleep(wait)
            if piece:
                writer.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                await writer.drain()
        if answer.end == "hang":
            await asyncio.Event().wait()
        if answer.end == "cut":
            writer.close()
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


def sse(tree: Any) -> bytes:
    return f"data: {json.dumps(tree, ensure_ascii=False)}\n\n".encode()


def chunk(delta: Body | None, finish: str | None = None, usage: Body | None = None, **more: Any) -> Body:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish} | more]
    return {
        "id": "x",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "tiny",
        "choices": choices,
        "usage": usage,
    }


USAGE = {
    "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
    "completion_tokens_details": {"reasoning_tokens": 5}, "prompt_tokens_details": {"cached_tokens": 40},
}  # fmt: skip


def says(
    text: str, finish: str = "stop", *, first: float = 0.0, between: float = 0.0, size: int = 40, delta: Body | None = None,
    usage: Body | None = USAGE, **more: Any,
) -> Answer:  # fmt: skip
    """A whole answer in pieces of `size` characters. delta: fields of the first piece, as reasoning or tool calls."""
    parts = [text[i : i + size] for i in range(0, len(text), size)]
    pieces = [(first, sse(chunk({"role": "assistant", "content": ""} | (delta or {}))))]
    pieces += [(between, sse(chunk({"content": part}))) for part in parts]
    pieces += [(0.0, sse(chunk({}, finish, **more)))]
    pieces += [(0.0, sse(chunk(None, usage=usage)))] if usage else []
    return Answer(pieces=[*pieces, (0.0, b"data: [DONE]\n\n")])


def whole(text: str, finish: str = "stop", **message: Any) -> Answer:
    """A whole answer in one piece of JSON, from an endpoint that does not stream."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text} | message, "finish_reason": finish}
    tree = {"id": "x", "object": "chat.completion", "created": 0, "model": "tiny", "choices": [choice], "usage": USAGE}
    return Answer(headers={"Content-Type": "application/json"}, pieces=[(0.0, json.dumps(tree).encode())])


def wrong(
    status: int, message: str = "no", *, code: str | None = None, kind: str | None = None, **headers: str
) -> Answer:
    """An error as the API gives it."""
    body = json.dumps({"error": {"message": message, "type": kind, "code": code, "param": None}}).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"Content-Type": "application/json"} | named, [(0.0, body)])


def first_move(body: Body) -> str:
    """The first of the moves that are told."""
    return moves_told(body)[0]


def moves_told(body: Body) -> list[str]:
    """The moves in the words of the newest question, or its example."""
    told = _told(body).partition("\n")[0]
    example = told.partition("for example ")[2]
    return [example] if example else told.split(", ")


def _told(body: Body) -> str:
    """The newest question, from the legal moves on."""
    said = (each["content"] for each in reversed(body["messages"]))
    texts = (each if isinstance(each, str) else each[0]["text"] for each in said)
    return next(each for each in texts if "legal now: " in each).partition("legal now: ")[2]


def plays(body: Body, _number: int = 0) -> Answer:
    """The first move that is allowed, in a turn of several fields the first value of each."""
    if not _told(body).startswith("\n"):
        return says(json.dumps({"why": "it is the first", "move": first_move(body)}))
    fields = (line.partition(": ") for line in _told(body).strip().split("\n"))
    firsts = {name: values.partition(", ")[0] for name, _, values in fields}
    return says(json.dumps({name: int(value) if value.isdigit() else value for name, value in firsts.items()}))


def after(answers: Iterable[Answer | Script]) -> Script:
    """These answers first, then the first move each time."""
    given = list(answers)

    def script(body: Body, number: int) -> Answer:
        if number >= len(given):
            return plays(body)
        answer = given[number]
        return answer if isinstance(answer, Answer) else answer(body, number)

    return script
