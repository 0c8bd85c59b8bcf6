"""Where, when and from what a measurement came: what every row of results says beside its figures."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["circumstances", "commit", "last_core", "machine"]

ROOT = Path(__file__).parents[2]


def circumstances(command: str, date: datetime) -> dict[str, Any]:
    """command: as it was typed; date: with its time zone."""
    return {
        "command": command,
        "commit": commit(ROOT),
        "date": date.isoformat(timespec="seconds"),
        "machine": machine(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def machine() -> dict[str, Any]:
    """Processor, cores, system and Python."""
    return {
        "cpu": _cpu(Path("/proc/cpuinfo")),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def _cpu(info: Path) -> str:
    """The processor's own name where the system tells it."""
    try:
        lines = info.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())


def commit(folder: Path) -> str:
    """The commit of a checkout, with "+" when something has changed since; "unknown" outside of one."""
    try:
        head = _git(folder, "rev-parse", "--short=12", "HEAD")
        return head + ("+" if _git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def _git(folder: Path, *arguments: str) -> str:
    answer = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=20)
    return answer.stdout.strip()


def last_core() -> str:
    """The core that both sides share: the last that this process may use; "" where the system cannot pin."""
    return str(max(os.sched_getaffinity(0))) if hasattr(os, "sched_getaffinity") else ""
