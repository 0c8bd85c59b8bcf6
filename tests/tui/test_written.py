"""The pages of a seat that writes: every attempt, in the eyes of whoever may see it, made safe."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import arena
from arena.agent import Ask, Reply, Unanswered
from envs.spec import SPECTATOR
from replays import open as open_tape
from tests.tui.stage import staged
from tui.pages import PAGES, Sitting, line_of, page_cells, page_text, pages_of
from tui.search import Search
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
        and "dollars           0.250000" in tokens
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


LONG = "\n".join(f"line {n} of a long dialogue" for n in range(6000))
"""As long as a prompt may be that holds all of a match."""


def talker(ask: Ask) -> Reply:
    notes = {
        "prompt": LONG + "\nthe needle",
        "completion": "c",
        "reasoning": "a thread",
        "why": "because",
        "prompts": "terse@1",
    }
    return Reply([[ask.legal[0]]], notes=notes)


@pytest.mark.parametrize(
    ("words", "page"),
    [
        ("needle", "prompt"),
        ("a thread", "completion"),
        ("terse@1", "tokens"),
        ("because", "policy"),
        ("the end of it", "stats"),
    ],
)
async def test_a_hit_opens_the_page_that_holds_it_scrolled_to_the_place(tmp_path: Path, words: str, page: str) -> None:
    """Also at the end of a text that is as long as a prompt may be; a page that shows it already stays open."""
    path = tmp_path / "m.arena"
    arena.play("kuhn_poker", ["first", talker], record=path)
    async with staged(path) as stage:
        stage.screen.painting.pages[1] = "policy" if page in ("policy", "prompt") else "stats"
        await stage.press("space", "slash", *words, "enter")
        assert stage.screen.painting.pages[1] == page
        if page not in ("stats", "policy"):
            assert stage.position == 1 and words in stage.text().split("Events")[0]


def test_the_end_of_the_longest_prompt_is_shown_and_what_is_sought_stands_out(tmp_path: Path) -> None:
    path = tmp_path / "m.arena"
    arena.play("kuhn_poker", ["first", talker], record=path)
    seen, sought = sitting(path, 1, seat=1), re.compile("needle")
    line = line_of("prompt", seen, 30, sought)
    assert line == 6000
    cells, furthest = page_cells("prompt", seen, 30, 5, 10**6, "standard", False, sought)
    plain, _ = page_cells("prompt", seen, 30, 5, 10**6, "standard", False)
    assert furthest == 6001 - 5 and (cells.glyphs == plain.glyphs).all()
    assert (cells.styles != plain.styles).sum() == len("needle")
    assert line_of("completion", seen, 30, sought) is None and line_of("policy", seen, 30, sought) is None


def test_a_search_reads_on_from_where_a_portion_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.arena"
    arena.play("matrix?rounds=6", [talker, talker], record=path)
    monkeypatch.setattr("tui.search._PORTION", len(LONG))
    hunt, portions = Search("needle", sitting(path, 0).vantage), 1
    while hunt.advance():
        portions += 1
    assert hunt.hits(0) == list(range(6)) and portions > 3
    assert hunt.noted[5] == (0, "prompt")
