"""Exports: each form is read back by a reader of that form, and one seat's export tells nothing of the others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import envs
import replays
from arena.agent import Ask, Reply
from envs.errors import UserError
from replays.exports import FORMATS
from replays.exports._scene import Scene
from replays.exports._shots import HOLD, Wanted, shots
from tests.replays.matches import GAMES, WALK, recorded, uniform


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("four") / "m.arena"
    recorded(path, "connect_four", 1)
    return path


@pytest.fixture(scope="module")
def poker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("poker") / "m.arena"
    recorded(path, "kuhn_poker", 0, agents=[lambda ask: 1, lambda ask: 0])
    return path


def test_json_holds_every_event_and_state(four: Path, tmp_path: Path) -> None:
    tree = json.loads(replays.export(four, tmp_path / "m.json").read_text())
    tape = replays.open(four)
    assert (tree["schema"], tree["ticks"]) == ("palaestra.match/1", tape.last)
    assert [event["event"] for event in tree["events"]] == [type(event).__name__.lower() for event in tape.events()]
    states = {event["tick"]: event["state"] for event in tree["events"] if "state" in event}
    assert states == {tick: tape.at(tick).row.tree() for tick in range(len(tape))}


def test_text_tells_every_tick(four: Path, tmp_path: Path) -> None:
    lines = replays.export(four, tmp_path / "m.txt").read_text().splitlines()
    tape = replays.open(four)
    assert [line for line in lines if line.startswith("tick ")][-1].startswith(f"tick {tape.last}, player_")
    assert sum(line.startswith("tick ") for line in lines) == len(tape)
    assert lines[-1].startswith("end: player_")
    assert "* " + tape.marks()[0].text in lines


def test_text_tells_what_was_said_to_whoever_heard_it(tmp_path: Path) -> None:
    def whispers(ask: Ask) -> Reply:
        return Reply([ask.legal.sample(ask.key)], say=[([0], "to the\x1b[2J attacker")])

    recorded(tmp_path / "m.arena", "double_agent", 2, [uniform, whispers])
    told = {
        seat: replays.export(tmp_path / "m.arena", tmp_path / f"{seat}.txt", seat=seat).read_text()
        for seat in (-1, 0, -2)
    }
    assert re.search(r"^defender_0 says: to the.*attacker$", told[0], re.MULTILINE) and "says: " in told[-1]
    assert "says: " not in told[-2] and not any("\x1b" in text for text in told.values())


def test_png_has_the_size_that_was_asked_for(four: Path, tmp_path: Path) -> None:
    for size in ((320, 240), (801, 601), (64, 64), (1200, 200)):
        image = Image.open(replays.export(four, tmp_path / "m.png", size=size))
        assert image.size == (size[0] - size[0] % 2, size[1] - size[1] % 2)
        assert len(image.getcolors(1 << 20)) > 8  # type: ignore[arg-type]
    first, last = (np.asarray(Image.open(replays.export(four, tmp_path / "m.png", last=tick))) for tick in (0, "end"))
    assert (first != last).any()


@pytest.mark.parametrize("game", GAMES)
def test_every_game_has_a_picture(game: str, tmp_path: Path) -> None:
    recorded(tmp_path / "m.arena", game, 3)
    for seat in (-2, -1, 0):
        image = Image.open(replays.export(tmp_path / "m.arena", tmp_path / "m.png", last="50%", seat=seat))
        assert image.width == 640


def test_gif_shows_every_tick_for_its_time(four: Path, tmp_path: Path) -> None:
    tape, wanted = replays.open(four), Wanted(last=replays.open(four).last, speed=4.0)
    image = Image.open(replays.export(four, tmp_path / "m.gif", speed=4.0))
    assert image.n_frames == len(tape)  # type: ignore[attr-defined]
    assert image.info["loop"] == 0
    scene, elapsed = Scene(tape, wanted), 0
    for n, shot in enumerate(shots(tape, wanted)):
        image.seek(n)
        unlike = np.abs(np.asarray(image.convert("RGB")).astype(int) - np.asarray(scene.paint(shot)))
        assert unlike.mean() < 2
        assert (unlike.max(axis=2) > 80).mean() < 0.001
        elapsed += image.info["duration"]
    assert abs(elapsed - (tape.last / 4 + HOLD) * 1000) <= 20


def test_a_fast_gif_leaves_ticks_out(tmp_path: Path) -> None:
    from replays.games import allow

    recorded(tmp_path / "m.arena", envs.game(str(WALK), length=200, plain=True))
    allow(str(WALK))
    image = Image.open(replays.export(tmp_path / "m.arena", tmp_path / "m.gif", speed=100, fps=10, size=(160, 160)))
    assert 19 <= image.n_frames <= 21  # type: ignore[attr-defined]


def test_mp4_has_every_tick_at_its_time(four: Path, tmp_path: Path) -> None:
    av = pytest.importorskip("av", reason="the extra video is not installed")
    told: list[tuple[int, int]] = []
    path = replays.export(four, tmp_path / "m.mp4", speed=10, fps=20, done=lambda *share: told.append(share))
    tape = replays.open(four)
    assert told == [(tick, tape.last) for tick in range(len(tape))]
    with av.open(str(path)) as film:
        frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(frames) == round((tape.last / 10 + HOLD) * 20)
    scene = Scene(tape, Wanted(last=tape.last))
    for n, shot in enumerate(shots(tape, Wanted(last=tape.last, speed=10.0, fps=20.0))):
        assert np.abs(frames[2 * n].astype(int) - np.asarray(scene.paint(shot))).mean() < 4


def test_without_pyav_one_line_names_the_extra(four: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UserError, match=r"palaestra\[video\]"):
        replays.export(four, tmp_path / "m.mp4")
    assert list(tmp_path.iterdir()) == []


def played(cast: Path) -> tuple[dict[str, Any], list[list[str]], list[list[Any]]]:
    """The header, the screen after each output, the lines."""
    pyte = pytest.importorskip("pyte")
    head, *lines = [json.loads(line) for line in cast.read_text().splitlines()]
    screen = pyte.Screen(head["term"]["cols"], head["term"]["rows"])
    stream, screens = pyte.Stream(screen), []
    for _, code, data in lines:
        if code == "o":
            stream.feed(data)
            screens.append(list(screen.display))
    return head, screens, lines


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (120, 40)])
def test_a_cast_plays_in_a_terminal(four: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    tape = replays.open(four)
    head, screens, lines = played(replays.export(four, tmp_path / "m.cast", size=size))
    assert (head["version"], head["term"]) == (3, {"cols": size[0], "rows": size[1]})
    assert len(screens) == len(tape) + 1
    assert f"tick {tape.last} of {tape.last}" in screens[-1][-1]
    assert "random" in screens[-1][0]
    assert abs(sum(line[0] for line in lines) - (tape.last / 2 + HOLD)) < 0.001
    assert [line[2] for line in lines if line[1] == "m"] == [mark.text for mark in tape.marks()]
    assert lines[-1][1:] == ["x", "0"]


@pytest.mark.parametrize("suffix", [suffix for suffix in FORMATS if suffix in (".json", ".txt", ".cast")])
def test_one_seats_export_betrays_nothing(suffix: str, tmp_path: Path) -> None:
    """Two deals that differ only in what seat 1 holds: up to the fold seat 0's exports are the same."""
    found: dict[int, set[str]] = {}
    for seed in range(40):
        source = tmp_path / f"{seed}.arena"
        recorded(source, "kuhn_poker", seed, agents=[lambda ask: 1, lambda ask: 0])
        out = replays.export(source, tmp_path / f"{seed}{suffix}", seat=0, last=1).read_text()
        card = replays.open(source).at(0).row.cards[0]
        found.setdefault(card, set()).add(re.sub(r'"(commitment|created|at|took|digest)": [^,]*', "", out))
    assert len(found) == 3
    assert all(len(texts) == 1 for texts in found.values())


