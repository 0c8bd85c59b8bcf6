"""The bridge to numba: rules become typed callees, stubs find their game by the type of a record.

Importing this file loads numba (0.2 s), so only a driver that is about to run compiled does. Nothing global in
numba is changed: one `typeof` for `Rule`, one overload per stub. A program may replace `notice`, which is told once per
game when something really compiles (not when machine code comes from the cache), and prints one line to stderr.
"""

from __future__ import annotations

import fcntl
import hashlib
import inspect
import opcode
import os
import re
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
from numba.core import event, types
from numba.core.errors import NumbaError, UnsupportedBytecodeError
from numba.extending import models, overload, register_model, typeof_impl

from envs import batch_drivers, compiled_memory, drivers, keys, memory, records, stubs
from envs.compile_errors import one_line
from envs.compiled_memory import game_tag
from envs.errors import UserError
from envs.loading import uncollected
from envs.records import TAG, Rule, tag_of
from envs.rules import rules_of
from envs.symbols import mark, named

__all__ = ["compile_driver", "dispatcher_of", "notice", "show_on_stderr"]

_BLAS = "scipy.linalg.cython_blas"


def _load_arrays() -> None:
    """Load numba's array functions without scipy's linear algebra, which takes a third of a start where scipy is installed.

    numba only asks whether it is there; what needs it (`np.dot` in rules) imports it by itself.
    """
    if {_BLAS, "numba.np.arraymath"} & sys.modules.keys():
        return
    sys.modules[_BLAS] = None  # type: ignore[assignment]
    try:
        from numba.np import arraymath  # noqa: PLC0415
    finally:
        del sys.modules[_BLAS]
    arraymath._HAVE_BLAS = find_spec("scipy") is not None


_load_arrays()


def show_on_stderr(game: str) -> None:
    """The default notice: one line, so that nobody wonders about the first start."""
    sys.stderr.write(f"palaestra: compiling the rules of {game} once; later starts load them from the cache\n")


notice: Callable[[str], None] = show_on_stderr


_counting = [False]
"""The last entry says whether what is being compiled counts references."""
_ways: dict[int, tuple[Any, bool]] = {}
"""Types of first arguments by identity (kept, so that it stays theirs), and whether the game's rules need that."""
_SLICES = frozenset(
    opcode.opmap[name] for name in ("BUILD_SLICE", "BINARY_SLICE", "STORE_SLICE") if name in opcode.opmap
)


def _widened(kind: Any) -> Any:
    """The type that an argument of a rule has inside of it: whole numbers have 64 bits there, constants and fields of records too."""
    kind = types.unliteral(kind)  # type: ignore[no-untyped-call]
    return types.int64 if isinstance(kind, types.Integer) and getattr(kind, "signed", False) else kind


class _Called(types.Dispatcher):
    """A rule as a callee. Without widening numba would compile it anew for each constant and each size of its arguments."""

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        wide = {name: _widened(kind) for name, kind in kws.items()}
        return super().get_call_type(context, tuple(map(_widened, args)), wide)


# Where a rule is a value of its own, numba looks its memory up by its very class.
register_model(_Called)(models.OpaqueModel)


@typeof_impl.register(Rule)
def _type_of_rule(value: Rule, context: Any) -> Any:
    return _Called(value.dispatcher(_counting[-1]))


def _dispatch_on(stub: Callable[..., Any]) -> None:
    """Let compiled calls of a stub be answered by the rule registered under the tag of the deciding argument."""
    names = list(inspect.signature(stub).parameters)
    deciding = {"observe": "obs", "imagine": "obs", "encode": "obs"}.get(stub.__name__, "s")
    place = names.index(deciding)

    def chosen(*arguments: Any) -> Any:
        rules = stubs.registered.get(game_tag(arguments[place]))
        return None if rules is None else named(rules[stub.__name__].compiled)

    # numba asks the overload for its own signature, so it must carry the stub's.
    chosen.__signature__ = inspect.signature(stub)  # type: ignore[attr-defined]
    # A driver calls a stub at one place or two: as a part of it, loops over what a record tells of itself can be unrolled.
    overload(stub, strict=False, jit_options={"forceinline": True})(chosen)


for _stub in stubs.STUBS:
    _dispatch_on(_stub)


