"""Memory as a whole: zeroed and copied to the last byte, plain and compiled alike, and never past its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import envs
from envs.drivers import Driver
from envs.errors import UserError
from envs.memory import clear, copyto, masked, width
from envs.records import wrap
from envs.rules import layout, nested, state

UNIT = nested(("row", np.int8), ("hp", np.int16, (2,)))
FIELDS = state(
    ("small", np.int8), ("grid", np.int16, (2, 3)), ("other", np.int16, (2, 3)), ("flat", np.int16, (6,)), ("wide", np.int64),
    ("units", UNIT, (2,)), ("unit", UNIT), ("last", np.int8),
)  # fmt: skip
DTYPE = masked(layout((), FIELDS, "memory_0123456789_test"), 5)
SPAN = slice(1, 2)
WAYS = ("plain", "compiled")


def _clear_record(states: Any) -> None:
    clear(states[1])


def _clear_field(states: Any) -> None:
    clear(states[1].grid)


def _copy_record(states: Any) -> None:
    copyto(states[1], states[0])


def _copy_field(states: Any) -> None:
    copyto(states[1].grid, states[0].other)


def _copy_unit(states: Any) -> None:
    copyto(states[1].units[1], states[0].unit)


def _read_width(states: Any) -> None:
    states[1].small = width(states[0])


def records() -> np.ndarray:
    """Three records without a byte of zero."""
    return (np.arange(3 * DTYPE.itemsize) % 251 + 1).astype(np.uint8).view(DTYPE)


def run(function: Callable[..., Any], way: str) -> np.ndarray:
    """The bytes uint8[3, size] afterwards."""
    states = records()
    getattr(Driver(function), way)(states)
    return states.view(np.uint8).reshape(3, -1)


def expected(change: Callable[[np.ndarray, np.ndarray], None]) -> np.ndarray:
    states = records()
    change(states.view(np.uint8).reshape(3, -1), states)
    return states.view(np.uint8).reshape(3, -1)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("function", "change"),
    [
        (_clear_record, lambda raw, s: raw[1].fill(0)),
        (_clear_field, lambda raw, s: s["grid"][1].fill(0)),
        (_copy_record, lambda raw, s: raw[1].__setitem__(slice(None), raw[0])),
        (_copy_field, lambda raw, s: s["grid"][1].__setitem__(slice(None), s["other"][0])),
        (_copy_unit, lambda raw, s: raw.__setitem__((1, unit(1)), raw[0, unit(-1)])),
        (_read_width, lambda raw, s: s["small"].__setitem__(1, 5)),
    ],
)  # fmt: skip
def test_exactly_these_bytes_change(function: Any, change: Any, way: str) -> None:
    assert np.array_equal(run(function, way), expected(change))


def unit(i: int) -> slice:
    """The bytes of units[i]; of the single unit for -1."""
    fields: Any = DTYPE.fields
    start = fields["unit"][1] if i < 0 else fields["units"][1] + i * UNIT.itemsize
    return slice(start, start + UNIT.itemsize)


def test_nothing_is_copied_into_what_is_not_alike() -> None:
    record: Any = wrap(records()[0])
    for target, source in (
        (record.grid, record.flat), (record.flat, record.grid), (record.grid, 5), (record.small, record.wide), (record.unit, record.flat),
    ):  # fmt: skip
        with pytest.raises(
            TypeError, match=r"copyto takes two whole array fields of one type and shape, or two records"
        ):
            copyto(target, source)


def _copy_flat(states: Any) -> None:
    copyto(states[1].grid, states[0].flat)


def _copy_part(states: Any) -> None:
    copyto(states[1].grid[0], states[0].grid[1])


def _copy_numbers(states: Any) -> None:
    copyto(states[1].small, states[0].last)


@pytest.mark.parametrize("function", [_copy_flat, _copy_part, _copy_numbers])
def test_compiled_it_is_said_in_one_line(function: Any) -> None:
    with pytest.raises(UserError, match=r"the rules do not compile: copyto takes two whole array fields") as caught:
        Driver(function).compiled(records())
    assert "\n" not in str(caught.value)


def test_the_tag_of_a_state_tells_how_wide_its_masks_are() -> None:
    for name in ("connect_four", "breakthrough", "tower_defence"):
        game: Any = envs.game(name)
        assert width(np.zeros(1, game.state_type)[0]) == game.spec.width
