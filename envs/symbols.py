"""Names of machine code that no other process gives to its own.

numba names a compiled function after the Python one, a counter, and the types of its arguments; for a record type that is a number, and
both are counted anew in each process. What two processes have cached can so bear one name and be different code, and a third process that
loads both would run the one where the other is called. A mark of the process in the name keeps them apart.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from types import FunctionType
from typing import Any

__all__ = ["mark", "named"]

_mark = [os.urandom(6).hex()]


def _anew() -> None:
    _mark[0] = os.urandom(6).hex()


os.register_at_fork(after_in_child=_anew)


def mark() -> str:
    """What tells this process from every other: a name in a name, without a meaning."""
    return _mark[0]


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function under a name of this process, to be compiled."""
    assert isinstance(function, FunctionType)
    twin = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    twin.__kwdefaults__ = function.__kwdefaults__
    twin.__module__ = function.__module__
    twin.__qualname__ = f"{function.__qualname__}_{mark()}"
    return twin
