"""One recording beside the rules that made it: the first thing in which they are unlike is an UnlikeError.

The rules run from the recorded seed, with the recorded acts. Compared are the commitment and what the header says of the game; at each tick
who acts, legality and names of acts, the state byte by byte, its fingerprint, rewards, marks; at last scores, reason, faults, metrics.
"""

from __future__ import annotations

from typing import Any

import msgspec

from arena.events import Acted, Ended, Faulted, Marked
from arena.match import commitment, scores_after
from arena.text import safe_text
from envs.game import Game
from replays.compare import first_difference, shortly
from replays.tape import Entry, Tape

__all__ = ["CONTRADICTS", "DIFFERS", "SAME", "Proof", "UnlikeError"]

SAME, DIFFERS, CONTRADICTS = "verified", "diverges", "the file contradicts itself"


class UnlikeError(Exception):
    """Found one: the fields of a Verdict."""

    def __init__(
        self, where: str, expected: Any, recorded: Any, tick: int = -1, seat: int = -1, outcome: str = DIFFERS
    ) -> None:
        super().__init__(where)
        self.fields: dict[str, Any] = {
            "outcome": outcome, "tick": tick, "seat": seat, "field": where, "expected": shortly(expected), "recorded": shortly(recorded),
        }  # fmt: skip


