"""Every text field of a tape filled by an enemy, in a real terminal: it is sent nothing but the screen's own sequences."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from arena.events import Acted, Ended, Event, Faulted, Marked, Refused, Seat, Started
from replays.recorder import Recorder
from tests.tui.feeding import heard
from tests.tui.measure_screen import Glass
from tests.tui.stage import staged
from tui.pages import PAGES

ATTACKS = [
    "\x1b]52;c;ZXZpbA==\x07", "\x1b]0;owned\x07", "\x1b[6n\x1b[5n", "\x9b6n\x9b2J", "\x1b[2J\x1b[H", "\x1bPq#0\x1b\\", "\x1bc",
    "\x07\x08\r\n\x0b\x7f",
    "[/]", "[/", "[red]x[/red]", "[@click=app.quit]x[/]", "[link=file:///etc/passwd]x[/]", "\u202eevil\u202c", "\u200b\u2060", "\U000e0041",
    "\ud800", "e" + "\u0301" * 50, "日本" * 30, "x" * 20_000, "\x1b_G\x1b\\", "\x1b[?1049l\x1b[?25h", "🏳️‍🌈",
]  # fmt: skip
EVIL = "".join(ATTACKS[:19]) + ATTACKS[21]
_SEQUENCE = re.compile(r"\x1b\[([?<=>]?)[0-9;:]*([@-~])|\x1b([()#])?.|[\x00-\x1f\x7f-\x9f]")


def hostile(path: Path, text: str) -> Path:
    """A recording in which every text is `text`."""
    text = text.encode("utf-8", "replace").decode()  # what a file can hold
    notes: dict[str, Any] = {
        "policy": [[text, 0.5], [text, "0.5"], [text, 1e300]], "value": text, "why": text, "prompt": text, "completion": text,
        "tokens": 3, text: {text: [text, {text: text}]},
    }  # fmt: skip
    recorder = Recorder(path)
    for event in heard():
        for each in _poisoned(event, text, notes):
            recorder(each)
    return path


def _poisoned(event: Event, text: str, notes: dict[str, Any]) -> list[Event]:
    if isinstance(event, Started):
        seats = (Seat(text, text, text), Seat(text, text, ""))
        return [replace(event, match=text, seats=seats, game=event.game | {"title": text}, software={text: text})]
    if isinstance(event, Acted):
        refused = Refused(event.tick, 0.0, event.seat, 0, text, text)
        mark = Marked(event.tick, 0.0, text, text, event.seat)
        return [refused, mark, replace(event, name=text, notes=notes, said=(((0, 1, 77), text),))]
    if isinstance(event, Ended):
        fault = Faulted(event.tick, 0.0, 1, text, text)
        return [fault, replace(event, reason=text, faults=((1, text), (99, text)), metrics={text: text})]
    return [event]


def watched(path: Path, keys: list[bytes], size: tuple[int, int] = (120, 40), **environment: str) -> bytes:
    """What a terminal is sent while the screen is open and the keys are pressed."""
    glass = Glass([sys.executable, "-m", "arena", "watch", str(path)], *size, sign=b"/", **environment)
    for key in keys:
        seen = len(glass.sent)
        glass.press(key)
        _quiet(glass, seen)
    code = glass.close()
    assert code == 0, glass.sent[-2000:]
    return glass.sent


def _quiet(glass: Glass, seen: int) -> None:
    """Wait until the first picture is there and the key has been answered, at most two seconds."""
    until = time.perf_counter() + (2 if glass.first else 20)
    while time.perf_counter() < until and not (glass.first and len(glass.sent) > seen):
        glass._reader.join(0.02)


KEYS = [b" ", b".", b".", b"a", *[b"t"] * 5, b"a", *[b"t"] * 4, b"z", b"z", b"v", b"v", b"a", b"x", b"x", b"e", b"/x\r"]
KEYS += [b":zz\r", b"?", b"q", b"\x10", b"\x1b[27u", b"m1", b"'q", b"G"]


def kinds(sent: bytes) -> set[tuple[str, ...]]:
    """The sequences and control codes in what was sent, parameters left out."""
    return {
        (*match.groups(default=""), match[0] if match[2] is None else "")
        for match in _SEQUENCE.finditer(sent.decode("utf-8", "replace"))
    }


@pytest.mark.timeout(180)
def test_a_terminal_gets_no_sequence_that_comes_from_a_tape(tmp_path: Path) -> None:
    harmless = kinds(watched(hostile(tmp_path / "good.arena", "good"), KEYS))
    assert ("", "m", "", "") in harmless  # colours are ours
    sent = watched(hostile(tmp_path / "evil.arena", EVIL), KEYS)
    assert kinds(sent) <= harmless
    for needle in (
        b"\x1b]52",
        b"\x1b]0;owned",
        b"\x1b[6n",
        "\x9b".encode(),
        "\u202e".encode(),
        b"ZXZpbA==\x07",
        b"owned\x07",
    ):
        assert needle not in sent


TOGETHER = [" ".join(ATTACKS[:8]), " ".join(ATTACKS[8:16]), *ATTACKS[16:20], " ".join(ATTACKS[20:])]
"""The same attacks, those that act alike in one text; each alone is tried in the nightly run."""


@pytest.mark.parametrize("attack", TOGETHER, ids=range(len(TOGETHER)))
async def test_no_text_breaks_the_screen(tmp_path: Path, attack: str) -> None:
    await shown_everywhere(tmp_path, attack)


@pytest.mark.nightly
@pytest.mark.parametrize("attack", [*ATTACKS, "x" * 100_000], ids=range(len(ATTACKS) + 1))
async def test_no_text_alone_breaks_the_screen(tmp_path: Path, attack: str) -> None:
    await shown_everywhere(tmp_path, attack)


async def shown_everywhere(tmp_path: Path, attack: str) -> None:
    """Every part and page of the screen over a recording in which every text is the attack."""
    async with staged(hostile(tmp_path / "evil.arena", attack), size=(100, 30)) as stage:
        screen = stage.screen
        screen.go(2)
        for part in screen.parts:
            screen.activate(part)
            for page in PAGES if part.startswith("seat") else PAGES[:1]:
                screen.painting.pages[screen.seat] = page
                screen.action_scroll(1)
                await stage.pilot.pause()
        await stage.press("G", "y", "v", "z", "question_mark")
        text = stage.text()
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u200b]", text)
        assert stage.screen.app.is_running


@pytest.mark.timeout(60)
def test_without_colour_no_colour_is_sent(tmp_path: Path) -> None:
    def colours(sent: bytes) -> set[str]:
        parameters = {part for match in re.findall(rb"\x1b\[([0-9;]*)m", sent) for part in match.decode().split(";")}
        return parameters & {"38", "48", *map(str, range(30, 38)), *map(str, range(40, 48)), *map(str, range(90, 98))}

    path = hostile(tmp_path / "good.arena", "good")
    assert colours(watched(path, [b" ", b"."]))
    assert not colours(watched(path, [b" ", b".", b"a", b"t", b"G"], NO_COLOR="1"))
