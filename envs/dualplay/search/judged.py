"""Search, part 3 a: the filters of a question, each judged on its own, and the reader who verifies it."""

from __future__ import annotations

from envs.dualplay.search.declared import FAILED, PASSED
from envs.dualplay.search.relations import BACK
from envs.dualplay.search.world import OBJECT, SUBJECT
from envs.keys import below, fold
from envs.rules import rule

# No __all__: rules take what is named.


@rule
def judge(s, c, key):
    """All filters, each on its own; the first that fails is the verdict."""
    fill_shelf(s, c, key)
    follow(s, c, False)
    s.fitting = 0
    for e in range(len(s.found)):
        s.fitting += s.found[e]
    follow(s, c, True)
    mark(s, 0, documents(s) > 0)
    mark(s, 1, s.calls[0] > 1 and not repeats(s))
    mark(s, 2, s.asked.length == s.hops)
    mark(s, 3, s.asked.start != s.target)
    mark(s, 4, not copied(s, c))
    mark(s, 5, s.found[s.target] > 0)
    others = 0
    for e in range(len(s.found)):
        others += s.found[e] if e != s.target else 0
    mark(s, 6, others == 0)
    s.verdict = 1
    for i in range(len(s.checks) - 1, -1, -1):
        if s.checks[i] == FAILED:
            s.verdict = 2 + i


@rule
def mark(s, i, passed):
    s.checks[i] = PASSED if passed else FAILED


@rule
def documents(s):
    count = 0
    for e in range(len(s.found)):
        count += s.read[0, e]
    return count


@rule
def repeats(s):
    for i in range(s.calls[0]):
        for j in range(i):
            if s.log[0, i] == s.log[0, j]:
                return True
    return False


@rule
def copied(s, c):
    for i in range(c.known):
        old = c.history[i]
        same = old.start == s.asked.start and old.length == s.asked.length
        for k in range(s.asked.length):
            same = same and old.steps[k] == s.asked.steps[k]
        if same:
            return True
    return False


@rule
def fill_shelf(s, c, key):
    """The reader's documents: the proposer's, and as many foreign ones as there are, at most `noise`."""
    entities = len(c.kinds)
    left = 0
    for e in range(entities):
        s.shelf[e] = s.read[0, e]
        left += 1 - s.read[0, e]
    for i in range(c.noise):
        if left > 0:
            skip = below(fold(key, i), left)
            for e in range(entities):
                if not s.shelf[e]:
                    if skip == 0:
                        s.foreign[i] = e
                        s.shelf[e] = 1
                        break
                    skip -= 1
            left -= 1


@rule
def follow(s, c, shelved):
    """Into `found`: everything that the question leads to, by the facts of the reader's documents, or by all facts."""
    entities = len(c.kinds)
    for e in range(entities):
        s.found[e] = 1 if e == s.asked.start else 0
    for k in range(s.asked.length):
        reading = s.asked.steps[k]
        for i in range(c.many):
            fact = c.facts[i]
            if fact.relation == reading % BACK and (not shelved or told_on(s.shelf, fact)):
                # What is reached now carries 2, until the whole step is done.
                if reading < BACK and s.found[fact.subject] & 1:
                    s.found[fact.object] |= 2
                elif reading >= BACK and s.found[fact.object] & 1:
                    s.found[fact.subject] |= 2
        for e in range(entities):
            s.found[e] >>= 1


@rule
def told_on(shelf, fact):
    """Whether one of these documents tells a fact."""
    return (fact.told & SUBJECT != 0 and shelf[fact.subject] > 0) or (
        fact.told & OBJECT != 0 and shelf[fact.object] > 0
    )


@rule
def tells(fact, document):
    """Whether a document tells a fact."""
    return (fact.subject == document and fact.told & SUBJECT != 0) or (
        fact.object == document and fact.told & OBJECT != 0
    )
