"""docs/new-game.md keeps its word: its examples are correct games, agree with each other, and its claims hold."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache, reduce
from operator import xor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import envs
from envs import registry
from envs.canvas import Canvas
from envs.game import Game
from envs.keys import fold
from envs.plain import PlainGame
from envs.rules import PUBLIC, SPECTATOR, Refusal, nested, state
from envs.spec import TRAITS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "new-game.md").read_text(encoding="utf-8")
NIM, PLAIN = DOCS / "examples" / "nim.py", DOCS / "examples" / "nim_plain.py"
TABLES = ["", "?heaps=4&misere=true"]


def drawn(game: Game, obs: Any) -> list[Any]:
    canvas = Canvas()
    game.draw(obs, canvas)
    return [canvas.width, canvas.height, *canvas.verbs]


def looks(game: Game, state: Any, who: int) -> list[Any]:
    """Everything that somebody can learn of a state."""
    obs = game.observe(state, who)
    return [list(obs.heaps), obs.tick, obs.done, game.say(obs), drawn(game, obs), game.encode(obs, "flat").tolist()]


def both_agree(compiled: Game, plain: Game, one: Any, other: Any) -> None:
    assert compiled.facts(one) == plain.facts(other)
    assert compiled.acting(one) == plain.acting(other)
    for who in (PUBLIC, SPECTATOR, 0, 1):
        assert looks(compiled, one, who) == looks(plain, other, who)


def test_the_two_examples_agree_move_by_move_over_fifty_games(seeds: Any) -> None:
    for number, seed in enumerate(seeds(50)):
        options = TABLES[number % 2]
        compiled, plain = envs.game(f"{NIM}{options}"), envs.game(f"{PLAIN}{options}")
        one, other = compiled.start(seed), plain.start(seed)
        while acting := compiled.acting(one):
            both_agree(compiled, plain, one, other)
            (seat,) = acting
            legal = compiled.legal(one, seat)
            assert legal.mask.tolist() == plain.legal(other, seat).mask.tolist()
            action = legal.sample(fold(seed, compiled.facts(one).tick))
            text = compiled.form(action, compiled.observe(one, seat))
            assert plain.parse(text, plain.observe(other, seat), plain.legal(other, seat)) == [action]
            before = one, other
            one, other = compiled.step(one, {seat: action}, seed), plain.step(other, {seat: action}, seed)
            assert compiled.tell(before[0], {seat: action}, one) == plain.tell(before[1], {seat: action}, other)
        both_agree(compiled, plain, one, other)
        assert compiled.facts(one).done
        assert not compiled.facts(one).truncated


@pytest.mark.parametrize("options", TABLES)
def test_the_compiled_example_plays_alike_without_compilation(options: str, seeds: Any) -> None:
    compiled, plain = envs.game(f"{NIM}{options}"), envs.game(f"{NIM}{options}", plain=True)
    for seed in seeds(10):
        one = compiled.start(seed)
        while acting := compiled.acting(one):
            action = compiled.legal(one, acting[0]).sample(seed)
            assert plain.acting(one) == acting
            after = plain.step(one, {acting[0]: action}, seed)
            one = compiled.step(one, {acting[0]: action}, seed)
            assert compiled.pack(one) == plain.pack(after)
            seen = compiled.observe(one, 0)
            assert compiled.observe(compiled.imagine(seen, 0, seed), 0) == seen == plain.observe(one, 0)


@pytest.mark.parametrize("path", [NIM, PLAIN])
@pytest.mark.parametrize("misere", [False, True])
def test_the_examples_are_nim_as_bouton_solved_it(path: Path, misere: bool) -> None:
    game = envs.game(str(path), plain=True, heaps=3, misere=misere)

    @cache
    def wins(packed: bytes) -> bool:
        """Whether the seat on turn wins with best play."""
        state = game.unpack(packed)
        (seat,) = game.acting(state)
        for action in game.legal(state, seat):
            after = game.step(state, {seat: [action]}, 0)
            won = game.facts(after).reward[seat] > 0 if game.facts(after).done else not wins(game.pack(after))
            if won:
                return True
        return False

    first = game.start(0)
    for action in (None, *game.legal(first, 0)):
        state = first if action is None else game.step(first, {0: [action]}, 0)
        heaps = list(game.observe(state, SPECTATOR).heaps)
        # Misere play differs only when no heap has two stones or more: then an odd number of heaps loses.
        expected = sum(heaps) % 2 == (not misere) if max(heaps) < 2 else reduce(xor, heaps) != 0
        assert wins(game.pack(state)) == expected


@pytest.mark.parametrize("path", [NIM, PLAIN])
def test_an_ended_example_is_left_alone(path: Path) -> None:
    game = envs.game(str(path), heaps=1)
    state = game.step(game.start(3), {0: [0]}, 3)
    facts = game.facts(state)
    assert facts.done
    assert not facts.truncated
    assert facts.reward == (1.0, -1.0)
    assert game.acting(state) == ()
    after = game.facts(game.step(state, {0: [0]}, 3))
    assert (after.tick, after.done, after.reward) == (1, True, (0.0, 0.0))


@pytest.mark.parametrize("path", [NIM, PLAIN])
def test_the_examples_refuse_what_is_no_move(path: Path) -> None:
    game = envs.game(str(path))
    state = game.start(1)
    obs, legal = game.observe(state, 0), game.legal(state, 0)
    for text in ("2 from 1", "0 from 3", "6 from 3", "1 from 4", "three", ""):
        refusal = game.parse(text, obs, legal)
        assert isinstance(refusal, Refusal)
        assert "1 from 1" in refusal.reason
    with pytest.raises(envs.UserError, match="heaps=9 is not allowed: it must be an integer from 1 to 6"):
        envs.game(str(path), heaps=9)


def test_a_plain_state_survives_packing_and_refuses_foreign_bytes() -> None:
    game = envs.game(str(PLAIN))
    state = game.start(1)
    assert game.unpack(game.pack(state)) == state
    assert game.fingerprint(state) == game.fingerprint(game.start(2))
    seen = game.observe(state, 1)
    assert game.observe(game.imagine(seen, 1, 5), 1) == seen
    with pytest.raises(envs.UserError):
        game.unpack(b"\x01")


def test_a_plain_step_changes_no_earlier_state() -> None:
    game = envs.game(str(PLAIN))
    first = game.start(1)
    kept = game.pack(first)
    game.step(first, {0: [10]}, 1)
    assert game.pack(first) == kept
    game.observe(first, 0).heaps[0] = 99
    assert game.pack(first) == kept


def test_every_passage_of_the_page_stands_in_an_example() -> None:
    examples = NIM.read_text(encoding="utf-8"), PLAIN.read_text(encoding="utf-8")
    passages = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    shown = [passage for passage in passages if "import envs" not in passage]
    assert len(shown) == 10
    for passage in shown:
        assert any(passage.rstrip() in text for text in examples), passage


def test_the_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        assert (DOCS / target).is_file()


def test_the_page_names_every_trait() -> None:
    assert all(f"`{trait}`" in PAGE for trait in TRAITS)


def test_a_package_publishes_a_game_by_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_nim_package.py").write_text(NIM.read_text(encoding="utf-8"), encoding="utf-8")
    info = tmp_path / "my_nim_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-nim-package\nVersion: 1.0\n", encoding="utf-8")
    entry = "[palaestra.games]\nnim = my_nim_package:build\nbroken_nim = no_such_module_here:build\n"
    (info / "entry_points.txt").write_text(entry, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.found.cache_clear()
    try:
        assert {"nim", "broken_nim"} <= set(envs.names())
        assert "my_nim_package" not in sys.modules  # nothing is imported until it is asked for
        assert envs.game("nim?heaps=2", plain=True).spec.limit == 4
        assert envs.game("my_nim_package:build", plain=True).id == envs.game("nim-v0", plain=True).id == "nim-v0"
        assert list(registry.broken()) == ["broken_nim-v0"]
    finally:
        registry.found.cache_clear()
        sys.modules.pop("my_nim_package", None)


def test_an_edited_rule_is_a_new_type_and_is_seen_at_once(tmp_path: Path) -> None:
    path, text = tmp_path / "edited_nim.py", NIM.read_text(encoding="utf-8")
    path.write_text(text, encoding="utf-8")
    old = envs.game(str(path), heaps=1)
    assert old.facts(old.step(old.start(0), {0: [0]}, 0)).reward == (1.0, -1.0)
    path.write_text(text.replace("s.reward[winner] = 1\n", "s.reward[winner] = 17\n"), encoding="utf-8")
    new = envs.game(str(path), heaps=1)
    assert new.digest != old.digest
    assert new.facts(new.step(new.start(0), {0: [0]}, 0)).reward == (17.0, -1.0)
    assert old.facts(old.step(old.start(0), {0: [0]}, 0)).reward == (1.0, -1.0)


def variant(tmp_path: Path, name: str, old: str, new: str) -> str:
    """The path of nim.py with one passage changed."""
    text = NIM.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / f"{name}.py"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return str(path)


def test_trap_unsigned_float_and_bool_arrays_are_refused_by_name() -> None:
    with pytest.raises(TypeError, match="'stones' is uint8: use int8 to int64"):
        state(("stones", np.uint8))
    with pytest.raises(TypeError, match="'stones' is float32"):
        state(("stones", np.float32))
    with pytest.raises(TypeError, match=r"'seen' is an array of bool, .*use int8"):
        nested(("seen", np.bool_, (3,)))


def test_trap_a_float_in_a_plain_state_is_refused() -> None:
    game = envs.game(str(PLAIN))
    assert isinstance(game, PlainGame)
    game.words = {**game.words, "init": lambda s, c, key: s.update(heaps=[0.5])}
    with pytest.raises(TypeError, match=r"holds the float 0.5: use integers"):
        game.start(1)


def test_trap_what_is_stored_must_fit_the_field_compiled_and_plain(tmp_path: Path) -> None:
    path = variant(tmp_path, "wide_nim", "s.heaps[heap] = 2 * heap + 1", "s.heaps[heap] = 2 * heap + 200")
    for plain in (False, True):
        game = envs.game(path, heaps=1, plain=plain)
        assert game.observe(game.start(0), SPECTATOR).heaps.tolist() == [-56]


def test_trap_both_branches_are_typed_and_the_error_is_one_line(tmp_path: Path) -> None:
    copied = "    copyto(obs.heaps, s.heaps)\n"
    written = variant(tmp_path, "written_nim", copied, f"{copied}    if seat == 7:\n        obs.hidden = 1\n")
    read = variant(tmp_path, "read_nim", copied, f"{copied}    if seat == 7:\n        s.tick = obs.hidden\n")
    for path in (written, read):
        game = envs.game(path)
        state = game.start(0)
        with pytest.raises(envs.UserError, match=r"the rules do not compile: .*hidden") as caught:
            game.observe(state, 0)
        assert "\n" not in str(caught.value)
        plain = envs.game(path, plain=True)
        assert plain.observe(state, 0).heaps.tolist() == [1, 3, 5]  # the plain branch is never taken


def test_a_file_may_be_renamed_between_two_starts(tmp_path: Path) -> None:
    start = "import sys, envs; game = envs.game(sys.argv[1]); print(len(game.pack(game.start(1))))"
    for name in ("one_nim", "other_nim"):
        # The text is new to the cache of machine code, and the same both times.
        path = variant(tmp_path, name, "(1901).", f"(1901). {tmp_path}")
        command = [sys.executable, "-c", start, path]
        done = subprocess.run(command, cwd=DOCS.parent, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) > 0
