"""PasoDoble and its controls: a proposer writes hard, solvable questions, a solver answers them, both learn, without labels.

Sources: PasoDoble (arXiv 2511.11881), online and offline; Search Self-play (arXiv 2510.18821): invalid questions earn nothing and are
replaced from a pool that is cleared every ten steps. Group-relative advantages, only mean-subtracted: the proposer's among the
questions that begin alike, the solver's among the answers to one question. Changed: the solver takes a step only when `collect`
questions with 0.2 < p < 1 have been gathered, because steps on a few unlearn. `train` works on any game of proposer and solvers whose
rules hold the history of questions and give problems (cells, problem). Offline and variants stand in files of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from arena.training import cold_start, hugging, offline, variants
from arena.training.cold_start import Examples, Shape, accuracy, decoders, held_out
from arena.training.decoder import Model
from arena.training.paradigms import PARADIGMS, Batch, Config, mean_of
from arena.training.run import Run
from arena.training.writing import Tables, Written, log_probabilities
from envs import keys
from envs.record_game import RecordGame
from envs.registry import game as named

__all__ = ["PARADIGMS", "Config", "Loop", "train"]

_PARTS = 50
"""Lines of metrics of a run; the held-out set is measured ten times."""
_END = 0.9
"""Where the end of a run begins, over whose steps the last line tells the mean: a single step of few questions says little."""


class Loop:
    """The training itself: `step` once, `measure` at any time. game: see Config.game; clock: processor seconds.

    models: a proposer and a solver in place of those that the settings name.
    """

    def __init__(
        self, config: Config, game: RecordGame, clock: Callable[[], float] = time.process_time,
        models: tuple[Model, Model] | None = None,
    ) -> None:  # fmt: skip
        self.config, self.game, self.clock = config, game, clock
        if config.variants:
            variants.demand_claims(game)
        torch.manual_seed(config.seed)
        self.draws = torch.Generator().manual_seed(config.seed)
        self.coins = np.random.default_rng(config.seed)
        self.held = held_out(game)
        self.shape = Shape.of(game, config.variants)
        self.proposer, self.solver = models or self._seated()
        self.examples = Examples(game, config.examples, config.seed, self.held)
        self.number, self.answers, self.tokens = 0, 0, 0
        self.waiting: list[tuple[Written, Tensor]] = []
        self.pool: list[tuple[int, ...]] = []
        self.buffer, self.start = offline.Buffer(), np.zeros(0)
        self.spent = {"proposing": 0.0, "solving": 0.0, "learning": 0.0}
        self._optimisers()

    def _seated(self) -> tuple[Model, Model]:
        c = self.config
        own = decoders(self.game, c.width, c.layers, c.variants)
        return hugging.seated(self.game, own, (c.proposer, c.solver), c.rank)

    def _optimisers(self) -> None:
        c = self.config
        self.proposes = torch.optim.Adam(_learning(self.proposer), max(c.proposer_lr, 1e-12))
        self.solves = torch.optim.Adam(_learning(self.solver), c.solver_lr)

    def warm(self, told: Callable[[int, float], None] = lambda step, share: None) -> int:
        """The cold start; steps that it took."""
        c = self.config
        settings: dict[str, Any] = {"told": told, "given": c.variants, "ahead": c.ahead}
        return cold_start.start(self.game, (self.proposer, self.solver), self.examples, c.until, c.seed, **settings)

    def step(self) -> dict[str, float]:
        """One step of the paradigm; what it was like."""
        self.number += 1
        if self.config.paradigm == "supervised":
            return self._supervise()
        if self.config.paradigm == "offline":
            return offline.step(self)
        if self.config.variants:
            return variants.step(self)
        batch = self._played()
        self.teach_proposer(batch)
        self.gather(batch)
        self.remember(batch)
        return self.told(batch)

    # ------------------------------------------------------------------ what is played
    def _played(self) -> Batch:
        batch = self._controlled() if self.config.paradigm == "uniform" else self.proposed()
        return self._replaced(batch) if self.config.paradigm == "ssp" else batch

    def _keys(self) -> np.ndarray:
        """A key for each question; those of a group are equal, so that their questions begin alike."""
        c = self.config
        first = keys.fold(keys.fold(c.seed, 7), self.number)
        return np.array([keys.fold(first, i // c.group) for i in range(c.questions)], np.uint64)

    def proposed(self) -> Batch:
        """Questions of the proposer, answered."""
        tables = Tables(self.game, self._keys())
        return self.answered(tables, self.timed("proposing", tables.propose, self.proposer, self.draws))

    def answered(self, tables: Tables, proposed: Written | None, gate: bool | None = None) -> Batch:
        """Let the solvers answer. gate: whether invalid questions count for nothing, as configured if not given."""
        gate = self.config.gate if gate is None else gate
        answered = self.timed("solving", tables.solve, self.solver, self.draws)
        s = tables.states
        self.answers += int(answered.drawn[:, 0].sum())
        self.tokens += int(answered.drawn.sum()) + (int(proposed.drawn.sum()) if proposed else 0)
        texts = [tuple(row[:length].tolist()) for row, length in zip(s["writing"], s["length"], strict=True)]
        read = [tuple(row) for row in tables.questions().tolist()]
        fresh = np.array([text not in read[:i] and text not in self.examples.held for i, text in enumerate(read)])
        valid = (s["verdict"] == 1) & fresh
        rewards = np.where(valid if gate else fresh, tables.reward[:, 0], 0.0)
        played = answered.drawn.view(len(texts), -1).any(1).numpy()
        valid = valid if gate else valid | (played & fresh)
        return Batch(
            proposed, answered, rewards, s["right"].copy(), valid, s["asked"].copy(), s["unlike"].copy(), texts
        )

    def _controlled(self) -> Batch:
        """Valid questions, even over the cells, none held out."""
        questions = [one.asked for one in self.examples.batch(self.config.questions)]
        return self.answered(Tables.asked(self.game, questions), None)

    def _replaced(self, batch: Batch) -> Batch:
        """Search Self-play: the answers to invalid questions are those to earlier valid ones; the proposer's rewards stay."""
        if (self.number - 1) % 10 == 0:
            self.pool = []
        lost = np.flatnonzero(~batch.valid)
        if self.pool and len(lost):
            chosen = [self.pool[i] for i in self.coins.integers(len(self.pool), size=len(lost))]
            again = self.answered(Tables.asked(self.game, chosen), None)
            rows = (
                torch.from_numpy(lost)[:, None] * self.config.attempts + torch.arange(self.config.attempts)
            ).reshape(-1)
            answered = Written.joined([batch.answered, again.answered])
            order = torch.arange(len(batch.answered.tokens))
            order[rows] = torch.arange(len(rows)) + len(order)
            batch.right[lost], batch.answered = again.right, answered.taken(order)
        self.pool += [text for text, valid in zip(batch.texts, batch.valid, strict=True) if valid]
        batch.valid = batch.valid | (np.isin(np.arange(len(batch.valid)), lost) & bool(self.pool))
        return batch

    # ------------------------------------------------------------------ who learns
    def teach_proposer(self, batch: Batch) -> None:
        """A step of the proposer on its rewards, compared within each group."""
        c, proposed = self.config, batch.proposed
        if proposed is None or c.paradigm == "frozen" or c.proposer_lr == 0.0:
            return
        tossed = self.coins.integers(2, size=len(batch.rewards)) if c.paradigm == "random" else None
        rewards = batch.learned(c.penalty) if tossed is None else tossed
        groups = rewards.reshape(-1, c.group) if c.group > 1 else rewards.reshape(1, -1)
        advantage = (groups - groups.mean(1, keepdims=True)).reshape(-1)
        if np.any(advantage):
            self.timed("learning", self.update, self.proposer, self.proposes, proposed, advantage, c.entropy)

    def gather(self, batch: Batch, low: float = 0.2) -> None:
        """Keep the answers to questions that some (p above `low`) and not all can do; learn when there are enough of them."""
        c, share = self.config, batch.share
        chosen = batch.valid & (share > low) & (share < 1)
        if c.paradigm == "ssp":
            chosen = batch.valid
        right = self.coins.integers(2, size=batch.right.shape) if c.paradigm == "random" else batch.right
        rows = np.flatnonzero(np.repeat(chosen, c.attempts))
        advantage = (right - right.mean(1, keepdims=True))[chosen].reshape(-1)
        if len(rows):
            self.waiting.append((batch.answered.taken(torch.from_numpy(rows)), torch.from_numpy(advantage)))
        if sum(len(each) for _, each in self.waiting) >= c.collect * c.attempts:
            written, advantages = (
                Written.joined([each for each, _ in self.waiting]),
                torch.cat([a for _, a in self.waiting]),
            )
            self.waiting = []
            self.timed("learning", self.update, self.solver, self.solves, written, advantages.numpy(), 0.0)

    def update(
        self, model: Model, optimiser: torch.optim.Optimizer, written: Written, advantage: np.ndarray, entropy: float
    ) -> None:
        """One step of policy gradient; advantage float[N], entropy: the weight of a bonus."""
        logs, spread = log_probabilities(model, written)
        loss = -(torch.from_numpy(advantage).float() * logs).mean() - entropy * spread
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(_learning(model), self.config.clip)
        optimiser.step()

    def _supervise(self) -> dict[str, float]:
        self.solves.param_groups[0]["lr"] = 1e-3
        loss = cold_start.answered(self.solver, self.examples.batch(256), self.shape)
        self.solves.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.solves.step()
        return {"loss": float(loss.detach())}

    def remember(self, batch: Batch) -> None:
        """The history after scoring: the questions of the last `batches` steps."""
        configs = self.game.configs.copy()
        room, count = configs["history"].shape[1], len(batch.asked)
        configs["history"][0] = np.concatenate((batch.asked, configs["history"][0]))[:room]
        configs["known"] = min(room, int(configs["known"][0]) + count)
        self.game.configure(configs.tobytes())

    # ------------------------------------------------------------------ what is told
    def told(self, batch: Batch) -> dict[str, float]:
        """The figures of a step."""
        valid = batch.valid
        share = batch.share[valid]
        return self._difficulty(batch) | {
            "valid": float(valid.mean()), "p": float(share.mean()) if len(share) else 0.0, "unlike": float(batch.unlike.mean()) / 1000,
            "reward": float(batch.rewards.mean()), "qualify": float((valid & (batch.share > 0.2) & (batch.share < 1)).mean()),
            "operators": float(batch.asked["count"].mean() - 1), "unique": len(set(batch.texts)) / len(batch.texts),
        }  # fmt: skip

    def _difficulty(self, batch: Batch) -> dict[str, float]:
        """How often the solver of the start would have failed at valid questions, by their cells; nothing before it was measured."""
        cells = {cell: i for i, cell in enumerate(self.game.words["cells"](self.game.public))}
        asked = batch.asked[batch.valid]
        found = [cells.get((int(q["count"]) - 1, len(str(int(q["numbers"].max()))))) for q in asked]
        known = [i for i in found if i is not None]
        return {"difficulty": 1 - float(self.start[known].mean())} if len(self.start) and known else {}

    def measure(self) -> dict[str, float]:
        """Held-out accuracy, sampled and greedy: the mean over the cells, and each cell's. skill: the sampled mean."""
        found: dict[str, float] = {}
        for name, greedy in (("sampled", False), ("greedy", True)):
            cells = accuracy(self.game, self.solver, self.held, self.config.seed, greedy=greedy)
            found |= {name: float(np.mean(cells))} | {f"{name}_{i}": share for i, share in enumerate(cells)}
            self.start = self.start if len(self.start) else np.array(cells)
        return found | {"skill": found["sampled"]} | (variants.spread(self) if self.config.variants else {})

    def timed(self, what: str, work: Callable[..., Any], *arguments: Any) -> Any:
        began = self.clock()
        try:
            return work(*arguments)
        finally:
            self.spent[what] += self.clock() - began


