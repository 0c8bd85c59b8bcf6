"""A probe: a plain game of texts with a tool seat. A reader asks a dictionary, whose answer is an act, and must repeat the answer."""

from __future__ import annotations

from typing import Any

from envs.canvas import Canvas
from envs.keys import below, fold
from envs.plain import PlainGame
from envs.rules import Mark, Refusal, Role, Spec, Text
from envs.spec import Form

# ------------------------------------------------------------------ 1. the rules in words
WORDS = ("arena", "palaestra", "seat", "tick")
LENGTH = 40

SPEC = Spec(
    name="probe_dictionary",
    title="Dictionary",
    rules="The reader is given a word. With 'look WORD' the reader asks the dictionary, which answers with one word; with 'answer "
    "WORD' the reader ends the game, and wins when WORD is what the dictionary said about the given word.",
    roles=(Role("reader", 1, Text(LENGTH)), Role("dictionary", 1, Text(LENGTH))),
    limit=8,
    traits=frozenset({"perfect", "chance"}),
    points=(0.0, 1.0),
)

# ------------------------------------------------------------------ 2. the state: word, asked ("" if nothing is), meanings {word: answer}


# ------------------------------------------------------------------ 3. the rules
def init(s: Any, c: Any, key: Any) -> None:
    s.word, s.asked, s.meanings = WORDS[below(key, len(WORDS))], "", {}


def acting(s: Any, c: Any, seats: Any) -> None:
    seats[1 if s.asked else 0] = True


def legal(s: Any, c: Any, seat: int, mask: Any) -> Form:
    return Form(LENGTH, r"[a-z]{1,12}" if seat else r"(look|answer) [a-z]{1,12}")


def play(s: Any, c: Any, actions: Any, key: Any) -> None:
    if s.asked:
        s.meanings[s.asked] = actions[1]
        s.asked = ""
        return
    verb, word = actions[0].split()
    if verb == "look":
        s.asked = word
        return
    s.done = True
    s.reward[0] = int(s.meanings.get(s.word) == word)


def observe(s: Any, c: Any, seat: int, obs: Any) -> None:
    obs.word, obs.asked, obs.meanings = s.word, s.asked, s.meanings


def imagine(obs: Any, c: Any, seat: int, key: Any, s: Any) -> None:
    s.word, s.asked, s.meanings = obs.word, obs.asked, obs.meanings


# ------------------------------------------------------------------ 4. words
def say(obs: Any, c: Any) -> str:
    known = ", ".join(f"{word} means {answer}" for word, answer in obs.meanings.items()) or "nothing"
    return f"The word is {obs.word}. Known: {known}." + (f" Asked: {obs.asked}." if obs.asked else "")


def parse(text: str, obs: Any, c: Any, legal: Any) -> list[str] | Refusal:
    squeezed = " ".join(text.lower().split())
    if squeezed not in legal:
        return Refusal("answer with one word" if obs.seat else "answer with: look WORD, or: answer WORD")
    return [squeezed]


def form(action: str, obs: Any, c: Any) -> str:
    return action


name = form


def example(obs: Any, c: Any, seat: int, key: Any) -> list[str]:
    words = [*obs.meanings.values(), *WORDS]
    word = words[below(key, len(words))]
    return [word] if seat else [f"{('look', 'answer')[below(fold(key, 1), 2)]} {word}"]


def tell(before: Any, actions: dict[int, str], after: Any, c: Any) -> list[Mark]:
    return [Mark("win", "the reader was right", 0)] if after.reward[0] else []


# ------------------------------------------------------------------ 5. drawing
def draw(obs: Any, c: Any, canvas: Canvas) -> None:
    canvas.size(12, 3)
    canvas.text(6, 1, obs.word)
    canvas.text(6, 2, obs.asked or "-", "muted")


def build() -> PlainGame:
    return PlainGame(globals(), SPEC)
