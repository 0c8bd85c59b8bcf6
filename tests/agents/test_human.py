"""A person's seat: answers over a socket and at a terminal, and everything that arrives there and is no answer."""

from __future__ import annotations

import io
import os
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

import agents
import envs
from agents.human import LARGEST, Human, decoded, send_reply
from arena.agent import Reply, Resigned
from envs.errors import NOT_FOUND, UserError


@pytest.fixture
def path() -> Iterator[Path]:
    """A place for a socket; the temporary folders of pytest have names that are too long for one."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder) / "seat.sock"


@pytest.fixture
def ask(table: Any) -> Any:
    game = envs.game("connect_four", plain=True)
    return table.question(game, game.start(0), 0, seconds=5.0)


class Clock:
    """A clock that goes on by a second each time it is read."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1.0
        return self.now


def test_a_text_sent_to_the_socket_is_the_answer(path: Path, ask: Any) -> None:
    human = agents.load(f"human?socket={path}")()
    try:
        send_reply(path, "test", 0, 0, "column 4")
        assert human(ask) == "column 4"
    finally:
        human.close()  # type: ignore[attr-defined]
    assert not path.exists()


def test_actions_sent_to_the_socket_are_the_answer(path: Path, ask: Any) -> None:
    human = Human(str(path))
    send_reply(path, "test", 0, 0, actions=[[3], [4]])
    assert human(ask) == Reply([[3], [4]])
    human.close()


def test_answers_to_other_questions_are_dropped(path: Path, ask: Any) -> None:
    human = Human(str(path))
    for match, seat, tick in (("other", 0, 0), ("test", 1, 0), ("test", 0, 1), ("test", 0, 0)):
        send_reply(path, match, seat, tick, f"{match} {seat} {tick}")
    assert human(ask) == "test 0 0"
    human.close()


def test_rubbish_is_dropped(path: Path, ask: Any) -> None:
    human = Human(str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        for data in (
            b"",
            b"\xc1",
            b"\x81",
            os.urandom(50),
            msgpack.packb([1]),
            msgpack.packb({"match": "test"}),
            b"\x00" * (LARGEST + 9),
        ):
            sender.sendto(data, str(path))
    send_reply(path, "test", 0, 0, "1")
    assert human(ask) == "1"
    human.close()


def test_an_answer_may_come_while_the_seat_waits(path: Path, table: Any) -> None:
    game = envs.game("connect_four", plain=True)
    human = Human(str(path))
    sender = threading.Timer(0.02, send_reply, (path, "test", 0, 0, "5"))
    sender.start()
    assert human(table.question(game, game.start(0), 0)) == "5"
    sender.join()
    human.close()


def test_no_answer_in_time_is_a_timeout(path: Path, ask: Any) -> None:
    human = Human(str(path), clock=Clock())
    for _ in range(10):
        send_reply(path, "test", 0, 7, "too early")
    with pytest.raises(TimeoutError, match="no answer within 5 s"):
        human(ask)
    human.close()


def test_resigning(path: Path, ask: Any) -> None:
    human = Human(str(path))
    send_reply(path, "test", 0, 0, " Resign ")
    with pytest.raises(Resigned):
        human(ask)
    human.close()


def test_the_socket_is_private_and_what_a_dead_process_left_is_replaced(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(path))
    human = Human(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UserError, match="cannot wait for a screen"):
        Human(str(path))
    assert path.exists()
    human.close()


def test_a_file_in_the_way_is_left_alone(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(UserError, match="cannot wait for a screen"):
        Human(str(path))
    assert path.read_text() == "precious"


def test_a_path_longer_than_the_system_takes_works(path: Path, ask: Any) -> None:
    folder = path.parent / ("x" * 120)
    human = Human(str(folder / "seat.sock"))
    send_reply(folder / "seat.sock", "test", 0, 0, "2")
    assert human(ask) == "2"
    human.close()
    assert list(folder.iterdir()) == []


def test_sending_to_nobody_and_sending_too_much_are_told(path: Path) -> None:
    with pytest.raises(UserError, match="nobody waits") as caught:
        send_reply(path, "test", 0, 0, "1")
    assert caught.value.code == NOT_FOUND
    with pytest.raises(UserError, match="at most 4096"):
        send_reply(path, "test", 0, 0, "x" * 5000)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=9)
    | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
)


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_dropped(data: bytes) -> None:
    assert decoded(data, "test", 0, 0) is None


@given(
    st.fixed_dictionaries(
        {"match": st.just("test"), "seat": st.just(0), "tick": st.just(0)}, optional={"text": PLAIN, "actions": PLAIN}
    )
)
def test_any_tree_is_a_text_or_actions_or_dropped(tree: dict[str, Any]) -> None:
    found = decoded(msgpack.packb(tree), "test", 0, 0)
    if isinstance(found, list):
        assert all(type(value) is int and abs(value) <= 2**31 for action in found for value in action)
    else:
        assert found is None or found == tree["text"]


def at_terminal(ask: Any, typed: str) -> tuple[Any, str]:
    out = io.StringIO()
    return Human(lines=io.StringIO(typed), out=out)(ask), out.getvalue()


def test_at_a_terminal_the_position_and_the_choices_are_shown(ask: Any) -> None:
    answer, shown = at_terminal(ask, "\n4\n")
    assert answer == "4"
    assert ". . . . . . ." in shown
    assert "legal: 1, 2, 3, 4, 5, 6, 7" in shown


def test_help_shows_the_rules(ask: Any) -> None:
    answer, shown = at_terminal(ask, "help\n1\n")
    assert answer == "1"
    assert "four discs" in shown


def test_a_refusal_is_shown_without_control_codes(table: Any) -> None:
    game = envs.game("connect_four", plain=True)
    ask = table.question(game, game.start(0), 0, refusals=("no \x1b[31mred",))
    assert "refused: no " in at_terminal(ask, "1\n")[1]
    assert "\x1b" not in at_terminal(ask, "1\n")[1]


@pytest.mark.parametrize("typed", ["", "resign\n", "\n QUIT \n"])
def test_the_end_of_the_input_and_three_words_give_up(typed: str, ask: Any) -> None:
    with pytest.raises(Resigned):
        at_terminal(ask, typed)


@pytest.mark.parametrize("name", [*envs.names(), "tests/agents/probe_switches.py", "docs/examples/nim_plain.py"])
def test_a_person_may_play_every_game(name: str, table: Any) -> None:
    game = envs.game(name, plain=True)
    state, seat = next(table.positions(game, 4))
    ask = table.question(game, state, seat)
    typed = game.form(ask.legal.sample(1), ask.obs)
    answer, shown = at_terminal(ask, typed + "\n")
    assert game.parse(answer, ask.obs, ask.legal) == [ask.legal.sample(1)]
    assert "legal: " in shown or "for example: " in shown
