"""What listings share: tables as wide as their widest cells with foreign text made safe, and options in words and as trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from arena.text import cell_width, safe_text

if TYPE_CHECKING:
    from envs.spec import Option

__all__ = ["option_rows", "option_trees", "table"]


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
