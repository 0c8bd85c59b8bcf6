"""Play matches: one in this process, or a series over all cores.

Agents are named by strings ("mcts?simulations=100", "module:name") or given as functions; the packages that know agents and recordings
are loaded by name, because this layer knows neither.
"""

from __future__ import annotations

import importlib
import os
import platform
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from arena.clock import Limits
from arena.events import Seat, Sink
from arena.forgiving import FORGIVEN, Retries
from arena.host import Host, close_all
from arena.match import Match, Result
from arena.schedule import Pairing
from envs.errors import FAILURE, UserError
from envs.game import Game
from envs.registry import game as open_game

__all__ = ["agent_makers", "compile_rules", "play", "recorder", "seat_of", "series", "software"]


AT_ONCE = 256
"""Matches that wait at once in one process, unless told otherwise."""
_compiled: set[tuple[str, str, str]] = set()
_compiling = threading.Lock()


@cache
def software() -> Mapping[str, str]:
    """What a recording says of the programs that made it."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        own = version("palaestra")
    except PackageNotFoundError:
        own = "source"
    return {"palaestra": own, "python": platform.python_version()}


def agent_makers(agents: Sequence[Any], sandbox: str = "") -> list[Any]:
    """What makes each seat's agent: see agents.load. Raises UserError for an unknown name or option, or walls that cannot be built."""
    load = importlib.import_module("agents").load
    return [load(agent, sandbox) for agent in agents]


def seat_of(name: str, maker: Any) -> Seat:
    """What is recorded of who sits in a seat, and of what holds it."""
    mode = "" if maker.mode == "trusted" else maker.mode
    return Seat(name, maker.address, maker.title, mode, maker.walls)


def recorder(path: str | os.PathLike[str], **options: Any) -> Any:
    """The sink that writes a recording."""
    return importlib.import_module("replays.recorder").Recorder(path, **options)


def play(
    game: str | Game, agents: Sequence[Any], *, seed: int = 0, record: str | os.PathLike[str] | None = None,
    limits: Limits | None = None, retries: Retries = FORGIVEN, sinks: Sequence[Sink] = (), texts: bool = True,
    clock: Callable[[], float] = time.monotonic, pause: Callable[[Match], None] | None = None, live: bool = False,
    after: Sink | None = None, branch: Mapping[str, Any] | None = None, opening: Callable[[Match, float], None] | None = None,
    stop: Callable[[], bool] | None = None, sandbox: str = "",
) -> Result:  # fmt: skip
    """Play one match to its end and return how it ended.

    game: a name with options, or a Game. agents: one per seat, names or functions. record: where the recording goes: finished and on disk
    when this returns, or the result says why it is not (`unrecorded`). limits: clocks. live: the recording is being watched, and the match
    stops when it is lost. stop: asked before each question; True ends the match as aborted. sandbox: "isolated" or "sealed" put every
    agent into a process of its own, "default" those that are somebody's own; see agents.load. after: a sink that comes behind the
    recorder. opening: plays known acts on the fresh match; branch: what is recorded of it.
    Raises UserError for what the caller got wrong.
    """
    rules = open_game(game) if isinstance(game, str) else game
    makers = agent_makers(agents, sandbox)
    rules.demand_players(len(makers))
    for maker in makers:
        maker.fits(rules)
    names = [seat_of(name, maker) for name, maker in zip(rules.spec.seat_names, makers, strict=True)]
    ident, players = secrets.token_hex(13), [maker() for maker in makers]
    try:
        _prepare(players, rules, ident, [seat.title for seat in names], limits or Limits())
        compile_rules(rules)
        match = Match(
            rules, names, seed, limits=limits, now=clock(), ident=ident, nonce=secrets.token_bytes(16), retries=retries,
            created=time.time(), software=software(), branch=branch,
        )  # fmt: skip
    except BaseException:
        close_all(players)
        raise
    taker = (
        recorder(record, texts=texts, each_tick=live and pause is not None, mailbox=live)
        if record is not None
        else None
    )
    if opening is not None:
        opening(match, clock())
    before = _before(_flusher(taker, clock) if taker is not None else None, stop)
    every = [sink for sink in (*sinks, taker, after) if sink is not None]
    host = Host(match, players, every, clock=clock, pause=pause, before=before)
    if live and taker is not None:
        host.before = _watched(host, taker)
    result = host.run()
    why = _lost(host, taker)
    return replace(result, unrecorded=why) if why else result


def _lost(host: Host, taker: Any) -> str:
    """Why the recorder was dropped; empty when it was not."""
    return next((getattr(error, "strerror", None) or str(error) for sink, error in host.dropped if sink is taker), "")


def _watched(host: Host, taker: Any) -> Callable[[Match, int], None]:
    """Nobody can see a live match whose recording is lost: it stops at the next question, with the reason."""
    inner = host.before

    def before(match: Match, seat: int) -> None:
        if why := _lost(host, taker):
            raise UserError(why, FAILURE)
        if inner is not None:
            inner(match, seat)

    return before