def test_wrong_wishes_are_refused_in_one_line(four: Path, tmp_path: Path) -> None:
    wishes: list[dict[str, Any]] = [
        {"seat": 2}, {"seat": -3}, {"speed": 0}, {"speed": float("nan")}, {"fps": -1}, {"size": (1, 1)}, {"size": (99999, 10)},
        {"first": 5, "last": 3}, {"last": "nowhere"},
    ]  # fmt: skip
    for wish in wishes:
        with pytest.raises(UserError):
            replays.export(four, tmp_path / "m.gif", **wish)
    with pytest.raises(UserError, match="ends in"):
        replays.export(four, tmp_path / "m.bmp")
    with pytest.raises(UserError, match="choose another place"):
        replays.export(four, tmp_path / "away" / "m.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_export_leaves_the_old_file(four: Path, tmp_path: Path) -> None:
    out = replays.export(four, tmp_path / "m.txt")
    before = out.read_bytes()
    with pytest.raises(UserError):
        replays.export(tmp_path / "none.arena", out)
    assert out.read_bytes() == before


def test_moving_pictures_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a GIF is made, no more than a handful of pictures exist at once."""
    import gc
    import weakref

    from replays.games import allow

    recorded(tmp_path / "m.arena", envs.game(str(WALK), length=120, plain=True))
    allow(str(WALK))
    alive: list[weakref.ref[Any]] = []
    most = [0]
    paint = Scene.paint

    def counted(self: Scene, shot: Any) -> Any:
        image = paint(self, shot)
        alive.append(weakref.ref(image))
        gc.collect() if len(alive) % 20 == 0 else None
        most[0] = max(most[0], sum(ref() is not None for ref in alive[10:]))
        return image

    monkeypatch.setattr(Scene, "paint", counted)
    replays.export(tmp_path / "m.arena", tmp_path / "m.gif", size=(100, 100), fps=1000, speed=1000)
    assert len(alive) > 100
    assert most[0] <= 4
