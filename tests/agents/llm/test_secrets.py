"""No key leaves the environment: an endpoint that echoes it on every path leaves none in replay, ledger, logs, screen or core file."""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import replays
from agents.llm import secrets
from agents.llm.secrets import key_from, redacted, redacted_tree
from arena.cli.errors import told
from envs.errors import FAILURE, UserError
from replays.index import Index
from replays.search import search
from tests.agents.llm.conftest import CANARY
from tests.agents.llm.endpoint import Answer, after, chunk, says, sse, wrong

ROOT = Path(__file__).parents[3]
FORMS = [CANARY, quote(CANARY, safe=""), CANARY.encode().hex(), base64.b64encode(CANARY.encode()).decode()]
KEEP = json.dumps({"why": CANARY, "say": CANARY, "notes": CANARY, "move": "bet"})


def no_trace(text: str) -> bool:
    found = [form for form in FORMS if form in text]
    # In base64 at any place of a longer text, the middle of the key looks like one of these.
    inner = [base64.b64encode(b"\0" * shift + CANARY.encode()).decode()[4:-4] for shift in range(3)]
    return not found and not any(each in text for each in inner)


@contextmanager
def every_log() -> Iterator[io.StringIO]:
    """All that any library logs, at its most talkative."""
    out = io.StringIO()
    handler, root = logging.StreamHandler(out), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield out
    finally:
        root.removeHandler(handler)
        root.setLevel(before)


HTML = f"<html>{CANARY}</html>"
ECHOES = {
    "errors": [
        wrong(500, f"no {CANARY}", code=CANARY, X_Echo=CANARY), wrong(429, CANARY, Retry_After="1", X_Echo=CANARY),
        wrong(401, f"Incorrect API key: {CANARY}"),
    ],
    "stream": [
        Answer(pieces=[(0.0, sse({"error": {"message": FORMS[3], "code": 500}}))]), Answer(pieces=[(0.0, b"data: " + FORMS[0].encode())]),
        Answer(pieces=[(0.0, sse(chunk({"content": CANARY})))], end="cut"), wrong(400, FORMS[1]),
    ],
    "answers": [
        says(CANARY), says("", delta={"refusal": CANARY, "reasoning_content": FORMS[2]}), says(KEEP, "length"),
        says(json.dumps({"move": CANARY})), says(json.dumps({"move": "bet", CANARY: 1})), says(KEEP),
    ],
    "html": [Answer(200, {"Content-Type": "text/html", "X-Key": CANARY}, [(0.0, HTML.encode())]), wrong(403, HTML)],
}  # fmt: skip


@pytest.mark.parametrize("slot", ECHOES)
def test_an_endpoint_that_echoes_the_key_leaves_it_nowhere(
    table: Any, first: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], slot: str
) -> None:
    prices = tmp_path / "p.toml"
    prices.write_text("[models.tiny]\nprompt = 1\ncompletion = 1\n")
    endpoint = table.serve(after(ECHOES[slot]))
    with every_log() as log:
        seat = table.seat(
            endpoint, memory="scratchpad", prices=str(prices), budget_day=9.0, ledger=str(tmp_path / "l.sqlite")
        )
        result = table.play([seat, first], record=tmp_path / "m.arena")
    assert no_trace(repr(result))
    tape = replays.open(tmp_path / "m.arena")
    recorded = [repr(event) for event in tape.events()]
    assert len(recorded) > 5 and all(map(no_trace, recorded))
    assert [headers["authorization"] for headers, _ in endpoint.seen] == [f"Bearer {CANARY}"] * len(endpoint.seen)
    assert all(no_trace(json.dumps(body)) for _, body in endpoint.seen)
    assert len(log.getvalue()) > 1000 and no_trace(log.getvalue())
    assert list(search(tape, CANARY)) == []
    with Index(tmp_path) as index:
        assert index.update() == 1 and index.rows(search="canary") == []
    replays.export(tmp_path / "m.arena", tmp_path / "m.json")
    assert no_trace((tmp_path / "m.json").read_text()) and len(list(tmp_path.iterdir())) >= 4
    assert all(no_trace(path.read_bytes().decode("latin-1")) for path in tmp_path.iterdir())
    shown = capfd.readouterr()
    assert no_trace(shown.out + shown.err)
    assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0


