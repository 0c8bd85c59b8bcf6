"""The genetic algorithm: genomes give weights again, children are parents plus noise, and the best are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import arena
import envs
from arena.training import checkpoint, ga
from arena.training.ga import Config, Ga, Genome, Nursery, initial_scale, noise
from arena.training.trial import Trial
from envs.errors import UserError
from envs.keys import fold

RECALLED = str(Path(__file__).parent / "recalled.py")
SMALL: dict[str, Any] = {
    "population": 8,
    "parents": 3,
    "episodes": 6,
    "finalists": 2,
    "reruns": 10,
    "hidden": 4,
    "layers": 1,
    "log_every": 0.0,
}


def test_noise_follows_from_its_seed_and_is_standard_normal(seeds: Any) -> None:
    first, second = seeds(2)
    assert (noise(first, 1000) == noise(first, 1000)).all() and (noise(first, 1000)[:10] == noise(first, 10)).all()
    assert abs(float(np.corrcoef(noise(first, 4000), noise(second, 4000))[0, 1])) < 0.1
    drawn = noise(first, 40_000)
    assert (
        drawn.dtype == np.float32
        and abs(float(drawn.mean())) < 0.03
        and float(drawn.std()) == pytest.approx(1, abs=0.03)
    )


def test_a_genome_gives_the_sum_of_its_noises(seeds: Any) -> None:
    first, one, two = seeds(3)
    scale = np.linspace(0.0, 2.0, 50, dtype=np.float32)
    genome = Genome(first).child(one, 0.1).child(two, 0.5)
    slow = [
        np.float32(np.float32(scale[i] * noise(first, 50)[i]) + np.float32(0.1) * noise(one, 50)[i])
        + np.float32(0.5) * noise(two, 50)[i]
        for i in range(50)
    ]
    assert (Nursery(scale, 4).weights(genome) == np.array(slow, np.float32)).all()


def test_a_child_is_its_parent_plus_power_times_noise(seeds: Any) -> None:
    first, seed = seeds(2)
    nursery = Nursery(np.ones(30, np.float32), 8)
    parent = Genome(first)
    child = nursery.weights(parent.child(seed, 0.25))
    assert (child == nursery.weights(parent) + np.float32(0.25) * noise(seed, 30)).all()


def test_what_is_remembered_changes_nothing(seeds: Any) -> None:
    """A genome from its plain values, grown in a nursery that remembers one genome only, has the same bytes."""
    line = list(seeds(12))
    genome = Genome(line[0])
    for seed in line[1:]:
        genome = genome.child(seed, 0.02)
    again = Genome.of(genome.tree())
    assert again == genome
    scale = np.full(64, 0.3, np.float32)
    wide, narrow = Nursery(scale, 100), Nursery(scale, 1)
    assert wide.weights(genome).tobytes() == narrow.weights(again).tobytes() and len(narrow.known) == 1


def test_initial_weights_are_scaled_by_their_inputs() -> None:
    work = Ga(Config(**SMALL), envs.game("kuhn_poker"))
    scale = initial_scale(work.nets)
    (one,) = work.nets.values()
    one.theta[:] = scale
    inputs, hidden, outputs = one.sizes  # type: ignore[attr-defined]
    assert (inputs, hidden, outputs) == (11, 4, 3)
    matrices, biases = one.layers(one.theta)  # type: ignore[attr-defined]
    assert matrices[0] == pytest.approx(1 / np.sqrt(11)) and matrices[1] == pytest.approx(0.1 / np.sqrt(4))
    assert not biases[0].any() and not biases[1].any()
    work.close()


def judged(work: Ga, scores: dict[Genome, float]) -> None:
    """Let a genome's score be what a table says, without play."""

    def judge(trials: Sequence[Trial], genomes: Sequence[Genome], key: int) -> list[float]:
        return [scores.setdefault(genome, -float(len(scores))) for genome in genomes]

    work._judge = judge  # type: ignore[method-assign]