def compile_rules(rules: Game) -> None:
    """Take a first step with the rules, once in a process: else the first seat's clock would run while they are compiled or loaded."""
    known = rules.id, rules.digest, repr(rules.options)
    if rules.kind == "foreign" or known in _compiled:
        return
    with _compiling:  # matches that begin at once wait for it
        if known not in _compiled:
            _first_step(rules)
            _compiled.add(known)


def _first_step(rules: Game) -> None:
    state = rules.start(0)
    turns = rules.turns(state)
    for seat in turns:
        rules.observe(state, seat)
    if all(legal.form is None for legal in turns.values()):
        rules.step(state, {seat: legal.sample(0) for seat, legal in turns.items()}, 0)


def _before(
    flush: Callable[[Match, int], None] | None, stop: Callable[[], bool] | None
) -> Callable[[Match, int], None] | None:
    """What comes ahead of each question."""
    if stop is None:
        return flush

    def before(match: Match, seat: int) -> None:
        if stop():
            raise KeyboardInterrupt
        if flush is not None:
            flush(match, seat)

    return before


def _prepare(players: Sequence[Any], rules: Game, ident: str, names: Sequence[str], limits: Limits) -> None:
    """Let agents that have to start something do so before a clock runs."""
    for seat, player in enumerate(players):
        prepare = getattr(player, "prepare", None)
        if callable(prepare):
            prepare(rules, ident, seat, names, limits)


def _flusher(taker: Any, clock: Callable[[], float]) -> Callable[[Match, int], None]:
    """Before a question that may take long, what is known goes to the file: four times a second at most, and always for a person."""
    last = [clock()]

    def before(match: Match, seat: int) -> None:
        now = clock()
        person = match.seats[seat].agent.startswith(("human", "window"))
        if person or now - last[0] >= 0.25 or match.tick == 0:
            last[0] = now
            with suppress(
                OSError, ValueError
            ):  # a disk that failed is met again at the next event, where the host drops the recorder
                taker.flush()

    return before


def series(
    game: str, pairings: Sequence[Pairing], *, workers: int | None = None, record: Path | None = None,
    limits: Limits | None = None, retries: Retries = FORGIVEN, texts: bool = True, sandbox: str = "",
) -> Iterator[tuple[Pairing, Result]]:  # fmt: skip
    """Play pairings over all cores and yield each result as it comes. Agents are names (other processes make them).

    Where an agent's time goes by in waiting, matches run in threads of this process instead, AT_ONCE or `workers` of them.
    """
    if any(
        getattr(maker, "waits", False)
        for maker in agent_makers(sorted({agent for pairing in pairings for agent in pairing.seats}), sandbox)
    ):
        yield from _threaded(game, pairings, workers or AT_ONCE, record, (limits, retries, texts, sandbox))
        return
    workers = min(workers or os.cpu_count() or 1, len(pairings))
    tasks = [
        (game, pairing, record and record / f"{pairing.number:05d}.arena", limits, retries, texts, sandbox)
        for pairing in pairings
    ]
    if workers <= 1:
        yield from map(_one, tasks)
        return
    # The first match is played here: a mistake of the caller shows at once, and the rules are compiled once for all workers.
    yield _one(tasks[0])
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        chunk = max(1, min(16, len(tasks) // (workers * 8)))
        parts = [tasks[i : i + chunk] for i in range(1, len(tasks), chunk)]
        for future in as_completed([pool.submit(_several, part) for part in parts]):
            yield from future.result()
    finally:
        # Interrupted or left early, what has not begun is not played.
        pool.shutdown(cancel_futures=True)


def _threaded(
    game: str,
    pairings: Sequence[Pairing],
    workers: int,
    record: Path | None,
    how: tuple[Limits | None, Retries, bool, str],
) -> Iterator[tuple[Pairing, Result]]:
    """Matches in threads. Interrupted, those that run end as aborted at their next question, and no other begins."""
    rules, stop = open_game(game), threading.Event()
    limits, retries, texts, sandbox = how

    def one(pairing: Pairing) -> tuple[Pairing, Result]:
        path = record and record / f"{pairing.number:05d}.arena"
        return pairing, play(
            rules,
            pairing.seats,
            seed=pairing.seed,
            record=path,
            limits=limits,
            retries=retries,
            texts=texts,
            stop=stop.is_set,
            sandbox=sandbox,
        )

    pool = ThreadPoolExecutor(min(workers, len(pairings)), thread_name_prefix="match")
    try:
        for future in as_completed([pool.submit(one, pairing) for pairing in pairings]):
            yield future.result()
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def _several(tasks: Sequence[tuple[Any, ...]]) -> list[tuple[Pairing, Result]]:
    return [_one(task) for task in tasks]


_games: dict[str, Game] = {}


def _one(task: tuple[Any, ...]) -> tuple[Pairing, Result]:
    name, pairing, record, limits, retries, texts, sandbox = task
    if name not in _games:
        _games[name] = open_game(name)
    return pairing, play(
        _games[name], pairing.seats, seed=pairing.seed, record=record, limits=limits, retries=retries, texts=texts,
        sandbox=sandbox,
    )  # fmt: skip
