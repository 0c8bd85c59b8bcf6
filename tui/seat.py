"""A person's seat in a running match, without a screen: whose turn it is, what is legal, the clocks, and how an answer leaves.

It reads the tape and sends replies to the match's process. What a person writes is read here first with the game's own words, so that
a slip of the fingers costs none of the answers that the match forgives. Time is an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from arena.background import reply_socket
from arena.events import Acted
from arena.text import safe_text
from envs.errors import UserError
from envs.game import Legal
from envs.spec import SPECTATOR, Refusal
from replays.recorder import ACTS
from replays.tape import Moment, Tape
from tui.pointing import Pointing

__all__ = ["Choice", "HumanSeat"]

MOST_LISTED = 512
Send = Callable[..., None]


@dataclass(frozen=True)
class Choice:
    """A legal action: its number, the words that mean it, its name."""

    action: int
    form: str
    name: str


class Turn:
    """One question to the seat: the moment, what it may do. Raises UserError where the rules are not at hand."""

    def __init__(self, moment: Moment, seat: int) -> None:
        self.moment, self.seat = moment, seat
        self.game = moment.tape.need_game()
        self.acting = not moment.facts.done and seat in self.game.acting(moment.state)

    @cached_property
    def obs(self) -> Any:
        return self.moment.observe(self.seat)

    @cached_property
    def legal(self) -> Legal:
        return self.game.legal(self.moment.state, self.seat)

    @cached_property
    def choices(self) -> list[Choice]:
        """The legal actions where they can be listed."""
        if not self.acting or self.legal.form is not None or self.legal.bounds is not None or len(self.legal.sizes) > 1:
            return []
        actions = list(self.legal)[:MOST_LISTED]
        return [
            Choice(action, self.game.form([action], self.obs), self.game.name([action], self.obs)) for action in actions
        ]

    @cached_property
    def pointing(self) -> Pointing:
        return Pointing(self.game, self.moment.state, self.seat, [choice.action for choice in self.choices])

    @property
    def hint(self) -> str:
        """What to write, where the actions are not listed."""
        if self.legal.form is not None:
            return f"a text of at most {self.legal.form.length} characters"
        return f"for example {safe_text(self.game.form(self.legal.sample(1), self.obs), width=40)}"

    def understood(self, text: str) -> str:
        """The text to send. A bare number may be a place in the list where the game has no numbers of its own. Raises UserError."""
        found = self.game.parse(text, self.obs, self.legal)
        if not isinstance(found, Refusal):
            return text
        listed = [choice.form for choice in self.choices]
        if (
            text.isdecimal()
            and 0 < int(text) <= len(listed)
            and not any(any(map(str.isdigit, form)) for form in listed)
        ):
            return listed[int(text) - 1]
        raise UserError(safe_text(found.reason, width=200))


class HumanSeat:
    """`refresh` with the time, then ask. send: how an answer leaves (agents.human.send_reply)."""

    def __init__(self, path: Path, seat: int, send: Send | None = None) -> None:
        self.path, self.seat = path, seat
        self.tape = Tape(path)
        self._send = send
        self._turn: Turn | None = None
        self._seen = (-1, 0.0)
        self._sent: tuple[int, int] | None = None
        self._acts_read = 0
        limits = self.tape.started.clock
        self._move, self._bank = _seconds(limits.get("move")), _seconds(limits.get("bank"))
        self._increment = _seconds(limits.get("increment")) or 0.0
        self._left = [self._bank or 0.0 for _ in self.tape.started.seats]

    def close(self) -> None:
        self.tape.close()

    def refresh(self, now: float) -> bool:
        """Look for what has come since; True if anything has."""
        # The file alone: it is written to before a person is asked, while the newest state beside it may be left out.
        new = self.tape.log.refresh()
        self._read_clocks()
        if self.tape.last != self._seen[0]:
            self._seen = (self.tape.last, now)
            self._turn = None
            return True
        return new

    @property
    def turn(self) -> Turn:
        """The newest moment as a question to this seat."""
        if self._turn is None:
            self._turn = Turn(self.tape.at(self.tape.last), self.seat)
        return self._turn

    @property
    def over(self) -> bool:
        return self.tape.finished

    @property
    def trouble(self) -> str:
        """Why nothing can be played here: other rules, or a damaged file; '' as a rule."""
        try:
            self.turn  # noqa: B018  (it is made when it is asked for, and says what is wrong)
        except UserError as error:
            return str(error)
        return ""

    @property
    def awaited(self) -> bool:
        """Whether an answer of this seat is wanted and none is on its way."""
        return not self.over and not self.trouble and self.turn.acting and self._sent != self._question

    @property
    def waiting(self) -> bool:
        """Whether an answer was sent and the match has not gone on yet."""
        return not self.over and self._sent is not None and self._sent == self._question

    @property
    def _question(self) -> tuple[int, int]:
        """Tick and attempt: a refused answer makes it another question."""
        return self.tape.last, len(self.refusals)

    @property
    def refusals(self) -> list[str]:
        """Why answers to the present question were refused, safe."""
        mine = (mark for mark in self.tape.marks() if mark.kind == "refused" and mark.seat == self.seat)
        return [safe_text(mark.text, width=200) for mark in mine if mark.tick == self.tape.last]

    @property
    def who(self) -> int:
        """Through whose eyes the board is shown: the seat's until the end, then all is open."""
        return SPECTATOR if self.over else self.seat

    # ------------------------------------------------------------------ clocks
    def _read_clocks(self) -> None:
        """What each seat has left, from the times its answers took."""
        for _, _, tree in self.tape.log.iterate(ACTS, self._acts_read):
            self._acts_read += 1
            seat, took = (tree.get("seat"), tree.get("took")) if isinstance(tree, dict) else (None, None)
            if (
                isinstance(seat, int)
                and 0 <= seat < len(self._left)
                and isinstance(took, float)
                and not tree.get("queued")
            ):
                spent = max(0.0, took - (self._move or 0.0))
                self._left[seat] = max(0.0, self._left[seat] - spent) + self._increment

    def seconds(self, seat: int, now: float) -> float | None:
        """What a seat has left for its present or next answer; None without clocks. Counted from when the question was first seen here."""
        if self._move is None and self._bank is None:
            return None
        left = (self._move or 0.0) + self._left[seat]
        if self.over or self.trouble or seat not in self.turn.game.acting(self.turn.moment.state):
            return left
        return max(0.0, left - (now - self._seen[1]))

    # ------------------------------------------------------------------ what others did
    def latest(self, seat: int) -> Acted | None:
        """A seat's newest act with its notes, whoever asks: the screen decides whether it is shown."""
        for tick in range(self.tape.last, max(self.tape.last - 64, -1), -1):
            for act in self.tape.acts(tick):
                if act.seat == seat:
                    return act
        return None

    # ------------------------------------------------------------------ answers
    def answer(self, text: str) -> None:
        """Send an answer in the game's words. Raises UserError when it is none, or when nobody waits for it."""
        self._leave(self.turn.understood(text))

    def resign(self) -> None:
        """Give the game up. Raises UserError when nobody waits."""
        self._leave("resign")

    def _leave(self, text: str) -> None:
        if self._send is None:
            from agents.human import send_reply  # noqa: PLC0415  (only somebody who plays needs it)

            self._send = send_reply
        question = self._question
        self._send(reply_socket(self.path, self.seat), self.tape.started.match, self.seat, question[0], text)
        self._sent = question


def _seconds(value: Any) -> float | None:
    """A clock's figure from a file."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
