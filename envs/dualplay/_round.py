"""One round of a proposer and its solvers: what the record games of this family share, constants, options and rules.

A proposer writes a problem token by token, perhaps a claim, then all solvers answer at once. Whoever trains puts earlier problems into
the configuration. A state has the fields of `fields`, a configuration those of `setting`; a game adds how its problems look and what
they are worth. Numbers that are written as answers have their last digit first.
Payoffs are those of PasoDoble (arXiv 2511.11881: 1.1 - p + 0.2 d above its gates), Search Self-play (arXiv 2510.18821: 1 - p, or
4 p (1 - p)) and SvS (arXiv 2508.14029: the band from 0.125 to 0.625); "gated" is ours: nothing for what every solver can do. Units: 5000
times the number of solvers make a point, so that every payoff but "balanced" is exact; that one is rounded down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from envs.keys import below, fold
from envs.rules import Option, config, rule

# No __all__: games take what is named.

# ------------------------------------------------------------------ what tokens, verdicts and options there are
PLUS, MINUS, TIMES, ASK, END = 10, 11, 12, 13, 14
"""Digits are their own tokens. ASK ends a problem, END an answer and a claim."""
SIGNS = "0123456789+-*=."
OPEN, VALID, RANGE, CLAIM, COPY = range(5)
VERDICTS = ("not judged yet", "valid", "a value outside of the range", "a wrong claim", "a copy of an earlier question")
PAYOFFS = ("pasodoble", "gated", "ssp", "balanced", "band")
PAID = {
    "pasodoble": "1.1 - p + 0.2 d if p > 0.2 and d > 0.3, else nothing",
    "gated": "1.1 - p + 0.2 d if 0.2 < p < 1 and d > 0.3, else nothing",
    "ssp": "1 - p",
    "balanced": "4 p (1 - p)",
    "band": "1 if p lies from 0.125 to 0.625, else nothing",
}
ATTEMPTS = {"attempts": Option(4, 1, 16, help="solvers")}
OPTIONS = {
    "claims": Option("computed", choices=("computed", "written"), help="who says what the right answer is"),
    "payoff": Option("gated", choices=PAYOFFS, help="what the proposer earns"),
    "passage": Option(False, help="the rules write the first number, of any length alike, and the operator"),
    "gate": Option(
        True, help="an invalid question ends the game; else a written claim counts as right, to show what that does"
    ),
    "alike": Option(
        400, 0, 1000, help="questions that share more of their parts than this (per mille, Jaccard) are alike"
    ),
    "history": Option(64, 0, 4096, help="room for earlier questions, which whoever trains puts into the configuration"),
}


def count_words(most: int) -> str:
    """two to 3"""
    return "two" if most == 2 else f"two to {most}"


def traits(attempts: int, passage: bool) -> frozenset[str]:
    """The traits that follow from the options."""
    return frozenset(
        {"hidden", "apart"} | ({"simultaneous"} if attempts > 1 else set()) | ({"chance"} if passage else set())
    )


def setting(own: tuple[tuple[str, str], ...], parts: Any, history: int) -> Any:
    """A configuration: a game's own options, the common ones, and the earlier questions, of which `known` are filled in."""
    common = (("written", "?"), ("payoff", "i1"), ("passage", "?"), ("gate", "?"), ("alike", "i2"), ("known", "i4"))
    return config(*own, *common, ("history", parts, (max(history, 1),)))


def values(given: Mapping[str, Any]) -> dict[str, Any]:
    """The common options as fields of the configuration."""
    kept = {name: given[name] for name in ("passage", "gate", "alike")}
    return kept | {"written": given["claims"] == "written", "payoff": PAYOFFS.index(given["payoff"])}


def fields(attempts: int, question: int, claim: int, answer: int, parts: Any) -> tuple[tuple[Any, ...], ...]:
    """The fields of a state and of an observation, for questions, claims and answers of at most so many tokens.

    writing: what the proposer has written, `length` tokens; claim: tokens of the claimed answer; asked: the question taken apart;
    stage 0: the question is written, 1: the claim, 2: solvers answer, 3: over; verdict; unlike: diversity per mille; truth: the right
    answer, -1 where it is not known; answers, lengths and right of each solver, zero where they are not known.
    """
    now = (("stage", "i1"), ("length", "i1"), ("claimed", "i1"), ("verdict", "i1"), ("unlike", "i2"), ("truth", "i4"))
    text = (("writing", "i1", (question,)), ("claim", "i1", (claim,)), ("asked", parts))
    each = (("answers", "i1", (attempts, answer)), ("lengths", "i1", (attempts,)), ("right", "i1", (attempts,)))
    return *now, *text, *each


# ------------------------------------------------------------------ rules
@rule
def put(s, token):
    s.writing[s.length] = token
    s.length += 1


@rule
def first_number(key, least, digits, most):
    """The number of a passage, from `least` to `most`: how long it is is drawn evenly, because questions of all lengths count alike."""
    low = least
    high = 10
    for _ in range(below(fold(key, 0), digits)):
        if high <= most:
            low = high
            high *= 10
    return low + below(fold(key, 1), min(high, most + 1) - low)


