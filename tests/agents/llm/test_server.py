"""Against servers in processes of their own: one of another project with a tiny model, and a slow one that a hundred matches share."""

from __future__ import annotations

import math
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import replays
from arena.matches import play, series
from arena.schedule import rotations
from replays.search import search

ROOT = Path(__file__).parents[3]
ANSWERS = ['{"why": "zebra", "move": "pass"}', '{"why": "zebra", "move": "bet"}']


@contextmanager
def process(command: list[str], wanted: str) -> Iterator[str]:
    """What a server says of itself when it is ready: the part of its output that the pattern names."""
    running = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert running.stdout is not None
        found = next((match[1] for line in running.stdout if (match := re.search(wanted, line))), None)
        assert found is not None, "the server has not started"
        yield found
    finally:
        running.kill()
        running.communicate()


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_a_whole_match_on_a_server_of_another_project(tmp_path: Path) -> None:
    """`transformers serve` with random weights: played, recorded, verified, searched. It lacks structured output and says nothing of it."""
    pytest.importorskip("uvicorn")
    pytest.importorskip("fastapi")
    from tests.agents.llm.tiny import build

    build(tmp_path / "tiny", ANSWERS)
    main = "from transformers.cli.transformers import main; main()"
    command = ["-c", main, "serve", str(tmp_path / "tiny"), "--host", "127.0.0.1", "--port", "0", "--device", "cpu"]
    with process(command, r"running on (http://[\d.:]+)") as url:
        seat = f"llm?model={tmp_path / 'tiny'}&base_url={url}/v1&key_env=&max_tokens=64"
        for seed in range(3):
            path = tmp_path / f"{seed}.arena"
            result = play("kuhn_poker", [seat, seat + "&memory=full"], seed=seed, record=path)
            assert result.reason == "played out" and result.refusals == (0, 0)
            assert replays.verify(path)
            tape = replays.open(path)
            assert next(search(tape, "zebra")).seat == 0
            assert tape.at(0).acts[0].notes["usage"]["completion"] >= 1
        # A model that is not there is no loss.
        assert play("kuhn_poker", [seat.replace("tiny", "none"), "first"]).faults == ((0, "void"),)


SLOW = """
import asyncio, json, sys
from tests.agents.llm.endpoint import Endpoint, first_move, says
served = Endpoint(lambda body, n: says(json.dumps({"move": first_move(body)}), first=float(sys.argv[1]), usage=None))
async def main():
    print("ready at", await served.start(), flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_a_hundred_matches_at_once_take_what_the_endpoint_takes(tmp_path: Path) -> None:
    """Within 1.2 of the endpoint's own limit: requests in waves of `cap`, each as long as one answer."""
    latency, cap = 1.5, 20
    with process(["-c", SLOW, str(latency)], r"ready at (\S+)") as url:
        seat = f"llm?model=tiny&base_url={url}&key_env=&cap={cap}"
        play("kuhn_poker", [seat, "first"])  # loads what every match needs
        began, worked = time.monotonic(), time.process_time()
        results = [result for _, result in series("kuhn_poker", rotations([seat, seat], 100, 0))]
        took, worked = time.monotonic() - began, time.process_time() - worked
    requests = sum(result.ticks for result in results)
    limit = math.ceil(requests / cap) * latency
    assert len(results) == 100 and all(result.reason == "played out" for result in results)
    assert took <= 1.2 * limit, f"{took:.2f} s for {requests} requests, the limit is {limit:.2f} s"
    print(
        f"{took:.2f} s for {requests} requests, the limit is {limit:.2f} s; {10 * worked:.1f} ms of processor time a match"
    )
