"""The bench of models: paired plans, what is counted, who is left out, and the table, document and page that come of it."""

from __future__ import annotations

import json
import multiprocessing
import re
import threading
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import envs
from arena.bench.models.comparing import bouts
from arena.bench.models.count import Count, SeatCount
from arena.bench.models.page import page
from arena.bench.models.plan import Field, Plan, addresses, labels
from arena.bench.models.plots import scatter
from arena.bench.models.report import document, rows, titled, troubles
from arena.bench.models.running import How, Played, fitting, run, survivors
from arena.bench.models.tasks import task, tasks
from arena.cli import run as command_line
from arena.cli.tables import folded, table
from arena.clock import Limits
from arena.events import Acted, Refused
from arena.matches import play, series
from arena.schedule import rotations
from arena.standings import Player
from envs.errors import UserError

MODELS = """
from arena.agent import Reply, Unanswered

class Model:
    "Plays the first or the last move; fails at every tick that its rate divides."
    waits = True
    from envs.spec import Option
    OPTIONS = {"model": Option("m"), "first": Option(True), "every": Option(0, 0, 99), "kind": Option("empty")}

    def __init__(self, model="m", first=True, every=0, kind="empty"):
        self.model, self.first, self.every, self.kind = model, first, every, kind

    def __call__(self, ask):
        notes = {"usage": {"prompt": 100, "completion": 20, "reasoning": 5, "cached": 40}, "cost": 0.001, "requests": 2,
                 "failed": [["transient", 500, "no", 0.5]], "latency": {"first": 0.1, "total": 0.3}}
        if self.every and ask.tick % self.every == 0 and not ask.refusals:
            return Unanswered(self.kind, "<script>alert(1)</script>", "x", notes)
        return Reply([[ask.legal[0 if self.first else -1]]], notes=notes)
"""


@pytest.fixture
def models(tmp_path: Path) -> str:
    path = tmp_path / "models.py"
    path.write_text(MODELS)
    return f"{path}:Model"


def plan_of(
    models: str,
    *,
    pairs: int = 3,
    games: tuple[str, ...] = ("kuhn_poker",),
    pool: tuple[str, ...] = ("random", "first"),
) -> Plan:
    return Plan(games, (f"{models}?model=fine", f"{models}?model=shaky&every=2"), pool, pairs, 5)


def play_all(plan: Plan, **how: Any) -> tuple[dict[str, Any], list[Played]]:
    games = fitting(plan)
    played = list(run(plan, games, How(Limits(), at_once=8, **how)))
    return document(plan, games, played, 1.0, []), played


# ---------------------------------------------------------------------- the plan
def field_of(game: str, *pool: str) -> Field:
    return Field(envs.game(game, plain=True), pool or ("x", "y"))


def test_everybody_meets_the_pool_on_the_same_seeds_in_every_seat() -> None:
    duels = Plan(("g",), ("a", "b"), ("x", "y"), 3, 7).duels("g", field_of("kuhn_poker"), ["a", "b"])
    assert len(duels) == 5 * 3 * 2 and [duel.pairing.number for duel in duels] == list(range(30))
    for one, other in (("a", "x"), ("a", "y"), ("b", "x"), ("b", "y"), ("x", "y")):
        own = [duel for duel in duels if set(duel.pairing.seats) == {one, other}]
        assert [duel.pairing.seed for duel in own] == [7, 7, 8, 8, 9, 9]
        assert {duel.pairing.seats for duel in own} == {(one, other), (other, one)}
        assert len({duel.group for duel in own}) == 3


def test_where_there_are_more_seats_a_player_has_one_of_them_in_turn() -> None:
    duels = Plan(("g",), ("a",), ("x",), 2, 0).duels("g", field_of("liars_dice?seats=3", "x"), ["a"])
    assert [duel.pairing.seats for duel in duels[:3]] == [("a", "x", "x"), ("x", "x", "a"), ("x", "a", "x")]
    assert [duel.group for duel in duels] == [0, 0, 0, 1, 1, 1]


def test_models_get_their_options_and_each_file_of_prompts_makes_an_entrant() -> None:
    found = addresses(["m1", "llm?model=m2&seed=3"], ["base_url=http://h/v1"], ["a.toml", "b.toml"])
    assert found == (
        "llm?model=m1&base_url=http://h/v1&prompts=a.toml", "llm?model=m1&base_url=http://h/v1&prompts=b.toml",
        "llm?model=m2&seed=3&prompts=a.toml", "llm?model=m2&seed=3&prompts=b.toml",
    )  # fmt: skip
    assert list(labels(found).values())[:2] == ["m1 prompts=a.toml", "m1 prompts=b.toml"]
    assert labels(["llm?model=m1&base_url=x"]) == {"llm?model=m1&base_url=x": "m1"}
    with pytest.raises(UserError, match="KEY=VALUE"):
        addresses(["m"], ["base_url"], [])


