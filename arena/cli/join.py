"""`arena join URL AGENT`: a player of yours takes seats on a host, and takes them up again when the connection breaks.

Coming back waits longer each time, by chance between nothing and a doubling bound, as long as the host asks for, and a minute in all.
"""

from __future__ import annotations

import os
import random
import time
from typing import TYPE_CHECKING, Any

import click

from arena.cli import loading

if TYPE_CHECKING:
    from arena.protocol.dial import Line

__all__ = ["command"]

PATIENCE = 60.0
"""Seconds without a connection after which a player gives up."""


@click.command()
@click.argument("url", metavar="URL")
@click.argument("agent", metavar="AGENT")
@click.option(
    "--token", metavar="TOKEN", help="What lets you in; ARENA_TOKEN in the environment is not seen by others."
)
@click.option("--matches", type=click.IntRange(1, 1 << 20), default=1, metavar="N", help="How many seats to take (1).")
@click.option("--at-once", type=click.IntRange(1, 1024), default=1, metavar="N", help="How many of them at a time (1).")
@click.option("--alone", is_flag=True, help="Take every seat of a match yourself.")
@click.option("--name", default="", metavar="NAME", help="Your name for the others (the agent's).")
@click.option(
    "--game", "place", default="", metavar="PLACE", help="Where the game is, if not installed: FILE.py or MODULE:BUILD."
)
@click.option("--ca", metavar="FILE", type=click.Path(exists=True), help="Trust the certificates in this file (wss).")
def command(
    url: str,
    agent: str,
    token: str | None,
    matches: int,
    at_once: int,
    alone: bool,
    name: str,
    place: str,
    ca: str | None,
) -> int:
    """Play on a host with a player of yours. URL: ws://HOST:PORT, wss://HOST:PORT or unix:PATH, as `arena serve` prints it."""
    from arena.text import safe_text  # noqa: PLC0415  (help is shown without the rules)

    maker = loading.load("agents:load")(agent)
    player = loading.load("agents.remote:Player")(maker, fits=maker.fits, place=place)
    visit = Visit(url, token or os.environ.get("ARENA_TOKEN", ""), name or maker.title, matches, at_once, ca, alone)
    visit.play(player)
    for over in player.overs:
        faults = "".join(f", seat {seat}: {cause}" for seat, cause in over.faults)
        kept = "" if over.recorded else ", not recorded"
        score = over.scores[over.seat] if over.seat < len(over.scores) else 0.0
        click.echo(
            f"{over.match} seat {over.seat}: {score:+g}, {safe_text(over.reason)} after {over.ticks} ticks{safe_text(faults)}{kept}"
        )
    return 0 if len(player.overs) >= matches else 1


class Visit:
    """The connections of one player to one host, one after another. `keys` opens the seats that it holds."""

    def __init__(
        self, url: str, token: str, name: str, matches: int, at_once: int, ca: str | None = None, alone: bool = False
    ) -> None:
        self.url, self.token, self.name, self.ca = url, token, name, ca
        self.matches, self.at_once, self.alone = matches, at_once, alone
        self.keys: dict[tuple[str, int], str] = {}
        self.taken = 0

    def play(self, player: Any) -> None:
        """Until every seat has been played. UserError when the host refuses, or cannot be reached for too long."""
        from arena.protocol.dial import Lost  # noqa: PLC0415
        from envs.errors import FAILURE, UserError  # noqa: PLC0415

        draw, tries, since, first = random.Random(), 0, time.monotonic(), True
        while len(player.overs) < self.matches:
            before = self.taken + len(player.overs)
            try:
                self._once(player, first)
                first = False
            except Lost as lost:
                if lost.farewell and not self.keys:
                    click.echo(f"{lost}", err=True)
                    return
                progress = self.taken + len(player.overs) > before
                tries, since = (0, time.monotonic()) if progress else (tries + 1, since)
                if (first and not self.taken) or time.monotonic() - since > PATIENCE:
                    raise UserError(str(lost), FAILURE) from None
                click.echo(f"{lost}: trying again", err=True)
                time.sleep(max(lost.after, draw.uniform(0, min(10.0, 0.25 * 2**tries))))

    def _once(self, player: Any, first: bool) -> None:
        """One connection, as long as it lasts."""
        from arena.protocol.dial import Line  # noqa: PLC0415
        from arena.protocol.messages import Join, Resume  # noqa: PLC0415

        line = Line(self.url, token=self.token, name=self.name, tls=self._tls())
        try:
            resumed = [Resume(match, seat, key) for (match, seat), key in self.keys.items()]
            left = self.matches - self.taken
            line.send([*resumed, *([Join("", left, self.at_once, self.alone)] if left > 0 else [])])
            while len(player.overs) < self.matches:
                self._turn(player, line)
        except KeyboardInterrupt:
            line.close("interrupted")  # so that nobody waits for a player who has left
            raise
        except BaseException:
            line.drop()
            raise
        line.close("done")

    def _turn(self, player: Any, line: Line) -> None:
        """Hear what has come and answer all of it in one piece."""
        answers = []
        for message in line.receive():
            self._note(message)
            answer = player.hear(message)
            answers += [] if answer is None else [answer]
        line.send(answers)

    def _note(self, message: Any) -> None:
        """Which seats are held, with which key."""
        from arena.protocol.messages import Begin, Over, Stale  # noqa: PLC0415

        if not isinstance(message, Begin | Over | Stale):
            return
        where = message.match, message.seat
        if isinstance(message, Begin):
            self.taken += where not in self.keys
            self.keys[where] = message.key
        elif isinstance(message, Over):
            self.keys.pop(where, None)
        elif message.why == "unknown" and where in self.keys:
            del self.keys[where]  # the match ended while nobody was connected
            self.taken -= 1
            self.matches -= 1

    def _tls(self) -> Any:
        if self.ca is None:
            return None
        import ssl  # noqa: PLC0415

        return ssl.create_default_context(cafile=self.ca)
