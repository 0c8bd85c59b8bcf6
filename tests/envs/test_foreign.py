"""Other libraries' environments: they play, record, open without the library, and refuse what cannot be."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import arena
import envs
import replays
from envs.canvas import Canvas, raster
from envs.errors import UserError

pytestmark = pytest.mark.foreign_random

PLAYED = {
    "pettingzoo:pettingzoo.classic.chess_v6": (2, "chess"),
    "pettingzoo:pettingzoo.classic.tictactoe_v3": (2, "pettingzoo"),
    "pettingzoo:mpe2.simple_spread_v3": (3, "mpe2"),
    "gymnasium:CartPole-v1": (1, "gymnasium"),
    "gymnasium:Pendulum-v1": (1, "gymnasium"),
}


@pytest.mark.parametrize("name", PLAYED)
def test_it_plays_records_and_opens_again(name, tmp_path):
    seats, needs = PLAYED[name]
    pytest.importorskip(needs)
    first = arena.play(name, ["random"] * seats, seed=5, record=tmp_path / "m.arena")
    again = arena.play(name, ["random"] * seats, seed=5)
    assert first.scores == again.scores and first.faults == ()
    tape = replays.open(tmp_path / "m.arena")
    assert tape.last == first.ticks and tape.ended.scores == first.scores
    canvas = Canvas()
    tape.at(-1).draw(canvas)
    assert raster(canvas, 64, 64).std() > 0
    rows = list(tape.steps(seat=0))
    assert rows and rows[0].action in rows[0].legal
    assert sum(row.reward for row in rows) == pytest.approx(first.scores[0])


def test_a_recording_opens_where_the_library_is_not_installed(tmp_path):
    pytest.importorskip("chess")
    arena.play("pettingzoo:pettingzoo.classic.chess_v6", ["random", "random"], seed=1, record=tmp_path / "m.arena")
    code = f"""
import sys, json
for gone in ("pettingzoo", "gymnasium", "chess", "numba"): sys.modules[gone] = None
import replays
tape = replays.open({str(tmp_path / "m.arena")!r})
print(json.dumps([tape.last, tape.at(0).text()]))
"""
    last, text = json.loads(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    )
    assert last > 4 and "r n b q k b n r" in text


@pytest.mark.parametrize(
    "name", ["gymnasium:Nope-v1", "pettingzoo:nope.x", "pettingzoo:os", "gymnasium:CartPole-v1?nope=1", "gymnasium:"]
)
def test_what_cannot_be_played_is_said_in_one_line(name):
    with pytest.raises(UserError) as told:
        envs.game(name)
    assert "\n" not in str(told.value) and len(str(told.value)) < 400


def test_it_is_stepped_from_its_newest_state_only_and_imagines_nothing():
    game = envs.game("gymnasium:CartPole-v1")
    state = game.start(1)
    after = game.step(state, {0: [1]}, 1)
    with pytest.raises(UserError, match="newest"):
        game.step(state, {0: [1]}, 1)
    with pytest.raises(UserError, match="imagine"):
        game.imagine(game.observe(after, 0), 0, 1)


def test_a_board_in_letters_is_drawn_in_squares_with_each_sides_figures():
    from envs.foreign import _chequer, _squares

    rows = _squares(["r n . .", "", ". P p .", "R . . N"])
    canvas = Canvas()
    _chequer(canvas, rows)
    assert (canvas.width, canvas.height) == (4, 3)
    figures = {verb[3]: verb[4] for verb in canvas.verbs if verb[0] == "sprite"}
    assert figures["P"] == figures["R"] == figures["N"] == "seat0" and figures["p"] == figures["n"] == "seat1"
    assert sum(verb[0] == "rect" for verb in canvas.verbs) == 12
    for text in ([], ["a b", "a"], ["one line"], ["[0.1 0.2]", "[3.0 1.0]"], ["ab cd", "ef gh"]):
        assert _squares(text) == []