DIES = """
import os, pathlib, resource, sys
pathlib.Path("/proc/self/coredump_filter").write_text("0x33")
from agents.llm.secrets import key_from
soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
text = os.environ["CANARY_KEY"] * 50
if sys.argv[1] != "no key":
    key_from("CANARY_KEY")
if sys.argv[1] == "forced":
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
os.abort()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="cores are looked at as Linux writes them")
def test_a_process_that_dies_leaves_no_core_with_the_key(table: Any, tmp_path: Path) -> None:
    """Without a key read it leaves one, where the system writes cores here; with one it leaves none, and none with memory in it."""

    def dies(how: str) -> list[bytes]:
        folder = tmp_path / how
        folder.mkdir()
        environ = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", DIES, how], cwd=folder, env=environ, capture_output=True, check=False, timeout=60
        )
        assert done.returncode == -signal.SIGABRT and no_trace(done.stderr.decode())
        return [path.read_bytes() for path in folder.iterdir()]

    left = dies("no key")
    # A system that sends cores elsewhere, or allows none, leaves nothing to look at.
    assert all(CANARY.encode() in core for core in left)
    assert dies("a key") == []
    forced = dies("forced")
    assert len(forced) == len(left) and all(CANARY.encode() not in core for core in forced)


def test_a_crash_is_logged_without_the_key(table: Any) -> None:
    key_from("CANARY_KEY")
    with every_log() as log:
        try:
            raise ValueError(f"with {CANARY}")
        except ValueError:
            logging.getLogger("x").exception("it said %s", CANARY)
    assert "Traceback" in log.getvalue() and no_trace(log.getvalue())


def test_a_bug_is_told_without_the_key(
    table: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither the line nor the file of tracebacks holds it, whoever raised what."""
    key_from("CANARY_KEY")
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: tmp_path)
    for debug in (False, True):
        assert told(RuntimeError(f"with {CANARY}"), debug) == FAILURE
    kept, shown = (tmp_path / "errors.log").read_text(), capfd.readouterr()
    assert "RuntimeError" in kept and "RuntimeError" in shown.err and no_trace(kept + shown.out + shown.err)


def test_a_key_is_found_in_all_its_forms(table: Any) -> None:
    key_from("CANARY_KEY")
    texts = [f"a {form} b" for form in FORMS]
    texts += [base64.b64encode(f"{'x' * shift}{CANARY}:tail".encode()).decode() for shift in range(6)]
    assert all(no_trace(redacted(text)) for text in texts)
    tree = redacted_tree({CANARY: [CANARY, ("a", {"b": CANARY})], "n": 3})
    assert no_trace(repr(tree)) and tree["n"] == 3
    assert redacted("nothing to hide") == "nothing to hide"


@pytest.mark.parametrize(
    ("environ", "told"), [({}, "has no MY_KEY"), ({"MY_KEY": " "}, "has no MY_KEY"), ({"MY_KEY": "abc"}, "fewer than")]
)
def test_a_key_that_is_missing_or_too_short_is_told_in_one_line(environ: dict[str, str], told: str) -> None:
    with pytest.raises(UserError, match=told) as error:
        key_from("MY_KEY", environ)
    assert "abc" not in str(error.value)


@pytest.mark.parametrize("given", ["sk-hidden-1", "sk_live_hidden1", "HIDDEN1" * 20, "hidden1.x"])
def test_a_key_in_place_of_its_variable_is_refused_and_not_repeated(given: str) -> None:
    with pytest.raises(UserError, match="key_env=") as told:
        key_from(given, {})
    assert "hidden" not in str(told.value).lower()


@pytest.mark.parametrize("key", ["clé-0123456", "a key\nwith lines"])
def test_a_key_that_no_header_can_hold_is_told_before_a_match(key: str) -> None:
    with pytest.raises(UserError, match="plain ASCII") as told:
        key_from("MY_KEY", {"MY_KEY": key})
    assert key not in str(told.value)


def test_an_endpoint_without_key_needs_none() -> None:
    assert key_from("", {}) == ""


@pytest.mark.parametrize("url", ["http://user:sk-hidden-1@host/v1", "http://host/v1?key=sk-hidden-1", "sk-hidden-1"])
def test_a_key_in_the_address_is_refused_and_not_repeated(table: Any, url: str) -> None:
    endpoint = table.serve(after([]))
    with pytest.raises(UserError) as told:
        table.seat(endpoint, base_url=url)
    assert "sk-hidden-1" not in str(told.value)
    assert secrets.SHOWN not in str(told.value)
