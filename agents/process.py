"""`Process`: an agent in a process of its own, spoken to over its standard input and output.

It may do what it likes: hang, flood, end, fork, send half a frame. Each question has its deadline here, sizes and numbers of messages
are bounded, and whatever goes wrong is Failed with the cause that the seat loses by. Closing never waits: the keeper of the process kills
all that it has started (`agents.sandbox`).
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from agents.sandbox import reaper
from agents.sandbox.walls import Plan, clean_environment
from arena.agent import Answer, Ask, Failed, Resigned
from arena.clock import Limits
from arena.protocol import messages as wire
from arena.protocol.lookout import Lookout
from arena.protocol.messages import HOST
from arena.protocol.session import LARGEST, ProtocolError, Session, chosen_version
from arena.protocol.translate import answer_of, begin_told, question_told
from arena.text import safe_text
from envs.game import Game

__all__ = ["Process"]

STARTING = 20.0
"""Seconds that a program has for its first words."""
MOST_MESSAGES = 256
"""Messages that a program may send while it has one question to answer."""
_PIECE, _TAIL, _ENDING = 1 << 16, 4096, 0.25


class Process:
    """command: the program and its arguments. plan: its walls. It is started by `prepare`, or by the first question.

    environment: variables that it gets besides the few that it needs. Whatever it does wrong is Failed, from `__call__` alone.
    """

    def __init__(
        self, command: Sequence[str], plan: Plan, *, environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic, starting: float = STARTING,
    ) -> None:  # fmt: skip
        self.command, self.plan, self.clock, self.starting = list(command), plan, clock, starting
        self.environment = dict(environment or {})
        self.session = Session(HOST)
        self._keeper: subprocess.Popen[bytes] | None = None
        self._wants: Sequence[str] = ()
        self._failure: Failed | None = None
        self._errors = b""
        self._pending = b""
        self._heard: list[Any] = []
        self._begun: set[str] = set()
        self._last: tuple[str, int, int, int] | None = None

    # ------------------------------------------------------------------ the agent
    def prepare(self, rules: Game, match: str, seat: int, names: Sequence[str], limits: Limits) -> None:
        """Start the program and tell it of the match, before any clock runs. What goes wrong is told at the first question."""
        try:
            if self._keeper is None:
                self._open()
            self._begun.add(match)
            self._say(begin_told(match, rules, seat, names, limits))
            self._flush()
        except Failed as failed:
            self._failure = failed

    def __call__(self, ask: Ask) -> Answer:
        """The program's answer. Raises Failed or Resigned."""
        if self._failure is None and ask.match not in self._begun:
            self.prepare(ask.game, ask.match, ask.seat, ask.game.spec.seat_names, Limits())
        if self._failure is not None:
            raise self._failure
        deadline = None if ask.seconds is None else self.clock() + ask.seconds
        told = question_told(ask, self._wants, ask.seconds)
        self._say(told)
        return self._answer(told, deadline)

    def close(self) -> None:
        """End the program and all that it has started; returns at once. A second call does nothing."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        self._control.close()
        for pipe in (keeper.stdin, keeper.stdout, keeper.stderr):
            assert pipe is not None
            with suppress(OSError):
                pipe.close()
        os.close(self._handle)
        reaper.bury(keeper, self._scratch)

    # ------------------------------------------------------------------ its life
    def _open(self) -> None:
        """The process behind its walls, up to the end of the greeting."""
        self._scratch = Path(tempfile.mkdtemp(prefix="palaestra-agent-")).resolve()
        self._control, other = socket.socketpair()
        try:
            self._keeper = subprocess.Popen(
                self.plan.arguments(self._scratch, other.fileno(), self.command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, pass_fds=[other.fileno()], start_new_session=True, cwd="/", bufsize=0,
                env=clean_environment(self._scratch, self.environment),
            )  # fmt: skip
        finally:
            other.close()
        keeper = self._keeper
        assert keeper.stdin is not None and keeper.stdout is not None and keeper.stderr is not None
        self._in, self._out, self._err = keeper.stdin.fileno(), keeper.stdout.fileno(), keeper.stderr.fileno()
        self._handle = os.pidfd_open(keeper.pid)
        self._poll, self._lookout = select.poll(), Lookout()
        self._now = partial(self._poll.poll, 0)
        for pipe in (self._in, self._out, self._err):
            os.set_blocking(pipe, False)
        for source in (self._out, self._err, self._handle):
            self._poll.register(source, select.POLLIN)
        self._greet()

    def _greet(self) -> None:
        until = self.clock() + self.starting
        for message in self._messages(until, "said nothing at all"):
            if isinstance(message, wire.Hello):
                try:
                    version = chosen_version(message)
                except ProtocolError as error:
                    raise Failed("protocol", str(error)) from None
                self._wants = message.wants
                self._say(wire.Welcome(version, 0.0, LARGEST[wire.PLAYER]))
                return

    # ------------------------------------------------------------------ talking
    def _answer(self, told: wire.Ask, deadline: float | None) -> Answer:
        question = told.match, told.seat, told.tick, told.attempt
        for count, message in enumerate(self._messages(deadline, "no answer in time")):
            if count > MOST_MESSAGES:
                break
            if isinstance(message, wire.Act):
                if (message.match, message.seat, message.tick, message.attempt) == question:
                    self._last = question
                    answer: Answer = answer_of(message)
                    return answer
                self._say(wire.Stale(message.match, message.seat, message.tick, self._stale(message, question)))
            elif isinstance(message, wire.Resign):
                reason = message.reason or "resigned"
                raise Failed("crash", reason) if message.crash else Resigned(reason)
            elif isinstance(message, wire.Bye):
                raise Failed("disconnect", message.reason or "said goodbye")
            elif not isinstance(message, wire.Beat):
                raise Failed(
                    "protocol", f"a program that plays one match has no use for {type(message).__name__.lower()}"
                )
        raise Failed("protocol", f"more than {MOST_MESSAGES} messages to one question")

    def _stale(self, act: wire.Act, question: tuple[str, int, int, int]) -> str:
        if (act.match, act.seat) != question[:2]:
            return "unknown"
        given = act.match, act.seat, act.tick, act.attempt
        return "duplicate" if given == self._last else "future" if given > question else "late"

    def _say(self, message: wire.Message) -> None:
        self._pending += self.session.say(message)
        self._flush()

    def _flush(self) -> None:
        """Give the program as much as it takes; the rest waits until its pipe has room."""
        try:
            while self._pending:
                self._pending = self._pending[os.write(self._in, self._pending) :]
        except BlockingIOError:
            return
        except OSError:
            self._pending = b""  # nobody reads any more; the end of its output tells why

    def _messages(self, deadline: float | None, late: str) -> Iterable[Any]:
        """What the program says, one after another, until the deadline. Raises Failed."""
        while True:
            while self._heard:
                message = self._heard.pop(0)
                if isinstance(message, ProtocolError):
                    raise Failed("protocol", f"{message.code}: {message}")
                yield message
            self._wait(deadline, late)

    def _wait(self, deadline: float | None, late: str) -> None:
        """Until something can be read, written or said of the process."""
        left = None if deadline is None else deadline - self.clock()
        if left is not None and left <= 0:
            raise Failed("timeout", late)
        if self._pending:
            self._poll.register(self._in, select.POLLOUT)
        come = self._lookout(self._now) or self._poll.poll(None if left is None else 1000 * left + 1)
        ready = dict(come)
        if self._in in ready or self._pending:
            self._poll.unregister(self._in)
            self._flush()
        if self._err in ready:
            self._read_errors()
        if self._out in ready:
            self._read()
        elif self._handle in ready:
            raise Failed("crash", self._ending())

    def _read(self) -> None:
        try:
            data = os.read(self._out, _PIECE)
        except BlockingIOError:
            return
        if data:
            self._heard += self.session.receive(data)
            return
        # Its output has ended; whether it has ended too shows in a moment.
        if select.select([self._handle], [], [], _ENDING)[0]:
            raise Failed("crash", self._ending())
        raise Failed("disconnect", "closed its output")

    def _read_errors(self) -> None:
        data = b""
        with suppress(BlockingIOError):
            data = os.read(self._err, _PIECE)
        if not data:
            self._poll.unregister(self._err)
        self._errors = (self._errors + data)[-_TAIL:]

    def _ending(self) -> str:
        """How the program ended, and its last words."""
        with suppress(OSError):
            self._errors = (self._errors + os.read(self._err, _PIECE))[-_TAIL:]
        self._control.setblocking(False)
        try:
            told = self._control.recv(512)
        except OSError:
            told = b""
        if told.startswith(b"!"):
            raise Failed("void", f"a wall could not be raised: {told[1:].decode('utf-8', 'replace')}")
        status = int(told) if told.isdigit() else -1
        how = "ended without a word" if status < 0 else _ended(os.waitstatus_to_exitcode(status))
        lines = self._errors.decode("utf-8", "replace").strip().splitlines()
        return safe_text(f"{how}: {lines[-1]}" if lines else how, width=300)


def _ended(code: int) -> str:
    return f"ended with code {code}" if code >= 0 else f"was ended by signal {-code}"
