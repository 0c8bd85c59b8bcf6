"""Playing a plan: whatever crew plays it and however often it is stopped, the same results; processes that die are replaced."""

from __future__ import annotations

import os
import select
import signal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from agents.sandbox import reaper
from arena.ratings import digest
from arena.store import Played, Reader, sha256
from arena.tournament.account import chosen, progress, tables
from arena.tournament.crew import Done, Here, Processes
from arena.tournament.plan import Division, Plan
from arena.tournament.rounds import known, schedule, total
from arena.tournament.run import TRIES, Run, open_store
from arena.tournament.work import Task
from envs.errors import UserError
from tests.arena.tournament.kill_tournament import start

ROOT = Path(__file__).parents[3]
NIM = "docs/examples/nim_plain.py"
AGENTS = ("random", "first", "mcts?simulations=2")
DYING = f"{Path(__file__).parent / 'dying.py'}"


def plan(**more: Any) -> Plan:
    swiss = Division(NIM, (*AGENTS, "mcts?simulations=3"), system="swiss", rounds=2)
    return Plan("cup", (Division(NIM, AGENTS, sets=2), swiss, Division(NIM, AGENTS, system="ladder", rounds=3)), **more)


def played(plan: Plan, folder: Path, crew: Any, most: int = 10**6) -> list[Played]:
    store = open_store(plan, folder, secret=lambda: b"k" * 32)
    run = Run(store, crew)
    found = list(islice(run, most))
    store.close()
    return found


def told(folder: Path) -> list[Any]:
    with Reader(folder) as reader:
        return [(each.division, each.pairing, each.result) for each in reader.results()]


def digests(folder: Path) -> list[str]:
    with Reader(folder) as reader:
        return [digest(each) for each in tables(reader, [0, 1, 2], 20)]


def test_processes_and_this_process_come_to_the_same_results(tmp_path: Path) -> None:
    played(plan(), tmp_path / "here", Here())
    played(plan(), tmp_path / "there", Processes(2))
    assert told(tmp_path / "here") == told(tmp_path / "there")
    assert digests(tmp_path / "here") == digests(tmp_path / "there")
    with Reader(tmp_path / "there") as reader:
        assert [done == every for done, every in progress(reader.plan, reader.results())] == [True] * 3
        assert all(sha256(tmp_path / "there" / each.replay) == each.sha256 for each in reader.results())


def test_a_run_that_is_left_goes_on_where_it_was(tmp_path: Path) -> None:
    played(plan(), tmp_path / "whole", Here())
    first = played(plan(), tmp_path / "parts", Here(), 5)
    second = played(plan(), tmp_path / "parts", Here(), 9)
    third = played(plan(), tmp_path / "parts", Here())
    keys = [(each.division, each.pairing.number) for each in first + second + third]
    assert len(set(keys)) == len(keys) == sum(map(total, plan().divisions))
    assert told(tmp_path / "whole") == told(tmp_path / "parts")
    assert played(plan(), tmp_path / "parts", Here()) == []


def test_seeds_of_a_rated_tournament_hang_on_its_secret(tmp_path: Path) -> None:
    empty: list[dict[int, Any]] = [{}, {}, {}]
    open_, sealed = plan(), plan(rated=True)
    assert schedule(open_, b"a" * 32, empty) == schedule(open_, b"b" * 32, empty)
    assert schedule(sealed, b"a" * 32, empty) == schedule(sealed, b"a" * 32, empty)
    one, two = ({each.seed for _, each in schedule(sealed, key, empty)} for key in (b"a" * 32, b"b" * 32))
    assert not one & two
    assert min(one) > 1 << 40


def test_a_later_round_is_drawn_from_results_alone() -> None:
    division = plan().divisions[1]
    first = known(division, 1, b"k", {})
    assert {each.round for each in first} == {0}
    scores = {each.number: (1.0, -1.0) if each.players[0] < each.players[1] else (-1.0, 1.0) for each in first}
    whole = known(division, 1, b"k", scores)
    assert whole[: len(first)] == first
    assert whole == known(division, 1, b"k", dict(reversed(scores.items())))
    assert len(whole) == total(division)
    winners = {min(each.players) for each in first}
    again = {frozenset(each.players) for each in whole[len(first) :]}
    assert frozenset(winners) in again
    del scores[first[-1].number]
    assert known(division, 1, b"k", scores) == first


def test_a_void_match_counts_as_drawn_in_a_draw_of_rounds() -> None:
    division = plan().divisions[1]
    first = known(division, 1, b"k", {})
    assert known(division, 1, b"k", {each.number: None for each in first}) == known(
        division, 1, b"k", {each.number: (0.0, 0.0) for each in first}
    )


# ------------------------------------------------------------------ what goes wrong
def test_a_process_that_dies_is_replaced_and_its_match_void_in_the_end(tmp_path: Path) -> None:
    short = Plan(
        "cup", (Division(NIM, ("random", f"{DYING}:kills_its_process"), sets=1, sandbox="trusted"),), record=False
    )
    found = played(short, tmp_path, Processes(1))
    assert [each.result.reason for each in found] == ["void", "void"]
    assert found[0].result.metrics["trouble"] == "the process that played it ended (exit code 3)"
    with Reader(tmp_path) as reader:
        (table,) = tables(reader, [0], 20)
    assert (table.matches, table.uncounted) == (2, 2)


