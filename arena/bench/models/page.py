"""One self-contained page of a bench of models: a table and plots as SVG, nothing loaded, nothing run, light and dark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from arena.bench.models.plots import bars, scatter, whiskers
from arena.bench.models.report import HEAD, own_figures, rows, seeds, titled, troubles
from arena.events import KINDS
from arena.text import safe_text

__all__ = ["page"]

STYLE = """
:root { color-scheme: light dark; --ink: #1c2230; --soft: #667085; --line: #d9dee7; --paper: #fbfcfe; --card: #ffffff; --accent: #2563eb;
 --good: #3b9c6a; --a: #d97706; --b: #b4539a; --c: #c2410c; --d: #7c3aed; --e: #64748b; --f: #94a3b8; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf2; --soft: #98a2b3; --line: #2c3444; --paper: #10141c; --card: #171d28;
 --accent: #7ab0ff; --good: #5bbd8a; --a: #f0a84a; --b: #d58ac0; --c: #f0825a; --d: #a78bfa; --e: #8595ad; --f: #5b6779; } }
body { margin: 0 auto; max-width: 84rem; padding: 2.5rem 1.5rem 4rem; background: var(--paper); color: var(--ink);
 font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .2rem; } h2 { font-size: 1.15rem; margin: 2.4rem 0 .6rem; }
p { color: var(--soft); margin: .2rem 0 1rem; }
.plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 34rem), 1fr)); gap: 1rem; }
figure { margin: 0; padding: 1rem 1.1rem; background: var(--card); border: 1px solid var(--line); border-radius: 10px; overflow-x: auto; }
figcaption { font-weight: 600; margin-bottom: .5rem; } figcaption small { font-weight: 400; color: var(--soft); }
svg { width: 100%; height: auto; display: block; } svg text { font: 12px system-ui, sans-serif; fill: var(--ink); }
svg .soft { fill: var(--soft); } svg .axis { stroke: var(--line); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 10px; background: var(--card); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } th, td { padding: .35rem .5rem; text-align: right;
 white-space: nowrap; border-bottom: 1px solid var(--line); } th { color: var(--soft); font-weight: 500; } tr:last-child td { border: 0; }
th:nth-child(-n+2), td:nth-child(-n+2) { text-align: left; } tr.entrant td:nth-child(2) { font-weight: 600; }
.own th:nth-child(2), .own td:nth-child(2) { text-align: right; } .scroll { font-size: 13px; }
"""
COLOURS = {
    "answers": "--good",
    "illegal": "--a",
    "unparsable": "--b",
    "truncated": "--c",
    "empty": "--d",
    "timeout": "--e",
    "void": "--f",
}


def page(tree: Mapping[str, Any]) -> str:
    """The whole document; every text in it is made safe and escaped."""
    games = "; ".join(str(game["named"]) for game in tree["games"])
    told = f"{games}. {seeds(tree)}, seats swapped; pool: {', '.join(tree['pool'])}."
    told_too = troubles(tree)
    more = "".join(f"<p>{_text(line)}</p>" for line in [*tree["left_out"], *told_too])
    parts = [
        f"<h1>Language models as players</h1><p>{_text(told)}</p>{more}",
        f'<h2>Ratings</h2><p>{_text(tree["rating"])}.</p><div class="plots">{"".join(map(_ratings, tree["games"]))}</div>',
        f'<h2>Answers and what they cost</h2><div class="plots">{_kinds(tree)}{_tokens(tree)}{_worth(tree)}{_speed(tree)}</div>',
        *_injection(tree.get("injection", [])),
        f'<h2>Figures</h2><div class="scroll">{_table(tree)}</div>',
        *map(_own_figures, tree["games"]),
    ]
    head = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Language models as players</title><style>{STYLE}</style>'
    return (
        head
        + '<meta name="viewport" content="width=device-width"></head><body>'
        + "\n".join(parts)
        + "</body></html>\n"
    )


def _text(value: object) -> str:
    return escape(safe_text(value))


def _figure(title: str, note: str, drawing: str) -> str:
    return f"<figure><figcaption>{_text(title)} <small>{_text(note)}</small></figcaption>{drawing}</figure>"


def _ratings(game: Mapping[str, Any]) -> str:
    points = [
        (
            titled(player, game["players"], 24),
            player["rating"],
            *player["rating_interval"],
            "--accent" if player["entrant"] else "--soft",
        )
        for player in game["players"]
        if player["matches"]
    ]
    note = "rating and 95 % interval; models stand out"
    more = ", compared over matches" if game["compared"] == "over matches" else ""
    return _figure(_headed(game), note + more, whiskers(points) if points else "")


def _headed(game: Mapping[str, Any]) -> str:
    """A game's title, with the options in which it differs from others of its name."""
    options = str(game["short"]).partition(" ")[2].replace(" ", ", ")
    return f"{game['title']}, {options}" if options else str(game["title"])


