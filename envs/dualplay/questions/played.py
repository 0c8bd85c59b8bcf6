"""Questions, parts 2 and 3: the state and the rules. A verifier is a seat, so that its verdicts are recorded and not asked for again.

Units: 5000 times the number of solvers make a point, so that every payoff but "balanced" is exact; that one is rounded down.
"""

from __future__ import annotations

import re
from typing import Any

from envs.dualplay._prose import alike, hidden, same, squeezed
from envs.dualplay.questions.declared import ANSWER, CHECKS, LONGEST, REASON, SHORTEST
from envs.keys import below
from envs.spec import Form

# No __all__: the package takes what is named.
VISIBLE = r"[^\x00-\x1f\x7f]"
BOXED = re.compile(r"\\?\bf?boxed\b", re.IGNORECASE)
LIKE, REMEMBERED = 800, 100
"""Questions that share more of their words than this, per mille, are alike; with so many of the last ones a new one is compared."""

# ------------------------------------------------------------------ 2. the state
# stage: "ask", "solve", "verify", "over"; passage; question; claim: the proposer's answer; checks: {name: passed}; unlike: diversity per
# mille; answers[i]: None until solver i answers; waiting: [[i, answer]] that the verifier has yet to see; right[i]; verdicts: [[i, "right"
# or "wrong", reason]].


# ------------------------------------------------------------------ 3. the rules
def init(s: Any, c: Any, key: Any) -> None:
    s.passage = c.passages[below(key, len(c.passages))]
    s.stage, s.question, s.claim, s.checks, s.unlike = "ask", "", "", {}, 0
    s.answers, s.right = [None] * c.attempts, [0] * c.attempts
    s.waiting, s.verdicts = [], []


def acting(s: Any, c: Any, seats: Any) -> None:
    if s.stage == "verify":
        seats[1 + c.attempts] = True
    elif s.stage == "ask":
        seats[0] = True
    else:
        for i in range(c.attempts):
            seats[1 + i] = True


def legal(s: Any, c: Any, seat: int, mask: Any) -> Form:
    if seat > c.attempts:
        return Form(REASON + 8, rf"(right|wrong): {VISIBLE}{{1,{REASON}}}")
    answer = rf"answer: {VISIBLE}{{1,{ANSWER}}}"
    if seat:
        return Form(ANSWER + 8, answer)
    return Form(LONGEST + ANSWER + 32, rf"question: {VISIBLE}{{1,{LONGEST}}} {answer}")


def play(s: Any, c: Any, actions: Any, key: Any) -> None:
    if s.stage == "ask":
        question, _, claim = actions[0].removeprefix("question: ").rpartition(" answer: ")
        propose(s, c, question, claim)
    elif s.stage == "solve":
        s.answers = [actions[1 + i].removeprefix("answer: ") for i in range(c.attempts)]
        for i, answer in enumerate(s.answers):
            weigh(s, c, i, answer)
        settle(s, c)
    else:
        whose, _ = s.waiting.pop(0)
        verdict, _, reason = actions[1 + c.attempts].partition(": ")
        s.verdicts.append([whose, verdict, f"the verifier: {reason}"])
        settle(s, c)


def propose(s: Any, c: Any, question: str, claim: str) -> None:
    """The question, judged by every filter; diversity is that of the history as it was before."""
    past = c.history[-REMEMBERED:]
    s.question, s.claim = question, claim
    s.checks = {
        "length": SHORTEST <= len(question) <= LONGEST, "answer": not hidden(claim, question),
        "question": not squeezed(question) or squeezed(question) not in squeezed(claim), "boxed": not BOXED.search(question),
        "copy": all(not same(question, old) for old in c.history),
    }  # fmt: skip
    s.unlike = 1000 * sum(alike(question, old) <= LIKE for old in past) // len(past) if past else 1000
    if all(s.checks.values()):
        s.stage = "solve"
    else:
        close(s, c)


def weigh(s: Any, c: Any, whose: int, answer: str) -> None:
    """The rules know an answer that is the claim letter by letter; another is wrong, or the verifier's to judge."""
    if same(answer, s.claim):
        s.verdicts.append([whose, "right", "the same letters"])
    elif c.compare == "exact":
        s.verdicts.append([whose, "wrong", "other letters"])
    else:
        s.waiting.append([whose, answer])


def settle(s: Any, c: Any) -> None:
    s.stage = "verify"
    if not s.waiting:
        right = {whose for whose, verdict, _ in s.verdicts if verdict == "right"}
        s.right = [int(i in right) for i in range(c.attempts)]
        close(s, c)


def close(s: Any, c: Any) -> None:
    """The end: what everybody earns."""
    for i, hit in enumerate(s.right):
        s.reward[1 + i] = 5000 * c.attempts * hit
    if valid(s):
        s.reward[0] = earned(sum(s.right), c.attempts, s.unlike, c.payoff)
    s.stage, s.done = "over", True


def valid(s: Any) -> bool:
    """Whether a question has passed every filter."""
    return len(s.checks) == len(CHECKS) and all(s.checks.values())


def earned(right: int, solvers: int, unlike: int, payoff: str) -> int:
    """The proposer's reward in units."""
    if payoff == "ssp":
        return 5000 * (solvers - right)
    if payoff == "balanced":
        return 20000 * right * (solvers - right) // solvers
    hard = 5 * right > solvers and unlike > 300
    return 5500 * solvers - 5000 * right + solvers * unlike if hard else 0


def observe(s: Any, c: Any, seat: int, obs: Any) -> None:
    """All see the question. Passage and claim are the proposer's, an answer is its solver's, until the end; the verifier sees its task."""
    over, mine = s.stage == "over", seat in (0, -1)
    obs.stage, obs.question, obs.checks, obs.unlike = s.stage, s.question, s.checks, s.unlike
    obs.passage = s.passage if over or mine else ""
    obs.claim = s.claim if over or mine else ""
    obs.answers = [answer if over or seat in (1 + i, -1) else None for i, answer in enumerate(s.answers)]
    obs.right = s.right if over else [0] * c.attempts
    obs.verdicts = s.verdicts if over or seat == -1 else []
    obs.task = {"claim": s.claim, "answer": s.waiting[0][1]} if seat > c.attempts and s.waiting else {}