@rule
def put_number(s, number):
    """The digits of a number, first things first."""
    power = 1
    while power * 10 <= number:
        power *= 10
    while power > 0:
        put(s, number // power % 10)
        power //= 10


@rule
def acting(s, c, seats):
    seats[0] = s.stage < 2
    for seat in range(1, len(seats)):
        seats[seat] = s.stage == 2 and not ended(s.answers[seat - 1], s.lengths[seat - 1])


@rule
def ended(tokens, length):
    return length > 0 and tokens[length - 1] == END


@rule
def fits_number(tokens, length, mask):
    """A number with its last digit first: it ends with END, and its first digit is 0 only in the number 0."""
    room = len(tokens) - 1
    for digit in range(10):
        mask[digit] = length < room and (digit > 0 or length == 0 or length < room - 1)
    mask[END] = length == 1 or (length > 1 and tokens[length - 1] != 0)


@rule
def number(tokens, length):
    """The number that tokens write, last digit first and END behind."""
    value = 0
    for i in range(length - 2, -1, -1):
        value = value * 10 + tokens[i]
    return value


@rule
def claim(s, token):
    s.claim[s.claimed] = token
    s.claimed += 1
    s.stage = 2 if token == END else 1


@rule
def settle(s, c):
    """The verdict as far as the question itself goes; without the gate a written claim is what counts as right."""
    s.unlike = 0
    s.verdict = VALID if s.truth >= 0 else RANGE
    said = number(s.claim, s.claimed) if c.written else s.truth
    if s.verdict == VALID and said != s.truth:
        s.verdict = CLAIM
    s.truth = s.truth if c.gate else said


@rule
def weigh(s, c, shared):
    """One question of the history, which was there before this one and shares so much with it (per mille)."""
    s.unlike += 1 if shared <= c.alike else 0
    if shared == 1000 and s.verdict == VALID:
        s.verdict = COPY


@rule
def admit(s, c):
    """The last of the judgement: diversity per mille; an invalid question ends the round."""
    s.unlike = 1000 * s.unlike // c.known if c.known > 0 else 1000
    if s.verdict != VALID and (c.gate or s.truth < 0):
        close(s, c)


@rule
def gather(s, actions):
    """One token of every solver that is not done; how many go on after it."""
    waiting = 0
    for i in range(len(s.lengths)):
        if not ended(s.answers[i], s.lengths[i]):
            s.answers[i, s.lengths[i]] = actions[i + 1, 0]
            s.lengths[i] += 1
            waiting += 0 if actions[i + 1, 0] == END else 1
    return waiting


@rule
def close(s, c):
    """The end: what everybody earns."""
    solvers = len(s.lengths)
    right = 0
    for i in range(solvers):
        right += s.right[i]
        s.reward[i + 1] = 5000 * solvers * s.right[i]
    s.reward[0] = earned(right, solvers, s.unlike, c.payoff) if s.verdict == VALID or not c.gate else 0
    s.stage = 3
    s.done = True


@rule
def earned(right, solvers, unlike, payoff):
    """The proposer's reward in units; `payoff` is a number of PAYOFFS."""
    if payoff == 2:
        return 5000 * (solvers - right)
    if payoff == 3:
        return 20000 * right * (solvers - right) // solvers
    if payoff == 4:
        return 5000 * solvers if solvers <= 8 * right <= 5 * solvers else 0
    hard = 5 * right > solvers and (payoff == 0 or right < solvers)
    return 5500 * solvers - 5000 * right + solvers * unlike if hard and unlike > 300 else 0


@rule
def show(s, seat, obs):
    """What does not depend on the game: the judgement for all, the claim for the proposer, attempts for their solver; all at the end."""
    over = s.stage == 3
    obs.stage = s.stage
    obs.verdict = s.verdict
    obs.unlike = s.unlike
    if over or seat in (0, -1):
        obs.claimed = s.claimed
        obs.claim = s.claim
    for i in range(len(s.lengths)):
        if over or seat in (-1, i + 1):
            obs.lengths[i] = s.lengths[i]
            obs.right[i] = s.right[i]
            for k in range(s.lengths[i]):
                obs.answers[i, k] = s.answers[i, k]


@rule
def show_writing(s, obs):
    obs.length = s.length
    obs.writing = s.writing


@rule
def lay_front(tokens, length, room, pad, out):
    """Tokens at the end of the first `room` places, padding in front of them."""
    for i in range(room):
        out[i] = pad if i < room - length else tokens[i - room + length]


@rule
def lay_rest(obs, room, pad, out):
    """Behind `room` places: the claim as far as it is known, then the own answer (a solver's), both padded behind."""
    for i in range(room, len(out)):
        out[i] = pad
    for i in range(obs.claimed):
        out[room + i] = obs.claim[i]
    if obs.seat > 0:
        for i in range(obs.lengths[obs.seat - 1]):
            out[room + len(obs.claim) + i] = obs.answers[obs.seat - 1, i]
