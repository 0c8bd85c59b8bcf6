"""The double agent: names, masks, trust and posterior, outcomes and what they pay, and that no attacker ever sees the truth."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import envs
from envs.canvas import PALETTES, Canvas
from envs.defender.double_agent import themes
from envs.defender.double_agent.ledger import posted
from envs.game import Game
from envs.keys import fold
from envs.rules import PUBLIC, SPECTATOR, Refusal
from envs.trees import ancestor, first_of, level_of, on_path, split_level

LEAVES = first_of(3, 3)
"""The first leaf of a tree of depth and branching 3."""


@pytest.fixture(scope="module")
def game() -> Game:
    return envs.game("double_agent")


def dialogue(game: Game, *texts: str, truth: int = 0, prior: int = 0) -> Any:
    """The state after these statements and acts; names stand as numbers of nodes: "name #4"."""
    state = game.start(1)
    state["truth"], state["prior"] = truth, prior
    for text in texts:
        state = acted(game, state, text)
    return state


def acted(game: Game, state: Any, text: str) -> Any:
    """The state after an act; statements that are due before it are made: trust by the ledger, nothing believed, prior 0."""
    due = ("trust", "belief nothing", "", "prior 0", "guess nothing", "")
    while True:
        row = game.row(state)
        (seat,) = game.acting(state)
        private = due[row.phase].replace("trust", f"trust {min(row.trust, row.ledger.trust)}")
        obs = game.observe(state, seat)
        done = not private or text.split(" ", 1)[0] == private.split(" ", 1)[0]
        action = game.parse(named(text, obs, game) if done else private, obs, game.legal(state, seat))
        assert isinstance(action, list), action
        state = game.step(state, {seat: action[0]}, 1)
        if done:
            return state


def named(text: str, obs: Any, game: Game) -> str:
    """ "name #4" with the name of node 4."""
    kind, _, node = text.partition("#")
    names = themes.named(obs.theme, obs.naming, game.public.depth, game.public.branching)
    return kind + names[int(node)] if node else text


def at_random(game: Game, seed: int) -> Iterator[tuple[Any, int, list[int]]]:
    """(state, seat, action) of one random dialogue; of two in three nobody closes early, one of those detects. Last seat -1."""
    state, i = game.start(seed), 0
    while turns := game.turns(state):
        ((seat, legal),) = turns.items()
        for _ in range(8 if seed % 3 else 1):
            i += 1
            action = legal.sample(fold(seed, i))
            word = game.form(action, game.observe(state, seat)).split(" ", 1)[0]
            if word != "close" and (word != "trust" or action[0] >= int(state["trust"][0]) - 1):
                break
        if seed % 3 == 1 and int(state["phase"][0]) == 2 and int(state["trust"][0]) == 0:
            action = [legal[-1]]
        yield state, seat, action
        state = game.step(state, {seat: action}, seed)
    yield state, -1, []


def test_names_are_unique_in_every_theme_and_shape() -> None:
    assert len(themes.THEMES) == len(set(themes.THEMES)) == 15
    for theme in range(15):
        for number in range(25):
            for depth, branching in ((2, 2), (3, 3), (4, 4)):
                names = themes.named(theme, number, depth, branching)
                assert len(set(names)) == len(names) == first_of(depth + 1, branching)
                assert len({name.lower() for name in names}) == len(names)


def test_names_change_with_the_scenario_and_never_with_the_truth(game: Game, seeds: Any) -> None:
    drawn = set()
    for seed in seeds(20):
        row = game.row(game.start(seed))
        drawn.add(themes.named(row.theme, row.naming, 3, 3))
    assert len(drawn) == 20
    one, other = dialogue(game, truth=3), dialogue(game, truth=20)
    assert game.say(game.observe(one, PUBLIC)) == game.say(game.observe(other, PUBLIC))


def test_the_tree_agrees_with_paths() -> None:
    paths = [(a,) for a in range(3)] + [(a, b) for a in range(3) for b in range(3)]
    paths += [(a, b, c) for a in range(3) for b in range(3) for c in range(3)]
    for node, path in enumerate(paths):
        assert level_of(node, 3) == len(path)
        assert [paths[ancestor(node, level, 3)] for level in range(1, len(path) + 1)] == [
            path[: i + 1] for i in range(len(path))
        ]
        for leaf in range(LEAVES, 39):
            shared = path == paths[leaf][: len(path)]
            assert on_path(node, leaf, 3) == shared
            assert (split_level(node, leaf, 3) == 0) == shared
    assert level_of(-1, 3) == 0


def test_every_prior_theme_and_truth_is_drawn(game: Game, seeds: Any) -> None:
    rows = [game.row(game.start(seed)) for seed in seeds(300)]
    assert {row.prior for row in rows} == {0, 1, 2}
    assert {row.theme for row in rows} == set(range(15))
    assert {row.truth for row in rows} == set(range(27))
    many = [game.row(game.start(seed)) for seed in seeds(1500)]
    for seen in ([row.naming for row in many], [row.theme for row in many], [row.prior for row in many]):
        for base in (3, 9, 27):  # what all see from the start tells nothing of the truth
            hits = sum(number % base == row.truth % base for number, row in zip(seen, many, strict=True))
            assert abs(hits / 1500 - 1 / base) < 4.5 * math.sqrt(1 / base / 1500)
    fixed = envs.game("double_agent", prior=2, theme="bank", plain=True)
    assert {(fixed.row(fixed.start(seed)).prior, fixed.row(fixed.start(seed)).theme) for seed in range(9)} == {(2, 8)}


@pytest.mark.parametrize(
    "options", [{}, {"depth": 2, "branching": 2, "turns": 4}, {"depth": 4, "branching": 2, "prior": 2}]
)
def test_exactly_one_outcome_and_detection_only_without_trust(options: dict[str, Any], seeds: Any) -> None:
    game = envs.game("double_agent", plain=bool(options), **options)
    seen: dict[str, int] = {}
    for seed in seeds(5 if options else 60):
        for state, seat, _ in at_random(game, seed):
            if seat == 0 and int(state["phase"][0]) == 2:
                detect = game.form([game.legal(state, 0)[-1]], game.observe(state, 0)) == "detect"
                assert detect == (int(state["trust"][0]) == 0)
        facts, row, metrics = game.facts(state), game.row(state), game.metrics(state)
        assert facts.done
        assert not facts.truncated
        ended = [name for name in ("fooled", "extracted", "detected", "baited") if metrics[name]]
        assert len(ended) == 1
        seen[ended[0]] = seen.get(ended[0], 0) + 1
        assert ended != ["detected"] or row.trust == 0
        assert ended != ["baited"] or metrics["turns"] == len(row.about)
        assert (np.diff([trust for trust in row.trusts.tolist() if trust >= 0]) <= 0).all()
    assert options or set(seen) == {"fooled", "extracted", "detected", "baited"}


def test_the_truth_is_in_nothing_that_the_attacker_sees(game: Game, seeds: Any) -> None:
    """Another truth that agrees with what the attacker knows leaves all that it sees the same, whatever is said."""
    looked = 0
    for seed in seeds(6):
        moves = [(seat, action) for _, seat, action in at_random(game, seed) if seat >= 0]
        one, other = game.start(seed), game.start(seed)
        free = 3 ** (3 - int(one["prior"][0]))
        base = int(one["truth"][0]) // free * free
        other["truth"] = base + (int(one["truth"][0]) - base + 1 + seed % (free - 1)) % free
        for seat, action in moves:
            views = [all_that_is_seen(game, state, who) for state in (one, other) for who in (0, PUBLIC)]
            assert views[:2] == views[2:]
            assert all_that_is_seen(game, one, 1) != all_that_is_seen(game, other, 1)
            assert game.legal(one, seat).mask.tolist() == game.legal(other, seat).mask.tolist()
            after = [game.step(state, {seat: action}, seed) for state in (one, other)]
            told = [game.tell(before, {seat: action}, then) for before, then in zip((one, other), after, strict=True)]
            heard = [[mark for mark in marks if mark.audience in (0, PUBLIC)] for marks in told]
            assert heard[0] == heard[1]
            one, other = after
            looked += 1
        assert game.observe(one, 0) == game.observe(other, 0)
    assert looked > 80


def all_that_is_seen(game: Game, state: Any, who: int) -> tuple[Any, ...]:
    obs, canvas = game.observe(state, who), Canvas()
    game.draw(obs, canvas)
    if who == PUBLIC:
        return obs.array.tobytes(), game.say(obs), canvas.verbs
    fields = game.letter(obs) if who in game.acting(state) else None
    return obs.array.tobytes(), game.say(obs), canvas.verbs, game.encode(obs, "flat").tobytes(), fields


# Trust and posterior


@pytest.mark.parametrize(
    ("acts", "trust"),
    [
        (("ask 1", "vague"), 4),
        (("ask 1", "refuse"), 4),
        (("ask 1", "elicit"), 5),
        (("ask 1", "elicit", "reveal nothing", "elicit"), 4),
        (("ask 1", "name #0", "ask 1", "name #0"), 5),
        (("ask 1", "name #0", "ask 1", "name #1"), 3),
        (("ask 1", "name #0", "check #0", "no"), 3),
        (("ask 1", "name #0", "check #1", "no"), 5),
        (("ask 1", "name #0", "ask 2", "name #6"), 3),  # node 6 lies below node 1
        (("check #0", "no", "ask 1", "name #0"), 3),
        (("ask 1", "vague", "ask 1", "vague", "ask 1", "name #0", "ask 1", "name #1", "ask 1", "name #0"), 0),
    ],
)
def test_trust_falls_by_the_rule(acts: tuple[str, ...], trust: int, game: Game) -> None:
    assert game.row(dialogue(game, *acts)).ledger.trust == trust


def test_earned_trust_is_never_stated_lower_than_the_rule_leaves_it(game: Game) -> None:
    """Words and masks alike; without the option the attacker may distrust as it likes."""
    earned = envs.game("double_agent", trust="earned", plain=True)
    for rules, most in ((earned, [4, 5]), (game, [0, 1, 2, 3, 4, 5])):
        state = dialogue(rules, "ask 1", "vague")
        obs, legal = rules.observe(state, 0), rules.legal(state, 0)
        assert [action for action in range(6) if [action] in legal] == most
        assert f"its trust, from {most[0]} to 5" in rules.say(obs)
        told = rules.parse("trust 3; belief nothing; ask 1", obs, legal)
        assert isinstance(told, Refusal) == (rules is earned)
    assert "from 4 to 5" in rules_of_trust(earned)
    assert "no lower than by the rule of trust" in earned.spec.rules and "rule of trust" not in game.spec.rules
    ended = dialogue(earned, *["ask 1", "refuse"] * 5, "detect")
    assert earned.metrics(ended)["detected"]


def rules_of_trust(game: Game) -> str:
    """What the text channel answers to a trust that is too low."""
    state = dialogue(game, "ask 1", "vague")
    found = game.parse('{"trust": 0, "belief": null, "act": "ask 1"}', game.observe(state, 0), game.legal(state, 0))
    assert isinstance(found, Refusal)
    return found.reason


@pytest.mark.parametrize(("prior", "trust", "verified"), [(0, 5, 0), (1, 3, 0)])
def test_a_known_field_is_a_test(prior: int, trust: int, verified: int, game: Game) -> None:
    """The truth is leaf 0; whoever knows its first field sees that node 1 is a lie."""
    lied = game.row(dialogue(game, "ask 1", "name #1", prior=prior)).ledger
    assert (lied.trust, lied.verified) == (trust, verified)
    told = game.row(dialogue(game, "ask 1", "name #0", prior=prior)).ledger
    assert (told.trust, told.verified) == (5, int(prior > 0))


def test_the_posterior_is_bayes_rule(game: Game) -> None:
    """Level 3 asked by one who knows two fields: three leaves are left, and the named one has .85 .98 + .15 .3."""
    state = dialogue(game, "ask 3", "name #13", prior=2)
    fits = np.array([leaf < 3 for leaf in range(27)])
    chances = posted(game.row(state).ledger, 0.85, fits)
    named_one = 0.85 * 0.98 + 0.15 * 0.3
    others = 0.85 * 0.02 / 26 + 0.15 * 0.7 / 26
    assert chances[1] == pytest.approx(named_one / (named_one + 2 * others), rel=2e-3)
    assert chances.sum() == pytest.approx(1)
    again = posted(game.row(acted(game, acted(game, state, "ask 3"), "name #13")).ledger, 0.85, fits)
    assert 0 < again[1] - chances[1] < 0.02  # a repetition is news about the defender alone


def test_a_yes_and_a_no_weigh_leaves(game: Game) -> None:
    """check of node 0, a yes: .85 .98 + .15 .7 for its nine leaves, .85 .02 + .15 .5 for the others."""
    for answer, factor in (("yes", 1), ("no", -1)):
        chances = posted(game.row(dialogue(game, "check #0", answer)).ledger, 0.85, np.ones(27, np.bool_))
        ratio = math.log((0.85 * 0.98 + 0.15 * 0.7) / (0.85 * 0.02 + 0.15 * 0.5))
        assert math.log(chances[0] / chances[26]) == pytest.approx(factor * ratio, abs=5e-3)


# Outcomes and payments


@pytest.mark.parametrize(
    ("prior", "leaf", "outcome"), [(0, 9, "fooled"), (0, 3, "extracted"), (1, 3, "fooled"), (2, 1, "fooled")]
)
def test_a_close_extracts_when_the_first_unknown_field_is_right(
    prior: int, leaf: int, outcome: str, game: Game
) -> None:
    state = dialogue(game, "ask 1", "vague", f"close #{LEAVES + leaf}", prior=prior)
    assert game.metrics(state)[outcome]
    extracted = game.metrics(dialogue(game, f"close #{LEAVES}", prior=prior))
    assert extracted["extracted"] and extracted["unknown"] == 3 - prior


FOOLED = ("ask 1", "name #1", f"close #{LEAVES + 9}")
EXTRACTED = ("ask 1", "name #0", f"close #{LEAVES}")


@pytest.mark.parametrize(
    ("reward", "acts", "paid"),
    [
        ("duel", FOOLED, (-1, 1)),
        ("duel", EXTRACTED, (1, -1)),
        ("fooling", FOOLED, (0, 1)),
        ("fooling", EXTRACTED, (1, 0)),
        ("mind", FOOLED, (0, 1)),
        ("mind", ("ask 1", "prior 1", "vague", "ask 1", "prior 0", "vague", f"close #{LEAVES}"), (1, 0.5)),
        ("both", FOOLED, (0, 2)),
        ("both", EXTRACTED, (1, 1)),
        ("steps", FOOLED, (0, 1 + 0.5 / 15)),
    ],
)
def test_what_an_end_pays(reward: str, acts: tuple[str, ...], paid: tuple[float, float]) -> None:
    game = envs.game("double_agent", reward=reward, plain=True)
    assert totals(game, acts) == pytest.approx(paid)


def totals(game: Game, acts: tuple[str, ...]) -> list[float]:
    """Points of both seats, tick by tick, of a dialogue about leaf 0 with an attacker that knows nothing."""
    state, paid = dialogue(game), np.zeros(2)
    for text in acts:
        state = acted(game, state, text)
        paid += game.facts(state).reward
    return [float(each) for each in paid]


def test_a_detection_and_a_baited_attacker_pay_half_a_point(game: Game) -> None:
    state = dialogue(game, *["ask 1", "refuse"] * 5, "detect")
    assert game.metrics(state)["detected"]
    assert game.facts(state).reward == (0.5, -0.5)
    short = envs.game("double_agent", turns=2, plain=True)
    assert totals(short, ("ask 1", "vague", "ask 1", "vague")) == [-0.5, 0.5]


def test_gain_pays_what_the_probability_of_the_truth_gains() -> None:
    game = envs.game("double_agent", reward="gain", prior=0, plain=True)
    state, paid = dialogue(game), 0.0
    for text in ("ask 1", "name #0", "ask 2", "name #3", "ask 3", "name #13"):
        state = acted(game, state, text)
        paid += game.facts(state).reward[0]
        assert sum(game.facts(state).reward) == 0
        if text == "name #3":
            assert paid > 0.2
    now = posted(game.row(state).ledger, 0.85, np.ones(27, np.bool_))[0]
    assert paid == pytest.approx(now - 1 / 27, abs=2e-3)
    assert paid < 0  # the last field was a lie


def test_metrics_count_statements_and_the_turn_where_the_attacker_was_lost(game: Game) -> None:
    turns = (
        "belief #0",
        "ask 1",
        "prior 0",
        "guess #0",
        "name #0",
        "belief #1",
        "ask 2",
        "prior 1",
        "guess #0",
        "vague",
    )
    metrics = game.metrics(dialogue(game, *turns, "belief #4", f"close #{LEAVES + 9}", prior=0))
    assert (metrics["turns"], metrics["prior_per_mille"], metrics["belief_per_mille"]) == (3, 500, 500)
    assert metrics["lost"] == 2
    assert game.metrics(dialogue(game, "belief #0", f"close #{LEAVES}"))["lost"] == 0


# Conduct of a turn


def test_asked_back_the_attacker_reveals_or_ends_and_the_question_stays(game: Game) -> None:
    state = dialogue(game, "ask 2", "elicit", "belief nothing")
    words = {game.form([action], game.observe(state, 0)).split(" ", 1)[0] for action in game.legal(state, 0)}
    assert words == {"reveal", "close"}
    state = acted(game, state, "reveal #2")
    assert game.row(state).question.tolist() == [1, 2]
    with pytest.raises(AssertionError, match="not allowed"):
        acted(game, state, "name #0")  # a first field does not answer what was asked
    assert not game.facts(acted(game, state, "name #3")).done


def test_yes_and_no_answer_a_check_alone(game: Game) -> None:
    with pytest.raises(AssertionError, match="not allowed"):
        dialogue(game, "ask 1", "yes")
    assert game.row(dialogue(game, "check #4", "yes")).ledger.stated.tolist() == [0, 4, -1]


def test_an_attacker_closes_on_nothing_that_it_knows_to_be_false(game: Game) -> None:
    for prior, count in ((0, 27), (1, 9), (2, 3)):
        state = dialogue(game, "belief nothing", prior=prior)
        closes = [a for a in game.legal(state, 0) if game.form([a], game.observe(state, 0)).startswith("close")]
        assert len(closes) == count


# Words, drawing, options


def test_marks_tell_each_side_its_own(game: Game) -> None:
    before = dialogue(game, "ask 1", "name #1")
    after = acted(game, before, "trust 3")
    stated = game.tell(before, {0: [3]}, after)
    assert {mark.kind for mark in stated} == {"trust", "doubt"}
    assert {mark.audience for mark in stated} == {0}
    end = dialogue(game, *FOOLED)
    marks = game.tell(dialogue(game, *FOOLED[:2], "belief nothing"), {0: [game.spec.width - 2 - 17]}, end)
    assert marks[-1].kind == "end" and marks[-1].audience == SPECTATOR and "fooled" in marks[-1].text


def test_each_seat_is_drawn_its_own_pane(game: Game) -> None:
    state = dialogue(game, "ask 1", "name #1", "belief #1", "ask 2", "name #6")
    texts = {}
    for who in (0, 1, SPECTATOR, PUBLIC):
        canvas = Canvas()
        game.draw(game.observe(state, who), canvas)
        texts[who] = [verb[3] for verb in canvas.verbs if verb[0] == "text"]
        assert all(any(part in PALETTES["standard"] for part in verb if isinstance(part, str)) for verb in canvas.verbs)
    hidden = {who: sum(text.startswith("not yours") for text in texts[who]) for who in texts}
    assert hidden == {0: 1, 1: 2, SPECTATOR: 0, PUBLIC: 3}
    assert any(text.startswith("lost since turn 2") for text in texts[SPECTATOR])
    assert not any(text.startswith("lost") for who in (0, 1, PUBLIC) for text in texts[who])


@pytest.mark.parametrize(("prior", "acts"), [(2, ()), (0, ()), (0, ("ask 1", "name #0")), (0, ("ask 1", "name #1"))])
def test_the_truth_is_readable_on_any_bar(prior: int, acts: tuple[str, ...], game: Game) -> None:
    """No name has the colour of the bar that it lies on."""
    canvas = Canvas()
    game.draw(game.observe(dialogue(game, *acts, truth=0, prior=prior), SPECTATOR), canvas)
    bars = [verb for verb in canvas.verbs if verb[0] == "rect"]
    (true,) = [verb for verb in canvas.verbs if verb[0] == "text" and verb[3].startswith("*")]
    under = [bar for bar in bars if bar[1] <= true[1] < bar[1] + bar[3] and bar[2] <= true[2] < bar[2] + bar[4]]
    assert under and true[4] not in {bar[5] for bar in under}


def strip(game: Game, state: Any, who: int, level: int) -> list[tuple[float, float, str]]:
    """The segments of a level of the posterior, from left to right: where each begins and ends, and its colour."""
    canvas = Canvas()
    game.draw(game.observe(state, who), canvas)
    drawn = [verb for verb in canvas.verbs if verb[0] == "rect" and verb[2] == 2.0 + level and verb[1] >= 10]
    return sorted((verb[1], verb[1] + verb[3], verb[5]) for verb in drawn if verb[5] != "hole")


@pytest.mark.parametrize("acts", [(), ("ask 1", "name #1"), ("ask 1", "name #0", "check #3", "no")])
def test_the_posterior_is_drawn_over_the_whole_tree(acts: tuple[str, ...], game: Game) -> None:
    """Every node of every level is as wide as the leaves below it are likely, and lies under its parent."""
    state = dialogue(game, *acts, truth=4, prior=0)
    chances = posted(game.observe(state, 0).ledger, 0.85, np.ones(27, bool))
    for level in (1, 2, 3):
        masses = chances.reshape(3**level, -1).sum(axis=1)
        begins = np.minimum(10.5 + 10.5 * (np.cumsum(masses) - masses), 20.5)
        seen = strip(game, state, 0, level)
        assert [left for left, _, _ in seen] == pytest.approx(begins[masses >= 0.001].tolist())
        assert max(right for _, right, _ in seen) <= 21.01
        assert "good" not in {shade for *_, shade in seen}


@pytest.mark.parametrize(
    "acts", [(), ("ask 1", "name #1"), ("ask 1", "name #2", "ask 2", "name #10", "ask 3", "name #37")]
)
def test_the_truth_is_marked_on_every_level_for_the_spectator_alone(acts: tuple[str, ...], game: Game) -> None:
    """However unlikely it has become, and within the pane."""
    for truth in (0, 26):
        state = dialogue(game, *acts, truth=truth, prior=0)
        for level in (1, 2, 3):
            marked = [part for part in strip(game, state, SPECTATOR, level) if part[2] == "good"]
            assert len(marked) == 1 and 10.5 <= marked[0][0] < marked[0][1] <= 21 + 1e-9
        assert not any(strip(game, state, who, level) for who in (1, PUBLIC) for level in (1, 2, 3))


def test_options_are_checked() -> None:
    with pytest.raises(envs.UserError, match="prior=2 is not allowed: with depth 2 it must be from -1 to 1"):
        envs.game("double_agent", depth=2, prior=2)
    with pytest.raises(envs.UserError, match="theme=moon is not allowed"):
        envs.game("double_agent?theme=moon")
    assert "zero_sum" in envs.game("double_agent", plain=True).spec.traits
    assert "zero_sum" not in envs.game("double_agent", reward="both", plain=True).spec.traits


@pytest.mark.nightly
@pytest.mark.parametrize("name", ["double_agent", "double_agent?depth=2&branching=2&reward=gain"])
def test_all_promises_are_kept(name: str) -> None:
    report = envs.check(name, episodes=12)
    assert report.ok, str(report)
