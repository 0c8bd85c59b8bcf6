"""What a player and a host can say to each other, and the law: who may say what in which state of the connection.

Each message is a map with its name under "type". Numbers, texts and lists are bounded here; trees of an agent's own values have a finite
number of levels, so that no bytes of a stranger make a decoder recurse. Fields that a version does not know are skipped.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

__all__ = [
    "CLOSED", "GREETED", "HOST", "LAW", "NEW", "OPEN", "PLAYER", "STALE", "VERSIONS", "WANTS", "Act", "Ask", "Beat", "Begin", "Bye",
    "Error", "FromHost", "FromPlayer", "Heard", "Hello", "Join", "Legal", "Message", "Over", "Resign", "Resume", "Rules", "Scene",
    "Stale", "Watch", "Welcome",
]  # fmt: skip

VERSIONS = (1,)
"""The versions of the protocol that this side speaks."""
WANTS = ("fields", "text", "packed")
"""Forms in which a player can have an observation: named fields, words, or the bytes of the game's record."""
STALE = ("late", "duplicate", "future", "over", "unknown")
"""Why an act is not taken: its question is closed, answered before, not put yet, of an ended match, or not this connection's."""

Word = Annotated[str, Meta(max_length=256)]
Line = Annotated[str, Meta(max_length=4096)]
Words = Annotated[str, Meta(max_length=1 << 17)]
Count = Annotated[int, Meta(ge=0, lt=1 << 31)]
Number = Annotated[int, Meta(ge=-(1 << 31), lt=1 << 31)]
Seed = Annotated[int, Meta(ge=0)]
Action = Annotated[list[Number], Meta(max_length=256)]

Leaf = bool | int | float | str | None
Tree1 = Leaf | list[Leaf] | dict[str, Leaf]
Tree2 = Leaf | list[Tree1] | dict[str, Tree1]
Tree3 = Leaf | list[Tree2] | dict[str, Tree2]
Tree4 = Leaf | list[Tree3] | dict[str, Tree3]
Tree5 = Leaf | list[Tree4] | dict[str, Tree4]


class _Message(msgspec.Struct, frozen=True, tag_field="type", omit_defaults=True, gc=False):
    """gc=False: messages hold no cycles."""


# ---------------------------------------------------------------------- what a player says
class Hello(_Message, frozen=True, tag="hello"):
    """The first words: the versions that the player speaks, its token, its name for people, the forms in which it wants observations."""

    versions: Annotated[list[Count], Meta(max_length=64)]
    token: Word = ""
    name: Word = ""
    wants: Annotated[tuple[Word, ...], Meta(max_length=8)] = ("fields", "text")


class Join(_Message, frozen=True, tag="join"):
    """Give me so many seats, each in a match of its own turn; empty game: whatever is served. at_once: how many I hold at a time, at most.

    alone: I take every seat of a match myself.
    """

    game: Word = ""
    matches: Annotated[int, Meta(ge=1, le=1 << 20)] = 1
    at_once: Annotated[int, Meta(ge=1, le=1024)] = 1
    alone: bool = False


class Resume(_Message, frozen=True, tag="resume"):
    """Take the seat of a lost connection back, with the key of its Begin; a key opens once."""

    match: Word
    seat: Count
    key: Word


class Act(_Message, frozen=True, tag="act"):
    """The answer to one question: K integers an action (several are played one tick after another), or a text in the game's words.

    failed: what kind of no answer it is (one of events.KINDS, or "timeout"); text is then what came instead, reason what to tell.
    """

    match: Word
    seat: Count
    tick: Count
    attempt: Count = 0
    actions: Annotated[list[Action], Meta(max_length=4096)] = []
    text: Words = ""
    say: Annotated[list[tuple[Annotated[list[Count], Meta(max_length=256)], Words]], Meta(max_length=16)] = []
    notes: dict[Word, Tree3] = {}
    failed: Word = ""
    reason: Line = ""


class Resign(_Message, frozen=True, tag="resign"):
    """The seat is given up; crash: not by choice, the player's own program failed."""

    match: Word
    seat: Count
    reason: Line = ""
    crash: bool = False


class Watch(_Message, frozen=True, tag="watch"):
    """Show me a match (empty: the newest) as the public (-2) or a seat sees it, delayed by so many seconds."""

    match: Word = ""
    who: Annotated[int, Meta(ge=-2, lt=1 << 31)] = -2
    delay: Annotated[float, Meta(ge=0, le=3600)] = 0.0


# ---------------------------------------------------------------------- what a host says
class Welcome(_Message, frozen=True, tag="welcome"):
    """The version that is spoken from here on; something must be heard every `beat` seconds; the largest frame; where to watch."""

    version: Count
    beat: float
    limit: Count
    name: Word = ""
    gallery: Count = 0


