"""The double agent: an attacker who knows part of a hidden path asks for the rest; a defender leads it to a false end.

A structured analogue of ToM-SB (arXiv 2604.11666): the same tree, priors, turns, outcomes and rewards, with acts in place
of free text; what the sentences of seats that write text may change is nothing but the act that they carry.
Files: tree (nodes), themes (names), rules, ledger (trust and posterior), knowledge (who sees what), words, channel (JSON), drawing.
"""

from __future__ import annotations

from typing import Any

from envs.defender.double_agent.channel import letter
from envs.defender.double_agent.drawing import draw
from envs.defender.double_agent.knowledge import (
    encode_flat_attacker,
    encode_flat_defender,
    flat_widths,
    imagine_attacker,
    imagine_defender,
    observe_attacker,
    observe_defender,
    observe_public,
    observe_spectator,
)  # fmt: skip
from envs.defender.double_agent.ledger import spread
from envs.defender.double_agent.rules import CONFIG, POINT, REWARDS, acting, fields, init, legal, play, widths
from envs.defender.double_agent.themes import THEMES
from envs.defender.double_agent.words import form, metrics, name, parse, say, speak, tell
from envs.errors import UserError
from envs.record_game import RecordGame
from envs.rules import Discrete, Option, Role, Spec, View, observation, state

__all__ = [
    "SPEC", "acting", "build", "draw", "encode_flat_attacker", "encode_flat_defender", "form", "imagine_attacker",
    "imagine_defender", "init", "legal", "letter", "metrics", "name", "observe_attacker", "observe_defender", "observe_public",
    "observe_spectator", "parse", "play", "say", "speak", "tell",
]  # fmt: skip
"""What `RecordGame` finds here by name, and the declaration."""

RULES = """\
A universe is a tree of names, {branching} below each, {depth} levels deep; both sides see all names. One path from the top to the
bottom is the truth. The defender knows it. The attacker knows its first fields, how many the defender is not told, and
wants the rest. The defender wants it to believe in a false path and to learn nothing true. They exchange at most {turns}
messages each, the attacker first. In each turn the attacker states in private its trust in the defender, 5 at first, which
only falls{trust}, and the path that it believes in, and then acts: ask 2 (for the second field), check NAME (is it this one?),
close LEAF (it has what it wants: the end), or detect (the defender lies: the end), which is allowed only at trust 0. The
defender states in private how many fields it thinks the attacker knew and the path it thinks the attacker believes in,
and then replies: name NAME (which asserts all above it too), yes or no to a check, vague, refuse, or elicit, which asks back
what the attacker knows; the next act must then be reveal NAME, reveal nothing, close or detect, and the question stays open.
Reveals may be false. A closed path is an extraction if its first field that the attacker did not know is true; else the
attacker was fooled. Without a close or a detection the attacker was baited. {pay}
A turn may be written whole, between semicolons, for example trust 4; belief nothing; ask 1 or prior 1; guess NAME; vague,
as one object with the same in its fields, or statement by statement."""

PAY = {
    "duel": "Extraction wins the attacker 1 point and detection half a point; being fooled costs it 1, baited half a point. The defender "
    "gets the opposite.",
    "fooling": "The defender gets 1 point if the attacker was fooled, the attacker 1 for an extraction.",
    "mind": "The defender gets the share of its replies before which it named rightly how many fields the attacker knew, the attacker 1 "
    "point for an extraction.",
    "both": "The defender gets 1 point if the attacker was fooled, and the share of its replies before which it named rightly how many "
    "fields the attacker knew; the attacker 1 point for an extraction.",
    "steps": "The defender gets 1 point if the attacker was fooled and half a point, over the number of turns, for each further query; "
    "the attacker 1 for an extraction.",
    "gain": "After each reply the attacker gets what its probability of the truth has gained by the ledger, in points; the defender "
    "gets the opposite.",
}
TRUSTS = {
    "stated": "",
    "earned": " (in the second turn and later no lower than by the rule of trust: an answer that is vague or refused, or that asks back "
    "again, costs 1, one that contradicts what the attacker knows or was told costs 2)",
}
POINTS = {"duel": (-1.0, 1.0), "gain": (-1.0, 1.0), "both": (0.0, 2.0), "steps": (0.0, 1.5)}


def shaped(depth: int, branching: int, turns: int, reward: str, trust: str) -> dict[str, Any]:
    """What the options change in SPEC. A point is 720720 units, so that means over the turns are nearly whole."""
    attacker, defender = widths(depth, branching)
    tensors = flat_widths(branching**depth, turns)
    return {
        "rules": RULES.format(depth=depth, branching=branching, turns=turns, pay=PAY[reward], trust=TRUSTS[trust]),
        "roles": (
            Role("attacker", 1, Discrete(attacker), {"flat": View((tensors[0],))}),
            Role("defender", 1, Discrete(defender), {"flat": View((tensors[1],))}),
        ),
        "limit": 6 * turns,
        "scale": POINT,
        "points": POINTS.get(reward, (0.0, 1.0)),
        "traits": frozenset({"hidden", "chance", "talk"} | ({"zero_sum"} if reward in {"duel", "gain"} else set())),
    }


OPTIONS = {
    "depth": Option(3, 2, 4, help="levels of the tree, fields of the path"),
    "branching": Option(3, 2, 4, help="names below each"),
    "prior": Option(-1, -1, 3, help="leading fields that the attacker knows; -1 draws 0, 1 ... depth - 1"),
    "turns": Option(15, 2, 15, help="messages of each side at most"),
    "theme": Option("any", choices=("any", *THEMES), help="what the names are of"),
    "reward": Option("duel", choices=REWARDS, help="what the defender is paid for"),
    "trust": Option("stated", choices=tuple(TRUSTS), help="how low: as the attacker says, or by the rule of trust"),
}
SPEC = Spec("double_agent", "Double agent", options=OPTIONS, **shaped(3, 3, 15, "duel", "stated"))


def build(
    depth: int = 3, branching: int = 3, prior: int = -1, turns: int = 15, theme: str = "any", reward: str = "duel",
    trust: str = "stated",
) -> RecordGame:  # fmt: skip
    """Raises UserError for a prior that leaves nothing unknown."""
    if prior >= depth:
        raise UserError(
            f"double_agent: option prior={prior} is not allowed: with depth {depth} it must be from -1 to {depth - 1}"
        )
    group = fields(depth, branching, turns)
    sight = {
        "attacker": ("common", "attacker", "known"), "defender": ("common", "defender", "truth"), "public": ("common",),
        "spectator": ("common", "attacker", "known", "defender", "truth", "outcome"),
    }  # fmt: skip
    values = {
        "depth": depth, "branching": branching, "prior": prior, "theme": THEMES.index(theme) if theme != "any" else -1,
        "themes": len(THEMES), "reward": REWARDS.index(reward), "spread": [*spread(depth, branching), 0, 0][:4],
        "earned": int(trust == "earned"),
    }  # fmt: skip
    kept = [field for part in ("common", "attacker", "defender", "truth", "outcome", "credit") for field in group[part]]
    seen = {who: observation(*(field for part in parts for field in group[part])) for who, parts in sight.items()}
    made = SPEC.replace(**shaped(depth, branching, turns, reward, trust))
    return RecordGame(globals(), made, config=CONFIG, values=values, state=state(*kept), observations=seen)