# ---------------------------------------------------------------------- counts
def test_answers_are_counted_by_kind() -> None:
    counts = SeatCount(2)
    notes = {"usage": {"prompt": 10, "completion": "x"}, "cost": float("nan"), "latency": {"first": 0.5, "total": 1.0}}
    counts(Acted(0, 0.0, seat=0, action=[1], took=2.0, notes=notes))
    counts(Acted(1, 0.0, seat=0, action=[1], queued=True))
    for kind in ("empty", "empty", "illegal", "void"):
        counts(Refused(1, 0.0, seat=1, kind=kind))
    first, second = counts.seats
    assert (first.answers, first.attempts, first.tokens["prompt"], first.cost, first.thinking) == (1, 1, 10, 0.0, 1.0)
    assert (second.answers, second.attempts, second.kinds["void"]) == (0, 3, 1)
    assert second.valid[0] == 0.0 and first.valid[:1] == (1.0,) and Count().valid == (0.0, 0.0, 1.0)


# ---------------------------------------------------------------------- matches
def test_a_bench_counts_what_was_played(models: str) -> None:
    tree, played = play_all(plan_of(models))
    assert len(played) == 5 * 3 * 2
    fine, shaky = tree["entrants"]
    assert (fine["matches"], fine["valid"], fine["kinds"]["empty"]) == (12, 1.0, 0)
    assert shaky["kinds"]["empty"] > 5 and 0 < shaky["valid"] < 1
    assert fine["tokens"]["prompt"] == 100 * fine["answers"] and fine["dollars"] == pytest.approx(
        0.001 * fine["answers"]
    )
    players = {player["name"]: player for player in tree["games"][0]["players"]}
    assert set(players) == {"fine", "shaky every=2", "random", "first"}
    for player in players.values():
        low, high = player["rating_interval"]
        assert low <= player["rating"] <= high and player["won"] + player["drawn"] + player["lost"] == player["matches"]
    assert players["fine"]["share_per_dollar"] > 0 and players["random"]["share_per_dollar"] is None
    assert sum(player["rating"] for player in players.values()) / 4 == pytest.approx(1500, abs=1)
    assert (
        sorted(tree["games"][0]["players"], key=lambda p: -p["rating"])[0]["rating"]
        == tree["games"][0]["players"][0]["rating"]
    )


def test_the_same_results_give_the_same_figures_in_any_order(models: str) -> None:
    plan = plan_of(models, pool=("first",))
    games = fitting(plan)
    played = list(run(plan, games, How(Limits(), at_once=1)))
    trees = [document(plan, games, order, 1.0, []) for order in (played, played[::-1])]
    assert [p["rating"] for p in trees[0]["games"][0]["players"]] == [
        p["rating"] for p in trees[1]["games"][0]["players"]
    ]


def test_what_an_endpoint_fails_is_void_and_moves_no_rating(models: str) -> None:
    broken = f"{models}?model=broken&every=1&kind=void"
    tree, _ = play_all(Plan(("kuhn_poker",), (broken,), ("random", "first"), 2, 0))
    entrant, players = tree["entrants"][0], tree["games"][0]["players"]
    assert (entrant["void_matches"], entrant["answers"], entrant["attempts"], entrant["kinds"]["void"]) == (8, 0, 0, 8)
    found = next(player for player in players if player["name"] == "broken")
    assert (found["matches"], found["void"], found["won"], found["lost"]) == (0, 8, 0, 0) and found[
        "rating"
    ] == pytest.approx(1500, abs=60)


def test_who_is_surely_worse_is_left_out_and_who_may_be_equal_stays(models: str) -> None:
    plan = Plan(
        ("connect_four",), (f"{models}?model=fine", f"{models}?model=bad&every=1&kind=timeout"), ("random",), 12, 0
    )
    told: list[str] = []
    played = list(run(plan, fitting(plan), How(Limits(), at_once=4, rounds=3), told.append))
    assert len(told) == 1 and "model=bad" in told[0]
    counts = [sum(entrant in each.duel.pairing.seats for each in played) for entrant in plan.entrants]
    assert counts == [24, 8]
    assert survivors(plan.entrants[:1], played, 0, 0.95) == [plan.entrants[0]]
    twins = [f"{models}?model=fine", f"{models}?model=fine&kind=empty"]
    alike = Plan(("kuhn_poker",), tuple(twins), ("first",), 6, 0)
    assert survivors(twins, list(run(alike, fitting(alike), How(Limits()))), 0, 0.95) == twins