def test_parents_are_the_best_and_the_elite_is_one_of_them() -> None:
    work = Ga(Config(**SMALL), envs.game("kuhn_poker"))
    scores: dict[Genome, float] = {}
    judged(work, scores)
    work.round(0.0)
    first = sorted(scores, key=scores.__getitem__, reverse=True)
    assert work.parents == first[:3] and work.elite == first[0]
    # The next generation is worse: its best become parents, and the old elite is one of them.
    work.round(0.1)
    second = [genome for genome in scores if genome not in first]
    assert work.parents == [*second[:2], first[0]] and work.elite == first[0]
    assert {Genome(g.first, g.mutations[:-1]) for g in second} <= set(first[:3])
    assert all(len(g.mutations) == 1 and g.mutations[-1][1] == 0.02 for g in second)
    work.close()


def test_parents_are_drawn_alike() -> None:
    work = Ga(Config(**SMALL | {"population": 3000}), envs.game("kuhn_poker"))
    work.parents = [Genome(n) for n in range(3)]
    firsts = [genome.first for genome in work.born(key=7)]
    assert all(firsts.count(n) == pytest.approx(1000, abs=110) for n in range(3))
    assert len({genome.mutations for genome in work.born(key=7)}) == 3000
    work.close()


def test_a_trial_is_repeatable_and_knows_a_good_player_from_a_bad_one() -> None:
    """In Kuhn poker, weights that always bet and weights that always pass, by hand, against uniform play on equal deals."""
    work = Ga(Config(**SMALL | {"reruns": 1000}), envs.game("kuhn_poker"))
    bet, fold = np.zeros(len(work.nursery.scale), np.float32), np.zeros(len(work.nursery.scale), np.float32)
    bet[-2], fold[-3] = 1.0, 1.0  # biases of the outputs: pass, bet, value
    (final, *_) = work.finals
    scores = [*final.play(np.stack([bet, fold]), None, 0.0, 11)[0], *final.play(bet[None], None, 0.0, 11)[0]]
    assert scores[0] == scores[2]
    # The tree of the same game says what they should be; 1,000 episodes have a standard error of 0.05.
    assert scores[0] == pytest.approx(expected(1), abs=0.16) and scores[1] == pytest.approx(expected(0), abs=0.16)
    assert final.play(bet[None], bet, 1.0, 11)[0] == pytest.approx(0.0, abs=0.2)
    work.close()


@pytest.mark.parametrize(
    ("game", "kind"),
    [("connect_four", "mlp"), ("connect_four", "conv"), ("kuhn_poker", "gru"), (RECALLED, "attention")],
)
def test_whoever_is_judged_beside_them_genomes_come_to_the_same(game: str, kind: str, seeds: Any) -> None:
    """And in as many threads as there are."""
    settings = SMALL | {
        "net": kind,
        "population": 5,
        "parents": 2,
        "finalists": 2,
        "view": "rows" if kind == "attention" else "",
    }
    works = [Ga(Config(**settings, threads=count), envs.game(game)) for count in (1, 3)]
    assert [len(work.trials) for work in works] == [1, 3]
    genomes = [Genome(seed).child(seed + 1, 0.5) for seed in seeds(5)]
    works[0].elite = works[1].elite = Genome(7)
    together = works[0]._judge(works[0].trials, genomes, 3)
    assert together == works[1]._judge(works[1].trials, genomes, 3)
    assert together == [works[0]._judge(works[0].trials, [genome], 3)[0] for genome in genomes]
    assert len(set(together)) > 1
    for work in works:
        work.round(0.0)
    assert works[0].elite == works[1].elite and works[0].weights().keys() == works[1].weights().keys()
    for work in works:
        work.close()


