"""One match between connections: asked and answered, late and doubled acts, lost and regained connections; and a model of all of it."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import envs
from arena.agent import Reply, Unanswered
from arena.clock import Limits
from arena.events import CAUSES, Acted, Ended, Faulted, Refused, Seat, Stepped
from arena.match import Match
from arena.protocol import messages as wire
from arena.protocol.table import Table
from arena.protocol.translate import act_of, ask_of, rules_of

GAME = envs.game("connect_four", plain=True)
FORMS = ("packed",)


def a_table(game=GAME, limits=None, **more) -> Table:
    seats = [Seat(name, "remote") for name in game.spec.seat_names]
    keys = (f"key {n}" for n in count())
    match = Match(game, seats, 3, limits=limits or Limits(move=5.0), ident="m")
    return Table(match, [seat.name for seat in seats], keys=lambda: next(keys), now=0.0, **more)


def started(**more) -> Table:
    table = a_table(**more)
    for seat in range(table.match.game.seats):
        table.sit(seat, FORMS, 0.0)
    table.start(0.0)
    return table


def asks(table: Table) -> list[wire.Ask]:
    return [message for _, message in table.messages() if isinstance(message, wire.Ask)]


def act(table: Table, seat: int, tick: int, column: int = 0, attempt: int = 0, now: float = 1.0) -> list[wire.Message]:
    table.hear(seat, wire.Act("m", seat, tick, attempt, [[column]]), now)
    return [message for _, message in table.messages()]


def test_no_answer_crosses_the_wire_with_its_kind_and_notes():
    table = started()
    (ask,) = asks(table)
    table.hear(0, act_of(Unanswered("empty", "nothing came", "so far", {"why": "the model was silent"}), ask), 1.0)
    (refused,) = [event for event in table.events() if isinstance(event, Refused)]
    assert (refused.kind, refused.reason, refused.answer, refused.notes["why"]) == (
        "empty", "nothing came", "so far", "the model was silent",
    )  # fmt: skip
    (again,) = asks(table)
    assert again.attempt == 1 and again.refusals == ["nothing came"]


def test_a_player_elsewhere_cannot_undo_its_loss_by_calling_the_match_void():
    table = started()
    for attempt in range(3):
        (ask,) = asks(table)
        assert ask.attempt == attempt
        table.hear(0, act_of(Unanswered("void", "the backend is down"), ask), 1.0)
    assert table.result is not None and (table.result.reason, table.result.faults) == ("forfeit", ((0, "illegal"),))


def test_who_is_out_of_time_may_say_so():
    table = started()
    (ask,) = asks(table)
    table.hear(0, act_of(Unanswered("timeout", "no time is left"), ask), 1.0)
    assert table.result is not None and table.result.faults == ((0, "timeout"),)


@pytest.mark.parametrize("name", [name for name in envs.names() if name != "matrix"])
def test_an_ask_crosses_the_wire_unchanged(name):
    """What an agent sees at the far end is what it would have seen here: observation, legal actions, words, seed."""
    table = started(game=envs.game(name, plain=True))
    games, ticks = {}, count()
    while table.result is None and next(ticks) < 40:
        for seat, message in table.messages():
            if isinstance(message, wire.Begin):
                games[seat] = rules_of(message.game)
            elif isinstance(message, wire.Ask):
                far, here = ask_of(message, games[seat]), table.match.ask(seat)
                assert far.obs == here.obs and far.text == here.text and far.seed == here.seed
                assert far.legal.factors == here.legal.factors and (far.legal.mask == here.legal.mask).all()
                table.hear(seat, act_of(Reply([far.legal.sample(far.key)], notes={"why": "drawn"}), message), 0.0)


def test_a_match_is_asked_and_answered_to_its_end():
    table = started()
    assert [type(m) for _, m in table.messages()] == [wire.Begin, wire.Begin, wire.Ask]
    for tick in range(7):
        act(table, tick % 2, tick, column=tick % 2)
    assert table.result.scores == (1.0, -1.0) and table.result.reason == "played out"
    assert [over.recorded for _, over in table.overs(True)] == [True, True] and table.deadline is None


def test_words_and_notes_travel_together():
    table = started()
    table.hear(0, wire.Act("m", 0, 0, text="4", notes={"why": "the centre"}), 0.0)
    acted = next(event for event in table.events() if isinstance(event, Acted))
    assert (acted.action, acted.notes) == ([3], {"why": "the centre"})


@pytest.mark.parametrize(
    ("tick", "attempt", "seat", "why"),
    [(0, 0, 0, "duplicate"), (1, 0, 0, "future"), (9, 0, 1, "future"), (0, 0, 1, "late"), (1, 5, 1, "future")],
)
def test_an_act_to_another_question_is_answered_stale_and_changes_nothing(tick, attempt, seat, why):
    table = started()
    act(table, 0, 0)
    before = table.match._state.tobytes()
    assert act(table, seat, tick, attempt=attempt) == [wire.Stale("m", seat, tick, why)]
    assert table.match._state.tobytes() == before and table.match.tick == 1 and table.result is None


def test_a_refused_act_is_asked_again_and_sending_it_twice_counts_once():
    table = started()
    table.messages()
    (again,) = act(table, 0, 0, column=99)
    assert (
        isinstance(again, wire.Ask) and again.attempt == 1 and "not legal" in again.refusals[0] and again.seconds == 4.0
    )
    assert act(table, 0, 0, column=99) == [wire.Stale("m", 0, 0, "duplicate")]
    assert [type(m) for m in act(table, 0, 0, column=3, attempt=1)] == [wire.Ask]
    assert table.match.tick == 1


def test_whoever_is_too_late_has_lost_at_the_deadline():
    table = started()
    table.pass_time(5.0)
    assert table.result is None and 5.0 < table.deadline < 5.000001
    table.pass_time(table.deadline)
    assert table.result.faults == ((0, "timeout"),)
    table.messages()
    assert act(table, 0, 0) == [wire.Stale("m", 0, 0, "over")]


def test_a_regained_connection_is_told_everything_while_its_clock_runs():
    table = started()
    act(table, 0, 0, now=0.0)
    begin = next(m for s, m in started().messages() if isinstance(m, wire.Begin) and s == 1)
    table.lose(1, 1.0)
    assert not table.resume(1, "another key", FORMS, 2.0)
    assert table.resume(1, begin.key, FORMS, 2.0)
    (opening, ask) = [m for _, m in table.messages()]
    assert isinstance(opening, wire.Begin) and opening.key != begin.key
    assert (ask.tick, ask.seconds) == (1, 3.0) and ask.packed == table.match.ask(1).obs.array.tobytes()
    assert not table.resume(1, begin.key, FORMS, 2.0), "a key opens once"


def test_a_lost_seat_loses_after_the_grace_and_aborts_a_match_that_has_hardly_begun():
    table = started(limits=Limits(), grace=10.0)
    act(table, 0, 0)
    table.lose(1, 2.0)
    table.pass_time(table.deadline)
    assert (table.result.reason, table.result.faults) == ("aborted", ())
    table = started(limits=Limits(), grace=10.0)
    act(table, 0, 0)
    act(table, 1, 1)
    table.lose(1, 2.0)
    table.pass_time(12.0)
    assert (table.result.reason, table.result.faults) == ("forfeit", ((1, "disconnect"),))


def test_no_match_outlives_its_longest_time():
    table = started(limits=Limits(), longest=100.0)
    table.pass_time(99.9)
    assert table.result is None
    table.pass_time(table.deadline)
    assert table.result.reason == "aborted"


def test_giving_up_and_crashing_are_results():
    for crash, cause in ((False, "resigned"), (True, "crash")):
        table = started()
        table.hear(0, wire.Resign("m", 0, "no idea", crash), 1.0)
        assert table.result.faults == ((0, cause),)


class Lifecycle(RuleBasedStateMachine):
    """Anything that players, their connections and time can do, in any order; the model knows who is to act and what is over."""

    @initialize(game=some.sampled_from(["connect_four", "kuhn_poker"]), move=some.sampled_from([None, 2.0]))
    def begin(self, game, move):
        self.now = 0.0
        self.table = started(game=envs.game(game, plain=True), limits=Limits(move=move), grace=8.0, longest=400.0)
        self.keys, self.open, self.events, self.stale = {}, set(range(self.table.match.game.seats)), [], 0
        self.frozen = None
        self.sort()

    def sort(self):
        """Take out what the table says: keys and questions are remembered, answers counted."""
        for seat, message in self.table.messages():
            assert seat in self.open, "a seat without a connection was spoken to"
            assert message.seat == seat and message.match == "m", "a seat was told of another"
            if isinstance(message, wire.Begin):
                self.keys[seat] = message.key
            self.stale += isinstance(message, wire.Stale)
        self.events += self.table.events()

    @rule(
        seat=some.integers(0, 3),
        tick=some.integers(-2, 1),
        attempt=some.integers(0, 1),
        action=some.integers(-1, 9),
        wait=some.floats(0, 0.4),
    )
    def act(self, seat, tick, attempt, action, wait):
        self.now += wait
        seat %= self.table.match.game.seats
        match, stale = self.table.match, self.stale
        asked = seat in match.waiting() and len(match.ask(seat).refusals)
        fits = not match.over and seat in match.waiting() and tick == 0 and attempt == asked
        state, before = match.tick, len(self.events)
        message = wire.Act("m", seat, max(0, match.tick + tick), attempt, [[action]])
        fits = fits or (message.tick == match.tick and seat in match.waiting() and attempt == asked)
        self.table.hear(seat, message, self.now)
        self.sort()
        if not fits:
            assert match.tick == state and len(self.events) == before
            assert self.stale == stale + (seat in self.open), "a stale act gets one answer at once"
        else:
            assert (self.stale == stale and len(self.events) > before) or match.waiting()

    @rule(seat=some.integers(0, 3))
    def lose(self, seat):
        seat %= self.table.match.game.seats
        self.table.lose(seat, self.now)
        self.open.discard(seat)

    @rule(seat=some.integers(0, 3), key=some.integers(0, 3), wait=some.floats(0, 1))
    def come_back(self, seat, key, wait):
        self.now += wait
        seats = self.table.match.game.seats
        seat, key = seat % seats, key % seats
        mine = seat == key and not self.table.match.over
        used = self.keys[key]
        if mine:
            self.open.add(seat)
        assert self.table.resume(seat, used, FORMS, self.now) == mine, "a key opens its own seat and no other"
        self.sort()
        assert not mine or self.keys[seat] != used

    @rule(wait=some.floats(0, 5))
    def pass_time(self, wait):
        self.now += wait
        due = self.table.deadline is not None and self.now >= self.table.deadline
        self.table.pass_time(self.now)
        self.sort()
        assert not due or self.table.result is not None

    @precondition(lambda self: self.table.deadline is not None)
    @rule()
    def pass_to_the_deadline(self):
        self.now = max(self.now, self.table.deadline)
        self.table.pass_time(self.now)
        self.sort()
        assert self.table.result is not None, "what was due was not done"

    @rule(seat=some.integers(0, 3), crash=some.booleans())
    def resign(self, seat, crash):
        seat %= self.table.match.game.seats
        if self.now > 3:
            self.table.hear(seat, wire.Resign("m", seat, "enough", crash), self.now)
            self.sort()

    @invariant()
    def there_is_one_end_and_nothing_after_it(self):
        ends = [event for event in self.events if isinstance(event, Ended)]
        assert len(ends) == (self.table.result is not None)
        if ends:
            assert self.events[-1] is ends[0]
            assert self.frozen in (None, self.events), "something happened after the end"
            self.frozen = list(self.events)
        faults = [event for event in self.events if isinstance(event, Faulted)]
        assert len(faults) <= 1 and all(fault.cause in CAUSES for fault in faults)
        assert not faults or (ends and ends[0].faults == ((faults[0].seat, faults[0].cause),))

    @invariant()
    def time_and_ticks_go_forward(self):
        times = [event.at for event in self.events]
        assert times == sorted(times)
        ticks = [event.tick for event in self.events if isinstance(event, Stepped)]
        assert ticks == list(range(1, len(ticks) + 1))


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=80, stateful_step_count=30, deadline=None)


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_the_lifecycle_holds_at_night():
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(Lifecycle, settings=settings(max_examples=50_000, stateful_step_count=50, deadline=None))