# ---------------------------------------------------------------------- where nobody in a match is an adversary
ALONE = """
from envs.plain import PlainGame
from envs.rules import Discrete, Refusal, Role, Spec

ROLES = (Role("player", 1, Discrete(4)),)
SPEC = Spec("probe_alone", "Alone", "Answer 0, 1, 2 or 3 three times; the sum counts.", ROLES, 3, points=(0.0, 9.0))

def init(s, c, key): s.sum = 0
def acting(s, c, seats): seats[0] = True
def legal(s, c, seat, mask): mask[:] = [True] * 4
def play(s, c, actions, key):
    s.sum += actions[0][0]
    s.reward[0] = actions[0][0]
    s.done = s.tick == 2
def observe(s, c, seat, obs): obs.sum = s.sum
def say(obs, c): return f"The sum is {obs.sum}."
def form(action, obs, c): return str(action)
def parse(text, obs, c, legal): return [int(text)] if text in "0123" else Refusal("no")
name = form
def tell(before, actions, after, c): return []
def draw(obs, c, canvas): canvas.size(1, 1)
def metrics(s, c): return {"sum_at_the_end": s.sum}
def build(): return PlainGame(globals(), SPEC)
"""


def test_in_a_game_for_one_players_are_compared_by_points_on_the_same_seeds(models: str, tmp_path: Path) -> None:
    (tmp_path / "alone.py").write_text(ALONE)
    most, least = f"{models}?model=most&first=false", f"{models}?model=least"
    plan = Plan((str(tmp_path / "alone.py"),), (most, least), ("random", "first"), 4, 0)
    tree, played = play_all(plan, record=tmp_path / "rec")
    assert len(played) == 4 * 4 == len(list((tmp_path / "rec").glob("*.arena")))
    game = tree["games"][0]
    players = {player["name"].partition(" ")[0]: player for player in game["players"]}
    assert game["compared"] == "over matches" and list(players)[:2] == ["most", "random"]
    assert [players[name]["points"] for name in ("most", "least")] == [9.0, 0.0] and players["most"][
        "points_interval"
    ] == [9.0, 9.0]
    assert [players[name]["share"] for name in ("most", "least")] == [1.0, 0.0] and players["most"]["metrics"] == {
        "sum_at_the_end": 9.0
    }
    assert (players["most"]["matches"], players["most"]["won"], players["least"]["won"]) == (4, 4, 0)
    assert players["least"]["rating"] == pytest.approx(players["first"]["rating"])
    assert survivors(plan.entrants, played, 0, 0.95) == [most]


def test_where_roles_earn_apart_they_are_compared_with_who_sat_in_the_same_seat(models: str) -> None:
    """The solver's first legal guess and its last one, beside the same proposers."""
    low, high = f"{models}?model=low", f"{models}?model=high&first=false"
    tree, played = play_all(Plan(("tests/probes/guess.py?solvers=1",), (low, high), ("first", "random"), 3, 0))
    # Each entrant beside each of the pool in both seats, the pool among itself in both seats, and each of it beside itself.
    assert len(played) == 3 * (2 * 2 * 2 + 2 * 2 + 2)
    players = {(player["name"].partition(" ")[0], player["role"]): player for player in tree["games"][0]["players"]}
    assert set(players) == {
        (name, role) for name in ("low", "high", "first", "random") for role in ("proposer", "solver")
    }
    assert all(players[name, role]["matches"] == 6 for name in ("low", "high") for role in ("proposer", "solver"))
    # Who does the same in the same seat earns the same in every comparison.
    field = fitting(Plan(("tests/probes/guess.py?solvers=1",), (low,), ("first", "random"), 3, 0))
    every = [
        dict(zip(each.players, each.scores, strict=True)) for each in bouts(*field.values(), played) if each.scores
    ]
    both = [each for each in every if {Player(low, "solver"), Player("first", "solver")} <= each.keys()]
    assert len(both) == 6 and all(each[Player(low, "solver")] == each[Player("first", "solver")] for each in both)
    assert players["low", "solver"]["answers"] > 0 and players["low", "proposer"]["answers"] == 6
    assert 0.0 <= players["low", "solver"]["share"] <= 1.0


