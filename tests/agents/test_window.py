"""A person at a window: keys and clicks become acts, time runs by the clock, and nothing of it needs a screen."""

from __future__ import annotations

from typing import Any

import pytest

import envs
from agents.window import Window
from arena.agent import Resigned
from arena.cli.lineup import windowed
from arena.matches import play
from envs.canvas import Canvas
from envs.errors import UserError
from envs.towerdefence.tower_defence.drawing import at

Script = dict[int, list[tuple[Any, ...]]]
"""What a person does, by frame."""


class Screen:
    """Stands in for a window: what a person does on which frame, and what was shown."""

    def __init__(self, script: Script) -> None:
        self.script, self.frame = script, 0
        self.titles: list[str] = []

    def events(self) -> list[tuple[Any, ...]]:
        self.frame += 1
        return self.script.get(self.frame, [])

    def show(self, canvas: Canvas, title: str) -> None:
        self.titles.append(title if canvas.verbs else "nothing is drawn")


class Clock:
    """A clock that goes on when somebody sleeps, and by `work` at each look."""

    def __init__(self, work: float = 0.0) -> None:
        self.now, self.work, self.slept = 0.0, work, 0.0

    def __call__(self) -> float:
        self.now += self.work
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds


class Asked:
    """As much of an Ask as the window reads."""

    def __init__(self, game: Any, state: Any) -> None:
        self.game, self.obs, self.legal = game, game.observe(state, 0), game.legal(state, 0)


def slot(game: Any, number: int) -> tuple[float, float]:
    found = game.config.array["levels"][0, 0]["slot"][number - 1]
    return at(int(found["x"]), int(found["y"]))


@pytest.fixture(scope="module")
def game() -> Any:
    return envs.game("tower_defence?period=1", plain=True)


def driven(game: Any, script: Script, frames: int, work: float = 0.0) -> tuple[Any, Screen, Clock, list[str]]:
    """A game played by a window through so many frames."""
    clock, screen, why = Clock(work), Screen(script), []
    player = Window(clock=clock, sleep=clock.sleep)
    player.window, player.verb = screen, "hero"
    state = game.start(1)
    for _ in range(frames):
        reply = player(Asked(game, state))  # type: ignore[arg-type]
        why.append(reply.notes["why"])
        state = game.step(state, {0: reply.actions[0]}, 1)
    return state, screen, clock, why


def test_a_key_takes_a_verb_in_hand_and_a_click_uses_it(game: Any) -> None:
    script: Script = {
        2: [("key", "a"), ("click", 1, *slot(game, 1))],
        4: [("click", 3, 8.0, 9.0)],
        5: [("key", "z"), ("click", 2, 8.0, 9.0)],
    }
    state, screen, _, why = driven(game, script, 6)
    row = game.row(state)
    assert row.towers.kind[0] == 1
    assert [text.split()[0] for text in why] == ["wait", "archer", "wait", "hero", "wait", "wait"]
    assert (row.hero.to_x, row.hero.to_y) != (row.hero.x, row.hero.y)
    assert screen.titles[0] == "Tower defence | in hand: hero"
    assert screen.titles[-1] == "Tower defence | in hand: archer"


def test_what_is_not_possible_is_told_and_costs_a_frame_of_waiting(game: Any) -> None:
    script: Script = {1: [("key", "t")], 2: [("key", "u"), ("click", 1, *slot(game, 1))], 3: [("click", 1, 0.0, 0.0)]}
    state, screen, _, _ = driven(game, script, 4)
    assert game.row(state).tally.errors.sum() == game.row(state).tally.errors[0]
    assert "is not possible now" in screen.titles[-1]


def test_frames_come_by_the_clock_and_pictures_are_left_out_when_late(game: Any) -> None:
    _, screen, clock, _ = driven(game, {}, 10)
    assert clock.slept == pytest.approx(9 / 50)
    assert len(screen.titles) == 10
    _, screen, clock, _ = driven(game, {}, 10, work=0.03)
    assert clock.slept == 0
    assert len(screen.titles) < 10


@pytest.mark.parametrize("event", [("quit",), ("key", "escape")])
def test_closing_the_window_resigns(game: Any, event: tuple[Any, ...]) -> None:
    with pytest.raises(Resigned):
        driven(game, {1: [event]}, 1)


def test_whoever_has_no_window_is_told_in_one_line() -> None:
    with pytest.raises(UserError, match="not played in a window"):
        Window.fits(envs.game("connect_four", plain=True))
    with pytest.raises(UserError, match="period=1"):
        Window.fits(envs.game("tower_defence", plain=True))


def test_the_option_makes_another_game_and_another_player() -> None:
    assert windowed("tower_defence?level=2", ["human"]) == ("tower_defence?level=2&period=1", ("window",))
    with pytest.raises(UserError, match="human once"):
        windowed("siege", ["human", "human"])


def test_a_real_window_without_a_screen(game: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """pygame's own events, through SDL's driver without a screen."""
    monkeypatch.setattr("envs.canvas._SCREENLESS", False)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    clock = Clock()
    player = Window(size=360, clock=clock, sleep=clock.sleep)
    state = game.start(1)
    try:
        player(Asked(game, state))  # type: ignore[arg-type]
        pygame, shown = player.window.pygame, player.window._shown
        x, y = slot(game, 1)
        pixel = round(shown.left + x * shown.scale), round(shown.top + y * shown.scale)
        assert player.window.surface.get_at(pixel)[:3] != (16, 20, 28)
        pygame.event.post(pygame.event.Event(pygame.KEYDOWN, key=pygame.K_a))
        pygame.event.post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, button=1, pos=pixel))
        reply = player(Asked(game, state))  # type: ignore[arg-type]
        assert reply.notes["why"] == "archer 1"
    finally:
        player.close()
        player.close()


def test_a_match_in_a_window_ends_as_resigned_when_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envs.canvas.Window", lambda *_: Screen({3: [("quit",)]}))
    result = play(envs.game("tower_defence?period=1", plain=True), ["window"], seed=1)
    assert result.faults == ((0, "resigned"),)