class Flaky:
    """A crew whose processes die on the first tries of every match."""

    def __init__(self, deaths: int) -> None:
        self.deaths, self.tries, self.here = deaths, 0, Here()
        self.task: Task | None = None

    @property
    def room(self) -> int:
        return int(self.task is None)

    def give(self, task: Task) -> None:
        self.task = task

    def take(self) -> list[Done]:
        self.tries += 1
        assert self.task is not None
        task, self.task = self.task, None
        if self.tries % (self.deaths + 1):
            return [Done(task, {"trouble": "it died"}, died=True)]
        self.here.give(task)
        return self.here.take()

    def close(self) -> None:
        pass


def test_a_match_is_tried_again_before_it_is_void(tmp_path: Path) -> None:
    short = Plan("cup", (Division(NIM, ("random", "first")),))
    assert [each.result.reason for each in played(short, tmp_path, Flaky(TRIES - 1))] == ["played out"] * 2


def test_a_match_without_an_end_is_void_after_its_time(tmp_path: Path) -> None:
    division = Division(NIM, ("random", f"{DYING}:never_answers"), patience=0.6, swap=False, sandbox="trusted")
    found = played(Plan("cup", (division,), record=False), tmp_path, Processes(1))
    assert [each.result.metrics["trouble"] for each in found] == ["not over after 0.6 s"]


def test_what_agents_print_and_read_does_not_reach_the_channel(tmp_path: Path) -> None:
    short = Plan("cup", (Division(NIM, ("first", f"{DYING}:prints_and_reads"), sandbox="trusted"),))
    assert [each.result.reason for each in played(short, tmp_path, Processes(1))] == ["played out"] * 2


def test_a_crash_of_an_agent_is_its_loss_and_stands_in_the_table(tmp_path: Path) -> None:
    short = Plan("cup", (Division(NIM, ("first", f"{DYING}:raises"), sandbox="trusted"),))
    played(short, tmp_path, Here())
    with Reader(tmp_path) as reader:
        (table,) = tables(reader, [0], 20)
    best, worst = table.ladders[0].standings
    assert (best.player.agent, worst.faults) == ("first", {"crash": 2})


def test_a_result_says_where_each_agent_ran(tmp_path: Path) -> None:
    own = f"{DYING}:raises"
    found = played(Plan("cup", (Division(NIM, ("first", own), swap=False),), record=False), tmp_path, Here())
    assert reaper.settled(30)
    ((first, other),) = [each.held for each in found]
    assert first == ("trusted",)
    assert other[0] == "isolated" and "process" in other[1:] and "bounds" in other[1:]
    with Reader(tmp_path) as reader:
        assert [each.held for each in reader.results()] == [(first, other)]
        (table,) = tables(reader, [0], 0)
    assert {each.player.agent: dict(each.modes) for each in table.ladders[0].standings} == {
        "first": {"trusted": 1}, own: {"isolated": 1},
    }  # fmt: skip


def test_a_disk_that_is_full_stops_the_tournament_with_one_line(tmp_path: Path) -> None:
    short = Plan("cup", (Division(NIM, ("first", "random")),))
    store = open_store(short, tmp_path)
    (tmp_path / "replays").rmdir()
    (tmp_path / "replays").write_text("in the way")
    with pytest.raises(UserError, match="match 0: "):
        list(Run(store, Here()))
    assert store.results() == []
    store.close()


def test_a_match_whose_process_is_killed_comes_back(tmp_path: Path) -> None:
    crew = Processes(1)
    crew.give({"patience": 60.0} | task(tmp_path))
    (worker,) = crew._workers
    os.kill(worker.process.pid, signal.SIGKILL)
    (done,) = crew.take()
    assert done.died
    assert done.outcome["trouble"] == "the process that played it ended (signal 9)"
    assert crew.room == 1
    crew.close()


def test_workers_die_with_the_process_that_started_them(tmp_path: Path) -> None:
    with start(tmp_path, 40, 1) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"kept\n"
        (worker,) = map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())
        handle = os.pidfd_open(worker)
        process.kill()
    ready, _, _ = select.select([handle], [], [], 20)
    os.close(handle)
    assert ready, "the worker outlives its parent"


def task(folder: Path) -> Task:
    return {
        "division": 0, "number": 0, "game": NIM, "seats": ["random", f"{DYING}:never_answers"], "seed": 1, "sandbox": "trusted",
        "limits": {"move": None, "bank": None, "increment": 0.0}, "retries": 2, "texts": True, "record": None,
    }  # fmt: skip


def test_a_game_is_chosen_by_its_name_with_or_without_options() -> None:
    two = Plan("cup", (Division("liars_dice?seats=3", AGENTS), Division("matrix", AGENTS)))
    assert chosen(two, None) == [0, 1]
    assert chosen(two, "liars_dice") == chosen(two, "liars_dice?seats=3") == [0]
    with pytest.raises(UserError, match=r"no game 'chess' in tournament cup: it has liars_dice\?seats=3, matrix"):
        chosen(two, "chess")
