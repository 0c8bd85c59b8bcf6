"""What the rules contract relies on about numba, and what it makes of it: caches, types, errors, arithmetic, and when nothing is compiled.

Games are variants of the probe `duel`; what a fresh start does is seen from other processes that share a cache of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import envs
from envs import keys
from envs.errors import UserError
from envs.rules import retagged
from tests.games import COMPILED

ROOT = Path(__file__).parents[2]
DUEL = ROOT / "tests" / "probes" / "duel.py"
WON = "won = s.stake + c.bonus if s.first > s.second else -s.stake - c.bonus"
DEALT = "    s.stake = 1\n"

PLAY = """
import json, sys
import envs
from numba.core import event
from envs import drivers

def episode(game):
    state, rewards = game.start(5), []
    while turns := game.turns(state):
        seen = game.observe(state, next(iter(turns)))
        for view in game.spec.role(seen.seat).views:
            game.encode(seen, view)
        state = game.step(state, {seat: legal.sample(seen.tick) for seat, legal in turns.items()}, 5)
        rewards.append(game.facts(state).reward[0])
    return rewards, game.fingerprint(state).hex()

with event.install_recorder("numba:compile") as compiled:
    played = [episode(envs.game(name)) for name in sys.argv[1:]]
used = [name for name, driver in vars(drivers).items() if isinstance(driver, drivers.Driver) and driver._compiled]
print(json.dumps({"played": played, "compiled": len(compiled.buffer), "drivers": used}))
"""


def written(folder: Path, *pairs: str, name: str = "duel.py") -> Path:
    """duel.py in a folder, with passages replaced: old, new, old, new, ..."""
    text = DUEL.read_text(encoding="utf-8")
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def fresh(cache: Path | None, *games: Path | str, **more: str) -> tuple[dict[str, Any], str]:
    """What PLAY prints in a new process, and its standard error."""
    chosen = ({"NUMBA_CACHE_DIR": str(cache)} if cache else {}) | more
    done = subprocess.run(
        [sys.executable, "-c", PLAY, *map(str, games)],
        cwd=ROOT, env=os.environ | chosen, capture_output=True, text=True, check=False, timeout=110,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def last(reward: float, game: Path, cache: Path) -> int:
    """The number of compilations of a new start of the game, which must pay seat 0 this at the end."""
    told, _ = fresh(cache, game)
    assert told["played"][0][0][-1] == reward
    return int(told["compiled"])


# ------------------------------------------------------------------ caches and types
def test_record_types_are_structural_and_only_the_tag_keeps_games_apart(tmp_path: Path) -> None:
    import numba

    one = envs.game(str(written(tmp_path / "one")), plain=True)
    other = envs.game(str(written(tmp_path / "other", WON, "won = 7")), plain=True)
    types: list[Any] = [game.state_type for game in (one, other)]  # type: ignore[attr-defined]
    bare = [retagged(dtype, "rules_nobody") for dtype in types]
    assert numba.from_dtype(bare[0]) == numba.from_dtype(bare[1])
    assert numba.from_dtype(types[0]) != numba.from_dtype(types[1])


def test_equal_layouts_share_no_rules_and_an_edit_is_seen_in_one_cache(tmp_path: Path) -> None:
    """The same name, file name and layout; only a number in the rules differs."""
    cache = tmp_path / "cache"
    seven = written(tmp_path / "seven", WON, "won = 7")
    eight = written(tmp_path / "eight", WON, "won = 8")
    assert last(7.0, seven, cache) > 0
    assert last(8.0, eight, cache) > 0
    both, _ = fresh(cache, seven, eight, seven)
    assert [rewards[-1] for rewards, _ in both["played"]] == [7.0, 8.0, 7.0]
    assert both["compiled"] == 0
    written(tmp_path / "seven", WON, "won = 9")
    assert last(9.0, seven, cache) > 0
    assert last(9.0, seven, cache) == 0


def test_the_first_start_says_once_that_it_compiles_and_a_cached_one_says_nothing(tmp_path: Path) -> None:
    game, cache = written(tmp_path / "told", 'name="probe_duel"', 'name="told_duel"'), tmp_path / "cache"
    assert fresh(cache, game)[1].splitlines() == [
        "palaestra: compiling the rules of told_duel once; later starts load them from the cache"
    ]
    told, noise = fresh(cache, game)
    assert (noise, told["compiled"]) == ("", 0)


def test_rules_that_assign_slices_are_cached_too(tmp_path: Path) -> None:
    """They need numba's reference counting, for which drivers are compiled another time."""
    text, copied = (ROOT / "docs" / "examples" / "nim.py").read_text(encoding="utf-8"), "copyto(obs.heaps, s.heaps)"
    game, cache = tmp_path / "sliced_nim.py", tmp_path / "cache"
    assert copied in text
    game.write_text(text.replace(copied, "obs.heaps[:] = s.heaps"), encoding="utf-8")
    first, _ = fresh(cache, game)
    again, noise = fresh(cache, game)
    assert first["compiled"] > 0
    assert (again["compiled"], noise, again["played"]) == (0, "", first["played"])


