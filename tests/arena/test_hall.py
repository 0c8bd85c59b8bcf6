"""The hall: who is let in, seats and their owners, tokens, heartbeats, results after the disk; all in memory, with a clock of its own."""

from __future__ import annotations

import json
import random
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import envs
from arena.clock import Limits
from arena.events import Asked, Ended, Faulted
from arena.match import Match
from arena.protocol import messages as wire
from arena.protocol.messages import CLOSED, PLAYER
from arena.protocol.session import Session
from arena.server.guests import BEAT, FIRST_WORDS, MOST_OF_ADDRESS, MOST_OF_TOKEN, Guest, House, Terms, crowded
from arena.server.hall import Hall
from arena.server.tokens import Tokens, digest
from envs.errors import UserError

GAME = envs.game("connect_four", plain=True)


class Caller:
    """A player's end in memory."""

    def __init__(self, place: Stage, token: str = "", hello: wire.Hello | None = None) -> None:
        self.place, self.session, self.heard = place, Session(PLAYER), []
        self.guest = place.hall.come("1.2.3.4", place.now)
        self.say(hello or wire.Hello([1], token, "caller", ("packed",)))

    def say(self, message: wire.Message) -> list[wire.Message]:
        self.place.hall.hear(self.guest, self.session.say(message), self.place.now)
        return self.read()

    def read(self) -> list[wire.Message]:
        found = self.session.receive(bytes(self.guest.out))
        self.guest.out.clear()
        self.heard += found
        return found

    def last(self, kind: type) -> wire.Message:
        self.read()
        return [message for message in self.heard if isinstance(message, kind)][-1]

    def act(self, column: int = 0) -> list[wire.Message]:
        ask = self.last(wire.Ask)
        return self.say(wire.Act(ask.match, ask.seat, ask.tick, ask.attempt, [[column]]))

    def drop(self) -> None:
        self.place.hall.gone(self.guest, self.place.now)


