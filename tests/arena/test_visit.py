"""A player's visit: answers go out while others are still thought of."""

from __future__ import annotations

from arena.protocol import messages as wire
from arena.protocol.visit import LONGEST_HELD, MOST_HELD, Visit

ASKS = [wire.Ask(f"m{number}", 0, 0, wire.Legal([[0]])) for number in range(40)]


class Thinker:
    """Takes so many seconds, by its own clock, for each question; and the line that it talks over."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.now = seconds, 0.0
        self.sent: list[int] = []

    def hear(self, message: wire.Message) -> wire.Message | None:
        self.now += self.seconds
        return wire.Act(message.match, message.seat, message.tick) if isinstance(message, wire.Ask) else None

    def receive(self) -> list[wire.Message]:
        return [wire.Beat(), *ASKS]

    def send(self, messages: list[wire.Message]) -> None:
        self.sent.append(len(messages))


def pieces(seconds: float) -> list[int]:
    thinker = Thinker(seconds)
    Visit("", "", "", 1, 64, clock=lambda: thinker.now)._turn(thinker, thinker)
    return thinker.sent


def test_quick_answers_go_out_in_pieces():
    assert pieces(0.0) == [MOST_HELD, MOST_HELD, 40 - 2 * MOST_HELD]


def test_a_slow_answer_waits_for_no_other():
    assert pieces(2 * LONGEST_HELD) == [1] * 40 + [0]
