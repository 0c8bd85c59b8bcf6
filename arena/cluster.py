"""The way onto a Ray cluster. Ray is the optional extra `ray`; one started here has no dashboard, which would run what it is sent."""

from __future__ import annotations

import socket
from typing import Any

from envs.errors import FAILURE, UserError
from envs.extras import absent

__all__ = ["joined"]

_ALLOWED = "give local, auto, HOST:PORT or ray://HOST:PORT"


def joined(address: str) -> Any:
    """The module ray, connected; `shutdown` leaves. address: "local" for one of this machine alone, "auto", "host:port", "ray://host:port".

    UserError (1) without the extra, or where nobody answers.
    """
    try:
        import ray  # noqa: PLC0415  (an extra)
    except ImportError:
        raise absent("ray", "--ray") from None
    _demand_answer(address)
    here: dict[str, Any] = {"include_dashboard": False} if address == "local" else {}
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False, **here)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise UserError(f"--ray {address}: {str(error).splitlines()[0]}: {_ALLOWED}", FAILURE) from None
    return ray


def _demand_answer(address: str) -> None:
    """Ray itself waits for minutes where nobody listens."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UserError(f"--ray {address}: nobody answers there ({error}): {_ALLOWED}", FAILURE) from None
