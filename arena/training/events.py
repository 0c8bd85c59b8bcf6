"""Metrics as TensorBoard events, written by TensorBoard's own writer, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["Events"]


class Events:
    """An event file of a folder. ModuleNotFoundError without the package tensorboard."""

    def __init__(self, folder: Path) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2  # noqa: PLC0415  an extra, 0.3 s
        from tensorboard.summary.writer.event_file_writer import EventFileWriter  # noqa: PLC0415

        folder.mkdir(parents=True, exist_ok=True)
        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._writer: Any = EventFileWriter(str(folder), flush_secs=10)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """One scalar a name."""
        scalars = [self._summary.Value(tag=name, simple_value=float(value)) for name, value in values.items()]
        self._writer.add_event(self._event(step=step, summary=self._summary(value=scalars)))

    def close(self) -> None:
        """Write what is waiting and end the writer's thread."""
        self._writer.close()
