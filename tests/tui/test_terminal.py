"""A screen whose terminal is gone ends, whether or not a signal says so."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.feeding import recorded
from tui.app import hung_up


def test_a_terminal_hangs_up_when_its_other_end_is_closed() -> None:
    leader, follower = pty.openpty()
    assert not hung_up(follower)
    os.close(leader)
    assert hung_up(follower)
    os.close(follower)


@pytest.mark.timeout(120)
def test_a_screen_ends_with_its_terminal_though_no_signal_comes(tmp_path: Path) -> None:
    """In a session of its own a process is told nothing; it used to read an end of file over and over."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "arena", "watch", str(recorded(tmp_path / "m.arena"))]
    environment = {**os.environ, "TERM": "xterm-256color"}
    process = subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment, start_new_session=True
    )
    os.close(follower)
    shown = b""
    while b"step" not in shown:
        shown += os.read(leader, 1 << 16)
    os.close(leader)
    try:
        process.wait(60)
    finally:
        process.kill()
