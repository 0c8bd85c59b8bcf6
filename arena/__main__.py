"""The door of the command line: `arena ...` and `python -m arena ...`."""

from __future__ import annotations

import sys

from arena.cli import run

__all__ = ["main"]


def main() -> None:
    """Run the command line on this process's arguments and exit with its code."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
