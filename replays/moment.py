"""One tick of a recording: what the file holds of it, and the same as the rules see it.

`Entry` is everything that was recorded at one tick; `Moment` looks at its state. States come from a file that anybody may have
written, so whatever the rules raise over one is the file's fault and becomes a UserError of one line.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from arena.events import Acted, Event
from envs.errors import CORRUPT, UserError
from envs.game import Facts, Legal
from envs.spec import SPECTATOR

if TYPE_CHECKING:
    from replays.tape import Tape

__all__ = ["Entry", "Moment", "StepRow", "Stored"]

T = TypeVar("T")


class Stored(msgspec.Struct, frozen=True):
    """A record of the track of states: packed state, fingerprint, rewards of the step that led there, seconds since the start."""

    s: bytes
    f: bytes = b""
    r: tuple[float, ...] = ()
    at: float = 0.0

    @classmethod
    def of(cls, tree: Any) -> Stored | None:
        """The record, None for anything else."""
        try:
            return msgspec.convert(tree, cls, builtin_types=(bytes,))
        except msgspec.ValidationError:
            return None


@dataclass
class Entry:
    """All that is recorded at one tick: the state that it began with, what was decided in it, and the other events, in order."""

    tick: int
    stored: Stored | None = None
    acts: list[Acted] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)


@dataclass(frozen=True)
class StepRow:
    """One decision of one seat, for learning: unpacks as (obs, legal, action, reward)."""

    obs: Any
    legal: Legal
    action: Any
    reward: float
    tick: int

    def __iter__(self) -> Iterator[Any]:
        return iter((self.obs, self.legal, self.action, self.reward))


class Moment:
    """One tick of a tape: the state, and the acts that were decided in it (`acts`), as far as they are known."""

    def __init__(self, tape: Tape, tick: int, stored: Stored, acts: list[Acted]) -> None:
        self.tape, self.tick, self.acts, self.stored = tape, tick, acts, stored

    @property
    def at(self) -> float:
        """Seconds since the start when this state came about."""
        return self.stored.at if math.isfinite(self.stored.at) else 0.0

    @property
    def reward(self) -> tuple[float, ...]:
        """The rewards of the step that led here, in points, one for each seat; () at the first tick."""
        return self.stored.r if len(self.stored.r) == self.tape.seats else ()

    @property
    def fingerprint(self) -> bytes:
        return self.stored.f

    @property
    def packed(self) -> bytes:
        return self.stored.s

    @cached_property
    def state(self) -> Any:
        """The state as the game's value; UserError (4) when the rules are not the recorded ones."""
        game = self.tape.need_game()
        return self._by_rules(lambda: game.unpack(self.packed))

    @cached_property
    def row(self) -> Any:
        """The state with its fields as attributes, also without the game."""
        if self.tape.game is None:
            return self.tape.bare_row(self.packed)
        return self._by_rules(lambda: self.tape.need_game().row(self.state))

    @property
    def facts(self) -> Facts:
        return self._by_rules(lambda: self.tape.need_game().facts(self.state))

    @cached_property
    def _acting(self) -> tuple[int, ...]:
        return self._by_rules(lambda: self.tape.need_game().acting(self.state))

    def acting(self) -> tuple[int, ...]:
        """The seats that decide now."""
        return self._acting

    def legal(self, seat: int) -> Legal:
        """What an acting seat may do."""
        return self._by_rules(lambda: self.tape.need_game().legal(self.state, seat))

    def observe(self, who: int = SPECTATOR) -> Any:
        return self._by_rules(lambda: self.tape.need_game().observe(self.state, who))

    def text(self, seat: int = SPECTATOR) -> str:
        """The moment in words, as a seat, the spectator or the public knows it; a table of fields without the game."""
        if self.tape.game is None:
            if seat != SPECTATOR:
                raise UserError(f"what one seat saw needs the rules: {self.tape.why_closed}", CORRUPT)
            return "\n".join(f"{name}: {value}" for name, value in self.row.tree().items())
        return self._by_rules(lambda: self.tape.need_game().say(self.observe(seat)))

    def draw(self, canvas: Any, who: int = SPECTATOR) -> None:
        self._by_rules(lambda: self.tape.need_game().draw(self.observe(who), canvas))

    def _by_rules(self, look: Callable[[], T]) -> T:
        """What the rules say; whatever they raise means that no such state can come about."""
        try:
            return look()
        except UserError:
            raise
        except Exception as error:  # noqa: BLE001  a state from a file may break any rule in any way
            what = f"{type(error).__name__}: {str(error)[:200]}"
            raise UserError(
                f"{self.tape.log.path}: the rules cannot read the state of tick {self.tick} ({what})", CORRUPT
            ) from None
