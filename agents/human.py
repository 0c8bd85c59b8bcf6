"""`Human`: a person at a screen, or at a plain terminal.

With the option `socket` the seat waits for datagrams on a Unix socket; a screen, which is another process, sends one with
`send_reply` for each answer. An answer names match, seat and tick, and one to another question is dropped. Without it the
seat shows what it knows and reads a line; a terminal is not interrupted, so the host tells afterwards that time was over.
What arrives is bounded and checked here, and parsed by the match like any other text.
"""

from __future__ import annotations

import os
import socket as sockets
import stat
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, TextIO

import msgpack

from arena.agent import Answer, Ask, Reply, Resigned
from arena.text import safe_text
from envs.errors import FAILURE, NOT_FOUND, UserError
from envs.spec import Option
from envs.words import listed

__all__ = ["LARGEST", "Human", "decoded", "send_reply"]

LARGEST = 4096
"""Bytes of one datagram, at most."""
MOST_ACTIONS = 256
GIVING_UP = frozenset({"resign", "quit", "exit"})


class Human:
    """A person: answers come from a screen (option socket) or from the keyboard."""

    title = "Human"
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "socket": Option("", help="path of the Unix datagram socket to wait on; without it, the terminal"),
    }

    def __init__(
        self, socket: str = "", clock: Callable[[], float] = time.monotonic,
        lines: TextIO | None = None, out: TextIO | None = None,
    ) -> None:  # fmt: skip
        """Binds the socket, so that no answer is sent to nobody. Raises UserError when that is not possible."""
        self.clock, self.lines, self.out = clock, lines, out
        self.path = Path(socket) if socket else None
        self.bound = _bound(self.path) if self.path else None

    def __call__(self, ask: Ask) -> Answer:
        """A text, or the actions that a screen sent. Raises Resigned; TimeoutError when the time of the Ask is over."""
        if self.bound is None:
            return _read(ask, self.lines or sys.stdin, self.out or sys.stderr)
        deadline = None if ask.seconds is None else self.clock() + ask.seconds
        while (answer := self._received(ask, self.bound, deadline)) is None:
            pass
        return _unless_resigned(answer) if isinstance(answer, str) else Reply(answer)

    def _received(self, ask: Ask, bound: sockets.socket, deadline: float | None) -> str | list[list[int]] | None:
        """The next datagram's answer, None when it is not one to this question."""
        left = None if deadline is None else deadline - self.clock()
        if left is not None and left <= 0:
            raise TimeoutError(f"no answer within {ask.seconds:g} s")
        bound.settimeout(left)
        with suppress(TimeoutError):
            return decoded(bound.recv(LARGEST + 1), ask.match, ask.seat, ask.tick)
        return None

    def close(self) -> None:
        """Release the socket and remove its file; a second call does nothing."""
        if self.bound is not None and self.path is not None:
            self.bound.close()
            self.path.unlink(missing_ok=True)
            self.bound = None


def _unless_resigned(text: str) -> str:
    if text.strip().lower() in GIVING_UP:
        raise Resigned("gave up")
    return text


def _bound(path: Path) -> sockets.socket:
    """A socket at this path, for this user alone; what a dead process left there is replaced."""
    bound = sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_dead(path)
        with _short(path) as name:
            bound.bind(name)
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        bound.close()
        raise UserError(f"cannot wait for a screen at {str(path)!r}: {error.strerror or error}", FAILURE) from None
    return bound


def _remove_dead(path: Path) -> None:
    """Remove a socket that nobody listens to; anything else is left, and binding says so."""
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        with sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM) as probe, _short(path) as name:
            try:
                probe.connect(name)
            except ConnectionRefusedError:
                path.unlink(missing_ok=True)


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for the socket that fits into the hundred bytes that the system takes: by way of its open folder."""
    if len(os.fsencode(path)) < 100 or not Path("/proc/self/fd").is_dir():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def send_reply(
    path: str | Path, match: str, seat: int, tick: int, text: str = "", *, actions: Sequence[Sequence[int]] = ()
) -> None:
    """Send a person's answer to the seat that waits at `path`: a text, or actions to be played one tick after another.

    Raises UserError when nobody waits there (NOT_FOUND), or when the answer is too long for one datagram.
    """
    tree: dict[str, Any] = {"match": match, "seat": seat, "tick": tick}
    data = msgpack.packb(tree | ({"actions": [list(each) for each in actions]} if actions else {"text": text}))
    if len(data) > LARGEST:
        raise UserError(f"the answer has {len(data)} bytes: at most {LARGEST} can be sent")
    try:
        with sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM) as sender, _short(Path(path)) as name:
            sender.settimeout(1.0)
            sender.sendto(data, name)
    except OSError as error:
        raise UserError(f"nobody waits for an answer at {str(path)!r}: {error.strerror or error}", NOT_FOUND) from None


def decoded(data: bytes, match: str, seat: int, tick: int) -> str | list[list[int]] | None:
    """The text or actions of a datagram, None for anything that is no answer to this question."""
    if len(data) > LARGEST:
        return None
    try:
        tree = msgpack.unpackb(data, strict_map_key=True, max_ext_len=0, max_map_len=8, max_array_len=MOST_ACTIONS)
    except (ValueError, TypeError, OverflowError, RecursionError, msgpack.UnpackException):
        return None
    if not isinstance(tree, dict) or (tree.get("match"), tree.get("seat"), tree.get("tick")) != (match, seat, tick):
        return None
    actions = tree.get("actions")
    if actions is not None:
        return actions if _are_actions(actions) else None
    text = tree.get("text")
    return text if isinstance(text, str) else None


def _are_actions(actions: Any) -> bool:
    """Whether this is a list of lists of whole numbers that fit into an action."""
    if not isinstance(actions, list) or not actions or not all(isinstance(each, list) and each for each in actions):
        return False
    return all(type(value) is int and -(1 << 31) <= value < 1 << 31 for each in actions for value in each)


def _read(ask: Ask, lines: TextIO, out: TextIO) -> str:
    """One line from a terminal. The end of the input gives the game up."""
    shown = [safe_text(ask.text, lines=60), *(f"refused: {safe_text(reason)}" for reason in ask.refusals[-1:])]
    out.write("\n".join([*shown, _choices(ask), ""]))
    while True:
        out.write("your move (help, resign): ")
        out.flush()
        line = lines.readline(LARGEST)
        if not line:
            raise Resigned("the input ended")
        word = line.strip()
        if word.lower() in {"help", "?"}:
            out.write(f"{safe_text(ask.game.spec.rules, lines=60)}\n{_choices(ask)}\n")
        elif word:
            return _unless_resigned(word)


def _choices(ask: Ask) -> str:
    """What may be answered, in the game's words."""
    if ask.legal.form is not None:
        shown = safe_text(ask.game.form(ask.legal.sample(ask.key), ask.obs), width=200)
        return f"answer with a text of at most {ask.legal.form.length} characters, for example: {shown}"
    if len(ask.legal.sizes) > 1 or ask.legal.bounds is not None:
        return f"for example: {safe_text(ask.game.form(ask.legal.sample(ask.key), ask.obs))}"
    return "legal: " + safe_text(listed([ask.game.form([action], ask.obs) for action in ask.legal]), width=2000)
