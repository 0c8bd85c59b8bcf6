"""The catalogue of `arena bench`, training: samples a second beside a library and beside the arithmetic, and who takes how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from arena.bench.figures import Target
from arena.bench.question import SEED, Contender, Question, on_either, times

__all__ = ["TRAINING"]

NUMBA = ("numba", "numpy")
_LEARN = "arena.bench.learning"
_TRAIN = (*NUMBA, "torch")
_EQUAL = {"hidden": 64, "layers": 2}
_ROUND = {**_EQUAL, "rows": 2048, "ticks": 32, "batch": 16384, "past": 0.0, "net": "mlp"}
_TRAINED = {
    "net": "mlp",
    "hidden": 128,
    "batch": 1024,
    "epochs": 4,
    "lam": 0.9,
    "gamma": 1.0,
    "two_ply": 0.3,
    "plies": 4,
}
_WIDE = {**_EQUAL, "rows": 8192, "batch": 65536, "net": "mlp"}


def _ppo(name: str, settings: Mapping[str, Any], make: str = "own_ppo") -> Contender:
    return Contender(name, f"{_LEARN}:{make}", _TRAIN, {"game": "connect_four", "seed": SEED, **settings})


def _sb3(name: str, rows: int, **settings: Any) -> Contender:
    config = {"game": "connect_four", "rows": rows, "seed": SEED, **_EQUAL, **settings}
    return Contender(name, f"{_LEARN}:stable_baselines3", (*_TRAIN, "stable-baselines3"), config)


_SELF_PLAY = "PPO by self-play in Connect Four, perceptron 2x64"
TRAINING = (
    Question(
        "training/sb3_equal", f"{_SELF_PLAY}, 1024 games, 32 steps, batches of 8192, 4 epochs", "samples/s",
        _ppo("palaestra", {**_ROUND, "rows": 1024, "batch": 8192, "epochs": 4}),
        _sb3("stable-baselines3", 1024, n_steps=32, batch_size=8192, n_epochs=4), times(2),
        "equal network, batch and epochs; ours masks what is not legal and keeps a stream for each seat, the peer does neither",
    ),
    Question(
        "training/sb3_defaults", f"{_SELF_PLAY}, each with its own defaults", "samples/s", _ppo("palaestra", {**_EQUAL, "net": "mlp"}),
        _sb3("stable-baselines3, 8 games", 8), times(10),
        "ours: 1024 games, 2 epochs, a fifth of them against former selves; the peer: 2048 steps, batches of 64, 10 epochs",
    ),
    Question(
        "training/limit", f"{_SELF_PLAY}, one epoch", "samples/s", _ppo("palaestra", {**_ROUND, "epochs": 1}),
        Contender("matrix products alone", f"{_LEARN}:limit", NUMBA, {"inputs": 84, **_EQUAL, "outputs": 8, "epochs": 1}),
        Target("ratio", 0.25, "x"), "the other side is the arithmetic at the speed of large square products: a bound, not a peer",
    ),
    *(
        Question(
            f"training/{which}_share", f"{_SELF_PLAY}, one epoch: the {which}'s share of the processor time", "%",
            _ppo("palaestra", {**_ROUND, "epochs": 1, "which": which}, "part"),
            target=Target("ours", 10, "%", at_least=False) if which == "game" else None,
        )
        for which in ("game", "network", "learner")
    ),
    *(
        Question(
            f"training/{which}", f"{_SELF_PLAY}, one epoch: the {which} alone", "samples/s",
            _ppo("palaestra", {**_ROUND, "epochs": 1, "which": which, "rate": True}, "part"),
            note="seconds are the processor's, spent in this part of the loop",
        )
        for which in ("game", "network", "learner")
    ),
    Question(
        "training/threads", f"{_SELF_PLAY}, 8192 games: two threads on two cores, beside one", "samples/s",
        replace(_ppo("palaestra, two threads", {**_WIDE, "threads": 2}), cores=2), on_either(_ppo("palaestra", _WIDE)),
        note="one thread is measured on either core, half of the time each",
    ),
    *(
        Question(
            f"training/threads_{which}", f"{what}: two threads on two cores, beside one", "samples/s",
            replace(_ppo("palaestra, two threads", {**settings, "threads": 2}), cores=2), on_either(_ppo("palaestra", settings)),
            note="as above",
        )
        for which, what, settings in (
            ("defaults", f"{_SELF_PLAY}, 1024 games and our defaults", {**_EQUAL, "net": "mlp"}),
            ("train", "PPO by self-play as `arena train connect_four` has it: perceptron 2x128, 1024 games", _TRAINED),
            ("memory", "PPO by self-play in liar's dice, a memory of 64 numbers, 1024 games", {"game": "liars_dice", "net": "gru"}),
        )
    ),
)  # fmt: skip
