"""The session: any bytes become messages or one typed error, however they are cut; both ends walk the same law."""

from __future__ import annotations

import random
import struct
import threading
from itertools import pairwise

import msgpack
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from arena.protocol import messages as wire
from arena.protocol.messages import CLOSED, HOST, LAW, NEW, OPEN, PLAYER
from arena.protocol.session import HELLO, LARGEST, LocalError, ProtocolError, Session, chosen_version
from arena.protocol.shape import FLAT, MOST_DEPTH, depth

ACT = wire.Act("m" * 26, 1, 5, 0, [[3]], notes={"policy": [["column 3", 0.5]], "value": 0.25, "why": "it wins"})
SAID = {
    PLAYER: [
        wire.Hello([1], "token", "name"), wire.Join("connect_four"), wire.Resume("m", 0, "key"), ACT, wire.Resign("m", 1, "lost"),
        wire.Watch(), wire.Beat(), wire.Bye("done"),
    ],
    HOST: [
        wire.Welcome(1, 10.0, 1 << 18), wire.Begin("m", 0, wire.Rules("g-v0", "G", "record", "d", "rules", ["a", "b"], {"x": 1})),
        wire.Ask("m", 0, 3, wire.Legal([[0, 1], [2]]), 1, 2.5, "text", {"board": [[0, 1], [1, 0]], "n": {"x": True}}, b"\x00", 2**64 - 1),
        wire.Stale("m", 0, 2, "late"), wire.Over("m", 0, [1.0, -1.0], "forfeit", [(1, "timeout")], 4, True),
        wire.Scene("m", 0, [b"event"], b"view"), wire.Error("token", "no such token", 60.0), wire.Beat(), wire.Bye(),
    ],
}  # fmt: skip


def opened(side: str) -> Session:
    """A session of this side in a connection that is open."""
    host, player = Session(HOST), Session(PLAYER)
    host.receive(player.say(wire.Hello([1])))
    player.receive(host.say(wire.Welcome(1, 10.0, LARGEST[PLAYER])))
    return host if side == HOST else player


def framed(*bodies: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(body)) + body for body in bodies)


def packed(tree: object) -> bytes:
    return framed(msgpack.packb(tree))


def in_pieces(session: Session, data: bytes, cuts: list[int]) -> list[object]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [each for a, b in pairwise(edges) for each in session.receive(data[a:b])]


@pytest.mark.parametrize("side", [PLAYER, HOST])
def test_every_message_comes_out_as_it_went_in(side):
    other = HOST if side == PLAYER else PLAYER
    for message in SAID[side][1:]:
        assert opened(other).receive(opened(side).say(message)) == [message]


def test_a_connection_opens_by_hello_and_welcome_and_closes_by_bye():
    host, player = Session(HOST), Session(PLAYER)
    assert host.receive(player.say(SAID[PLAYER][0])) == [SAID[PLAYER][0]] and host.state == player.state == "greeted"
    player.receive(host.say(SAID[HOST][0]))
    assert host.state == player.state == OPEN
    player.receive(host.say(wire.Bye()))
    assert host.state == player.state == CLOSED
    assert host.receive(b"whatever") == [] and host.end() is None


@pytest.mark.parametrize("side", [PLAYER, HOST])
@pytest.mark.parametrize("state", [NEW, "greeted", OPEN, CLOSED])
def test_both_ends_keep_the_same_law(side, state):
    """What one end may say is exactly what the other end takes, and both are in the same state afterwards."""
    other = HOST if side == PLAYER else PLAYER
    for message in SAID[side]:
        mine, theirs = Session(side), Session(other)
        mine.state = theirs.state = state
        data = framed(msgspec.msgpack.encode(message))
        if type(message) in LAW[side].get(state, {}):
            assert theirs.receive(mine.say(message)) == [message] and mine.state == theirs.state
        else:
            with pytest.raises(LocalError, match="not allowed in a connection that is"):
                mine.say(message)
            assert mine.state == state
            found = theirs.receive(data)
            assert theirs.state == CLOSED and (state == CLOSED or found[0].code == "order")


