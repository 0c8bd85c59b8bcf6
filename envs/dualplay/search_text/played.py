"""Search in free text, parts 2 and 3: the state and the rules. Library and judge are seats, so that what they say is recorded.

Units: the square of the number of solvers makes a point.
"""

from __future__ import annotations

import json
from typing import Any

from envs.dualplay._prose import hidden, squeezed, tidy, words
from envs.dualplay.search_text.declared import ANSWER, CHECKS, FEWEST_WORDS, LONGEST, QUERY, REASON, SHELF, SHORTEST
from envs.keys import below, fold
from envs.rules import PUBLIC
from envs.spec import Form

# No __all__: the package takes what is named.
VISIBLE = r"[^\x00-\x1f\x7f]"
TITLE, BODY, MOST = 80, 2000, 16
"""Characters of a document's title and text, and documents of one answer, that count."""

# ------------------------------------------------------------------ 2. the state
# stage: "dig", "fetch" (foreign documents), "read", "compare", "solve", "judge", "over"; target; hops; question; checks: {name: passed};
# calls[seat]: [{query, documents: [{title, text}]}]; open: [[seat, query]] that the library has yet to answer; foreign: titles; shelf: the
# reader's documents; reading: what the judge read out of them; answers[i]: None until solver i answers; right[i]; verdicts: [[whose,
# "right" or "wrong", reason]], whose is a solver's number or -1 for the reader; waiting: [[whose, text]] that the judge has yet to compare.


# ------------------------------------------------------------------ 3. the rules
def init(s: Any, c: Any, key: Any) -> None:
    s.target = c.names[below(fold(key, 0), len(c.names))]
    s.hops = 1 + below(fold(key, 1), c.hops)
    s.stage, s.question, s.reading = "dig", "", ""
    s.calls = [[] for _ in range(1 + c.attempts)]
    s.checks, s.open, s.foreign, s.shelf, s.verdicts, s.waiting = {}, [], [], [], [], []
    s.answers, s.right = [None] * c.attempts, [0] * c.attempts


def acting(s: Any, c: Any, seats: Any) -> None:
    if s.open or s.stage == "fetch":
        seats[1 + c.attempts] = True
    elif s.stage in ("read", "compare", "judge"):
        seats[2 + c.attempts] = True
    elif s.stage == "dig":
        seats[0] = True
    else:
        for i, answer in enumerate(s.answers):
            seats[1 + i] = answer is None


def legal(s: Any, c: Any, seat: int, mask: Any) -> Form:
    if seat == 1 + c.attempts:
        return Form(SHELF, rf"\[{VISIBLE}*\]")
    if seat == 2 + c.attempts:
        pattern = (
            rf"none|answer: {VISIBLE}{{1,{ANSWER}}}"
            if s.stage == "read"
            else rf"(same|different): {VISIBLE}{{1,{REASON}}}"
        )
        return Form(REASON + 16, pattern)
    last = rf"answer: {VISIBLE}{{1,{ANSWER}}}" if seat else rf"ask: {VISIBLE}{{1,{LONGEST}}}"
    search = rf"search: {VISIBLE}{{1,{QUERY}}}|" if len(s.calls[seat]) < c.calls else ""
    return Form(LONGEST + 8 if seat == 0 else QUERY + 8, search + last)


def play(s: Any, c: Any, actions: Any, key: Any) -> None:
    library, judge = actions[1 + c.attempts], actions[2 + c.attempts]
    if library is not None:
        shown(s, c, documents(library), key)
    elif judge is not None:
        judged(s, c, judge)
    elif s.stage == "dig":
        proposed(s, c, actions[0], key)
    else:
        solve(s, c, actions)


def documents(text: str) -> list[dict[str, str]]:
    """What the library shows, as far as it is a list of objects with title and text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    kept = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return [
        {"title": tidy(str(each.get("title", "")))[:TITLE], "text": tidy(str(each.get("text", "")))[:BODY]} for each in kept[:MOST]
    ]  # fmt: skip


def shown(s: Any, c: Any, found: list[dict[str, str]], key: Any) -> None:
    """The library has answered the oldest query, or fetched the foreign documents."""
    if s.open:
        seat, query = s.open.pop(0)
        s.calls[seat].append({"query": query, "documents": found})
        return
    own = {each["title"]: each for call in s.calls[0] for each in call["documents"]}
    shelf = [*own.values(), *found]
    for i in range(len(shelf) - 1, 0, -1):
        j = below(fold(key, i), i + 1)
        shelf[i], shelf[j] = shelf[j], shelf[i]
    s.shelf, s.stage = shelf, "read"


def proposed(s: Any, c: Any, text: str, key: Any) -> None:
    """A search, or the question, which is judged by all filters but the reader's."""
    if text.startswith("search: "):
        s.open.append([0, text.removeprefix("search: ")])
        return
    s.question = text.removeprefix("ask: ")
    titles = {each["title"] for call in s.calls[0] for each in call["documents"]}
    queries = [squeezed(call["query"]) for call in s.calls[0]]
    s.checks = {
        "documents": bool(titles), "terms": len(queries) > 1 and len(set(queries)) == len(queries),
        "length": SHORTEST <= len(s.question) <= LONGEST, "words": len(words(s.question)) >= FEWEST_WORDS,
        "answer": not hidden(s.target, s.question), "copy": squeezed(s.question) not in c.history,
    }  # fmt: skip
    if not all(s.checks.values()):
        close(s, c)
        return
    left = [name for name in c.names if name not in titles]
    for i in range(min(c.noise, len(left))):
        s.foreign.append(left.pop(below(fold(key, i), len(left))))
    s.stage = "fetch"


