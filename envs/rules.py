"""The rules contract: what a game file imports, and how its memory is laid out.

A game's state is one record of an aligned structured dtype: no objects, fixed size. `state`, `config` and
`observation` name its fields; `layout` puts the common header in front and a field of size zero behind, whose name
carries a digest of the game's sources. Drivers are compiled per record type, so that name keeps two games with equal
fields apart and makes an edited rule a new type. Facts about numba that shaped this are tests in tests/envs.
"""

from __future__ import annotations

import hashlib
import linecache
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from envs import keys
from envs.records import TAG, Rule, rule
from envs.spec import PUBLIC, SPECTATOR, Box, Discrete, Mark, MultiDiscrete, Option, Refusal, Role, Spec, Text, View

__all__ = [
    "PUBLIC",
    "SPECTATOR",
    "Box",
    "Discrete",
    "Fields",
    "Mark",
    "MultiDiscrete",
    "Option",
    "Refusal",
    "Role",
    "Rule",
    "Spec",
    "Text",
    "View",
    "config",
    "layout",
    "nested",
    "observation",
    "retagged",
    "rule",
    "rules_of",
    "source_digest",
    "state",
]

STATE_HEADER = (("tick", np.int32), ("done", np.bool_), ("truncated", np.bool_))
CONFIG_HEADER = (("limit", np.int32), ("frames", np.int32))
OBSERVATION_HEADER = (("tick", np.int32), ("seat", np.int8), ("done", np.bool_))


class Fields:
    """The fields of a record before it is laid out; `hidden` ones of a configuration are no public knowledge."""

    def __init__(self, fields: Iterable[tuple[Any, ...]], hidden: Iterable[str] = ()) -> None:
        self.fields = tuple(fields)
        self.hidden = tuple(hidden)
        names = [field[0] for field in self.fields]
        missing = [name for name in self.hidden if name not in names]
        if missing or len(set(names)) != len(names):
            raise TypeError(
                f"fields {names} with hidden {missing or list(self.hidden)}: names must be unique and exist"
            )


def state(*fields: tuple[Any, ...]) -> Fields:
    """The fields of a state: (name, dtype) or (name, dtype, shape). Signed integers, bool and nested records only."""
    return Fields(_signed("state", fields))


def config(*fields: tuple[Any, ...], hidden: Iterable[str] = ()) -> Fields:
    """The fields of a configuration; `hidden` ones are zero in what seats are shown."""
    return Fields(_signed("config", fields), hidden)


def observation(*fields: tuple[Any, ...]) -> Fields:
    """The fields of what one kind of seat knows; floats are allowed for derived numbers."""
    return Fields(_compilable("observation", fields))


def nested(*fields: tuple[Any, ...]) -> np.dtype:
    """An aligned record type to be used inside a state, a configuration or an observation."""
    return np.dtype(_signed("nested record", fields), align=True)


def _compilable(kind: str, fields: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    fields = list(fields)
    for name, dtype, *shape in fields:
        if (shape or np.dtype(dtype).shape) and np.dtype(dtype).base.kind == "b":
            raise TypeError(f"{kind} field {name!r} is an array of bool, which numba cannot hold in a record: use int8")
    return fields


def _signed(kind: str, fields: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    fields = _compilable(kind, fields)
    for field in fields:
        dtype = np.dtype(field[1]).base
        if dtype.kind not in "ibV":
            # Compiled, unsigned minus unsigned is unsigned and int64 with uint64 is a float: rules keep to signed numbers.
            raise TypeError(f"{kind} field {field[0]!r} is {dtype}: use int8 to int64, bool or nested(...)")
    return fields


def layout(header: Iterable[tuple[Any, ...]], fields: Fields, tag: str) -> np.dtype:
    """The aligned dtype: header, fields, and the zero-size tag that names whose rules it belongs to."""
    return np.dtype([*header, *fields.fields, (TAG + tag, np.uint8, (0,))], align=True)


@cache
def retagged(dtype: np.dtype, tag: str) -> np.dtype:
    """The same memory under another tag, so that other rules answer for it; the same object for equal arguments."""
    names = list(dtype.names or ())
    fields: Mapping[str, Any] = dtype.fields or {}
    kept = [name for name in names if not name.startswith(TAG)]
    return np.dtype(
        {
            "names": [*kept, tag],
            "formats": [*(fields[name][0] for name in kept), np.dtype((np.uint8, (0,)))],
            "offsets": [*(fields[name][1] for name in kept), dtype.itemsize],
            "itemsize": dtype.itemsize,
            "aligned": True,
        }
    )


def rules_of(namespace: Mapping[str, Any]) -> Iterator[Rule]:
    """The rules of a game's module and all rules that they call, each once."""
    seen: set[int] = set()
    waiting = [value for value in namespace.values() if isinstance(value, Rule)]
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        for function in (found.plain, found.compiled):
            used = (function.__globals__.get(name) for name in function.__code__.co_names)
            waiting.extend(value for value in used if isinstance(value, Rule))


def source_digest(namespace: Mapping[str, Any], *more: Any) -> str:
    """Ten hex digits over the sources of a game, of the rules that it calls, of this contract, and over `more`."""
    files = {function.plain.__code__.co_filename for function in rules_of(namespace)}
    files |= {namespace.get("__file__") or "", __file__, keys.__file__}
    functions = [value for value in namespace.values() if callable(value) and getattr(value, "__code__", None)]
    digest = hashlib.blake2b(repr(more).encode(), digest_size=5)
    for text in sorted({_source(name) for name in files if name} or {_bytecode(functions)}):
        digest.update(text.encode())
    return digest.hexdigest()


def _source(name: str) -> str:
    """The text of a source file; for a notebook cell, what Python remembers of it."""
    path = Path(name)
    return path.read_text(encoding="utf-8") if path.is_file() else "".join(linecache.getlines(name))


def _bytecode(functions: Iterable[Callable[..., Any]]) -> str:
    return repr(sorted((function.__code__.co_code, repr(function.__code__.co_consts)) for function in functions))


def module_of(namespace: Mapping[str, Any]) -> str:
    """Where a game comes from, for messages."""
    module = sys.modules.get(str(namespace.get("__name__")))
    return getattr(module, "__file__", None) or str(namespace.get("__name__", "?"))
