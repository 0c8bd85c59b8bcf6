"""Sides that are a process from its start to its end."""

from __future__ import annotations

import resource
import subprocess
import sys

from arena.bench.sides import Work, steady

__all__ = ["command", "every_game"]

_STEP = """
import sys, envs
env = envs.make(sys.argv[1])
env.reset(seed=7)
seat = env.agent_selection
env.step(env.action_space(seat).sample(env.observe(seat).get("action_mask")))
"""


def command(arguments: list[str]) -> Work:
    """Python with these arguments, started again and again; counts processes. CalledProcessError when one fails."""

    def batch() -> int:
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True, timeout=120)
        return 1

    return steady(batch)


def every_game() -> Work:
    """The first step of each game in a process of its own, compiled before; seconds are the processor time of the slowest."""
    import envs  # noqa: PLC0415  (sides load what they need, in their own process)

    def slowest() -> float:
        return max(_processor_time(["-c", _STEP, name]) for name in envs.names())

    slowest()

    def work(seconds: float) -> tuple[float, float]:
        return 1, slowest()

    return work


def _processor_time(arguments: list[str]) -> float:
    """Seconds of user and system time of one process. CalledProcessError when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], capture_output=True, check=True, timeout=120)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
