"""The text channel: a seat writes one JSON object with its private statements, its act and its public message.

A list of the same, "trust 4; belief nothing; ask 2", is read too. Only the message reaches the other seat, and only the act
changes the state. A reply without a legal act is refused, so words never stand for an act that was not given. The fields are those
of ToM-SB (arXiv 2604.11666), with the act as an added one; `letter` declares them to whoever puts the question.
"""

from __future__ import annotations

import json
from typing import Any

from envs.defender.double_agent.ledger import ASK, CHECK, ELICIT, TRUST
from envs.defender.double_agent.rules import ATTACKER, least_trust, widths
from envs.defender.double_agent.themes import named
from envs.rules import Refusal
from envs.spec import Letter
from envs.trees import first_of, level_of, on_path

__all__ = ["LONGEST", "letter", "read"]

LONGEST = 20_000
"""Characters of a reply that are read; more are refused."""

SIGNALS = {"query again": "", "attack successful": "close", "defender detected": "detect"}
"""What the attacker says of the dialogue as a whole, and the act that this needs."""


def letter(obs: Any, c: Any) -> Letter:
    """The fields of a whole turn of this seat: its statements, its thoughts, its act, and the message, which alone is heard."""
    attacker = obs.seat == ATTACKER
    least = least_trust(obs.turn, obs.ledger, c) if attacker else 0
    known = [*named(obs.theme, obs.naming, c.depth, c.branching), None]
    fields: dict[str, dict[str, Any]] = {
        "trust": _whole(range(least, obs.trust + 1), "your trust in the defender; it only falls"),
        "belief": _field("the name that your belief goes down to, null for nothing", ["string", "null"], known),
    } if attacker else {
        "trust": _whole(range(TRUST + 1), "the trust in you that you think the attacker has left"),
        "prior": _whole(range(c.depth), "how many leading fields the attacker knew at the start"),
        "guess": _field("the name that the attacker's belief goes down to, null for nothing", ["string", "null"], known),
    }  # fmt: skip
    fields["reflection"] = _field("your private thoughts, in a sentence or two")
    if attacker:
        fields["signal"] = _field("what this turn is: the last two need the acts close and detect", enum=[*SIGNALS])
    fields["act"] = _field("your act, in the words of the rules", enum=[*_allowed(obs, c, least)])
    fields["message"] = _field("what the other side hears, in one or two sentences; it must fit your act")
    return Letter(fields, say="message", why="reflection")


def _field(description: str, kind: Any = "string", enum: list[Any] | None = None) -> dict[str, Any]:
    return {"type": kind, "description": description} | ({"enum": enum} if enum else {})


def _whole(values: range, description: str) -> dict[str, Any]:
    span = f"{values[0]} to {values[-1]}" if len(values) > 1 else f"{values[0]}"
    return _field(f"{description}: {span}", "integer", list(values))


def read(text: str, obs: Any, c: Any) -> list[list[int]] | Refusal:
    """The statements and the act of a reply as successive actions, those of the phases that are still to come."""
    found = _object(text) if text.lstrip()[:1] in {"{", "`"} else _listed(text)
    if isinstance(found, Refusal):
        return found
    attacker = obs.seat == ATTACKER
    done = obs.phase if attacker else obs.phase - 3
    if done:  # what has been stated stands
        found = found | ({"trust": obs.trust} if attacker else {"prior": 0})
    parts = (_attacker if attacker else _defender)(found, obs, c)[done:]
    wrong = next((part for part in parts if isinstance(part, Refusal)), None)
    return [[part] for part in parts if isinstance(part, int)] if wrong is None else wrong


def _listed(text: str) -> dict[str, Any] | Refusal:
    """ "trust 4; belief nothing; ask 2" as the object that says the same."""
    found: dict[str, Any] = {}
    for part in text[:LONGEST].split(";"):
        word, _, rest = part.strip().partition(" ")
        if word in {"trust", "prior"} and rest.strip().isascii() and rest.strip().isdigit():
            found[word] = int(rest.strip()[:4])
        elif word in {"belief", "guess"}:
            found[word] = None if rest.strip() == "nothing" else rest
        elif part.strip():
            if "act" in found:
                return Refusal(f"{part.strip()[:40]!r} is one act too many: give the statements and one act")
            found["act"] = part
    return found


def _object(text: str) -> dict[str, Any] | Refusal:
    """The one object of a reply, which may stand in a fence; nothing else may stand around it."""
    if len(text) > LONGEST:
        return Refusal(f"the reply has {len(text)} characters: at most {LONGEST} are read")
    body = text.strip()
    if body.startswith("```"):
        body = body.removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal("the reply is no JSON object: answer with one object and nothing else")
    return found if isinstance(found, dict) else Refusal("the reply is no JSON object: answer with one object")


