"""Prices, purses and what is reserved: no budget is overshot, whoever asks at once, and a failed request costs what it may have cost."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

import envs
from agents.llm.accounts import DOLLAR, Price, bound, price_of
from agents.llm.ledger import FilePurse, Ledger, Purse, Spent
from agents.llm.outcomes import Usage
from arena.events import Acted, Refused, Seat
from arena.host import drive
from arena.match import Match
from envs.errors import UserError
from tests.agents.llm.endpoint import Answer, after, chunk, first_move, plays, says, sse, wrong

TABLE = """
[models.tiny]
prompt = 1.0
cached = 0.5
completion = 10.0
reasoning = 20.0
"""


@pytest.fixture
def prices(tmp_path: Path) -> str:
    path = tmp_path / "prices.toml"
    path.write_text(TABLE)
    return str(path)


def test_an_answer_costs_what_the_table_says(prices: str) -> None:
    price = price_of(prices, "tiny")
    assert price is not None
    # (60 * 1 + 40 * 0.5 + 15 * 10 + 5 * 20) dollars for a million
    assert price.cost(Usage(100, 20, 5, 40, True)) == 330 * DOLLAR // 1_000_000
    assert price.cost(Usage(10, 0, 99, 99, True)) == 5 * DOLLAR // 1_000_000
    assert price_of(prices, "huge") is None and price_of("", "tiny") is None


@pytest.mark.parametrize(
    "entry", ["[", "prompt = 1", 'prompt = "1"\ncompletion = 1', "prompt = -1\ncompletion = 1", "prompt = inf\ncompletion = 1",
              "prompt = 1\ncompletion = 1\nfee = 2"],
)  # fmt: skip
def test_a_wrong_table_is_one_line(tmp_path: Path, entry: str) -> None:
    (tmp_path / "p.toml").write_text(f"[models.tiny]\n{entry}\n")
    with pytest.raises(UserError) as told:
        price_of(str(tmp_path / "p.toml"), "tiny")
    assert "\n" not in str(told.value)


def test_a_table_that_is_missing_or_of_another_form_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no file") as told:
        price_of(str(tmp_path / "none.toml"), "tiny")
    assert told.value.code == 3
    (tmp_path / "p.toml").write_text("[tiny]\nprompt = 1\ncompletion = 1\n")
    with pytest.raises(UserError, match="has no prices"):
        price_of(str(tmp_path / "p.toml"), "tiny")


def test_no_prompt_has_more_tokens_than_are_reserved_for_it() -> None:
    texts = ["abc", "字" * 10, "🙂" * 5, "a\nb" * 50]
    assert all(bound([{"role": "user", "content": text}], "", 0) >= len(text.encode()) for text in texts)
    picture = [{"type": "text", "text": "abc"}, {"type": "image_url", "image_url": {"url": "data:x"}}]
    assert bound([{"role": "user", "content": picture}], "", 1500) >= 1503


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_a_hundred_at_once_never_overshoot(kind: str, tmp_path: Path) -> None:
    limit, highest = 1000, []
    purse: Any = Purse("match", limit) if kind == "memory" else FilePurse(tmp_path / "l.sqlite", "day", limit)

    def spend(seed: int) -> int:
        draw, spent = random.Random(seed), 0
        for _ in range(20 if kind == "memory" else 2):
            amount = draw.randrange(1, 60)
            if purse.reserve(amount):
                highest.append(purse.standing[0])
                cost = draw.randrange(amount + 1)
                purse.settle(amount, cost)
                spent += cost
        return spent

    with ThreadPoolExecutor(100) as pool:
        spent = sum(pool.map(spend, range(100)))
    assert purse.standing == (spent, 0) and spent <= limit and max(highest) <= limit and spent > limit // 4


def test_processes_share_a_purse(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from agents.llm.ledger import FilePurse\n"
        "purse = FilePurse(Path(sys.argv[1]), 'day', 100)\n"
        "print(sum(purse.reserve(1) for _ in range(40)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "l.sqlite")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    taken = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(taken) == 100 and all(process.returncode == 0 for process in running)


def test_a_request_draws_on_every_purse_or_on_none() -> None:
    rich, poor = Purse("day", 100), Purse("move", 10)
    with pytest.raises(Spent, match="budget of the move"):
        Ledger([rich, poor]).reserve(11)
    assert (rich.standing, poor.standing) == ((0, 0), (0, 0))
    Ledger([rich, poor]).reserve(10)
    assert (rich.standing, poor.standing) == ((10, 10), (10, 10))


@pytest.mark.parametrize("kind", ["memory", "file"])
def test_what_is_only_reserved_is_hoped_for_and_what_is_spent_is_not(kind: str, tmp_path: Path) -> None:
    purse: Any = Purse("day", 100) if kind == "memory" else FilePurse(tmp_path / "l.sqlite", "day", 100)
    one, other = Ledger([purse]), Ledger([purse])
    assert one.reserve(60) and not other.reserve(60) and purse.standing == (60, 60)
    one.settle(60, 10)
    assert other.reserve(60) and purse.standing == (70, 60)
    with pytest.raises(Spent, match="0 dollars left"):
        one.reserve(91)  # more than there would be if all came back
    other.settle(60, 60)
    with pytest.raises(Spent):
        one.reserve(31)
    assert one.reserve(30) and purse.standing == (100, 30)


def test_what_a_process_that_died_had_reserved_is_spent(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from agents.llm.ledger import FilePurse\n"
        "print(FilePurse(Path(sys.argv[1]), 'day', 100).reserve(60))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "l.sqlite")]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == "True\n"
    purse = FilePurse(tmp_path / "l.sqlite", "day", 100)
    assert purse.standing == (60, 0)
    with pytest.raises(Spent):
        Ledger([purse]).reserve(41)


def test_a_ledger_that_cannot_be_kept_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "l.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(UserError, match="choose another ledger"):
        FilePurse(tmp_path / "l.sqlite", "day", 1)
    with pytest.raises(sqlite3.Error):
        sqlite3.connect(tmp_path / "l.sqlite").execute("SELECT * FROM purses")


# ---------------------------------------------------------------------- in a match
def costs(table: Any) -> list[float]:
    return [event.notes["cost"] for event in table.events if isinstance(event, Acted | Refused) and event.seat == 0]


def test_a_match_is_billed_by_the_table(table: Any, first: Any, prices: str) -> None:
    endpoint = table.serve(after([says("")]))
    table.play([table.seat(endpoint, prices=prices), first])
    assert costs(table)[:2] == [0.00033] * 2


def test_a_spent_budget_is_void_and_no_request_is_made(table: Any, first: Any, prices: str) -> None:
    endpoint = table.serve(plays)
    result = table.play([table.seat(endpoint, prices=prices, budget_match=0.0001), first])
    assert result.faults == ((0, "void"),) and endpoint.seen == []
    assert "the budget of the match has 0.000100 dollars left" in table.events[-2].detail


@pytest.mark.parametrize(
    ("name", "room"), [("budget_move", 3), ("budget_match", 3), ("budget_tournament", 3), ("budget_day", 3)]
)
def test_each_budget_stops_in_time(table: Any, first: Any, prices: str, tmp_path: Path, name: str, room: int) -> None:
    """Every try is reserved anew, so that tries that fail cannot run away with money."""
    torn = Answer(pieces=[(0.0, sse(chunk({"content": "x"})))], end="cut")
    endpoint = table.serve(after([torn] * 99))
    price = price_of(prices, "tiny")
    assert isinstance(price, Price)
    most = price.most(4000, 2048) / DOLLAR
    limits = {name: most * room, "prices": prices, "ledger": str(tmp_path / "l.sqlite"), "tries": 99}
    result = table.play([table.seat(endpoint, **limits), first])
    assert result.faults == ((0, "void"),) and 1 <= len(endpoint.seen) <= 2 * room
    assert sum(costs(table)) <= most * room


def day_of(table: Any, prices: str, tmp_path: Path, room: float, **options: Any) -> dict[str, Any]:
    """Options of a seat, and the purse of a day that has room for so many requests."""
    price = price_of(prices, "tiny")
    assert isinstance(price, Price)
    limit = room * price.most(4000, 2048) / DOLLAR
    return {"prices": prices, "ledger": str(tmp_path / "l.sqlite"), "budget_day": limit} | options


def test_matches_wait_for_what_others_have_only_reserved_and_spend_no_more(
    table: Any, prices: str, tmp_path: Path
) -> None:
    """A budget for two or three requests at once, and ten matches of several: none is void, and none spends what it has not."""
    endpoint = table.serve(lambda body, n: says(json.dumps({"move": first_move(body)}), first=0.5))
    options = day_of(table, prices, tmp_path, 2.5)
    game = envs.game("kuhn_poker", plain=True)

    def one(seed: int) -> str:
        match = Match(game, [Seat("player_0", "llm"), Seat("player_1", "llm")], seed)
        return drive(match, [table.seat(endpoint, **options) for _ in range(2)], clock=table.now).reason

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(one, range(10))) == ["played out"] * 10
    assert 1 < endpoint.most_busy < 5
    with sqlite3.connect(tmp_path / "l.sqlite") as base:
        ((taken,),) = base.execute("SELECT taken FROM purses").fetchall()
    assert taken == len(endpoint.seen) * 330 * DOLLAR // 1_000_000 <= options["budget_day"] * DOLLAR


def test_a_wait_for_money_ends_with_the_clock_and_is_not_the_models(
    table: Any, first: Any, prices: str, tmp_path: Path
) -> None:
    endpoint = table.serve(plays)
    options = day_of(table, prices, tmp_path, 1.5)
    seat = table.seat(endpoint, **options)
    (purse,) = seat.purses._ledger().purses
    assert purse.reserve(purse.limit)
    result = table.play([seat, first], move=2.0)
    assert result.faults == ((0, "void"),) and endpoint.seen == [] and table.now() <= 2.0
    assert result.details == ("the time was over while it waited for what other requests have reserved of its budget",)
    assert table.events[-3].notes["requests"] == 0
    # Without a clock it gives up when nothing has come back for as long as an answer may take to begin.
    seat = table.seat(endpoint, **options, first=3.0)
    began = table.now()
    result = table.play([seat, first])
    assert result.faults == ((0, "void"),) and endpoint.seen == [] and 3.0 <= table.now() - began <= 4.0
    assert "has 0.000000 dollars left" in result.details[0]


def test_what_the_endpoint_refused_to_begin_is_free(table: Any, first: Any, prices: str) -> None:
    endpoint = table.serve(after([wrong(500)] * 2))
    table.play([table.seat(endpoint, prices=prices, budget_move=0.06), first])
    assert costs(table)[0] == 0.00033


def test_what_is_not_counted_is_taken_at_what_was_reserved(table: Any, first: Any, prices: str) -> None:
    endpoint = table.serve(after([says('{"move": "bet"}', usage=None)]))
    table.play([table.seat(endpoint, prices=prices), first])
    assert costs(table)[0] > 0.02


def test_a_budget_without_a_price_is_refused(table: Any, prices: str) -> None:
    endpoint = table.serve(plays)
    for options in ({"budget_day": 1.0}, {"budget_day": 1.0, "prices": prices, "model": "huge"}):
        with pytest.raises(UserError):
            table.seat(endpoint, **options)


def test_what_has_no_price_is_not_noted_as_free(table: Any, first: Any) -> None:
    table.play([table.seat(table.serve(plays)), first])
    assert all("cost" not in event.notes for event in table.events if isinstance(event, Acted) and event.seat == 0)


def test_a_ledger_is_made_by_many_at_once(tmp_path: Path) -> None:
    for number in range(40):
        path, begin = tmp_path / f"{number}.sqlite", Barrier(10)

        def spend(_: int, path: Path = path, begin: Barrier = begin) -> bool:
            begin.wait()
            return FilePurse(path, "day", 7).reserve(1)

        with ThreadPoolExecutor(10) as pool:
            assert sum(pool.map(spend, range(10))) == 7
