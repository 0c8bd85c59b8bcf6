"""A device for tests where there is no GPU: torch takes it for another one, its numbers are real, and whatever crosses over is counted.

Its tensors say that they are on "lazy", a device that torch knows, has no kernels for, and carries back on the calling thread. Numbers
stand in `near`, a copy on the processor that this module alone touches. As on a GPU, an operator refuses tensors of two devices (but for
a single number of the processor's), and numpy refuses what is far. Unlike there, an operator whose shape depends on numbers (`nonzero`,
a mask as an index) is counted, since on a GPU the host waits for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import pytest
import torch
from torch.optim import optimizer
from torch.utils._python_dispatch import TorchDispatchMode

from arena.training import device

__all__ = ["FAR", "CrossingError", "Far", "Watch", "far"]

FAR = "lazy"
aten = torch.ops.aten
INDEXED = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default}


class CrossingError(AssertionError):
    """The host looked at the device, or sent to it, where it must not."""


class Far(torch.Tensor):
    """A tensor of the device; see the module."""

    near: torch.Tensor

    @staticmethod
    def __new__(cls, near: torch.Tensor) -> Self:
        made: Self = torch.Tensor._make_wrapper_subclass(
            cls, near.shape, strides=near.stride(), storage_offset=near.storage_offset(), dtype=near.dtype, device=FAR
        )
        made.near = near
        return made

    @property  # type: ignore[override]
    def data(self) -> torch.Tensor:
        return self.detach()

    @data.setter
    def data(self, other: Far) -> None:
        torch._C.TensorBase.data.__set__(self, other)  # type: ignore[attr-defined]
        self.near = other.near

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        raise CrossingError(f"{func} on the device outside of its watch")


class Watch(TorchDispatchMode):
    """While it is entered, the device is there. told: how often something was "sent", "fetched" or "awaited"; closed: where that raises."""

    def __init__(self) -> None:
        super().__init__()
        self.told: Counter[str] = Counter()
        self.closed = False

    @contextmanager
    def counting(self) -> Iterator[Counter[str]]:
        """What crosses over inside."""
        before, self.told = self.told, Counter()
        try:
            yield self.told
        finally:
            self.told = before

    @contextmanager
    def without_the_host(self) -> Iterator[None]:
        """Nothing may cross over inside."""
        before, self.closed = self.closed, True
        try:
            yield
        finally:
            self.closed = before

    def _crossed(self, how: str, func: Any) -> None:
        self.told[how] += 1
        if self.closed:
            raise CrossingError(f"{how} by {func}")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        tensors = [each for each in _leaves((*args, *kwargs.values())) if isinstance(each, torch.Tensor)]
        there = [each for each in tensors if isinstance(each, Far)]
        here = [each for each in tensors if not isinstance(each, Far)]
        if func is aten._has_compatible_shallow_copy_type.default:
            return not here
        to = torch.device(kwargs.get("device") or (FAR if there else "cpu")).type
        self._look(func, args, there, here, to)
        found = func(*_each(_near, args), **{name: _each(_near, value) for name, value in kwargs.items()})
        if func is aten._to_copy.default and bool(there) != (to == FAR):
            # A device never shares the processor's memory.
            found = found.clone()
        return _far(found, there) if to == FAR else found

    def _look(self, func: Any, args: Any, there: list[Far], here: list[torch.Tensor], to: str) -> None:
        """Count what crosses over, refuse what a GPU refuses."""
        if func is aten._to_copy.default:
            if bool(there) != (to == FAR):
                self._crossed("fetched" if there else "sent", func)
        elif func is aten.copy_.default:
            if there and here:
                self._crossed("sent" if isinstance(there[0], Far) else "fetched", func)
        elif there and torch.Tag.data_dependent_output in func.tags:
            self._crossed("fetched", func)
        elif there and any(each.dim() or torch.Tag.pointwise not in func.tags for each in here):
            raise RuntimeError(f"{func}: expected all tensors to be on the same device, but found {FAR} and cpu")
        elif there and _shape_is_unknown(func, args):
            self._crossed("awaited", func)


def _shape_is_unknown(func: Any, args: Any) -> bool:
    """Whether how much is worked out depends on numbers of the device."""
    if func in INDEXED:
        return any(each is not None and each.dtype in (torch.bool, torch.uint8) for each in args[1])
    return torch.Tag.dynamic_output_shape in func.tags


def _near(each: Any) -> Any:
    """What an operator is given, on the processor."""
    if isinstance(each, Far):
        return each.near
    return torch.device("cpu") if isinstance(each, torch.device) else each


def _far(found: Any, there: list[Far]) -> Any:
    """What an operator gave, as tensors of the device; what it changed in place is the tensor that it was."""
    own = {id(each.near): each for each in there}

    def wrapped(each: Any) -> Any:
        return own[id(each)] if id(each) in own else Far(each) if isinstance(each, torch.Tensor) else each

    return _each(wrapped, found)


def _leaves(given: Any) -> Iterator[Any]:
    """What stands in lists and tuples."""
    for each in given:
        yield from _leaves(each) if isinstance(each, list | tuple) else (each,)


def _each(change: Any, given: Any) -> Any:
    """The same with everything in its lists and tuples changed."""
    return type(given)(_each(change, each) for each in given) if isinstance(given, list | tuple) else change(given)


@contextmanager
def far() -> Iterator[Watch]:
    """The device is there and everything that learns takes it, as where `torch` sees a GPU."""
    with pytest.MonkeyPatch.context() as patch, Watch() as watch:
        patch.setattr(device, "chosen", lambda wanted: FAR)
        patch.setattr(optimizer, "_get_fused_kernels_supported_devices", lambda: ["cpu", FAR])
        yield watch
