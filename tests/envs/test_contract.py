"""The units of the rules contract: records, layouts, digests, keys, options, names, plain games, legal actions."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import envs
from envs import keys
from envs.described import described, dtype_of
from envs.errors import UserError, unknown
from envs.game import Game, Legal
from envs.options import address, checked, split
from envs.plain import PlainGame, TextLegal, Tree
from envs.records import PlainRecord, Row, Rule, owned, rule, tag_of, unwrap, wrap
from envs.rules import config, layout, nested, observation, retagged, rules_of, source_digest, state
from envs.spec import PUBLIC, SPECTATOR, Box, Discrete, Form, MultiDiscrete, Option, Role, Spec, Text, View
from envs.words import choice, listed, plural

PROBES = Path(__file__).parents[1] / "probes"
UNIT = nested(("row", np.int8), ("hp", np.int16, (2,)))
FIELDS = (("small", np.int8), ("wide", np.int64), ("flag", np.bool_), ("grid", np.int16, (2, 3)), ("units", UNIT, (2,)))
DTYPE = layout((("tick", np.int32),), state(*FIELDS), "game_0123456789_s")


# ------------------------------------------------------------------ records
@given(value=st.integers(-(2**70), 2**70), name=st.sampled_from(["small", "wide"]))
def test_a_plain_write_wraps_to_its_field(value: int, name: str) -> None:
    record: Any = wrap(np.zeros(1, DTYPE)[0])
    setattr(record, name, value)
    bits = 8 * DTYPE[name].itemsize
    read = getattr(record, name)
    assert type(read) is int
    assert (read - value) % (1 << bits) == 0
    assert -(1 << bits - 1) <= read < 1 << bits - 1


def test_plain_reads_are_python_numbers_and_do_not_overflow() -> None:
    array = np.zeros(1, DTYPE)
    record: Any = wrap(array[0])
    record.small = 100
    record.units[1].hp[0] = 30000
    record.grid[1, 2] = -7
    assert record.small + record.small == 200
    assert record.units[1].hp[0] + record.units[1].hp[0] == 60000
    assert (record.grid[1][2], record.grid[-1, -1], len(record.grid), record.grid.shape) == (-7, -7, 2, (2, 3))
    assert [type(each) for each in record.grid[0]] == [int, int, int]
    assert type(record.flag) is bool
    assert array["units"]["hp"][0, 1, 0] == 30000, "the stand-in writes through to the memory"


def test_plain_slices_and_records_are_copied_like_compiled_ones() -> None:
    array = np.zeros(1, DTYPE)
    record: Any = wrap(array[0])
    record.grid[0, :] = record.grid[1, :]
    record.grid[:] = 300
    record.units[0].hp = record.units[1].hp
    record.units[0] = record.units[1]
    assert (array["grid"] == 300).all()
    assert unwrap(record.grid) is not record.grid
    assert unwrap(5) == 5


@pytest.mark.parametrize("act", [lambda r: r.nothing, lambda r: setattr(r, "nothing", 1)])
def test_an_unknown_field_names_those_there_are(act: Any) -> None:
    record = PlainRecord(np.zeros(1, DTYPE)[0])
    with pytest.raises(AttributeError, match=r"no field 'nothing'; the record has tick, small, wide"):
        act(record)


def test_a_row_reads_numbers_arrays_and_records_and_is_no_way_to_write() -> None:
    array = np.zeros(1, DTYPE)
    array["small"], array["units"]["hp"] = 5, 7
    row = Row(array)
    assert (row.small, type(row.small), type(row.flag)) == (5, int, bool)
    assert row.grid.dtype == np.int64
    assert [unit.hp.tolist() for unit in row.units] == [[7, 7], [7, 7]]
    row.grid[0, 0] = 99
    assert row.grid[0, 0] == 0, "an array that was read is a copy"
    assert row.fields == ("tick", "small", "wide", "flag", "grid", "units")
    assert row.tree() == {
        "tick": 0, "small": 5, "wide": 0, "flag": False, "grid": [[0, 0, 0], [0, 0, 0]],
        "units": [{"row": 0, "hp": [7, 7]}, {"row": 0, "hp": [7, 7]}],
    }  # fmt: skip
    with pytest.raises(AttributeError, match="no field 'nothing'"):
        _ = row.nothing


def test_rows_are_equal_when_their_bytes_are() -> None:
    one, same, other = Row(np.zeros(1, DTYPE)), Row(np.zeros(1, DTYPE)), Row(np.ones(1, DTYPE))
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert one != 5
    assert copy.deepcopy(other) == other
    assert repr(one).startswith("Row(tick=0, small=0")


def test_owned_bytes_can_be_written_and_keep_every_byte() -> None:
    data = bytes(range(DTYPE.itemsize))
    array = owned(data, DTYPE)
    assert array.tobytes() == data
    array["small"] = 3
    assert data == bytes(range(DTYPE.itemsize))


def test_a_described_type_is_read_back_without_its_tag() -> None:
    again = dtype_of(described(DTYPE))
    assert again.itemsize == DTYPE.itemsize
    assert again.names == tuple(name for name in DTYPE.names or () if not name.startswith("rules_"))
    assert all(again.fields[name][1] == DTYPE.fields[name][1] for name in again.names)  # type: ignore[index]
    assert described(again) == described(DTYPE)


TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=4)
    | st.sampled_from(["<i4", "|b1", "<f8", "|O", "|S9"]),
    lambda inner: st.lists(inner, max_size=5),
    max_leaves=12,
)


@given(tree=TREES | st.lists(TREES, max_size=4).map(lambda rows: [8, *rows]))
def test_a_type_from_a_file_is_a_small_record_or_a_value_error(tree: Any) -> None:
    try:
        found = dtype_of(tree)
    except ValueError:
        return
    assert found.itemsize < 1 << 24
    assert not found.hasobject


@pytest.mark.parametrize(
    "tree",
    [
        [], 5, [8, 5], [8, ["a", "<z4", [], 0]], [8, ["a", "|O", [], 0]], [8, ["a", "<i4", [1 << 30], 0]], [1 << 30, ["a", "<i4", [], 0]],
        [8, ["a", "<i4", [], -4]], [8] + [["a", "<i4", [], 0]] * 600, [8, ["a", "<i4", [], 0], ["a", "<i4", [], 4]],
        [4, ["a", "<i8", [], 0]],
    ],
)  # fmt: skip
def test_types_that_would_hurt_are_refused(tree: Any) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        dtype_of(tree)


# ------------------------------------------------------------------ layouts and digests
def test_fields_are_checked_when_a_game_is_declared() -> None:
    with pytest.raises(TypeError, match="'x' is uint8: use int8 to int64"):
        nested(("x", np.uint8))
    with pytest.raises(TypeError, match="'x' is an array of bool"):
        observation(("x", np.bool_, (2,)))
    with pytest.raises(TypeError, match="names must be unique"):
        state(("x", np.int8), ("x", np.int8))
    with pytest.raises(TypeError, match="secret"):
        config(("x", np.int8), hidden=("secret",))
    assert observation(("share", np.float32)).fields == (("share", np.float32),)


def test_a_layout_is_aligned_and_ends_with_its_tag() -> None:
    assert DTYPE.isalignedstruct
    assert tag_of(DTYPE) == "rules_game_0123456789_s"
    assert DTYPE[tag_of(DTYPE)].itemsize == 0
    assert tag_of(np.dtype(np.int8)) == ""
    other = retagged(DTYPE, "rules_other")
    assert (tag_of(other), other.itemsize) == ("rules_other", DTYPE.itemsize)
    assert np.zeros(3, DTYPE).view(other).shape == (3,)
    assert retagged(DTYPE, "rules_other") is other, "drivers know record types by identity"


def test_rules_of_follows_calls() -> None:
    game: Any = envs.game(str(PROBES / "fog.py"), plain=True)
    names = {each.__name__ for each in rules_of({"observe": game.words["observe"]})}
    assert {"observe", "sees"} <= names
    assert "place" not in names
    assert {"_fold_plain", "_mix_plain"} <= {each.__name__ for each in rules_of({"init": game.words["init"]})}


def test_the_digest_follows_the_source_and_nothing_else(tmp_path: Path) -> None:
    text = (PROBES / "duel.py").read_text(encoding="utf-8")
    digests = []
    for folder, new in (("a", text), ("b", text), ("c", text.replace("s.stake = 1", "s.stake = 2"))):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / "duel.py"
        path.write_text(new, encoding="utf-8")
        digests.append(envs.game(str(path), plain=True).digest)
    assert digests[0] == digests[1] != digests[2]
    assert all(len(each) == 10 and int(each, 16) >= 0 for each in digests)
    assert source_digest({"f": rule(lambda x: x)}) != source_digest({"f": rule(lambda x: x)}, "more")


def test_a_rule_is_called_like_the_function_that_it_was() -> None:
    @rule
    def twice(x: int) -> int:
        """Two of it."""
        return 2 * x

    assert isinstance(twice, Rule)
    assert (twice(4), twice.__name__, twice.__doc__) == (8, "twice", "Two of it.")
    assert repr(twice).endswith(".twice>")


# ------------------------------------------------------------------ keys
@given(key=st.integers(0, 2**64 - 1), n=st.integers(1, 2**32 - 1))
def test_keys_stay_in_their_ranges(key: int, n: int) -> None:
    assert 0 <= keys.fold(key, n) < 2**64
    assert 0 <= keys.below(key, n) < n
    assert 0.0 <= keys.uniform(key) < 1.0


def test_neighbouring_keys_and_purposes_have_nothing_in_common() -> None:
    """4,096 draws from consecutive keys or purposes fill 16 bins evenly: chi squared with 15 degrees of freedom, p > 1e-6."""
    ways = {
        "keys": lambda i: keys.fold(i, 0),
        "purposes": lambda i: keys.fold(0, i),
        "ticks": lambda i: keys.fold(keys.fold(7, i), 0),
    }
    for name, way in ways.items():
        counts = np.bincount([keys.below(way(i), 16) for i in range(4096)], minlength=16)
        assert ((counts - 256.0) ** 2 / 256).sum() < 56.5, name
    assert len({keys.fold(key, n) for key in range(64) for n in range(64)}) == 4096


def test_shuffle_reaches_every_order_about_equally() -> None:
    counts: dict[tuple[int, ...], int] = {}
    for i in range(6000):
        cards = [0, 1, 2, 9]
        keys.shuffle(cards, 3, keys.fold(1, i))
        assert cards[3] == 9
        counts[tuple(cards[:3])] = counts.get(tuple(cards[:3]), 0) + 1
    assert len(counts) == 6
    assert sum((count - 1000) ** 2 / 1000 for count in counts.values()) < 40  # 5 degrees of freedom, p > 1e-6


# ------------------------------------------------------------------ options and names
DECLARED = {
    "seats": Option(2, 2, 5),
    "wild": Option(False),
    "kind": Option("a", choices=("a", "b")),
    "rate": Option(0.5, 0.0, 1.0),
}


def test_options_come_from_text_and_from_values() -> None:
    assert checked("g", DECLARED, {}) == {"seats": 2, "wild": False, "kind": "a", "rate": 0.5}
    for given_ in ({"seats": "4", "wild": "yes", "rate": "1"}, {"seats": 4.0, "wild": True, "rate": 1}):
        assert checked("g", DECLARED, given_) == {"seats": 4, "wild": True, "kind": "a", "rate": 1.0}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"seats": "9"}, "seats=9 is not allowed: it must be an integer from 2 to 5"),
        ({"seats": 2.5}, "seats=2.5"), ({"seats": None}, "seats=None"), ({"seats": "two"}, "seats=two"),
        ({"seats": float("inf")}, "seats=inf"), ({"seats": float("nan")}, "seats=nan"),
        ({"wild": "perhaps"}, "it must be true or false"), ({"wild": 2}, "wild=2"),
        ({"kind": "c"}, "it must be one of a, b"), ({"rate": "nan"}, "rate=nan"), ({"rate": 2}, "a number from 0.0 to 1.0"),
        ({"chairs": 3}, "g has no option 'chairs': it has seats=2, wild=false, kind=a, rate=0.5"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_one_line(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        checked("g", DECLARED, wrong)
    assert words in str(caught.value)
    assert caught.value.code == 2


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.from_regex(r"[a-z0-9.]{1,8}", fullmatch=True), max_size=4
    )
)
def test_an_address_is_split_as_it_was_joined(options: dict[str, str]) -> None:
    assert split(address("game", options)) == ("game", options)


@pytest.mark.parametrize("text", ["g?seats", "g?a=1&b", "g?&", "g?" + "&".join(f"o{i}=1" for i in range(70))])
def test_what_is_no_address_is_said_in_one_line(text: str) -> None:
    with pytest.raises(UserError, match=r"is not NAME\?KEY=VALUE"):
        split(text)


def test_an_unknown_name_has_a_nearest_one() -> None:
    told = unknown("game", "conect_four", ["connect_four", "matrix"])
    assert (str(told), told.code) == (
        "no game 'conect_four': did you mean 'connect_four'? known are connect_four, matrix",
        3,
    )
    assert str(unknown("game", "x", [])) == "no game 'x': known are none"
    assert "\n" not in str(UserError("two\nlines"))


@pytest.mark.parametrize(
    ("name", "words", "code"),
    [
        ("conect_four", "did you mean 'connect_four'", 3), ("connect_four-v9", "there is connect_four-v0", 3), ("", "no game ''", 3),
        ("nowhere.py", "no file 'nowhere.py'", 3), ("no_such_module:build", "cannot import 'no_such_module'", 3),
        ("envs.words:nothing", "has no function 'nothing'", 3), ("connect_four?rows=7", "has no option 'rows'", 2),
        ("docs/examples/nim.py:made", "give the file alone", 3), ("matrix?rounds=0", "rounds=0 is not allowed", 2),
    ],
)  # fmt: skip
def test_a_name_that_is_no_game(name: str, words: str, code: int) -> None:
    with pytest.raises(UserError) as caught:
        envs.game(name)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.code == code


def test_names_and_versions() -> None:
    assert envs.game("matrix?rounds=3", plain=True).options["rounds"] == 3
    assert envs.game("matrix?rounds=3", plain=True, rounds=4).spec.limit == 4
    assert envs.game("matrix-v0", plain=True).id == "matrix-v0"
    assert envs.spec("matrix").id == "matrix-v0"
    assert (
        repr(envs.game("matrix", plain=True, rounds=3))
        == "envs.game('matrix-v0', game='rock_paper_scissors', rounds=3)"
    )


def test_a_game_that_lacks_a_part_says_which(tmp_path: Path) -> None:
    text = (PROBES / "duel.py").read_text(encoding="utf-8")
    for old, new, words in (
        ("def tell(", "def told(", "lacks tell"),
        ("def play(", "def plays(", "lacks play"),
        ("@rule\ndef legal", "def legal", "has legal without @rule"),
        ("@rule\ndef observe(", "@rule\ndef watch(", "no observation for 'challenger'"),
    ):
        path = tmp_path / "part.py"
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(UserError, match=words):
            envs.game(str(path), plain=True)


# ------------------------------------------------------------------ what a game declares
SPEC = Spec(
    "g",
    "G",
    "rules",
    (Role("boss", 1, Discrete(3)), Role("worker", 2, MultiDiscrete((2, 4)), {"v": View((3,))})),
    limit=5,
)


def test_seats_are_numbered_role_by_role() -> None:
    assert (SPEC.seats, SPEC.width, SPEC.factors) == (3, 6, 2)
    assert SPEC.seat_names == ("boss_0", "worker_0", "worker_1")
    assert [SPEC.role(seat).name for seat in range(3)] == ["boss", "worker", "worker"]
    assert [SPEC.first(name) for name in ("boss", "worker")] == [0, 1]
    with pytest.raises(IndexError, match="no seat 3; the game has 3"):
        SPEC.role(3)
    with pytest.raises(KeyError):
        SPEC.first("nobody")
    assert SPEC.replace(version=2).id == "g-v2"
    assert (Box((0, 1), (2, 3), (0.5, 0.5)).factors, Text(9).factors) == ((1, 1), (1,))


# ------------------------------------------------------------------ legal actions
def test_legal_actions_of_one_factor_are_a_sequence() -> None:
    legal = Legal(np.array([0, 1, 0, 1, 1], np.bool_), (5,))
    assert (list(legal), len(legal), legal[0], legal.factors) == ([1, 3, 4], 3, 1, [[1, 3, 4]])
    assert min(legal, key=lambda a: abs(a - 3)) == 3
    assert all(action in legal for action in (1, [3], (4,), np.int64(1), np.array([3])))
    for wrong in (0, 5, -1, True, "1", [1, 3], [], 1.0, [1.0], [True], None, {"a": 1}, np.array([1.0]), 2**70):
        assert wrong not in legal
    assert {legal.sample(keys.fold(0, i))[0] for i in range(60)} == {1, 3, 4}
    assert repr(legal) == "Legal([[1, 3, 4]])"


def test_legal_actions_of_several_factors_are_looked_at_by_factor() -> None:
    legal = Legal(np.array([1, 0, 0, 1, 1], np.bool_), (2, 3))
    assert legal.factors == [[0], [1, 2]]
    assert [0, 1] in legal
    assert not any(wrong in legal for wrong in ([0, 0], [1, 1], [0], 0, [0, 1, 0], [0, -1]))
    assert {tuple(legal.sample(keys.fold(0, i))) for i in range(60)} == {(0, 1), (0, 2)}
    for read in (lambda: list(legal), lambda: len(legal), lambda: legal[0]):
        with pytest.raises(TypeError, match=r"2 factors here: use legal\.factors or legal\.sample"):
            read()


def test_legal_numbers_lie_between_bounds() -> None:
    legal = Legal(np.zeros(2, np.bool_), (1, 1), ((-2, 0), (2, 1)))
    assert legal.factors == [[-2, -1, 0, 1, 2], [0, 1]]
    assert [-2, 1] in legal
    assert not any(wrong in legal for wrong in ([-3, 0], [0, 2], [0], [0.0, 0], "ab"))
    assert {tuple(legal.sample(keys.fold(0, i))) for i in range(300)} == {
        (a, b) for a in range(-2, 3) for b in range(2)
    }


def test_legal_texts_fit_a_form() -> None:
    legal = TextLegal(Form(5, r"[ab]+"))
    assert "abab" in legal
    assert not any(wrong in legal for wrong in ("ababab", "", "abc", ["ab"], 3, None, "ab\n"))
    assert "x" in TextLegal(Form(1))
    with pytest.raises(TypeError, match=r"look at legal\.form"):
        iter(legal)
    assert repr(legal) == "Legal(Form(length=5, pattern='[ab]+'))"


# ------------------------------------------------------------------ plain games
def dictionary() -> Any:
    return envs.game(str(PROBES / "dictionary.py"))


def test_a_plain_state_is_packed_the_same_whatever_the_order_of_its_entries() -> None:
    game = dictionary()
    game.words = {
        **game.words,
        "init": lambda s, c, key: s.update(a={"y": 1, "x": (2, np.int64(3))}, b=None, c=b"x", d=True),
    }
    one = game.start(1)
    game.words = {**game.words, "init": lambda s, c, key: s.update(d=True, c=b"x", b=None, a={"x": [2, 3], "y": 1})}
    assert one == game.start(1)
    assert game.row(one).a == {"x": [2, 3], "y": 1}


@pytest.mark.parametrize("value", [0.5, {"a": [1.5]}, [(0.0,)], float("nan")])
def test_a_float_in_a_plain_state_is_refused(value: Any) -> None:
    game = dictionary()
    game.words = {**game.words, "init": lambda s, c, key: s.update(x=value)}
    with pytest.raises(TypeError, match="holds the float"):
        game.start(1)


def test_a_plain_game_ends_at_its_limit_and_is_left_alone_then() -> None:
    game = dictionary()
    state = game.start(1)
    for tick in range(game.spec.limit):
        assert game.facts(state).tick == tick
        (seat,) = game.acting(state)
        state = game.step(state, {seat: "sand" if seat else "look arena"}, 1)
    facts = game.facts(state)
    assert (facts.tick, facts.done, facts.truncated, game.acting(state)) == (game.spec.limit, True, True, ())
    assert game.facts(game.step(state, {}, 1)) == facts


def test_a_plain_observation_is_its_own_and_knows_its_seat() -> None:
    game = dictionary()
    state = game.start(1)
    for who in (0, 1, SPECTATOR, PUBLIC):
        obs = game.observe(state, who)
        assert (obs.seat, obs.tick, obs.done) == (who, 0, False)
        obs.meanings["arena"] = "changed"
    assert game.observe(state, 0).meanings == {}
    with pytest.raises(AttributeError, match="no entry 'nothing'; there are tick, seat"):
        _ = game.observe(state, 0).nothing
    assert Tree(a=1).tree() == {"a": 1}


def test_a_hidden_entry_of_a_plain_configuration_is_blank_in_public() -> None:
    made = PlainGame(dictionary().words, dictionary().spec, config={"seen": 1, "secret": 2}, hidden=("secret",))
    assert (made.config.secret, made.public.secret, made.public.seen) == (2, None, 1)
    assert made.config_bytes() != made.config_bytes(public=True)
    made.configure(made.config_bytes().replace(b"\x02", b"\x07"))
    assert (made.config.secret, made.public.secret) == (7, None)


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x93\x01\x02\x03", b"\xc1", b"\x81\x01\x02", b"\xff" * 40, b"\x81\xa1a"]
)
def test_bytes_that_are_no_plain_state_are_a_users_error(data: bytes) -> None:
    with pytest.raises(UserError) as caught:
        dictionary().unpack(data)
    assert caught.value.code == 4
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"\x00" * 3, b"\x00" * 1000])
def test_bytes_that_are_no_record_are_a_users_error(data: bytes) -> None:
    game = envs.game("kuhn_poker", plain=True)
    for read in (game.unpack, game.configure):
        with pytest.raises(UserError, match=rf"bytes, not {len(data)}$") as caught:
            read(data)
        assert caught.value.code == 4


def test_a_plain_game_of_numbers_has_bounds_and_views(tmp_path: Path) -> None:
    text = (PROBES / "dictionary.py").read_text(encoding="utf-8")
    text = text.replace("Text(LENGTH)), Role", 'Box((-2, 0), (2, 9), (1.0, 1.0)), {"flat": View((2,))}), Role').replace(
        "from envs.rules import ", "from envs.rules import Box, View, "
    )
    path = tmp_path / "numbers.py"
    path.write_text(text + "\n\ndef encode_flat(obs, c, out):\n    out[0] = 1.0\n", encoding="utf-8")
    game = envs.game(str(path))
    state = game.start(1)
    legal = game.legal(state, 0)
    assert legal.bounds == ((-2, 0), (2, 9))
    assert [-2, 9] in legal
    assert game.encode(game.observe(state, 0), "flat").tolist() == [1.0, 0.0]
    with pytest.raises(UserError, match="has no view 'flat'"):
        game.encode(game.observe(state, 1), "flat")
    with pytest.raises(UserError, match="has no view 'other': it has flat"):
        game.encode(game.observe(state, 0), "other")


# ------------------------------------------------------------------ record games
def test_a_record_state_is_a_value() -> None:
    game: Any = envs.game(str(PROBES / "duel.py"), plain=True)
    state = game.start(3)
    kept = game.pack(state)
    after = game.step(state, {0: [1], 1: [1]}, 3)
    assert game.pack(state) == kept
    assert game.pack(game.unpack(game.pack(after))) == game.pack(after)
    assert game.fingerprint(after) != game.fingerprint(state)
    assert len(game.fingerprint(state)) == 8
    assert game.action_array({1: [1]}).tolist() == [[[0], [1]]]


def test_the_public_configuration_is_the_one_without_its_hidden_part() -> None:
    game: Any = envs.game(str(PROBES / "duel.py"), plain=True)
    assert (game.config.bonus, game.public.bonus, game.hidden) == (2, 0, ("bonus",))
    other = game.config_bytes().replace(b"\x02", b"\x07")
    game.configure(other)
    assert (game.config.bonus, game.public.bonus) == (7, 0)
    assert game.config_bytes() == other


def test_a_view_or_an_imagination_that_is_not_there_is_one_line() -> None:
    game: Any = envs.game(str(PROBES / "duel.py"), plain=True)
    with pytest.raises(UserError, match="has no view 'cube': it has flat"):
        game.view_type("challenger", "cube")
    game.words = {name: part for name, part in game.words.items() if name != "imagine"}
    with pytest.raises(UserError, match="has no imagine"):
        game.imagine(game.observe(game.start(1), 0), 0, 1)


def test_one_action_reaches_an_author_as_a_number_several_as_a_list() -> None:
    guess: Any = envs.game(str(PROBES / "guess.py"), plain=True)
    fog: Any = envs.game(str(PROBES / "fog.py"), plain=True)
    seen, state = [], guess.start(1)
    guess.words = {**guess.words, "name": lambda action, obs, c: seen.append(action) or "x"}
    guess.name([4], guess.observe(state, 1))
    fog.words = {**fog.words, "name": lambda action, obs, c: seen.append(action) or "x"}
    fog.name([0, 1], fog.observe(fog.start(1), 0))
    assert seen == [4, [0, 1]]


def test_the_face_of_all_games_is_complete() -> None:
    """Each part of Game that a game must have is there in both kinds."""
    parts = {name for name in vars(Game) if not name.startswith("_") and callable(getattr(Game, name))}
    for made in (envs.game("kuhn_poker", plain=True), dictionary()):
        inherited = {name for name in parts if getattr(type(made), name) is getattr(Game, name)}
        assert inherited <= {"turns", "fingerprint", "describe", "demand_players", "example", "letter", "touch"}, (
            inherited
        )


# ------------------------------------------------------------------ words
def test_choice_reads_what_people_write() -> None:
    legal = Legal(np.array([1, 0, 1], np.bool_), (3,))
    names = {"pass": 0, "raise one": 1, "all in": 2}
    for text in ("all in", " ALL  in. ", "all_in"):
        assert choice(text, names, legal) == [2]
    assert "is not allowed now: answer with one of pass, all in" in choice("raise one", names, legal).reason  # type: ignore[union-attr]
    assert "is no action" in choice("fold", names, legal).reason  # type: ignore[union-attr]
    assert len(choice("x" * 100_000, names, legal).reason) < 200  # type: ignore[union-attr]
    assert (plural(1, "chip"), plural(2, "chip"), plural(-1, "chip"), plural(0, "chip")) == (
        "1 chip",
        "2 chips",
        "-1 chip",
        "0 chips",
    )
    assert listed(["a"] * 50, 2) == "a, a and 48 more"