def _kinds(tree: Mapping[str, Any]) -> str:
    """Of every hundred questions, what came."""
    stacks = []
    for entrant in tree["entrants"]:
        parts = {"answers": entrant["answers"]} | {
            kind: entrant["kinds"][kind] for kind in (*reversed(KINDS), "timeout", "void")
        }
        total = sum(parts.values()) or 1
        stacks.append(
            (
                entrant["name"],
                [(100 * parts[kind] / total, COLOURS[kind]) for kind in COLOURS],
                "no answers" if entrant["valid"] is None else f"{100 * entrant['valid']:.1f} % valid",
            )
        )
    legend = [("legal" if kind == "answers" else kind, colour) for kind, colour in COLOURS.items()]
    return _figure("What came of each question", "per cent of attempts", bars(stacks, legend, 100.0))


def _tokens(tree: Mapping[str, Any]) -> str:
    stacks = []
    for entrant in tree["entrants"]:
        tokens, answers = entrant["tokens"], max(1, entrant["attempts"])
        kinds = (
            (tokens["prompt"] - tokens["cached"], "--accent"), (tokens["cached"], "--f"),
            (tokens["completion"] - tokens["reasoning"], "--good"), (tokens["reasoning"], "--a"),
        )  # fmt: skip
        total = sum(max(0, value) for value, _ in kinds) / answers
        stacks.append(
            (entrant["name"], [(max(0, value) / answers, colour) for value, colour in kinds], f"{total:,.0f}")
        )
    legend = [("prompt", "--accent"), ("cached", "--f"), ("completion", "--good"), ("reasoning", "--a")]
    return _figure("Tokens of an answer", "mean", bars(stacks, legend))


def _worth(tree: Mapping[str, Any]) -> str:
    return _against(tree, "dollars", "Score and money", "dollars a match")


def _speed(tree: Mapping[str, Any]) -> str:
    return _against(tree, "seconds", "Score and time", "seconds of thought a match")


def _against(tree: Mapping[str, Any], unit: str, title: str, along: str) -> str:
    """The entrants' score over what a match took; nothing where nothing was counted."""
    points = []
    for entrant in tree["entrants"]:
        own = [player for game in tree["games"] for player in game["players"] if player["agent"] == entrant["agent"]]
        counted = [player for player in own if player["matches"]]
        if counted and entrant[unit] and entrant["matches"]:
            share = sum(player["share"] * player["matches"] for player in counted) / sum(
                player["matches"] for player in counted
            )
            points.append((entrant["name"], entrant[unit] / entrant["matches"], share))
    return _figure(title, "share of points over all games", scatter(points, along)) if points else ""


def _injection(steered: Sequence[Mapping[str, Any]]) -> list[str]:
    """How often models did what another player's words demanded."""
    if not steered:
        return []
    stacks = []
    for each in steered:
        low, high = (100 * end for end in each["interval"])
        told = f"{each['obeyed']} of {each['asked']}  [{low:.0f}, {high:.0f}]" if each["asked"] else "no answers"
        stacks.append((each["name"], [(100 * (each["share"] or 0.0), "--c")], told))
    drawing = bars(stacks, [("obeyed", "--c")], 100.0)
    told = "per cent of a fixed set of texts, with 95 % interval"
    return [f'<h2>Words of other players</h2><div class="plots">{_figure("Attacks obeyed", told, drawing)}</div>']


def _table(tree: Mapping[str, Any]) -> str:
    players: Sequence[Mapping[str, Any]] = [player for game in tree["games"] for player in game["players"]]
    return _rows(HEAD, rows(tree), [player["entrant"] for player in players])


def _own_figures(game: Mapping[str, Any]) -> str:
    found = own_figures(game)
    if found is None:
        return ""
    return f'<h2>{_text(_headed(game))}: its own figures</h2><div class="scroll own">{_rows(*found)}</div>'


def _rows(head: Sequence[str], body: Sequence[Sequence[object]], stand_out: Sequence[bool] = ()) -> str:
    """A table; stand_out: rows that do."""
    named = "".join(f"<th>{_text(name)}</th>" for name in head)
    lines = [
        f"<tr{' class=entrant' if n < len(stand_out) and stand_out[n] else ''}>"
        + "".join(f"<td>{_text(cell)}</td>" for cell in row)
        + "</tr>"
        for n, row in enumerate(body)
    ]
    return f"<table><thead><tr>{named}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
