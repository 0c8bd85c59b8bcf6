"""Brings recordings to the disk without holding up the clocks: writing is done where it happens, syncing in a thread of its own.

A match's result may be told when everything that was synced before its end is on the disk. A disk that fails costs the recording, and
the result then says that it is not recorded.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from arena.events import Event
from arena.matches import recorder

__all__ = ["Scribe"]

_log = logging.getLogger("palaestra.scribe")


class Scribe:
    """One per match. path: where its recording goes, None for none. pool: one thread, shared by all."""

    def __init__(self, path: Path | None, pool: ThreadPoolExecutor, fsync: Callable[[int], None] = os.fsync) -> None:
        self.path, self._pool, self._fsync = path, pool, fsync
        self._taker: Any = None if path is None else recorder(path, fsync=self._later)
        self._failed = path is None

    def __call__(self, events: Sequence[Event]) -> None:
        """Take events of the match, in order."""
        if self._failed:
            return
        try:
            self._taker.take(events)
        except (OSError, ValueError, RuntimeError) as error:
            self._fail(error)

    def finish(self, done: Callable[[bool], None]) -> None:
        """done(whether the recording is on the disk) is called in the thread once that is known. After Ended."""
        self._pool.submit(lambda: done(not self._failed))

    def abandon(self) -> None:
        """Let go of an unfinished file: it stays and opens."""
        if not self._failed:
            self._taker.abandon()

    def _later(self, handle: int) -> None:
        """Bring a file to the disk, in turn; the handle may be closed meanwhile."""
        kept = os.dup(handle)
        self._pool.submit(self._sync, kept)

    def _sync(self, handle: int) -> None:
        try:
            self._fsync(handle)
        except OSError as error:
            self._fail(error)
        finally:
            os.close(handle)

    def _fail(self, error: Exception) -> None:
        self._failed = True
        _log.error("the recording %s is lost: %s", self.path, error)
