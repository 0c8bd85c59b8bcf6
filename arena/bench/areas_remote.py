"""The catalogue of `arena bench`, the protocol: its share beside an echo of the same bytes, and whole matches across a wire."""

from __future__ import annotations

from arena.bench.figures import Target
from arena.bench.question import SEED, Contender, Question, times

__all__ = ["HOSTED", "LONG", "REMOTE"]

NUMBA = ("numba", "numpy")
LONG = {"game": "matrix?rounds=1000", "seed": SEED}
HOSTED = Contender("hosted, recorded", "arena.bench.turns:hosted", NUMBA, {**LONG, "record": True})
"""The same match within one process."""
_CLOCKED = Contender("hosted, recorded", "arena.bench.turns:hosted", NUMBA, {**LONG, "record": True, "move": 10.0})
"""The same with the clocks that a host puts to its guests."""

_REMOTE = "arena.bench.remote"
_WIRED = (*NUMBA, "msgspec", "websockets")


def _played(at_once: int) -> Contender:
    name = "palaestra, one websocket" if at_once == 1 else f"palaestra, {at_once} at once"
    return Contender(name, f"{_REMOTE}:played", _WIRED, {**LONG, "at_once": at_once})


REMOTE = (
    Question(
        "protocol/session", "a question and its answer across a websocket", "round trips/s",
        Contender("palaestra's session and codec", f"{_REMOTE}:spoken", _WIRED),
        Contender("echo of the same bytes", f"{_REMOTE}:echo", _WIRED), times(0.7),
        "both ends in one process, TCP on loopback, the sans-IO protocol of websockets; the other side has the bytes ready: a bound",
    ),
    Question(
        "protocol/match", "remote matches of 1000 rounds, recorded, one at a time over one websocket", "actions/s", _played(1), _CLOCKED,
        Target("ours", 7_000, "actions/s"),
        "host on the core of the bench, its player in another process on another core; the other side plays and hosts in one process",
    ),
    Question(
        "protocol/matches", "64 remote matches of 1000 rounds in flight, recorded, over one websocket", "actions/s", _played(64),
        _CLOCKED, times(0.8),
        "host on the core of the bench, its player in another process on another core; the other side plays and hosts in one process",
    ),
    Question(
        "protocol/pipes", "a recorded match of 1000 rounds between two isolated programs over pipes", "actions/s",
        Contender("palaestra", f"{_REMOTE}:piped", _WIRED, LONG), note="all three processes share the core",
    ),
)  # fmt: skip
