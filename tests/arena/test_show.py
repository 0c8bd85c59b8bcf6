"""Watching a match on a host: what the public sees until the end and after it, delays, slow readers, scopes; and a whole gallery."""

from __future__ import annotations

import importlib.util
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

import envs
import replays
from agents import load
from arena.events import Acted, Ended, Event, Seat, Secret, Started, Stepped
from arena.host import drive
from arena.match import Match
from arena.protocol import messages as wire
from arena.protocol.messages import PLAYER
from arena.protocol.session import Session
from arena.protocol.translate import observation_of
from arena.server.feed import Feed
from arena.server.gallery import SLOW, Gallery, played
from arena.server.show import Show, Watcher
from arena.server.tokens import Tokens
from envs.errors import UserError
from envs.spec import PUBLIC, SPECTATOR
from tui.distant import Account, follow
from tui.distant_view import View

EVENT = msgspec.msgpack.Decoder(Event)


def events(name: str = "leduc_poker") -> list[Event]:
    game = envs.game(name, plain=True)
    game.place = name
    found: list[Event] = []
    match = Match(game, [Seat(each, "random") for each in game.spec.seat_names], 11, ident="m", nonce=b"n" * 16)
    drive(match, [lambda ask: ask.legal.sample(ask.key)] * game.seats, [found.append], clock=lambda: 0.0)
    return found


def shown_by(watcher: Watcher, now: float = 0.0) -> list[wire.Scene]:
    found = []
    while (scene := watcher.next(now, True)) is not None:
        found.append(scene)
    return found


def told(scenes: list[wire.Scene]) -> list[Event]:
    return [EVENT.decode(data) for scene in scenes for data in scene.events]


@pytest.mark.parametrize("name", ["leduc_poker", "connect_four", "commons"])
def test_the_public_sees_no_secret_until_the_end_and_everything_after_it(name):
    happened = events(name)
    show = Show(happened[0], played)
    watcher = Watcher(show)
    public = []
    for event in happened[1:-1]:
        show.take(event, 0.0)
        public += shown_by(watcher)
    seen = told(public)
    assert not any(isinstance(event, Secret) for event in seen)
    assert all(event.state == b"" and event.fingerprint == b"" for event in seen if isinstance(event, Stepped))
    opened = "perfect" in envs.spec(name).traits
    assert any(isinstance(event, Acted) for event in seen) == opened
    assert not any(scene.full for scene in public) and not watcher.done
    show.take(happened[-1], 0.0)
    # Another match on the same seed is still played: the result is known, the secrets are not.
    assert [type(event) for event in told(shown_by(watcher))][-1] is Ended and not watcher.done
    assert not any(scene.full for scene in shown_by(watcher))
    show.release()
    rest = shown_by(watcher)
    assert told([scene for scene in rest if scene.full]) == happened and watcher.done


def test_the_board_of_a_scene_is_what_the_public_knows():
    happened = events()
    show = Show(happened[0], played)
    for event in happened[1:]:
        show.take(event, 0.0)
    rules = envs.game("leduc_poker", plain=True)
    scenes = [scene for scene in shown_by(Watcher(show)) if not scene.full]
    states = [event.state for event in happened if isinstance(event, Secret | Stepped)]
    assert len(scenes) == len(states) + 1
    for scene, state in zip(scenes, states, strict=False):
        assert observation_of(scene.view, rules, PUBLIC) == rules.observe(rules.unpack(state), PUBLIC)


def test_a_watcher_may_stay_behind_by_a_delay():
    happened = events("connect_four")
    show = Show(happened[0], played)
    show.scenes(PUBLIC, 0.0)
    for now, event in enumerate(happened[1:]):
        show.take(event, float(now))
    ends = float(len(happened))
    watcher = Watcher(show, delay=1000.0)
    assert shown_by(watcher, 999.0) == []
    assert len(shown_by(watcher, 1000.0)) == 1
    assert isinstance(told(shown_by(watcher, 1000.0 + ends))[-1], Ended)


def test_a_slow_watcher_gets_a_keyframe_that_stands_alone():
    happened = events("connect_four")
    show = Show(happened[0], played)
    watcher = Watcher(show)
    for event in happened[1:9]:
        show.take(event, 0.0)
    first = shown_by(watcher)
    for event in happened[9:-1]:
        show.take(event, 1.0)
        assert watcher.next(1.0, room=False) is None
    (key,) = shown_by(watcher, 2.0)
    assert key.keyframe and isinstance(told([key])[0], Started) and key.number > first[-1].number + 1
    assert key.view == show.scenes(PUBLIC, 2.0).scenes[-1].view
    show.take(happened[-1], 3.0)
    assert told(shown_by(watcher, 3.0))[-1] == happened[-1]


class Caller:
    """A watcher's end in memory."""

    def __init__(self, gallery: Gallery, token: str = "", watch: wire.Watch | None = None) -> None:
        self.session, self.heard, self.gallery = Session(PLAYER), [], gallery
        self.guest = gallery.come("1.2.3.4", 0.0)
        gallery.hear(self.guest, self.session.say(wire.Hello([1], token)), 0.0)
        self.read()
        if self.session.state == "open":
            gallery.hear(self.guest, self.session.say(watch or wire.Watch()), 0.0)
            self.read()

    def read(self) -> list[wire.Message]:
        found = self.session.receive(bytes(self.guest.out))
        self.guest.out.clear()
        self.heard += found
        return found


