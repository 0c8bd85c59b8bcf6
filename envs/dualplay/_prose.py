"""What games of free text share: which texts are read at all, whether an answer is hidden in one, how alike two are."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["alike", "hidden", "same", "squeezed", "tidy", "unfit", "words"]

DEEPEST = 12
"""Brackets in brackets that a text may have."""
SHORT = 4
"""Answers of fewer letters, and numbers, count as hidden only where they stand as words of their own."""
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+")
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")


def tidy(text: str) -> str:
    """The text in one line, each run of white space one space."""
    return _SPACES.sub(" ", text).strip()


def unfit(text: str, most: int) -> str:
    """Why a text is not read, in one line that repeats nothing of it; "" when it may be. Its length is looked at first."""
    if len(text) > most:
        return f"the text has {len(text)} characters: at most {most} are read"
    wrong = next(
        (
            letter
            for letter in text
            if letter not in "\n\t" and unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn")
        ),
        "",
    )
    if wrong:
        return f"the text holds the control or hidden character U+{ord(wrong):04X}: write visible characters"
    depth = deepest = 0
    for letter in text:
        depth += (letter in _OPENING) - (letter in _CLOSING)
        deepest = max(deepest, depth)
    return f"brackets stand in one another {deepest} deep: at most {DEEPEST} are read" if deepest > DEEPEST else ""


def words(text: str) -> list[str]:
    """The words of a text, without regard to case and to how its letters are composed."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def squeezed(text: str) -> str:
    """Its letters and digits alone: two texts that differ in nothing else are the same."""
    return "".join(words(text))


def same(a: str, b: str) -> bool:
    """Whether two answers are the same text, without regard to case, spaces, dollar signs around them and a full stop behind."""
    one, two = (
        "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("$").rstrip(".") for text in (a, b)
    )
    return one == two


def hidden(answer: str, text: str) -> bool:
    """Whether an answer stands in a text: as words; or spelt out with anything between, or backwards."""
    sought, spread = squeezed(answer), squeezed(text)
    if not sought:
        return False
    if len(sought) >= SHORT and not sought.isdigit() and (sought in spread or sought[::-1] in spread):
        return True
    these, those = words(answer), words(text)
    return any(those[i : i + len(these)] == these for i in range(len(those) - len(these) + 1))


def alike(a: str, b: str) -> int:
    """Jaccard index of the sets of words of two texts, per mille; 1000 for two texts without words."""
    one, two = set(words(a)), set(words(b))
    return 1000 * len(one & two) // len(one | two) if one | two else 1000
