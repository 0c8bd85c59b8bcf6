"""What is done with memory, as machine code: the compiled half of envs.memory, and the claims of threads that share rows.

numba would write a loop for each; these are the moves of a processor. Loaded with numba, by envs.compiled alone.
"""

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.extending import intrinsic, overload

from envs import batch_drivers, memory
from envs.records import TAG
from envs.symbols import named

__all__ = ["game_tag"]


def game_tag(record: Any) -> str:
    """The tag of a numba record type ('' for anything else)."""
    fields = getattr(record, "fields", {})
    return next((name for name in fields if name.startswith(TAG)), "")


@intrinsic
def _next(context: Any, turns: Any, place: Any) -> Any:
    """turns[place, 0] += 1 as one step for all threads; what it was before."""

    def emitted(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        array = context.make_array(kind)(context, builder, arguments[0])
        where = [arguments[1], context.get_constant(types.intp, 0)]
        spot = cgutils.get_item_pointer(context, builder, kind, array, where, wraparound=False)  # type: ignore[no-untyped-call]
        return builder.atomic_rmw("add", spot, context.get_constant(types.int64, 1), "monotonic")

    return types.int64(turns, types.intp), emitted


@overload(batch_drivers.claim, strict=False)
def _claim(turns: Any, place: Any) -> Any:
    def claimed(turns: Any, place: Any) -> Any:
        return _next(turns, place)  # type: ignore[call-arg]  # numba gives the context itself

    return named(claimed)


@intrinsic
def _zeroed(context: Any, memory: Any) -> Any:
    """All bytes of a record, or of an array without gaps, become zero."""

    def emitted(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start, size = _span(context, builder, signature.args[0], arguments[0])
        cgutils.memset(builder, start, size, 0)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(memory), emitted


@intrinsic
def _copied(context: Any, target: Any, source: Any) -> Any:
    """The bytes of one become those of the other."""

    def emitted(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        spans = [_span(context, builder, *side) for side in zip(signature.args, arguments, strict=True)]
        cgutils.raw_memcpy(builder, spans[0][0], spans[1][0], spans[0][1], 1)  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(target, source), emitted


def _span(context: Any, builder: Any, kind: Any, value: Any) -> tuple[Any, Any]:
    """Where a record or an array begins in memory, and its bytes: a constant where the type tells them."""
    if isinstance(kind, types.Record):
        return builder.bitcast(value, cgutils.voidptr_t), context.get_constant(types.intp, kind.size)
    array = context.make_array(kind)(context, builder, value)
    return builder.bitcast(array.data, cgutils.voidptr_t), builder.mul(array.nitems, array.itemsize)


@overload(memory.clear, strict=False)
def _clear(memory: Any) -> Any:
    def cleared(memory: Any) -> None:
        _zeroed(memory)  # type: ignore[call-arg]  # numba gives the context itself

    return named(cleared)


@overload(memory.copyto, strict=False)
def _copyto(target: Any, source: Any) -> Any:
    if not isinstance(target, types.Record | types.NestedArray) or not _alike(target, source):
        raise TypingError(memory.unlike(str(target), str(source)))

    def copied(target: Any, source: Any) -> None:
        _copied(target, source)  # type: ignore[call-arg]  # numba gives the context itself

    return named(copied)


def _alike(target: Any, source: Any) -> bool:
    if isinstance(target, types.Record):
        return bool(target == source)
    return isinstance(source, types.NestedArray) and target.dtype == source.dtype and target.shape == source.shape


@overload(memory.width, strict=False)
def _width(s: Any) -> Any:
    entries = s.fields[game_tag(s)].type.shape[1]
    return named(lambda s: entries)
