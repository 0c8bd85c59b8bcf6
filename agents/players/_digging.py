"""How to dig up a question and how to answer one, over facts of any kind of names: what both forms of the game `search` share.

A fact is (subject, relation, object); of n relations, reading r < n goes from subject to object, r + n back. Three strengths: `walk` looks
anywhere and answers with anything; `greedy` takes the first way that it sees and looks once for each step; `careful` weighs all ways,
checks that no second answer fits, and looks for a missing fact from every side.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from envs import keys

__all__ = ["STRENGTHS", "Ask", "Sight", "Way", "ahead", "dig", "hash_of", "reached", "seek"]

STRENGTHS = ("careful", "greedy", "walk")
_MOST = 400
"""Ways that a careful proposer weighs."""
Fact = tuple[Any, int, Any]
Search = tuple[Any, int]
"""(name, aspect): aspect 0 is the name alone, r + 1 the name with relation r."""


@dataclass(frozen=True)
class Way:
    """A question: where to start and which readings to follow; passed: what it leads past, the answer last."""

    start: Any
    chain: tuple[int, ...]
    passed: tuple[Any, ...] = ()

    def open_steps(self, back: int) -> int:
        """Steps that may have several answers: those that are read back, from reading `back` on."""
        return sum(reading >= back for reading in self.chain)


@dataclass(frozen=True)
class Sight:
    """What a seat knows: facts, names in a fixed order with their kinds, searches done, how many are left.

    types: (kind of the subject, kind of the object) of each relation.
    """

    facts: frozenset[Fact]
    seen: tuple[Any, ...]
    kinds: Mapping[Any, int]
    done: frozenset[Search]
    left: int
    types: Sequence[tuple[int, int]]

    @property
    def back(self) -> int:
        """The number of relations, and the first reading that goes back."""
        return len(self.types)

    def comes_from(self, reading: int) -> int:
        """The kind that a reading starts from; what it leads to is where its opposite starts from."""
        return self.types[reading % self.back][reading >= self.back]

    def leads_to(self, reading: int) -> int:
        return self.types[reading % self.back][reading < self.back]

    def fresh(self, searches: Iterable[Search]) -> Iterator[Search]:
        """Those that were not made yet."""
        return (search for search in searches if search not in self.done)


@dataclass(frozen=True)
class Ask:
    """A move: a search, a question, or an answer; why, in one line."""

    search: Search | None = None
    way: Way | None = None
    answer: Any = None
    why: str = ""


def ahead(facts: Iterable[Fact], here: Iterable[Hashable], reading: int, back: int) -> set[Any]:
    """Where a reading leads from any of these names."""
    names, r = set(here), reading % back
    if reading < back:
        return {o for s, relation, o in facts if relation == r and s in names}
    return {s for s, relation, o in facts if relation == r and o in names}


def reached(facts: Iterable[Fact], way: Way, back: int) -> list[set[Any]]:
    """What a question leads to after each step, the start first."""
    fronts: list[set[Any]] = [{way.start}]
    known = list(facts)
    for reading in way.chain:
        fronts.append(ahead(known, fronts[-1], reading, back))
    return fronts


def _drawn(items: Sequence[Any], key: int, n: int) -> Any:
    return items[keys.below(keys.fold(key, n), len(items))]


# ---------------------------------------------------------------------- the proposer
def dig(sight: Sight, target: Any, hops: int, strength: str, key: int) -> Ask:
    """The proposer's next move: a search, or the question."""
    return {"walk": _wander, "greedy": _grab, "careful": _weigh}[strength](sight, target, hops, key)


def _wander(sight: Sight, target: Any, hops: int, key: int) -> Ask:
    if len(sight.done) < 2 + hops and sight.left:
        fresh = list(sight.fresh((e, aspect) for e in sight.seen for aspect in range(1 + sight.back)))
        if fresh:
            return Ask(search=_drawn(fresh, key, 0), why="a search at random")
    start = _drawn(sight.seen, key, 1)
    kind, chain = sight.kinds[start], []
    for i in range(hops):
        fitting = [reading for reading in range(2 * sight.back) if sight.comes_from(reading) == kind]
        chain.append(_drawn(fitting, key, 2 + i))
        kind = sight.leads_to(chain[-1])
    return Ask(way=Way(start, tuple(chain)), why="steps at random from a name that is known")


def _grab(sight: Sight, target: Any, hops: int, key: int) -> Ask:
    """Back from the answer, fact by fact, whatever comes first; what is searched is the end of the way so far."""
    way = Way(target, (), ())
    for _ in range(hops):
        ways = [longer for longer in _longer(sight, way) if longer.start != target]
        if not ways:
            break
        way = ways[keys.below(keys.fold(hash_of(target), len(way.chain)), len(ways))]
    fresh = list(sight.fresh([(way.start, 0), (target, 0), *((way.start, 1 + r) for r in range(sight.back))]))
    short = len(way.chain) < hops
    if sight.left and fresh and (short or len(sight.done) < 2):
        return Ask(search=fresh[0], why=f"{len(way.chain)} of {hops} steps are found")
    if way.chain:
        return Ask(way=way, why="the first way that was found")
    return _wander(sight, target, hops, key)


