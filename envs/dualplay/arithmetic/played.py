"""Arithmetic, parts 2 and 3: the state and the rules. Numbers that are written as answers have their last digit first.

Units: 5000 times the number of solvers make a point, so that every payoff but "balanced" is exact; that one is rounded down.
"""

from __future__ import annotations

from typing import Any

from envs.dualplay.arithmetic.declared import ASK, CLAIM, COPY, END, MINUS, PAD, PLUS, RANGE, TIMES, VALID
from envs.keys import below, fold
from envs.rules import config, nested, rule

# No __all__: the package takes what is named.

# ------------------------------------------------------------------ 2. the state


def parts(operators: int) -> Any:
    """A question taken apart: how many numbers, the numbers, the operators between them (tokens)."""
    return nested(("count", "i1"), ("numbers", "i2", (operators + 1,)), ("signs", "i1", (operators,)))


def setting(operators: int, history: int) -> Any:
    """The options that are data, and the earlier questions, of which `known` are filled in."""
    one = (
        ("most", "i4"),
        ("operators", "i1"),
        ("digits", "i1"),
        ("written", "?"),
        ("times", "?"),
        ("payoff", "i1"),
        ("passage", "?"),
        ("gate", "?"),
    )
    return config(*one, ("alike", "i2"), ("known", "i4"), ("history", parts(operators), (max(history, 1),)))


def fields(attempts: int, operators: int, digits: int, most: int) -> tuple[tuple[Any, ...], ...]:
    """The fields of the state and of an observation. Numbers in tokens have their last digit first.

    writing: the question's tokens so far, `length` of them; claim: tokens of the claimed answer; asked: the question taken apart;
    stage 0: the question is written, 1: the claim, 2: solvers answer, 3: over; verdict; unlike: diversity per mille; truth: the right
    answer, -1 where it is not known; answers, lengths and right of each solver, zero where they are not known.
    """
    token, answer = "i1", len(str(most)) + 1
    now = (("stage", "i1"), ("length", "i1"), ("claimed", "i1"), ("verdict", "i1"), ("unlike", "i2"), ("truth", "i4"))
    text = (
        ("writing", token, ((digits + 1) * (operators + 1),)),
        ("claim", token, (answer,)),
        ("asked", parts(operators)),
    )
    each = (("answers", token, (attempts, answer)), ("lengths", "i1", (attempts,)), ("right", "i1", (attempts,)))
    return *now, *text, *each


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    s.truth = -1
    if c.passage:
        first = below(fold(key, 0), c.most + 1)
        while first >= 10**c.digits:
            first //= 10
        power = 1
        while power * 10 <= first:
            power *= 10
        while power > 0:
            put(s, first // power % 10)
            power //= 10
        put(s, PLUS + below(fold(key, 1), 3 if c.times else 2))


@rule
def put(s, token):
    s.writing[s.length] = token
    s.length += 1


@rule
def acting(s, c, seats):
    seats[0] = s.stage < 2
    for seat in range(1, len(seats)):
        seats[seat] = s.stage == 2 and not ended(s.answers[seat - 1], s.lengths[seat - 1])


@rule
def ended(tokens, length):
    return length > 0 and tokens[length - 1] == END


@rule
def legal(s, c, seat, mask):
    if seat > 0:
        fits_number(s.answers[seat - 1], s.lengths[seat - 1], mask)
    elif s.stage == 1:
        fits_number(s.claim, s.claimed, mask)
    else:
        fits_question(s.writing, s.length, c, mask)


@rule
def fits_number(tokens, length, mask):
    """A number with its last digit first: it ends with END, and its first digit is 0 only in the number 0."""
    room = len(tokens) - 1
    for digit in range(10):
        mask[digit] = length < room and (digit > 0 or length == 0 or length < room - 1)
    mask[END] = length == 1 or (length > 1 and tokens[length - 1] != 0)


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
        s.claim[s.claimed] = actions[0, 0]
        s.claimed += 1
        s.stage = 2 if actions[0, 0] == END else 1
    else:
        answer(s, c, actions)
        return
    if s.stage == 2:
        judge(s, c)
        if s.verdict != VALID and (c.gate or s.truth < 0):
            close(s, c)


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
def number(tokens, length):
    """The number that tokens write, last digit first and END behind."""
    value = 0
    for i in range(length - 2, -1, -1):
        value = value * 10 + tokens[i]
    return value


@rule
def judge(s, c):
    """Verdict and diversity: compared with the history as it was before this question."""
    unlike = 0
    s.verdict = VALID if s.truth >= 0 else RANGE
    claim = number(s.claim, s.claimed) if c.written else s.truth
    if s.verdict == VALID and claim != s.truth:
        s.verdict = CLAIM
    s.truth = s.truth if c.gate else claim
    for i in range(c.known):
        shared = jaccard(s.asked, c.history[i])
        unlike += 1 if shared <= c.alike else 0
        if shared == 1000 and s.verdict == VALID:
            s.verdict = COPY
    s.unlike = 1000 * unlike // c.known if c.known > 0 else 1000


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
    """One token of every solver that is not done; when all are, who is right is known."""
    waiting = 0
    for i in range(len(s.lengths)):
        if not ended(s.answers[i], s.lengths[i]):
            s.answers[i, s.lengths[i]] = actions[i + 1, 0]
            s.lengths[i] += 1
            waiting += 0 if actions[i + 1, 0] == END else 1
    if waiting == 0:
        for i in range(len(s.lengths)):
            s.right[i] = 1 if number(s.answers[i], s.lengths[i]) == s.truth else 0
        close(s, c)


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
def observe(s, c, seat, obs):
    """All see the question. The proposer knows the right answer, a solver its own; all are shown at the end."""
    over = s.stage == 3
    told = over or seat in (0, -1)
    obs.stage = s.stage
    obs.length = s.length
    obs.writing = s.writing
    obs.asked = s.asked
    obs.verdict = s.verdict
    obs.unlike = s.unlike
    obs.truth = s.truth if told else -1
    if told:
        obs.claimed = s.claimed
        obs.claim = s.claim
    for i in range(len(s.lengths)):
        if over or seat in (-1, i + 1):
            obs.lengths[i] = s.lengths[i]
            obs.right[i] = s.right[i]
            for k in range(s.lengths[i]):
                obs.answers[i, k] = s.answers[i, k]


@rule
def encode_tokens(obs, c, out):
    """The question, padded in front; the claim as far as it is known, then the own answer (a solver's), both padded behind."""
    room = len(obs.writing)
    number = len(obs.claim)
    for i in range(len(out)):
        out[i] = PAD
    for i in range(obs.length):
        out[room - obs.length + i] = obs.writing[i]
    for i in range(obs.claimed):
        out[room + i] = obs.claim[i]
    if obs.seat > 0:
        for i in range(obs.lengths[obs.seat - 1]):
            out[room + number + i] = obs.answers[obs.seat - 1, i]