def test_who_of_the_pool_does_not_play_a_game_is_left_out_there(models: str) -> None:
    told: list[str] = []
    plan = Plan(("matrix", "kuhn_poker"), (models,), ("minimax", "random"), 1, 0)
    assert {name: field.pool for name, field in fitting(plan, told.append).items()} == dict.fromkeys(
        plan.games, ("random",)
    )
    assert told == [f"minimax does not play {name} and is left out there" for name in plan.games]
    with pytest.raises(UserError, match="nobody of the pool"):
        fitting(Plan(("matrix",), (models,), ("minimax",), 1, 0))
    with pytest.raises(UserError, match="no range of points"):
        fitting(Plan(("gymnasium:FrozenLake-v1",), (models,), ("random",), 1, 0))


def test_tasks_name_games_and_players_that_there_are() -> None:
    for name, each in tasks().items():
        plan = Plan(each.games, addresses(["m"], ["key_env="], [], each.each), each.pool, each.pairs, 0)
        fields = fitting(plan)
        assert all(field.pool == each.pool for field in fields.values()), name
        labels(plan.entrants)
    towers = tasks()["towermind"]
    found = addresses(["m:8b", "x/y"], [], [], towers.each)
    assert list(labels(found).values()) == [f"{m} obs={obs}" for m in ("m:8b", "x/y") for obs in ("text", "both")]
    assert len(towers.games) == 5
    with pytest.raises(UserError, match="no task"):
        task("nope")


# ---------------------------------------------------------------------- matches that wait, in threads
def test_a_series_of_players_that_wait_is_played_in_threads_of_this_process(models: str, tmp_path: Path) -> None:
    pairings = rotations([f"{models}?every=2", "first"], 12, 4)
    waited = {pairing.number: result for pairing, result in series("kuhn_poker", pairings, record=tmp_path / "rec")}
    alone = {pairing.number: play("kuhn_poker", pairing.seats, seed=pairing.seed) for pairing in pairings}
    assert {n: (r.scores, r.refusals) for n, r in waited.items()} == {
        n: (r.scores, r.refusals) for n, r in alone.items()
    }
    assert len(list((tmp_path / "rec").glob("*.arena"))) == 12 and multiprocessing.active_children() == []


def test_a_series_that_is_left_begins_no_more_matches(models: str) -> None:
    results = series("kuhn_poker", rotations([models, "first"], 400, 0), workers=2)
    next(results)
    results.close()
    assert [thread for thread in threading.enumerate() if thread.name.startswith("match")] == []


def test_a_mistake_in_a_thread_is_told_as_such() -> None:
    with pytest.raises(UserError, match="say which model"):
        list(series("kuhn_poker", rotations(["llm", "first"], 4, 0)))


# ---------------------------------------------------------------------- what comes out
class Shape(HTMLParser):
    """Opened and closed tags, and what would be loaded from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


def test_the_page_is_whole_loads_nothing_and_runs_nothing(models: str) -> None:
    tree, _ = play_all(plan_of(models, pairs=2))
    tree["entrants"][0]["name"] = "<script>alert(1)</script>\x1b[2J"
    tree["left_out"] = ["<b>gone</b>"]
    text = page(tree)
    shape = Shape()
    shape.feed(text)
    assert (
        shape.open == []
        and shape.loads == []
        and "script" not in shape.seen
        and "b" not in shape.seen
        and "\x1b" not in text
    )
    assert shape.seen.count("svg") >= 4 and shape.seen.count("figure") == 5
    assert not re.search(r"url\(|@import|https?://", text)
    numbers = [float(value) for value in re.findall(r'(?:x|y|x1|x2|y1|y2|cx|cy|width|height)="(-?[\d.]+)"', text)]
    assert numbers and min(numbers) >= 0 and max(numbers) <= 1000


def small_bench(models: str, pairs: int) -> list[str]:
    """The words of a bench of one good model, in one game, against one player."""
    game = ["--games", "kuhn_poker", "--pool", "first", "--pairs", str(pairs)]
    return ["llm-bench", "--models", f"{models}?model=fine", *game]


def test_the_command_prints_a_table_and_a_document(
    models: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html = tmp_path / "out" / "page.html"
    common = small_bench(models, 2)
    assert command_line([*common, "--html", str(html), "--record", str(tmp_path / "rec")]) == 0
    shown = capsys.readouterr().out
    assert (
        "kuhn_poker " in shown
        and "fine" in shown
        and "100.0%" in shown
        and html.read_text().startswith("<!doctype html>")
    )
    assert len(list((tmp_path / "rec").glob("*.arena"))) == 4
    assert command_line([*common, "--record", str(tmp_path / "rec")]) == 2
    assert "none is overwritten" in capsys.readouterr().err
    assert command_line([*common, "--json"]) == 0
    tree = json.loads(capsys.readouterr().out)
    Draft202012Validator({"required": ["schema", "entrants", "games", "pool", "seed"]}).validate(tree)
    assert tree["schema"] == "palaestra.llm-bench/1" and len(rows(tree)) == 2


def test_a_mistake_is_told_before_a_match(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line(["llm-bench", "--models", "m"]) == 2
    assert command_line(["llm-bench", "--task", "nope", "--models", "m"]) == 3
    assert command_line(["llm-bench", "--games", "nope", "--models", "m", "--option", "key_env="]) == 3
    assert command_line(["llm-bench", "--games", "kuhn_poker", "--models", "m", "--option", "nonsense=1"]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_what_was_not_measured_is_empty_and_the_exit_code_says_so(
    models: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model whose endpoint never answered has no rating, no share of valid answers, no mark in the plots; and it comes last."""
    html = tmp_path / "page.html"
    broken = f"{models}?model=broken&every=1&kind=void"
    common = ["llm-bench", "--games", "kuhn_poker", "--models", broken, "--pool", "first,random", "--pairs", "1"]
    assert command_line([*common, "--html", str(html)]) == 1
    told = capsys.readouterr()
    assert "nothing was measured of broken" in told.err and "1 seed from 0" in told.out
    row = next(line.split() for line in told.out.splitlines() if " broken " in line)
    assert row[:4] == ["kuhn_poker", "broken", "0", "4"] and len(row) == 7
    assert told.out.splitlines()[3].split()[1] == "broken"
    page_text = html.read_text()
    assert "no answers" in page_text and page_text.count("<circle") == 2 and "Score and money" not in page_text


