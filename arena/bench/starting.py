"""Sides that are a process from its start to its end."""

from __future__ import annotations

import subprocess
import sys

from arena.bench.sides import Work, steady

__all__ = ["command"]


def command(arguments: list[str]) -> Work:
    """Python with these arguments, started again and again; counts processes. CalledProcessError when one fails."""

    def batch() -> int:
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True, timeout=120)
        return 1

    return steady(batch)
