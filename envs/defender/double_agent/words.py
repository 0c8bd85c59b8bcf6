"""Acts as words and words as acts: forms and their inverses, sentences, prompts, the list of events, metrics.

Structured seats exchange acts; each has one exact form ("ask 2", "name Birch Street") that `parse` reads back, and a
sentence that `speak` gives it. Seats that write JSON are read by `envs.defender.double_agent.channel`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from envs.defender.double_agent.ledger import NOTHING, TRUST
from envs.defender.double_agent.rules import ATTACKER, OUTCOMES, least_trust
from envs.defender.double_agent.themes import THEMES, labels, named
from envs.keys import below, fold
from envs.rules import Mark, Refusal
from envs.trees import ancestor, first_of, level_of, on_path
from envs.words import choice

__all__ = [
    "Meaning",
    "form",
    "meaning",
    "metrics",
    "name",
    "parse",
    "path",
    "public",
    "say",
    "sentence",
    "speak",
    "tell",
]

_ACTS = ("", "ask", "check", "reveal", "reveal nothing", "close", "detect")
_REPLIES = ("", "name", "yes", "no", "vague", "refuse", "elicit")


class Meaning(NamedTuple):
    """An action taken apart: what kind of statement or act, and its number (a level, a node, -1 for none)."""

    kind: str
    value: int = -1


def meaning(seat: int, action: int, c: Any) -> Meaning:
    """What an action number means; the order is that of the masks in `envs.defender.double_agent.rules`."""
    nodes = first_of(c.depth + 1, c.branching)
    return (_attackers if seat == ATTACKER else _defenders)(action, nodes, c.depth, c.branching)


@lru_cache(maxsize=4096)
def _attackers(action: int, nodes: int, depth: int, branching: int) -> Meaning:
    leaves = branching**depth
    for kind, count, low in (
        ("trust", TRUST + 1, 0), ("belief", nodes + 1, -1), ("ask", depth, 1), ("check", nodes, 0), ("reveal", nodes + 1, 0),
        ("close", leaves, nodes - leaves), ("detect", 1, -1),
    ):  # fmt: skip
        if action < count:
            return Meaning(kind, -1 if kind == "reveal" and action == nodes else action + low)
        action -= count
    raise ValueError(action)


@lru_cache(maxsize=4096)
def _defenders(action: int, nodes: int, depth: int, branching: int) -> Meaning:
    for kind, count, low in (("prior", depth, 0), ("guess", nodes + 1, -1), ("name", nodes, 0)):
        if action < count:
            return Meaning(kind, action + low)
        action -= count
    return Meaning(_REPLIES[2 + action])


def _names(obs: Any, c: Any) -> tuple[str, ...]:
    return named(obs.theme, obs.naming, c.depth, c.branching)


def path(node: int, obs: Any, c: Any) -> str:
    """A node with all above it: "Alder Haven > Birch Lane"; "nothing" for the root."""
    known = _names(obs, c)
    levels = range(1, level_of(node, c.branching) + 1)
    return " > ".join(known[ancestor(node, level, c.branching)] for level in levels) or "nothing"


def form(action: int, obs: Any, c: Any) -> str:
    return written(meaning(max(obs.seat, 0), action, c), obs, c)


def written(means: Meaning, obs: Any, c: Any) -> str:
    """The exact words of an act."""
    if means.kind in {"trust", "ask", "prior"}:
        return f"{means.kind} {means.value}"
    if means.kind in {"belief", "check", "reveal", "close", "guess", "name"}:
        return f"{means.kind} {_names(obs, c)[means.value] if means.value >= 0 else 'nothing'}"
    return means.kind


name = form


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[Any] | Refusal:
    """One act in its exact words, or the private statements and the act together, in JSON or between semicolons."""
    if text.lstrip()[:1] in {"{", "`"} or ";" in text:
        from envs.defender.double_agent.channel import read  # noqa: PLC0415  it reads the forms of this file

        return read(text, obs, c)
    return choice(text, {form(action, obs, c): action for action in range(len(legal.mask))}, legal)


_SENTENCES = {
    "ask": ("Which {label} is it?", "Could you tell me the {label}?", "I still need the {label}. Which one is it?"),
    "check": ("Is it {node}?", "Am I right that it is {node}?", "Can you confirm {node}?"),
    "reveal": ("I already have {node}.", "So far I was told {node}.", "My note says {node}."),
    "reveal nothing": ("I would rather hear it from you.", "Nothing that would help you.", "I have no note about it."),
    "close": ("Thank you, that is all I needed.", "That settles it. Good-bye."),
    "detect": ("I do not believe you any longer.", "This is not honest. We are done."),
    "name": ("It is {node}.", "That would be {node}.", "You are looking for {node}."),
    "yes": ("Yes, that is right.", "Yes.", "Correct."),
    "no": ("No, it is not.", "No.", "That is not the one."),
    "vague": ("Hard to say, it depends.", "Somewhere around there, I think.", "I would have to look that up."),
    "refuse": ("I cannot tell you that.", "I will not answer that."),
    "elicit": ("What do you have so far?", "Which part do you know already?", "Tell me first what you were told."),
}


def speak(action: int, obs: Any, c: Any, key: int) -> str:
    """A public act as a sentence, which the other side hears of a seat that writes none; "" for a private statement."""
    means = meaning(max(obs.seat, 0), action, c)
    return sentence(means, obs, c, key) if means.kind in _SENTENCES else ""


def sentence(means: Meaning, obs: Any, c: Any, key: int) -> str:
    """A public act as somebody would say it; the key chooses among wordings. A level is called by its label."""
    kind = "reveal nothing" if means.kind == "reveal" and means.value < 0 else means.kind
    wordings = _SENTENCES[kind]
    label = labels(obs.theme, c.depth)[means.value - 1] if kind == "ask" else ""
    node = _names(obs, c)[means.value] if means.value >= 0 and kind != "ask" else ""
    return wordings[below(fold(key, 7), len(wordings))].format(label=label, node=node)


def public(obs: Any, c: Any) -> list[tuple[int, Meaning]]:
    """The public acts so far, (seat, meaning), in order."""
    said = []
    for (kind, value), (reply, named_node) in zip(obs.asked.tolist(), obs.answers.tolist(), strict=True):
        if kind:
            said.append((0, Meaning("reveal", -1) if kind == NOTHING else Meaning(_ACTS[kind], value)))
        if reply:
            said.append((1, Meaning(_REPLIES[reply], named_node)))
    return said


def say(obs: Any, c: Any) -> str:
    """The theme with its whole tree, what this side knows, the dialogue act by act, what is wanted now."""
    told = [*_opening(obs, c), *_own(obs, c)]
    told += [
        f"{i // 2 + 1}. {('Attacker', 'Defender')[seat]}: {written(means, obs, c)}"
        for i, (seat, means) in enumerate(public(obs, c))
    ]
    return "\n".join([*told, _wanted(obs, c)])


def _opening(obs: Any, c: Any) -> list[str]:
    words, known, n = labels(obs.theme, c.depth), _names(obs, c), c.branching
    lines = [f"Theme: {THEMES[obs.theme]}. A path is {' > '.join(words)}. All paths:"]
    for node in range(first_of(c.depth, n) if c.depth > 1 else 0):
        below_it = ", ".join(known[n * (node + 1) + i] for i in range(n))
        above = ("" if node < n else f"{known[node // n - 1]} > ") + known[node]
        lines.append(f"- {above}: {below_it}")
    return lines


def _own(obs: Any, c: Any) -> list[str]:
    lines = []
    if hasattr(obs, "truth"):
        lines.append(f"The truth is {path(first_of(c.depth, c.branching) + obs.truth, obs, c)}.")
    if hasattr(obs, "prior"):
        lines.append(
            f"The attacker knows {path(obs.known, obs, c)} from the start; its trust is {obs.trust} of {TRUST}."
        )
        held = [belief for belief in obs.beliefs.tolist() if belief >= -1]
        lines += [f"Its belief: {path(held[-1], obs, c)}."] if held else []
    if hasattr(obs, "minds"):
        held = [mind for mind in obs.minds.tolist() if mind >= 0]
        lines += [f"The defender's estimate of how many fields the attacker knew: {held[-1]}."] if held else []
    return lines


_WANTED = (
    "its trust, {trust}", "the path it believes in", "its public act", "how many fields the attacker knew at the start",
    "the path the attacker believes in", "its reply",
)  # fmt: skip


def _wanted(obs: Any, c: Any) -> str:
    if obs.done:
        return f"The dialogue is over: {OUTCOMES[obs.outcome]}." if hasattr(obs, "outcome") else "The dialogue is over."
    who = "attacker" if obs.phase < 3 else "defender"
    wanted = _WANTED[obs.phase].format(trust=_trusts(obs, c))
    return f"Turn {obs.turn + 1} of {len(obs.about)}. The {who} states {wanted}."


def _trusts(obs: Any, c: Any) -> str:
    """What trust may be stated, as far as the viewer can tell."""
    if not hasattr(obs, "ledger"):
        return f"from 0 to {TRUST}"
    least = least_trust(obs.turn, obs.ledger, c)
    return f"from {least} to {obs.trust}" if least < obs.trust else f"which is {least}"


def tell(before: Any, actions: dict[int, int], after: Any, c: Any) -> list[Mark]:
    """Public acts for everybody; statements for their seat alone; the end and what is lost for the spectator."""
    (seat, action) = next(iter(actions.items()))
    means = meaning(seat, action, c)
    if means.kind in _SENTENCES:
        marks = [Mark("said", written(means, after, c), seat)]
    else:
        marks = [Mark(means.kind, _stated(means, after, c), seat, seat)]
    if means.kind == "trust" and before.turn > 0 and means.value < before.trust:
        marks.append(Mark("doubt", f"trust falls from {before.trust} to {means.value}", seat, seat))
    if after.done:
        marks.append(Mark("end", f"{OUTCOMES[after.outcome]} after {len(public(after, c))} messages", seat, -1))
    return marks


def _stated(means: Meaning, obs: Any, c: Any) -> str:
    if means.kind in {"belief", "guess"}:
        return f"{means.kind}: {path(means.value, obs, c)}"
    return written(means, obs, c)


def lost(beliefs: list[int], leaf: int, c: Any) -> int:
    """The turn, from 0, since which every stated belief has been false; -1 if the last one is true or none was stated."""
    turn = -1
    for t, belief in enumerate(belief for belief in beliefs if belief >= -1):
        wrong = belief >= 0 and not on_path(belief, leaf, c.branching)
        turn = -1 if not wrong else t if turn < 0 else turn
    return turn


def metrics(s: Any, c: Any) -> dict[str, Any]:
    """The outcome as four flags; turns; unknown fields; statements that were right, of 1000: the defender's estimate of the
    prior and its prediction of the attacker's belief of that turn; the turn since which the attacker was lost, 0 for never.
    """
    leaf = first_of(c.depth, c.branching) + s.truth
    minds = [mind for mind in s.minds.tolist() if mind >= 0]
    pairs = [(g, b) for g, b in zip(s.guesses.tolist(), s.beliefs.tolist(), strict=True) if g >= -1]
    return {name: s.outcome == i for i, name in enumerate(OUTCOMES) if i} | {
        "turns": sum(kind > 0 for kind in s.asked[:, 0].tolist()),
        "unknown": c.depth - s.prior,
        "prior_per_mille": 1000 * minds.count(s.prior) // max(1, len(minds)),
        "belief_per_mille": 1000 * sum(guess == belief for guess, belief in pairs) // max(1, len(pairs)),
        "lost": lost(s.beliefs.tolist(), leaf, c) + 1,
    }
