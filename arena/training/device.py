"""Learning on a device: a rollout is sent there once, its gradient steps run without the host, and the weights come back once.

The parameters are one flat tensor of the device, which optimiser and network share. Minibatches are taken on the device by the same
indices as on a processor. Playing needs the outputs where the game is, so each tick of a rollout sends views and fetches outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from arena.training.memory import Sequences, grid
from arena.training.optimiser import Optimiser
from envs.errors import FAILURE, UserError

if TYPE_CHECKING:
    import torch

    from arena.training.torch_net import TorchNet

__all__ = ["Learner", "chosen", "parameters"]

Loss = Callable[[Any, Mapping[str, Any]], tuple[Any, Any]]
"""(outputs, rows) -> (the sum of the losses, the sums that are told), all on the device"""


def chosen(wanted: str) -> str:
    """Where to learn: "cpu" or "cuda"; auto takes what torch sees. UserError (1) for cuda where torch sees none."""
    if wanted == "cpu":
        return "cpu"
    import torch  # noqa: PLC0415  an extra, 1 s

    if torch.cuda.is_available():
        return "cuda"
    if wanted == "cuda":
        raise UserError(
            f"device=cuda: torch {torch.__version__} sees no GPU here; give device=cpu, or auto, which takes one where it is", FAILURE
        )  # fmt: skip
    return "cpu"


def parameters(net: Any) -> Any:
    """What an optimiser changes: theta, or where the network is on a device its flat tensor there."""
    return net.theta if net.device == "cpu" else net.flat


class Learner:
    """The gradient steps of one network on its device."""

    def __init__(self, net: Any, optimiser: Optimiser) -> None:
        self.net: TorchNet = net
        self.optimiser = optimiser
        self.rows: dict[str, torch.Tensor] = {}

    def take(self, rows: Mapping[str, np.ndarray]) -> None:
        """Send what is known of the decisions of a rollout: name -> array, each in one transfer."""
        self.rows = {name: self.net.sent(array) for name, array in rows.items()}

    def put(self, places: np.ndarray, rows: Mapping[str, np.ndarray]) -> None:
        """Overwrite some of what was taken."""
        there = self.net.sent(places)
        for name, array in rows.items():
            self.rows[name][there] = self.net.sent(array)

    def at(self, places: np.ndarray) -> dict[str, torch.Tensor]:
        """What was taken, at some places."""
        there = self.net.sent(places)
        return {name: array[there] for name, array in self.rows.items()}

    def learn(self, parts: Iterable[Any], loss: Loss, rate: float, norm: float) -> tuple[np.ndarray, float]:
        """A gradient step of the mean loss for each part of what was taken: (the sums that are told, the sum of the gradients' lengths).

        A part is int64 places in the rows, or Sequences of them. The host waits for the device at the end alone, for the sums and weights.
        """
        steps = self.steps([part for part in parts if len(part)])
        found = [self.step(places, given, loss, rate, norm) for places, given in steps]
        self.net.fetch()
        if not found:
            return np.zeros(1), 0.0
        sums, lengths = (sum(each).cpu() for each in zip(*found, strict=True))
        return sums.double().numpy(), float(lengths)

    def told(self, parts: Iterable[Any], tell: Callable[[Any, Mapping[str, Any]], Any]) -> np.ndarray:
        """The sum of what `tell` makes of (outputs, rows) of each part, without learning; the host waits once."""
        import torch  # noqa: PLC0415  an extra, 1 s

        with torch.no_grad():
            found = [tell(*self._looked(places, given)) for places, given in self.steps([*parts])]
        return np.asarray(sum(found).cpu().double().numpy())

    def _looked(self, places: torch.Tensor, given: tuple[torch.Tensor, ...]) -> tuple[Any, dict[str, torch.Tensor]]:
        """The outputs at some places, and what was taken there."""
        rows = {name: array[places] for name, array in self.rows.items()}
        return self.net.outputs(rows["x"].float(), *given), rows

    def steps(self, parts: Sequence[Any]) -> list[tuple[torch.Tensor, tuple[torch.Tensor, ...]]]:
        """(places, what the network takes beside) of all parts, in one transfer for integers and one for memories."""
        whole = [_integers(part) for part in parts]
        flat = [each.reshape(-1) for part in whole for each in part]
        memories = [part.memory for part in parts if isinstance(part, Sequences)]
        if not flat:
            return []
        sent = iter(self._sent(flat))
        cut = [[next(sent).view(each.shape) for each in part] for part in whole]
        if not memories:
            return [(places, ()) for (places,) in cut]
        return [(places, (*given, memory)) for (places, *given), memory in zip(cut, self._sent(memories), strict=True)]

    def _sent(self, arrays: Sequence[np.ndarray]) -> Sequence[torch.Tensor]:
        """Arrays that differ in their first axis alone, in one transfer."""
        import torch  # noqa: PLC0415  an extra, 1 s

        return torch.split(self.net.sent(np.concatenate(arrays)), [len(each) for each in arrays])

    def step(
        self, places: torch.Tensor, given: tuple[torch.Tensor, ...], loss: Loss, rate: float, norm: float
    ) -> tuple[Any, Any]:
        """One gradient step: (the sums that are told, the gradient's length), which stay on the device."""
        total, sums = loss(*self._looked(places, given))
        return sums, self.optimiser.step_on(self.net.gradient(total / len(places)), rate, norm)


def _integers(part: Any) -> tuple[np.ndarray, ...]:
    """Places, and of sequences their grid."""
    return (part.places, *grid(part.lengths)) if isinstance(part, Sequences) else (part,)