@given(some.lists(some.integers(0, 1 << 16), max_size=40), some.integers(0, 7))
def test_how_bytes_are_cut_means_nothing(cuts, bad):
    messages = SAID[PLAYER][1:7]
    data = b"".join(opened(PLAYER).say(message) for message in messages)
    tail = [b"", packed({"type": "act"}), packed([1]), b"\xff\xff\xff\xff", framed(b""), packed({"type": "hello", "versions": [1]}),
            framed(b"\x91" * 200 + b"\x01"), b"\x00\x00"][bad]  # fmt: skip
    whole = opened(HOST).receive(data + tail)
    assert in_pieces(opened(HOST), data + tail, cuts) == whole
    assert whole[:6] == messages and (len(whole) == 6 or isinstance(whole[6], ProtocolError))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x00\x00\x00\x00", "frame"),
        (struct.pack(">I", LARGEST[PLAYER] + 1), "frame"),
        (framed(b"\xc1"), "malformed"),
        (framed(b"\x80"), "malformed"),
        (packed({"type": "nonsense"}), "malformed"),
        (packed({"type": 3}), "malformed"),
        (packed({"type": "welcome", "version": 1, "beat": 1.0, "limit": 1}), "malformed"),
        (packed(["act", "m", 0, 1]), "malformed"),
        (packed({"type": "act", "match": "m", "seat": 0, "tick": 0, "actions": [[1.0]]}), "malformed"),
        (packed({"type": "act", "match": "m", "seat": 0, "tick": 0, "actions": [[True]]}), "malformed"),
        (packed({"type": "act", "match": "m", "seat": 0, "tick": 0, "actions": [[float("nan")]]}), "malformed"),
        (packed({"type": "act", "match": "m", "seat": 0, "tick": 0, "actions": [[1 << 31]]}), "malformed"),
        (packed({"type": "act", "match": "m", "seat": -1, "tick": 0}), "malformed"),
        (packed({"type": "act", "match": "m" * 257, "seat": 0, "tick": 0}), "malformed"),
        (packed({"type": "act", "match": "m", "seat": 0, "tick": 0, "actions": [[0]] * 4097}), "malformed"),
        (packed({"type": "act", "match": "m", "seat": 0, "tick": 0, "notes": {"a": [[[["too deep"]]]]}}), "malformed"),
        (
            packed({"type": "act", "match": "m", "seat": 0, "tick": 0, "notes": {"a": msgpack.ExtType(4, b"x")}}),
            "malformed",
        ),
        (packed({"type": "act", "match": "m", "seat": 0, "tick": 0, "notes": {7: 1}}), "malformed"),
        (framed(b"\x82\xa4type\xa3bye\xa6reason\xa2\xff\xfe"), "malformed"),
        (framed(msgpack.packb({"type": "bye"}) + b"\x00"), "malformed"),
    ],
)
def test_what_is_no_message_is_one_typed_error_of_one_line(data, code):
    session = opened(HOST)
    (error,) = session.receive(data)
    assert isinstance(error, ProtocolError) and error.code == code and "\n" not in str(error)
    assert session.state == CLOSED and session.receive(packed({"type": "beat"})) == []


def test_fields_that_a_version_does_not_know_are_skipped():
    tree = {"type": "act", "match": "m", "seat": 0, "tick": 0, "actions": [[2]], "new": {"deep": [[[{"a": b"b"}]]]}}
    assert opened(HOST).receive(packed(tree)) == [wire.Act("m", 0, 0, 0, [[2]])]


def test_before_it_is_let_in_a_player_may_send_little():
    (error,) = Session(HOST).receive(struct.pack(">I", HELLO + 1))
    assert error.code == "frame"


def test_the_end_of_the_bytes_is_an_error_unless_somebody_took_leave():
    session = opened(HOST)
    session.receive(b"\x00\x00\x00\x05ab")
    error = session.end()
    assert error is not None and error.code == "torn" and "6 bytes" in str(error)


def test_the_newest_common_version_is_chosen_and_none_is_told():
    assert chosen_version(wire.Hello([7, 1, 9])) == 1
    with pytest.raises(ProtocolError, match="this host speaks 1, you speak 2, 3") as told:
        chosen_version(wire.Hello([3, 2]))
    assert told.value.code == "version"


@pytest.mark.parametrize(("levels", "heard"), [(60, "Beat"), (FLAT - 20, "Beat"), (FLAT + 1, "ProtocolError")])
def test_a_short_message_may_be_deep_where_nobody_reads_it(levels, heard):
    """A field that this version does not know is skipped, whole or in pieces alike; a deep one only while it is short."""
    whole = msgpack.packb({"type": "beat", "new": 0})[:-1] + b"\x91" * levels + b"\x01"
    data = len(whole).to_bytes(4, "big") + whole
    for cut in (len(data), 7):
        session = opened(HOST)
        (message,) = session.receive(data[:cut]) + session.receive(data[cut:])
        assert type(message).__name__ == heard


