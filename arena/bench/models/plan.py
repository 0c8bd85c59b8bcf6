"""Who meets whom: every entrant against every member of the pool, and the pool among itself, on the same seeds in all seats.

In most games players are compared within a match. Where a seat has no adversary, because it is the only one or because roles earn apart
from each other, they are compared over matches: who earned more in the same seat, on the same seed, beside the same others. There the
pool also sits beside itself, so that an entrant is compared with each member in that member's own place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from arena.schedule import Pairing, rotations
from envs.errors import UserError
from envs.game import Game
from envs.options import address, split

__all__ = ["Duel", "Field", "Plan", "addresses", "labels", "short"]

BUILT_IN = "plain"
"""What --prompts takes for the prompts that are built in."""


@dataclass(frozen=True)
class Duel:
    """One match: the game, the pairing, and the group of matches that share its players and seed."""

    game: str
    pairing: Pairing
    group: int


@dataclass(frozen=True)
class Field:
    """A game of the plan, and who of the pool can play it."""

    game: Game
    pool: tuple[str, ...]

    @property
    def apart(self) -> bool:
        """Whether players are compared over matches and not within one."""
        spec = self.game.spec
        return spec.seats == 1 or (len(spec.roles) > 1 and "zero_sum" not in spec.traits)

    @property
    def points(self) -> tuple[float, float] | None:
        """The range of a seat's points where players are compared over matches."""
        return self.game.spec.points if self.apart else None


@dataclass(frozen=True)
class Plan:
    """games, entrants and pool by address; pairs: seeds for each two of them, from `seed` on; each is played once in every seat."""

    games: tuple[str, ...]
    entrants: tuple[str, ...]
    pool: tuple[str, ...]
    pairs: int
    seed: int

    def duels(
        self, name: str, field: Field, entrants: Sequence[str], first: int = 0, last: int | None = None
    ) -> list[Duel]:
        """The matches of these entrants with seeds first to last (exclusive), numbered from 0. Where a game has more than two seats, one
        side has one of them and the other the rest.
        """
        found: list[Duel] = []
        seats = field.game.seats
        for group, (agents, k) in enumerate(
            product(_tables(field, entrants), range(first, self.pairs if last is None else last))
        ):
            turns = seats if len(set(agents)) > 1 else 1
            for pairing in rotations(agents, turns, self.seed + k):
                found.append(Duel(name, Pairing(len(found), pairing.seats, pairing.players, self.seed + k), group))
        return found


def _tables(field: Field, entrants: Sequence[str]) -> Iterator[list[str]]:
    """Who sits together."""
    seats, pool = field.game.seats, field.pool
    if seats == 1:
        yield from ([player] for player in (*entrants, *pool))
        return
    for entrant in entrants:
        yield from ([entrant] + [other] * (seats - 1) for other in pool)
    for i, one in enumerate(pool):
        yield from ([one] + [other] * (seats - 1) for other in (pool if field.apart else pool[i + 1 :]))


def addresses(
    models: Sequence[str], options: Sequence[str], prompts: Sequence[str], each: Sequence[Mapping[str, str]] = ({},)
) -> tuple[str, ...]:
    """Entrants from what a user names: a model, or a whole address ("llm?model=..."); one for each file of prompts and each settings.

    options: KEY=VALUE for all models that are no whole address; prompts: files, or "plain" for the built-in ones. UserError for an option
    without a value, and where there is no model.
    """
    if not models:
        raise UserError("no model to measure: give --models NAME,NAME")
    given = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals:
            raise UserError(f"{option!r} is no option: write --option KEY=VALUE")
        given[key] = value
    # Names of models may hold a colon or a slash, as addresses do: only these marks tell them apart.
    named = [model if "?" in model or ".py" in model else None for model in models]
    whole = [name or address("llm", {"model": model} | given) for name, model in zip(named, models, strict=True)]
    files = ["" if file == BUILT_IN else file for file in prompts] or [""]
    more = [({"prompts": file} if file else {}) | dict(settings) for file in files for settings in each]
    return tuple(dict.fromkeys(_with(entrant, settings) for entrant in whole for settings in more))


def _with(entrant: str, settings: Mapping[str, str]) -> str:
    name, options = split(entrant)
    return address(name, {**options, **settings}) if settings else entrant


def labels(entrants: Sequence[str]) -> dict[str, str]:
    """Entrant -> a short name: its model and, where that is not enough, the options in which it differs."""
    parts = {entrant: split(entrant) for entrant in entrants}
    differing = _differing([options for _, options in parts.values()]) - {"model", "base_url", "key_env"}
    found = {
        entrant: " ".join([options.get("model", name), *_told(options, differing)])
        for entrant, (name, options) in parts.items()
    }
    return found if len(set(found.values())) == len(entrants) else {entrant: entrant for entrant in entrants}


def short(games: Sequence[str]) -> dict[str, str]:
    """Game -> a short name: without the options that are the same for all games of one name."""
    parts = {game: split(game) for game in games}
    found = {}
    for game, (name, options) in parts.items():
        alike = [each for other, each in parts.values() if other == name]
        found[game] = " ".join([name, *_told(options, _differing(alike))])
    return found


def _differing(options: Sequence[Mapping[str, str]]) -> set[str]:
    """Options that are not the same for all."""
    return {key for each in options for key in each if len({str(other.get(key)) for other in options}) > 1}


def _told(options: Mapping[str, str], keys: set[str]) -> list[str]:
    return [f"{key}={options[key]}" for key in sorted(keys & options.keys())]
