"""How matches stand in the lists of the lobby: columns, rows, and what is said where there are none."""

from __future__ import annotations

from collections.abc import Iterable

from replays.index import Listed
from tui.library import age
from tui.lines import Line, Span
from tui.watched import Watched, named, points
from tui.widgets.rows import Column, Row

__all__ = [
    "NONE_MATCH",
    "NONE_RECORDED",
    "NONE_RUNNING",
    "RECORDED",
    "RUNNING",
    "compact",
    "played",
    "recorded_row",
    "running_row",
]

RUNNING = (
    Column("", 1), Column("id", 4, drop=4), Column("game", 13), Column("agents"), Column("step", 6, right=True),
    Column("score", 9, right=True, drop=3),
)  # fmt: skip
RECORDED = (
    Column("", 1), Column("game", 13), Column("agents"), Column("result", 12), Column("steps", 6, right=True, drop=3),
    Column("age", 6, right=True, drop=2),
)  # fmt: skip
NONE_RUNNING = ("Nothing is running.", "Press n to start a match.")
NONE_RECORDED = ("No recordings yet.", "Every match that is watched is recorded here.", "Press n to start one.")
NONE_MATCH = ("No recording meets the filter.", "Press / to change it, escape to clear it.")
_NAME_WIDE = 16
_FOREIGN = ("pettingzoo", "gymnasium")


def compact(agent: str) -> str:
    """An address in few cells: "mcts?simulations=400" is "mcts 400", "bots/mine.py:Player" is "Player"."""
    name, _, options = named(agent).partition("?")
    values = " ".join(option.partition("=")[2] for option in options.split("&") if option)
    short = f"{name.rpartition(':')[2]} {values}".strip()
    return short if len(short) <= _NAME_WIDE else short[: _NAME_WIDE - 1] + "…"


def played(game: str) -> str:
    """A game's name in few cells: "pettingzoo:pettingzoo.classic.chess_v6" is "chess_v6"."""
    home, _, name = game.rpartition(":")
    return (name.rpartition(".")[2] if home in _FOREIGN else name) or game or "?"


def _versus(agents: Iterable[str], winner: int | None = None) -> Line:
    """ "mcts v scripted", the winner in bold."""
    line: list[Span] = []
    for n, agent in enumerate(agents):
        line += [Span(" v ", "muted")] * (n > 0)
        line.append(Span(compact(agent), "good" if n == winner else "text", n == winner))
    return line


def running_row(watched: Watched) -> Row:
    trouble: Line = [Span("!", "bad", True)] if watched.troubled else []
    cells: tuple[Line, ...] = (
        trouble, [Span(watched.path.stem[-4:], "muted")], [Span(played(watched.game))], _versus(watched.agents),
        [Span(str(watched.tape.last))], [Span(watched.score, "gold")],
    )  # fmt: skip
    return Row(str(watched.path), cells)


def recorded_row(row: Listed, now: float) -> Row:
    trouble: Line = [Span("!", "bad", True)] if row.causes or row.refusals or row.problem or row.damaged else []
    cells: tuple[Line, ...] = (
        trouble, [Span(played(row.game))], _versus(row.agents, _winner(row)) if row.agents else [Span(row.path.name, "muted")],
        [_result(row)], [Span(str(row.ticks), "muted")], [Span(age(now - row.created) if row.created else "", "muted")],
    )  # fmt: skip
    return Row(str(row.path), cells)


def _winner(row: Listed) -> int | None:
    """Who won; alone nobody wins."""
    return row.winner if len(row.agents) > 1 else None


def _result(row: Listed) -> Span:
    """Scores of a match that was played, or why there are none."""
    if row.problem:
        return Span("unreadable", "bad")
    if not row.finished:
        return Span("broken off", "gold")
    if row.causes:
        return Span(row.causes, "bad")
    if row.reason in ("aborted", "void"):
        return Span(row.reason, "muted")
    return Span(points(row.scores), "gold")
