"""What games of free text say alike: the verdict on a question with its reasons, and who answered what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["answered", "verdict"]


def verdict(checks: Mapping[str, bool], named: Sequence[tuple[str, str, str]], valid: bool) -> str:
    """ "valid", "invalid" with every reason, or "not judged yet". named: each filter with what is said of it when it passes and fails."""
    failed = [bad for check, _, bad in named if checks.get(check) is False]
    return f"invalid: {'; '.join(failed)}" if failed else "valid" if valid else "not judged yet"


def answered(obs: Any) -> Iterator[str]:
    """A line for each answer with its verdict and reason as far as they are known, and one for the end."""
    reasons = {whose: (result, reason) for whose, result, reason in obs.verdicts}
    for i, answer in enumerate(obs.answers):
        if answer is not None:
            result, reason = reasons.get(i, ("", ""))
            yield f"Solver {i + 1} answers {answer}" + (f", which is {result} ({reason})." if result else ".")
    if obs.stage == "over":
        yield "The game is over."
