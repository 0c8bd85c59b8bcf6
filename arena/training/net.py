"""Networks as the algorithms see them: one flat vector of parameters, and passes that go through it and back.

A `Net` has parameters `theta` float32[n], its optimiser's raw material, and makes `Pass`es: workspaces for batches up to a capacity, one a
thread. A pass gives outputs float32[N, outputs] and carries a gradient at the outputs back into its own `gradient` float32[n]. The loss is
the algorithm's business: it is written once, at the outputs, for every kind of network. Which kind suits a game is read off its view; one
that remembers (`gru`) is taken where something is hidden and the view is not shown to tell the past (see `sight`).
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

import numpy as np

from envs.errors import CORRUPT, UserError
from envs.faces.board import default_view
from envs.game import Game
from envs.spec import Box, Role, Text

__all__ = ["KINDS", "Net", "Pass", "Plan", "Recalling", "demand_listed", "fill", "make", "named", "plan_for", "reading"]

KINDS = ("auto", "mlp", "conv", "attention", "gru")


def reading(shape: tuple[int, ...]) -> str:
    """The kind that reads a view of this shape: planes [C, H, W] as a board, rows [N, F] as entities, all else as a vector."""
    return {3: "conv", 2: "attention"}.get(len(shape), "mlp")


@dataclass(frozen=True)
class Plan:
    """What a network is: kind, the view that it reads and its shape, hidden width and layers, outputs, LayerNorm or not."""

    kind: str
    view: str
    shape: tuple[int, ...]
    hidden: int
    layers: int
    outputs: int
    norm: bool = False

    @property
    def remembers(self) -> int:
        """Of a network that remembers, how many numbers it does for each seat; 0 for others."""
        return self.hidden if self.kind == "gru" else 0

    @property
    def torso(self) -> Plan:
        """The network that reads the view in front of a memory: of the kind that suits the shape, its outputs are what is remembered of."""
        kind = reading(self.shape)
        return replace(self, kind=kind, layers=self.layers - (kind == "mlp"), outputs=self.hidden)

    def tree(self) -> dict[str, Any]:
        """As plain values, for a checkpoint."""
        return asdict(self) | {"shape": list(self.shape)}

    @classmethod
    def of(cls, tree: Any) -> Plan:
        """The inverse of `tree`. UserError (4) for anything else."""
        try:
            plan = cls(**{**tree, "shape": tuple(int(n) for n in tree["shape"])})
            sizes = [*plan.shape, plan.hidden, plan.layers, plan.outputs]
            if plan.kind not in KINDS[1:] or not all(0 < n <= 1 << 20 for n in map(operator.index, sizes)):
                raise ValueError
        except (TypeError, KeyError, ValueError):
            raise UserError(
                f"no network can be made from {str(tree)[:120]}: the checkpoint is damaged", CORRUPT
            ) from None
        return plan


class Pass(Protocol):
    """One thread's way through a network."""

    gradient: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """x float32[N, *shape] -> outputs float32[N, outputs], overwritten by the next call."""

    def back(self, slope: np.ndarray) -> None:
        """Add what a gradient float32[N, outputs] at the outputs of the last call comes to."""


class Recalling(Pass, Protocol):
    """A way through a network that remembers: M numbers for each seat, zeros before its first decision of an episode."""

    def step(self, x: np.ndarray, memory: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One decision a row: x float32[N, *shape], memory float32[N, M] -> (outputs, memory after it). Nothing can be carried back."""

    def along(self, x: np.ndarray, lengths: np.ndarray, memory: np.ndarray) -> np.ndarray:
        """Outputs of S sequences of decisions, one after another in x; lengths int64[S], memory float32[S, M] before each sequence."""


class Net(Protocol):
    """A network with its parameters. device: where it is worked out; theta is in the processor's memory in any case."""

    plan: Plan
    theta: np.ndarray
    device: str

    def sync(self) -> None:
        """theta was written: what is worked out follows it."""

    def fetch(self) -> None:
        """The parameters were changed where they are worked out: theta follows."""

    def passing(self, capacity: int) -> Pass:
        """A workspace for batches of up to so many rows."""

    def weights(self) -> dict[str, np.ndarray]:
        """Name -> array, views of theta."""


def demand_listed(who: str, game: Game) -> None:
    """Raises UserError unless all actions of the game are lists of choices, and every seat has a view."""
    for role in game.spec.roles:
        if isinstance(role.actions, Text | Box):
            raise UserError(
                f"{who} learns listed actions, and {role.name} of {game.id} sends texts or ranges: choose another game"
            )
        if not role.views:
            raise UserError(
                f"{game.id} has no view of {role.name}: a network reads tensors; give the role a view (docs/new-game.md)"
            )


def plan_for(
    game: Game, role: Role, *, kind: str, view: str, hidden: int, layers: int, outputs: int, norm: bool = False, memory: bool = False
) -> Plan:  # fmt: skip
    """The network for a role. memory: whether whoever asks can train one that remembers; UserError where it is asked for and they cannot.

    kind "auto" with `memory` remembers where the game has the trait `hidden`, unless the view is shown to tell the past
    (`sight.tells_the_past`): then memory would add nothing. Else it is what suits the view's shape (`reading`).
    """
    found = default_view(game, game.spec.first(role.name), view or None)
    assert found is not None
    name, shape = found[0], found[1].shape
    suiting = {"conv": 3, "attention": 2}
    if kind == "gru" and not memory:
        raise UserError(
            "net=gru remembers, and this algorithm learns from single decisions: take ppo, pqn, dqn or bc, or another net"
        )
    if kind == "auto":
        kind = "gru" if memory and _needs_memory(game, role, name) else reading(shape)
    if len(shape) != suiting.get(kind, len(shape)):
        raise UserError(
            f"net={kind} reads {suiting[kind]} axes, and view {name!r} of {game.id} has the shape {list(shape)}: take net=auto"
        )
    return Plan(kind, name, tuple(shape), hidden, layers, outputs, norm)


def _needs_memory(game: Game, role: Role, view: str) -> bool:
    from arena.training.sight import tells_the_past  # noqa: PLC0415  it plays episodes

    return "hidden" in game.spec.traits and not tells_the_past(game, role, view)


def make(plan: Plan, seed: int, device: str = "cpu") -> Net:
    """A network with fresh parameters that follow from the seed."""
    if plan.kind == "mlp" and not plan.norm and device == "cpu":
        from arena.training.mlp import Mlp  # noqa: PLC0415  each kind loads its own

        return Mlp(plan, seed)
    if plan.remembers:
        from arena.training.recurrent import Gru  # noqa: PLC0415

        return Gru(plan, seed, device)
    from arena.training.torch_net import TorchNet  # noqa: PLC0415

    return TorchNet(plan, seed, device)


def named(nets: Mapping[str, Net]) -> dict[str, np.ndarray]:
    """The weights of several networks, "role/name" -> array."""
    return {f"{role}/{name}": array for role, net in nets.items() for name, array in net.weights().items()}


def fill(nets: Mapping[str, Net], weights: Mapping[str, np.ndarray]) -> None:
    """Put weights into networks. UserError (4) unless names and shapes are those of the networks."""
    own = named(nets)
    wrong = [
        name
        for name in own.keys() | weights.keys()
        if name not in own or name not in weights or own[name].shape != weights[name].shape
    ]
    if wrong:
        raise UserError(
            f"the weights are of another network ({', '.join(sorted(wrong)[:3])}): take the checkpoint of this run",
            CORRUPT,
        )
    for name, array in own.items():
        array[...] = weights[name]
    for each in nets.values():
        each.sync()
