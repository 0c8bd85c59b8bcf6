"""A trained defender as a seat: `arena.training.double_agent_seat:Trained?run=runs/double-agent/both-mixture-0.json`.

It keeps its own recurrent state for one match, states what it reads and replies from that statement, as it was trained to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from arena.agent import Ask, Reply
from arena.training import double_agent
from arena.training.dialogue import uttered
from arena.training.double_agent import DEPTH, Mind
from envs import keys
from envs.errors import CORRUPT, NOT_FOUND, UserError
from envs.game import Game
from envs.spec import Option

__all__ = ["Speaker", "Trained", "drawn", "loaded"]

_LONGEST = 1 << 24
_PRIOR_PHASE = 3


def loaded(path: Path) -> Mind:
    """The network of a run's file, numbers in JSON. UserError for a file that is none."""
    if not path.is_file():
        raise UserError(
            f"no run {str(path)!r}: give the file that arena.training.double_agent_runs has left", NOT_FOUND
        )
    if path.stat().st_size > _LONGEST:
        raise UserError(f"{path} is too long for a run: at most {_LONGEST} bytes are read", CORRUPT)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        mind = Mind(found["config"]["hidden"], found["config"]["separate"])
        mind.load_state_dict({name: torch.tensor(value) for name, value in found["weights"].items()})
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{path} holds no trained defender: {str(error)[:200]}", CORRUPT) from None
    return mind


class Speaker:
    """A learned defender in one match: it states what the attacker knew and replies from that statement."""

    def __init__(self, mind: Mind) -> None:
        self.mind = mind
        self.state = torch.zeros(1, 1, mind.memory.hidden_size)
        self.last = np.array([double_agent.NOTHING_YET])

    def __call__(self, ask: Ask) -> Reply:
        """Raises UserError when it is asked in the middle of a turn, where its memory would miss the beginning."""
        if ask.seat != 1 or ask.obs.phase != _PRIOR_PHASE:
            raise UserError("a trained defender answers as the defender, a whole turn at once")
        seen, question = double_agent.features(ask.obs.array, self.last)
        with torch.no_grad():
            _, self.state = self.mind.memory(torch.from_numpy(seen)[:, None], self.state)
            beliefs = torch.softmax(self.mind.belief(self.state[0]), dim=-1)[0]
            knew = drawn(beliefs, keys.fold(ask.key, 0))
            logits = self.mind.replies(self.state[0], torch.from_numpy(question), torch.tensor([knew]))
            self.last = np.array([drawn(torch.softmax(logits, dim=-1)[0], keys.fold(ask.key, 1))])
        actions = uttered(ask.game, ask.obs.array, np.array([knew]), self.last, np.array([ask.seed], np.uint64))[0]
        return Reply([[int(action)] for action in actions], notes=_notes(ask, actions, beliefs))


class Trained(Speaker):
    """The defender of a run's file."""

    title = "Trained defender"
    OPTIONS: ClassVar[Mapping[str, Option]] = {"run": Option("", help="the file of a run")}

    def __init__(self, run: str = "") -> None:
        super().__init__(loaded(Path(run)))

    @staticmethod
    def fits(game: Game) -> None:
        shape = getattr(game.public, "depth", 0), getattr(game.public, "branching", 0)
        if shape != (DEPTH, 3):
            raise UserError(
                f"a trained defender plays the double agent with depth {DEPTH} and branching 3, not {game.id} {game.options}"
            )


def drawn(shares: torch.Tensor, key: int) -> int:
    """An index, drawn with these probabilities."""
    return int(np.searchsorted(np.cumsum(shares.numpy()), keys.uniform(key)).clip(0, len(shares) - 1))


def _notes(ask: Ask, actions: Any, beliefs: torch.Tensor) -> dict[str, Any]:
    policy = [(f"prior {knew}", float(share)) for knew, share in enumerate(beliefs)]
    believed = ", ".join(f"{knew} {share:.0%}" for knew, share in enumerate(beliefs.tolist()))
    reply = ask.game.form([int(actions[2])], ask.obs)
    return {"policy": policy, "value": 0.0, "why": f"fields that the attacker knew: {believed}; so {reply}"}
