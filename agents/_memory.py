"""The memory of a tree search: record types, and one allocation per game and seat that is used for every question.

Everything has a fixed size, so a search of any length needs no more memory than it began with: when the nodes or edges are
used up, simulations go on below the tree that there is.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from envs import drivers, keys
from envs.errors import UserError
from envs.records import wrap

__all__ = ["EDGE", "NODE", "PLAN", "STEP", "Work", "allocate", "tagged"]


def tagged(*modules: str) -> tuple[Any, ...]:
    """A field of size zero whose name carries a digest of these files and of the drivers that they call.

    Machine code is cached by the types of its arguments, and a cache does not notice that a called function was edited:
    with this field in one of them, edited code is another type.
    """
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in modules] + [Path(each.__file__ or "") for each in (drivers, keys)]
    digest = blake2b(b"".join(file.read_bytes() for file in files), digest_size=5).hexdigest()
    return f"code_{digest}", np.uint8, (0,)


LOOKS = 4
"""How many kinds of observation a game may have for its seats."""

NODE = np.dtype([("name", np.int64), ("outcome", np.float64), ("head", np.int32), ("proven", np.bool_)], align=True)
"""name: hash of what the seat knows; head: its first edge, -1 none; outcome: proven return of its seat from here on."""

EDGE = np.dtype(
    [
        ("total", np.float64),
        ("outcome", np.float64),
        ("column", np.int32),
        ("next", np.int32),
        ("visits", np.int32),
        ("open", np.int32),
        ("proven", np.bool_),
    ],
    align=True,
)
"""One choice at a node. column: its place in the mask; open: how often it could be chosen; total: sum of returns."""

STEP = np.dtype([("before", np.float64), ("node", np.int32), ("edge", np.int32), ("seat", np.int32)], align=True)
"""One choice of a simulation, and what its seat had earned before."""

PLAN = np.dtype(
    [
        ("c", np.float64),
        ("point", np.float64),
        ("half", np.float64),
        ("best", np.float64),
        ("depth", np.int64),
        ("rollouts", np.int64),
        ("seat", np.int64),
        ("width", np.int64),
        ("perfect", np.bool_),
        ("solve", np.bool_),
        ("solved", np.bool_),
        ("root", np.int64),
        ("nodes", np.int64),
        ("edges", np.int64),
        ("simulations", np.int64),
        tagged("_tree", "_masks", "_proofs"),
    ],
    align=True,
)
"""What to do (first part) and how far it has come (from `solved` on). point: points per unit; half: half the range of points
that the game declares; best: the most points there are; depth: ticks of a rollout, 0 to the end."""


class Work(NamedTuple):
    """All memory of a search: see `agents.search.Search` for shapes."""

    plan: Any
    states: Any
    raw: Any
    root: Any
    leaf: Any
    acting: Any
    legal: Any
    octets: Any
    actions: Any
    order: Any
    found: Any
    kinds: Any
    sizes: Any
    returns: Any
    base: Any
    span: Any
    look0: Any
    look1: Any
    look2: Any
    look3: Any
    words: Any
    nodes: Any
    edges: Any
    table: Any
    path: Any


def allocate(game: Any, seat: int, simulations: int) -> Work:
    """Memory for `simulations` simulations of a record game with seat asking; at most 2**20 nodes and 2**21 edges.

    Raises UserError for a game whose seats have more than four kinds of observation.
    """
    seats, factors, width = game.seats, game.spec.factors, game.spec.width
    nodes = min(simulations * (seats if "simultaneous" in game.spec.traits else 1) + seats, 1 << 20)
    edges = min(nodes * width, 1 << 21)
    levels = min(simulations, game.spec.limit, 4096) + 2
    kinds, looks, words = _looks(game)
    states = np.zeros(1, game.state_type)
    plan = np.zeros(1, PLAN)
    plan["seat"], plan["width"] = seat, width
    # Rows of the mask are padded to whole numbers of eight columns, and are also seen as such.
    octets = np.zeros((seats, (width + 7) // 8), np.int64)
    root, leaf = np.zeros((2, game.state_type.itemsize), np.uint8)
    work = Work(
        plan=plan, states=states, raw=game.raw(states)[0], root=root, leaf=leaf,
        acting=np.zeros(seats, np.bool_), legal=octets.view(np.bool_), octets=octets,
        actions=np.zeros((seats, factors), np.int32), order=np.zeros(width, np.int64), found=np.zeros(seats, np.int64),
        kinds=kinds, sizes=_sizes(game),
        returns=np.zeros(seats), base=np.zeros((2, seats)), span=np.zeros((seats, 2)),
        look0=looks[0], look1=looks[1], look2=looks[2], look3=looks[3], words=words,
        nodes=np.zeros(nodes, NODE), edges=np.zeros(edges, EDGE),
        table=np.zeros(1 << (2 * nodes - 1).bit_length(), np.int32), path=np.zeros(levels * seats * factors, STEP),
    )  # fmt: skip
    return Work(*map(wrap, work)) if game.plain else work


def _looks(game: Any) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """The kind of each seat, int64[P]; LOOKS observations of one record each; the same memory as words int64[LOOKS, W]."""
    types = [game.observation_types[game.who(seat)] for seat in range(game.seats)]
    different = list(dict.fromkeys(types))
    if len(different) > LOOKS:
        raise UserError(f"mcts searches games with at most {LOOKS} kinds of seats; {game.id} has {len(different)}")
    kinds = np.array([different.index(each) for each in types], np.int64)
    width = max((each.itemsize + 7) // 8 for each in different)
    words = np.zeros((LOOKS, width), np.int64)
    filled = different + different[:1] * (LOOKS - len(different))
    looks = [words[i].view(np.uint8)[: each.itemsize].view(each) for i, each in enumerate(filled)]
    return kinds, looks, words


def _sizes(game: Any) -> np.ndarray:
    """The number of values of each factor of each seat, int64[P, K], 0 where a seat has fewer factors."""
    sizes = np.zeros((game.seats, game.spec.factors), np.int64)
    for seat in range(game.seats):
        factors = game.spec.role(seat).actions.factors
        sizes[seat, : len(factors)] = factors
    return sizes
