"""A tape: any tick equals the match stepped to it, a follower sees what the file will say, and nobody sees what is not theirs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

import envs
import replays
from arena.events import Acted, Ended, Event, Marked, Secret, Stepped, shown
from arena.host import Host
from envs.errors import UserError
from replays.recorder import Recorder
from replays.search import marks_for, pattern, place, search
from replays.tape import Tape
from tests.replays.matches import GAMES, WALK, Clock, fresh, recorded, uniform

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", GAMES)
def test_at_equals_stepping(name: str, tmp_path: Path, seeds: object) -> None:
    for seed in seeds(2):  # type: ignore[operator]
        path = tmp_path / f"{seed}.arena"
        recorded(path, name, seed)
        tape, game = replays.open(path), envs.game(name, plain=True)
        state = game.start(seed)
        for tick in range(tape.last + 1):
            moment = tape.at(tick)
            assert (moment.tick, moment.packed, moment.fingerprint) == (tick, game.pack(state), game.fingerprint(state))
            assert moment.text(0) == game.say(game.observe(state, 0))
            if tick < tape.last:
                state = game.step(state, {act.seat: act.action for act in moment.acts}, seed)
        assert tape.at(-1).facts.done


@pytest.mark.parametrize("name", GAMES)
def test_the_events_of_a_file_are_those_of_the_match(name: str, tmp_path: Path) -> None:
    _, events = recorded(tmp_path / "m.arena", name, 7)
    found = list(replays.open(tmp_path / "m.arena").events())
    assert sorted(map(repr, found)) == sorted(map(repr, events))
    order = [event for event in found if isinstance(event, Acted | Stepped | Ended)]
    assert order == [event for event in events if isinstance(event, Acted | Stepped | Ended)]


def test_a_follower_sees_what_the_finished_file_says(tmp_path: Path) -> None:
    """Whatever has been read while the match runs is a beginning, per kind of event, of what the file says at last."""
    path, tapes, seen = tmp_path / "m.arena", [], []
    game = envs.game(str(WALK), length=500, plain=True)
    recorder = Recorder(path, clock=Clock(), fsync=lambda _: None, mailbox=True)

    def follow(event: Event) -> None:
        if isinstance(event, Stepped) and event.tick % 50 == 0:
            if not tapes:
                tapes.append(replays.open(path))
            tape: Tape = tapes[0]
            tape.refresh()
            seen.append((list(tape.events()), list(tape.marks()), tape.last))
            assert 0 <= event.tick - tape.last <= 64
            assert tape.at(tape.last).tick == tape.last

    Host(fresh(game, 5), [uniform, uniform], [recorder, follow], clock=Clock()).run()
    final = replays.open(path)
    while tapes[0].refresh():
        pass
    everything = list(final.events())
    assert list(tapes[0].events()) == everything
    assert tapes[0].ended == final.ended
    assert len(seen) == 10
    for events, marks, _ in seen:
        for kind in (Acted, Stepped, Marked):
            part = [event for event in events if isinstance(event, kind)]
            assert part == [event for event in everything if isinstance(event, kind)][: len(part)]
        assert marks == final.marks()[: len(marks)]
    assert seen[-1][2] > 400


def test_marks_are_counted_once(tmp_path: Path) -> None:
    recorded(tmp_path / "m.arena", "kuhn_poker", 3)
    tape = replays.open(tmp_path / "m.arena")
    assert len(list(tape.marks())) == len(list(tape.marks())) > 1


def test_a_seats_tape_tells_nothing_else(tmp_path: Path) -> None:
    """Over 60 deals, what seat 0 is shown before the end is the same whatever the other holds and thinks."""
    views: dict[str, set[str]] = {}
    for seed in range(60):
        path = tmp_path / f"{seed}.arena"
        recorded(path, "kuhn_poker", seed, agents=[lambda ask: 0, lambda ask: [1, 0, 1][ask.tick % 3]])
        tape = replays.open(path)
        events = [event for event in tape.events(0) if event.tick < 2 and not isinstance(event, Ended)]
        assert not any(isinstance(event, Secret) for event in events)
        assert not any(isinstance(event, Stepped) and (event.state or event.fingerprint) for event in events)
        assert not any(
            isinstance(event, Acted) and event.seat == 1 and (event.action or event.notes) for event in events
        )
        card = tape.at(0).row.cards[0]
        told = [
            msgspec.structs.replace(event, at=0.0) for event in events if isinstance(event, Acted | Stepped | Marked)
        ]
        views.setdefault(str(card), set()).add(repr(told) + tape.at(1).text(0))
    assert len(views) == 3
    assert all(len(texts) == 1 for texts in views.values())


def test_steps_are_rows_for_learning(tmp_path: Path) -> None:
    result, _ = recorded(tmp_path / "m.arena", seed=2)
    rows = [list(replays.open(tmp_path / "m.arena").steps(seat)) for seat in (0, 1)]
    assert sum(len(part) for part in rows) == result.ticks
    assert [sum(row.reward for row in part) for part in rows] == list(result.scores)
    for obs, legal, action, _ in rows[0]:
        assert action in legal
        assert obs.turn == 0


def test_places(tmp_path: Path) -> None:
    recorded(tmp_path / "m.arena", seed=1)
    tape = replays.open(tmp_path / "m.arena")
    assert [place(tape, text) for text in ("0", "5", "-1", "0%", "100%", "end", "start", "win", "e1", "win:1")] == [
        0, 5, tape.last, 0, tape.last, tape.last, 0, tape.last, tape.last, tape.last,
    ]  # fmt: skip
    for wrong in ("999", "-99", "101%", "e2", "e0", "draw", "win:2", "", "x" * 1000, "\x1b[2J", "1" * 400):
        with pytest.raises(UserError) as caught:
            place(tape, wrong)
        assert "\x1b" not in str(caught.value)
        assert len(str(caught.value)) < 600


def test_search_finds_and_keeps_secrets(tmp_path: Path) -> None:
    recorded(tmp_path / "m.arena", "kuhn_poker", 3)
    tape = replays.open(tmp_path / "m.arena")
    all_notes = list(search(tape, "DRAWN at tick"))
    assert [hit.tick for hit in all_notes] == list(range(tape.last))
    assert {hit.where for hit in all_notes} == {"why"}
    assert {hit.seat for hit in search(tape, "drawn", who=0)} == {0}
    assert not list(search(tape, "drawn", who=-2))
    assert {hit.where for hit in search(tape, pattern("(wins|bets|checks)", regex=True))} >= {"mark"}
    assert pattern("(((", regex=True).search("a ((( b")
    assert [mark.text for mark in marks_for(tape, 0)]


def test_shown_for_all_is_everything(tmp_path: Path) -> None:
    _, events = recorded(tmp_path / "m.arena", seed=2)
    assert [shown(event, -1, True) for event in events] == events


READERS = """
import json, sys
import replays
from replays.search import search, place
from replays.index import Index
from replays.difference import diff
path = sys.argv[1]
tape = replays.open(path)
for tick in range(len(tape)):
    tape.at(tick).text(); tape.at(tick).text(0)
list(tape.events()), tape.marks(), list(tape.steps(0)), list(search(tape, "a")), place(tape, "50%"), diff(path, path)
replays.export(path, path + ".txt"); replays.export(path, path + ".json"); replays.export(path, path + ".cast")
with Index(sys.argv[2]) as index: index.update(), index.rows(search="a")
print(json.dumps(sorted(sys.modules)))
"""


def test_readers_load_no_numba(tmp_path: Path) -> None:
    recorded(tmp_path / "m.arena", seed=1)
    command = [sys.executable, "-c", READERS, str(tmp_path / "m.arena"), str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    loaded = {name.partition(".")[0] for name in json.loads(answer.stdout.splitlines()[-1])}
    assert loaded & {"numba", "pygame", "textual", "torch"} == set()
