"""Checkpoints: weights in safetensors, everything else in msgpack, a checksum over both; no pickle.

A checkpoint is a folder `checkpoints/<step>`. It is written under another name, flushed to the disk and renamed, so that a folder
with a number is whole whatever kills the process; what was damaged later is found by the checksum, and the one before is taken.
Sizes are bounded before anything is decoded.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import numpy as np

from envs.errors import CORRUPT, NOT_FOUND, UserError

__all__ = ["KEPT", "Checkpoint", "load", "load_weights", "newest", "save", "steps"]

KEPT = 3
WEIGHTS, STATE, CHECKSUM = "weights.safetensors", "state.msgpack", "checksum"
MOST_HEADER, MOST_BYTES = 1 << 20, 1 << 32
_ARRAY = 1
_KINDS = "biuf"

Weights = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Checkpoint:
    """step: samples learned from. weights: name -> array. state: a tree of numbers, texts, bytes, lists, dicts and arrays."""

    step: int
    weights: dict[str, np.ndarray]
    state: dict[str, Any]


def save(
    folder: Path, step: int, weights: Weights, state: Mapping[str, Any], fsync: Callable[[int], None] = os.fsync
) -> Path:
    """Write a checkpoint and drop all but the last KEPT; the folder is whole when it appears. OSError when it cannot be written.

    A whole checkpoint of the same step is left as it is: the same run at the same step has the same weights.
    """
    from safetensors.numpy import save as packed  # noqa: PLC0415  only runs need it

    target, part = folder / str(step), folder / f".{step}.part"
    if target.exists() and _is_whole(target):
        return target
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    blobs = {WEIGHTS: packed({k: np.ascontiguousarray(v) for k, v in weights.items()}), STATE: _packed(state)}
    blobs[CHECKSUM] = _told(blobs).encode()
    try:
        for name, data in blobs.items():
            _write(part / name, data, fsync)
        _sync_folder(part, fsync)
        shutil.rmtree(target, ignore_errors=True)
        part.rename(target)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)
        raise
    _sync_folder(folder, fsync)
    _prune(folder)
    return target


def _is_whole(path: Path) -> bool:
    try:
        load(path)
    except UserError:
        return False
    return True


def _write(path: Path, data: bytes, fsync: Callable[[int], None]) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        fsync(file.fileno())


def _sync_folder(folder: Path, fsync: Callable[[int], None]) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        fsync(handle)
    finally:
        os.close(handle)


def _prune(folder: Path) -> None:
    """Remove old checkpoints and what killed writers have left."""
    for step in steps(folder)[:-KEPT]:
        shutil.rmtree(folder / str(step), ignore_errors=True)
    for part in folder.glob(".*.*"):
        shutil.rmtree(part, ignore_errors=True)


def steps(folder: Path) -> list[int]:
    """The steps of the checkpoints of a folder, ascending."""
    return sorted(int(path.name) for path in folder.glob("[0-9]*") if path.name.isdigit() and path.is_dir())


def newest(folder: Path, lost: Callable[[str], None] = lambda why: None) -> Checkpoint | None:
    """The newest whole checkpoint, None without one. `lost` is told, in one line, of each newer one that is damaged."""
    for step in reversed(steps(folder)):
        try:
            return load(folder / str(step))
        except UserError as error:
            lost(str(error))
    return None


def load(path: Path) -> Checkpoint:
    """The checkpoint of a folder. UserError (3, 4) in one line when it is missing, cut, damaged or none of ours."""
    blobs = {name: _bounded(path / name) for name in (WEIGHTS, STATE, CHECKSUM)}
    if blobs[CHECKSUM].decode(errors="replace") != _told(blobs):
        raise UserError(f"{path} is damaged: its checksum does not fit; take another checkpoint", CORRUPT)
    state = _unpacked(path / STATE, blobs[STATE])
    return Checkpoint(int(path.name) if path.name.isdigit() else 0, _weights(path / WEIGHTS, blobs[WEIGHTS]), state)


def load_weights(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a safetensors file. UserError (3, 4) when it is missing or none."""
    return _weights(path, _bounded(path))


def _told(blobs: Mapping[str, bytes]) -> str:
    sums = (f"{hashlib.sha256(blobs[name]).hexdigest()}  {name}" for name in (WEIGHTS, STATE))
    return "\n".join(sums) + "\n"


def _bounded(path: Path) -> bytes:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"{path} has {path.stat().st_size} bytes, at most {MOST_BYTES} are read", CORRUPT)
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}; take another checkpoint", NOT_FOUND) from None


def _weights(path: Path, data: bytes) -> dict[str, np.ndarray]:
    from safetensors import SafetensorError  # noqa: PLC0415
    from safetensors.numpy import load as unpacked  # noqa: PLC0415

    header = struct.unpack("<Q", data[:8])[0] if len(data) >= 8 else MOST_HEADER + 1
    try:
        if header > MOST_HEADER:
            raise ValueError("its header is too long")
        dtypes = {
            entry.get("dtype") for name, entry in json.loads(data[8 : 8 + header]).items() if name != "__metadata__"
        }
        if not dtypes <= {"F32", "F64", "I64", "I32", "U8", "BOOL"}:
            raise ValueError(f"it has arrays of {', '.join(map(str, dtypes))}")
        return dict(unpacked(data))
    except (SafetensorError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise UserError(f"{path} holds no weights: {str(error)[:120]}; take another checkpoint", CORRUPT) from None


def _packed(state: Mapping[str, Any]) -> bytes:
    return bytes(msgpack.packb(dict(state), default=_extended))


def _extended(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in _KINDS:
        body = [value.dtype.str, list(value.shape), np.ascontiguousarray(value).tobytes()]
        return msgpack.ExtType(_ARRAY, msgpack.packb(body))
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a state holds numbers, texts, bytes, lists, dicts and plain arrays, not {type(value).__name__}")


def _unpacked(path: Path, data: bytes) -> dict[str, Any]:
    try:
        state = msgpack.unpackb(data, ext_hook=_array, strict_map_key=False)
        if not isinstance(state, dict):
            raise ValueError(f"it is a {type(state).__name__}")
    except (ValueError, TypeError, msgpack.exceptions.UnpackException) as error:
        raise UserError(f"{path} holds no state: {str(error)[:120]}; take another checkpoint", CORRUPT) from None
    return state


def _array(code: int, body: bytes) -> np.ndarray:
    kind, shape, data = msgpack.unpackb(body)
    dtype = np.dtype(str(kind))
    if code != _ARRAY or dtype.kind not in _KINDS:
        raise ValueError(f"unknown extension {code}")
    return np.frombuffer(bytearray(data), dtype).reshape(shape)