class Proof:
    """One pass over a recording beside the rules; `state` is what the rules say, None after a gap."""

    def __init__(self, tape: Tape, game: Game) -> None:
        self.tape, self.game, self.seed = tape, game, tape.secret.seed
        self.ticks, self.tick, self.complete = 0, -1, True
        self.notes: list[str] = []
        self._unacted: list[int] = []
        self._acted: tuple[int, ...] = ()
        self.state: Any = None
        self.totals, self.reward = [0.0] * game.seats, (0.0,) * game.seats
        self.told: list[Any] = []
        self.faults: list[tuple[int, str]] = []

    def run(self) -> None:
        """Raises UnlikeError at the first one."""
        self._header()
        self.state = self.game.start(self.seed)
        entry = Entry(-1)
        for entry in self.tape.entries():
            if entry.tick != self.tick + 1:
                self._gap(self.tick + 1, entry)
            self.tick = entry.tick
            self._follow(entry)
        self._end(entry)

    def without_acts(self) -> list[str]:
        """One line about the ticks whose acts are not in the file."""
        ticks = self._unacted
        return [f"the acts of {len(ticks)} ticks are not in the file (the first: tick {ticks[0]})"] if ticks else []

    def _header(self) -> None:
        started, secret, game = self.tape.started, self.tape.secret, self.game
        bound = commitment(game, self.seed, secret.nonce)
        if bound != started.commitment:
            raise UnlikeError("the commitment to seed and configuration", bound, started.commitment)
        told, known = started.game, _plain(game.describe())
        # Where the rules lie may differ between two machines; everything else of the description follows from them.
        for name in known.keys() - {"place"}:
            if name in told and told[name] != known[name]:
                raise UnlikeError(f"the header's {name}", known[name], told[name])

    def _gap(self, tick: int, entry: Entry) -> None:
        """Ticks are missing: go on from the next state that is there."""
        self.notes.append(
            f"ticks {tick} to {entry.tick - 1} are lost" if entry.tick - tick > 1 else f"tick {tick} is lost"
        )
        self.complete, self.state = False, None

    def _follow(self, entry: Entry) -> None:
        if self.state is not None:
            self._compare(entry)
        elif entry.stored is not None:
            self._resume(entry)
        self.faults += [(event.seat, event.cause) for event in entry.events if isinstance(event, Faulted)]
        self.told = []
        if self.state is not None and entry.acts:
            self._step(entry)
        elif self.state is not None and not self._may_stop(entry):
            self._unacted_tick(entry)

    def _unacted_tick(self, entry: Entry) -> None:
        """Nobody has acted: a file that was cut off has lost the acts, any other has never had them."""
        whole = self.tape.finished and not self.tape.log.damaged and not (self.tape.log.summary or {}).get("truncated")
        if whole:
            raise UnlikeError("who acts", self.game.acting(self.state), "nobody", entry.tick)
        self._unacted.append(entry.tick)
        self.complete, self.state = False, None

    def _may_stop(self, entry: Entry) -> bool:
        """Whether a tick may be without acts: the match ended in it."""
        return any(isinstance(event, Ended) for event in entry.events) or not self.game.acting(self.state)

    def _resume(self, entry: Entry) -> None:
        """After a gap the recorded state is taken as it is, if it is what its own fingerprint says."""
        assert entry.stored is not None
        if self.game.kind == "record":
            self.game.plain = True  # type: ignore[attr-defined]  # compiled rules do not check where a stranger's state leads them
        self.state = self.game.unpack(entry.stored.s)
        self._fingerprint(entry, self.game.fingerprint(self.state))

    def _fingerprint(self, entry: Entry, right: bytes) -> None:
        assert entry.stored is not None
        if entry.stored.f != right:
            raise UnlikeError(
                "the fingerprint of the stored state",
                right.hex(),
                entry.stored.f.hex(),
                entry.tick,
                outcome=CONTRADICTS,
            )

    def _compare(self, entry: Entry) -> None:
        """The recorded state, its fingerprint, rewards and marks against what the rules gave."""
        stored, game, tick = entry.stored, self.game, entry.tick
        if stored is None:
            self.complete = False
            self.notes.append(f"the state of tick {tick} is lost; it was made again from the acts")
        else:
            if stored.s != game.pack(self.state):
                self._name_field(entry)
            self._fingerprint(entry, game.fingerprint(self.state))
            reward = self.reward if tick else ()
            if stored.r != reward:
                seat, right, wrong = _first_unlike(reward, stored.r)
                raise UnlikeError("the reward", right, wrong, tick, seat)
        self._marks(entry)

    def _name_field(self, entry: Entry) -> None:
        assert entry.stored is not None
        tick, recorded = entry.tick, entry.stored
        honest = self.tape.bare_row(recorded.s).tree()
        where, right, wrong = first_difference(self.game.row(self.state).tree(), honest) or (
            "bytes between the fields",
            "0",
            "not 0",
        )
        if recorded.f == self.game.fingerprint(self.state):
            raise UnlikeError(
                f"state.{where}", right, f"{wrong}, although its fingerprint is right", tick, outcome=CONTRADICTS
            )
        raise UnlikeError(f"state.{where}", right, wrong, tick, self._acted[0] if len(self._acted) == 1 else -1)

    def _marks(self, entry: Entry) -> None:
        found = [event for event in entry.events if isinstance(event, Marked)]
        if not self.tape.finished and not found:
            return  # the track of marks may end before the others
        for wanted, mark in zip(self.told, found, strict=False):
            right, wrong = wanted, (mark.kind, mark.text, mark.seat, mark.audience)
            if right != wrong:
                raise UnlikeError("a mark", right, wrong, entry.tick, mark.seat)
        if len(found) != len(self.told):
            raise UnlikeError("the number of marks", len(self.told), len(found), entry.tick)

    def _step(self, entry: Entry) -> None:
        acts = {act.seat: act for act in entry.acts}
        game, state, turns = self.game, self.state, self.game.turns(self.state)
        if acts.keys() != turns.keys() or len(acts) != len(entry.acts):
            seat = next(iter(sorted(acts.keys() ^ turns.keys())), -1)
            raise UnlikeError("who acts", list(turns), [act.seat for act in entry.acts], entry.tick, seat)
        for seat, legal in turns.items():
            self._act(acts[seat], legal, entry.tick)
        actions = {seat: acts[seat].action for seat in turns}
        self.state = game.step(state, actions, self.seed)
        self.reward = game.facts(self.state).reward
        self.totals = [total + reward for total, reward in zip(self.totals, self.reward, strict=True)]
        marks = game.tell(state, actions, self.state)
        self.told = [(mark.kind, safe_text(mark.text, width=400), mark.seat, mark.audience) for mark in marks]
        self.ticks += 1
        self._acted = tuple(turns)

    def _act(self, act: Acted, legal: Any, tick: int) -> None:
        if act.action not in legal:
            raise UnlikeError("the action", f"one of {legal!r}", act.action, tick, act.seat)
        name = safe_text(self.game.name(act.action, self.game.observe(self.state, act.seat)), width=120)
        if name != act.name:
            raise UnlikeError("the action's name", name, act.name, tick, act.seat)

    def _end(self, entry: Entry) -> None:
        """The recorded end against what the rules and the recorded faults give."""
        ends = [event for event in entry.events if isinstance(event, Ended)]
        ended = self.tape.ended or (ends[0] if ends else None)
        if ended is None:
            self.complete = False
            self.notes.append(
                "the file ends before the match does"
                if not self.tape.finished
                else "the file was cut off and recovered"
            )
            return
        if not self.complete or self.state is None:
            return
        for event in ends:
            if event != ended:
                raise UnlikeError("the end in the summary", event, ended, entry.tick, outcome=CONTRADICTS)
        self._same_end(ended, entry.tick)

    def _same_end(self, ended: Ended, tick: int) -> None:
        facts = self.game.facts(self.state)
        natural = ("limit" if facts.truncated else "played out") if facts.done else None
        allowed = (natural,) if natural else ("forfeit", "void") if self.faults else ("aborted",)
        if ended.reason not in allowed:
            raise UnlikeError("the reason of the end", " or ".join(map(str, allowed)), ended.reason, tick)
        if ended.faults != tuple(self.faults):
            raise UnlikeError("the faults", self.faults, ended.faults, tick)
        scores = tuple(scores_after(self.game, self.totals, *self.faults[0]) if self.faults else self.totals)
        if ended.scores != scores:
            seat, right, wrong = _first_unlike(scores, ended.scores)
            raise UnlikeError("the score", right, wrong, tick, seat)
        metrics = self.game.metrics(self.state) if facts.done else {}
        if _plain(ended.metrics) != _plain(metrics):
            raise UnlikeError("the metrics", metrics, ended.metrics, tick)


def _first_unlike(right: tuple[float, ...], wrong: tuple[float, ...]) -> tuple[int, Any, Any]:
    """Seat, right value, wrong value of the first difference; seat -1 when the numbers of seats differ."""
    if len(right) != len(wrong):
        return -1, right, wrong
    return next((seat, a, b) for seat, (a, b) in enumerate(zip(right, wrong, strict=True)) if not a == b)  # noqa: SIM201  nan is unlike anything


def _plain(value: Any) -> Any:
    """The value as it comes back from a file."""
    return msgspec.to_builtins(value, builtin_types=(bytes,))
