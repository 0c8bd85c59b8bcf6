"""Words, tensors, pictures and marks: they never fail, and what is written can be read back."""

from __future__ import annotations

from typing import Any

import numpy as np

from envs.canvas import PALETTES, Canvas
from envs.checks.trial import Trial, demand
from envs.game import Game
from envs.spec import PUBLIC, SPECTATOR, Discrete, Refusal

__all__ = ["draws", "encodes", "marks", "reads", "speaks"]

_VERBS = {"rect": 7, "disc": 6, "line": 6, "text": 6, "sprite": 5, "image": 8}


def reads(trial: Trial) -> str:
    """parse(form(a)) == a for all legal actions of one factor, for the played ones otherwise; nonsense is refused with a reason."""
    game, read = trial.game, 0
    for step in trial.some(120):
        for seat, played in step.actions.items():
            obs, legal = game.observe(step.state, seat), game.legal(step.state, seat)
            single = isinstance(game.spec.role(seat).actions, Discrete)
            for action in [[a] for a in legal] if single else [played]:
                text = game.form(action, obs)
                found = game.parse(text, obs, legal)
                demand(not isinstance(found, Refusal) and list(found)[:1] == [action], f"parse(form({action})) is {found!r}; form gave {text!r}")
                read += 1
            if legal.form is None:
                for nonsense in ("", "\x1b[2J", "zzz" * 50, "{" * 100, "9" * 400):
                    refused = game.parse(nonsense, obs, legal)
                    wrong = isinstance(refused, Refusal) and (not refused.reason or "\n" in refused.reason)
                    demand(isinstance(refused, Refusal) or bool(refused), f"parse({nonsense[:12]!r}) gives {refused!r}: neither actions nor a Refusal")
                    demand(not wrong, f"parse({nonsense[:12]!r}) is refused without a one-line reason")
    return f"{read} actions were written and read back"


def speaks(trial: Trial) -> str:
    """say and name give text for everybody who looks."""
    game = trial.game
    for step in trial.some(120):
        for who in (*range(game.seats), SPECTATOR, PUBLIC):
            demand(bool(game.say(game.observe(step.state, who)).strip()), f"say is empty for {who} at seed {step.seed}")
        for seat, action in step.actions.items():
            name = game.name(action, game.observe(step.state, seat))
            demand(bool(name.strip()) and "\n" not in name, f"name({action}) is {name!r}")
    demand(len(game.spec.rules) > 40, "the rules in words are too short to explain a game")
    return f"{len(trial.some(120))} states"


def draws(trial: Trial) -> str:
    """draw uses known verbs and colours, for everybody who looks."""
    game, verbs = trial.game, 0
    for step in trial.some(60):
        for who in (*range(game.seats), SPECTATOR, PUBLIC):
            canvas = Canvas()
            game.draw(game.observe(step.state, who), canvas)
            demand(bool(canvas.verbs) and canvas.width > 0 and canvas.height > 0, "draw paints nothing")
            for verb in canvas.verbs:
                demand(_VERBS.get(verb[0]) == len(verb), f"unknown verb {verb!r}")
                names = [part for part in verb[1:] if isinstance(part, str)]
                demand(verb[0] == "image" or any(name in PALETTES["standard"] for name in names), f"{verb!r} has no colour of the palette")
            verbs += len(canvas.verbs)
    return f"{verbs} verbs"


def encodes(trial: Trial) -> str:
    """Each view has its declared shape, type and range, and is finite."""
    game, made = trial.game, 0
    for step in trial.some(120):
        for seat in range(game.seats):
            obs = game.observe(step.state, seat)
            for name, view in game.spec.role(seat).views.items():
                _right(game, game.encode(obs, name), name, view)
                made += 1
    return f"{made} tensors"


def _right(game: Game, tensor: np.ndarray, name: str, view: Any) -> None:
    demand(tensor.shape == view.shape and tensor.dtype == np.dtype(view.dtype), f"view {name} is {tensor.dtype}{list(tensor.shape)}")
    demand(bool(np.isfinite(tensor).all()), f"view {name} holds numbers that are not finite")
    inside = tensor.size == 0 or (tensor.min() >= view.low and tensor.max() <= view.high)
    demand(bool(inside), f"view {name} leaves [{view.low}, {view.high}]: it has {tensor.min()} to {tensor.max()}")


def marks(trial: Trial) -> str:
    """tell gives marks with a kind of one word, a line of text, a seat and an audience that exist."""
    game, told = trial.game, 0
    for steps in trial.walks[:40]:
        for before, after in zip(steps, steps[1:], strict=False):
            for mark in game.tell(before.state, before.actions, after.state):
                demand(mark.kind.isidentifier() and bool(mark.text) and "\n" not in mark.text, f"{mark!r} needs a one-word kind and one line of text")
                demand(-1 <= mark.seat < game.seats and PUBLIC <= mark.audience < game.seats, f"{mark!r} names a seat or audience that is not there")
                told += 1
    return f"{told} marks"
