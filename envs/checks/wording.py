"""Words, tensors, pictures and marks: they never fail, and what is written can be read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from envs import keys
from envs.canvas import PALETTES, Canvas
from envs.checks.trial import Step, Trial, demand
from envs.game import Action, Game, Legal
from envs.spec import PUBLIC, SPECTATOR, Discrete, Refusal

__all__ = ["draws", "encodes", "marks", "names", "reads", "refuses", "speaks"]

_STATES = 120
_NOISE = (
    *("", " ", "\x00", "?", "\x1b[2J", "-1", "1.5", "\u2167", "a\nb", "zzz" * 50, "{" * 100, "9" * 400, "x" * 20_000),
    *("[1, 2", "None", "true"),
)
_VERBS = {"rect": 7, "disc": 6, "line": 6, "text": 6, "sprite": 5, "image": 8}


def reads(trial: Trial) -> str:
    """parse(form(a)) == a: for all legal actions of one integer, for 1,000 samples otherwise, and what was played."""
    game, read = trial.game, 0
    for step, seat, obs, legal in _turns(trial):
        for action in _some_actions(game, seat, legal, step):
            text = game.form(action, obs)
            found = game.parse(text, obs, legal)
            seen = found.reason if isinstance(found, Refusal) else found
            demand(seen == [action], f"{trial.where(step)}: parse(form({action})) is {seen!r}; form gave {text!r}")
            read += 1
    return f"{read} actions were written and read back"


def _turns(trial: Trial) -> Iterator[tuple[Step, int, Any, Legal]]:
    """(step, seat, observation, legal) of who acts, in some states."""
    for step in trial.some(_STATES):
        for seat in step.actions:
            yield step, seat, trial.game.observe(step.state, seat), trial.game.legal(step.state, seat)


def _some_actions(game: Game, seat: int, legal: Legal, step: Step) -> list[Action]:
    if isinstance(game.spec.role(seat).actions, Discrete):
        return [[action] for action in legal]
    more = [legal.sample(keys.fold(step.seed, i)) for i in range(1000 // _STATES)] if legal.form is None else []
    return [step.actions[seat], *more]


def names(trial: Trial) -> str:
    """Every legal action has a name, one line that is not empty, and a sentence of one line, empty for what nobody hears."""
    game, named = trial.game, 0
    for step, seat, obs, legal in _turns(trial):
        for action in _some_actions(game, seat, legal, step):
            word, sentence = game.name(action, obs), game.speak(action, obs, step.seed)
            demand(bool(word.strip()) and "\n" not in word, f"{trial.where(step)}: {action} has the name {word!r}")
            demand("\n" not in sentence, f"{trial.where(step)}: {action} is spoken as {sentence!r}")
            named += 1
    return f"{named} actions have names"


def refuses(trial: Trial) -> str:
    """Any text is read as a legal action or refused in one line; parse never raises."""
    game, refused = trial.game, 0
    for step, seat, obs, legal in _turns(trial):
        for text in _NOISE:
            found = game.parse(text, obs, legal)
            if isinstance(found, Refusal):
                wrong = not found.reason.strip() or "\n" in found.reason
                demand(
                    not wrong,
                    f"{trial.where(step)}: {text[:12]!r} is refused with {found.reason[:40]!r}, which is not one line",
                )
                refused += 1
            else:
                legally = bool(found) and found[0] in legal
                demand(
                    legally,
                    f"{trial.where(step)}: seat {seat} wrote {text[:12]!r}, read as {found!r}: neither legal nor refused",
                )
    return f"{refused} texts were refused with a reason"


def speaks(trial: Trial) -> str:
    """say describes every situation to everybody who looks, a letter has its fields, metrics every end, without raising."""
    game = trial.game
    for step in trial.some(_STATES):
        for who in (*range(game.seats), SPECTATOR, PUBLIC):
            demand(bool(game.say(game.observe(step.state, who)).strip()), f"say is empty for {who} at seed {step.seed}")
    for walk in trial.walks:
        game.metrics(walk[-1].state)
    for step, _, obs, _ in _turns(trial):
        letter = game.letter(obs)
        if letter is not None:
            json.dumps(dict(letter.fields))
            lost = {letter.say, letter.why} - {"", *letter.fields}
            demand(not lost, f"{trial.where(step)}: the letter has no field {', '.join(sorted(lost))}")
    demand(len(game.spec.rules) > 40, "the rules in words are too short to explain a game")
    return f"{len(trial.some(_STATES))} states"


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
                demand(
                    verb[0] == "image" or any(name in PALETTES["standard"] for name in names),
                    f"{verb!r} has no colour of the palette",
                )
            verbs += len(canvas.verbs)
    return f"{verbs} verbs"


def encodes(trial: Trial) -> str:
    """Each view has its declared shape, type and range, and is finite."""
    game, made = trial.game, 0
    for step in trial.some(_STATES):
        for seat in range(game.seats):
            obs = game.observe(step.state, seat)
            for name, view in game.spec.role(seat).views.items():
                _right(game, game.encode(obs, name), name, view)
                made += 1
    return f"{made} tensors"


def _right(game: Game, tensor: np.ndarray, name: str, view: Any) -> None:
    demand(
        tensor.shape == view.shape and tensor.dtype == np.dtype(view.dtype),
        f"view {name} is {tensor.dtype}{list(tensor.shape)}",
    )
    demand(bool(np.isfinite(tensor).all()), f"view {name} holds numbers that are not finite")
    inside = tensor.size == 0 or (tensor.min() >= view.low and tensor.max() <= view.high)
    demand(bool(inside), f"view {name} leaves [{view.low}, {view.high}]: it has {tensor.min()} to {tensor.max()}")


def marks(trial: Trial) -> str:
    """tell gives marks with a kind of one word, a line of text, a seat and an audience that exist."""
    game, told = trial.game, 0
    for steps in trial.walks[:40]:
        for before, after in pairwise(steps):
            for mark in game.tell(before.state, before.actions, after.state):
                demand(
                    mark.kind.isidentifier() and bool(mark.text) and "\n" not in mark.text,
                    f"{mark!r} needs a one-word kind and one line of text",
                )
                demand(
                    -1 <= mark.seat < game.seats and PUBLIC <= mark.audience < game.seats,
                    f"{mark!r} names a seat or audience that is not there",
                )
                told += 1
    return f"{told} marks"