def _attacker(found: dict[str, Any], obs: Any, c: Any) -> list[int | Refusal]:
    trust = found.get("trust")
    most, least = obs.trust, least_trust(obs.turn, obs.ledger, c)
    if type(trust) is not int or not least <= trust <= most:
        trust = Refusal(f"trust must be a whole number from {least} to {most}: it begins at {TRUST} and only falls")
    return [trust, _node("belief", found, obs, c, TRUST + 1), _act(found, obs, c, trust)]


def _defender(found: dict[str, Any], obs: Any, c: Any) -> list[int | Refusal]:
    trust, prior = found.get("trust", 0), found.get("prior")
    if type(trust) is not int or not 0 <= trust <= TRUST:  # a thought that is kept in the recording and changes nothing
        return [Refusal(f"trust must be a whole number from 0 to {TRUST}, what you think the attacker has left")] * 3
    if type(prior) is not int or not 0 <= prior < c.depth:
        prior = Refusal(f"prior must be a whole number from 0 to {c.depth - 1}")
    return [prior, _node("guess", found, obs, c, c.depth), _act(found, obs, c, prior)]


def _node(field: str, found: dict[str, Any], obs: Any, c: Any, first: int) -> int | Refusal:
    """A name, a list of names of which the last that is not null counts, or null."""
    given = found.get(field)
    if isinstance(given, list):
        given = next((each for each in reversed(given) if each is not None), None)
    if given is None:
        return first
    known = named(obs.theme, obs.naming, c.depth, c.branching)
    names = {each.lower(): node for node, each in enumerate(known)}
    node = names.get(str(given)[:200].strip().lower())
    return (
        Refusal(f"{field} must be a name of the tree or null, not {str(given)[:40]!r}")
        if node is None
        else first + 1 + node
    )


def _act(found: dict[str, Any], obs: Any, c: Any, first: Any) -> int | Refusal:
    """The act's number, if it would be legal after the statements of the same reply."""
    given = found.get("act")
    if not isinstance(given, str):
        return Refusal("the reply carries no act: give the field act, for example " + _example(obs.seat))
    wanted = " ".join(given[:200].split()).lower().rstrip(".")
    signal = SIGNALS.get(str(found.get("signal")))
    if signal and wanted.split(" ")[0] != signal:
        return Refusal(f"the signal {found['signal']!r} needs the act {signal}, not {given[:40]!r}")
    allowed = _allowed(obs, c, first)
    for words, action in allowed.items():
        if words.lower() == wanted:
            return action
    return Refusal(f"the act {given[:40]!r} is not allowed now: allowed are {_summary(allowed)}")


def _example(seat: int) -> str:
    return "'ask 1'" if seat == ATTACKER else "'vague'"


def _summary(allowed: dict[str, int]) -> str:
    """The kinds of acts, each with one example."""
    kinds: dict[str, str] = {}
    for each in allowed:
        kinds.setdefault(each.split(" ")[0], each)
    return ", ".join(kinds.values())


def _allowed(obs: Any, c: Any, trust: Any) -> dict[str, int]:
    """Every legal act of this turn by its words, from what the seat sees and the trust that it states in the same reply."""
    from envs.defender.double_agent.words import meaning, written  # noqa: PLC0415  words reads JSON through this file

    nodes = first_of(c.depth + 1, c.branching)
    low = TRUST + 1 + nodes + 1 if obs.seat == ATTACKER else c.depth + nodes + 1
    meanings = ((action, meaning(obs.seat, action, c)) for action in range(low, widths(c.depth, c.branching)[obs.seat]))
    may = _attacker_may if obs.seat == ATTACKER else _defender_may
    return {written(means, obs, c): action for action, means in meanings if may(means, obs, c, trust)}


def _attacker_may(means: Any, obs: Any, c: Any, trust: Any) -> bool:
    elicited = obs.turn > 0 and obs.answers[obs.turn - 1][0] == ELICIT
    if means.kind == "close":
        return bool(on_path(obs.known, means.value, c.branching))
    if means.kind == "detect":
        return bool(trust == 0)
    return bool((means.kind == "reveal") == elicited)


def _defender_may(means: Any, obs: Any, c: Any, trust: Any) -> bool:
    asked, value = obs.question.tolist()
    if means.kind == "name":
        return bool(level_of(means.value, c.branching) >= (value if asked == ASK else level_of(value, c.branching)))
    return means.kind not in {"yes", "no"} or asked == CHECK
