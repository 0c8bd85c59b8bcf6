"""Playing a plan to its end, from wherever it was left: the store says what has been played, the schedule says what is missing.

A match is played, its recording is on disk, then its result is committed, in this order; whatever is killed in between is played again,
on the same seed. Matches that the host could not finish are tried again and then void. `POINTS` are the named points at which tests end
the process.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path

from arena.match import Result
from arena.schedule import Pairing
from arena.spending import Spent
from arena.store import Played, Store, replay_name
from arena.tally import UNCOUNTED
from arena.tournament.crew import Crew, Done
from arena.tournament.plan import Plan
from arena.tournament.rounds import key_of, known, schedule, total
from arena.tournament.work import result_of, task_of
from envs.errors import FAILURE, UserError

__all__ = ["POINTS", "TRIES", "Run", "open_store"]

POINTS = (
    "before_store_named", "after_sweep", "before_round", "before_match", "after_recording", "before_result", "before_commit",
    "after_commit",
)  # fmt: skip
TRIES = 3
"""How often a match is played whose process dies before it is void."""


def open_store(
    plan: Plan, folder: Path, *, secret: Callable[[], bytes] = lambda: secrets.token_bytes(32),
    now: Callable[[], float] = time.time, point: Callable[[str], None] = lambda name: None,
) -> Store:  # fmt: skip
    """The plan's store, made or found again, with what was cut off swept away."""
    store = Store(folder, plan, secret=secret, now=now, point=point)
    store.sweep()
    point("after_sweep")
    return store


class Run:
    """`for played in Run(store, crew)`: each result that has been committed, as they come. `total` matches in all, `done` of them over.

    Leaving the loop early, or an interruption, gives up what is being played and keeps what is committed.
    """

    def __init__(self, store: Store, crew: Crew) -> None:
        self.store, self.crew, self.plan = store, crew, store.plan
        self._key = key_of(self.plan, store.secret)
        self.scores: list[dict[int, tuple[float, ...] | None]] = [{} for _ in self.plan.divisions]
        for played in store.results():
            self._note(played)
        found = schedule(self.plan, store.secret, self.scores)
        self._known: Counter[int] = Counter(division for division, _ in found)
        self._todo = deque((place, each) for place, each in found if each.number not in self.scores[place])
        self._playing: dict[tuple[int, int], Pairing] = {}
        self._tries: Counter[tuple[int, int]] = Counter()
        self.total = sum(map(total, self.plan.divisions))

    @property
    def done(self) -> int:
        return sum(map(len, self.scores))

    def _note(self, played: Played) -> None:
        result = played.result
        counts = result.reason not in UNCOUNTED
        self.scores[played.division][played.pairing.number] = result.scores if counts else None

    def __iter__(self) -> Iterator[Played]:
        try:
            while self._todo or self._playing:
                while self._todo and self.crew.room > 0:
                    self._give(*self._todo.popleft())
                for done in self.crew.take():
                    yield from self._take(done)
        finally:
            self.crew.close()

    def _give(self, division: int, pairing: Pairing) -> None:
        self._playing[division, pairing.number] = pairing
        self._tries[division, pairing.number] += 1
        self.crew.give(task_of(self.plan, division, pairing, self.store.folder))

    def _take(self, done: Done) -> Iterator[Played]:
        place = done.task["division"], done.task["number"]
        pairing = self._playing.pop(place)
        if "stop" in done.outcome:
            raise UserError(str(done.outcome["stop"]), FAILURE)
        if done.died and not done.late and self._tries[place] < TRIES:
            self._todo.appendleft((place[0], pairing))
            return
        played = self._played(place[0], pairing, done)
        self.store.point("before_result")
        self.store.add(played)
        self._note(played)
        yield played
        self._draw(place[0])

    def _played(self, division: int, pairing: Pairing, done: Done) -> Played:
        if "trouble" in done.outcome:
            seats = len(pairing.seats)
            void = Result((0.0,) * seats, "void", (), 0, (0,) * seats, {"trouble": str(done.outcome["trouble"])[:400]})
            return Played(division, pairing, void)
        replay = replay_name(division, pairing.number) if done.task["record"] else ""
        outcome = done.outcome
        spent = tuple(Spent(*each) for each in outcome.get("spent", ()))
        result = result_of(outcome["result"])
        return Played(division, pairing, result, outcome["seconds"], replay, outcome["sha256"], spent=spent)

    def _draw(self, place: int) -> None:
        """The next round of a division whose known matches are all over."""
        division = self.plan.divisions[place]
        if len(self.scores[place]) < self._known[place] or self._known[place] >= total(division):
            return
        self.store.point("before_round")
        new = known(division, place, self._key, self.scores[place])
        self._todo.extend((place, pairing) for pairing in new[self._known[place] :])
        self._known[place] = len(new)
