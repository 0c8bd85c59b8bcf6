"""Countdown, parts 2 and 3: the state and the rules, on top of those of every round (envs/dualplay/_round.py)."""

from __future__ import annotations

from typing import Any

from envs.dualplay import _round
from envs.dualplay._round import (
    ASK,
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
    put,
    put_number,
    settle,
    show,
    show_writing,
    weigh,
)  # fmt: skip
from envs.dualplay.countdown.declared import COMMA, OVER, PAD, longest
from envs.dualplay.countdown.grammar import fits
from envs.dualplay.countdown.worked import stack, value
from envs.keys import below, fold
from envs.rules import nested, rule

__all__ = [
    "acting", "encode_question", "encode_tokens", "fields", "init", "jaccard", "legal", "observe", "parts", "play", "setting",
    "stack",
]  # fmt: skip


# ------------------------------------------------------------------ 2. the state
def parts(operators: int) -> Any:
    """What solvers are given: how many numbers, the numbers in ascending order, the target."""
    return nested(("count", "i1"), ("numbers", "i2", (operators + 1,)), ("target", "i4"))


def setting(operators: int, history: int) -> Any:
    """The options that are data, and the earlier questions."""
    own = (("most", "i4"), ("operators", "i1"), ("digits", "i1"), ("times", "?"), ("over", "?"))
    return _round.setting(own, parts(operators), history)


def fields(attempts: int, operators: int, digits: int, most: int) -> tuple[tuple[Any, ...], ...]:
    """The fields of an observation. writing: the calculation that the proposer wrote, hidden from solvers until the end."""
    long = longest(operators, digits)
    return _round.fields(attempts, long, len(str(most)) + 1, long, parts(operators))


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.truth = -1
    if c.passage:
        put_number(s, first_number(fold(key, 0), 1, c.digits, c.most))
        sign = PLUS + below(fold(key, 1), 2 + c.times + c.over)
        put(s, OVER if sign > TIMES or (sign == TIMES and not c.times) else sign)


@rule
def legal(s, c, seat, mask):
    if seat > 0:
        fits(s.answers[seat - 1], s.lengths[seat - 1], s.asked, c, mask)
    elif s.stage == 1:
        fits_number(s.claim, s.claimed, mask)
    else:
        fits(s.writing, s.length, s.asked, c, mask)


@rule
def play(s, c, actions, key):
    if s.stage == 0:
        put(s, actions[0, 0])
        if actions[0, 0] == ASK:
            take_apart(s)
            s.truth = value(s.stack, s.writing, s.length, c.most)
            s.asked.target = s.truth
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
    """The numbers of the calculation, in ascending order, so that their order tells nothing."""
    q = s.asked
    number = 0
    for i in range(s.length):
        token = s.writing[i]
        if token < PLUS:
            number = number * 10 + token
        elif number > 0:
            place = 0 + q.count
            while place > 0 and q.numbers[place - 1] > number:
                q.numbers[place] = q.numbers[place - 1]
                place -= 1
            q.numbers[place] = number
            q.count += 1
            number = 0


@rule
def judge(s, c):
    """Verdict and diversity: compared with the history as it was before this question."""
    settle(s, c)
    s.asked.target = s.truth
    for i in range(c.known):
        weigh(s, c, jaccard(s.asked, c.history[i]))
    admit(s, c)


@rule
def jaccard(a, b):
    """Numbers, as often as they are there, and the target, that both have, per mille of those that either has."""
    both = 1 if a.target == b.target else 0
    i = 0
    k = 0
    while i < a.count and k < b.count:
        if a.numbers[i] == b.numbers[k]:
            both += 1
            i += 1
            k += 1
        elif a.numbers[i] < b.numbers[k]:
            i += 1
        else:
            k += 1
    return 1000 * both // (a.count + b.count + 2 - both)


@rule
def answer(s, c, actions):
    """When all solvers are done, who is right is known."""
    if gather(s, actions) == 0:
        for i in range(len(s.lengths)):
            s.right[i] = 1 if value(s.stack, s.answers[i], s.lengths[i], c.most) == s.truth else 0
        close(s, c)


@rule
def observe(s, c, seat, obs):
    """Solvers see numbers and target, when the question is complete; the calculation is the proposer's until the end."""
    show(s, seat, obs)
    own = s.stage == 3 or seat in (0, -1)
    obs.truth = s.truth if own or s.stage == 2 else -1
    if own:
        show_writing(s, obs)
    if own or s.stage == 2:
        obs.asked = s.asked


@rule
def pose(q, room, out):
    """Numbers, a comma or = behind each, and the target, at the end of the first `room` places."""
    place = room - 1
    rest = 0 + q.target
    while place == room - 1 or rest > 0:
        out[place] = rest % 10
        rest //= 10
        place -= 1
    for i in range(q.count - 1, -1, -1):
        out[place] = ASK if i == q.count - 1 else COMMA
        place -= 1
        rest = 0 + q.numbers[i]
        while rest > 0:
            out[place] = rest % 10
            rest //= 10
            place -= 1


@rule
def encode_question(obs, c, out):
    """What a solver reads, padded in front; nothing but padding before the question is complete."""
    for i in range(len(out)):
        out[i] = PAD
    if obs.asked.count > 0 and obs.truth >= 0:
        pose(obs.asked, len(out), out)


@rule
def encode_tokens(obs, c, out):
    """The calculation (for the proposer) or the question (for solvers), padded in front; the claim, the own answer, padded behind."""
    room = len(out) - len(obs.claim) - len(obs.writing)
    lay_front(obs.writing, obs.length if obs.seat <= 0 else 0, room, PAD, out)
    lay_rest(obs, room, PAD, out)
    if obs.seat > 0 and obs.asked.count > 0 and obs.truth >= 0:
        pose(obs.asked, room, out)
