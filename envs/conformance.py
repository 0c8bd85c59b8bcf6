"""The conformance suite, for authors of games as for our own: `envs.check("my_game.py")`, `arena envs check my_game.py`.

Every invariant that the platform relies on is a named check with a line of evidence. Random play finds them, so a pass is no proof;
each check has a deliberately broken game in the tests that it must catch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from envs.checks import dynamics, knowledge, libraries, options, traits, wording
from envs.checks.trial import Failed, Trial
from envs.game import Game
from envs.registry import game as open_game

__all__ = ["AFTERWARDS", "CHECKS", "Report", "Verdict", "check"]

CHECKS: dict[str, Callable[[Trial], str]] = {
    "same seed, same bytes": dynamics.repeats,
    "compiled equals plain": dynamics.alike,
    "rows equal the match alone": dynamics.rows,
    "somebody can act until the end": dynamics.moves,
    "masks fit their roles": dynamics.fits,
    "episodes end": dynamics.ends,
    "ended states stay": dynamics.stays,
    "points in range": dynamics.pays,
    "zero sum": traits.zero_sum,
    "acts at once are declared": traits.together,
    "chance is declared": traits.chance,
    "chance can be enumerated": traits.enumerable,
    "what a seat cannot know is not in its view": knowledge.secrecy,
    "hidden information is declared": knowledge.hidden,
    "the hidden configuration stays hidden": knowledge.configuration,
    "observations are filled": knowledge.filled,
    "perfect information is shared": knowledge.perfect,
    "legal actions tell no secret": knowledge.masks,
    "the public knows no more than a seat": knowledge.public,
    "sealed acts stay sealed": knowledge.sealed,
    "actions are written and read back": wording.reads,
    "actions have names": wording.names,
    "any text is read or refused": wording.refuses,
    "words for everybody": wording.speaks,
    "drawings use known verbs": wording.draws,
    "tensors in shape and range": wording.encodes,
    "marks are well formed": wording.marks,
    "every option plays": options.every_option,
    "no index leaves its array": libraries.bounds,
}
AFTERWARDS: dict[str, Callable[[Trial], str]] = {
    "PettingZoo's own tests": libraries.pettingzoo,
    "Gymnasium's own test": libraries.gymnasium,
}
"""Asked only when everything else is kept, because a broken promise breaks these too and they say less well why."""


@dataclass(frozen=True)
class Verdict:
    """One check: its name, whether the game passed, and one line of evidence."""

    name: str
    ok: bool
    evidence: str


@dataclass(frozen=True)
class Report:
    """What `check` found. ok: every verdict is."""

    game: str
    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        return all(verdict.ok for verdict in self.verdicts)

    def __str__(self) -> str:
        return "\n".join(
            f"{'ok  ' if verdict.ok else 'FAIL'}  {verdict.name}: {verdict.evidence}" for verdict in self.verdicts
        )


def check(game: str | Game, *, episodes: int = 100, seed: int = 0, only: tuple[str, ...] = ()) -> Report:
    """Play `episodes` random games and judge the rules by every check (or by those named in `only`).

    game: a name, "module:name", a file, or a Game. Raises UserError when it cannot be opened; what the rules raise is a verdict.
    """
    made = open_game(game) if isinstance(game, str) else game
    plain = _plain_twin(game, made)
    trial = Trial(made, plain, episodes, seed)
    known = CHECKS | AFTERWARDS
    report = Report(made.id, tuple(_verdict(name, known[name], trial) for name in only or CHECKS))
    if only or not report.ok:
        return report
    return Report(made.id, report.verdicts + tuple(_verdict(name, judge, trial) for name, judge in AFTERWARDS.items()))


def _plain_twin(game: str | Game, made: Game) -> Game:
    """The same game run plainly; the game itself when it is plain already or no name is known for it."""
    if made.kind != "record" or getattr(made, "plain", True):
        return made
    name = game if isinstance(game, str) else made.place
    return open_game(name, plain=True, **({} if isinstance(game, str) else made.options)) if name else made


def _verdict(name: str, judge: Callable[[Trial], str], trial: Trial) -> Verdict:
    try:
        return Verdict(name, True, judge(trial))
    except Failed as failed:
        return Verdict(name, False, str(failed))
    except Exception as error:  # noqa: BLE001  whatever an author's rules raise is evidence
        return Verdict(name, False, f"the game raises {type(error).__name__}: {' '.join(str(error).split())[:200]}")
