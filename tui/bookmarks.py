"""A user's bookmarks of a recording, in a file beside it: `x.arena.notes.json`. The recording itself is never touched.

The file is replaced as a whole (written aside, then renamed). What in it is not ours is kept. A file that cannot be
read is told of in one line and left alone: nothing is written over it.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from envs.errors import CORRUPT, UserError

__all__ = ["Bookmarks", "beside"]

_LARGEST = 1 << 20
_MOST = 1 << 53


def beside(recording: Path) -> Path:
    """Where the bookmarks of a recording are kept, the same while it is written and after."""
    return recording.with_name(recording.name.removesuffix(".part") + ".notes.json")


class Bookmarks:
    """Letters and the ticks that they stand for. `trouble` says in one line why nothing can be kept, '' otherwise."""

    def __init__(self, recording: Path) -> None:
        self.path = beside(recording)
        self.steps: dict[str, int] = {}
        self.trouble = ""
        self._tree: dict[str, Any] = {}
        try:
            self._read()
        except FileNotFoundError:
            pass  # none yet
        except (OSError, ValueError, RecursionError) as error:
            self.trouble = f"{self.path.name} is no file of bookmarks ({error}); it is left as it is"

    def _read(self) -> None:
        if self.path.stat().st_size > _LARGEST:
            raise ValueError(f"larger than {_LARGEST:,} bytes")
        tree = json.loads(self.path.read_text(encoding="utf-8"))
        marks = tree.get("bookmarks", {}) if isinstance(tree, dict) else None
        if not isinstance(marks, dict):
            raise ValueError("no table of bookmarks")
        self._tree = tree
        for letter, step in marks.items():
            if not (len(letter) == 1 and letter.isalpha() and type(step) is int and 0 <= step < _MOST):
                raise ValueError("a bookmark is a letter and a step")
            self.steps[letter] = step

    def put(self, letter: str, step: int) -> None:
        """Keep a tick under a letter. UserError when the file is not ours or cannot be written."""
        if self.trouble:
            raise UserError(self.trouble, CORRUPT)
        marks = self.steps | {letter: step}
        tree = {"schema": "palaestra.notes.1", **self._tree, "bookmarks": dict(sorted(marks.items()))}
        try:
            _replace(self.path, json.dumps(tree, indent=1) + "\n")
        except OSError as error:
            raise UserError(f"cannot write {str(self.path)!r}: {error.strerror}") from None
        self.steps, self._tree = marks, tree


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
