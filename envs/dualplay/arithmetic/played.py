"""Arithmetic, parts 2 and 3: the state and the rules, on top of those of every round (envs/dualplay/_round.py)."""

from __future__ import annotations

from typing import Any

from envs.dualplay import _round
from envs.dualplay._round import (
    ASK,
    MINUS,
    PLUS,
    TIMES,
    acting,
    admit,
    claim,
    close,
    first_number,
    fits_number,
    gather,
    lay_front,
    lay_rest,
    number,
    put,
    put_number,
    settle,
    show,
    show_writing,
    weigh,
)  # fmt: skip
from envs.dualplay.arithmetic.declared import PAD
from envs.keys import below, fold
from envs.rules import nested, rule

__all__ = [
    "acting", "encode_question", "encode_tokens", "fields", "fits_question", "init", "jaccard", "legal", "observe", "play", "setting",
    "worth",
]  # fmt: skip


# ------------------------------------------------------------------ 2. the state
def parts(operators: int) -> Any:
    """A question taken apart: how many numbers, the numbers, the operators between them (tokens)."""
    return nested(("count", "i1"), ("numbers", "i2", (operators + 1,)), ("signs", "i1", (operators,)))


def setting(operators: int, history: int) -> Any:
    """The options that are data, and the earlier questions."""
    own = (("most", "i4"), ("operators", "i1"), ("digits", "i1"), ("times", "?"))
    return _round.setting(own, parts(operators), history)


def fields(attempts: int, operators: int, digits: int, most: int) -> tuple[tuple[Any, ...], ...]:
    """The fields of the state and of an observation; `asked` is the question taken apart."""
    answer = len(str(most)) + 1
    return _round.fields(attempts, (digits + 1) * (operators + 1), answer, answer, parts(operators))


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.truth = -1
    if c.passage:
        put_number(s, first_number(fold(key, 0), 0, c.digits, c.most))
        put(s, PLUS + below(fold(key, 1), 3 if c.times else 2))


@rule
def legal(s, c, seat, mask):
    if seat > 0:
        fits_number(s.answers[seat - 1], s.lengths[seat - 1], mask)
    elif s.stage == 1:
        fits_number(s.claim, s.claimed, mask)
    else:
        fits_question(s.writing, s.length, c, mask)


@rule
def fits_question(tokens, length, c, mask):
    """Numbers and operators in turn, then `=`."""
    digits = 0
    signs = 0
    first = 0
    for i in range(length):
        if tokens[i] < PLUS:
            first = tokens[i] if digits == 0 else first
            digits += 1
        else:
            signs += 1
            digits = 0
    for digit in range(10):
        mask[digit] = digits == 0 or (digits < c.digits and first > 0)
    for sign in range(PLUS, TIMES + 1):
        mask[sign] = digits > 0 and signs < c.operators and (sign != TIMES or c.times)
    mask[ASK] = digits > 0 and signs > 0


@rule
def play(s, c, actions, key):
    if s.stage == 0:
        put(s, actions[0, 0])
        if actions[0, 0] == ASK:
            take_apart(s)
            s.truth = worth(s.asked, c.most)
            s.stage = 1 if c.written else 2
    elif s.stage == 1:
        claim(s, actions[0, 0])
    else:
        answer(s, c, actions)
        return
    if s.stage == 2:
        judge(s, c)


@rule
def take_apart(s):
    """The numbers and operators of the question."""
    q = s.asked
    q.count = 1
    for i in range(s.length - 1):
        if s.writing[i] < PLUS:
            q.numbers[q.count - 1] = q.numbers[q.count - 1] * 10 + s.writing[i]
        else:
            q.signs[q.count - 1] = s.writing[i]
            q.count += 1


@rule
def worth(q, most):
    """The value of a question from left to right; -1 when it or a value on the way lies outside of 0 to `most`."""
    value = 0 + q.numbers[0]
    for i in range(1, q.count):
        if 0 <= value <= most:
            n = q.numbers[i]
            sign = q.signs[i - 1]
            value = value + n if sign == PLUS else value - n if sign == MINUS else value * n
    return value if 0 <= value <= most else -1


@rule
def judge(s, c):
    """Verdict and diversity: compared with the history as it was before this question."""
    settle(s, c)
    for i in range(c.known):
        weigh(s, c, jaccard(s.asked, c.history[i]))
    admit(s, c)


@rule
def jaccard(a, b):
    """Items (position, number) and (position, operator) that both have, per mille of those that either has."""
    both = 0
    for i in range(min(a.count, b.count)):
        both += 1 if a.numbers[i] == b.numbers[i] else 0
        both += 1 if i > 0 and a.signs[i - 1] == b.signs[i - 1] else 0
    return 1000 * both // (2 * (a.count + b.count) - 2 - both)


@rule
def answer(s, c, actions):
    """When all solvers are done, who is right is known."""
    if gather(s, actions) == 0:
        for i in range(len(s.lengths)):
            s.right[i] = 1 if number(s.answers[i], s.lengths[i]) == s.truth else 0
        close(s, c)


@rule
def observe(s, c, seat, obs):
    """All see the question. The proposer knows the right answer; it is shown to all at the end."""
    show(s, seat, obs)
    show_writing(s, obs)
    obs.asked = s.asked
    obs.truth = s.truth if s.stage == 3 or seat in (0, -1) else -1


@rule
def encode_question(obs, c, out):
    """The question, padded in front."""
    lay_front(obs.writing, obs.length, len(out), PAD, out)


@rule
def encode_tokens(obs, c, out):
    """The question, padded in front; the claim as far as it is known, then the own answer (a solver's), both padded behind."""
    lay_front(obs.writing, obs.length, len(obs.writing), PAD, out)
    lay_rest(obs, len(obs.writing), PAD, out)
