"""The words that the record games of this family share: tokens, numbers, attempts, verdicts, what was earned.

A seat may write a whole question or answer; it is played as its tokens. `write 7` is one token; everything else is read as a whole, and
the first token that the grammar forbids is named in the refusal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from envs.dualplay._round import END, OPEN, VALID, earned, fits_number
from envs.rules import Mark, Refusal

__all__ = ["LONGEST", "Manner", "first_wrong", "paid", "share", "whole_number", "written_number"]

LONGEST = 200


def written_number(tokens: Any, length: int) -> str:
    """A number whose last digit comes first, as people write it; "_" in front of one that may grow."""
    digits = [str(token) for token in tokens[:length] if token != END]
    return ("_" if length and tokens[length - 1] != END else "") + "".join(reversed(digits))


def whole_number(wanted: str, tokens: Any, length: int) -> list[int] | Refusal:
    """The tokens that are missing of a number; what was written of it before must be its last digits."""
    text = wanted.removeprefix("answer").strip(" :=.")
    if not re.fullmatch(r"[0-9]+", text):
        return Refusal(f"{text[:20]!r} is no whole number: answer with one, for example 46")
    found = [*map(int, reversed(text)), END]
    if found[:length] != [int(token) for token in tokens[:length]]:
        return Refusal(f"{text[:20]} does not end with {written_number(tokens, length)[1:]}, which is written already")
    wrong = first_wrong(found, length, len(tokens), END + 1, fits_number)
    if wrong is not None:
        return Refusal(f"{text[:20]} is too long or begins with 0: write at most {len(tokens) - 1} digits")
    return found[length:]


def first_wrong(tokens: list[int], start: int, room: int, width: int, fits: Any, *more: Any) -> int | None:
    """The first place, from `start` on, of a token that may not stand there. fits: a rule of (tokens, length, *more, mask)."""
    so_far = [0] * room
    for i, token in enumerate(tokens[: room + 1]):
        mask = np.zeros(width, np.bool_)
        if i < room:
            fits(so_far, i, *more, mask)
        if i >= start and not mask[token]:
            return i
        if i < room:
            so_far[i] = token
    return None


def share(seen: Any) -> str:
    """3 of 4 right"""
    return f"{int(seen.right.sum())} of {len(seen.right)} right"


def paid(seen: Any, c: Any) -> tuple[float, float]:
    """What the proposer has earned at the end, and the mean of the solvers, in points."""
    solvers, right = len(seen.right), int(seen.right.sum())
    units = earned(right, solvers, int(seen.unlike), int(c.payoff)) if seen.verdict == VALID or not c.gate else 0
    return units / (5000 * solvers), right / solvers


@dataclass(frozen=True)
class Manner:
    """How a game writes its tokens, its verdicts and its solvers' answers."""

    signs: str
    verdicts: tuple[str, ...]
    answer: Callable[[Any, int], str]

    def name(self, action: int, obs: Any = None, c: Any = None) -> str:
        """A token in a word, whoever looks."""
        return "end" if action == END else self.signs[action]

    def form(self, action: int, obs: Any = None, c: Any = None) -> str:
        """The text that stands for one token."""
        return f"write {self.name(action)}"

    def opened(self, text: str, legal: Any) -> str | list[int] | Refusal:
        """A text in small letters that is to be read as a whole; or what it means already: one token, or nothing that is read."""
        if len(text) > LONGEST:
            return Refusal(f"the text has {len(text)} characters: a question or an answer has at most {LONGEST}")
        wanted = text.strip().lower()
        return self.one_token(wanted.removeprefix("write ").strip(), legal) if wanted.startswith("write ") else wanted

    def shown(self, token: int, ends: tuple[int, ...]) -> str:
        """A token in a refusal."""
        return "the end" if token in ends else repr(self.signs[token])

    def one_token(self, word: str, legal: Any) -> list[int] | Refusal:
        """What stands behind `write`."""
        token = END if word == "end" else self.signs.find(word) if len(word) == 1 else -1
        if token in legal:
            return [token]
        return Refusal(f"{word[:20]!r} may not be written now: allowed are {', '.join(map(self.name, legal))}")

    # ------------------------------------------------------------------ what is said and told
    def say(self, obs: Any, about: list[str], known: list[str]) -> str:
        """Who is asked, the lines about the question, the claim, what is known of the answer, the attempts, the outcome."""
        who = "You are the proposer." if obs.seat == 0 else f"You are solver {obs.seat}." if obs.seat > 0 else ""
        lines = [who] if who else []
        lines += about
        lines += [f"The claimed answer: {written_number(obs.claim, obs.claimed)}"] if obs.claimed else []
        return "\n".join([*lines, *known, *self._ending(obs)])

    def _ending(self, obs: Any) -> list[str]:
        lines = [f"Solver {i + 1} {self.attempt(obs, i)}." for i in range(len(obs.lengths)) if obs.lengths[i]]
        if obs.verdict != OPEN:
            lines.append(f"The question is judged: {self.verdicts[obs.verdict]}, diversity {obs.unlike / 1000:.2f}.")
            lines += ["The game is over."] if obs.stage == 3 else []
        return lines

    def attempt(self, seen: Any, i: int) -> str:
        """answers 46, which is right"""
        verdict = "" if seen.stage < 3 else ", which is right" if seen.right[i] else ", which is wrong"
        return f"answers {self.answer(seen.answers[i], seen.lengths[i])}{verdict}"

    def tell(self, before: Any, after: Any, asked: str) -> list[Mark]:
        """The question when it is put, its verdict when it is bad, each attempt's verdict, and the result."""
        marks = [Mark("question", asked, 0)] if before.stage == 0 and after.stage > 0 else []
        if after.verdict not in (OPEN, VALID):
            marks.append(Mark("invalid", self.verdicts[after.verdict], 0))
        elif after.done:
            marks += [
                Mark("right" if right else "wrong", f"solver {i + 1} {self.attempt(after, i)}", i + 1)
                for i, right in enumerate(after.right)
            ]
            earned_points = after.reward[0] / (5000 * len(after.right))
            told = f"diversity {after.unlike / 1000:.2f}: the proposer earns {earned_points:.2f}"
            marks.append(Mark("result", f"{share(after)}, {told}", 0))
        return marks

    def metrics(self, s: Any, asked: str) -> dict[str, Any]:
        """The question and its verdict; right answers and diversity per mille; operators and the digits of its numbers."""
        numbers = [str(n) for n in s.asked.numbers[: s.asked.count].tolist()]
        right = 1000 * int(s.right.sum()) // len(s.right)
        made = {"question": asked, "verdict": self.verdicts[s.verdict], "truth": int(s.truth)}
        made |= {"operators": len(numbers) - 1, "right_per_mille": right, "diversity_per_mille": int(s.unlike)}
        return made | {"digits": len("".join(numbers))}
