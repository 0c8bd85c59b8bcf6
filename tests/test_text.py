"""safe_text: nothing that a terminal obeys or an eye cannot see gets through, whatever the input is."""

from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.text import LONGEST, cell_width, safe_text

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60)
NASTY = st.sampled_from(
    ["\x1b[2J", "\x1b]52;c;aGk=\x07", "\x9b31m", "\u202e", "\u2066", "\u200b", "\u200d", "\ufe0f", "\U000e0041",
     "\ud800", "\x00", "\x7f", "\r\n", "\n", "\t", "\u0301" * 9, "\u1161" * 9, "\u2028", "[/]", "[red", "\uffff"]
)  # fmt: skip
HOSTILE = st.lists(st.one_of(ANY_TEXT, NASTY), max_size=8).map("".join)


def is_safe(character: str) -> bool:
    """Judged by Unicode's own categories, not by the table under test."""
    return unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp"} and not (
        unicodedata.category(character) == "Cf" and unicodedata.bidirectional(character) not in {"AN", "L"}
    )


@given(HOSTILE, st.integers(1, 4), st.none() | st.integers(1, 30))
def test_no_control_format_or_surrogate_is_left(text: str, lines: int, width: int | None) -> None:
    shown = safe_text(text, lines=lines, width=width)
    assert all(is_safe(c) or c == "\n" for c in shown), repr(shown)
    shown.encode("utf-8")
    assert shown.count("\n") < lines
    if width is not None:
        assert all(cell_width(line) <= width for line in shown.split("\n"))


@given(HOSTILE, st.integers(1, 4), st.none() | st.integers(1, 30))
def test_a_second_pass_changes_nothing(text: str, lines: int, width: int | None) -> None:
    shown = safe_text(text, lines=lines, width=width)
    assert safe_text(shown, lines=lines, width=width) == shown


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_ascii_is_untouched(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\u241b[31mred"),
        ("a\x7fb\x00", "a\u2421b\u2400"),
        ("a\u202eb", "a\ufffdb"),
        ("a\u200b\u200b\u200bb", "a\ufffdb"),
        ("hi\U000e0068\U000e0069", "hi\ufffd"),
        ("\u26a0\ufe0f", "\u26a0\ufffd"),
        ("\x9b2J", "\ufffd2J"),
        ("a\ud800b", "a\ufffdb"),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 1000, "e" + "\u0301" * 4 + "\ufffd"),
        ("\u0301x", "\u25cc\u0301x"),
        ("a\tb", "a   b"),
        ("one\ntwo\n", "one \u21b5 two"),
        ("cr\rlf\r\n", "cr\u240dlf"),
        ("日本語 ok é", "日本語 ok é"),
        (b"ok \xff\x1b", "ok \\xff\u241b"),
        (None, ""),
        (17, "17"),
    ],
)
def test_each_class_has_a_visible_stand_in(text: object, shown: str) -> None:
    assert safe_text(text) == shown


def test_caps_end_in_an_ellipsis() -> None:
    assert safe_text("abcdef", width=4) == "abc…"
    assert safe_text("日本語", width=4) == "日…"
    assert safe_text("abc", width=0) == ""
    assert safe_text("1\n2\n3", lines=2) == "1\n2…"
    assert safe_text("1\n2", lines=2) == "1\n2"
    assert len(safe_text("x" * (LONGEST + 5))) == LONGEST
    assert safe_text("x" * (LONGEST + 5)).endswith("…")


class Rude(str):
    __slots__ = ()

    def __str__(self) -> str:
        raise RuntimeError("no")

    def isascii(self) -> bool:
        return True

    def isprintable(self) -> bool:
        return True


class Broken:
    def __str__(self) -> str:
        raise ValueError("\x1b[2J")


def test_no_object_can_raise_or_lie() -> None:
    assert safe_text(Rude("\x1b")) == "\u241b"
    assert safe_text(Broken()) == "<Broken: ValueError>"
    assert safe_text(10**5000) == "<int: ValueError>"
    nested: list[object] = []
    nested.append(nested)
    assert safe_text(nested) == "[[...]]"


def test_importing_it_loads_no_third_party_package() -> None:
    heavy = {"rich", "textual", "numpy", "wcwidth"}
    code = f"import sys, arena.text as t; t.safe_text('\\x1b'); print(*{heavy} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == ""