def hash_of(name: Any) -> int:
    """A number of a name that is the same in every process."""
    return name if isinstance(name, int) else int.from_bytes(str(name).encode()[:7], "big")


def _longer(sight: Sight, way: Way) -> list[Way]:
    """The ways with one step more in front, in the order of `seen`."""
    head, order = way.start, {name: i for i, name in enumerate(sight.seen)}
    passed = (head, *way.passed)
    before = [(s, r) for s, r, o in sight.facts if o == head]
    before += [(o, r + sight.back) for s, r, o in sight.facts if s == head]
    fitting = sorted(
        (each for each in before if each[0] not in passed), key=lambda each: (order.get(each[0], -1), each[1])
    )
    return [Way(name, (reading, *way.chain), passed) for name, reading in fitting]


def _ways(sight: Sight, target: Any, hops: int) -> list[Way]:
    """Known ways of so many steps that end at the answer and pass no name twice."""
    ways = [Way(target, (), ())]
    for _ in range(hops):
        ways = [longer for way in ways for longer in _longer(sight, way)][:_MOST]
    return ways


def _weigh(sight: Sight, target: Any, hops: int, key: int) -> Ask:
    sound = [way for way in _ways(sight, target, hops) if reached(sight.facts, way, sight.back)[-1] == {target}]
    best = min(sound, key=lambda way: (way.open_steps(sight.back), keys.fold(key, hash_of(way.start))), default=None)
    if sight.left and (best is None or best.open_steps(sight.back) > 0) and len(sight.done) < 8:
        fresh = list(sight.fresh((name, aspect) for aspect in (0, 1) for name in _nearest(sight, target)))
        if fresh:
            return Ask(search=fresh[0], why=f"{len(sound)} ways of {hops} steps are found")
    if best is None:
        return _grab(sight, target, hops, key)
    names = (best.start, *best.passed)
    doubts = [(names[i], 1 + reading - sight.back) for i, reading in enumerate(best.chain) if reading >= sight.back]
    fresh = list(sight.fresh([*doubts, (target, 0), (best.start, 0), (target, 1)]))
    if sight.left and fresh and (fresh[0] in doubts or len(sight.done) < 2):
        return Ask(search=fresh[0], why="whether something else fits as well")
    return Ask(
        way=best,
        why=f"one of {len(sound)} ways with no other answer that is known, {best.open_steps(sight.back)} open steps",
    )


def _nearest(sight: Sight, target: Any) -> list[Any]:
    """Names by how many facts lie between them and the answer."""
    near, rest = [target], [name for name in sight.seen if name != target]
    for name in near:
        joined = {o for s, _, o in sight.facts if s == name} | {s for s, _, o in sight.facts if o == name}
        near += [other for other in rest if other in joined and other not in near]
    return near + [name for name in rest if name not in near]


# ---------------------------------------------------------------------- a solver
def seek(sight: Sight, way: Way, strength: str, key: int) -> Ask:
    """A solver's next move: a search, or its answer."""
    if strength == "walk":
        return _stray(sight, way, key)
    fronts = reached(sight.facts, way, sight.back)
    if fronts[-1]:
        return Ask(
            answer=_first(fronts[-1], sight.seen), why=f"the facts lead there, and to {len(fronts[-1]) - 1} others"
        )
    step = next(i for i, front in enumerate(fronts) if not front) - 1
    here = [name for name in sight.seen if name in fronts[step]]
    fresh = list(sight.fresh(_looks(here, way.chain[step], sight.back, strength)))
    if fresh and sight.left:
        return Ask(search=fresh[0], why=f"step {step + 1} of {len(way.chain)} is not known")
    kind = sight.leads_to(way.chain[-1])
    fitting = [name for name in sight.seen if sight.kinds[name] == kind and name != way.start] or list(sight.seen)
    return Ask(answer=_drawn(fitting, key, 0), why=f"a guess among {len(fitting)}: step {step + 1} was not found")


def _first(names: set[Any], order: Sequence[Any]) -> Any:
    return next(name for name in order if name in names)


def _looks(here: Sequence[Any], reading: int, back: int, strength: str) -> Iterator[Search]:
    """Where the missing fact may be told: under the name with the relation, then, if one is careful, wherever the name is."""
    yield from ((name, 1 + reading % back) for name in (here if strength == "careful" else here[:1]))
    if strength == "careful":
        yield from ((name, 0) for name in here)
        yield from ((name, 1 + r) for name in here for r in range(back))


def _stray(sight: Sight, way: Way, key: int) -> Ask:
    fresh = list(sight.fresh((name, aspect) for name in sight.seen for aspect in range(1 + sight.back)))
    if fresh and len(sight.done) < 2 * len(way.chain) and sight.left:
        return Ask(search=_drawn(fresh, key, 0), why="a search at random")
    return Ask(answer=_drawn(sight.seen, key, 1), why="a name at random")
