"""One match as a machine without input or output: actions and times go in, events come out.

It has no clock, socket, thread or agent inside; `now` is an argument, in seconds since the start. The host asks `waiting`, puts the `ask`
to each agent, hands answers to `acted`, calls `late` when `deadline` has passed, and drains `events`. Whatever a player does ends in a
result; an exception is the host's or the game author's fault. Acts of one tick stay sealed until the last awaited seat has spoken. What
only `events` tell of a step is made when they are drained, so that the next questions need not wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from arena.agent import Ask, Heard, Reply, Unanswered
from arena.answers import Words, aloud, answer_text, bounded_notes, spoken, understood
from arena.binding import commitment, seat_seed
from arena.clock import Bank, Limits, micro
from arena.events import KINDS, Acted, Asked, Ended, Event, Faulted, Marked, Refused, Seat, Secret, Started, Stepped
from arena.forfeit import scores_after
from arena.forgiving import FORGIVEN, Retries, forgiven
from arena.result import Result
from arena.text import known_text, safe_text
from envs.errors import UserError
from envs.game import Facts, Game, Legal
from envs.keys import fold
from envs.spec import Refusal

__all__ = ["Match", "Result", "commitment", "scores_after", "seat_seed"]


@dataclass
class _Player:
    """What the match remembers of one seat: why its answers to the open question were refused and of which kinds, the time that it was
    told to have; silent: its last reply said nothing aloud; sealed holds its act of this tick until the tick closes.
    """

    bank: Bank
    queue: list[Any] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    seconds: float | None = None
    refused: int = 0
    silent: bool = False
    sealed: Acted | None = None


class Match:
    """See the module. seed: 0 to 2**64 - 1. retries: refused answers of one kind to one question that are forgiven (see
    arena.forgiving); one more is the fault `illegal`. Nobody else counts.

    limits: clocks of each seat. nonce, ident, created, software and branch are recorded as given, so that equal calls give equal events.
    """

    def __init__(
        self, game: Game, seats: Sequence[Seat], seed: int, *, limits: Limits | None = None, now: float = 0.0, ident: str = "",
        nonce: bytes = b"", retries: Retries = FORGIVEN, created: float = 0.0, software: Mapping[str, str] | None = None,
        branch: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        game.demand_players(len(seats))
        if not 0 <= seed < 1 << 64:
            raise UserError(f"seed {seed} is not allowed: give a whole number from 0 to 18446744073709551615")
        self.game, self.seats, self.seed, self.ident, self.retries = game, tuple(seats), seed, ident, retries
        self.limits = limits or Limits()
        self.result: Result | None = None
        self._began = self._now = now
        self._at = 0.0
        self._talks = "talk" in game.spec.traits
        self._players = [_Player(Bank(self.limits)) for _ in seats]
        self._totals = [0.0] * game.seats
        self._faults: list[tuple[int, str]] = []
        self._details: list[str] = []
        self._events: list[Event | partial[Sequence[Event]]] = []
        self._state = game.start(seed)
        self._facts = game.facts(self._state)
        self.tick = self._facts.tick
        self._turns: dict[int, Legal] = {}
        self._awaited = 0
        self._observations: dict[int, Any] = {}
        told = commitment(game, seed, nonce), created, dict(software or {}), dict(branch or {})
        self._emit(Started(0, 0.0, ident, game.describe(), self.seats, self.limits.tree(), *told))
        self._emit(
            Secret(0, 0.0, seed, nonce, game.config_bytes(), game.fingerprint(self._state), game.pack(self._state))
        )
        self._open(now)

    # ------------------------------------------------------------------ what the host reads
    @property
    def over(self) -> bool:
        return self.result is not None

    def events(self) -> list[Event]:
        """What has happened since the last call."""
        drained, self._events = self._events, []
        told: list[Event] = []
        for each in drained:
            told += each() if isinstance(each, partial) else (each,)
        return told

    def waiting(self) -> tuple[int, ...]:
        """The seats whose answer is awaited."""
        players = self._players
        return () if self.result is not None else tuple([seat for seat in self._turns if players[seat].sealed is None])

    def awaits(self, seat: int) -> bool:
        """Whether this seat's answer is awaited."""
        return self.result is None and seat in self._turns and self._players[seat].sealed is None

    @property
    def deadline(self) -> float | None:
        """The earliest time at which an awaited seat is too late; None without clocks."""
        times = [self._players[seat].bank.deadline for seat in self.waiting()]
        return min((time for time in times if time is not None), default=None)

    def ask(self, seat: int, now: float | None = None) -> Ask:
        """The question that an awaited seat has to answer; with `now`, its seconds are what is left of its time."""
        player = self._players[seat]
        seconds = player.seconds if now is None else player.bank.remaining(now)
        return Ask(
            self.ident, self.game, seat, self.tick, self._observed(seat), self._turns[seat], seat_seed(self.seed, seat),
            seconds, tuple(player.heard), tuple(player.reasons),
        )  # fmt: skip

    # ------------------------------------------------------------------ what the host tells
    def acted(self, seat: int, answer: Any, now: float, tick: int | None = None) -> bool:
        """An agent's answer. False when nobody waits for it (late, double, another tick): it is dropped, nothing changes."""
        if not self.awaits(seat) or (tick is not None and tick != self.tick):
            return False
        deadline = self._players[seat].bank.deadline
        if deadline is not None and now > deadline:
            self.fault(seat, "timeout", f"answered {now - deadline:.3f} s after its time", now)
            return True
        if isinstance(answer, Unanswered):
            self._unanswered(seat, answer, now)
            return True
        found = understood(self.game, self._observed(seat), self._turns[seat], answer)
        if isinstance(found, Refusal):
            self._refuse(seat, found.reason, answer, now)
        else:
            self._seal(seat, found, now)
            self._close_if_complete(now)
        return True

    def late(self, now: float) -> None:
        """Time has passed: every awaited seat beyond its deadline loses on time."""
        for seat in self.waiting():
            deadline = self._players[seat].bank.deadline
            if deadline is not None and now > deadline:
                self.fault(seat, "timeout", "no answer in time", now)

    def fault(self, seat: int, cause: str, detail: str, now: float) -> None:
        """A seat has broken a rule of the match (see events.CAUSES): the match ends, forfeited or void."""
        if self.over:
            return
        self._faults.append((seat, cause))
        self._details.append(safe_text(detail, width=400))
        self._emit(Faulted(self.tick, self._since(now), seat, cause, self._details[-1]))
        self._end("void" if cause == "void" else "forfeit", scores_after(self.game, self._totals, seat, cause), now)

    def abort(self, now: float) -> None:
        """The host stops the match: no winner, the rewards so far."""
        if not self.over:
            self._end("aborted", self._totals, now)

    # ------------------------------------------------------------------ inside
    def _since(self, now: float) -> float:
        if now != self._now:
            self._now, self._at = now, micro(now - self._began)
        return self._at

    def _observed(self, seat: int) -> Any:
        """The seat's observation of this tick, made once."""
        obs = self._observations.get(seat)
        if obs is None:
            obs = self._observations[seat] = self.game.observe(self._state, seat)
        return obs

    def _emit(self, event: Event) -> None:
        self._events.append(event)

    def _unanswered(self, seat: int, answer: Unanswered, now: float) -> None:
        """Nothing to be judged by the rules: refused like an illegal answer, or the end where nobody can answer."""
        if answer.kind in ("void", "timeout"):
            self._told_refused(seat, answer.reason, answer, now, answer.kind)
            self.fault(seat, answer.kind, answer.reason, now)
        else:
            self._refuse(seat, answer.reason, answer, now, answer.kind if answer.kind in KINDS else "unparsable")

    def _refuse(self, seat: int, reason: str, answer: Any, now: float, kind: str = "illegal") -> None:
        player = self._players[seat]
        self._told_refused(seat, reason, answer, now, kind)
        player.reasons.append(safe_text(reason, width=400))
        player.kinds.append(kind)
        player.refused += 1
        if player.kinds.count(kind) > forgiven(self.retries, kind):
            self.fault(seat, "illegal", player.reasons[-1], now)
        else:
            player.seconds = player.bank.remaining(now)
            self._emit(Asked(self.tick, self._since(now), seat, len(player.reasons), player.seconds))

    def _told_refused(self, seat: int, reason: str, answer: Any, now: float, kind: str) -> None:
        text = safe_text(answer_text(answer), width=400)
        notes = bounded_notes(getattr(answer, "notes", {}) if isinstance(answer, Reply | Unanswered) else {})
        attempt, why = len(self._players[seat].reasons), safe_text(reason, width=400)
        self._emit(Refused(self.tick, self._since(now), seat, attempt, why, text, kind, notes))

    def _seal(self, seat: int, reply: Reply, now: float) -> None:
        player = self._players[seat]
        first, *rest = reply.actions
        took = player.bank.stop(now)
        player.queue = rest
        player.reasons, player.kinds = [], []
        said = aloud(self.game, seat, list(reply.say)) if self._talks else ()
        player.silent = self._talks and not said
        player.sealed = self._act(seat, first, now, took=micro(took), said=said, notes=bounded_notes(reply.notes))
        self._awaited -= 1

    def _act(self, seat: int, action: Any, now: float, said: Words = (), **more: Any) -> Acted:
        """An act whose name is still to come, with its words: those of the reply, else, where it has none, those of the game for it."""
        if self._players[seat].silent:
            key = fold(seat_seed(self.seed, seat), self.tick)
            said = spoken(self.game, seat, action, self._observed(seat), key)
        return Acted(self.tick, self._since(now), seat, action, said=said, **more)

    def _named(self, act: Acted, obs: Any) -> Sequence[Event]:
        return (msgspec.structs.replace(act, name=known_text(self.game.name(act.action, obs), 120)),)

    def _open(self, now: float) -> None:
        """Ask every acting seat; acts queued from an earlier reply are played at once, tick after tick."""
        while self.result is None:
            self._turns = self.game.turns(self._state)
            if not self._turns:
                self._end("limit" if self._facts.truncated else "played out", self._totals, now)
                return
            self._awaited = len(self._turns)
            for seat, legal in self._turns.items():
                self._put(seat, legal, now)
            if self._awaited:
                return
            self._step(now)

    def _put(self, seat: int, legal: Legal, now: float) -> None:
        player = self._players[seat]
        if player.queue and player.queue[0] in legal:
            player.sealed = self._act(seat, player.queue.pop(0), now, queued=True)
            self._awaited -= 1
            return
        player.queue = []
        player.seconds = player.bank.seconds
        self._emit(Asked(self.tick, self._since(now), seat, 0, player.seconds))
        player.bank.start(now)

    def _close_if_complete(self, now: float) -> None:
        if self.result is None and not self._awaited:
            self._step(now)
            self._open(now)

    def _step(self, now: float) -> None:
        acts = [player.sealed for player in self._players if player.sealed is not None]
        for act in acts:
            self._events.append(partial(self._named, act, self._observed(act.seat)))
            self._deliver(act)
        before, actions = self._state, {act.seat: act.action for act in acts}
        self._state = self.game.step(before, actions, self.seed)
        self._facts = self.game.facts(self._state)
        self.tick = self._facts.tick
        self._observations = {}
        self._totals = [total + reward for total, reward in zip(self._totals, self._facts.reward, strict=True)]
        self._events.append(partial(self._stepped, self._since(now), self._facts, before, actions, self._state))
        for player in self._players:
            player.sealed = None

    def _stepped(self, at: float, facts: Facts, before: Any, actions: Mapping[int, Any], state: Any) -> Sequence[Event]:
        step = Stepped(facts.tick, at, facts.reward, self.game.fingerprint(state), self.game.pack(state))
        marks = self.game.tell(before, actions, state)
        return [
            step,
            *[
                Marked(facts.tick, at, mark.kind, known_text(mark.text, 400), mark.seat, mark.audience)
                for mark in marks
            ],
        ]

    def _deliver(self, act: Acted) -> None:
        for to, text in act.said:
            for seat in to:
                self._players[seat].heard.append(Heard(act.tick, act.seat, text))

    def _end(self, reason: str, scores: Sequence[float], now: float) -> None:
        refusals = tuple(player.refused for player in self._players)
        metrics = self.game.metrics(self._state) if self._facts.done else {}
        told = tuple(self._faults), self.tick, refusals, metrics, tuple(self._details)
        self.result = Result(tuple(scores), reason, *told)
        self._emit(
            Ended(self.tick, self._since(now), reason, self.result.scores, self.result.faults, dict(metrics), refusals)
        )
