"""How a table of ratings looks: rows with intervals as bars, the matrix of meetings, the page of one player. Pure functions of a table.

The matrix is blue where the row has more of the points and orange where it has fewer: two colours that colour-blind readers tell apart,
and the figures stand in the cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from arena.spending import worth
from arena.standings import Meeting, Player, Standing, Table
from arena.statistics import wilson
from arena.text import cell_width, safe_text
from tui.lines import Line, Span, paste, write, write_lines
from tui.listing import compact
from tui.sheet import Cells, look, mix, named
from tui.widgets.rows import Column, Row
from tui.widgets.sparkline import Plot, Series, braille_text, line_cells, span_of

__all__ = ["Matrix", "ladder_columns", "ladder_rows", "matrix_cells", "meeting_words", "player_cells"]

_AHEAD, _BEHIND = "accent", "seat5"
_NAME, _LEAST, _MOST = 16, 7, 13
"""Cells of a name at the left, and of a column of the matrix."""
_TREND = 10


# ------------------------------------------------------------------ the ladder
@dataclass(frozen=True)
class _Scale:
    """Ratings from `low` to `high` on `columns` cells."""

    low: float
    high: float
    columns: int

    @classmethod
    def over(cls, standings: Sequence[Standing], columns: int) -> _Scale:
        played = [each for each in standings if each.matches]
        low = min((each.low for each in played), default=1400.0)
        high = max((each.high for each in played), default=1600.0)
        return cls(low, high if high > low else low + 1, columns)

    def at(self, rating: float) -> int:
        share = (rating - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 1.0) * (self.columns - 1))


def _bar_wide(columns: int) -> int:
    return 34 if columns >= 110 else 16 if columns >= 70 else 12


def ladder_columns(standings: Sequence[Standing], columns: int) -> tuple[Column, ...]:
    """The columns of a list that is `columns` cells wide; the head of the bars says from where to where they go."""
    wide = _bar_wide(columns)
    scale = _Scale.over(standings, wide)
    low, high = f"{scale.low:.0f}", f"{scale.high:.0f}"
    return (
        Column("#", 2, right=True), Column("agent"), Column("rating", 6, right=True),
        Column(f"{low}{high:>{wide - len(low)}}", wide, drop=1),
        Column("games", 5, right=True, drop=4), Column("won", 4, right=True), Column("drew", 4, right=True, drop=6),
        Column("lost", 4, right=True, drop=5), Column("forf", 4, right=True, drop=2), Column("trend", _TREND, drop=3),
    )  # fmt: skip


def ladder_rows(standings: Sequence[Standing], columns: int) -> list[Row]:
    """A row for each player; keys are places."""
    scale = _Scale.over(standings, _bar_wide(columns))
    return [Row(str(n), _cells(n + 1, each, scale)) for n, each in enumerate(standings)]


def _cells(place: int, each: Standing, scale: _Scale) -> tuple[Line, ...]:
    shares = [
        f"{100 * count / each.matches:.0f}%" if each.matches else "" for count in (each.won, each.drawn, each.lost)
    ]
    counts: list[Line] = [[Span(share, "muted" if share == "0%" else "text")] for share in shares]
    forfeits = Span(f"{100 * each.rate(each.forfeits)[0]:.0f}%", "bad", True) if each.forfeits else Span("0", "muted")
    rating = f"{each.rating:.0f}" if each.matches else "-"
    return (
        [Span(str(place), "muted")], [Span(compact(each.player.agent), "text", place == 1)], [Span(rating, "gold", True)],
        _bar(each, scale), [Span(str(each.matches), "muted")], *counts, [forfeits],
        [Span(braille_text(each.trend, _TREND), "good")],
    )  # fmt: skip


def _bar(each: Standing, scale: _Scale) -> Line:
    """The interval as a line with the rating on it; a broken line marks the ladder's mean."""
    glyphs = [" "] * scale.columns
    colours = ["grid"] * scale.columns
    glyphs[scale.at(1500)] = "┊"
    if not each.matches:
        return [Span(glyph, colour) for glyph, colour in zip(glyphs, colours, strict=True)]
    left, middle, right = scale.at(each.low), scale.at(each.rating), scale.at(each.high)
    for x in range(left, right + 1):
        glyphs[x], colours[x] = "─", "accent"
    glyphs[left], glyphs[right] = "├", "┤"
    glyphs[middle], colours[middle] = "●", "gold"
    return [Span(glyph, colour, colour == "gold") for glyph, colour in zip(glyphs, colours, strict=True)]


