"""Records: the fixed-size memory of a game, and the two ways to run code on it.

`Rule` marks a function that is called plainly from Python and compiled from a driver. `PlainRecord` and
`PlainArray` give a record the meaning that it has compiled: scalar reads are Python ints, writes wrap to the field.
`Row` is what words, drawings and agents read: a record that cannot be written, with numbers that do not overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from envs.symbols import mark, named

__all__ = [
    "PlainArray", "PlainRecord", "Row", "Rule", "owned", "rule", "tag_of", "unwrap", "wrap",
]  # fmt: skip

TAG = "rules_"


class Rule:
    """A function of the rules: plain Python when called from Python, machine code when called from a driver.

    `compiled`, where given, is the source that numba compiles instead (same meaning, other casts). inline: it becomes part of its
    caller, for the inner loops of drivers, where a call costs as much as the work.
    """

    def __init__(
        self, plain: Callable[..., Any], compiled: Callable[..., Any] | None = None, inline: bool = False
    ) -> None:
        self.plain = plain
        self.compiled = compiled or plain
        # What numba asks of a callee before it makes it a part of its caller.
        self.targetoptions = {"inline": "always"} if inline else {}
        self.py_func = self.compiled
        self.__name__ = plain.__name__
        self.__doc__ = plain.__doc__
        self.__module__ = plain.__module__
        self._dispatchers: dict[tuple[bool, str], Any] = {}

    def __call__(self, *arguments: Any) -> Any:
        return self.plain(*arguments)

    def __repr__(self) -> str:
        return f"<rule {self.__module__}.{self.__name__}>"

    def dispatcher(self, counted: bool) -> Any:
        """The numba dispatcher of this rule, made on first use, because numba takes 0.2 s to import.

        counted: with numba's reference counting, which only rules that allocate arrays or assign slices need.
        """
        key = counted, mark()
        if key not in self._dispatchers:
            import numba  # noqa: PLC0415

            options: dict[str, Any] = {"_nrt": counted}  # numba's own switch; its annotations do not tell it
            self._dispatchers[key] = numba.njit(named(self.compiled), **options)
        return self._dispatchers[key]


def rule(function: Callable[..., Any]) -> Rule:
    """Mark a function as one of the game's rules (decorator)."""
    return Rule(function)


def tag_of(dtype: np.dtype) -> str:
    """The name of the zero-size field that tells whose rules a record belongs to; '' if it has none."""
    return next((name for name in reversed(dtype.names or ()) if name.startswith(TAG)), "")


@cache
def _wrapper(dtype: np.dtype) -> Callable[[Any], Any]:
    """Make any number fit a field the way that compiled code does: integers wrap, the rest converts."""
    if dtype.kind not in "iu":
        return lambda value: value
    bits = dtype.itemsize * 8
    low = -(1 << (bits - 1)) if dtype.kind == "i" else 0
    mask = (1 << bits) - 1
    return lambda value: ((int(value) - low) & mask) + low


def wrap(value: Any) -> Any:
    """The plain-mode stand-in of an array or record; scalars become Python numbers."""
    kind = type(value)
    if kind is np.ndarray:
        return PlainArray(value)
    if kind is np.void:
        return PlainRecord(value)
    return value.item() if isinstance(value, np.generic) else value


def unwrap(value: Any) -> Any:
    """The numpy object behind a plain-mode stand-in."""
    return value.value if type(value) in _STAND_INS else value


