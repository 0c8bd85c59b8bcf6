"""Makes any text safe to show on a terminal, whoever wrote it.

One law for every field that an agent, a file or a remote host fills: what could move a cursor, answer for the
terminal, reorder or hide letters is replaced by something visible, never dropped in silence. The raw text stays in
the recording; this is the door between it and an eye. Source of the classes: Unicode 15.1 chapters 9, 23 and ECMA-48.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["LONGEST", "cell_width", "known_text", "safe_text"]

LONGEST = 1 << 20
"""Characters of one text that are looked at; a longer one is cut and ends in an ellipsis."""
MARKS = 4
"""Combining marks that one base character keeps."""

_REPLACED, _ELLIPSIS, _NEWLINE, _BASE = "\ufffd", "\u2026", " \u21b5 ", "\u25cc"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")
# C1; soft hyphen; grapheme joiner, fillers and invisible vowels; Mongolian selectors; zero-width and bidi; separators;
# variation selectors; interlinear and byte order marks; musical format controls; tags; surrogates; noncharacters.
_HIDDEN = re.compile(
    "[\x80-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U000133fc-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]+"
)
# More than MARKS clinging characters need a longer run than that of characters from U+0300 on.
_CROWDED = re.compile(f"[\u0300-\U0010ffff]{{{MARKS + 1},}}")


def safe_text(text: object, *, lines: int = 1, width: int | None = None) -> str:
    """The text as it may be shown: at most `lines` lines of at most `width` cells, cut ones ending in an ellipsis.

    With one line, line breaks become a visible arrow. Bytes are read as UTF-8, None is empty, anything else is asked
    for its `str`. Control codes become control pictures, runs of hidden characters one U+FFFD, tabs spaces. Never
    raises; a second pass changes nothing.
    """
    string = _as_string(text)
    if not (string.isascii() and string.isprintable()):
        string = _clean(string)
    if len(string) > LONGEST:
        string = string[: LONGEST - 1] + _ELLIPSIS
    return _cap(string, max(1, lines), width)


def known_text(text: object, width: int) -> str:
    """`safe_text` for one line that is likely to come again, such as a game's words for an act."""
    return _known(text, width) if isinstance(text, str) and len(text) <= width else safe_text(text, width=width)


@lru_cache(maxsize=4096)
def _known(text: str, width: int) -> str:
    return safe_text(text, width=width)


def cell_width(text: str) -> int:
    """Terminal cells that a safe line takes, by the tables that the screens use too."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415  (a plain import costs a command line that shows no text)

    return cell_len(text)


def _as_string(text: object) -> str:
    """An exact `str` of at most LONGEST + 1 characters, so that no hostile subclass is called later."""
    if text is None:
        return ""
    try:
        if isinstance(text, (bytes, bytearray)):
            return bytes(text[: LONGEST + 1]).decode("utf-8", "backslashreplace")
        string = text if isinstance(text, str) else str(text)
        return str.__str__(string)[: LONGEST + 1]
    except Exception as error:  # noqa: BLE001  (a foreign __str__ may raise anything)
        return f"<{type(text).__name__}: {type(error).__name__}>"[:200]


def _clean(string: str) -> str:
    string = _CONTROL.sub(_picture, string.replace("\r\n", "\n").expandtabs(4))
    if string.isascii():
        return string
    string = _CROWDED.sub(_thin, _HIDDEN.sub(_REPLACED, string))
    return "\n".join(_based(line) for line in string.split("\n"))


def _picture(control: re.Match[str]) -> str:
    """The control picture of a C0 code or of DEL."""
    code = ord(control.group())
    return chr(0x2421 if code == 0x7F else 0x2400 + code)


def _based(line: str) -> str:
    """A line that begins with a mark gets a visible base, or the mark would fall on what stands before the text."""
    return _BASE + line if line and _clings(line[0]) else line


def _thin(run: re.Match[str]) -> str:
    """Keep MARKS marks after each base; the next one becomes U+FFFD and stands for the rest."""
    kept, count = [], 0
    for character in run.group():
        count = count + 1 if _clings(character) else 0
        if count <= MARKS:
            kept.append(character)
        elif count == MARKS + 1:
            kept.append(_REPLACED)
    return "".join(kept)


@lru_cache(maxsize=4096)
def _clings(character: str) -> bool:
    """True for combining marks and for Hangul vowels and finals, which stack on what precedes them."""
    if "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7fb":
        return True
    return unicodedata.category(character)[0] == "M"


def _cap(string: str, lines: int, width: int | None) -> str:
    string = string.strip("\n") if lines == 1 else string.rstrip("\n")
    if lines == 1 and "\n" in string:
        string = re.sub(" *\n[ \n]*", _NEWLINE, string)
    kept = string.split("\n", lines)
    if len(kept) > lines:
        kept = [*kept[: lines - 1], kept[lines - 1].rstrip(_ELLIPSIS) + _ELLIPSIS]
    return "\n".join(kept) if width is None else "\n".join(_cut(line, width) for line in kept)


def _cut(line: str, width: int) -> str:
    """The line in at most `width` cells, an ellipsis in place of what did not fit."""
    if cell_width(line) <= width:
        return line
    if width < 1:
        return ""
    line = line[: width * (MARKS + 1)]
    while cell_width(line) >= width:
        line = line[: -max(1, (cell_width(line) - width) // 2)]
    return line + _ELLIPSIS
