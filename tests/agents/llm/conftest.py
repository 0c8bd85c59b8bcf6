"""A gateway with a clock of its own, a scripted endpoint in its loop, and matches that are played against it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from openai._base_client import get_platform

import envs
from agents.llm.gateway import Gateway
from agents.llm.seat import Llm
from arena.clock import Limits
from arena.events import Event, Refused, Seat
from arena.host import Host
from arena.match import Match, Result
from replays.recorder import Recorder
from tests.agents.llm.endpoint import Endpoint, Script
from tests.agents.llm.virtual import VirtualLoop

CANARY = "sk-canary-0123456789/+abcdef"


class Watched(Gateway):
    """A gateway whose clock stands between requests, however long a match thinks."""

    def __init__(self) -> None:
        super().__init__(VirtualLoop)
        self.loop.waited_for = 0  # type: ignore[attr-defined]

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        loop: Any = self.loop

        async def counted() -> Any:
            loop.waited_for += 1
            try:
                return await coroutine
            finally:
                loop.waited_for -= 1

        return super().run(counted())


class Table:
    """One endpoint and the matches that are played with it; every time is the virtual loop's."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.events: list[Event] = []
        self._served: list[Endpoint] = []

    def serve(self, script: Script) -> Endpoint:
        endpoint = Endpoint(script)
        self.gateway.run(endpoint.start())
        self._served.append(endpoint)
        return endpoint

    def seat(self, endpoint: Endpoint, **options: Any) -> Llm:
        options = {"model": "tiny", "base_url": endpoint.url, "key_env": "CANARY_KEY", "cap": 8} | options
        return Llm(gateway=lambda: self.gateway, **options)

    def now(self) -> float:
        return self.gateway.loop.time()

    def play(
        self, agents: list[Any], game: Any = "kuhn_poker", *, seed: int = 3, move: float | None = None, retries: int = 2,
        record: Path | None = None, texts: bool = True,
    ) -> Result:  # fmt: skip
        rules = envs.game(game, plain=True) if isinstance(game, str) else game
        seats = [Seat(name, "llm", "LLM") for name in rules.spec.seat_names]
        match = Match(
            rules, seats, seed, limits=Limits(move=move), now=self.now(), retries=retries, ident="m", nonce=b"n" * 16
        )
        self.events = []
        sinks: list[Any] = [self.events.append]
        if record is not None:
            sinks.append(Recorder(record, texts=texts))
        return Host(match, agents, sinks, clock=self.now).run()

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events if isinstance(event, Refused)]

    def close(self) -> None:
        for endpoint in self._served:
            self.gateway.run(endpoint.stop())
        self.gateway.close()


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setenv("CANARY_KEY", CANARY)
    get_platform()  # the client asks in a thread, once
    made = Table(Watched())
    yield made
    made.close()


@pytest.fixture
def first() -> Callable[[Any], int]:
    return lambda ask: int(ask.legal[0])