class _Told(event.Listener):
    """Calls `notice` once per game when a driver is compiled for it."""

    def __init__(self) -> None:
        self.games: set[str] = set()

    def on_start(self, happening: Any) -> None:
        for argument in happening.data.get("args", ()):
            tag = game_tag(getattr(argument, "dtype", argument))
            game = re.split(r"_[0-9a-f]{10}_", tag.removeprefix(TAG))[0]
            if game and game not in self.games:
                self.games.add(game)
                notice(game)

    def on_end(self, happening: Any) -> None:
        return


event.register("numba:compile", _Told())  # type: ignore[no-untyped-call]


@cache
def _engine() -> str:
    """Six hex digits over the files that become part of every driver's machine code; the games' own are in the tags of their records."""
    files = [
        Path(str(each.__file__)) for each in (drivers, batch_drivers, compiled_memory, keys, memory, records, stubs)
    ] + [Path(__file__)]
    return hashlib.blake2b(b"".join(path.read_bytes() for path in files), digest_size=3).hexdigest()


@cache
def dispatcher_of(function: Callable[..., Any], counted: bool = False) -> Any:
    """A driver as machine code, cached on disk.

    Views of arrays are reference-counted atomically, which costs more than most rules do (measured: a factor of two on small games), so
    drivers are compiled without it first; rules that allocate need it, and pay for it.
    """
    # numba names its cache files after the function, and sees neither this option nor what has changed in the files that drivers rest on.
    function = FunctionType(function.__code__, function.__globals__, function.__name__)
    function.__qualname__ += f"_{_engine()}" + "_counted" * counted
    options: dict[str, Any] = {"_nrt": counted}  # numba's own switch; its annotations do not tell it
    dispatcher = numba.njit(cache=True, nogil=True, **options)(function)
    _lock_saves(dispatcher)
    function.__qualname__ += f"_{mark()}"  # what it compiles is named so; the cache has its name already
    return dispatcher


def _lock_saves(dispatcher: Any) -> None:
    """Let one process at a time add to a driver's cache.

    All games of a driver share one index, which numba reads, numbers anew and writes back without a lock: two processes that compile
    different games at once could leave one game's entry pointing at the other's machine code.
    """
    cache = dispatcher._cache
    save = cache.save_overload

    def locked(*arguments: Any) -> Any:
        try:
            with open(Path(cache.cache_path) / "palaestra.lock", "ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                return save(*arguments)
        except OSError:  # a cache that cannot be written is no cache; the machine code is there all the same
            return None

    cache.save_overload = locked


def compile_driver(function: Callable[..., Any]) -> Callable[..., Any]:
    """A driver as machine code; what numba says about a rule becomes one line for its author."""
    fast = dispatcher_of(function)

    def call(*arguments: Any) -> Any:
        dtype = arguments[0].dtype
        way = _ways.get(id(dtype))
        if way is None:
            with uncollected():  # numba gets ready at the first call
                _ways[id(dtype)] = dtype, _slices(dtype)
                return call(*arguments)
        try:
            return _with_counting(function, arguments) if way[1] else fast(*arguments)
        except (NumbaError, UnsupportedBytecodeError, KeyError) as error:
            # numba lets out a KeyError for a field that a record lacks.
            if "NRT required" in str(error) and not way[1]:
                _ways[id(dtype)] = dtype, True
                return call(*arguments)
            if os.environ.get("PALAESTRA_DEBUG"):
                raise
            raise UserError(one_line(error)) from None

    return call


def _slices(dtype: Any) -> bool:
    """Whether a rule of the game that the record type belongs to takes a slice.

    Then the fast way is not even tried: a compilation that fails is in no cache, and would fail anew at every start.
    """
    answering = stubs.registered.get(tag_of(dtype), {}).values()
    spaces = {
        id(rule.plain.__globals__): rule.plain.__globals__ for rule in answering if rule.__module__ != stubs.__name__
    }
    rules = [rule.plain for names in spaces.values() for rule in rules_of(names)]
    # The opcodes themselves: to disassemble all rules took a twentieth of a start.
    return any(
        not _SLICES.isdisjoint(rule.__code__.co_code[::2])
        or any(isinstance(const, slice) for const in rule.__code__.co_consts)
        for rule in rules
    )


def _with_counting(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    _counting.append(True)
    try:
        return dispatcher_of(function, counted=True)(*arguments)
    finally:
        _counting.pop()
