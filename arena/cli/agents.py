"""`arena agents`: the players that are installed, their options, and which games each can play."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from arena.cli import loading
from arena.cli.tables import option_rows, option_trees, table
from arena.text import safe_text
from envs.errors import UserError

__all__ = ["command"]

SCHEMA = "palaestra.agents/1"


@dataclass
class Player:
    """One player as it is listed. `games` it can play, `refused` the others with the reason, `broken` why it cannot be loaded."""

    name: str
    title: str = ""
    help: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    games: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    broken: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def command(as_json: bool) -> int:
    """List the players and their options.

    Besides the names listed, an agent may be "module:name" or "path/to/file.py:name", a function of an Ask; options follow a question
    mark: "mcts?simulations=400".
    """
    players = _players()
    if as_json:
        trees = [vars(player) | {"options": option_trees(player.options)} for player in players]
        click.echo(json.dumps({"schema": SCHEMA, "agents": trees}, indent=2))
    else:
        click.echo(_listing(players))
    return 0


def _players() -> list[Player]:
    """Every named player, tried on every game."""
    from envs import registry  # noqa: PLC0415  (help is shown without it)

    games = {}
    for name in registry.names():
        try:
            games[name] = registry.game(name, plain=True)
        except UserError:
            continue  # `arena envs` says why
    return [_player(name, games) for name in loading.load("agents:names")()]


def _player(name: str, games: dict[str, Any]) -> Player:
    try:
        maker = loading.load("agents:load")(name)
    except UserError as error:
        return Player(name, broken=str(error))
    player = Player(name, maker.title, maker.help, dict(maker.declared))
    for game, rules in games.items():
        try:
            maker.fits(rules)
        except UserError as error:
            player.refused[game] = str(error)
        else:
            player.games.append(game)
    return player


def _listing(players: Sequence[Player]) -> str:
    able = [player for player in players if not player.broken]
    rows = [(player.name, _games(player), player.help) for player in able]
    lines = [table(("name", "plays", "what it is"), rows)]
    options = [row for player in able for row in option_rows(player.name, player.options)]
    if options:
        lines += ["", table(("agent", "option", "default", "allowed"), options)]
    broken = [player for player in players if player.broken]
    lines += [""] * bool(broken)
    lines += [f"cannot be loaded: {safe_text(player.name)}: {safe_text(player.broken)}" for player in broken]
    lines += ["", 'options follow a question mark: arena play connect_four "mcts?simulations=400" random']
    return "\n".join(lines)


def _games(player: Player) -> str:
    """ "all games", or the shorter of what it plays and what it does not."""
    if not player.refused:
        return "all games"
    if len(player.refused) < len(player.games):
        return "all but " + ", ".join(player.refused)
    return ", ".join(player.games) or "none of the games"
