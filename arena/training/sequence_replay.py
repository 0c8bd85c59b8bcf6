"""What dqn has where a network remembers: a memory of whole sequences of decisions, and the gradient step along them.

Source: Kapturowski et al., "Recurrent Experience Replay in Distributed Reinforcement Learning" (R2D2, 2019). As there: a sequence is kept
with what the network remembered when it began, both networks go along it from there, it is as urgent as 0.9 of its greatest and 0.1 of its
mean error; `burn` decisions at its head may lead the stored memory on, untrained, before it is learned from. Changed: a sequence is what
one seat decided in one episode and one rollout, without overlaps; where it begins with its episode nothing was stored, and nothing has to
be led on; values are not rescaled, since streams scale payoffs to [-1, 1].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from arena.training.device import Learner
from arena.training.memory import Sequences, sequences
from arena.training.replay import Replay, raise_to
from arena.training.streams import Stream
from envs.errors import UserError

__all__ = ["SequenceReplay", "learn_along", "stored"]

GREATEST = 0.9
"""The weight of the greatest error of a sequence in how urgent it is; the rest is the mean's."""
HOST = ("length", "memory")
"""Fields that are looked at where the next draw is made."""

Rows = dict[str, np.ndarray]


def stored(s: Stream, returns: np.ndarray, discount: np.ndarray) -> Rows:
    """The sequences of a rollout one after another, name -> array [N, ...]; returns and discount as `replay.transitions` fills them.

    known bool: whether a decision's outcome was seen (s.valid), else it only follows others. length int64: at the first decision of each
    sequence how many it has, 0 elsewhere; memory float32[N, M]: there, what was remembered before it. Without a known one none is stored.
    """
    whole = sequences(s.seat - s.first, s.fresh, s.start, np.flatnonzero(s.flat("learn")))
    worth = np.logical_or.reduceat(s.flat("valid")[whole.places], whole.begins) if len(whole) else np.zeros(0, np.bool_)
    whole = whole.taken(np.flatnonzero(worth))
    rows = {"x": s.flat("x"), "action": s.flat("action"), "mask": s.flat("mask"), "known": s.flat("valid")}
    rows |= {"returns": returns.reshape(-1), "discount": discount.reshape(-1)}
    found = {name: array[whole.places] for name, array in rows.items()}
    length, memory = np.zeros(len(whole), np.int64), np.zeros((len(whole), whole.memory.shape[1]), np.float32)
    length[whole.begins], memory[whole.begins] = whole.lengths, whole.memory
    return found | {"length": length, "memory": memory}


