"""Through a seat's eyes nothing on the screen depends on what that seat does not know.

Two tapes that a seat cannot tell apart (other hidden cards, other thoughts of the others, other outcomes to come) must give
the same screens, character by character: every position, every pane, every page, searches and errors included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from arena.agent import Ask, Reply
from arena.matches import play
from envs.registry import game
from envs.spec import PUBLIC
from tests.tui.feeding import Growing, heard
from tests.tui.stage import Stage, staged
from tui.pages import PAGES

PASS, BET = 0, 1


def telling(actions: Sequence[int]) -> Callable[[Ask], Reply]:
    """A player of fixed actions by tick, whose notes tell all that it sees."""

    def act(ask: Ask) -> Reply:
        text = f"seat {ask.seat} sees: {ask.text}"
        notes = {
            "policy": [[text, 1.0]],
            "value": len(ask.text) / 1000,
            "why": text,
            "prompt": text,
            "tokens": len(text),
            "secret": text,
        }
        return Reply([[actions[ask.tick]]], notes=notes, say=[((1 - ask.seat,), text)])

    act.title = "Teller"  # type: ignore[attr-defined]
    return act


def tape(path: Path, name: str, seed: int, actions: Sequence[int]) -> Path:
    play(game(name, plain=True), [telling(actions)] * 2, seed=seed, record=path, clock=lambda: 0.0)
    return path


def deals() -> dict[tuple[int, int], int]:
    """A seed for each pair of cards."""
    rules = game("kuhn_poker", plain=True)
    found: dict[tuple[int, int], int] = {}
    for seed in range(200):
        cards = tuple(rules.row(rules.start(seed)).cards.tolist())
        found.setdefault(cards, seed)
    assert len(found) == 6
    return found


async def everything(stage: Stage) -> list[str]:
    """The screen at the present position, with each pane and page in turn, alone and among the others, and after a search."""
    screen, shown = stage.screen, []
    for part in screen.parts:
        screen.activate(part)
        for page in PAGES if part.startswith("seat") else PAGES[:1]:
            screen.painting.pages[screen.seat] = page
            screen.changed()
            await stage.pilot.pause()
            shown += [stage.text(), screen.text()]
    screen.action_zoom()
    await stage.pilot.pause()
    shown.append(stage.text())
    screen.action_zoom()
    here = stage.position
    for pattern in ("[JQK]", "sees", "seat 1", "wins"):
        screen.searching(pattern)
        await stage.pilot.pause()
        shown.append(stage.text())
        screen.go(here)
    screen.searching("")
    for text in ("e7", "nothing", "win"):
        screen.going(text)
        await stage.pilot.pause()
        shown.append(stage.text())
        screen.go(here)
    # The name of the match and where it is kept say nothing of the cards.
    return [re.sub(r"#[0-9a-f]{7}…", "#", text) for text in shown]


async def screens(path: Path, who: int, until: int, size: tuple[int, int]) -> list[list[str]]:
    async with staged(path, who=who, size=size) as stage:
        await stage.press("space", "x")
        found = []
        for tick in range(until + 1):
            stage.screen.go(tick)
            await stage.pilot.pause()
            found.append(await everything(stage))
        return found


FOLD = (PASS, BET, PASS)
"""Seat 0 checks, seat 1 bets, seat 0 folds: the cards are never shown."""
CALL = (PASS, BET, BET)


@pytest.mark.parametrize(
    ("who", "one", "other", "actions", "until"),
    [
        (0, (0, 1), (0, 2), FOLD, 3),
        (PUBLIC, (0, 1), (2, 1), FOLD, 3),
        (0, (1, 0), (1, 2), CALL, 2),  # other winners: up to the showdown nothing tells
        (1, (0, 1), (2, 1), CALL, 2),
    ],
)
async def test_hidden_cards_and_thoughts_change_nothing_that_a_seat_sees(
    tmp_path: Path, who: int, one: tuple[int, int], other: tuple[int, int], actions: Sequence[int], until: int
) -> None:
    seeds = deals()
    first = await screens(tape(tmp_path / "one.arena", "kuhn_poker", seeds[one], actions), who, until, (120, 40))
    second = await screens(tape(tmp_path / "two.arena", "kuhn_poker", seeds[other], actions), who, until, (120, 40))
    assert first == second


async def test_the_test_can_fail(tmp_path: Path) -> None:
    """The spectator does see the difference, and so does everybody at the showdown."""
    seeds = deals()
    one, two = (
        tape(tmp_path / f"{n}.arena", "kuhn_poker", seeds[cards], CALL) for n, cards in enumerate([(1, 0), (1, 2)])
    )
    assert await screens(one, -1, 0, (120, 40)) != await screens(two, -1, 0, (120, 40))
    assert (await screens(one, 0, 3, (120, 40)))[3] != (await screens(two, 0, 3, (120, 40)))[3]


async def test_what_others_decide_in_the_same_tick_is_sealed(tmp_path: Path) -> None:
    """Both seats act in every tick; at the last position before the difference it must not show."""
    rounds, shown = 3, []
    for last in (0, 1):
        path = tmp_path / f"{last}.arena"
        rules = game(f"matrix?rounds={rounds}", plain=True)
        play(rules, [telling([0] * rounds), telling([0, 0, last])], record=path, clock=lambda: 0.0)
        shown.append(await screens(path, 0, rounds, (120, 40)))
    assert shown[0][:rounds] == shown[1][:rounds]
    assert shown[0][rounds] != shown[1][rounds]


async def test_a_running_match_is_as_secret(tmp_path: Path) -> None:
    """The newest moment of a live match carries everybody's notes; a seat's view leaves them out."""
    seeds, shown = deals(), []
    for n, cards in enumerate([(0, 1), (0, 2)]):
        events: list[Any] = heard("kuhn_poker", seeds[cards], [telling(FOLD)] * 2)
        feed = Growing(tmp_path / f"{n}.arena", events, mailbox=True)
        async with staged(tmp_path / f"{n}.arena", who=0, running=lambda path: True) as stage:
            texts = []
            for _ in range(2):
                feed.grow()
                await stage.wait(1.1)
                text = stage.text()
                texts.append(text.partition("\n")[2])  # the header has the match's name and the frame rate
                assert "seat 1 sees" not in text
            assert stage.screen.playback.following and stage.position == 2
            shown.append(texts)
        feed.recorder.abandon()
    assert shown[0] == shown[1]
