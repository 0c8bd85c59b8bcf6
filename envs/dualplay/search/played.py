"""Search, part 3 b: the rules. The search itself is data: the configuration holds what each query finds.

Units: the square of the number of solvers makes a point, so that both payoffs are whole numbers.
"""

from __future__ import annotations

from envs.dualplay.search.declared import INVALID
from envs.dualplay.search.judged import judge, tells, told_on
from envs.dualplay.search.relations import ASPECTS, BACK, READINGS, TYPES
from envs.keys import below, fold
from envs.rules import rule

# No __all__: the package takes what is named.
STARTS = tuple(kinds[0] for kinds in TYPES) + tuple(kinds[1] for kinds in TYPES)
GOALS = tuple(kinds[1] for kinds in TYPES) + tuple(kinds[0] for kinds in TYPES)
REPLACED, ENDS, PLAYED = (INVALID.index(word) for word in ("replaced", "ends", "played"))


# ------------------------------------------------------------------ 3. the rules
@rule
def init(s, c, key):
    entities = len(c.kinds)
    s.target = below(fold(key, 0), entities)
    s.hops = 1 + below(fold(key, 1), c.hops)
    s.seen[0, s.target] = 1
    s.asked.start = -1
    s.posed.start = -1
    s.sought = -1
    for i in range(len(s.answers)):
        s.answers[i] = -1
    for i in range(len(s.foreign)):
        s.foreign[i] = -1


@rule
def acting(s, c, seats):
    seats[0] = s.stage < 2
    for seat in range(1, len(seats)):
        seats[seat] = s.stage == 2 and s.answers[seat - 1] < 0


@rule
def legal(s, c, seat, mask):
    entities = len(c.kinds)
    names = entities * ASPECTS
    if s.stage == 1:
        at = arrived(s, c)
        for reading in range(READINGS):
            mask[names + entities + reading] = s.asked.length < s.hops and STARTS[reading] == at
        mask[names + entities + READINGS] = s.asked.length > 0
        return
    for e in range(entities):
        if s.seen[seat, e]:
            mask[names + e] = True
            if s.calls[seat] < c.calls:
                for aspect in range(ASPECTS):
                    mask[e * ASPECTS + aspect] = True


@rule
def arrived(s, c):
    """The kind of what the question leads to so far."""
    q = s.asked
    return GOALS[q.steps[q.length - 1]] if q.length > 0 else c.kinds[q.start]


@rule
def play(s, c, actions, key):
    names = len(c.kinds) * ASPECTS
    if s.stage == 1:
        write(s, c, actions[0, 0] - names - len(c.kinds), key)
    elif s.stage == 0:
        if actions[0, 0] < names:
            look(s, c, 0, actions[0, 0])
        else:
            s.asked.start = actions[0, 0] - names
            s.stage = 1
    else:
        solve(s, c, actions)


