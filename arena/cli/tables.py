"""What listings share: tables as wide as their widest cells with foreign text made safe, and options in words and as trees."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from arena.text import cell_width, safe_text

if TYPE_CHECKING:
    from envs.spec import Option

__all__ = ["folded", "option_rows", "option_trees", "room_of", "table"]


def room_of(output: IO[str]) -> int | None:
    """Columns of the terminal that is written to; None where it is none, and lines may have any length."""
    try:
        return os.get_terminal_size(output.fileno()).columns if output.isatty() else None
    except (OSError, ValueError):
        return None


def table(head: Sequence[str], rows: Sequence[Sequence[object]], right: str = "", most: int = 60) -> str:
    """Lines with the columns side by side, two spaces apart.

    right: the letters r and l, one a column, say which columns are flush right (left by default). A cell longer than `most` is cut,
    except in the last column.
    """
    last = len(head) - 1
    cells = [
        [safe_text(cell, width=None if column == last else most) for column, cell in enumerate(row)]
        for row in (head, *rows)
    ]
    widths = [max(cell_width(row[column]) for row in cells) for column in range(len(head))]
    return "\n".join(_line(row, widths, right) for row in cells)


def folded(head: Sequence[str], rows: Sequence[Sequence[object]], right: str, keys: int, columns: int | None) -> str:
    """A table that is wider than `columns` as several, one below the other, each with the first `keys` columns; what is empty in every row
    is left out of those. columns: None for no limit.
    """
    if columns is None or max(map(cell_width, table(head, rows, right).split("\n"))) <= columns:
        return table(head, rows, right)
    widths = [max(cell_width(safe_text(row[n])) for row in (head, *rows)) for n in range(len(head))]
    parts: list[list[int]] = []
    room = 0
    for n in range(keys, len(head)):
        if any(row[n] != "" for row in rows):
            if widths[n] + 2 > room:
                parts.append(list(range(keys)))
                room = columns - sum(widths[:keys]) - 2 * (keys - 1)
            parts[-1].append(n)
            room -= widths[n] + 2
    return "\n\n".join(
        table([head[n] for n in part], [[row[n] for n in part] for row in rows], "".join(right[n] for n in part))
        for part in parts
    )


def _line(row: Sequence[str], widths: Sequence[int], right: str) -> str:
    parts = []
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        gap = " " * (width - cell_width(cell))
        parts.append(gap + cell if right[column : column + 1] == "r" else cell + gap)
    return "  ".join(parts).rstrip()


def option_rows(owner: str, options: Mapping[str, Option]) -> list[tuple[str, str, str, str]]:
    """One row an option: whose it is, its name, its default, what is allowed and what for."""
    return [
        (owner, name, _written(option.default), f"{option.allowed}: {option.help}" if option.help else option.allowed)
        for name, option in options.items()
    ]


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def option_trees(options: Mapping[str, Option]) -> dict[str, dict[str, Any]]:
    """Options as plain values for JSON."""
    fields = ("default", "low", "high", "choices", "help")
    return {name: {field: getattr(option, field) for field in fields} for name, option in options.items()}