@pytest.mark.parametrize(
    ("kind", "view"), [("gru", "flat"), ("conv", "planes"), ("attention", "rows"), ("mlp", "flat")]
)
def test_a_genome_is_judged_by_what_its_player_does(kind: str, view: str, tmp_path: Path) -> None:
    """In the same episodes, which the player plays one by one in matches."""
    settings = SMALL | {"net": kind, "view": view, "versus": 0.0, "power": 0.5, "steps": 200}
    ga.train(Config(**settings), RECALLED, tmp_path / "r")
    newest = checkpoint.newest(tmp_path / "r" / "checkpoints")
    assert newest is not None
    work = Ga(Config(**settings), envs.game(RECALLED))
    elite = work.nursery.weights(Genome.of(newest.state["work"]["elite"]))
    ((score,), decisions) = work.trials[0].play(elite[None], None, 0.0, 5)
    points = []
    for n in range(work.config.episodes):
        seed = int(fold(fold(fold(5, n), 0), 0))
        result = arena.play(RECALLED, [str(tmp_path / "r")] * 2, seed=seed)
        points.append(result.scores[n % 2])
    assert score == pytest.approx(np.mean(points)) and decisions >= 2 * work.config.episodes
    work.close()


def test_large_genomes_are_judged_few_at_a_time_and_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = []
    for room in (ga.ROOM, 1):
        monkeypatch.setattr(ga, "ROOM", room)
        work = Ga(Config(**SMALL), envs.game("kuhn_poker"))
        assert (work.trials[0].most == 1) == (room == 1)
        scores.append(work._judge(work.trials, [Genome(n) for n in range(7)], 3))
        work.close()
    assert scores[0] == scores[1] and len(scores[0]) == 7


def test_a_line_of_thousands_of_mutations_is_grown_from_its_first_seed() -> None:
    """As a run is that goes on after a kill; a child of it takes one step more."""
    genome = Genome(1, tuple((n, 0.01) for n in range(3000)))
    scale, nursery = np.ones(6, np.float32), Nursery(np.ones(6, np.float32), 8)
    slow = scale * noise(1, 6)
    for n in range(3000):
        slow = slow + np.float32(0.01) * noise(n, 6)
    assert (nursery.weights(genome) == slow).all() and len(nursery.known) == 8
    assert (nursery.weights(genome.child(9, 0.5)) == slow + np.float32(0.5) * noise(9, 6)).all()


def expected(act: int) -> float:
    """The mean over both seats of always doing one thing against uniform play."""
    from arena.training.trees import walk

    tree = walk(envs.game("kuhn_poker"))
    always = (tree.action == act).astype(float)
    own = [tree.owner[tree.set_of] == seat for seat in range(2)]
    return float(np.mean([tree.expected(np.where(own[s], always, tree.uniform()))[s] for s in range(2)]))


def test_a_run_improves_is_resumed_to_the_bit_and_plays(tmp_path: Path) -> None:
    told: list[dict[str, float]] = []
    settings = SMALL | {"population": 24, "episodes": 24, "reruns": 48}
    straight = Config(**settings | {"steps": 9000})
    ga.train(straight, "connect_four", tmp_path / "a", progress=lambda *news: told.append(dict(news[-1])))
    ga.train(Config(**settings | {"steps": 3000}), "connect_four", tmp_path / "b")
    ga.train(straight, "connect_four", tmp_path / "b", resume=True)
    newest = [checkpoint.newest(tmp_path / name / "checkpoints") for name in "ab"]
    assert newest[0] is not None and newest[1] is not None and newest[0].step == newest[1].step
    assert all((newest[0].weights[name] == newest[1].weights[name]).all() for name in newest[0].weights)
    assert newest[0].state["work"]["elite"] == newest[1].state["work"]["elite"]
    assert told[-1]["elite"] > told[0]["mean"] + 0.3
    assert arena.play("connect_four", [str(tmp_path / "a"), "random"], seed=3).faults == ()


def test_settings_outside_their_range_are_refused_with_the_range() -> None:
    with pytest.raises(UserError) as raised:
        Config(population=1)
    assert "from 2" in str(raised.value)