class PlainArray:
    """An array whose elements read as Python numbers and whose writes wrap to the element type."""

    __slots__ = ("value",)

    def __init__(self, value: np.ndarray) -> None:
        self.value = value

    def __getitem__(self, index: Any) -> Any:
        value = self.value[index]
        # A number at once, as nearly always.
        return wrap(value) if type(value) in _WRAPPED else value.item()

    def __setitem__(self, index: Any, value: Any) -> None:
        if type(value) is int:
            try:
                self.value[index] = value
            except OverflowError:
                self.value[index] = _wrapper(self.value.dtype)(value)
            return
        value = unwrap(value)
        self.value[index] = value if isinstance(value, np.ndarray | np.void) else _wrapper(self.value.dtype)(value)

    def __len__(self) -> int:
        return len(self.value)

    def __iter__(self) -> Iterator[Any]:
        return map(wrap, self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def dtype(self) -> np.dtype:
        return self.value.dtype


class PlainRecord:
    """One record: `s.field` reads and writes; an unknown field is an AttributeError."""

    __slots__ = ("_parts", "value")
    value: np.void
    _parts: dict[str, Any]
    """Its arrays and records that have been asked for: they are its memory, and loops ask for them again and again."""

    def __init__(self, value: np.void) -> None:
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "_parts", {})

    def __getattr__(self, name: str) -> Any:
        part = self._parts.get(name)
        if part is not None:
            return part
        try:
            part = self.value[name]
        except (ValueError, KeyError):
            raise AttributeError(
                f"no field {name!r}; the record has {', '.join(self.value.dtype.names or ())}"
            ) from None
        if type(part) not in _WRAPPED:
            return part.item()
        self._parts[name] = wrap(part)
        return self._parts[name]

    def __setattr__(self, name: str, value: Any) -> None:
        fields: Any = self.value.dtype.fields or {}
        if name not in fields:
            raise AttributeError(f"no field {name!r}; the record has {', '.join(fields)}")
        value = unwrap(value)
        self.value[name] = value if isinstance(value, np.ndarray | np.void) else _wrapper(fields[name][0].base)(value)

    @property
    def dtype(self) -> np.dtype:
        return self.value.dtype


_STAND_INS = frozenset({PlainArray, PlainRecord})
_WRAPPED = frozenset({np.ndarray, np.void})


class Row:
    """A record to read: fields as attributes, Python ints for scalars, int64 arrays for arrays, Rows for records.

    `array` is the record itself, shape (1,), as the drivers take it. Two Rows are equal when their bytes are.
    """

    __slots__ = ("array",)

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __getattr__(self, name: str) -> Any:
        try:
            values = self.array[name]
        except ValueError:
            raise AttributeError(f"no field {name!r}; the record has {', '.join(self.fields)}") from None
        # A number at once, as nearly always.
        return _readable(values[0]) if values.ndim > 1 or values.dtype.names else values.item()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self.array.tobytes() == other.array.tobytes()

    def __hash__(self) -> int:
        return hash(self.array.tobytes())

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={getattr(self, name)!r}' for name in self.fields)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.array.tobytes(), self.array.dtype)

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields, without the tag."""
        return tuple(name for name in self.array.dtype.names or () if not name.startswith(TAG))

    def tree(self) -> dict[str, Any]:
        """The record as plain lists and numbers, for JSON and for people."""
        return {name: _plain(self.array[name][0]) for name in self.fields}


class Reading(Row):
    """A Row for a reader that asks for the same fields again and again: each is read once, arrays cannot be written."""

    __slots__ = ("_read",)

    def __init__(self, array: np.ndarray) -> None:
        super().__init__(array)
        self._read: dict[str, Any] = {}

    def __getattr__(self, name: str) -> Any:
        read = self._read
        if name not in read:
            value = read[name] = super().__getattr__(name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False
        return read[name]


def _restored(data: bytes, dtype: np.dtype) -> Row:
    """A Row of its own memory, equal to the one with these bytes, those between the fields included."""
    return Row(owned(data, dtype))


def _readable(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.names:
            return [Row(item.reshape(1)) if item.shape == () else _readable(item) for item in map(np.asarray, value)]
        return value.astype(np.int64) if value.dtype.kind in "iu" else value.copy()
    if isinstance(value, np.void):
        return _restored(value.tobytes(), value.dtype)
    return value.item() if isinstance(value, np.generic) else value


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value] if value.dtype.names else value.tolist()
    if isinstance(value, np.void):
        return {name: _plain(value[name]) for name in value.dtype.names or () if not name.startswith(TAG)}
    return value.item()


def owned(data: bytes, dtype: np.dtype) -> np.ndarray:
    """Records that can be written, byte for byte; `array.copy()` would leave the bytes between the fields undefined."""
    return np.frombuffer(bytearray(data), dtype)
