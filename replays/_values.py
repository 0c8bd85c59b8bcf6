"""Records as msgpack, with the limits that make reading a stranger's file safe.

A record is any tree of dict (str keys), list, str, bytes, int (64 bit), float, bool and None. Whatever `pack`
lets through, `unpack` reads back; what `unpack` reads never costs more than about 32 MiB of memory.
"""

from __future__ import annotations

from typing import Any

import msgpack
import msgspec

__all__ = ["MAX_RECORD", "MAX_TOKENS", "DamageError", "pack", "pack_typed", "unpack"]

MAX_RECORD = 8 << 20
"""The largest packed record, in bytes."""
MAX_TOKENS = 1 << 18
"""The most values in one record. An empty list is one byte in a file and 88 in memory, so bytes alone bound nothing."""


class DamageError(ValueError):
    """Bytes that are not what the format says; the text tells what is wrong. Readers turn it into a UserError."""


def pack(record: Any, limit: int = MAX_RECORD) -> bytes:
    """The packed record. ValueError for what could not be read back: other types, keys that are not text, over `limit`.

    A lone surrogate, which UTF-8 cannot hold, becomes its escape: the text of an agent never stops a recording.
    """
    try:
        data = _pack(record)
        unpack(data, limit)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"this record cannot be stored: {error}; allowed are trees of plain values") from error
    return data


def pack_typed(record: Any) -> bytes:
    """`pack` for what has typed fields alone, such as an event without notes, or a dict of them: a fraction of the time.

    Nothing of it could not be read back, so it is not tried. What is large, or holds text that UTF-8 cannot, takes the long way.
    """
    try:
        data = _encode(record)
    except (ValueError, TypeError, OverflowError):
        data = b""
    if 0 < len(data) <= MAX_TOKENS:
        return data
    # A dict as it is, because msgpack takes a number of numpy that is a float, too.
    return pack(record if isinstance(record, dict) else msgspec.to_builtins(record, builtin_types=(bytes,)))


def unpack(data: bytes | memoryview, limit: int = MAX_RECORD) -> Any:
    """The one value in `data`, at most `limit` bytes; tuples come back as lists. Raises DamageError for anything else.

    msgpack's own limits on each string, list and map follow from len(data); a timestamp is read as its number of
    seconds, any other extension type is refused.
    """
    if len(data) > limit:
        raise DamageError(f"a record of {len(data):,} bytes; the limit is {limit:,}")
    if len(data) > MAX_TOKENS:
        _count_tokens(data)
    try:
        return msgpack.unpackb(data, strict_map_key=True, ext_hook=_refuse_extension, timestamp=1)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DamageError(f"not a record: {str(error)[:200]}") from error


_encode = msgspec.msgpack.Encoder().encode


def _pack(record: Any) -> bytes:
    try:
        data: bytes = msgpack.packb(record)
    except UnicodeEncodeError:
        data = msgpack.packb(record, unicode_errors="backslashreplace")
    return data


def _refuse_extension(code: int, _data: bytes) -> Any:
    raise DamageError(f"extension type {code}")


def _token_sizes() -> list[int]:
    """Bytes that a value takes after its first one, by that first one; elements of a list or a map are not its own."""
    sizes = [0] * 256
    for code in range(0xA0, 0xC0):
        sizes[code] = code - 0xA0
    for code, size in {0xCA: 4, 0xCB: 8, 0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4}.items():
        sizes[code] = size
    for power, code in enumerate((0xCC, 0xCD, 0xCE, 0xCF)):
        sizes[code] = sizes[code + 4] = 1 << power
    return sizes


_SIZES = _token_sizes()
_LENGTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}  # bin and str with a length field


def _count_tokens(data: bytes | memoryview) -> None:
    """Raises DamageError if there are more than MAX_TOKENS values. Needs no nesting: children follow their parent."""
    at = tokens = 0
    while at < len(data):
        tokens += 1
        if tokens > MAX_TOKENS:
            raise DamageError(f"a record of more than {MAX_TOKENS:,} values; put large arrays into bytes")
        code = data[at]
        at += 1 + _SIZES[code]
        if width := _LENGTHS.get(code):
            at += width + int.from_bytes(data[at : at + width], "big")
