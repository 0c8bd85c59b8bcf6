"""A door hands the hall in one piece what has come in one piece, up to a size."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.uri import parse_uri

from arena.server.doors import PIECE, WebDoor
from arena.server.guests import Guest


class Heard:
    """A hall that remembers what it was told."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def come(self, address: str, now: float) -> Guest:
        return Guest(address, now)

    def hear(self, guest: Guest, data: bytes, now: float) -> None:
        self.pieces.append(data)

    def gone(self, guest: Guest, now: float) -> None:
        return


class Cable:
    """A transport whose far end is a client's protocol."""

    def __init__(self, client: ClientProtocol) -> None:
        self.client, self.closed = client, False

    def get_extra_info(self, name: str) -> Any:
        return None

    def get_write_buffer_size(self) -> int:
        return 0

    def write(self, data: bytes) -> None:
        self.client.receive_data(data)

    def close(self) -> None:
        self.closed = True


def sent(client: ClientProtocol) -> bytes:
    return b"".join(client.data_to_send())


@pytest.fixture
def opened() -> tuple[WebDoor, Heard, ClientProtocol]:
    client, hall = ClientProtocol(parse_uri("ws://localhost/")), Heard()
    door = WebDoor(hall, lambda: 0.0, lambda: None, {}, 10)
    door.connection_made(Cable(client))  # type: ignore[arg-type]
    client.send_request(client.connect())
    door.data_received(sent(client))
    return door, hall, client


def test_messages_that_come_together_are_heard_together(opened: tuple[WebDoor, Heard, ClientProtocol]) -> None:
    door, hall, client = opened
    for k in range(3):
        client.send_binary(bytes([k]) * 10)
    door.data_received(sent(client))
    assert hall.pieces == [bytes(10) + b"\1" * 10 + b"\2" * 10]
    door.data_received(b"")
    assert len(hall.pieces) == 1, "nothing is no message"


def test_a_long_queue_is_answered_piece_by_piece(opened: tuple[WebDoor, Heard, ClientProtocol]) -> None:
    door, hall, client = opened
    for k in range(40):
        client.send_binary(bytes([k]) * 200)
    door.data_received(sent(client))
    assert b"".join(hall.pieces) == b"".join(bytes([k]) * 200 for k in range(40))
    assert len(hall.pieces) == 4 and all(PIECE <= len(piece) < PIECE + 200 for piece in hall.pieces[:-1])


def test_what_comes_before_a_wrong_message_is_heard_before_the_door_is_shut(
    opened: tuple[WebDoor, Heard, ClientProtocol],
) -> None:
    door, hall, client = opened
    client.send_binary(b"first")
    client.send_text(b"words")
    door.data_received(sent(client))
    assert hall.pieces == [b"first"]
    assert client.close_rcvd is not None and client.close_rcvd.code == 1003