def _learning(model: Model) -> list[Tensor]:
    """The weights that learn."""
    return [weight for weight in model.parameters() if weight.requires_grad]


def train(
    config: Config, run: str | Path, *, warm: Sequence[dict[str, Tensor]] = (), clock: Callable[[], float] = time.process_time,
    models: tuple[Model, Model] | None = None,
) -> dict[str, float]:  # fmt: skip
    """Train into a run folder; the last measurement. warm: weights of a proposer and a solver that have been cold-started."""
    game = named(config.game())
    assert isinstance(game, RecordGame)
    folder = Run.create(run, algo="pasodoble", game=game, address=config.game(), config=config)
    loop = Loop(config, game, clock, models)
    if warm:
        loop.proposer.load_state_dict(warm[0])
        loop.solver.load_state_dict(warm[1])
    else:
        loop.warm(lambda step, share: folder.note(f"cold start: step {step}, held-out {share:.3f}"))
    first, trained, told = loop.measure(), 0.0, 0
    end: list[dict[str, float]] = []
    folder.log(0, 0.0, first)
    while trained < config.seconds and not (config.steps and loop.number >= config.steps):
        began = clock()
        lately = loop.step()
        trained += clock() - began
        if trained <= _END * config.seconds:
            end.clear()
        end.append(lately)
        if (parts := int(_PARTS * trained / config.seconds)) > told:  # measuring is not counted as training
            measured = loop.measure() if parts * 10 // _PARTS > told * 10 // _PARTS else {}
            folder.log(loop.number, trained, lately | measured)
            told = parts
    last = mean_of(end) | loop.measure() | {f"{name}_seconds": spent for name, spent in loop.spent.items()}
    last |= {
        "answers": float(loop.answers),
        "tokens": float(loop.tokens),
        **{f"start_{name}": found for name, found in first.items() if name.startswith(("pass_", "entropy"))},
        "start_sampled": first["sampled"],
        "seconds": trained,
    }
    folder.log(loop.number, trained, last)
    weights = {
        f"{who}.{k}": v.detach().cpu().numpy()
        for who, m in (("proposer", loop.proposer), ("solver", loop.solver))
        for k, v in m.state_dict().items()
    }
    folder.save(loop.number, weights, {"answers": loop.answers})
    folder.note(f"ends at step {loop.number} after {trained:.1f} s")
    folder.close()
    return last