# ------------------------------------------------------------------ the matrix
@dataclass(frozen=True)
class Matrix:
    """Who is shown against whom, and the cell that the cursor is on (row, column)."""

    rows: tuple[Player, ...]
    columns: tuple[Player, ...]
    meetings: Mapping[tuple[Player, Player], Meeting]
    at: tuple[int, int] = (0, 0)

    @classmethod
    def of(cls, table: Table, ladder: int, at: tuple[int, int] = (0, 0)) -> Matrix:
        """The players of one ladder against everybody whom they have met, each in the order of the ladders."""
        rows = tuple(each.player for each in table.ladders[ladder].standings)
        met = {pair[1] for pair in table.meetings if pair[0] in rows}
        every = [each.player for part in table.ladders for each in part.standings]
        columns = tuple(player for player in every if player in met) or rows
        return cls(rows, columns, table.meetings, (min(at[0], len(rows) - 1), min(at[1], len(columns) - 1)))

    @property
    def pair(self) -> tuple[Player, Player]:
        return self.rows[self.at[0]], self.columns[self.at[1]]

    def moved(self, down: int, right: int) -> Matrix:
        """The cursor somewhere else, within the matrix."""
        row = min(max(self.at[0] + down, 0), len(self.rows) - 1)
        column = min(max(self.at[1] + right, 0), len(self.columns) - 1)
        return Matrix(self.rows, self.columns, self.meetings, (row, column))


def meeting_words(matrix: Matrix) -> str:
    """What the cursor stands on."""
    first, second = matrix.pair
    meeting = matrix.meetings.get(matrix.pair)
    if meeting is None:
        return "" if first == second else f"{compact(first.agent)} and {compact(second.agent)} have not met"
    low, high = wilson(meeting.won, meeting.matches)
    counts = f"{meeting.won} won  {meeting.drawn} drawn  {meeting.lost} lost"
    return f"{compact(first.agent)} v {compact(second.agent)}: {counts}  wins {100 * low:.0f} to {100 * high:.0f} %"


