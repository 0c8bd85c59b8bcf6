"""Training of a defender: what the reply may depend on, what is paid, groups on one scenario, and that seats act as tables do."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import arena
import envs
from agents import load
from arena.agent import Ask
from arena.training import double_agent, double_agent_guest, double_agent_tables
from arena.training.dialogue import OUTCOMES, Table, attackers, folded, scripted, uttered
from arena.training.double_agent import Config, Mind, features, policy, rolled, scores
from arena.training.double_agent_runs import ATTACKERS, CELLS, probe, summed
from arena.training.double_agent_seat import Trained, loaded
from arena.training.double_agent_tables import claims, clustered, figures_of
from envs import keys
from envs.errors import UserError
from envs.records import owned

SMALL = Config(seed=3, batch=8, group=4, clones=1, updates=1)


@pytest.fixture(scope="module")
def table() -> Table:
    return Table(16, plain=True)


def test_folding_of_arrays_is_folding() -> None:
    keys_of = [0, 1, 2**63 + 5, 2**64 - 1]
    made = folded(np.array(keys_of, np.uint64), 7)
    assert made.tolist() == [keys.fold(key, 7) for key in keys_of]
    assert folded(99, np.arange(5)).tolist() == [keys.fold(99, n) for n in range(5)]


@pytest.mark.parametrize("attacker", ATTACKERS)
def test_a_row_of_a_table_is_the_dialogue_of_two_seats(attacker: str, table: Table) -> None:
    """The same acts as two agents make who are asked one after another with the same keys."""
    double_agent.fresh(table, 5, ATTACKERS.index(attacker), 1)
    game, start = table.game, fourth(table)
    table.play(attackers([attacker], table.num), scripted("tracker", table.num))
    end, kept = alone(game, start, attacker, table.keys[:, 3]), fourth(table)
    end["reward"] = kept["reward"] = 0  # of the last tick, which is another one for rows that ended early
    assert end.tobytes() == kept.tobytes()


def fourth(table: Table) -> Any:
    """A copy of one row's state, with the bytes between its fields, which numpy's own copy leaves undefined."""
    return owned(table.states[3:4].tobytes(), table.states.dtype)


def alone(game: Any, state: Any, attacker: str, seats: Any) -> Any:
    """The last state of a dialogue between two agents."""
    players = [load(f"scripted?attacker={attacker}")(), load("scripted?defender=tracker")()]
    while turns := game.turns(state):
        ((seat, legal),) = turns.items()
        ask = Ask("t", game, seat, game.facts(state).tick, game.observe(state, seat), legal, int(seats[seat]))
        for action in players[seat](ask).actions:
            assert action in game.legal(state, seat)
            state = game.step(state, {seat: action}, 0)
    return state


def test_scripted_defenders_are_what_they_are_called(table: Table) -> None:
    """Against the plain attacker: truth is extracted, silence and stray lies are found out, who knows k always fools."""
    found = {}
    for name in ("refuse", "honest", "random", "liar1", "oracle", "tracker"):
        double_agent.fresh(table, 6, 0, 1)
        outcome = table.play(attackers(["plain"], table.num), scripted(name, table.num))
        found[name] = [(outcome.ended == i).sum() for i in range(len(OUTCOMES))]
        if name == "liar1":
            assert ((outcome.ended == 0) == (outcome.prior == 0)).all()
    assert found["refuse"][2] == found["honest"][1] == found["oracle"][0] == table.num
    assert found["random"][2] >= 0.7 * table.num
    assert found["tracker"][0] >= 0.8 * table.num


def test_groups_share_a_scenario_and_differ_in_what_seats_draw(table: Table) -> None:
    double_agent.fresh(table, 1, 0, 8)
    names = [(int(s["truth"]), int(s["prior"]), int(s["naming"])) for s in table.states]
    assert len(set(names[:8])) == len(set(names[8:])) == 1
    assert names[0] != names[8]
    assert len(set(table.keys.reshape(-1).tolist())) == 2 * table.num


def test_the_reply_sees_the_dialogue_through_its_question_and_statement_alone() -> None:
    torch.manual_seed(0)
    mind, apart = Mind(), Mind(separate=True)
    question = torch.rand(4, double_agent.QUESTION)
    knew = torch.tensor([0, 1, 2, 1])
    states = torch.rand(2, 4, 64)
    assert torch.equal(mind.replies(states[0], question, knew), mind.replies(states[1], question, knew))
    assert not torch.equal(mind.replies(states[0], question, knew), mind.replies(states[0], question, (knew + 1) % 3))
    assert not torch.equal(apart.replies(states[0], question, knew), apart.replies(states[1], question, knew))
    assert torch.equal(apart.replies(states[0], question, knew), apart.replies(states[0], question, (knew + 1) % 3))


def test_nothing_else_of_the_dialogue_reaches_the_reply(table: Table) -> None:
    """Whatever was asked, answered and stated before: the same input of the reply head, and the same reply from the same world."""
    double_agent.fresh(table, 2, 1, 1)
    attack, answer = attackers(["forewarned"], table.num), scripted("vague", table.num)
    for _ in range(2):
        table.speak(0, attack(table))
        table.speak(1, answer(table))
    table.speak(0, attack(table))
    obs, rng = table.see(1).copy(), np.random.default_rng(4)
    other = obs.copy()
    for field in ("asked", "answers", "about", "minds", "guesses"):
        other[field][:, :2] = rng.permutation(other[field][:, :2], axis=0)
        other[field][:, :2] = np.where(rng.random(other[field][:, :2].shape) < 0.5, other[field][:, :2], 1)
    assert any(not np.array_equal(obs[field], other[field]) for field in ("asked", "answers", "minds"))
    last, knew, speaks = (
        rng.integers(limit, size=table.num) for limit in (double_agent.SPEECHES, 3, double_agent.SPEECHES)
    )
    assert np.array_equal(features(obs, last)[1], features(other, last)[1])
    replies = [uttered(table.game, each, knew, speaks, table.keys[1])[:, 2] for each in (obs, other)]
    assert np.array_equal(*replies) and len(set(replies[0].tolist())) > 3
    changed = obs.copy()
    changed["question"] = [1, 3]
    assert not np.array_equal(features(obs, last)[1], features(changed, last)[1])


def test_what_a_defender_sees_does_not_hold_what_the_attacker_knows(table: Table) -> None:
    double_agent.fresh(table, 2, 0, 1)
    table.speak(0, attackers(["forewarned"], table.num)(table))
    last = np.full(table.num, double_agent.NOTHING_YET)
    before = features(table.see(1), last)
    table.states["prior"] = (table.states["prior"] + 1) % 3
    after = features(table.see(1), last)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))
    assert before[0].shape == (16, double_agent.SEEN) and before[1].shape == (16, double_agent.QUESTION)


class Paid(Table):
    """A table that adds up what the game pays the defender."""

    def tick(self, actions: np.ndarray) -> None:
        super().tick(actions)
        self.total = getattr(self, "total", 0) + self.states["reward"][:, 1] / self.game.spec.scale


@pytest.mark.parametrize("reward", ["fooling", "mind", "both"])
def test_returns_are_the_rewards_of_the_game(reward: str) -> None:
    paid = Paid(8, plain=True, reward=reward)
    double_agent.fresh(paid, 4, 1, 1)
    rollout = rolled(paid, attackers(["plain"], 8), policy(Mind(), 8, torch.Generator().manual_seed(1)))
    assert double_agent.pay(rollout, reward) == pytest.approx(paid.total, abs=1e-5)


def test_log_probabilities_of_a_batch_are_those_of_its_dialogues_alone(table: Table) -> None:
    double_agent.fresh(table, 8, 0, 1)
    mind = Mind()
    rollout = rolled(table, attackers(["plain"], table.num), policy(mind, table.num, torch.Generator().manual_seed(2)))
    said, entropy, replies, values, state = scores(mind, rollout)
    assert len(said) == len(entropy) == len(replies) == len(values) == len(state) == int(rollout.lengths.sum())
    row = int(rollout.row[-1])
    alone, _ = mind.memory(rollout.seen[row : row + 1, : int(rollout.lengths[row])])
    assert torch.allclose(state[rollout.row == row], alone[0], atol=1e-6)
    assert (np.bincount(rollout.row.numpy(), minlength=16) == rollout.lengths.numpy()).all()


@pytest.mark.parametrize("algorithm", ["group", "ppo"])
def test_equal_configurations_give_equal_weights_and_training_moves_them(algorithm: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(double_agent, "Table", lambda num: Table(num, plain=True))
    config = dataclasses.replace(SMALL, algorithm=algorithm)
    looked: list[int] = []
    first, clone = double_agent.train(config, lambda update, rollout: looked.append(update))
    again, _ = double_agent.train(config) if algorithm == "group" else (first, clone)
    weights = [torch.cat([each.flatten() for each in mind.parameters()]) for mind in (first, again, clone)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert looked == [0]


def test_advantages_are_returns_less_their_group(table: Table) -> None:
    double_agent.fresh(table, 8, 0, 8)
    rollout = rolled(
        table, attackers(["plain"], table.num), policy(Mind(), table.num, torch.Generator().manual_seed(2))
    )
    returns = np.arange(16.0)
    gains = double_agent._advantages(
        rollout, returns, torch.zeros(len(rollout.row)), dataclasses.replace(SMALL, group=8)
    )
    assert gains.tolist() == [(row - 3.5) if row < 8 else (row - 11.5) for row in rollout.row.tolist()]
    values = torch.rand(len(rollout.row))
    one = dataclasses.replace(SMALL, algorithm="ppo", trace=1.0)
    traced = double_agent._advantages(rollout, returns, values, one)
    assert torch.allclose(traced + values, torch.tensor(returns, dtype=torch.float32)[rollout.row], atol=1e-5)


def test_a_probe_finds_what_a_state_holds(monkeypatch: Any) -> None:
    monkeypatch.setattr("arena.training.double_agent_runs.Table", lambda num: Table(num, plain=True))
    found = probe(Mind(), SMALL, num=12, steps=3)
    assert set(found) == {"probe", "stated"}
    assert all(0 <= share <= 1 for share in found.values())


def left(path: Path, mind: Mind) -> Path:
    """The file of a run with this network."""
    weights = {name: each.tolist() for name, each in mind.state_dict().items()}
    path.write_text(json.dumps({"config": dataclasses.asdict(SMALL), "weights": weights}), encoding="utf-8")
    return path


def test_a_trained_seat_plays_a_match_and_a_damaged_file_is_refused(tmp_path: Path) -> None:
    mind = Mind()
    path = left(tmp_path / "run.json", mind)
    assert all(torch.allclose(a, b) for a, b in zip(loaded(path).parameters(), mind.parameters(), strict=True))
    game = envs.game("double_agent", plain=True)
    address = f"arena.training.double_agent_seat:Trained?run={path}"
    result = arena.play(game, [load("scripted")(), load(address)()], seed=2)
    assert result.faults == ()
    assert sum(result.metrics[name] for name in OUTCOMES) == 1
    with pytest.raises(UserError, match="depth 3"):
        Trained.fits(envs.game("double_agent?depth=2", plain=True))
    run = json.loads(path.read_text(encoding="utf-8"))
    for text in ("{", "[]", json.dumps(run | {"weights": {}}), json.dumps({"config": run["config"]})):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match="holds no trained defender"):
            loaded(path)


def test_figures_count_dialogues_by_what_the_attacker_knew() -> None:
    cell = {"n": 10, "turns": 5.0, "fooled": 5, "extracted": 1, "detected": 4, "baited": 0, "mind": 0.5, "guess": 0.25}
    judging = {
        "attackers": {
            name: {k: cell | {"fooled": i * 5, "turns": 4.0 + i + n} for i, k in enumerate("012")}
            for n, name in enumerate(ATTACKERS)
        },
        "always_hard": 0.5,
        "always_knew": {"0": 0.25, "1": 0.5, "2": 1.0},
    }
    figures = figures_of([judging, judging], ("plain",))
    assert (figures["plain_knew_0"]["median"], figures["plain_knew_2"]["median"], figures["plain_hard"]["median"]) == (
        0,
        100,
        75,
    )
    assert figures["strategic_fooled"]["median"] == 50
    middles = {name: found["median"] for name, found in figures.items()}
    assert [middles[f"fooled_unknown_{unknown}"] for unknown in (3, 2, 1)] == [0, 50, 100]
    assert [middles[f"turns_unknown_{unknown}"] for unknown in (3, 2, 1)] == [5.5, 6.5, 7.5]
    assert [middles[f"all_four_unknown_{unknown}"] for unknown in (3, 2, 1)] == [25, 50, 100]
    assert (middles["guess_unknown_2"], middles["mind_unknown_1"], middles["detected_unknown_3"]) == (25, 50, 40)
    assert (middles["met_hard"], middles["unmet_hard"], middles["met_mind_hard"]) == (75, 75, 50)
    assert figures["turns_unknown_1"]["unit"] == "turns"
    assert "met_hard" not in figures_of([judging]) and "unmet_hard" not in figures_of([judging], ATTACKERS)
    assert figures["always_hard"] == {"n": 2, "median": 50.0, "interval": [50.0, 50.0], "unit": "%", "of": "mean"}


def test_the_correlation_draws_whole_defenders() -> None:
    pairs = {str(i): [(float(i), 2.0 * i + 1)] * 4 for i in range(6)}
    found = clustered(pairs)
    assert found["n"] == 6
    assert found["median"] == pytest.approx(1)
    wide = clustered({str(i): [(float(i % 3), float(i * 7 % 5))] * 50 for i in range(6)})
    assert wide["interval"][1] - wide["interval"][0] > 0.5  # 300 pairs, but six defenders


def test_summaries_add_up(table: Table) -> None:
    double_agent.fresh(table, 6, 3, 1)
    cells = summed(table.play(attackers(["plain"], table.num), scripted("liar2", table.num)))
    assert sum(cell["n"] for cell in cells.values()) == table.num
    assert all(sum(cell[name] for name in OUTCOMES) == cell["n"] for cell in cells.values())


def mumbles(ask: Ask) -> str:
    return "abracadabra"


def fails(ask: Ask) -> str:
    raise RuntimeError(ask.text)


def test_a_guest_is_judged_and_its_illegal_answers_are_its_faults(monkeypatch: Any) -> None:
    monkeypatch.setattr(double_agent_guest, "Table", lambda num: Table(num, plain=True))
    prior, ended = double_agent_guest.played(load("scripted?attacker=plain"), "oracle", 3)
    assert ended.tolist() == [0, 0, 0] and set(prior.tolist()) <= {0, 1, 2}
    for guest in (mumbles, fails):
        assert double_agent_guest.played(lambda guest=guest: guest, "oracle", 2)[1].tolist() == [len(OUTCOMES)] * 2
    with pytest.raises(UserError, match=r"no attacker 'agents\.scripted:Nobody'"):
        double_agent_guest.loaded("agents.scripted:Nobody")


def closes(ask: Ask) -> str:
    """Asks once, then closes on the first path that fits."""
    if ask.obs.phase == 2 and ask.obs.turn:
        return next(word for word in (ask.game.form([act], ask.obs) for act in ask.legal) if word.startswith("close"))
    return ("trust 5", "belief nothing", "ask 1")[ask.obs.phase]


def test_a_fifth_attacker_meets_scripted_and_trained_defenders_by_what_it_knew(
    tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr(double_agent_guest, "Table", lambda num: Table(num, plain=True))
    monkeypatch.setattr(double_agent_guest, "SCRIPTED", ("honest",))
    left(tmp_path / "both-plain-0.json", Mind())
    double_agent_tables.main(["--attacker", f"{__name__}:closes", "--runs", str(tmp_path), "--dialogues", "6"])
    head, honest, trained, count = capsys.readouterr().out.splitlines()
    assert head.split() == ["defender", "knew", "0", "1", "2", "hard", *OUTCOMES, "fault"]
    assert honest.split()[0] == "honest" and trained.split()[0] == "both-plain-0"
    shares = [int(share) for share in trained.split()[-10::2]]
    assert abs(sum(shares) - 100) <= 3 and count.startswith("6 dialogues a line (")
    for words, why in ((["--dialogues", "0"], "from 1 to"), (["--cells", "both"], "no cell 'both'")):
        with pytest.raises(UserError, match=why):
            double_agent_tables.main(["--attacker", f"{__name__}:closes", *words])


def test_chance_is_a_third_and_a_half_on_hard_scenarios(table: Table) -> None:
    """What is stated is drawn once a dialogue, evenly, and the lie begins behind it."""
    for name, drawn in (("chance", {0, 1, 2}), ("chance-hard", {1, 2})):
        said, right = [], []
        for seed in range(12):
            double_agent.fresh(table, 60 + seed, 0, 1)
            outcome = table.play(attackers(["plain"], table.num), scripted(name, table.num))
            minds = table.states["minds"]
            assert all(len(set(row[row >= 0].tolist())) == 1 for row in minds)
            assert ((outcome.ended == 0) == (minds[:, 0] == outcome.prior)).all()
            said += minds[:, 0].tolist()
            right += outcome.mind[outcome.prior > 0].tolist() if name == "chance-hard" else outcome.mind.tolist()
        assert set(said) == drawn
        assert abs(float(np.mean(right)) - 1 / len(drawn)) < 0.12


def test_cells_are_named_for_what_they_train() -> None:
    for name, config in CELLS.items():
        assert name.split("-")[0] == config.reward
        assert (config.attackers == ATTACKERS) == ("mixture" in name)


def judging(fooled: int, mind: float) -> dict[str, Any]:
    cell = {
        "n": 10,
        "turns": 5.0,
        "fooled": fooled,
        "extracted": 10 - fooled,
        "detected": 0,
        "baited": 0,
        "mind": mind,
        "guess": 0.5,
    }
    return {"attackers": {name: dict.fromkeys("012", cell) for name in ATTACKERS}, "always": 0.5, "always_hard": 0.5}


def test_claims_are_differences_to_the_clone_of_the_same_run() -> None:
    runs = {
        "mind-plain": [{"seed": s, "clone": judging(3, 0.5), "trained": judging(7 + s, 0.9)} for s in range(2)],
        "fooling-plain": [{"seed": s, "clone": judging(3, 0.5), "trained": judging(9, 0.6 + s / 10)} for s in range(2)],
        "both-plain": [{"seed": s, "clone": judging(3, 0.5), "trained": judging(10, 0.9)} for s in range(2)],
    }
    found = {row["id"]: row for row in claims(runs, ("python -m x", datetime(2026, 1, 1, tzinfo=UTC)))}
    middle = {name.partition("/")[2]: row["figures"]["difference"]["median"] for name, row in found.items()}
    assert middle["mind-fools"] == pytest.approx(45)
    assert middle["fooling-reads"] == pytest.approx(15)
    assert middle["both-best-plain"] == pytest.approx(10)
    assert middle["both-best-plain-over-mind"] == pytest.approx(25)
    assert middle["both-best-plain-statements"] == pytest.approx(25)
    assert middle["both-best-plain-over-mind-statements"] == pytest.approx(0)
    assert "both-best-forewarned" not in middle  # the cells of the mixture have no runs
    assert found["double-agent-claims/gains-correlate"]["figures"]["difference"]["n"] == 6
    assert found["double-agent-claims/gains-correlate-kinds"]["figures"]["difference"]["n"] == 3
    assert all(row["command"] == "python -m x" and row["seeds"] == [0, 1] for row in found.values())
