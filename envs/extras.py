"""The optional extras of the installation: what each brings, and the one sentence where it is missing."""

from __future__ import annotations

import importlib.util

from envs.errors import FAILURE, UserError

__all__ = ["EXTRAS", "absent", "demand", "wanting"]

EXTRAS = {
    "train": ("torch", "tensorboard", "threadpoolctl"),
    "video": ("av",),
    "llm": ("openai", "httpx2"),
    "maths": ("math_verify",),
    "hf": ("transformers", "peft"),
    "ray": ("ray",),
    "peers": ("envpool", "pyspiel", "pgx", "stable_baselines3"),
}
"""Extra -> the modules that the code imports of it. None is part of the base installation."""


def absent(module: str, who: str, instead: str = "") -> UserError:
    """What is said where `who` needs a module of an extra. instead: what else could be done."""
    extra = next(name for name, modules in EXTRAS.items() if module in modules)
    return UserError(f"{who} needs {module}: pip install 'palaestra[{extra}]'{instead and f', {instead}'}", FAILURE)


def demand(extra: str, who: str, instead: str = "") -> None:
    """Imports nothing. Raises UserError (1) unless all modules of an extra can be found."""
    for module in EXTRAS[extra]:
        if not _there(module):
            raise absent(module, who, instead)


def wanting(error: ModuleNotFoundError, who: str = "this") -> UserError | None:
    """The same for an import that failed; None where the module is of no extra."""
    module = (error.name or "").partition(".")[0]
    return absent(module, who) if any(module in modules for modules in EXTRAS.values()) else None


def _there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
