"""What a running tournament shows in a terminal: a bar, and the table of the game in which something has just happened.

Where the output is no terminal it says nothing. The table is folded anew at most once a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, Self

from arena.cli.ranking import count_of
from arena.store import Played
from arena.text import safe_text
from arena.tournament.account import table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from arena.standings import Standing
    from arena.tournament.run import Run

__all__ = ["Scoreboard"]

_STYLES = ("dim", "bold", "yellow", "cyan", "dim", "", "", "", "red")
_HEAD = ("#", "agent", "rating", "", "games", "won", "drawn", "lost", "forfeits")
_SECONDS = 1.0
_BAR, _SHORT_BAR, _WIDE = 18, 10, 100
_OTHERS, _SHORTEST = 51, 12
"""Columns of all that stands beside an agent's name and the bar, and of the shortest name."""


class Scoreboard:
    """A context; `add` each result. clock: seconds."""

    def __init__(self, run: Run, output: IO[str], clock: Callable[[], float] = time.monotonic) -> None:
        self._run, self._clock = run, clock
        self._results: dict[int, list[Played]] = {n: [] for n in range(len(run.plan.divisions))}
        for played in run.store.results():
            self._results[played.division].append(played)
        self._latest, self._due = 0, 0.0
        self._live: Any = self._made(output) if output.isatty() else None

    def _made(self, output: IO[str]) -> Any:
        from rich.console import Console  # noqa: PLC0415  (43 ms that a pipe does not pay)
        from rich.live import Live  # noqa: PLC0415
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}"),
            BarColumn(complete_style="cyan", finished_style="green"),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns)
        self._task = self._bar.add_task(self._run.plan.name, total=self._run.total, completed=self._run.done)
        return Live(self._bar, console=Console(file=output), transient=True, auto_refresh=False)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def add(self, played: Played) -> None:
        """One more result."""
        self._results[played.division].append(played)
        self._latest = played.division
        if self._live is not None and self._clock() >= self._due:
            self._bar.update(self._task, completed=self._run.done)
            self._live.update(self._shown(), refresh=True)
            self._due = self._clock() + _SECONDS

    def _shown(self) -> RenderableType:
        """The bar with the table of the latest game below it, as much as the terminal has room for."""
        from rich.console import Group  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        division = self._run.plan.divisions[self._latest]
        made = table(division, self._results[self._latest], resamples=0, trend=False)
        grid = Table(box=None, pad_edge=False, header_style="dim", title_justify="left", title_style="bold")
        grid.title = Text(f"{safe_text(division.game)}  {count_of(made.matches)}")
        for name in _HEAD:
            least = None if name in ("agent", "") else len(name)
            grid.add_column(name, justify="right" if least else "left", no_wrap=True, min_width=least)
        standings = [standing for ladder in made.ladders for standing in ladder.standings if standing.matches]
        size = self._live.console.size
        room, bar = max(3, size.height - 6), _BAR if size.width >= _WIDE else _SHORT_BAR
        wide = min(max(size.width - _OTHERS - bar, _SHORTEST), 32)
        most = max((abs(standing.rating - 1500) for standing in standings), default=1.0) or 1.0
        for place, standing in enumerate(standings[:room], 1):
            grid.add_row(
                *(
                    Text(cell, style)
                    for cell, style in zip(_row(place, standing, most, wide, bar), _STYLES, strict=True)
                )
            )
        return Group(self._bar, grid)


def _row(place: int, standing: Standing, most: float, wide: int, bar: int) -> list[str]:
    """The cells of a row; wide, bar: columns of the name and of the bar."""
    half = round(bar / 2 * (standing.rating - 1500) / most)
    drawn = " " * (bar // 2 + min(half, 0)) + "━" * abs(half)
    counts = (standing.matches, standing.won, standing.drawn, standing.lost, standing.forfeits)
    return [
        str(place),
        safe_text(standing.player.agent, width=wide),
        f"{standing.rating:.0f}",
        f"{drawn:<{bar}}",
        *(str(count) if count else "" for count in counts),
    ]