class Rules(_Message, frozen=True, tag=False):
    """The game: enough to explain it, to find it where it is installed (id, options, digest), and to count its actions.

    factors: the length of each factor of an action; low and high: bounds of each number instead, where actions are numbers in a box;
    length: characters of a text action, 0 where actions are numbers. config: the public configuration, packed as the game packs it.
    """

    id: Word
    title: Word
    kind: Word
    digest: Word
    rules: Words
    seats: Annotated[list[Word], Meta(max_length=256)]
    options: dict[Word, Leaf] = {}
    traits: Annotated[list[Word], Meta(max_length=64)] = []
    limit: Count = 0
    factors: list[Count] = []
    low: list[Number] = []
    high: list[Number] = []
    length: Count = 0
    config: bytes = b""


class Begin(_Message, frozen=True, tag="begin"):
    """A match begins, or is taken up again: your seat, who sits where, clocks in seconds, the key to come back with."""

    match: Word
    seat: Count
    game: Rules
    names: Annotated[list[Word], Meta(max_length=256)] = []
    move: float | None = None
    bank: float | None = None
    increment: float = 0.0
    key: Word = ""


class Legal(_Message, frozen=True, tag=False):
    """What may be answered: the allowed values of each factor; low and high of each number; or a form that a text must have."""

    factors: list[list[Number]] = []
    low: list[Number] = []
    high: list[Number] = []
    length: Count = 0
    pattern: Line = ""


class Heard(_Message, frozen=True, tag=False):
    """What another seat said, and at which tick."""

    tick: Count
    seat: Count
    text: Words


class Ask(_Message, frozen=True, tag="ask"):
    """A question: answer with Act, naming match, seat, tick and attempt. seconds: time for it, null without a limit.

    fields, text, packed: the observation in the forms that Hello wants. seed: the seat's own randomness, the same for the whole match.
    refusals: why earlier attempts at this question were not taken; their number is `attempt`.
    """

    match: Word
    seat: Count
    tick: Count
    legal: Legal
    attempt: Count = 0
    seconds: float | None = None
    text: Words = ""
    fields: dict[str, Tree5] = {}
    packed: bytes = b""
    seed: Seed = 0
    heard: list[Heard] = []
    refusals: list[Line] = []


class Stale(_Message, frozen=True, tag="stale"):
    """An act was not taken and changed nothing; why is one of STALE. It is an answer, not a fault."""

    match: Word
    seat: Count
    tick: Count
    why: Word


class Over(_Message, frozen=True, tag="over"):
    """How the match ended. recorded: its recording is on the disk; only then does the result count."""

    match: Word
    seat: Count
    scores: list[float]
    reason: Word
    faults: list[tuple[Count, Word]] = []
    ticks: Count = 0
    recorded: bool = False


class Scene(_Message, frozen=True, tag="scene"):
    """Something that happened in a watched match: events as the recording has them, packed, and the board that the watcher may see.

    number counts scenes from 0; keyframe: what was missed is not told, this scene stands alone. full: the tape is open to the end.
    """

    match: Word
    number: Count
    events: list[bytes] = []
    view: bytes = b""
    keyframe: bool = False
    full: bool = False


class Error(_Message, frozen=True, tag="error"):
    """The last words to a player that broke the law or may not come in: a code, a sentence, when to come back (null: do not)."""

    code: Word
    text: Line
    retry_after: float | None = None


# ---------------------------------------------------------------------- what both say
class Beat(_Message, frozen=True, tag="beat"):
    """Still here."""


class Bye(_Message, frozen=True, tag="bye"):
    """Leaving, in good order."""

    reason: Line = ""


FromPlayer = Hello | Join | Resume | Act | Resign | Watch | Beat | Bye
FromHost = Welcome | Begin | Ask | Stale | Over | Scene | Error | Beat | Bye
Message = FromPlayer | FromHost

PLAYER, HOST = "player", "host"
NEW, GREETED, OPEN, CLOSED = "new", "greeted", "open", "closed"

LAW: dict[str, dict[str, dict[type, str]]] = {
    PLAYER: {
        NEW: {Hello: GREETED},
        GREETED: {Beat: GREETED, Bye: CLOSED},
        OPEN: {Join: OPEN, Resume: OPEN, Act: OPEN, Resign: OPEN, Watch: OPEN, Beat: OPEN, Bye: CLOSED},
    },
    HOST: {
        NEW: {Error: CLOSED},
        GREETED: {Welcome: OPEN, Error: CLOSED},
        OPEN: {
            Begin: OPEN, Ask: OPEN, Stale: OPEN, Over: OPEN, Scene: OPEN, Beat: OPEN, Error: CLOSED, Bye: CLOSED,
        },
    },
}  # fmt: skip
"""Who -> state of the connection -> what may be said -> the state after it. Both ends walk this table, for both parties."""