def test_what_processes_have_cached_apart_is_not_mixed_up_when_loaded_together(tmp_path: Path) -> None:
    """Their machine code would bear the same names: numba counts functions and record types anew in each process."""
    cache, games = tmp_path / "cache", ("liars_dice?seats=3", "liars_dice")
    alone = [fresh(cache, game)[0]["played"][0] for game in games]
    together, _ = fresh(cache, *games)
    assert (together["played"], together["compiled"]) == (alone, 0)


@pytest.mark.parametrize("name", COMPILED)
def test_a_warm_start_compiles_nothing_and_loads_few_drivers(name: str) -> None:
    fresh(None, name)
    told, noise = fresh(None, name)
    assert (told["compiled"], noise) == (0, "")
    assert len(told["drivers"]) <= 6, told["drivers"]


def test_without_a_compiler_the_same_bytes(tmp_path: Path) -> None:
    game = written(tmp_path / "same")
    plain, _ = fresh(tmp_path / "cache", game, NUMBA_DISABLE_JIT="1")
    compiled, _ = fresh(tmp_path / "cache", game)
    assert plain["played"] == compiled["played"]
    assert plain["drivers"] == []


def loaded(code: str) -> set[str]:
    script = f"import sys, envs\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("name", [*envs.names(), "tests/probes/fog.py", "tests/probes/guess.py"])
def test_a_plain_game_is_played_described_and_drawn_without_numba(name: str) -> None:
    code = f"""
from envs.canvas import Canvas
game = envs.game({name!r}, plain=True)
state = game.start(3)
turns = game.turns(state)
for who in (*turns, -1, -2):
    seen = game.observe(state, who)
    game.say(seen)
    game.draw(seen, Canvas())
game.step(state, {{seat: legal.sample(1) for seat, legal in turns.items()}}, 3)
"""
    assert loaded(code) & {"numba", "llvmlite", "gymnasium", "pettingzoo", "pygame"} == set()


def test_importing_the_games_loads_no_numba() -> None:
    assert "numba" not in loaded("envs.names()")
    assert "numba" in loaded("game = envs.game('kuhn_poker'); game.start(1)")


