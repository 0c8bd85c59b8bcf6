"""Turn pip's installation report into requirements.lock: one exact version a line, sorted, no addresses."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

HEADER = (
    "# The versions of every extra, used as constraints (pip install -c requirements.lock); written by `make lock`."
)

ELSEWHERE = ("mpe2==1.1.1", "pygame-ce==2.5.8")
"""What the resolution does not name: a game that is installed without what it asks for, and pygame's stand-in on 3.14."""


def pins(report: dict[str, Any]) -> list[str]:
    """`name==version` of everything but the project itself; names normalised as PEP 503 says."""
    found = (
        (re.sub(r"[-_.]+", "-", item["metadata"]["name"]).lower(), item["metadata"]["version"])
        for item in report["install"]
    )
    return sorted(f"{name}=={version}" for name, version in found if name != "palaestra")


if __name__ == "__main__":
    lines = [HEADER, *sorted([*pins(json.loads(Path(sys.argv[1]).read_text())), *ELSEWHERE])]
    sys.stdout.write("\n".join(lines) + "\n")
