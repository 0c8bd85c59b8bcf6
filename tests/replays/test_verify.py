"""Playing a recording again: what is honest passes, every kind of forgery is named, what is missing is told."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import envs
import replays
from arena.host import Host, Resigned
from replays.games import allow
from replays.log import LogReader, recover
from replays.recorder import ACTS, EVENTS, STATES, Recorder
from tests.replays.matches import GAMES, WALK, Clock, fresh, recorded, rewritten, same, uniform


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("honest") / "m.arena"
    recorded(path, "connect_four", 3)
    return path


@pytest.mark.parametrize("game", GAMES)
def test_every_game_verifies(game: str, tmp_path: Path) -> None:
    for seed in range(3):
        result, _ = recorded(tmp_path / f"{seed}.arena", game, seed)
        verdict = replays.verify(tmp_path / f"{seed}.arena")
        assert verdict, verdict.line
        assert (verdict.code, verdict.ticks, verdict.complete, verdict.notes) == (0, result.ticks, True, ())


def test_a_fault_verifies(tmp_path: Path) -> None:
    def resign(ask: Any) -> Any:
        raise Resigned

    def wrong(ask: Any) -> int:
        return 99

    for name, agents in {"resigned": [uniform, resign], "illegal": [wrong, uniform]}.items():
        result, _ = recorded(tmp_path / f"{name}.arena", agents=agents)
        assert result.faults[0][1] == name
        assert replays.verify(tmp_path / f"{name}.arena")


def _digest(state: bytes) -> bytes:
    return hashlib.blake2b(state, digest_size=8).digest()


def _flip(at: int, honest_print: bool) -> Callable[[int, int, Any], Any]:
    def change(track: int, step: int, record: Any) -> Any:
        if (track, step) == (STATES, at):
            state = bytearray(record["s"])
            state[envs.game("connect_four", plain=True).state_type.fields["board"][1]] ^= 1
            record |= {"s": bytes(state)} | ({} if honest_print else {"f": _digest(bytes(state))})
        return record

    return change


def _set(track: int, at: int, **fields: Any) -> Callable[[int, int, Any], Any]:
    return lambda t, step, record: record | fields if (t, step) == (track, at) else record


FORGERIES: dict[str, tuple[Callable[[int, int, Any], Any], str, int, str]] = {
    "a state": (_flip(5, False), "diverges", 5, "state.board[0][0]"),
    "a state under its old fingerprint": (_flip(5, True), "the file contradicts itself", 5, "state.board[0][0]"),
    "a fingerprint": (_set(STATES, 4, f=b"12345678"), "the file contradicts itself", 4, "the fingerprint"),
    "a reward": (_set(STATES, 4, r=[0.0, 5.0]), "diverges", 4, "the reward"),
    "rewards of three": (_set(STATES, 4, r=[0.0, 0.0, 0.0]), "diverges", 4, "the reward"),
    "an illegal act": (_set(ACTS, 3, action=[9]), "diverges", 3, "the action"),
    "an act's name": (_set(ACTS, 3, name="column 9"), "diverges", 3, "the action's name"),
    "who acted": (_set(ACTS, 3, seat=0), "diverges", 3, "who acts"),
    "a lost act": (lambda t, s, r: None if (t, s) == (ACTS, 3) else r, "diverges", 3, "who acts"),
}  # fmt: skip


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_named(what: str, honest: Path, tmp_path: Path) -> None:
    change, outcome, tick, field = FORGERIES[what]
    verdict = replays.verify(rewritten(honest, tmp_path / "m.arena", change))
    assert (verdict.outcome, verdict.tick, verdict.code) == (outcome, tick, 5), verdict.line
    assert verdict.field.startswith(field)
    assert str(tick) in verdict.line


def test_another_legal_act_shows_in_the_next_state(honest: Path, tmp_path: Path) -> None:
    with replays.open(honest).log as log:
        _, act = log.record(ACTS, 0)
    other = (act["action"][0] + 1) % 7
    verdict = replays.verify(
        rewritten(honest, tmp_path / "m.arena", _set(ACTS, 0, action=[other], name=f"column {other + 1}"))
    )
    assert (verdict.outcome, verdict.tick, verdict.seat) == ("diverges", 1, 0)
    assert verdict.field.startswith("state.board[5]")


def _mark(field: str, value: Any) -> Callable[[int, int, Any], Any]:
    return lambda t, s, r: r | {field: value} if t == EVENTS and r["event"] == "marked" else r


@pytest.mark.parametrize(
    "change", [_mark("text", "nobody won"), _mark("seat", 1), _mark("kind", "draw"), _mark("audience", -1)]
)
def test_a_forged_mark_is_named(change: Callable[[int, int, Any], Any], tmp_path: Path) -> None:
    result, _ = recorded(tmp_path / "m.arena", seed=1)
    winner = result.scores.index(1.0)
    forged = rewritten(tmp_path / "m.arena", tmp_path / "f.arena", change)
    verdict = replays.verify(forged)
    assert "mark" in verdict.field or (winner == 1 and bool(verdict))


def _in(tree: str, **fields: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda part: part | {tree: part[tree] | fields} if tree in part else None


@pytest.mark.parametrize(
    ("header", "outcome", "field"),
    [
        (_in("secret", seed=4), "diverges", "the commitment"),
        (_in("started", commitment="0" * 32), "diverges", "the commitment"),
        (_in("secret", nonce=b"another"), "diverges", "the commitment"),
        (_in("ended", scores=[0.0, 0.0]), "the file contradicts itself", "the end in the summary"),
    ],
)
def test_a_forged_header_is_named(header: Any, outcome: str, field: str, honest: Path, tmp_path: Path) -> None:
    verdict = replays.verify(rewritten(honest, tmp_path / "m.arena", same, header))
    assert verdict.outcome == outcome
    assert verdict.field.startswith(field)
    assert verdict.code == 5


ENDS: list[tuple[dict[str, Any], str]] = [
    ({"scores": [0.5, -0.5]}, "the score"),
    ({"reason": "forfeit"}, "the reason"),
    ({"metrics": {"x": 1}}, "the metrics"),
    ({"faults": [[0, "crash"]]}, "the faults"),
]


@pytest.mark.parametrize(("fields", "field"), ENDS)
def test_a_forged_end_is_named(fields: dict[str, Any], field: str, honest: Path, tmp_path: Path) -> None:
    def change(track: int, step: int, record: Any) -> Any:
        return record | fields if track == EVENTS and record["event"] == "ended" else record

    verdict = replays.verify(rewritten(honest, tmp_path / "m.arena", change, _in("ended", **fields)))
    assert verdict.field.startswith(field), verdict.line


def test_other_rules_are_not_a_divergence(honest: Path, tmp_path: Path) -> None:
    def header(part: dict[str, Any]) -> Any:
        return (
            part | {"started": part["started"] | {"game": part["started"]["game"] | {"digest": "0123456789"}}}
            if "started" in part
            else None
        )

    verdict = replays.verify(rewritten(honest, tmp_path / "m.arena", same, header))
    assert (verdict.outcome, verdict.code) == ("other rules", 4)


def test_an_unfinished_file_is_verified_as_far_as_it_goes(tmp_path: Path) -> None:
    match = fresh(envs.game("connect_four", plain=True), 3)
    recorder = Recorder(tmp_path / "m.arena", clock=Clock(), fsync=lambda _: None)

    def stop(ask: Any) -> Any:
        raise KeyboardInterrupt

    host = Host(
        match, [uniform, uniform], [recorder], clock=Clock(), before=lambda m, seat: stop(None) if m.tick == 6 else None
    )
    with pytest.raises(KeyboardInterrupt):
        host.run()
    assert replays.verify(tmp_path / "m.arena")  # ended as aborted
    whole = (tmp_path / "m.arena").read_bytes()
    (tmp_path / "cut.arena").write_bytes(whole[: len(whole) * 2 // 3])
    verdict = replays.verify(tmp_path / "cut.arena")
    assert verdict.outcome == "verified"
    assert not verdict.complete
    assert verdict.notes


@pytest.fixture(scope="module")
def long_walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("walk") / "m.arena"
    recorded(path, envs.game(str(WALK), length=3000, plain=True), 11)
    return path


def damaged(source: Path, out: Path, *tracks: int) -> None:
    """A copy with a hole in the 20th chunk of some tracks."""
    data = bytearray(source.read_bytes())
    with LogReader(source) as reader:
        for track in tracks:
            at = reader._scan.tables[track].offset(20)
            data[at + 100 : at + 140] = bytes(40)
    out.write_bytes(data)


def test_after_damage_the_rest_is_verified(long_walk: Path, tmp_path: Path) -> None:
    allow(str(WALK))
    damaged(long_walk, tmp_path / "d.arena", STATES, ACTS)
    verdict = replays.verify(tmp_path / "d.arena")
    assert verdict.outcome == "verified"
    assert not verdict.complete
    assert 2000 < verdict.ticks < 3000
    assert any("lost" in note or "not in the file" in note for note in verdict.notes)
    recover(tmp_path / "d.arena", tmp_path / "r.arena")
    assert replays.verify(tmp_path / "r.arena").outcome == "verified"


def test_a_forgery_behind_damage_is_found(long_walk: Path, tmp_path: Path) -> None:
    allow(str(WALK))
    forged = rewritten(long_walk, tmp_path / "f.arena", _set(STATES, 2900, r=[7.0, 0.0]))
    damaged(forged, tmp_path / "d.arena", ACTS)
    assert replays.verify(tmp_path / "d.arena").tick == 2900


def test_a_long_match_verifies_fast_with_compiled_rules(long_walk: Path) -> None:
    allow(str(WALK))
    assert replays.verify(long_walk)
    before = time.process_time()
    verdict = replays.verify(long_walk)
    assert verdict.ticks == 3000
    # Measured: 0.13 ms of a core for each tick. Eight times that is a mistake in the loop and not a slow machine.
    assert (time.process_time() - before) / 3000 < 0.001


def test_a_strange_configuration_never_runs_compiled(long_walk: Path, tmp_path: Path) -> None:
    """Compiled rules do not check where they write; a stranger's configuration must not reach them."""
    from replays.games import installed

    allow(str(WALK))
    tape = replays.open(long_walk)
    made, _ = installed(tape.started, tape.secret, plain=False)
    assert made is not None
    assert made.plain is False  # type: ignore[attr-defined]
    import msgspec

    strange = msgspec.structs.replace(tape.secret, config=b"\x7f" + tape.secret.config[1:])
    made, _ = installed(tape.started, strange, plain=False)
    assert made is not None
    assert made.plain is True  # type: ignore[attr-defined]


def test_the_rewriting_of_these_tests_keeps_an_honest_file_honest(honest: Path, tmp_path: Path) -> None:
    out = rewritten(honest, tmp_path / "m.arena", same)
    assert replays.verify(out)
    with LogReader(honest) as a, LogReader(out) as b:
        assert a.header == b.header
        assert sorted(map(repr, a.iterate())) == sorted(map(repr, b.iterate()))
