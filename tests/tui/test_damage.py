"""A board that is painted again in parts is the board painted whole, whatever has changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envs.canvas import Canvas, Verb
from tests.tui.boards import BOARDS
from tui import damage
from tui.cells import paint
from tui.damage import Easel

PLACES = st.sampled_from([-0.5, 0.0, 0.1, 0.5, 1.0, 1.5, 2.25, 3.0, 4.5, 5.7, 7.0])
SIZES = st.sampled_from([0.2, 0.42, 0.5, 1.0, 1.7, 3.0])
COLOURS = st.sampled_from(["board", "seat0", "seat1", "highlight", "ink", "no colour"])
PICTURE: Verb = ("image", 1.0, -0.5, 5.0, 8.0, 9, 7, bytes(range(9 * 7 * 3)))
"""No two of its pixels are alike, and it is larger than the board."""
WORDS = st.sampled_from(["7", "two words", "日本", "", "\x1b[2J"])
VERBS: st.SearchStrategy[Verb] = st.one_of(
    st.tuples(st.just("rect"), PLACES, PLACES, SIZES, SIZES, COLOURS, st.booleans()),
    st.tuples(st.just("disc"), PLACES, PLACES, SIZES, COLOURS, st.booleans()),
    st.tuples(st.just("line"), PLACES, PLACES, PLACES, PLACES, COLOURS),
    st.tuples(st.just("text"), PLACES, PLACES, WORDS, COLOURS, st.sampled_from(["left", "centre", "right"])),
    st.tuples(st.just("sprite"), PLACES, PLACES, st.just("t"), COLOURS),
    st.sampled_from([PICTURE, ("text", 1), ("disc", float("nan"), 1, 1, "ink", True)]),
)
CHANGES = st.lists(st.tuples(st.sampled_from(["add", "drop", "put", "swap"]), st.integers(0, 99), VERBS), max_size=4)


def changed(verbs: list[Verb], changes: list[Any]) -> list[Verb]:
    """Another drawing: some verbs came, went, became others or changed places."""
    verbs = list(verbs)
    for what, place, verb in changes:
        at = place % (len(verbs) + 1)
        if what == "add":
            verbs.insert(at, verb)
        elif at < len(verbs):
            if what == "drop":
                verbs.pop(at)
            elif what == "put":
                verbs[at] = verb
            else:
                verbs[at], verbs[0] = verbs[0], verbs[at]
    return verbs


def drawing(verbs: list[Verb], whole: bool = True) -> Canvas:
    canvas = Canvas(7, 6)
    canvas.verbs, canvas.whole = verbs, whole
    return canvas


@settings(max_examples=60, deadline=None)
@given(
    st.lists(VERBS, max_size=12),
    st.lists(CHANGES, min_size=1, max_size=4),
    st.sampled_from([(60, 20), (33, 14), (16, 7), (9, 4)]),
    st.sampled_from(["standard", "colour-blind"]),
    st.booleans(),
)
def test_every_picture_is_the_one_that_is_painted_whole(
    verbs: list[Verb], steps: list[list[Any]], size: tuple[int, int], palette: str, whole_cells: bool
) -> None:
    easel = Easel()
    for changes in [[], *steps]:
        verbs = changed(verbs, changes)
        canvas = drawing(verbs, whole_cells)
        shown, whole = easel.paint(canvas, *size, palette), paint(canvas, *size, palette)
        assert shown.lines() == whole.lines()
        assert (shown.styles == whole.styles).all()
        assert shown.fit == whole.fit


@pytest.mark.parametrize("size", [(60, 20), (33, 14), (9, 4)])
def test_an_image_under_a_part_that_is_painted_again_stays_where_it_was(size: tuple[int, int]) -> None:
    easel = Easel()
    for place in (1.5, 3.0, 4.5):
        canvas = drawing([PICTURE, ("disc", place, 2.0, 0.4, "seat0", True)], whole=False)
        shown, whole = easel.paint(canvas, *size), paint(canvas, *size)
        assert shown.lines() == whole.lines()
        assert (shown.styles == whole.styles).all()


@pytest.mark.parametrize("board", BOARDS)
def test_a_small_change_paints_a_small_part(board: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    perform = damage.perform

    def watched(verbs: Any, fit: Any, columns: int, rows: int, palette: str, room: int) -> Any:
        sizes.append(columns * rows)
        return perform(verbs, fit, columns, rows, palette, room)

    monkeypatch.setattr(damage, "perform", watched)
    canvas, easel = BOARDS[board](), Easel()
    easel.paint(canvas, 80, 30)
    canvas.disc(0.5, 0.5, 0.3, "seat0")
    easel.paint(canvas, 80, 30)
    assert len(sizes) == 1
    assert sizes[0] < 80 * 30 / 8


def test_another_size_or_palette_or_mode_is_painted_whole() -> None:
    canvas, easel = drawing([("disc", 2, 2, 0.4, "seat0", True), ("text", 1, 1, "7", "text", "left")]), Easel()
    for arguments in [(60, 20), (40, 20), (40, 20, "colour-blind"), (40, 20, "colour-blind", "ascii"), (60, 20)]:
        shown, whole = easel.paint(canvas, *arguments), paint(canvas, *arguments)
        assert shown.lines() == whole.lines()
        assert (shown.styles == whole.styles).all()


def test_a_drawing_that_cannot_be_compared_is_painted_whole() -> None:
    easel, verbs = Easel(), [("disc", 2, 2, 0.4, "seat0", True), ("rect", [1], 1, 1, 1, "ink", True)]
    for _ in range(2):
        assert easel.paint(drawing(verbs), 60, 20).lines() == paint(drawing(verbs), 60, 20).lines()
        verbs = [*verbs, ("text", 3, 3, "x", "text", "left")]


def test_a_letter_of_two_cells_is_not_cut_by_the_edge_of_a_part() -> None:
    sprite: Verb = ("sprite", -0.5, -0.5, "t", "board")
    text: Verb = ("text", -0.5, 0.0, "\u65e5\u672c", "board", "left")
    easel = Easel()
    for verbs in ([sprite, text], [sprite, sprite, text]):
        canvas = drawing(verbs, whole=False)
        assert easel.paint(canvas, 9, 4).lines() == paint(canvas, 9, 4).lines()
    assert "\u672c" in easel.paint(canvas, 9, 4).lines()[0]
