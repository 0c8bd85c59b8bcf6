"""The catalogue: every question that `arena bench` can ask, what answers it, and the target that it is held to.

A question's id is AREA/NAME. Both sides do the same work unless the note says otherwise; targets are bounds on a ratio, or on our own
figure where there is nothing to compare with. Sides are named by strings, because their packages are optional.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from arena.bench.areas_remote import HOSTED, LONG, REMOTE
from arena.bench.areas_towers import TOWERS
from arena.bench.areas_training import TRAINING
from arena.bench.figures import Target
from arena.bench.question import SEED, Contender, Question, on_either, times
from envs.errors import unknown

__all__ = ["ON_REQUEST", "QUESTIONS", "Contender", "Question", "areas", "choose"]

_STEPS = "arena.bench.stepping"
_NUMBA = ("numba", "numpy")
_JAX = ("pgx", "jax", "jaxlib")


def _vector(game: str, num: int, **more: Any) -> Contender:
    config = {"game": game, "num": num, "seed": SEED, **more}
    return Contender("palaestra", f"{_STEPS}:vector", _NUMBA, config)


def _pgx(game: str, num: int) -> Contender:
    return Contender("pgx", f"{_STEPS}:pgx", _JAX, {"game": game, "num": num, "ticks": 65536 // num * 8, "seed": SEED})


def _open_spiel(tensor: bool) -> Contender:
    config = {"game": "connect_four", "tensor": tensor, "seed": SEED}
    return Contender("OpenSpiel from Python", f"{_STEPS}:open_spiel", ("open_spiel",), config)


_PETTINGZOO = Contender(
    "PettingZoo connect_four_v3", "arena.bench.turns:pettingzoo_aec", ("pettingzoo", "numpy"),
    {"module": "pettingzoo.classic.connect_four_v3", "seed": SEED},
)  # fmt: skip
_CONNECT_FOUR = _vector("connect_four", 8192)
_TWO_THREADS = Contender(
    "palaestra, two threads",
    f"{_STEPS}:vector",
    _NUMBA,
    {"game": "connect_four", "num": 8192, "seed": SEED, "threads": 2},
    2,
)
_FULL = (
    "random legal actions; mask, observation of who acts, reward and restart at every step; ours takes what it has drawn from the mask "
    "unchecked (checked=False), pgx looks at each action"
)

_VECTOR = (
    Question(
        "vector/pgx", "Connect Four, 8192 boards", "steps/s", _CONNECT_FOUR, _pgx("connect_four", 8192), times(5),
        f"{_FULL}; pgx: jit, scan over 64 ticks, actions drawn inside",
    ),
    Question(
        "vector/checked", "Connect Four, 8192 boards, actions checked", "steps/s", _vector("connect_four", 8192, checked=True),
        _CONNECT_FOUR, note="what it costs to look for illegal actions, as the vector face does unless told otherwise",
    ),
    Question(
        "vector/pgx_planes", "Connect Four, 8192 boards, float32 planes", "steps/s",
        _vector("connect_four", 8192, encode="planes"), _pgx("connect_four", 8192),
        note="as above, and ours writes float32[2, 6, 7] for a network too; pgx writes bool[6, 7, 2]",
    ),
    Question(
        "vector/open_spiel", "Connect Four, 8192 boards", "steps/s", _CONNECT_FOUR, _open_spiel(False), times(20),
        "ours unchecked as above; OpenSpiel: one game, legal actions, apply, returns, and no observation, so it does less",
    ),
    Question(
        "vector/open_spiel_tensor", "Connect Four, 8192 boards", "steps/s", _CONNECT_FOUR, _open_spiel(True),
        note="ours unchecked as above; OpenSpiel: one game, with the observation tensor at every step",
    ),
    Question(
        "vector/envpool", "Connect Four, 8192 boards; EnvPool 1024", "steps/s", _CONNECT_FOUR,
        Contender("EnvPool ConnectFour", f"{_STEPS}:envpool", ("envpool",), {"game": "ConnectFour-v1", "num": 1024, "seed": SEED}),
        times(80), "ours unchecked as above; EnvPool: one thread, both players observed, a restart takes a step of its own",
    ),
    Question(
        "vector/pettingzoo", "Connect Four, 8192 boards", "steps/s", _CONNECT_FOUR, _PETTINGZOO, times(800),
        "ours unchecked as above; PettingZoo: one wrapped game, last() and step()",
    ),
    Question(
        "vector/threads", "Connect Four, 8192 boards, two threads on two cores", "steps/s",
        _TWO_THREADS, on_either(_CONNECT_FOUR),
        note="the rows are split over the threads, and the rules run without the interpreter's lock; one thread takes half of each turn "
        "on either core",
    ),
    Question(
        "vector-cards/kuhn", "Kuhn poker, 1024 tables", "steps/s", _vector("kuhn_poker", 1024), _pgx("kuhn_poker", 1024), times(2),
        _FULL,
    ),
    Question(
        "vector-cards/leduc", "Leduc poker, 1024 tables", "steps/s", _vector("leduc_poker", 1024), _pgx("leduc_holdem", 1024),
        times(2), _FULL,
    ),
)  # fmt: skip

_TURNS = "arena.bench.turns"
_SERIES = {"game": "connect_four", "seed": SEED}
_RATE = Target("ours", 15_000, "actions/s")


def _hosted(config: Mapping[str, Any], record: bool) -> Contender:
    name = "hosted, recorded" if record else "hosted, not recorded"
    return Contender(name, f"{_TURNS}:hosted", _NUMBA, {**config, "record": record})


_MATCHES = (
    Question(
        "aec/pettingzoo", "Connect Four, last() and step()", "actions/s",
        Contender("palaestra's AEC face", f"{_TURNS}:own_aec", (*_NUMBA, "pettingzoo"), _SERIES), _PETTINGZOO, times(3),
        "the same loop and the same way to choose; both wrapped as `make` and `env` give them",
    ),
    Question(
        "match/long", "one match of 1000 rounds, two functions that draw at random", "actions/s", HOSTED,
        Contender("empty loop", f"{_TURNS}:empty_loop", (), {}), _RATE,
        "the other side is a loop of Python that calls two functions: a bound, not a peer",
    ),
    Question(
        "match/recording", "one match of 1000 rounds, two functions that draw at random", "actions/s",
        HOSTED, _hosted(LONG, False),
        note="what recording costs",
    ),
    Question(
        "match/series", "Connect Four, match after match, two functions that draw at random", "actions/s",
        _hosted(_SERIES, True), _PETTINGZOO, None,
        "ours: each match is a file that is on disk when the next begins; PettingZoo: the bare loop, nothing recorded",
    ),
)  # fmt: skip

_REPLAYS = "arena.bench.recordings"
_FILE = {"ticks": 100_000, "seed": SEED}
_LARGE = {"ticks": 100_000, "text": 14_500, "seed": SEED}
_REPLAY = (
    Question(
        "replay/seek", "a random tick of 100,000", "ms", Contender("palaestra", f"{_REPLAYS}:seek", ("msgpack", "zstandard"), _FILE),
        target=Target("ours", 1, "ms", at_least=False), note="the state and the acts of the tick, unpacked; the file is in the page cache",
    ),
    Question(
        "replay/open", "open a recording of 100,000 ticks", "ms",
        Contender("palaestra", f"{_REPLAYS}:opening", ("msgpack", "zstandard"), _FILE),
        target=Target("ours", 50, "ms", at_least=False),
    ),
    Question(
        "replay-large/open", "open a recording of 100,000 ticks and 1 GB of texts", "ms",
        Contender("palaestra", f"{_REPLAYS}:opening", ("msgpack", "zstandard"), _LARGE),
        target=Target("ours", 50, "ms", at_least=False),
    ),
    Question(
        "replay-large/seek", "a random tick of 100,000 among 1 GB of texts", "ms",
        Contender("palaestra", f"{_REPLAYS}:seek", ("msgpack", "zstandard"), _LARGE),
        target=Target("ours", 1, "ms", at_least=False),
    ),
)  # fmt: skip

_SEARCH = "arena.bench.searching"
_BUDGET = {"game": "connect_four", "simulations": 1000, "seed": SEED}
_OURS = Contender("palaestra's mcts", f"{_SEARCH}:own_mcts", _NUMBA, _BUDGET)
_MCTS = tuple(
    Question(
        f"mcts/open_spiel_{language}", "Connect Four, empty board, 1000 simulations a move", "simulations/s", _OURS,
        Contender(f"OpenSpiel's MCTSBot in {title}", f"{_SEARCH}:open_spiel_{language}", ("open_spiel",), _BUDGET),
        note="UCT, one random rollout a leaf, nothing proven, a new tree for every move",
    )
    for language, title in (("cpp", "C++"), ("python", "Python"))
)  # fmt: skip

_STARTS = "arena.bench.starting"
_BARE = Contender("python -c pass", f"{_STARTS}:command", (), {"arguments": ["-c", "pass"]})
_START = (
    Question(
        "start/help", "arena --help", "ms",
        Contender("palaestra", f"{_STARTS}:command", (), {"arguments": ["-m", "arena", "--help"]}), _BARE,
        Target("ours", 150, "ms", at_least=False), "the other side is Python alone: a bound, not a peer",
    ),
    Question(
        "start/first_step", "a process that imports, resets and steps Connect Four once", "ms",
        Contender("palaestra's AEC face, compiled before", f"{_STARTS}:command", _NUMBA, {"arguments": ["-c", (
            "import envs; env = envs.make('connect_four'); env.reset(seed=7); env.step(3)"
        )]}),
        Contender("PettingZoo connect_four_v3", f"{_STARTS}:command", ("pettingzoo",), {"arguments": ["-c", (
            "from pettingzoo.classic import connect_four_v3; env = connect_four_v3.env(); env.reset(seed=7); env.step(3)"
        )]}),
    ),
    Question(
        "start/every_game", "the slowest of all games to its first step, as a process that imports, resets and steps", "ms",
        Contender("palaestra's AEC face, compiled before", f"{_STARTS}:every_game", _NUMBA),
        target=Target("ours", 1000, "ms", at_least=False),
        note="processor time from the start of a process to the end of its first step",
    ),
)  # fmt: skip

_SCREENS = "arena.bench.screen"
_SCREEN = (
    Question(
        "screen/first", "from the start of `arena watch FILE` to its first picture", "ms",
        Contender("palaestra", f"{_SCREENS}:first_picture", ("textual",)), target=Target("ours", 1000, "ms", at_least=False),
    ),
    Question(
        "screen/live", "share of a core while 30 ticks a second come in, terminal of 120 x 40", "%",
        Contender("palaestra", f"{_SCREENS}:live_share", ("textual",)), target=Target("ours", 12, "%", at_least=False),
        note="processor time of the screen's process, over at least three seconds a round",
    ),
)  # fmt: skip

QUESTIONS = (*_VECTOR, *_MATCHES, *REMOTE, *_REPLAY, *_MCTS, *_START, *_SCREEN, *TRAINING, *TOWERS)
ON_REQUEST = frozenset({"replay-large", "training"})
"""Areas that are asked only by name, because setting them up takes long."""


def areas() -> list[str]:
    """All areas, in the order of the catalogue."""
    return list(dict.fromkeys(question.area for question in QUESTIONS))


def choose(names: tuple[str, ...]) -> list[Question]:
    """The questions of these areas or with these ids; without names, all that are not asked only on request. UserError (3)."""
    for name in names:
        if name not in areas() and all(question.id != name for question in QUESTIONS):
            raise unknown("area", name, areas())
    if not names:
        return [question for question in QUESTIONS if question.area not in ON_REQUEST]
    return [question for question in QUESTIONS if question.area in names or question.id in names]