def test_depth_is_bounded_before_anything_is_decoded():
    def nested(levels: int) -> bytes:
        return b"\x91" * levels + b"\x01"

    assert depth(nested(MOST_DEPTH)) == MOST_DEPTH < depth(nested(MOST_DEPTH + 1)) == depth(nested(100_000))
    assert depth(b"\xdd\xff\xff\xff\xff" * 9000) > MOST_DEPTH
    wide = msgpack.packb([[1, [2, {"a": [3]}]]] * 5000)
    assert depth(wide) == 5
    assert depth(msgpack.packb(b"\x91" * 5000)) == 0


@given(some.recursive(some.none() | some.integers(-9, 9) | some.text(max_size=3) | some.binary(max_size=40) | some.floats(),
                      lambda inner: some.lists(inner, max_size=5) |
                      some.dictionaries(some.text(max_size=2), inner, max_size=2)))  # fmt: skip
def test_depth_is_never_too_small(value):
    def true(value: object) -> int:
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max(map(true, inner), default=0)

    assert depth(msgpack.packb(value)) >= true(value)


def test_a_deep_message_does_no_harm_in_a_thread_with_a_small_stack():
    found: list[object] = []
    old = threading.stack_size(128 << 10)
    try:
        body = b"\x82\xa4type\xa4beat\xa3new" + b"\x91" * 250_000 + b"\x01"
        thread = threading.Thread(target=lambda: found.extend(opened(HOST).receive(framed(body))))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(old)
    assert [error.code for error in found] == ["malformed"]


# ---------------------------------------------------------------------- mutated frames
SPECIAL = bytes([0x00, 0x01, 0x7F, 0x80, 0x81, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC4, 0xC7, 0xCA, 0xCB, 0xCF, 0xD3, 0xD4, 0xD9, 0xDB,
                 0xDC, 0xDD, 0xDE, 0xDF, 0xE0, 0xFF])  # fmt: skip


def mutated(body: bytes, draw: random.Random) -> bytes:
    """One to three changes: a byte, a special byte, a piece cut out, doubled or put elsewhere."""
    data = bytearray(body)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        at = draw.randrange(len(data) + 1)
        kind = draw.randrange(6)
        if kind == 0 and at < len(data):
            data[at] = draw.randrange(256)
        elif kind == 1 and at < len(data):
            data[at] = draw.choice(SPECIAL)
        elif kind == 2:
            data.insert(at, draw.choice(SPECIAL))
        elif kind == 3:
            del data[at : at + draw.randrange(1, 9)]
        elif kind == 4:
            data[at:at] = data[at : at + draw.randrange(1, 33)]
        else:
            piece = data[: draw.randrange(len(data) + 1)]
            data[at:at] = piece[-draw.randrange(1, 17) :]
        data = data or bytearray(b"\xc0")
    return bytes(data)


def fuzz(count: int, seed: int) -> tuple[int, int]:
    """(messages, errors) of so many mutated frames; anything but these two is raised."""
    draw, taken, refused = random.Random(seed), 0, 0
    bodies = {side: [msgspec.msgpack.encode(message) for message in SAID[side]] for side in SAID}
    sides = {PLAYER: HOST, HOST: PLAYER}
    for number in range(count):
        side = PLAYER if number % 4 else HOST
        session = Session(sides[side])
        session.state = OPEN
        for found in session.receive(framed(mutated(draw.choice(bodies[side]), draw))):
            if isinstance(found, ProtocolError):
                refused += 1
            else:
                taken += isinstance(found, msgspec.Struct)
    return taken, refused


def test_mutated_frames_are_messages_or_one_error(seeds):
    for seed in seeds(1):
        taken, refused = fuzz(50_000, seed)
        assert taken + refused == 50_000 and min(taken, refused) > 500


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_ten_million_mutated_frames_are_messages_or_one_error(seeds):
    total = 0
    for seed in seeds(100):
        taken, refused = fuzz(100_000, seed)
        total += taken + refused
    assert total == 10_000_000


@given(some.binary(max_size=300))
@settings(max_examples=300)
def test_any_bytes_are_taken_in_peace(data):
    for side in (HOST, PLAYER):
        found = opened(side).receive(data)
        assert all(isinstance(each, ProtocolError | msgspec.Struct) for each in found)
        assert sum(isinstance(each, ProtocolError) for each in found) <= 1


def test_what_a_frame_costs_in_memory_is_bounded_by_its_size():
    import tracemalloc

    bodies = [b"\x82\xa4type\xa4beat\xa3new\xdd\x00\x00\xff\x00" + b"\x80" * 0xFF00, msgpack.packb({"type": "act", "match": "m", "seat": 0,
              "tick": 0, "notes": {str(n): {} for n in range(8_000)}})]  # fmt: skip
    for body in bodies:
        session = opened(HOST)
        tracemalloc.start()
        assert len(session.receive(framed(body))) == 1
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100 * len(body)
