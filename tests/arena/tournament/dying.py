"""Agents that harm the process that they run in; for tests of crews."""

from __future__ import annotations

import os
import sys
from typing import Any


def kills_its_process(ask: Any) -> int:
    os._exit(3)


def never_answers(ask: Any) -> int:
    while True:
        pass


def prints_and_reads(ask: Any) -> int:
    print('{"result": {}}', flush=True)
    assert sys.stdin.read() == ""
    return min(ask.legal)


def raises(ask: Any) -> int:
    raise RuntimeError("no idea")