@rule
def look(s, c, seat, query):
    """A search: the seat has its documents, and has seen what they name."""
    s.log[seat, s.calls[seat]] = query
    s.calls[seat] += 1
    for i in range(c.hits.shape[2]):
        document = c.hits[query // ASPECTS, query % ASPECTS, i]
        if document >= 0 and not s.read[seat, document]:
            s.read[seat, document] = 1
            s.seen[seat, document] = 1
            for k in range(c.many):
                fact = c.facts[k]
                if tells(fact, document):
                    s.seen[seat, fact.subject] = 1
                    s.seen[seat, fact.object] = 1


@rule
def write(s, c, step, key):
    """One more step of the question, or its end: then it is judged."""
    if step < READINGS:
        s.asked.steps[s.asked.length] = step
        s.asked.length += 1
        return
    judge(s, c, key)
    if s.verdict == 1 or c.invalid != ENDS:
        pose(s, c, key)
    else:
        close(s, c)


@rule
def pose(s, c, key):
    """The solvers get the question, or one of the rules in place of an invalid one."""
    s.stage = 2
    s.posed = s.asked
    s.sought = s.target
    if s.verdict != 1 and c.invalid == REPLACED:
        tries = 0
        while not replaced(s, c, fold(key, 100 + tries), tries):
            tries += 1
    for seat in range(1, len(s.calls)):
        s.seen[seat, s.posed.start] = 1


@rule
def replaced(s, c, key, tries):
    """Try to draw a question: readings forward, which have one answer, from anywhere; after many tries it has one step."""
    at = below(fold(key, 0), len(c.kinds))
    s.posed.start = at
    s.posed.length = 0
    for k in range(s.hops if tries < 60 else 1):
        ways = 0
        for i in range(c.many):
            ways += 1 if c.facts[i].subject == at else 0
        if ways == 0:
            return False
        skip = below(fold(key, 1 + k), ways)
        for i in range(c.many):
            if c.facts[i].subject == at:
                if skip == 0:
                    s.posed.steps[k] = c.facts[i].relation
                    at = 0 + c.facts[i].object
                    break
                skip -= 1
        s.posed.length = k + 1
    s.sought = at
    return at != s.posed.start


@rule
def solve(s, c, actions):
    names = len(c.kinds) * ASPECTS
    waiting = 0
    for i in range(len(s.answers)):
        if s.answers[i] < 0:
            if actions[i + 1, 0] < names:
                look(s, c, i + 1, actions[i + 1, 0])
                waiting += 1
            else:
                s.answers[i] = actions[i + 1, 0] - names
    if waiting == 0:
        for i in range(len(s.answers)):
            s.right[i] = 1 if s.answers[i] == s.sought else 0
        close(s, c)


@rule
def close(s, c):
    """The end: what everybody earns."""
    solvers = len(s.answers)
    right = 0
    for i in range(solvers):
        right += s.right[i]
        s.reward[i + 1] = solvers * solvers * s.right[i]
    answered = s.answers[0] >= 0
    s.reward[0] = earned(right, solvers, c.payoff) if answered and (s.verdict == 1 or c.invalid == PLAYED) else 0
    s.stage = 3
    s.done = True


@rule
def earned(right, solvers, payoff):
    """The proposer's reward in units: 1 - s, or 4 s (1 - s)."""
    return 4 * right * (solvers - right) if payoff == 1 else solvers * (solvers - right)


@rule
def observe(s, c, seat, obs):
    """All see both questions and the verdict. The answer is the proposer's until the end; searches and documents are each seat's own."""
    over = s.stage == 3
    all_told = over or seat in (0, -1)
    obs.stage = s.stage
    obs.target = s.target if all_told else -1
    obs.hops = s.hops
    obs.verdict = s.verdict
    obs.asked = s.asked
    obs.posed = s.posed
    obs.sought = s.sought if over or seat == -1 else -1
    obs.fitting = s.fitting if over or seat == -1 else 0
    obs.checks = s.checks
    obs.foreign = s.foreign
    if all_told:
        obs.found = s.found
    else:
        for i in range(len(s.foreign)):
            obs.foreign[i] = -1
    for other in range(len(s.calls)):
        if over or seat in (other, -1):
            obs.calls[other] = s.calls[other]
            for i in range(s.calls[other]):
                obs.log[other, i] = s.log[other, i]
        if other > 0:
            mine = over or seat in (other, -1)
            obs.answers[other - 1] = s.answers[other - 1] if mine else -1
            obs.right[other - 1] = s.right[other - 1] if mine else 0
    if seat >= 0:
        for e in range(len(s.found)):
            obs.read[e] = s.read[seat, e]
            obs.seen[e] = s.seen[seat, e]
    for k in range(c.many):
        fact = c.facts[k]
        if seat == -1 or (seat >= 0 and told_on(s.read[seat], fact)):
            obs.facts[fact.subject, fact.relation] = fact.object + 1


@rule
def encode_flat(obs, c, out):
    """Of each entity: seen, read, the number of queries about it, facts; the question; calls, hops."""
    entities = len(obs.seen)
    seat = max(obs.seat, 0)
    for e in range(entities):
        at = e * (2 + ASPECTS)
        out[at] = obs.seen[e]
        out[at + 1] = obs.read[e]
        for r in range(BACK):
            out[at + 3 + r] = obs.facts[e, r] / entities
    for i in range(obs.calls[seat]):
        out[obs.log[seat, i] // ASPECTS * (2 + ASPECTS) + 2] = 1.0
    base = entities * (2 + ASPECTS)
    q = obs.posed if obs.stage > 1 else obs.asked
    for k in range(q.length):
        out[base + k * READINGS + q.steps[k]] = 1.0
    base += len(q.steps) * READINGS
    if q.start >= 0:
        out[base + q.start] = 1.0
    elif obs.target >= 0:
        out[base + obs.target] = 1.0
    out[base + entities] = obs.calls[seat] / 10
    out[base + entities + 1] = obs.hops / 5
