"""Who meets whom: every entrant against every member of the pool, and the pool among itself, on the same seeds in all seats."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from arena.schedule import Pairing, rotations
from envs.errors import UserError
from envs.options import address, split

__all__ = ["Duel", "Plan", "addresses", "labels"]


@dataclass(frozen=True)
class Duel:
    """One match: the game, the pairing, and the group of matches that share its players and seed."""

    game: str
    pairing: Pairing
    group: int


@dataclass(frozen=True)
class Plan:
    """games, entrants and pool by address; pairs: seeds for each two of them, from `seed` on; each is played once in every seat."""

    games: tuple[str, ...]
    entrants: tuple[str, ...]
    pool: tuple[str, ...]
    pairs: int
    seed: int

    def duels(
        self, game: str, seats: int, entrants: Sequence[str], first: int = 0, last: int | None = None
    ) -> list[Duel]:
        """The matches of these entrants with seeds first to last (exclusive), numbered from 0. Where a game has more than two seats, one
        side has one of them and the other the rest.
        """
        found: list[Duel] = []
        for one, other in self._meetings(entrants):
            agents = [one] + [other] * (seats - 1)
            for k in range(first, self.pairs if last is None else last):
                group = len(found) // max(1, seats)
                for pairing in rotations(agents, seats, self.seed + k):
                    # rotations gives each group of P matches one seed: here they are one group.
                    number = len(found)
                    found.append(Duel(game, Pairing(number, pairing.seats, pairing.players, self.seed + k), group))
        return found

    def _meetings(self, entrants: Sequence[str]) -> Iterator[tuple[str, str]]:
        for entrant in entrants:
            yield from ((entrant, other) for other in self.pool)
        yield from ((one, other) for i, one in enumerate(self.pool) for other in self.pool[i + 1 :])


def addresses(models: Sequence[str], options: Sequence[str], prompts: Sequence[str]) -> tuple[str, ...]:
    """Entrants from what a user names: a model, or a whole address ("llm?model=..."); one for each file of prompts.

    options: KEY=VALUE for all models that are no whole address. UserError for an option without a value.
    """
    given = {}
    for option in options:
        key, equals, value = option.partition("=")
        if not equals:
            raise UserError(f"{option!r} is no option: write --option KEY=VALUE")
        given[key] = value
    named = [
        model if "?" in model or model.endswith(".py") or (":" in model and "/" not in model) else None
        for model in models
    ]
    whole = [name or address("llm", {"model": model} | given) for name, model in zip(named, models, strict=True)]
    return tuple(dict.fromkeys(_with(each, file) for each in whole for file in (prompts or [""])))


def _with(entrant: str, prompts: str) -> str:
    name, options = split(entrant)
    return address(name, options | {"prompts": prompts}) if prompts else entrant


def labels(entrants: Sequence[str]) -> dict[str, str]:
    """Entrant -> a short name: its model and, where that is not enough, the options in which it differs."""
    parts = {entrant: split(entrant) for entrant in entrants}
    differing = {
        key
        for _, options in parts.values()
        for key in options
        if len({str(each.get(key)) for _, each in parts.values()}) > 1 and key not in ("model", "base_url", "key_env")
    }
    found = {}
    for entrant, (name, options) in parts.items():
        more = [f"{key}={options[key]}" for key in sorted(differing & options.keys())]
        found[entrant] = " ".join([options.get("model", name), *more])
    return found if len(set(found.values())) == len(entrants) else {entrant: entrant for entrant in entrants}
