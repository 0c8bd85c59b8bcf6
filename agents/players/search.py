"""Search by rule: a proposer and a solver of three strengths (`searching`), from the facts that their own documents tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents import pane
from agents.players._digging import Ask as Move
from agents.players._digging import Sight, Way, dig, seek
from arena.agent import Ask, Reply

__all__ = ["act"]


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """A search or an answer; a question comes as all its acts, which are played one after another."""
    if ask.obs.stage == 1:
        return _onward(ask)
    sight, strength = _sight(ask), str(options["searching"])
    if ask.seat == 0:
        move = dig(sight, int(ask.obs.target), int(ask.obs.hops), strength, ask.key)
    else:
        asked = ask.obs.posed
        move = seek(sight, Way(int(asked.start), tuple(asked.steps[: asked.length].tolist())), strength, ask.key)
    acts = _acts(move, len(ask.obs.seen), sight.back)
    return Reply([[act] for act in acts], notes=_notes(ask, acts[0], move.why, strength))


def _sight(ask: Ask) -> Sight:
    obs, seat, game = ask.obs, ask.seat, ask.game
    c, types = game.public, game.words["TYPES"]
    facts = frozenset((s, r, o - 1) for s, row in enumerate(obs.facts.tolist()) for r, o in enumerate(row) if o)
    done = frozenset(divmod(query, 1 + len(types)) for query in obs.log[seat][: obs.calls[seat]].tolist())
    seen = tuple(e for e, known in enumerate(obs.seen.tolist()) if known)
    left = int(c.calls) - int(obs.calls[seat])
    return Sight(facts, seen, dict(enumerate(c.kinds.tolist())), done, left, types)


def _acts(move: Move, entities: int, back: int) -> list[int]:
    """The numbers of the acts that make a move."""
    names = entities * (1 + back)
    if move.search is not None:
        return [move.search[0] * (1 + back) + move.search[1]]
    if move.way is None:
        return [names + move.answer]
    steps = [names + entities + reading for reading in move.way.chain]
    return [names + move.way.start, *steps, names + entities + 2 * back]


def _onward(ask: Ask) -> Reply:
    """A question that somebody else began: the last step that is allowed, or its end."""
    end = max(ask.legal)
    return Reply([[end]], notes=_notes(ask, end, "the question was begun already", "greedy"))


def _notes(ask: Ask, act: int, why: str, strength: str) -> dict[str, Any]:
    """A script is sure of what it does, but for a walk, which might have done anything."""
    weights = dict.fromkeys(ask.legal, 1.0 if strength == "walk" else 0.0) | {act: 1.0}
    return {"policy": pane.policy(ask, weights, act), "value": 0.0, "why": why}