def test_a_name_leaves_room_for_its_role_and_for_the_points_of_others() -> None:
    players = [
        {"name": "scripted?attacker=strategic&defender=liar1", "role": role} for role in ("attacker", "defender")
    ]
    assert [titled(each, players, 24)[-10:] for each in players] == ["(attacker)", "(defender)"]
    assert max(len(titled(each, players, 24)) for each in players) == 24
    assert titled(players[0], players[:1]) == players[0]["name"]
    # The label of a point stands on no point.
    drawn = scatter([("one", 1.0, 0.5), ("two", 1.1, 0.55)], "x")
    names = re.findall(r'<text x="([\d.]+)" y="([\d.]+)" text-anchor="(start|end)">(?:one|two)<', drawn)
    points = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawn)]
    assert len(names) == len(points) == 2
    for x, y, anchor in names:
        left = float(x) - (20 if anchor == "end" else 0)
        assert not any(left < px < left + 20 and abs(py + 4 - float(y)) <= 11 for px, py in points)


def test_a_table_wider_than_the_terminal_is_folded() -> None:
    head, body = ["game", "player", "a", "b", "c"], [["g", "p", "1" * 9, "", "2" * 9], ["g", "q", "3", "", "4"]]
    assert folded(head, body, "llrrr", 2, None) == table(head, body, "llrrr") == folded(head, body, "llrrr", 2, 99)
    parts = folded(head, body, "llrrr", 2, 26).split("\n\n")
    assert [part.split("\n")[0].split() for part in parts] == [["game", "player", "a"], ["game", "player", "c"]]
    assert all(len(line) <= 26 for part in parts for line in part.split("\n"))


def test_what_an_endpoint_does_not_take_is_told(models: str) -> None:
    counts = SeatCount(1)
    counts(Acted(0, 0.0, seat=0, action=[1], notes={"without": ["temperature", "seed"]}))
    counts(Acted(1, 0.0, seat=0, action=[1], notes={"without": ["seed"]}))
    each = {"name": "m", "troubles": {"no": 1}} | counts.seats[0].tree()
    each |= {"troubles": {"no": 1}, "agent": "llm?model=m&prices=p.toml"}
    assert troubles({"entrants": [each]}) == [
        "m, void 1 time: no", "m has no price in p.toml: what it cost is not counted",
        "m was asked without seed, temperature: the endpoint does not take that"
    ]  # fmt: skip


def test_the_built_in_prompts_may_be_one_of_several() -> None:
    assert addresses(["m"], [], ["plain", "a.toml"]) == ("llm?model=m", "llm?model=m&prompts=a.toml")
    with pytest.raises(UserError, match="no model"):
        addresses([], [], [])


def test_a_page_that_cannot_be_written_is_told_before_a_match(
    models: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    common = small_bench(models, 1)
    (tmp_path / "file").write_text("")
    for place in (tmp_path, tmp_path / "file" / "page.html"):
        assert command_line([*common, "--html", str(place)]) == 2
        told = capsys.readouterr()
        assert "cannot write" in told.err and told.out == ""
