"""What a screen shows, as text: every strip that the topmost screen would paint."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from textual.pilot import Pilot
from textual.worker import WorkerCancelled

__all__ = ["glass", "settled"]


def glass(app: Any) -> str:
    """The rows of the topmost screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def settled(pilot: Pilot[Any]) -> str:
    """Let workers and messages come to rest; then what is shown."""
    await pilot.pause()
    # One that was called off, because a newer one answers for it or its screen is gone, has nothing to wait for.
    with suppress(WorkerCancelled):
        await pilot.app.workers.wait_for_complete([worker for worker in pilot.app.workers if worker.group != "clock"])
    await pilot.pause()
    await pilot.pause()
    return glass(pilot.app)
