"""Self-play of the double agent: what is paid, that a learned attacker keeps to the masks, runs as players, trained bounds."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner

import arena
import envs
from agents import load
from arena.cli.exploit import command as exploit
from arena.training import double_agent, double_agent_attacker, duel, duel_response, duel_study
from arena.training.dialogue import (
    OUTCOMES,
    Outcome,
    Table,
    attackers,
    chosen,
    defenders,
    pressed,
    recognised,
    scripted,
)
from arena.training.double_agent import Mind, Voice
from arena.training.double_agent_attacker import DETECT, MOVES, Press, Suspect, gathered, policy, scores
from arena.training.duel import PAYOFF, Config
from arena.training.run import Run
from envs.errors import UserError
from envs.trees import ancestor

SMALL = Config(seed=3, batch=12, group=4, clones=1, updates=2, hidden=8)


def at_random(num: int, seed: int = 1) -> Press:
    return Press(policy(Suspect(8), num, torch.Generator().manual_seed(seed)), num)


class Checked(Table):
    """A table that looks at every act before it is played, and adds up what the game pays the attacker."""

    def tick(self, actions: np.ndarray) -> None:
        for row in np.flatnonzero(~self.states["done"]):
            state = self.states[row : row + 1]
            for seat, legal in self.game.turns(state).items():
                assert [int(actions[row, seat, 0])] in legal, self.game.form([int(actions[row, seat, 0])], None)
        super().tick(actions)
        self.total = getattr(self, "total", 0) + self.states["reward"][:, 0] / self.game.spec.scale


@pytest.mark.parametrize("trust", ["stated", "earned"])
def test_a_learned_attacker_keeps_to_the_masks_and_the_game_pays_what_is_learned_from(trust: str) -> None:
    table, ended = Checked(6, plain=True, trust=trust), set()
    for seed in range(2):
        double_agent.fresh(table, 4, seed, 1)
        table.total = 0
        defender = defenders(("refuse", "random"), 6) if seed else Voice(
            double_agent.policy(Mind(8), 6, torch.Generator().manual_seed(seed)), 6
        )  # fmt: skip
        outcome = table.play(at_random(6, seed), defender)
        assert PAYOFF[outcome.ended].tolist() == pytest.approx(table.total)
        ended |= set(outcome.ended.tolist())
    assert len(ended) >= 2


def test_the_declared_payoff_is_zero_sum_and_each_end_has_its_own() -> None:
    assert dict(zip(OUTCOMES, PAYOFF, strict=True)) == {"fooled": -1, "extracted": 1, "detected": 0.5, "baited": -0.5}
    assert "zero_sum" in envs.game("double_agent", plain=True).spec.traits


def test_moves_are_recognised_in_the_acts_that_they_become() -> None:
    table, seen = Table(12, plain=True), set()
    double_agent.fresh(table, 8, 0, 1)
    press, answer = at_random(12), scripted("vague", 12)
    while not table.states["done"].all():
        obs, rows = table.see(0), np.flatnonzero(~table.states["done"])
        actions = press(table)
        found = recognised(table.game, obs, actions)
        for row in rows:
            move, back = int(press.choices["move"][row]), int(found["move"][row])
            assert back == move or {back, move} <= {MOVES - 3, MOVES - 2}  # both ways to close are one act
            assert found["trust"][row] == actions[row, 0]
            seen.add(move)
        table.speak(0, actions)
        if not table.states["done"].all():
            table.speak(1, answer(table))
    assert len(seen) > 5


def test_closing_beside_what_was_told_leaves_it_at_the_first_unknown_field() -> None:
    table = Table(12, plain=True)
    double_agent.fresh(table, 8, 1, 1)
    asks, answer, choices = attackers(["plain"], 12), scripted("honest", 12), chosen(12)
    for _ in range(2):
        table.speak(0, asks(table))
        table.speak(1, answer(table))
    obs = table.see(0)
    told = obs["ledger"]["stated"][np.arange(12), obs["prior"]] >= 0
    choices["trust"] = obs["trust"]
    for move, true in ((MOVES - 3, True), (MOVES - 2, False)):
        choices["move"] = move
        acts = pressed(table.game, obs, choices, table.keys[0])[:, 2]
        for row in np.flatnonzero(told & ~obs["done"]):
            leaf = int(acts[row]) - (6 + 40 + 3 + 2 * 39 + 1) + 12
            first = int(obs["prior"][row]) + 1
            assert (ancestor(leaf, first, 3) == ancestor(12 + int(table.states["truth"][row]), first, 3)) == true
    assert told.sum() >= 4


def test_what_it_sees_of_its_levels_is_what_the_tree_says() -> None:
    table = Table(12, plain=True)
    for seed in range(2):
        double_agent.fresh(table, 9, seed, 1)
        press, answer = at_random(12, seed), scripted("random", 12)
        for _ in range(4):
            table.speak(0, press(table))
            if table.states["done"].all():
                break
            table.speak(1, answer(table))
            obs = table.see(0)
            told = double_agent_attacker._held(obs).reshape(12, 3, 3)
            for row in range(12):
                said, known = obs["ledger"]["stated"][row].tolist(), int(obs["known"][row])
                for level in range(3):
                    node, above = said[level], said[level - 1] if level else -1
                    shared = min(level + 1, int(obs["prior"][row]))
                    fits = node >= 0 and ancestor(node, shared, 3) == ancestor(known, shared, 3)
                    want = [node >= 0, node >= 0 and node // 3 - 1 == above, fits]
                    assert told[row, :, level].astype(bool).tolist() == want


def test_log_probabilities_of_a_batch_are_those_of_the_acts_when_they_were_drawn() -> None:
    table, suspect = Table(8, plain=True), Suspect(8)
    double_agent.fresh(table, 8, 0, 1)
    press = Press(policy(suspect, 8, torch.Generator().manual_seed(2)), 8)
    table.play(press, scripted("vague", 8))
    done = gathered(press.kept)
    said, entropy = scores(suspect, done)
    assert len(said) == len(entropy) == int(done.lengths.sum()) == len(done.row)
    assert bool((said > -50).all()) and bool((entropy >= 0).all())
    assert not bool((done.move[done.trust > 0] == DETECT).any())
    row = int(done.row[-1])
    alone, _ = suspect.memory(done.seen[-1:, : int(done.lengths[-1])])
    trusts = suspect.trust(alone[0]).masked_fill(~done.may_trust[done.row == row], -1e9).log_softmax(-1)
    moves = suspect.moves(alone[0], done.trust[done.row == row]).masked_fill(~done.may_move[done.row == row], -1e9)
    own = trusts.gather(-1, done.trust[done.row == row][:, None]) + moves.log_softmax(-1).gather(
        -1, done.move[done.row == row][:, None]
    )
    assert torch.allclose(own[:, 0], said[done.row == row], atol=1e-5)


def test_a_side_learns_from_its_own_rows_alone() -> None:
    table, suspect = Table(12, plain=True), Suspect(8)
    double_agent.fresh(table, 3, 0, 4)
    press = Press(policy(suspect, 24, torch.Generator().manual_seed(2)), 12)
    outcome = table.play(press, scripted("vague", 12))
    before = torch.cat([each.detach().flatten().clone() for each in suspect.parameters()])
    own = np.arange(12) < 8
    tries = []
    for changed in (0.0, 5.0):
        net = Suspect(8)
        net.load_state_dict(suspect.state_dict())
        returns = PAYOFF[outcome.ended] + np.where(own, 0.0, changed * np.arange(12))
        duel.learn(net, torch.optim.SGD(net.parameters(), 0.1), press, own, returns, SMALL, 0.0)
        tries.append(torch.cat([each.detach().flatten() for each in net.parameters()]))
    assert torch.equal(*tries)  # what happened in the rows of others changes nothing
    assert not torch.equal(tries[0], before)


def plain(num: int, **options: Any) -> Table:
    return Table(num, **options, plain=True)


def trained(path: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duel, "Table", plain)
        return duel.train(SMALL, envs.game("double_agent", trust="earned"), path)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("duel") / "a")


def test_equal_seeds_give_equal_players(run: Path, tmp_path: Path) -> None:
    one, two = (Run.opened(path).newest() for path in (run, trained(tmp_path / "b")))
    assert one is not None and two is not None
    assert all((one.weights[name] == two.weights[name]).all() for name in one.weights)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["step"] == SMALL.updates * SMALL.batch
    assert sum(lines[-1][name] for name in OUTCOMES) == pytest.approx(1)


def test_a_run_plays_either_seat_and_only_by_its_own_rules(run: Path) -> None:
    game = envs.game("double_agent", plain=True)
    for pair in (
        (load(str(run)), load("scripted")),
        (load("scripted"), load(str(run))),
        (load(str(run)), load(str(run))),
    ):
        result = arena.play(game, [maker() for maker in pair], seed=2)
        assert result.faults == ()
        assert sum(result.metrics[name] for name in OUTCOMES) == 1
    with pytest.raises(UserError, match="depth 3"):
        load(str(run)).fits(envs.game("double_agent?depth=2", plain=True))
    with pytest.raises(UserError, match="was trained on"):
        load(str(run)).fits(envs.game("connect_four", plain=True))


@pytest.mark.parametrize(
    ("game", "config", "more", "why"),
    [
        ("connect_four", SMALL, {}, "duel trains on double_agent"),
        ("double_agent?depth=2", SMALL, {}, "depth 3 and branching 3"),
        ("double_agent", SMALL, {"resume": True}, "not resumed"),
        ("double_agent", dataclasses.replace(SMALL, batch=32), {}, "give a multiple of 12"),
    ],
)
def test_what_cannot_be_trained_is_told_in_one_line(
    game: str, config: Config, more: dict[str, Any], why: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=why) as told:
        duel.train(config, envs.game(game, plain=True), tmp_path / "x", **more)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "x").exists()


def test_exploit_bounds_both_sides_of_a_run(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duel_response, "Table", plain)
    monkeypatch.setattr(duel_response, "Config", lambda **given: dataclasses.replace(SMALL, **given))
    found = CliRunner().invoke(exploit, [str(run), "--steps", "1", "--games", "6", "--json"], standalone_mode=False)
    told = json.loads(found.output)
    assert set(told["sides"]) == {"attacker", "defender"}
    assert told["exploitability"] == pytest.approx(sum(side["gain"] for side in told["sides"].values()) / 2)
    assert all(side["games"] == 6 and side["steps"] > 0 for side in told["sides"].values())
    words = CliRunner().invoke(exploit, [str(run), "--steps", "1", "--games", "6"], standalone_mode=False).output
    assert "against its defender, a trained exploiter gains" in words and "half the sum" in words


def test_a_damaged_run_is_told_in_one_line(run: Path, tmp_path: Path) -> None:
    broken = Run.create(tmp_path / "c", algo="duel", game=envs.game("double_agent", plain=True), config=SMALL)
    with pytest.raises(UserError, match="no checkpoint"):
        duel_response.networks(broken)
    broken.save(1, {"x": np.zeros(2, np.float32)}, {"work": {"hidden": 8}})
    with pytest.raises(UserError, match="holds no players of a duel"):
        duel_response.networks(broken)


def test_rows_of_the_study_are_means_over_seeds_of_what_runs_left(run: Path, tmp_path: Path, monkeypatch: Any) -> None:
    places = duel_study.Places(tmp_path, tmp_path)
    for seed in range(2):
        for name in duel_study.RESPONSES:
            told = {"gain": 0.5 + seed / 4, "usual": 0.25, "steps": 9, "seconds": 1.0}
            (tmp_path / f"response-{name}-{seed}.json").write_text(json.dumps(told), encoding="utf-8")
    ends = Outcome(np.array([0, 1, 1, 3]), np.zeros(4, int), np.full(4, 5), np.full(4, 0.5), np.full(4, 0.5))
    monkeypatch.setattr(duel_study, "made_run", lambda *_: Run.opened(run))
    monkeypatch.setattr(duel_study, "meet", lambda *_, **__: ends)
    kept = {
        row["id"]: row for row in duel_study.rows(places, [0, 1], ("python -m x", datetime(2026, 1, 1, tzinfo=UTC)))
    }
    assert kept["duel/earned"]["figures"]["extracted"]["median"] == 50
    assert kept["duel/earned"]["figures"]["points"]["median"] == pytest.approx(0.125)
    assert kept["duel-response/tracker-earned"]["figures"]["more"]["median"] == pytest.approx(0.375)
    assert kept["duel-exploitability/earned"]["figures"]["exploitability"]["median"] == pytest.approx(0.625)
    assert all(row["seeds"] == [0, 1] for row in kept.values())


@pytest.mark.nightly
def test_a_response_finds_that_free_distrust_is_worth_half_a_point() -> None:
    """Where trust is what the attacker says, distrusting in the second turn and detecting gains exactly that, against anybody."""
    bound = duel_response.attacks(Config(seed=0), "refuse", 60_000, 768, trust="stated")
    assert bound.gain >= 0.45
