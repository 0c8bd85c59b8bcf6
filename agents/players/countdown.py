"""Countdown with a limited patience: a solver who tries combinations of numbers, and a proposer who asks what such a solver half manages.

The solver draws two of its numbers and an operator, goes on with the result, and gives up after LOOKS of them; then it answers with what
came nearest. The proposer draws valid calculations and asks the one that solvers like itself get right about half the time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agents import pane
from arena.agent import Ask, Reply
from envs import keys

__all__ = ["act"]

LOOKS, DRAWS, TRIALS = 150, 6, 3
_TRIES = 400
_BINDS = {"+": 0, "-": 0, "*": 1, "/": 1}
_SIGNS = {"+": 10, "-": 11, "*": 12, "/": 15}

Term = tuple[int, str, str]
"""A value, how it is written, and its outermost operator ("" for a number)."""


def act(ask: Ask, options: Mapping[str, Any]) -> Reply:
    """A whole calculation; the tokens are played one after another."""
    return _ask(ask) if ask.seat == 0 else _answer(ask)


# ------------------------------------------------------------------ calculations
def _allowed(ask: Ask) -> str:
    c = ask.game.public
    return "+-" + ("*" if c.times else "") + ("/" if c.over else "")


def joined(a: Term, sign: str, b: Term, most: int) -> Term | None:
    """Two terms made one; None when the value is no whole number from 0 to `most`."""
    if sign == "/":
        if b[0] == 0 or a[0] % b[0]:
            return None
        value = a[0] // b[0]
    else:
        value = a[0] + b[0] if sign == "+" else a[0] - b[0] if sign == "-" else a[0] * b[0]
    if not 0 <= value <= most:
        return None
    left = f"({a[1]})" if a[2] and _BINDS[a[2]] < _BINDS[sign] else a[1]
    keeps = not b[2] or _BINDS[b[2]] > _BINDS[sign] or (b[2] == sign and sign in "+*")
    return value, f"{left} {sign} {b[1] if keeps else f'({b[1]})'}", sign


def searched(numbers: list[int], target: int, signs: str, most: int, key: int) -> tuple[Term | None, int]:
    """The calculation that came nearest to the target, the first found that makes it, and how many were looked at."""
    nearest: Term | None = None
    for looked, term in enumerate(_combined(numbers, signs, most, key), 1):
        if nearest is None or abs(term[0] - target) < abs(nearest[0] - target):
            nearest = term
        if term[0] == target or looked == LOOKS:
            return nearest, looked
    raise AssertionError("combinations never end")


def _combined(numbers: list[int], signs: str, most: int, key: int) -> Iterator[Term]:
    """Terms of two and more numbers, drawn again and again from the start."""
    n = 0
    while True:
        terms: list[Term] = [(number, str(number), "") for number in numbers]
        while len(terms) > 1:
            n += 1
            drawn = keys.fold(key, n)
            a = terms.pop(keys.below(keys.fold(drawn, 0), len(terms)))
            b = terms.pop(keys.below(keys.fold(drawn, 1), len(terms)))
            made = joined(a, signs[keys.below(keys.fold(drawn, 2), len(signs))], b, most)
            made = made or joined(a, "+", b, most)
            if made is None:
                break
            yield made
            terms.append(made)


# ------------------------------------------------------------------ proposing
def _ask(ask: Ask) -> Reply:
    options = [each for n in range(DRAWS) if (each := _drawn(ask, keys.fold(ask.key, n))) is not None]
    if not options or ask.obs.stage == 1:
        return _spelled(ask)
    signs, most = _allowed(ask), int(ask.game.public.most)
    rated = []
    for n, (term, numbers) in enumerate(options):
        found = [
            searched(numbers, term[0], signs, most, keys.fold(keys.fold(ask.key, 1000 + n), i))[0]
            for i in range(TRIALS)
        ]
        right = sum(each is not None and each[0] == term[0] for each in found) / TRIALS
        rated.append((abs(right - 0.5) + (right in (0.0, 1.0)), n, right))
    _, best, right = min(rated)
    term = options[best][0]
    text = f"{term[1]} = {term[0]}" if ask.game.public.written else term[1]
    played = ask.game.parse(text, ask.obs, ask.legal)
    if not isinstance(played, list):
        return _spelled(ask)
    why = f"{term[1]} makes {term[0]}: of {TRIALS} tries {round(right * TRIALS)} found it"
    return Reply(played, notes=_notes(ask, int(played[0][0]), 1 / len(ask.legal), 1 - right, why))


def _drawn(ask: Ask, key: int) -> tuple[Term, list[int]] | None:
    """A valid calculation that begins as the rules or this seat have begun, and its numbers."""
    c, signs = ask.game.public, _allowed(ask)
    begun = _begun(ask)
    most_terms = 2 + keys.below(keys.fold(key, 0), int(c.operators))
    for n in range(_TRIES):
        drawn = keys.fold(key, n + 1)
        numbers = [1 + keys.below(keys.fold(drawn, i), 10 ** int(c.digits) - 1) for i in range(most_terms)]
        term = _grown(numbers, signs, int(c.most), keys.fold(drawn, 100), begun)
        if term is not None:
            return term, sorted([*numbers[1:], begun[0]] if begun else numbers)
    return None


def _begun(ask: Ask) -> tuple[int, str] | None:
    """The number and the operator that the rules have written; nothing else is gone on with."""
    tokens = ask.obs.writing[: ask.obs.length].tolist()
    if not tokens:
        return None
    sign = next((sign for sign, token in _SIGNS.items() if token == tokens[-1]), "+")
    digits = "".join(str(token) for token in tokens[:-1] if token < 10)
    return int(digits or 0), sign


def _grown(numbers: list[int], signs: str, most: int, key: int, begun: tuple[int, str] | None) -> Term | None:
    """The numbers put together in a random shape, behind what is begun."""
    terms: list[Term] = [(number, str(number), "") for number in (numbers[1:] if begun else numbers)]
    n = 0
    while len(terms) > 1:
        drawn = keys.fold(key, n)
        i = keys.below(keys.fold(drawn, 0), len(terms) - 1)
        made = joined(terms[i], signs[keys.below(keys.fold(drawn, 1), len(signs))], terms[i + 1], most)
        if made is None:
            return None
        terms[i : i + 2] = [made]
        n += 1
    return joined((begun[0], str(begun[0]), ""), begun[1], terms[0], most) if begun else terms[0]


def _spelled(ask: Ask) -> Reply:
    """One token: the claim digit by digit, or whatever ends a calculation that cannot be gone on with."""
    action = max(ask.legal) if ask.obs.stage == 0 and 13 not in ask.legal else 13 if 13 in ask.legal else min(ask.legal)
    return Reply([[action]], notes=_notes(ask, action, 1.0, 0.0, "the token that comes nearest to an end"))


# ------------------------------------------------------------------ solving
def _answer(ask: Ask) -> Reply:
    asked, most = ask.obs.asked, int(ask.game.public.most)
    target = int(asked.target)
    found, looked = searched(asked.numbers[: asked.count].tolist(), target, _allowed(ask), most, ask.key)
    text = found[1] if found else ""
    played = ask.game.parse(text, ask.obs, ask.legal)
    right = found is not None and found[0] == target
    if not isinstance(played, list):
        return _spelled_answer(ask)
    why = f"{text} makes {found[0] if found else 'nothing'}, {looked} tried"
    return Reply(played, notes=_notes(ask, int(played[0][0]), 0.9 if right else 0.4, 1.0 if right else -1.0, why))


def _spelled_answer(ask: Ask) -> Reply:
    """Goes on with an answer that somebody else began: to its end as soon as it may end."""
    action = 14 if 14 in ask.legal else min(ask.legal)
    return Reply([[action]], notes=_notes(ask, action, 1.0, -1.0, "what was begun is ended"))


def _notes(ask: Ask, token: int, share: float, value: float, why: str) -> dict[str, Any]:
    """The first token with its share, the others with what is left of it in equal parts."""
    rest = (1 - share) / max(1, len(ask.legal) - 1)
    weights = {other: share if other == token else rest for other in ask.legal}
    return {"policy": pane.policy(ask, weights, token), "value": value, "why": why}
