"""Players without learning or search: `Random`, `First`, and `Scripted`, which has a way to play each of several games.

Each game's way is one file in `agents/players`, named like the game, with `act(ask, options) -> Reply`; it sees the
Ask and nothing else. Randomness comes from `ask.key`, so equal asks get equal answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from agents import pane
from arena.agent import Ask, Reply
from envs import keys
from envs.errors import UserError
from envs.game import Game
from envs.spec import Option, Text

__all__ = ["First", "Random", "Scripted", "players"]

ATTACKERS = ("plain", "checking", "forewarned", "strategic")
SEARCHERS = ("careful", "greedy", "walk")
DEFENDERS = ("tracker", "refuse", "honest", "vague", "random", "liar1", "liar2", "liar3")

Act = Callable[[Ask, Mapping[str, Any]], Reply]


def _demand_integers(who: str, game: Game) -> None:
    if any(isinstance(role.actions, Text) for role in game.spec.roles):
        raise UserError(f"{who} writes no texts, and {game.id} has a seat that answers in text: choose another agent")


class Random:
    """Uniform over what is legal; in a text seat, one of the texts that the game gives as examples."""

    title = "Random"
    OPTIONS: ClassVar[Mapping[str, Option]] = {}

    @staticmethod
    def fits(game: Game) -> None:
        if not game.can("example"):
            _demand_integers("random", game)

    def __call__(self, ask: Ask) -> Reply:
        if ask.legal.form is not None:
            return _example(ask)
        action = ask.legal.sample(ask.key)
        if len(ask.legal.sizes) == 1 and ask.legal.bounds is None:
            return pane.answer(ask, action[0], _of(len(ask.legal)), weights=dict.fromkeys(ask.legal, 1.0))
        others = [ask.legal.sample(keys.fold(ask.key, 1 + i)) for i in range(3)]
        drawn = list({tuple(each): each for each in (action, *others)}.values())
        notes = {
            "policy": pane.uniform(ask, drawn),
            "value": 0.0,
            "why": "drawn uniformly; others that might have been are shown",
        }
        return Reply([action], notes=notes)


def _example(ask: Ask) -> Reply:
    """Raises UserError when the game gives no example that it allows."""
    texts = [text for text in ask.game.example(ask.obs, ask.seat, ask.key) if text in ask.legal]
    if not texts:
        raise UserError(
            f"{ask.game.id} gives no example of a text that is legal now ({ask.legal.form}): choose another agent"
        )
    text = texts[keys.below(ask.key, len(texts))]
    shares = [(ask.game.name(each, ask.obs), 1.0 / len(texts)) for each in texts]
    return Reply([text], notes={"policy": shares[: pane.SHOWN], "value": 0.0, "why": "one of the game's example texts"})


def _of(count: int) -> str:
    return "the only legal action" if count == 1 else f"drawn uniformly from {count} legal actions"


class First:
    """The lowest legal action, always: the simplest player to reason about in tests."""

    title = "First"
    OPTIONS: ClassVar[Mapping[str, Option]] = {}

    @staticmethod
    def fits(game: Game) -> None:
        _demand_integers("first", game)

    def __call__(self, ask: Ask) -> Reply:
        action = [values[0] for values in ask.legal.factors]
        if len(action) == 1:
            return pane.answer(ask, action[0], "the first legal action")
        return Reply(
            [action], notes={"policy": pane.uniform(ask, [action]), "value": 0.0, "why": "the first legal action"}
        )


@cache
def players() -> dict[str, str]:
    """The games that `Scripted` plays, and the module of each."""
    files = sorted((Path(__file__).parent / "players").glob("[a-z]*.py"))
    return {file.stem: f"agents.players.{file.stem}" for file in files}


class Scripted:
    """One fixed way to play each of several games, worth beating."""

    title = "Scripted"
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "alpha": Option(
            1 / 3, 0.0, 1 / 3, help="Kuhn poker: how often a jack bets first (any value is an equilibrium)"
        ),
        "attacker": Option("plain", choices=ATTACKERS, help="double agent: how the attacker asks and trusts"),
        "defender": Option("tracker", choices=DEFENDERS, help="double agent: how the defender answers"),
        "style": Option(
            "expert",
            choices=("expert", "greedy", "valid-random", "random", "nothing", "strong", "fair", "weak"),
            help="tower defence and siege: how to play",
        ),
        "searching": Option("careful", choices=SEARCHERS, help="search: how to dig for questions and answers"),
    }

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.act: Act | None = None

    @staticmethod
    def fits(game: Game) -> None:
        if game.spec.name not in players():
            others = "random, mcts or minimax"
            raise UserError(
                f"scripted has no play for {game.spec.name}, only for {', '.join(players())}: choose {others}"
            )
        demand = getattr(import_module(players()[game.spec.name]), "fits", None)
        if demand is not None:
            demand(game)

    def __call__(self, ask: Ask) -> Reply:
        """Raises UserError in a game without a script."""
        if self.act is None:
            self.fits(ask.game)
            self.act = import_module(players()[ask.game.spec.name]).act
        return self.act(ask, self.options)
