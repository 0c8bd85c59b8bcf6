"""Passages of a user's: every .jsonl file of a folder, one object with a text a line, all sizes bounded before anything is read.

Errors are one line each: which file, which line, what was wrong, what is allowed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from envs.dualplay._prose import tidy, unfit
from envs.errors import NOT_FOUND, UserError
from envs.keys import below, fold

__all__ = ["BUILT_IN", "read"]

FILES, BYTES, LINES, LONGEST = 256, 64 << 20, 200_000, 4000
"""Files of a folder, bytes and lines of them all, characters of a passage: at most."""
BUILT_IN = (
    "A prime has exactly two divisors, 1 and itself. There are 25 primes below 100; the largest of them is 97.",
    "The angles of a triangle sum to 180 degrees, those of a polygon with 8 corners to 1080.",
    "Of 60 guests at a table, 3 out of 4 took the soup and 2 out of 5 the fish.",
    "A clock strikes 78 times in 12 hours, if it strikes each hour as often as the hour says.",
    "The sum of the first 10 odd numbers is 100; that of the first 20 is 400.",
    "A rope of 90 metres is cut into 6 equal parts, and each of these into 3.",
)


def read(folder: str, keep: int, draw: int) -> list[str]:
    """At most `keep` passages, evenly drawn by the seed `draw`, in the order of files and lines. Raises UserError."""
    if not folder:
        return list(BUILT_IN)
    kept: list[tuple[int, str]] = []
    for n, text in enumerate(_all(Path(folder))):
        if n < keep:
            kept.append((n, text))
        elif (
            place := below(fold(draw, n), n + 1)
        ) < keep:  # reservoir sampling: each passage so far is as likely to stay
            kept[place] = (n, text)
    if not kept:
        raise UserError(f'{folder!r} holds no passage: put lines like {{"text": "..."}} into its .jsonl files')
    return [text for _, text in sorted(kept)]


def _all(folder: Path) -> Iterator[str]:
    lines = 0
    for path in _files(folder):
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                lines += 1
                if lines > LINES:
                    raise UserError(f"{str(folder)!r} has more than {LINES} lines: use a smaller part of it")
                if line.strip():
                    yield _passage(line, f"{path.name}, line {number}")


def _files(folder: Path) -> list[Path]:
    """The files of a folder, by name, after a look at their sizes."""
    if not folder.is_dir():
        raise UserError(f"no folder {str(folder)!r}: give the folder of your .jsonl files", NOT_FOUND)
    found = sorted(path for path in folder.glob("*.jsonl") if path.is_file())
    if not found:
        raise UserError(
            f"{str(folder)!r} has no .jsonl file: put your passages there, one JSON object a line", NOT_FOUND
        )
    size = sum(path.stat().st_size for path in found)
    if len(found) > FILES or size > BYTES:
        allowed = f"at most {FILES} files of {BYTES >> 20} MiB in all are read"
        raise UserError(f"{str(folder)!r} has {len(found)} files of {size >> 20} MiB: {allowed}")
    return found


def _passage(line: bytes, where: str) -> str:
    """The text of a line."""
    if len(line) > 8 * LONGEST:
        raise UserError(f"{where}: {len(line)} bytes in one line: a passage has at most {LONGEST} characters")
    try:
        tree = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise UserError(f'{where}: no JSON: write {{"text": "..."}}') from None
    text = tree.get("text") if isinstance(tree, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise UserError(f'{where}: no text in it: write {{"text": "..."}}')
    if why := unfit(text, LONGEST):
        raise UserError(f"{where}: {why}")
    return tidy(text)
