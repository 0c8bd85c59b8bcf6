"""Sides that are a process from its start to its end."""

from __future__ import annotations

import subprocess
import sys

from arena.bench.sides import Work, steady

__all__ = ["command", "every_game"]

_STEP = """
import sys, time, envs
env = envs.make(sys.argv[1])
env.reset(seed=7)
seat = env.agent_selection
env.step(env.action_space(seat).sample(env.observe(seat).get("action_mask")))
print(time.process_time())
"""


def command(arguments: list[str]) -> Work:
    """Python with these arguments, started again and again; counts processes. CalledProcessError when one fails."""

    def batch() -> int:
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True, timeout=120)
        return 1

    return steady(batch)


def every_game() -> Work:
    """The first step of each game in a process of its own, compiled before; the processor time until the slowest has made it."""
    import envs  # noqa: PLC0415  (sides load what they need, in their own process)

    def slowest() -> float:
        return max(_until_step(name) for name in envs.names())

    slowest()

    def work(seconds: float) -> tuple[float, float]:
        return 1, slowest()

    return work


def _until_step(name: str) -> float:
    """Seconds of user and system time of one process until its first step is done. CalledProcessError when it fails."""
    told = subprocess.run([sys.executable, "-c", _STEP, name], capture_output=True, check=True, timeout=120, text=True)
    return float(told.stdout)
