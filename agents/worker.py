"""An agent of ours as a program: `python -m agents.worker TASK` plays over standard input and output.

TASK is JSON: agent (an address), place and options of the game, folder (where modules are looked for). Everything is loaded before the
first word is said, so that no clock runs meanwhile. What the agent prints goes to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from agents.registry import load
from agents.remote import Player
from arena.protocol.messages import OPEN, PLAYER, Hello
from arena.protocol.session import ProtocolError, Session
from envs.errors import FAILURE, UserError
from envs.registry import game

__all__ = ["main"]

_PIECE = 1 << 16


class _ReadOnlyCache:
    """Lets machine code that the host has compiled be loaded where it cannot be written; without numba until a driver is run.

    An agent that could write it could put its own code into the host.
    """

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Called for each import; the one of the bridge to numba is the moment."""
        if name != "envs.compiled":
            return
        sys.meta_path.remove(self)
        from numba.core import caching  # noqa: PLC0415

        locator: Any = caching._CacheLocator
        demand = locator.ensure_cache_path
        locator.ensure_cache_path = lambda self: None if os.path.isdir(self.get_cache_path()) else demand(self)


def main(arguments: list[str]) -> int:
    """Play until the host hangs up; the exit code."""
    told = json.loads(arguments[0])
    sys.meta_path.insert(0, _ReadOnlyCache())
    answers = os.dup(1)
    os.dup2(2, 1)
    try:
        if told["folder"] not in sys.path:
            sys.path.append(told["folder"])
        maker = load(told["agent"])
        rules = game(told["place"], **told["options"])
        maker.fits(rules)
        return _play(Player(maker, fits=maker.fits, place=told["place"], game=rules), maker.title, answers)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.code


def _play(player: Player, name: str, answers: int) -> int:
    session = Session(PLAYER)
    _write(answers, session.say(Hello([1], name=name[:256], wants=("packed",))))
    while data := os.read(0, _PIECE):
        said: list[Any] = []
        for message in session.receive(data):
            if isinstance(message, ProtocolError):
                sys.stderr.write(f"the host broke the protocol: {message}\n")
                return FAILURE
            answer = player.hear(message)
            said += [] if answer is None else [answer]
        if said and session.state == OPEN:
            _write(answers, session.say_all(said))
    return 0


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
