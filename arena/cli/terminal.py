"""Whether there is a terminal that a screen can be drawn on."""

from __future__ import annotations

import os
import sys

__all__ = ["draws"]


def draws() -> bool:
    """Whether input and output are one that can place a cursor; a "dumb" one, as editors have, gets plain lines."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