# ------------------------------------------------------------------ errors
ERRORS = {
    "an unknown field that is read": ("    s.stake = s.wealth\n", "unknown field 'wealth', the record has tick, done, truncated, reward"),
    "an unknown field that is written": ("    s.wealth = 1\n", "unknown field 'wealth', the record has tick"),
    "an unknown part of the configuration": ("    s.stake = c.wealth\n", "unknown field 'wealth', the record has limit, frames, bonus"),
    "a name that nobody has defined": ("    s.stake = wealth\n", "name 'wealth' is not defined"),
    "a variable that comes later": ("    s.stake = wealth\n    wealth = 1\n", "Variable 'wealth' is not defined"),
    "two types for one variable": (
        "    x = 1\n    if s.first > 1:\n        x = (1, 2)\n    s.stake = x[0]\n", "Cannot unify Literal[int](1) and Tuple"
    ),
    "a function without @rule": (
        "    s.stake = seat_colour(1)\n",
        "Untyped global name 'seat_colour': Cannot determine Numba type of <class 'function'>: a function that rules call is a @rule too",
    ),
    "a rule with too many arguments": ("    s.stake = below(key, 2, 3)\n", "too many positional arguments"),
    "an attribute of a number": ("    s.stake = s.first.wealth\n", "Unknown attribute 'wealth' of type int8"),
    "an index into a number": ("    s.stake = s.first[0]\n", "getitem(int8, Literal[int](0))"),
    "a text in a number": ('    s.stake = "rich"\n', "Cannot cast"),
    "a file": ('    with open("wealth") as file:\n        s.stake = len(file.read())\n', "construct is not supported"),
    "a dict": ("    s.stake = len(sys.modules)\n", "sys"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", ERRORS)
def test_a_compile_error_is_one_line_with_cause_and_place(wrong: str, tmp_path: Path) -> None:
    code, cause = ERRORS[wrong]
    path = written(tmp_path / "wrong", DEALT, code, "CARDS, ROUNDS = 4, 3\n", "CARDS, ROUNDS = 4, 3\nimport sys\n")
    with pytest.raises(UserError) as caught:
        envs.game(str(path)).start(1)
    told = str(caught.value)
    assert told.startswith("the rules do not compile: ")
    assert cause in told
    assert "\n" not in told
    assert len(told) < 500
    first = path.read_text(encoding="utf-8")[: path.read_text(encoding="utf-8").index(code)].count("\n") + 1
    places = [f"({path}:{line})" for line in range(first - 4, first + code.count("\n"))]
    assert any(place in told for place in places) or "(in the rule init)" in told, told


def test_most_errors_name_the_very_line(tmp_path: Path) -> None:
    helper = "@rule\ndef helper(s):\n    s.stake = 1\n    s.wealth = 1\n\n\n@rule\ndef init("
    path = written(tmp_path / "inner", DEALT, "    helper(s)\n", "@rule\ndef init(", helper)
    line = path.read_text(encoding="utf-8").splitlines().index("    s.wealth = 1") + 1
    with pytest.raises(UserError, match=rf"unknown field 'wealth'.*\({path}:{line}\)"):
        envs.game(str(path)).start(1)


def test_all_that_numba_says_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core.errors import NumbaError

    monkeypatch.setenv("PALAESTRA_DEBUG", "1")
    path = written(tmp_path / "whole", DEALT, "    s.stake = wealth\n")
    with pytest.raises(NumbaError, match=r"(?s)wealth.*nopython"):
        envs.game(str(path)).start(1)


# ------------------------------------------------------------------ arithmetic
NUMBERS = (
    'STATE = state(("first", np.int8),',
    """\
STATE = state(
    ("tiny", np.int8), ("twice", np.int8), ("short", np.int16), ("half", np.int32), ("long", np.int64), ("quotients", np.int64, (4,)),
    ("bits", np.int64, (5,)), ("chosen", np.int64, (7,)), ("row", np.int8, (5,)), ("less", np.bool_), ("first", np.int8),""",
    "    s.stake += actions[0, 0] + actions[1, 0]\n",
    """\
    x = actions[0, 0]
    y = actions[1, 0]
    s.tiny = x + y
    s.twice = s.tiny + s.tiny
    s.tiny += 100
    s.short = x - y
    s.half = x * y
    s.long = x * y
    d = y if y != 0 else 1
    s.quotients[0] = x // d
    s.quotients[1] = x % d
    s.quotients[2] = x // 7
    s.quotients[3] = -x % 7
    s.bits[0] = x & y
    s.bits[1] = x | y
    s.bits[2] = x ^ y
    s.bits[3] = ~x
    s.bits[4] = (x << 3) + (y >> 2)
    s.chosen[0] = min(x, y)
    s.chosen[1] = max(x, y)
    s.chosen[2] = abs(x)
    s.chosen[3] = x if x < y else -y
    s.chosen[4] = 0 - s.tiny
    s.chosen[5] = -s.tiny
    s.chosen[6] = abs(s.tiny)
    s.less = x < y
    s.row[x % 5] = y
    s.row[-1 - y % 5] += 1
    for i in range(len(s.row)):
        s.row[i] += i * x
""",
)  # fmt: skip
# The least number of 32 bits has no negative of its size, which is what a compiled minus and abs give.
INTEGERS = st.integers(-(2**31) + 1, 2**31 - 1)


@pytest.fixture(scope="module")
def reckoners(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """A game that only reckons with its two actions, compiled and plain."""
    path = str(written(tmp_path_factory.mktemp("numbers"), *NUMBERS, name="numbers.py"))
    return envs.game(path), envs.game(path, plain=True)


@given(x=INTEGERS | st.integers(-300, 300), y=INTEGERS | st.integers(-300, 300))
def test_integers_wrap_and_divide_alike_compiled_and_plain(reckoners: tuple[Any, Any], x: int, y: int) -> None:
    after = [game.step(game.start(1), {0: [x], 1: [y]}, 1) for game in reckoners]
    trees = [game.row(state).tree() for game, state in zip(reckoners, after, strict=True)]
    if trees[0]["tiny"] == -128:
        trees[1]["chosen"][5:] = [-128, -128]
        assert trees[1]["chosen"][4] == 128
    assert trees[0] == trees[1]


def test_minus_and_abs_of_the_least_number_of_a_field_stay_it_when_compiled(reckoners: tuple[Any, Any]) -> None:
    """The one trap that is left of numbers that fit their fields: `0 - x` is safe, `-x` and `abs(x)` are not for such an x."""
    for game, least in zip(reckoners, (-128, 128), strict=True):
        row = game.row(game.step(game.start(1), {0: [28], 1: [0]}, 1))
        assert (row.tiny, row.chosen[4:].tolist()) == (-128, [128, least, least])


def test_what_is_read_does_not_overflow_and_what_is_written_wraps(reckoners: tuple[Any, Any]) -> None:
    for game in reckoners:
        row = game.row(game.step(game.start(1), {0: [60], 1: [40]}, 1))
        assert (row.tiny, row.twice) == (100 + 100 - 256, 200 - 256)
        assert row.long == 2400
        assert row.row.tolist()[60 % 5] == 40


@pytest.mark.parametrize(("index", "place"), [("-1", 2), ("-3", 0), ("2", 2)])
def test_indices_count_from_both_ends_alike(index: str, place: int, tmp_path: Path) -> None:
    fields = ('STATE = state(("first", np.int8),', 'STATE = state(("row", np.int8, (3,)), ("first", np.int8),')
    path = written(tmp_path / "index", *fields, DEALT, f"    s.row[{index}] = 5\n")
    for plain in (False, True):
        game: Any = envs.game(str(path), plain=plain)
        assert game.row(game.start(1)).row.tolist() == [5 if i == place else 0 for i in range(3)]


def test_plainly_an_index_out_of_range_is_an_error(tmp_path: Path) -> None:
    fields = ('STATE = state(("first", np.int8),', 'STATE = state(("row", np.int8, (3,)), ("first", np.int8),')
    path = written(tmp_path / "beyond", *fields, DEALT, "    s.row[3] = 5\n")
    with pytest.raises(IndexError):
        envs.game(str(path), plain=True).start(1)


# ------------------------------------------------------------------ keys
@pytest.fixture(scope="module")
def compiled_keys() -> dict[str, Any]:
    """The four functions as a compiled caller has them."""
    import numba

    import envs.compiled  # noqa: F401  it teaches numba what a Rule is

    fold, below, uniform, shuffle = keys.fold, keys.below, keys.uniform, keys.shuffle
    # Each lambda is a caller of its own: what numba compiles is a function, and these four are no functions but rules.
    return {
        "fold": numba.njit(lambda key, n: fold(key, n)),  # noqa: PLW0108
        "below": numba.njit(lambda key, n: below(key, n)),  # noqa: PLW0108
        "uniform": numba.njit(lambda key: uniform(key)),  # noqa: PLW0108
        "shuffle": numba.njit(lambda array, n, key: shuffle(array, n, key)),  # noqa: PLW0108
    }


KEYS = st.integers(0, 2**64 - 1)


@given(key=KEYS, n=st.integers(-(2**63), 2**63 - 1))
def test_fold_is_alike(compiled_keys: dict[str, Any], key: int, n: int) -> None:
    assert int(compiled_keys["fold"](np.uint64(key), n)) == keys.fold(key, n)


@given(key=KEYS, n=st.integers(1, 2**31))
def test_below_is_alike_and_below(compiled_keys: dict[str, Any], key: int, n: int) -> None:
    drawn = compiled_keys["below"](np.uint64(key), n)
    assert drawn == keys.below(key, n)
    assert 0 <= drawn < n


@given(key=KEYS)
def test_uniform_is_alike_and_in_range(compiled_keys: dict[str, Any], key: int) -> None:
    drawn = compiled_keys["uniform"](np.uint64(key))
    assert drawn == keys.uniform(key)
    assert 0.0 <= drawn < 1.0


@given(key=KEYS, length=st.integers(0, 12), data=st.data())
def test_shuffle_is_alike_and_only_moves(compiled_keys: dict[str, Any], key: int, length: int, data: Any) -> None:
    n = data.draw(st.integers(0, length))
    one, other = np.arange(length, dtype=np.int8), np.arange(length, dtype=np.int8)
    compiled_keys["shuffle"](one, n, np.uint64(key))
    keys.shuffle(other, n, key)
    assert one.tolist() == other.tolist()
    assert sorted(one[:n].tolist()) == list(range(n))
    assert one[n:].tolist() == list(range(n, length))


def test_fold_is_the_published_generator() -> None:
    """The first outputs of SplitMix64 with seed 1234567, as published with the algorithm's reference code."""
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert [keys.fold(1234567, i) for i in range(5)] == expected