class Stage:
    """A hall with a clock, whose recordings are on the disk when `keep` says so."""

    def __init__(self, rules=GAME, tokens: Tokens | None = None, **terms) -> None:
        self.now, self.wall = 0.0, 1000.0
        self.events, self.over, self.answered = [], [], []
        numbers, keys = count(), count()
        self.tokens = tokens or Tokens()
        self.hall = Hall(
            rules, self.tokens, Terms(limits=Limits(move=10.0), open=tokens is None, **terms), secret=lambda: f"key {next(keys)}",
            make=lambda seats, now: Match(rules, seats, 3, ident=f"m{next(numbers)}", now=now, limits=Limits(move=10.0)),
            wall=lambda: self.wall, on_events=lambda table, events: self.events.extend(events), on_over=self.over.append,
            on_answered=lambda guest: self.answered.append((len(guest.out), len(self.events))),
        )  # fmt: skip

    def keep(self, done: bool = True) -> None:
        for table in self.over:
            self.hall.recorded(table, done, self.now)
        self.over.clear()

    def pass_time(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.now += 1.0
            self.hall.pass_time(self.now)
            self.hall.beat(self.now)

    def pair(self) -> tuple[Caller, Caller]:
        one, two = Caller(self), Caller(self)
        one.say(wire.Join())
        two.say(wire.Join())
        one.read()
        return one, two


def played(one: Caller, two: Caller) -> None:
    """The first column by the first seat, the second by the other, until four stand upon one another."""
    for _ in range(4):
        one.act(0)
        two.read()
        if two.place.over:
            return
        two.act(1)


def test_two_who_join_play_and_hear_the_result_only_when_it_is_on_the_disk():
    stage = Stage()
    one, two = stage.pair()
    assert one.last(wire.Begin).names == ["caller", "caller"]
    played(one, two)
    assert isinstance(stage.events[-1], Ended) and not any(isinstance(m, wire.Over) for m in one.heard)
    stage.keep()
    assert one.last(wire.Over).scores == [1.0, -1.0] and one.last(wire.Over).recorded and two.last(wire.Over).seat == 1
    assert stage.hall.tables == {} and one.guest.seats == {}


def test_the_next_question_is_ready_before_what_led_to_it_is_recorded():
    stage = Stage()
    one = Caller(stage)
    one.say(wire.Join(matches=2, at_once=2, alone=True))
    before = len(stage.events)
    assert isinstance(one.act()[-1], wire.Ask)
    ready, recorded = stage.answered[-1]
    assert ready > 0 and recorded == before < len(stage.events)


def test_a_result_whose_recording_was_lost_says_so():
    stage = Stage()
    one, two = stage.pair()
    played(one, two)
    stage.keep(done=False)
    assert one.last(wire.Over).recorded is False


def test_seats_change_and_many_matches_run_at_once():
    stage = Stage()
    one, two = Caller(stage), Caller(stage)
    for caller in (one, two):
        caller.say(wire.Join(matches=6, at_once=3))
        one.read()
    assert len(stage.hall.tables) == 3 and len(one.guest.seats) == 3
    assert sorted(seat for _, seat in one.guest.seats) == [0, 0, 1]
    for table in list(stage.hall.tables.values()):
        table.match.abort(0.0)
        stage.hall._serve(table, 0.0)
    stage.keep()
    assert stage.hall.begun == 6 and len(stage.hall.tables) == 3


def test_a_player_may_take_every_seat_itself():
    stage = Stage()
    one = Caller(stage)
    one.say(wire.Join(matches=4, at_once=2, alone=True))
    assert len(stage.hall.tables) == 1 and sorted(seat for _, seat in one.guest.seats) == [0, 1]


@pytest.mark.parametrize(
    ("hello", "code", "text"),
    [
        (wire.Hello([1], "wrong"), "token", "no such token"),
        (wire.Hello([1], ""), "token", "no such token"),
        (wire.Hello([9], "x"), "version", "no common version of the protocol: this host speaks 1, you speak 9"),
    ],
)
def test_who_may_not_come_in_is_told_why_in_one_line(hello, code, text):
    stage = Stage(tokens=Tokens())
    caller = Caller(stage, hello=hello)
    (error,) = caller.heard
    assert error.code == code and text in error.text and "\n" not in error.text and caller.guest.closing


def test_a_token_does_what_its_scopes_say(tmp_path):
    tokens = Tokens(tmp_path / "tokens.json")
    watching, playing = tokens.add("eye", ["spectate"]), tokens.add("hand", ["play"])
    stage = Stage(tokens=tokens)
    eye, hand = Caller(stage, watching), Caller(stage, playing)
    assert eye.say(wire.Join())[0].code == "scope"
    assert hand.say(wire.Join("no_such_game"))[0].code == "game"
    assert Caller(stage, playing).say(wire.Join("connect_four")) == []


def test_tokens_are_kept_as_hashes_in_a_file_of_this_user_alone(tmp_path):
    tokens = Tokens(tmp_path / "tokens.json")
    token = tokens.add("me", ["play"], until=50.0)
    text = tokens.path.read_text()
    assert token not in text and digest(token) in text and tokens.path.stat().st_mode & 0o077 == 0
    assert len(token) >= 43 and Tokens(tokens.path).find(token, 49.0).name == "me"
    assert tokens.find(token, 50.0) is None and tokens.find(token[:-1], 0.0) is None and tokens.find("", 0.0) is None
    json.loads(text)
    for bad in ("", "a b", "x" * 65, "../x"):
        with pytest.raises(UserError, match="no token for"):
            tokens.add(bad, ["play"])
    with pytest.raises(UserError, match="scopes fly are not allowed"):
        tokens.add("you", ["fly"])


def test_a_revoked_token_ends_its_connections_at_the_next_beat(tmp_path):
    tokens = Tokens(tmp_path / "tokens.json")
    stage = Stage(tokens=tokens)
    caller = Caller(stage, tokens.add("me", ["play"]))
    Tokens(tokens.path).revoke("me")  # as another process does it
    stage.pass_time(1)
    assert caller.read()[-1].code == "token" and caller.guest.closing


def test_a_file_of_tokens_that_is_damaged_while_a_host_runs_changes_nothing(tmp_path):
    tokens = Tokens(tmp_path / "tokens.json")
    stage = Stage(tokens=tokens)
    caller = Caller(stage, tokens.add("me", ["play"]))
    tokens.path.write_text("{")
    stage.pass_time(2)
    assert not caller.guest.closing


def test_ten_wrong_tokens_a_minute_are_enough():
    stage = Stage(tokens=Tokens())
    token = stage.tokens.add("me", ["play"])
    for _ in range(10):
        Caller(stage, "wrong")
    (error,) = Caller(stage, token).heard
    assert error.retry_after == 60.0
    stage.now += 61.0
    assert isinstance(Caller(stage, token).heard[0], wire.Welcome)


def test_a_token_has_so_many_connections_and_no_more():
    stage = Stage(tokens=Tokens())
    token = stage.tokens.add("me", ["play"])
    callers = [Caller(stage, token) for _ in range(MOST_OF_TOKEN + 1)]
    assert [type(caller.heard[-1]) for caller in callers] == [wire.Welcome] * MOST_OF_TOKEN + [wire.Error]
    assert callers[-1].heard[-1].code == "crowded"
    callers[0].drop()
    assert isinstance(Caller(stage, token).heard[-1], wire.Welcome)


def test_an_address_has_so_many_connections_and_this_machine_as_many_as_come():
    hall = Stage().hall
    for address, full in (("1.2.3.4", True), ("127.0.0.1", False), ("local", False)):
        for _ in range(MOST_OF_ADDRESS):
            assert not crowded(hall.guests, address)
            hall.come(address, 0.0)
        assert crowded(hall.guests, address) == full


def _silence(caller: Caller) -> None:
    """Nothing at all."""


def _beats(caller: Caller) -> None:
    caller.say(wire.Beat())


def _stale(caller: Caller) -> None:
    ask = caller.last(wire.Ask)
    caller.say(wire.Act(ask.match, ask.seat, ask.tick + 1))


def _trickle(caller: Caller) -> None:
    """A frame that never ends, byte by byte."""
    caller.place.hall.hear(caller.guest, b"\0" if caller.place.now < 0.05 else b"\x7f", caller.place.now)


@pytest.mark.parametrize("harm", [_silence, _beats, _stale, _trickle])
def test_a_forfeit_is_decided_within_a_quarter_of_a_second_whatever_the_agent_does(harm):
    """In the rhythm of a host: it looks at the clock fifty times a second."""
    stage = Stage()
    one, two = stage.pair()
    seat = one if any(isinstance(message, wire.Ask) for message in one.heard) else two
    (asked,) = [event for event in stage.events if isinstance(event, Asked)]
    while stage.now < asked.seconds + 1.0 and not stage.over:
        stage.now += 0.02
        harm(seat)
        stage.hall.pass_time(stage.now)
        seat.guest.idle = 0
    (faulted,) = [event for event in stage.events if isinstance(event, Faulted)]
    assert faulted.cause == "timeout" and 0 <= faulted.at - asked.at - asked.seconds <= 0.25


def test_a_connection_without_a_greeting_is_closed_and_a_silent_one_too():
    stage = Stage()
    mute = stage.hall.come("1.2.3.4", 0.0)
    caller = Caller(stage)
    stage.pass_time(FIRST_WORDS + 1)
    assert mute.closing and not caller.guest.closing
    stage.pass_time(2 * BEAT)
    assert any(isinstance(m, wire.Beat) for m in caller.read()) and caller.guest.closing
    assert caller.last(wire.Error).retry_after is not None


def test_a_connection_acts_for_its_own_seats_only():
    stage = Stage()
    one, two = stage.pair()
    stranger = Caller(stage)
    ask = one.last(wire.Ask)
    for caller in (two, stranger):
        for seat in (0, 5):
            (answer,) = caller.say(wire.Act(ask.match, seat, ask.tick, 0, [[0]]))
            assert answer == wire.Stale(ask.match, seat, ask.tick, "unknown")
        caller.say(wire.Resign(ask.match, 0, "for you"))
    assert stage.hall.tables[ask.match].match.tick == 0 and stage.hall.tables[ask.match].result is None


def test_a_lost_seat_is_taken_up_again_with_its_key_and_the_old_connection_ends():
    stage = Stage()
    one, two = stage.pair()
    key, match = one.last(wire.Begin).key, one.last(wire.Begin).match
    back = Caller(stage)
    assert back.say(wire.Resume(match, 0, "wrong"))[0].why == "unknown"
    assert back.say(wire.Resume(match, 1, key))[0].why == "unknown"
    assert [type(m) for m in back.say(wire.Resume(match, 0, key))] == [wire.Begin, wire.Ask]
    assert one.last(wire.Error).code == "replaced" and one.guest.closing
    one.drop()
    assert Caller(stage).say(wire.Resume(match, 0, key))[0].why == "unknown"
    played(back, two)
    stage.keep()
    assert back.last(wire.Over).scores == [1.0, -1.0]


def test_a_player_that_does_not_come_back_loses_after_the_grace():
    stage = Stage(grace=5.0)
    one, two = stage.pair()
    one.act(0)
    two.read()
    two.act(0)
    one.drop()
    stage.pass_time(5)
    stage.keep()
    assert two.last(wire.Over).faults == [(0, "disconnect")]


def test_breaking_the_protocol_loses_what_is_played_and_says_why():
    stage = Stage()
    one, two = stage.pair()
    stage.hall.hear(one.guest, b"\x00\x00\x00\x01\xc1", 0.0)
    stage.keep()
    assert one.last(wire.Error).code == "malformed" and one.session.state == CLOSED
    assert two.last(wire.Over).faults == [(0, "protocol")]


def test_a_guest_that_floods_loses_what_it_plays():
    stage = Stage()
    one, two = stage.pair()
    stale = one.session.say(wire.Act(one.last(wire.Ask).match, 0, 99))
    for _ in range(40):
        stage.hall.hear(one.guest, stale * 100, 0.0)
    stage.keep()
    assert one.last(wire.Error).code == "flood" and two.last(wire.Over).faults == [(0, "protocol")]
    assert len([m for m in one.heard if isinstance(m, wire.Stale)]) <= 1024


def test_leaving_in_good_order_ends_the_match_at_once():
    stage = Stage()
    one, two = stage.pair()
    one.act(0)
    two.read()
    two.act(0)
    one.say(wire.Bye("tea"))
    stage.keep()
    assert two.last(wire.Over).faults == [(0, "disconnect")]


class First(House):
    """Takes the first column, in the same turn."""

    def __init__(self, stage) -> None:
        self.stage, self.asked = stage, []

    def tell(self, message, table, seat) -> None:
        if isinstance(message, wire.Ask):
            self.asked.append((table, seat, message))

    def answer(self) -> None:
        table, seat, ask = self.asked.pop(0)
        self.stage.hall.house_says(
            self, table, seat, wire.Act(ask.match, seat, ask.tick, 0, [[ask.legal.factors[0][0]]]), 0.0
        )


def test_the_house_fills_the_seats_that_are_left():
    stage = Stage()
    house: list[First] = []
    stage.hall._house = [lambda: house.append(First(stage)) or house[-1]]
    one = Caller(stage)
    one.say(wire.Join())
    while not stage.over:
        if house[0].asked:
            house[0].answer()
        else:
            one.act(1)
    stage.keep()
    assert one.last(wire.Over).reason == "played out"


@given(
    some.lists(
        some.tuples(some.integers(0, 3), some.integers(0, 3), some.integers(0, 2), some.integers(-1, 7)), max_size=30
    )
)
@settings(max_examples=60)
def test_no_act_of_anybody_moves_a_seat_that_is_not_its_own(acts):
    """All (connection, seat, match) triples: only the owner's act to the open question changes a match."""
    stage = Stage()
    callers = [*stage.pair(), *stage.pair()]
    owners = {key: caller for caller in callers for key in caller.guest.seats}
    for who, match, seat, column in acts:
        table = stage.hall.tables.get(f"m{match % 3}")
        before = table.match.tick if table else 0
        waits = table is not None and seat in table.match.waiting()
        callers[who].say(wire.Act(f"m{match % 3}", seat, before, 0, [[column]]))
        if table is not None and table.match.tick != before:
            assert waits and owners[table.match.ident, seat] is callers[who]


def test_any_bytes_of_a_guest_are_survived(seeds):
    for seed in seeds(1):
        draw = random.Random(seed)
        stage = Stage()
        for _ in range(300):
            guest: Guest = stage.hall.come("1.2.3.4", 0.0)
            if draw.random() < 0.5:
                stage.hall.hear(guest, Session(PLAYER).say(wire.Hello([1])), 0.0)
            stage.hall.hear(guest, draw.randbytes(draw.randrange(200)), 0.0)
            stage.hall.gone(guest, 0.0)
        assert stage.hall.guests == set()