class SequenceReplay(Replay):
    """`size` decisions (a power of two) in sequences that stand in a ring, of which a sequence is drawn by the place where it begins.

    The place of any other decision has no urgency; where the ring overwrites a sequence it does so from its beginning, so that what is left
    of it is never drawn.
    """

    def __init__(self, size: int, s: Stream, alpha: float) -> None:
        """UserError where a rollout of the stream may have more decisions."""
        if s.seat.size > size:
            raise UserError(
                f"memory={size.bit_length() - 1} keeps {size} decisions, and a rollout may have {s.seat.size}: "
                f"give at least memory={(s.seat.size - 1).bit_length()}, or fewer rows"
            )
        shape, actions = s.x.shape[3:], s.mask.shape[3]
        fields: dict[str, tuple[tuple[int, ...], Any]] = {
            "x": (shape, s.x.dtype), "action": ((1,), np.int32), "mask": ((actions,), np.bool_), "known": ((), np.bool_),
            "returns": ((), np.float32), "discount": ((), np.float32), "length": ((), np.int64),
            "memory": (s.start.shape[2:], np.float32),
        }  # fmt: skip
        super().__init__(size, fields, alpha)

    def add(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        """Take over sequences as `stored` gives them; see `Replay.add`."""
        places = super().add(rows)
        later = places[rows["length"] == 0]
        raise_to(self.tree, later, np.zeros(len(later)))
        return places

    @property
    def mean(self) -> float:
        """How many decisions a sequence has, about."""
        return self.count / max(1, int(np.count_nonzero(self.tree[self.size :])))

    def whole(self, begins: np.ndarray) -> Sequences:
        """The sequences that begin at these places."""
        lengths = self.arrays["length"][begins]
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return Sequences((np.repeat(begins, lengths) + within) % self.size, lengths, self.arrays["memory"][begins])

    def surprise_along(self, begins: np.ndarray, part: Sequences, errors: np.ndarray) -> None:
        """What was drawn was wrong by so much, float[N], at each of its decisions, of which those with a known outcome count."""
        known, first = self.arrays["known"][part.places], part.begins
        sizes = np.abs(errors) * known
        mean = np.add.reduceat(sizes, first) / np.add.reduceat(known, first, dtype=np.int64)
        self.surprise(begins, GREATEST * np.maximum.reduceat(sizes, first) + (1 - GREATEST) * mean)

    @property
    def sent(self) -> Mapping[str, np.ndarray]:
        """What a learner needs of the decisions, name -> array."""
        return {name: array for name, array in self.arrays.items() if name not in HOST}


def _begun(
    learner: Learner, judge: Any, memory: SequenceReplay, whole: Sequences, burn: int
) -> tuple[Sequences, Any, list[Any], Any, Any]:
    """(sequences without their heads, their places and grid on the device, what each network remembers at the end of the heads, [S, M]).

    A head is of at most `burn` decisions, and leaves one with a known outcome; only what begins after its episode has one.
    """
    import torch  # noqa: PLC0415  an extra, 1 s

    known = np.add.reduceat(memory.arrays["known"][whole.places], whole.begins, dtype=np.int64)
    cut = np.where(whole.memory.any(axis=1), np.minimum(burn, known - 1), 0)
    if not cut.any():
        ((places, (*cells, start)),) = learner.steps([whole])
        return whole, places, cells, start, start
    head, rest = whole.split(cut)
    (early, given), (places, (*cells, start)) = learner.steps([head, rest])
    which, ends = (learner.net.sent(each) for each in (np.flatnonzero(cut), np.cumsum(head.lengths) - 1))
    x, both = learner.rows["x"][early].float(), (cast(Any, learner.net), judge)
    with torch.no_grad():
        own, others = (start.index_copy(0, which, each.remembered(x, *given)[1][ends]) for each in both)
    return rest, places, cells, own, others


def learn_along(
    learner: Learner, judge: Any, memory: SequenceReplay, config: Any, key: int, beta: float
) -> tuple[np.ndarray, float]:
    """A gradient step on drawn sequences of about config.batch decisions: (mean loss and value, length of the gradient).

    judge: the target network. The learner has taken `memory.sent`. What a decision leads to stands config.span decisions further on. What
    comes back of a device is how wrong each value was, in one transfer: the next draw follows from it.
    """
    import torch  # noqa: PLC0415  an extra, 1 s

    from arena.training import losses  # noqa: PLC0415  it loads torch

    begins, weights = memory.draw(max(1, round(config.batch / memory.mean)), key, beta)
    part, places, cells, own, others = _begun(learner, judge, memory, memory.whole(begins), config.burn)
    known = memory.arrays["known"][part.places]
    rows = {name: array[places] for name, array in learner.rows.items()}
    x, weight = rows["x"].float(), learner.net.sent(np.repeat(weights, part.lengths) * known)
    out = learner.net.outputs(x, *cells, own)
    ahead = torch.arange(len(part), device=out.device).add(config.span).clamp(max=len(part) - 1)
    with torch.no_grad():
        best = losses.double_best(out.detach()[ahead], judge.outputs(x, *cells, others)[ahead], rows["mask"][ahead])
    rows |= {"target": rows["returns"] + rows["discount"] * best, "weight": weight}
    total, sums, errors = losses.dueling(out, rows)
    count = int(known.sum())
    length = learner.optimiser.step_on(learner.net.gradient(total / count), config.rate, config.norm)
    told = torch.cat([errors, sums, length[None]]).cpu().numpy()
    memory.surprise_along(begins, part, told[:-3])
    return told[-3:-1] / (count, len(part)), float(told[-1])
