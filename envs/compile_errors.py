"""What a compiler says about a rule, in one line for its author: the innermost cause, and where it stands.

numba answers with pages of context, the innermost cause in the middle. Importing this file loads nothing; errors are read, not raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["one_line"]

_OURS = Path(__file__).parent
_MARKERS = ("Failed in nopython mode pipeline", "raised a specific error:")
_RECORD = re.compile(r"Record\(\[.*?\], \d+, \w+\)|Record\([^;]*(?:;[^;]*?)*?;\d+;(?:True|False)\)")


def one_line(error: BaseException) -> str:
    """Cause and place, from a numba error, from the KeyError that it lets out for a field that a record lacks, or from its parser's."""
    cause = _missing_field(error) if isinstance(error, KeyError) else _cause(str(error))
    place = next(_places(str(error)), "") or _place_in_traceback(error) or _rule(str(error))
    return f"the rules do not compile: {cause[:300]}{f' ({place})' if place else ''}; PALAESTRA_DEBUG=1 shows all"


def _cause(text: str) -> str:
    """The first line after the last marker, with what it announces by a colon at its end."""
    lines = [line.strip() for line in _RECORD.sub("a record", text).splitlines()]
    lines = [line for line in lines if line and not line.startswith(("File ", "<source", "During:"))]
    last = max((i for i, line in enumerate(lines) if any(mark in line for mark in _MARKERS)), default=-1)
    told = lines[last + 1 : last + 3] or lines[:1] or ["?"]
    told[0] = told[0].removeprefix("TypingError: ").removeprefix("The compiler failed to analyze the bytecode. ")
    whole = " ".join(told) if told[0].endswith(":") else told[0]
    whole = re.sub(r"\s*Raised from .*$|, defined at .*$", "", whole).rstrip(". ")
    return whole + (": a function that rules call is a @rule too" if whole.endswith("<class 'function'>") else "")


def _places(text: str) -> Iterator[str]:
    """file:line of all places in an author's file, the innermost first."""
    found = re.findall(r'File "([^"]+)", line (\d+)|(?:at|from) (/[^\n]*?) \((\d+)\)', text)
    for relative, line, absolute, number in found:
        path = Path(relative or absolute).resolve()
        if _authors(path):
            yield f"{path}:{line or number}"


def _authors(path: Path) -> bool:
    """Whether a file may hold a game: our games lie in folders of their own, the machinery directly in ours."""
    return path.parent != _OURS and "site-packages/numba" not in path.as_posix()


def _frames(error: BaseException) -> Iterator[dict[str, Any]]:
    """The local variables of all frames that the error came through, the innermost first."""
    frames, step = [], error.__traceback__
    while step is not None:
        frames.append(step.tb_frame.f_locals)
        step = step.tb_next
    yield from reversed(frames)


def _place_in_traceback(error: BaseException) -> str:
    """Where the compiler was, for errors that do not say it: its parts carry the place of what they look at."""
    for names in _frames(error):
        for part in (names.get("loc"), getattr(names.get("self"), "loc", None)):
            path = Path(str(getattr(part, "filename", "")))
            if path.suffix == ".py" and _authors(path):
                return f"{path}:{part.line}"  # type: ignore[union-attr]  # a place has a line
    return ""


def _missing_field(error: KeyError) -> str:
    fields = next((getattr(names.get("self"), "fields", None) for names in _frames(error)), None) or {}
    has = ", ".join(name for name in fields if not name.startswith("rules_"))
    return f"unknown field {error}" + (f", the record has {has}" if has else " of a record")


def _rule(text: str) -> str:
    found = re.search(r"Function\(<function (\w+)", text)
    return f"in the rule {found[1]}" if found else ""
