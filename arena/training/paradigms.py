"""The paradigms of dual-play, their settings, and what one step of them brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from arena.training.config import Settings, setting
from arena.training.writing import Written

__all__ = ["PARADIGMS", "Batch", "Config", "mean_of"]

PARADIGMS = ("online", "offline", "ssp", "frozen", "uniform", "supervised", "random", "svs", "plain")
"""frozen: the cold-started proposer never learns; uniform: valid questions drawn evenly; supervised: further steps of the cold start;
random: the proposer's and the solver's rewards are coin tosses; svs: variants of problems that are half solved;
plain: these problems alone."""


@dataclass(frozen=True)
class Config(Settings):
    """One run. Time counts in processor seconds, the cold start apart."""

    played: str = setting("arithmetic", "the game, with options of its own if any (countdown?operators=2)")
    seed: int = setting(0, "what all randomness of the run follows from", 0, (1 << 63) - 1)
    paradigm: str = setting("online", "who learns from what", choices=PARADIGMS)
    payoff: str = setting("gated", "what the proposer earns", choices=("gated", "pasodoble", "ssp", "balanced", "band"))
    claims: str = setting("computed", "who says what is right", choices=("computed", "written"))
    gate: bool = setting(True, "invalid questions end the game")
    seconds: float = setting(180.0, "processor time of the training", 0.0, 1e6)
    steps: int = setting(0, "steps of the training, 0 for no limit", 0, 10**9)
    questions: int = setting(32, "questions of a step", 8, 4096)
    group: int = setting(8, "questions that begin alike", 1, 64)
    attempts: int = setting(8, "answers to a question", 2, 16)
    until: float = setting(0.42, "held-out accuracy, greedy, at which the cold start stops", 0.0, 1.0)
    ahead: int = setting(0, "steps of the cold start that the proposer takes beyond its solver", 0, 10**6)
    examples: int = setting(30_000, "examples of the cold start", 256, 10**7)
    solver_lr: float = setting(3e-4, "step size of the solver", 1e-7, 1.0)
    proposer_lr: float = setting(3e-4, "step size of the proposer", 0.0, 1.0)
    penalty: float = setting(
        0.0, "what an invalid question costs the proposer as it learns; it is paid nothing for it", 0.0, 10.0
    )
    entropy: float = setting(0.03, "weight of the proposer's entropy", 0.0, 10.0)
    clip: float = setting(1.0, "largest norm of a gradient", 1e-6, 1e6)
    collect: int = setting(64, "qualifying questions of a solver step", 1, 4096)
    evict: bool = setting(False, "offline: questions stay until all solve them or three visits bring nothing")
    originals: int = setting(1024, "svs and plain: problems that are trained on", 8, 10**6)
    batches: int = setting(16, "batches that the history remembers", 1, 64)
    width: int = setting(64, "of the decoders", 8, 1024)
    layers: int = setting(2, "of the decoders", 1, 16)
    proposer: str = setting(
        "", "a causal language model of Hugging Face (folder or name) as the proposer, in place of a decoder"
    )
    solver: str = setting("", "the same as the solver")
    rank: int = setting(8, "of the LoRA adapters of such a model, 0 to train it whole", 0, 1024)

    def game(self) -> str:
        """The game's address."""
        # Variants are written from an answer, and what is right is the original's: no passage.
        passage = str(not self.variants).lower()
        options = f"attempts={self.attempts}&claims={self.claims}&payoff={self.payoff}&passage={passage}"
        room = min(4096, self.batches * self.questions)
        name = f"{self.played}{'&' if '?' in self.played else '?'}"
        return f"{name}{options}&gate={str(self.gate).lower()}&history={room}"

    @property
    def variants(self) -> bool:
        """Whether a fixed set of problems is trained on, with variants of them or without."""
        return self.paradigm in ("svs", "plain")


@dataclass
class Batch:
    """One step's questions: what was written, p and validity of each, the proposer's rewards, what the rules hold of them.

    texts: the questions as their proposers wrote them, without the claims.
    """

    proposed: Written | None
    answered: Written
    rewards: np.ndarray
    right: np.ndarray
    valid: np.ndarray
    asked: np.ndarray
    unlike: np.ndarray
    texts: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def share(self) -> np.ndarray:
        """p of each question."""
        return self.right.mean(1)

    def learned(self, penalty: float) -> np.ndarray:
        """The rewards as the proposer learns from them: an invalid question, which is paid nothing, costs the penalty."""
        return self.rewards - penalty * ~self.valid


def mean_of(steps: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of each figure over the steps that have it; nothing of no steps."""
    names = dict.fromkeys(name for step in steps for name in step)
    return {name: float(np.mean([step[name] for step in steps if name in step])) for name in names}
