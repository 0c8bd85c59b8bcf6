"""The players of a duel's run as seats: the attacker or the defender that has learned, whichever the seat is.

Each keeps its own recurrent state for one match and answers a whole turn at once, drawn as it was trained to.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from arena.agent import Ask, Reply
from arena.training import checkpoint, duel, duel_response
from arena.training.dialogue import ATTACKER, chosen, pressed
from arena.training.double_agent import Mind
from arena.training.double_agent_attacker import DETECT, NOTHING_YET, Suspect, masks, sights
from arena.training.double_agent_seat import Speaker, drawn
from arena.training.run import Run
from envs import keys
from envs.errors import UserError
from envs.game import Game
from envs.spec import Option

__all__ = ["Accuser", "Duellist"]


class Accuser:
    """A learned attacker in one match."""

    def __init__(self, suspect: Suspect) -> None:
        self.suspect = suspect
        self.state = torch.zeros(1, 1, suspect.memory.hidden_size)
        self.last = np.array([NOTHING_YET])

    def __call__(self, ask: Ask) -> Reply:
        """Raises UserError when it is asked in the middle of a turn, where its memory would miss the beginning."""
        if ask.obs.phase:
            raise UserError("a trained attacker answers a whole turn at once")
        obs, choices = ask.obs.array, chosen(1)
        trusts, moves = masks(ask.game, obs)
        with torch.no_grad():
            _, self.state = self.suspect.memory(torch.from_numpy(sights(obs, self.last))[:, None], self.state)
            trust = drawn(_shares(self.suspect.trust(self.state[0]), trusts), keys.fold(ask.key, 0))
            moves[:, DETECT] &= trust == 0
            likely = _shares(self.suspect.moves(self.state[0], torch.tensor([trust])), moves)
            move = drawn(likely, keys.fold(ask.key, 1))
        self.last = np.array([move])
        choices["trust"], choices["move"] = trust, move
        actions = pressed(ask.game, obs, choices, np.array([ask.seed], np.uint64))[0]
        act = ask.game.form([int(actions[2])], ask.obs)
        notes = {
            "policy": [(f"trust {trust}", 1.0)],
            "value": 0.0,
            "why": f"{act}: {float(likely[move]):.0%} of its policy",
        }
        return Reply([[int(action)] for action in actions], notes=notes)


def _shares(logits: torch.Tensor, may: np.ndarray) -> torch.Tensor:
    """The probabilities of one row, none where the rules allow nothing."""
    return torch.softmax(logits.masked_fill(~torch.from_numpy(may), -1e9), dim=-1)[0]


@cache
def _networks(path: str, stamp: tuple[int, ...]) -> tuple[Suspect, Mind]:
    return duel_response.networks(Run.opened(path))


class Duellist:
    """The attacker or the defender of a run of self-play, as the seat wants."""

    title = "Learned (duel)"
    path: ClassVar[Path]
    OPTIONS: ClassVar[Mapping[str, Option]] = {}

    def __init__(self) -> None:
        self.player: Any = None

    @classmethod
    def fits(cls, game: Game) -> None:
        Run.opened(cls.path).demand_same_rules(game)
        duel.demand(game)

    @classmethod
    def ready(cls, game: Game) -> tuple[Suspect, Mind]:
        """Both networks. UserError for a run that has none."""
        return _networks(str(cls.path), tuple(checkpoint.steps(cls.path / "checkpoints")))

    def __call__(self, ask: Ask) -> Reply:
        """Raises UserError for a run of other rules."""
        if self.player is None:
            self.fits(ask.game)
            suspect, mind = self.ready(ask.game)
            self.player = Accuser(suspect) if ask.seat == ATTACKER else Speaker(mind)
        reply: Reply = self.player(ask)
        return reply