def judged(s: Any, c: Any, text: str) -> None:
    """The judge has read, or compared the oldest answer that waits."""
    if s.stage == "read":
        s.reading = "" if text == "none" else text.removeprefix("answer: ")
        s.stage = "compare"
        weigh(s, -1, s.reading)
    else:
        whose, _ = s.waiting.pop(0)
        verdict, _, reason = text.partition(": ")
        s.verdicts.append([whose, "right" if verdict == "same" else "wrong", f"the judge: {reason}"])
    if not s.waiting:
        settle(s, c)


def weigh(s: Any, whose: int, text: str) -> None:
    """An answer that is the target letter by letter is right, an empty one is wrong; the judge compares all others."""
    if not squeezed(text):
        s.verdicts.append([whose, "wrong", "no answer"])
    elif squeezed(text) == squeezed(s.target):
        s.verdicts.append([whose, "right", "the same letters"])
    else:
        s.waiting.append([whose, text])


def settle(s: Any, c: Any) -> None:
    """Nothing is left to compare: the question is valid or not, or everything is over."""
    right = {whose for whose, verdict, _ in s.verdicts if verdict == "right"}
    if s.stage == "compare":
        s.checks["reader"] = -1 in right
        if s.checks["reader"]:
            s.stage = "solve"
            return
    s.right = [int(i in right) for i in range(c.attempts)]
    close(s, c)


def solve(s: Any, c: Any, actions: Any) -> None:
    for i in range(c.attempts):
        text = actions[1 + i]
        if text is not None and text.startswith("search: "):
            s.open.append([1 + i, text.removeprefix("search: ")])
        elif text is not None:
            s.answers[i] = text.removeprefix("answer: ")
    if all(answer is not None for answer in s.answers):
        s.stage = "judge"
        for i, answer in enumerate(s.answers):
            weigh(s, i, answer)
        if not s.waiting:
            settle(s, c)


def close(s: Any, c: Any) -> None:
    """The end: what everybody earns."""
    solvers, right = c.attempts, sum(s.right)
    for i, hit in enumerate(s.right):
        s.reward[1 + i] = solvers * solvers * hit
    if valid(s):
        s.reward[0] = 4 * right * (solvers - right) if c.payoff == "balanced" else solvers * (solvers - right)
    s.stage, s.done = "over", True


def valid(s: Any) -> bool:
    """Whether a question has passed every filter."""
    return len(s.checks) == len(CHECKS) and all(s.checks.values())


def observe(s: Any, c: Any, seat: int, obs: Any) -> None:
    """Each seat's searches and answer are its own, the target is the proposer's, until the end; library and judge see their task alone."""
    attempts, over = c.attempts, s.stage == "over"
    obs.stage, obs.hops, obs.question, obs.checks, obs.task = s.stage, s.hops, s.question, s.checks, {}
    obs.target = s.target if over or seat in (0, -1) else ""
    obs.calls = [calls if over or seat in (i, -1) else [] for i, calls in enumerate(s.calls)]
    obs.answers = [answer if over or seat in (1 + i, -1) else None for i, answer in enumerate(s.answers)]
    obs.right = s.right if over else [0] * attempts
    obs.verdicts = s.verdicts if over or seat == -1 else []
    obs.foreign, obs.reading = (s.foreign, s.reading) if over or seat == -1 else ([], "")
    obs.acts = PUBLIC if seat < 0 else seat
    if seat == 1 + attempts and not over:
        obs.task = library_task(s, c)
    if seat == 2 + attempts and not over:
        obs.task = judge_task(s)


def library_task(s: Any, c: Any) -> dict[str, Any]:
    """What the library is asked, a query or documents by their titles, and in which world; nothing while nobody asks."""
    task = {"search": s.open[0][1]} if s.open else {"titles": s.foreign} if s.stage == "fetch" else {}
    return task | {"world": c.world, "entities": len(c.names)} if task else {}


def judge_task(s: Any) -> dict[str, Any]:
    """What the judge is asked: to read, or to compare two answers."""
    if s.stage == "read":
        return {"documents": s.shelf}
    return {"target": s.target, "answer": s.waiting[0][1]} if s.waiting else {}
