"""A well-formed container full of lies: every reader and every verb answers with one line or shows it harmlessly."""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import envs
import replays
from arena import cli
from envs.errors import UserError
from replays.difference import differences
from replays.search import search
from tests.games import RECORDS
from tests.replays.matches import recorded, rewritten, same

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m[bold]x[/bold]\u202e\r\n" + "A" * 40
VALUES: list[Any] = [
    None, True, -1, 0, 2**63 - 1, -(2**63), 2**64 - 1, 1e308, float("nan"), float("inf"), "", EVIL, b"", b"\xff" * 9, [], [[]], {},
    {"a": [EVIL]},
]  # fmt: skip
ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A match of three ticks, so that thousands of lies can be told about it."""
    path = tmp_path_factory.mktemp("kuhn_poker") / "m.arena"
    recorded(path, "kuhn_poker", 3)
    return path


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a tree."""
    if path:
        yield path
    items = tree.items() if isinstance(tree, dict) else enumerate(tree[:3]) if isinstance(tree, list) else ()
    for name, item in items:
        yield from places(item, (*path, name))


def put(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    tree = copy.deepcopy(tree)
    at = tree
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = value
    return tree


def read_all(path: Path, out: Path, forms: tuple[str, ...] = (".txt", ".json", ".cast")) -> None:
    """Every reader, on everything; UserErrors are answers."""
    try:
        tape = replays.open(path)
    except UserError:
        return
    looks: list[Callable[[], object]] = [
        lambda: [tape.at(tick).text(seat) for tick in (0, 1, -1) for seat in (-1, -2, 0)],
        lambda: [list(tape.events(who)) for who in (-1, 0)],
        tape.marks,
        lambda: list(tape.steps(0)),
        lambda: list(search(tape, "a")),
        lambda: replays.verify(path).line,
        lambda: tape.ended,
        lambda: list(differences(path, path)),
        tape.refresh,
        *(lambda s=s: replays.export(path, out / f"x{s}") for s in forms),  # type: ignore[misc]
    ]
    for look in looks:
        try:
            look()
        except UserError as error:
            assert "\n" not in str(error)


def header_lies(source: Path) -> list[tuple[Any, ...]]:
    with replays.open(source).log as log:
        tree = {name: log.header[name] for name in ("started", "secret")}
        return [path for path in places({**tree, "ended": (log.summary or {})["ended"]}) if len(path) > 1]


def test_lies_in_the_header(source: Path, tmp_path: Path, seeds: Any) -> None:
    paths = header_lies(source)
    number = 0
    for path in paths:
        for value in VALUES[number % 3 :: 3]:
            number += 1
            lie = tmp_path / f"{number}.arena"

            def change(part: dict[str, Any], path: tuple[Any, ...] = path, value: Any = value) -> Any:
                return put(part, path, value) if path[0] in part else None

            rewritten(source, lie, same, change)
            read_all(lie, tmp_path)
            lie.unlink()
    assert number > 200


def test_lies_in_the_records(source: Path, tmp_path: Path) -> None:
    with replays.open(source).log as log:
        shapes = {(track, path) for track, _, record in log.iterate() for path in [(), *places(record)]}
    number = 0
    for track, path in sorted(shapes, key=repr):
        for value in VALUES[number % 3 :: 3]:
            number += 1
            lie = tmp_path / f"{number}.arena"

            def change(
                at: int, step: int, record: Any, track: int = track, path: tuple[Any, ...] = path, value: Any = value
            ) -> Any:
                if at != track or step > 1:
                    return record
                try:
                    return put(record, path, value) if path else value
                except (KeyError, IndexError, TypeError):
                    return record

            rewritten(source, lie, change)
            read_all(lie, tmp_path)
            lie.unlink()
    assert number > 200


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.nightly] * (envs.spec(name).frames > 1)) for name in RECORDS],
)
def test_states_that_no_rules_make(tmp_path: Path, name: str, seeds: Any) -> None:
    recorded(tmp_path / f"{name}.arena", name, 1)
    for seed in seeds(2):
        rng, lie = random.Random(seed), tmp_path / "lie.arena"

        def change(track: int, step: int, record: Any, rng: random.Random = rng) -> Any:
            return record | {"s": rng.randbytes(len(record["s"]))} if track == 0 and step else record

        rewritten(tmp_path / f"{name}.arena", lie, change)
        read_all(lie, tmp_path, (".txt", ".json"))
        assert replays.verify(lie).code == 5
        lie.unlink()


@pytest.fixture
def evil(source: Path, tmp_path: Path) -> Path:
    """Every text of the recording is an attack on the terminal."""

    def poisoned(tree: Any, keep: frozenset[str] = frozenset({"event", "game", "digest", "place", "kind"})) -> Any:
        if isinstance(tree, dict):
            return {
                key: value if key in keep and isinstance(value, str) else poisoned(value) for key, value in tree.items()
            }
        if isinstance(tree, list):
            return [poisoned(item) for item in tree]
        return EVIL if isinstance(tree, str) else tree

    def header(part: dict[str, Any]) -> Any:
        found = poisoned(part)
        for name in ("started",):
            if name in part:
                for key in ("seats", "traits", "state_type"):
                    found[name]["game"][key] = part[name]["game"].get(key)
        return found

    return rewritten(source, tmp_path / "evil.arena", lambda t, s, r: poisoned(r), header)


VERBS = (
    ["info"], ["show"], ["show", "--tick", "1"], ["show", "--tick", "1", "--seat", "0"], ["show", "--tick", "e1"],
    ["show", "--tick", "nope"], ["verify"], ["diff"], ["recover"], ["ls"], ["ls", "--search", "x"],
)  # fmt: skip


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
@pytest.mark.parametrize("as_json", [False, True])
def test_no_escape_of_a_file_reaches_the_terminal(
    verb: list[str], as_json: bool, evil: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, *options = verb
    where = {"diff": [str(evil), str(evil)], "ls": [str(evil.parent)]}.get(name, [str(evil)])
    code = cli.run(["replay", name, *where, *options, *(["--json"] if as_json else [])])
    printed = capsys.readouterr()
    assert code in (0, 1, 2, 4, 5)
    assert "bug of ours" not in printed.err
    for stream in (printed.out, printed.err):
        assert not ESCAPES.search(stream)
    if as_json and code in (0, 5):
        assert json.loads(printed.out)["schema"].startswith("palaestra.replay-")


def test_an_exported_transcript_and_cast_hold_only_our_own_escapes(evil: Path, tmp_path: Path) -> None:
    assert not ESCAPES.search(replays.export(evil, tmp_path / "x.txt").read_text())
    lines = [json.loads(line) for line in replays.export(evil, tmp_path / "x.cast").read_text().splitlines()]
    ours = re.compile(r"\x1b\[(\?25[lh]|\?2026[lh]|2J|2K|H|\d+;\d+H|[\d;]*m)")
    for _, _, data in lines[1:]:
        assert not ESCAPES.search(ours.sub("", data))
    assert not ESCAPES.search(lines[0]["title"])
