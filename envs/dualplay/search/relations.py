"""The kinds of entities and the relations between them, in words: what documents say, what questions say, what a search adds.

A reading is a relation read from its subject to its object (0 to 8) or back (9 to 17). Read forward, a relation has one answer at most.
"""

from __future__ import annotations

import re

__all__ = [
    "ASPECTS",
    "BACK",
    "FILLERS",
    "KINDS",
    "LABELS",
    "READINGS",
    "SENTENCES",
    "STEPS",
    "TYPES",
    "WORDS",
    "facts_in",
    "step_words",
]

KINDS = ("land", "town", "house", "person", "book")
TYPES = ((1, 0), (0, 1), (3, 1), (3, 3), (3, 2), (2, 1), (2, 3), (4, 3), (4, 1))
"""(kind of the subject, kind of the object) of each relation."""
BACK = len(TYPES)
READINGS = 2 * BACK
ASPECTS = 1 + BACK
SENTENCES = (
    ("{s} lies in {o}.", "The town {s} belongs to {o}."),
    ("The capital of {s} is {o}.", "{s} is governed from {o}."),
    ("{s} was born in {o}.", "The birthplace of {s} is {o}."),
    ("{s} studied under {o}.", "The teacher of {s} was {o}."),
    ("{s} works for the house {o}.", "The house {o} employs {s}."),
    ("The house {s} has its seat in {o}.", "{s} keeps its chambers at {o}."),
    ("The house {s} was founded by {o}.", "{o} is the founder of {s}."),
    ("{s} was written by {o}.", "The author of {s} is {o}."),
    ("{s} is set in {o}.", "The story of {s} takes place in {o}."),
)
WORDS = (
    "lies town belongs", "capital governed", "born birthplace", "studied teacher", "works employs house", "seat chambers house",
    "founded founder house", "written author", "set story",
)  # fmt: skip
"""What a search for a name adds to ask about one relation."""
LABELS = ("land", "capital", "birthplace", "teacher", "employer", "seat", "founder", "author", "setting")
"""What an aspect of a search is called."""
FILLERS = ("Travellers speak of it in one breath with {o}.", "Some confuse it with {o}.", "Nothing joins it to {o}.")
STEPS = (
    "the land in which it lies", "its capital", "where that person was born", "that person's teacher", "the house that employs that person",
    "the seat of that house", "the founder of that house", "the author of that book", "the town in which that book is set",
    "the town that lies in it", "the land whose capital it is", "the person who was born there", "the pupil of that person",
    "the person who works for that house", "the house that has its seat there", "the house which that person founded",
    "the book which that person wrote", "the book that is set there",
)  # fmt: skip
"""A step of a question, for each reading."""
_NAME = "([A-Z][a-z]+)"
_PATTERNS = [
    (r, re.compile(re.escape(form).replace(r"\{s\}", f"(?P<s>{_NAME})").replace(r"\{o\}", f"(?P<o>{_NAME})")))
    for r, forms in enumerate(SENTENCES) for form in forms
]  # fmt: skip


def step_words(chain: list[int]) -> str:
    """The steps of a question, one after another."""
    return "; then ".join(STEPS[reading] for reading in chain)


def facts_in(text: str) -> list[tuple[str, int, str]]:
    """(subject, relation, object) of every fact that a document tells, by names."""
    found = [(match.start(), match["s"], r, match["o"]) for r, pattern in _PATTERNS for match in pattern.finditer(text)]
    return [(s, r, o) for _, s, r, o in sorted(found)]
