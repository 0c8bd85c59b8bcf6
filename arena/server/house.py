"""Players of the house: an agent of the host's own in a thread of its own, so that a slow one keeps nobody waiting.

Somebody's own code runs in a process of its own besides (`agents.guarded`), and its thread only waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any

from arena.agent import Ask, Failed, Resigned, Unanswered
from arena.clock import Limits
from arena.protocol import messages as wire
from arena.protocol.table import Table
from arena.protocol.translate import act_of
from arena.server.guests import House
from envs.game import Game

__all__ = ["Threaded"]

Post = Callable[[House, Table, int, Any], None]


class Threaded(House):
    """maker: see `agents.load`. post(house, table, seat, answer) is called in the thread and must bring the answer to the hall."""

    def __init__(self, maker: Any, post: Post) -> None:
        self.agent, self.title, self.walls = maker.address, maker.title, maker.walls
        self.mode = "" if maker.mode == "trusted" else maker.mode
        self._maker, self._post = maker, post
        self._asked: SimpleQueue[Any] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"house {self.title}", daemon=True)
        self._thread.start()

    def begin(self, rules: Game, match: str, seat: int, names: Sequence[str], limits: Limits) -> None:
        self._asked.put(partial(self._prepare, rules, match, seat, names, limits))

    def tell(self, message: wire.Message, table: Table, seat: int) -> None:
        if isinstance(message, wire.Ask):
            self._asked.put(partial(self._answer, table, seat, table.match.ask(seat), message))

    def close(self) -> None:
        self._asked.put(None)

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether the agent has been let go of, after waiting so long at most; one that still thinks is not waited for longer."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        agent = self._maker()
        while (act := self._asked.get()) is not None:
            act(agent)
        close = getattr(agent, "close", None)
        if callable(close):
            close()

    def _prepare(self, *told: Any) -> None:
        """Let an agent that has to start something do so."""
        *arguments, agent = told
        prepare = getattr(agent, "prepare", None)
        if callable(prepare):
            prepare(*arguments)

    def _answer(self, table: Table, seat: int, ask: Ask, told: wire.Ask, agent: Any) -> None:
        self._post(self, table, seat, _answered(agent, ask, told))


def _answered(agent: Any, ask: Ask, told: wire.Ask) -> wire.Act | wire.Resign | tuple[str, str]:
    try:
        answer = agent(ask)
        if isinstance(answer, Unanswered) and answer.kind == "void":  # the host's own word for its own player
            return answer.kind, answer.reason
        return act_of(answer, told)
    except Failed as error:
        return error.cause, str(error)
    except Resigned as error:
        return wire.Resign(told.match, told.seat, str(error)[:4000])
    except Exception as error:  # noqa: BLE001  whatever a player's code raises is that player's result
        return "crash", f"{type(error).__name__}: {error}"