def _window(at: int, count: int, room: int) -> range:
    """Which of `count` things are shown where there is room for `room`, so that `at` is one of them."""
    room = max(room, 1)
    first = min(max(at - room // 2, 0), max(count - room, 0))
    return range(first, min(first + room, count))


def matrix_cells(matrix: Matrix, columns: int, rows: int, palette: str, active: bool) -> Cells:
    """The matrix with names at the top and at the left; what does not fit follows the cursor."""
    cells = Cells.blank(columns, rows)
    name, wide = min(_NAME, max(columns // 4, 6)), _cell_wide(matrix)
    across = _window(matrix.at[1], len(matrix.columns), (columns - name - 1) // (wide + 1))
    down = _window(matrix.at[0], len(matrix.rows), rows - 1)
    for n, column in enumerate(across):
        label = safe_text(compact(matrix.columns[column].agent), width=wide)
        here = column == matrix.at[1] and active
        x = name + 1 + n * (wide + 1) + max(wide - cell_width(label), 0) // 2
        write(cells, x, 0, [Span(label, "text" if here else "muted", here)], palette)
    for m, row in enumerate(down, 1):
        here = row == matrix.at[0] and active
        write(
            cells, 0, m, [Span(compact(matrix.rows[row].agent), "text" if here else "muted", here)], palette, width=name
        )
        for n, column in enumerate(across):
            text, style = _cell(matrix, (row, column), wide, palette, active)
            cells.write(name + 1 + n * (wide + 1), m, text, style)
    return cells.mend()


def _cell_wide(matrix: Matrix) -> int:
    """An odd number of cells that the names fit, within bounds."""
    longest = max((len(compact(player.agent)) for player in matrix.columns), default=0)
    return min(max(longest, _LEAST), _MOST) | 1


def _cell(matrix: Matrix, place: tuple[int, int], wide: int, palette: str, active: bool) -> tuple[str, int]:
    """The words of a cell and their look; the cursor is a pair of brackets."""
    pair = matrix.rows[place[0]], matrix.columns[place[1]]
    meeting = matrix.meetings.get(pair)
    text = f"{100 * meeting.share:.0f}" if meeting else "·" if pair[0] == pair[1] else ""
    here = place == matrix.at and active
    shade, ink = _shade(meeting, palette)
    if here and not meeting:
        ink = named("text", palette)
    return (f"[{text:^{wide - 2}}]" if here else f"{text:^{wide}}"), look(ink, shade, bold=here)


def _shade(meeting: Meeting | None, palette: str) -> tuple[int, int]:
    """Ground and ink of a cell: the farther from an even score, the stronger."""
    plain, text = named("hole", palette), named("text", palette)
    if meeting is None:
        return named("background", palette), named("muted", palette)
    level = min(4, round(8 * abs(meeting.share - 0.5)))
    if not level:
        return plain, text
    ground = mix(plain, named(_AHEAD if meeting.share > 0.5 else _BEHIND, palette), level)
    return ground, named("ink", palette) if level > 1 else text


# ------------------------------------------------------------------ one player
def player_cells(
    each: Standing,
    table: Table,
    columns: int,
    rows: int,
    palette: str,
    mixture: Mapping[Player, Fraction] | None = None,
) -> Cells:
    """Rating and places, rates of what went wrong with intervals, best and worst opponent, the running rating as a line."""
    cells = Cells.blank(columns, rows)
    lines = _facts(each) + _opponents(each, table)
    share = (mixture or {}).get(each.player)
    if share is not None:
        lines.append(
            [Span(f"{100 * float(share):.0f} %", "text", True), Span(" of the mixture that nobody beats", "muted")]
        )
    write_lines(cells, lines[:rows], palette)
    left = rows - len(lines) - 1
    if left >= 3 and len(each.trend) > 1:
        trend = [Series("", each.trend, "good")]
        write(cells, 0, len(lines) + 1, [Span(f"running rating, {span_of(trend)}", "muted")], palette)
        paste(cells, line_cells(Plot(trend), columns, min(left - 1, 8), palette), 0, len(lines) + 2)
    return cells


def _facts(each: Standing) -> list[Line]:
    best, worst = each.places
    places = f"place {best}" if best == worst else f"place {best} to {worst}"
    lines: list[Line] = [
        [Span(f"{each.rating:.0f}", "gold", True), Span(f"  {each.low:.0f} to {each.high:.0f}  {places}", "muted")],
        [
            Span(f"mean {each.mean:+.3f} points", "text"),
            Span(f"  running {each.running:.1f} ± {each.sigma:.1f}", "muted"),
        ],
    ]
    for word, count in (("forfeits", each.forfeits), ("illegal", each.faults["illegal"]), ("void", each.uncounted)):
        share, low, high = each.rate(count)
        told = f"{word:<9}{100 * share:5.1f} %"
        lines.append([Span(told, "bad" if count else "text"), Span(f"  {100 * low:.1f} to {100 * high:.1f}", "muted")])
    lines.append([Span(f"{'refused':<9}{each.refused:5d} answers", "bad" if each.refused else "text")])
    if each.modes:
        lines.append(
            [Span(f"{'runs':<9}", "text"), Span(", ".join(mode for mode, _ in each.modes.most_common()), "muted")]
        )
    if each.spent.tokens:
        both = ((each.per_dollar, "a dollar"), (each.per_second, "a second"))
        told = "  ".join(f"{worth(value)} {of}" for value, of in both if value is not None)
        lines.append([Span(f"{'score':<9}", "text"), Span(told, "muted")])
    return lines


def _opponents(each: Standing, table: Table) -> list[Line]:
    met = sorted(
        ((meeting.share, pair[1]) for pair, meeting in table.meetings.items() if pair[0] == each.player), reverse=True
    )
    if not met:
        return [[Span("No match yet.", "muted")]]
    named_ = [("best", *met[0]), ("worst", *met[-1])][: 2 if len(met) > 1 else 1]
    return [
        [Span(f"{word:<6}", "muted"), Span(f"{100 * share:3.0f} % ", "text", True), Span(compact(other.agent), "text")]
        for word, share, other in named_
    ]
