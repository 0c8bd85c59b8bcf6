"""A genetic algorithm on the weights of networks: truncation, mutation and an elite, no gradient; a genome is a list of seeds.

Source: Such et al., "Deep Neuroevolution: Genetic Algorithms Are a Competitive Alternative for Training Deep Neural Networks" (2017), and
the code that came with it. The same: parents drawn uniformly from the best T, Gaussian mutation, no crossover, the best few judged again on
more episodes together with the old elite, and the winner forced among the parents. Changed: noise comes from a counter-based generator
keyed by the seed instead of a shared table; networks are small, so the mutation is stronger; a match has opponents; genomes are judged side
by side, in shards of a generation on threads. Unknown in the source: whether the elite also survives unchanged; here it does, as a
parent and as what is kept.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from arena.training import net
from arena.training.config import Common, setting
from arena.training.loop import drive
from arena.training.run import Run
from arena.training.threads import Crew, cores, let_torch, one_thread
from arena.training.trial import Trial
from envs.game import Game
from envs.keys import below, fold

__all__ = ["Config", "Ga", "Genome", "noise", "train"]

TOGETHER, ROOM = 2048, 1 << 24
"""Episodes that a thread plays side by side, and weights that it holds for them, at most."""


@dataclass(frozen=True)
class Config(Common):
    """Settings of the genetic algorithm; see `arena train --algo ga --help`."""

    population: int = setting(200, "genomes of a generation (1000 in the paper)", 2, 1 << 20)
    parents: int = setting(20, "the best that have children", 1, 1 << 20)
    power: float = setting(
        0.02, "standard deviation of a mutation (0.002 in the paper, for 4 million weights)", 1e-9, 10.0
    )
    episodes: int = setting(16, "episodes that a genome is judged by", 1, 1 << 16)
    finalists: int = setting(10, "the best that are judged again", 1, 1 << 20)
    reruns: int = setting(64, "episodes of that judgement (30 in the paper)", 1, 1 << 16)
    versus: float = setting(0.5, "share of the episodes against the elite; the others against random play", 0.0, 1.0)
    net: str = setting("auto", "kind of network; auto reads it off the view", choices=net.KINDS)
    hidden: int = setting(32, "width of hidden layers (channels of conv)", 1, 4096)
    layers: int = setting(2, "hidden layers (residual blocks of conv)", 1, 64)
    view: str = setting("", "view that the network reads; empty for the role's first")
    threads: int = setting(0, "shards of a generation that are judged at once; 0 for all cores", 0, 1024)


@dataclass(frozen=True)
class Genome:
    """first: the seed of the initial weights; mutations: (seed, power) of each step since. Eight bytes and a float a generation."""

    first: int
    mutations: tuple[tuple[int, float], ...] = ()

    def child(self, seed: int, power: float) -> Genome:
        """This genome, mutated once more."""
        return Genome(self.first, (*self.mutations, (seed, power)))

    def tree(self) -> list[Any]:
        """As plain values."""
        return [self.first, [list(each) for each in self.mutations]]

    @classmethod
    def of(cls, tree: Sequence[Any]) -> Genome:
        """The inverse of `tree`."""
        return cls(int(tree[0]), tuple((int(seed), float(power)) for seed, power in tree[1]))


def noise(seed: int, count: int) -> np.ndarray:
    """float32[count]: standard normal numbers that follow from the seed alone (Philox)."""
    return np.random.Generator(np.random.Philox(key=seed)).standard_normal(count, np.float32)


class Nursery:
    """Makes weights of genomes: `scale` float32[n] is what the initial noise is multiplied by. The last few hundred are remembered."""

    def __init__(self, scale: np.ndarray, remembered: int) -> None:
        self.scale, self.remembered = scale, remembered
        self.known: OrderedDict[Genome, np.ndarray] = OrderedDict()

    def weights(self, genome: Genome) -> np.ndarray:
        """float32[n]: a child is its parent plus power times noise, in float32, one step after another."""
        line = [genome]
        while line[-1] not in self.known and line[-1].mutations:
            line.append(Genome(genome.first, line[-1].mutations[:-1]))
        found = self._kept(line.pop(), None)
        while line:
            found = self._kept(line.pop(), found)
        return found

    def _kept(self, genome: Genome, parent: np.ndarray | None) -> np.ndarray:
        """A genome that is known, has no parent, or has this one."""
        found = self.known.get(genome)
        if found is None:
            seed, power = genome.mutations[-1] if parent is not None else (genome.first, 1.0)
            found = noise(seed, len(self.scale))
            found = self.scale * found if parent is None else parent + np.float32(power) * found
            self.known[genome] = found
        self.known.move_to_end(genome)
        while len(self.known) > self.remembered:
            self.known.popitem(last=False)
        return found


def initial_scale(nets: Mapping[str, net.Net]) -> np.ndarray:
    """float32[n] over the parameters of all networks: 1 / sqrt(inputs), a tenth of it in the last layer, 0 for biases."""
    parts = []
    for each in nets.values():
        last = f"{each.plan.layers}.weight" if each.plan.kind == "mlp" else "outputs.weight"
        for name, array in each.weights().items():
            # Matrices of `mlp` are [in, out], those of torch [out, in], kernels [out, in, 3, 3].
            inputs = len(array) if each.plan.kind == "mlp" else array[0].size
            size = (0.1 if name == last else 1.0) / np.sqrt(inputs) if array.ndim > 1 else 0.0
            parts.append(np.full(array.size, size))
    return np.concatenate(parts).astype(np.float32)


class Ga:
    """See the module; a `loop.Work`, whose round is a generation. step counts decisions of the judged genomes."""

    def __init__(self, config: Config, game: Game, run: Run | None = None) -> None:
        net.demand_listed("ga", game)
        self.config, self.game, self.step, self.generation = config, game, 0, 0
        self.nets = {
            role.name: net.make(
                net.plan_for(
                    game, role, kind=config.net, view=config.view, hidden=config.hidden, layers=config.layers,
                    outputs=sum(role.actions.factors) + 1, memory=True,
                ),
                0,
            )
            for role in game.spec.roles
        }  # fmt: skip
        let_torch(1)
        self.crew = Crew(config.threads or cores())
        self.trials = self._trials(config.episodes, config.population)
        self.finals = self._trials(config.reruns, config.finalists + 1)
        self.nursery = Nursery(initial_scale(self.nets), config.parents + config.finalists + 8)
        self.parents: list[Genome] = []
        self.elite: Genome | None = None

    def _trials(self, episodes: int, genomes: int) -> list[Trial]:
        """One for each thread that has a share of so many genomes."""
        shares = min(self.crew.count, genomes)
        size = sum(each.theta.size for each in self.nets.values())
        most = max(1, min(-(-genomes // shares), TOGETHER // episodes, ROOM // size))
        return [Trial(self.game, self.nets, episodes, most) for _ in range(shares)]

    # ------------------------------------------------------------------ a generation
    def round(self, progress: float) -> dict[str, float]:
        """Make a generation, judge it, choose parents and elite; see `loop.Work`."""
        key = int(fold(fold(self.config.seed, 23), self.generation))
        with one_thread():
            born = self.born(key)
            scores = self._judge(self.trials, born, int(fold(key, 1)))
            order = sorted(range(len(born)), key=lambda i: (-scores[i], i))
            self.parents = [born[i] for i in order[: self.config.parents]]
            best = self._crown([born[i] for i in order[: self.config.finalists]], int(fold(key, 2)))
        self.generation += 1
        assert self.elite is not None
        return {
            "best": scores[order[0]], "mean": float(np.mean(scores)), "elite": best, "generation": float(self.generation),
            "mutations": float(len(self.elite.mutations)),
        }  # fmt: skip

    def born(self, key: int) -> list[Genome]:
        """The genomes of a generation: fresh ones first, later children of uniformly drawn parents."""
        seeds = [int(fold(fold(key, 3), i)) for i in range(self.config.population)]
        if not self.parents:
            return [Genome(seed) for seed in seeds]
        drawn = [self.parents[int(below(fold(fold(key, 4), i), len(self.parents)))] for i in range(len(seeds))]
        return [parent.child(seed, self.config.power) for parent, seed in zip(drawn, seeds, strict=True)]

    def _crown(self, finalists: list[Genome], key: int) -> float:
        """Judge the best again, with the old elite; the winner becomes the elite and one of the parents. Its score."""
        judged = [*finalists, *([self.elite] if self.elite is not None and self.elite not in finalists else [])]
        scores = self._judge(self.finals, judged, key)
        self.elite = judged[int(np.argmax(scores))]
        if self.elite not in self.parents:
            self.parents[-1] = self.elite
        return max(scores)

    def _judge(self, trials: Sequence[Trial], genomes: Sequence[Genome], key: int) -> list[float]:
        """The mean points of each genome over the episodes of a key."""
        rival = self.nursery.weights(self.elite) if self.elite is not None else None
        scores: list[float] = []
        together = len(trials) * trials[0].most
        for at in range(0, len(genomes), together):
            weights = np.stack([self.nursery.weights(genome) for genome in genomes[at : at + together]])
            jobs = [job for job in zip(trials, np.array_split(weights, len(trials)), strict=True) if len(job[1])]
            for found, decisions in self.crew.map(
                lambda job: job[0].play(job[1], rival, self.config.versus, key), jobs
            ):
                scores += found.tolist()
                self.step += decisions
        return scores

    # ------------------------------------------------------------------ freezing and thawing
    def weights(self) -> dict[str, np.ndarray]:
        """The elite's."""
        chosen = self.elite or Genome(self.config.seed)
        at, whole = 0, self.nursery.weights(chosen)
        for each in self.nets.values():
            each.theta[:] = whole[at : at + len(each.theta)]
            at += len(each.theta)
        return net.named(self.nets)

    def state(self) -> dict[str, Any]:
        """See `loop.Work`. The outputs are played from greedily, as they were judged."""
        return {
            "nets": {name: each.plan.tree() for name, each in self.nets.items()}, "policy": "q", "generation": self.generation,
            "parents": [each.tree() for each in self.parents], "elite": self.elite.tree() if self.elite else [],
        }  # fmt: skip

    def restore(self, weights: Mapping[str, np.ndarray], state: Mapping[str, Any]) -> None:
        if state["nets"] != {name: each.plan.tree() for name, each in self.nets.items()}:
            raise ValueError("its genomes are of other networks")
        self.generation = int(state["generation"])
        self.parents = [Genome.of(tree) for tree in state["parents"]]
        self.elite = Genome.of(state["elite"]) if state["elite"] else None

    def close(self) -> None:
        self.crew.close()
        for trial in self.trials + self.finals:
            trial.close()


def train(config: Config, game: str | Game, run: str | os.PathLike[str], **more: Any) -> Path:
    """Train on a game into a folder; see `loop.drive` for the rest."""
    return drive(lambda rules, opened: Ga(config, rules, opened), config, game, run, **more)
