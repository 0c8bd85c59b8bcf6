"""`arena serve ENV`: a host for players elsewhere. Prints where it is, what lets players in, and each result; Ctrl-C stops it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from arena.cli.lineup import clocks, limits_of, sandboxes
from envs.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arena.server.tokens import Tokens
    from envs.game import Game

__all__ = ["command"]

MOVE = 10.0
"""Seconds for an answer where no clock was chosen: a host cannot wait for ever."""


@click.command()
@click.argument("game", metavar="ENV")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, metavar="N", help="0 takes any free one (8765).")
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="The address to listen at (127.0.0.1).")
@click.option("--unix", type=click.Path(path_type=Path), metavar="PATH", help="A Unix socket instead.")
@click.option("--house", multiple=True, metavar="AGENT", help="Sits in a seat itself; may be given several times.")
@click.option("--matches", type=click.IntRange(1), metavar="N", help="Stop after so many.")
@click.option(
    "--record", type=click.Path(path_type=Path), metavar="FOLDER", help="Where recordings go (the folder of runs)."
)
@click.option(
    "--seed",
    type=click.IntRange(0, (1 << 63) - 1),
    metavar="S",
    help="Seed of the first match (secret ones are drawn).",
)
@click.option("--tokens", type=click.Path(path_type=Path), metavar="FILE", help="Who may come in: see `arena token`.")
@click.option("--open", "open_", is_flag=True, help="Let anybody in.")
@click.option("--tls-cert", type=click.Path(exists=True), metavar="FILE", help="Certificate for wss://.")
@click.option("--tls-key", type=click.Path(exists=True), metavar="FILE", help="Its key.")
@click.option("--insecure", is_flag=True, help="Listen beyond this machine without encryption.")
@click.option(
    "--grace",
    type=click.FloatRange(0, 3600),
    default=30.0,
    metavar="SECONDS",
    help="For lost players to come back (30).",
)
@click.option(
    "--longest", type=click.FloatRange(1, 1e6), default=3600.0, metavar="SECONDS", help="No match lasts longer (3600)."
)
@click.option("--no-gallery", is_flag=True, help="Show no matches to watchers.")
@clocks
@sandboxes
def command(
    game: str, port: int, host: str, unix: Path | None, house: tuple[str, ...], matches: int | None, record: Path | None, seed: int | None,
    tokens: Path | None, open_: bool, tls_cert: str | None, tls_key: str | None, insecure: bool, grace: float, longest: float,
    no_gallery: bool, move: float | None, bank: float | None, increment: float, sandbox: str | None,
) -> int:  # fmt: skip
    """Host matches for players over a network. They come with `arena join`, or with any program that speaks docs/protocol.md."""
    from arena.server.feed import Feed  # noqa: PLC0415  (help is shown without the rules)
    from arena.server.guests import Terms  # noqa: PLC0415
    from arena.server.serving import Host, Place  # noqa: PLC0415
    from arena.settings import load  # noqa: PLC0415

    limits = limits_of(MOVE if move is None and bank is None else move, bank, increment)
    place = Place(host, port, unix, _tls(tls_cert, tls_key), insecure)
    place.demand_safe()
    rules, makers = _rules(game, house, sandbox or "")
    folder = record or load().runs
    terms = Terms(limits, grace=grace, longest=longest, open=open_, matches=matches)
    known, token = _tokens(tokens, open_)
    feed = None if no_gallery or unix is not None else Feed()
    if feed is not None:
        feed.start(known, host, open_=open_, cert=tls_cert or "", key=tls_key or "")
    served = Host(rules, known, terms, place, makers, folder, over=_tell, seed=seed, gallery=feed)

    def ready(url: str) -> None:
        click.echo(f"serving {rules.id} at {url}")
        click.echo(f"join      arena join {url} AGENT{f' --token {token}' if token else ''}")
        if feed is not None:
            click.echo(f"watch     arena watch {url}{f' --token {token}' if token else ''}")
        click.echo(f"records   {folder}")
        sys.stdout.flush()

    try:
        return _run(served, ready)
    finally:
        if feed is not None:
            feed.close()
            feed.wait()


def _run(served: Any, ready: Any) -> int:
    import asyncio  # noqa: PLC0415
    import signal  # noqa: PLC0415

    from arena.protocol.lookout import run  # noqa: PLC0415

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, served.done.set)
        await served.run(ready)

    run(serve())
    return 0


def _rules(name: str, house: tuple[str, ...], sandbox: str) -> tuple[Game, list[Any]]:
    """The game, compiled by a match that nobody sees, and who sits in it."""
    from arena.matches import agent_makers, play  # noqa: PLC0415
    from envs.registry import game  # noqa: PLC0415

    rules = game(name)
    if rules.kind == "foreign":
        raise UserError(
            f"{rules.id} can be played by one match at a time and is not served: choose one of `arena envs`"
        )
    if len(house) >= rules.seats:
        raise UserError(f"{rules.id} has {rules.seats} seats: {len(house)} players of the house leave none for a guest")
    makers = agent_makers(house, sandbox)
    for maker in makers:
        maker.fits(rules)
    if rules.kind == "record":
        play(rules, ["first"] * rules.seats)
    return rules, makers


def _tokens(path: Path | None, open_: bool) -> tuple[Tokens, str]:
    """The tokens of the file; or one for this run alone, in words."""
    from arena.server.tokens import Tokens  # noqa: PLC0415

    known = Tokens(path)
    if path is not None and not known.grants:
        raise UserError(f"{path} holds no token: make one with `arena token new NAME --file {path}`")
    return known, "" if path is not None or open_ else known.add("guest", ["play", "spectate"])


def _tls(cert: str | None, key: str | None) -> Any:
    if cert is None and key is None:
        return None
    import ssl  # noqa: PLC0415

    if cert is None or key is None:
        raise UserError("an encrypted host needs both --tls-cert and --tls-key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise UserError(f"{cert} and {key} are no certificate and its key: {error}") from None
    return context


def _tell(seats: Sequence[Any], result: Any, recording: Path | None) -> None:
    from arena.tally import outcome  # noqa: PLC0415
    from arena.text import safe_text  # noqa: PLC0415

    names = [safe_text(seat.title, width=40) for seat in seats]
    told = outcome(names, [seat.name for seat in seats], result.scores, result.reason, result.ticks)
    faults = "".join(f", {names[seat]}: {cause}" for seat, cause in result.faults)
    click.echo(f"{time.strftime('%H:%M:%S')}  {told}{faults}  {recording or 'not recorded'}")
    sys.stdout.flush()