def gallery(**more) -> tuple[Gallery, str, str]:
    tokens = Tokens()
    watching, ruling = tokens.add("eye", ["spectate"]), tokens.add("boss", ["admin"])
    return Gallery(tokens, False, played, lambda: 0.0), watching, ruling


def test_who_waits_is_shown_the_next_match_from_its_beginning():
    hall, watching, ruling = gallery()
    eye, boss = Caller(hall, watching), Caller(hall, ruling, wire.Watch(who=SPECTATOR))
    happened = events()
    for event in happened:
        hall.feed("m", event, 0.0)
    hall.pump(lambda guest: True, 0.0)
    assert not eye.guest.closing
    hall.feed("m", None, 0.0)
    hall.pump(lambda guest: True, 0.0)
    scenes = [message for message in eye.read() if isinstance(message, wire.Scene)]
    assert isinstance(told(scenes)[0], Started) and told([s for s in scenes if s.full]) == happened
    assert told([message for message in boss.read() if isinstance(message, wire.Scene)]) == happened
    assert isinstance(eye.heard[-1], wire.Bye) and eye.guest.closing


@pytest.mark.parametrize(
    ("token", "watch", "code"),
    [
        ("wrong", None, "token"),
        ("eye", wire.Watch(who=SPECTATOR), "scope"),
        ("eye", wire.Watch(who=0), "scope"),
        ("eye", wire.Watch("nowhere"), "match"),
        ("boss", wire.Watch("m", who=7), "match"),
    ],
)
def test_who_may_not_see_something_is_told_why(token, watch, code):
    hall, watching, ruling = gallery()
    hall.feed("m", events()[0], 0.0)
    caller = Caller(hall, {"eye": watching, "boss": ruling}.get(token, token), watch)
    assert caller.heard[-1].code == code and caller.guest.closing


def test_who_does_not_read_is_sent_away_and_costs_nobody_else_anything():
    hall, watching, _ = gallery()
    stuck, eye = Caller(hall, watching), Caller(hall, watching)
    happened = events("connect_four")
    for event in happened[:8]:
        hall.feed("m", event, 0.0)
    for now in (0.0, 1.0, SLOW + 2):
        hall.pump(lambda guest: guest is not stuck.guest, now)
    assert stuck.read()[-1].code == "slow" and stuck.guest not in hall.watchers
    assert any(isinstance(message, wire.Scene) for message in eye.read())


def _stage():
    spec = importlib.util.spec_from_file_location("serving_stage", Path(__file__).with_name("serving.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_match_is_followed_over_a_network_and_becomes_a_recording(tmp_path):
    from agents.remote import Player
    from arena.protocol.visit import Visit

    feed, told = Feed(), threading.Event()

    class Paper(io.StringIO):
        def write(self, text: str) -> int:
            told.set()
            return super().write(text)

    with _stage().served("connect_four", makers=[load("first")], folder=tmp_path / "host", gallery=feed) as running:
        out = Paper()
        more = {"token": running.watching, "runs": tmp_path / "here", "board": True}
        watcher = threading.Thread(target=follow, args=(running.url, out), kwargs=more)
        watcher.start()
        # The match cannot end before the watcher has been told something.
        player = Player(load(lambda ask: told.wait(60) and max(ask.legal)))
        # Two matches share a seed: the whole tape of the first is told when the second has ended.
        Visit(running.url, running.token, "last", 2, 1).play(player)
        watcher.join(60)
        assert not watcher.is_alive()
        with pytest.raises(UserError, match="not one to watch with"):
            follow(running.url, io.StringIO(), token=running.token)
    feed.wait()
    lines = out.getvalue().splitlines()
    recording = Path(lines[-1])
    assert lines[0] == "Connect Four" and any(line.startswith("result: ") for line in lines)
    assert recording.parent == tmp_path / "here" and replays.verify(recording)
    theirs = replays.open(running.results[0][2])
    assert list(replays.open(recording).events()) == list(theirs.events())


@pytest.mark.nightly
@pytest.mark.timeout(1200)
def test_a_thousand_spectators_of_whom_half_never_read_cost_a_match_little():
    answer = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("crowd.py")), "1000"], capture_output=True, text=True, timeout=900, check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_a_terminal_shows_the_board_the_players_and_what_has_happened():
    happened = events("connect_four")
    show = Show(happened[0], played)
    watcher, out = Watcher(show), io.StringIO()
    account = Account()
    with View(out, size=lambda: (80, 24)) as view:
        for event in happened[1:]:
            show.take(event, 0.0)
            for scene in shown_by(watcher):
                view(account, list(account.lines(scene)))
    text = out.getvalue()
    assert text.startswith("\x1b[?1049h") and text.endswith("\x1b[?1049l")
    sheet = view.sheet(account, 80, 24).lines()
    assert all(len(row) == 80 for row in sheet) and len(sheet) == 24
    whole = "\n".join(sheet)
    assert "Connect Four  ended" in whole and "player_0" in whole and "╭─ board" in whole
    for size in ((120, 40), (60, 20), (20, 8)):
        assert len(view.sheet(account, *size).lines()) == size[1]


def test_a_host_that_cannot_be_reached_is_told_in_one_line():
    with pytest.raises(UserError, match=r"cannot reach ws://127\.0\.0\.1:9"):
        follow("ws://127.0.0.1:9", io.StringIO())
