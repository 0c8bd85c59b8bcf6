"""A generated world: entities, facts that agree with one another, documents that tell them, and a search over the documents.

Nine relations join five kinds of entities. What agrees: a capital lies in its land, every land has a town, teachers are older than their
pupils, a founder belongs to the house. A document is about one entity; a fact is told in the document of its subject, of its object, or of
both. The search is SQLite's FTS5 with BM25, in memory. Equal arguments give equal worlds.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock

from envs.dualplay.search.relations import FILLERS, KINDS, SENTENCES, WORDS
from envs.keys import below, fold

__all__ = ["BOTH", "OBJECT", "SHOWN", "SUBJECT", "Document", "World", "world"]

LAND, TOWN, HOUSE, PERSON, BOOK = range(5)
LIES, CAPITAL, BORN, TAUGHT, WORKS, SEAT, FOUNDED, WRITTEN, SET = range(9)
SUBJECT, OBJECT, BOTH = 1, 2, 3
"""Whose document tells a fact; a bit each."""
SHOWN = 3
"""Documents of one search."""
_ONSETS = ("b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "br", "dr", "gl", "kr", "st", "tr")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "io")
_ENDS = ("l", "n", "r", "s", "th", "nd", "rk", "m", "sk", "v")
_searching = Lock()
"""Matches in several threads share a world's table."""
_TERM = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Document:
    """What is told of one entity."""

    title: str
    text: str


class World:
    """seed: any integer; entities: 16 to 96. names[e], kinds[e]; objects[s][r]: the object of a fact, -1 for none; told[s][r]."""

    def __init__(self, seed: int, entities: int) -> None:
        self.key = int(fold(seed, entities))
        self.kinds = _kinds(entities)
        self.names = _names(int(fold(self.key, 0)), entities)
        self.objects = [[-1] * len(SENTENCES) for _ in range(entities)]
        self._lay()
        self.told = [
            [(SUBJECT, SUBJECT, OBJECT, OBJECT, BOTH)[self._draw(5, 1, s, r)] if o >= 0 else 0 for r, o in enumerate(row)]
            for s, row in enumerate(self.objects)
        ]  # fmt: skip

    def _draw(self, n: int, *purpose: int) -> int:
        key = self.key
        for part in purpose:
            key = int(fold(key, part))
        return int(below(key, n))

    def of(self, kind: int) -> list[int]:
        """The entities of a kind."""
        return [e for e, k in enumerate(self.kinds) if k == kind]

    def _lay(self) -> None:
        """All facts, each kind of them in the light of those before it."""
        lands, towns, houses, persons, books = map(self.of, range(5))
        for i, town in enumerate(towns):
            self.objects[town][LIES] = lands[i] if i < len(lands) else lands[self._draw(len(lands), 2, town)]
        for land in lands:
            inside = [town for town in towns if self.objects[town][LIES] == land]
            self.objects[land][CAPITAL] = inside[self._draw(len(inside), 3, land)]
        for i, house in enumerate(houses):
            self.objects[house][SEAT] = towns[self._draw(len(towns), 4, house)]
            self.objects[house][FOUNDED] = persons[i]
            self.objects[persons[i]][WORKS] = house
        for i, person in enumerate(persons):
            self.objects[person][BORN] = towns[self._draw(len(towns), 5, person)]
            if self.objects[person][WORKS] < 0 and self._draw(10, 6, person) < 7:
                self.objects[person][WORKS] = houses[self._draw(len(houses), 7, person)]
            if i and self._draw(10, 8, person) < 7:  # persons stand in the order of their births
                self.objects[person][TAUGHT] = persons[self._draw(i, 9, person)]
        for book in books:
            self.objects[book][WRITTEN] = persons[self._draw(len(persons), 10, book)]
            self.objects[book][SET] = towns[self._draw(len(towns), 11, book)]

    def facts(self) -> Iterable[tuple[int, int, int]]:
        """(subject, relation, object) of all facts."""
        return ((s, r, o) for s, row in enumerate(self.objects) for r, o in enumerate(row) if o >= 0)

    @cached_property
    def documents(self) -> list[Document]:
        """Document e is about entity e: what it is, the facts that it tells, now and then a name that means nothing."""
        lines = [[f"{name} is a {KINDS[kind]}."] for name, kind in zip(self.names, self.kinds, strict=True)]
        for s, r, o in self.facts():
            forms = SENTENCES[r]
            sentence = forms[self._draw(len(forms), 12, s, r)].format(s=self.names[s], o=self.names[o])
            for e, bit in ((s, SUBJECT), (o, OBJECT)):
                if self.told[s][r] & bit:
                    lines[e].append(sentence)
        for e, own in enumerate(lines):
            other = self._draw(len(lines), 13, e)
            if other != e and self._draw(2, 14, e):
                own.append(FILLERS[self._draw(len(FILLERS), 15, e)].format(o=self.names[other]))
        return [Document(name, " ".join(own)) for name, own in zip(self.names, lines, strict=True)]

    @cached_property
    def _table(self) -> sqlite3.Connection:
        table = sqlite3.connect(":memory:", check_same_thread=False)
        table.execute("create virtual table documents using fts5(title, text)")
        table.executemany(
            "insert into documents(rowid, title, text) values (?, ?, ?)",
            [(e + 1, document.title, document.text) for e, document in enumerate(self.documents)],
        )
        return table

    def search(self, query: str, most: int = SHOWN) -> list[int]:
        """The documents that fit a free text best, by BM25 with titles twice as heavy; [] when no word of it is found.

        At most 32 words of the first 1000 characters count; each is quoted, so that nothing in it is an operator of the search.
        """
        terms = list(dict.fromkeys(word.lower() for word in _TERM.findall(query[:1000])))[:32]
        if not terms:
            return []
        wanted = " OR ".join(f'"{term}"' for term in terms)
        order = "select rowid from documents where documents match ? order by bm25(documents, 2.0, 1.0), rowid limit ?"
        with _searching:
            return [row[0] - 1 for row in self._table.execute(order, (wanted, most)).fetchall()]

    def hits(self) -> list[list[list[int]]]:
        """[entity][aspect] -> SHOWN documents, -1 for none. Aspect 0 is the name alone, r + 1 the name with words of relation r."""
        words = ("", *WORDS)
        return [[_padded(self.search(f"{name} {more}")) for more in words] for name in self.names]


def _padded(found: list[int]) -> list[int]:
    return (found + [-1] * SHOWN)[:SHOWN]


def _kinds(entities: int) -> list[int]:
    """How many there are of each kind: mostly persons."""
    counts = [max(2, entities // 12), max(4, entities // 5), max(2, entities // 8), 0, max(2, entities // 6)]
    counts[PERSON] = entities - sum(counts)
    return [kind for kind, count in enumerate(counts) for _ in range(count)]


def _names(key: int, count: int) -> list[str]:
    """Names of two syllables, none of which is part of another."""
    names: list[str] = []
    tries = 0
    while len(names) < count:
        drawn = [int(below(fold(fold(key, tries), i), len(part))) for i, part in enumerate(_PARTS)]
        name = "".join(part[n] for part, n in zip(_PARTS, drawn, strict=True)).capitalize()
        tries += 1
        if not any(name.lower() in other.lower() or other.lower() in name.lower() for other in names):
            names.append(name)
    return names


_PARTS = (_ONSETS, _VOWELS, _ONSETS, _VOWELS, _ENDS)


@lru_cache(maxsize=8)
def world(seed: int, entities: int) -> World:
    """The world of a seed; made once, then kept."""
    return World(seed, entities)
