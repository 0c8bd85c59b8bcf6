"""The pages of a seat that writes: every attempt, in the eyes of whoever may see it, made safe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import arena
from arena.agent import Ask, Reply, Unanswered
from envs.spec import SPECTATOR
from replays import open as open_tape
from tests.tui.stage import staged
from tui.pages import PAGES, Sitting, page_text, pages_of
from tui.tally import Tally
from tui.vantage import Vantage


def writer(failures: int) -> Any:
    """Fails so often at its first question, and plays then."""
    left = [failures]

    def agent(ask: Ask) -> Any:
        notes = {
            "prompt": f"prompt {left[0]}", "completion": f"completion {left[0]} \x1b[2J", "reasoning": "thought", "model": "tiny",
            "tokens": 120, "cost": 0.25, "usage": {"prompt": 100, "completion": 20, "reasoning": 5, "cached": "x"},
            "latency": {"first": 0.5, "total": 2}, "failed": [["transient", 500, "no", 1.0]],
        }  # fmt: skip
        if left[0]:
            left[0] -= 1
            return Unanswered("empty", "the answer is empty", "", notes)
        return Reply([[ask.legal[0]]], notes=notes | {"parsed": {"move": "pass"}})

    return agent


def sitting(path: Path, tick: int, who: int = SPECTATOR, seat: int = 0) -> Sitting:
    tape = open_tape(path)
    vantage, tally = Vantage(tape, who), Tally(tape)
    while tally.advance():
        pass
    moment = tape.at(tick)
    return Sitting(vantage, moment, seat, vantage.latest(seat, moment), tally)


def test_every_attempt_is_shown_with_why_it_failed(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    arena.play("kuhn_poker", [writer(2), "first"], record=path)
    seen = sitting(path, 0)
    assert pages_of(seen) == (*PAGES, "prompt", "completion", "parsed", "tokens")
    completion = page_text("completion", seen)
    assert (
        "attempt 1 of 3, empty: the answer is empty" in completion and "attempt 3 of 3, accepted: check" in completion
    )
    assert all(f"completion {n}" in completion for n in (0, 1, 2)) and completion.count("thought") == 3
    assert page_text("prompt", seen) == "prompt 0"
    assert "pass" in page_text("parsed", seen) and page_text("parsed", seen).count("Nothing was read.") == 2
    tokens = page_text("tokens", seen)
    assert (
        "prompt tokens     100" in tokens
        and "first token       0.50 s" in tokens
        and "0.250000 dollars" in tokens
        and "transient" in tokens
    )


def test_a_match_that_ended_by_it_shows_what_was_written_last(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    arena.play("kuhn_poker", [writer(9), "first"], record=path)
    completion = page_text("completion", sitting(path, 0))
    assert "attempt 3 of 3, empty" in completion and "accepted" not in completion


def test_others_see_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    arena.play("kuhn_poker", [writer(1), "first"], record=path)
    seen = sitting(path, 1, who=1)
    assert pages_of(seen) == PAGES
    assert all("Hidden" in page_text(page, seen) for page in ("prompt", "completion", "parsed", "tokens"))
    assert "completion 1" in page_text("completion", sitting(path, 1, who=0))


def test_without_texts_the_pages_say_so(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    arena.play("kuhn_poker", [writer(1), "first"], record=path, texts=False)
    seen = sitting(path, 0)
    assert page_text("prompt", seen) == "It was not recorded." and "not recorded" in page_text("completion", seen)


async def test_the_pages_are_reached_by_key_and_make_hostile_text_safe(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    arena.play("kuhn_poker", [writer(1), "first"], record=path)
    async with staged(path, size=(140, 40)) as stage:
        await stage.press("t", "t", "t", "t", "t", "t")
        shown = stage.text()
        assert "completion 7/9" in shown and "attempt 1 of 2, empty" in shown and "\x1b" not in shown
        await stage.press("t", "t", "t")
        assert "policy 1/9" in stage.text()
