"""The losses of ppo, pqn, dqn, mmd and bc in torch, for learning on a device: what is elsewhere written as gradients by hand (a test).

Each takes the outputs of a network for N decisions and what is known of them, as tensors of one device, and gives (the sum of the losses,
the sums that are told): nothing of them is looked at here, so that nothing waits for the device.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch

__all__ = ["cloning", "double_best", "dueling", "foretold", "mean_square", "mirror", "ppo"]

Rows = Mapping[str, torch.Tensor]


def ppo(
    out: torch.Tensor, rows: Rows, edges: Sequence[int], clip: float, entropy: float, value: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """PPO's clipped loss; rows: mask, action, logp, gain (the advantage), target. Sums as `kernels.ppo_gradient` has them."""
    logp, h = torch.zeros_like(rows["logp"]), torch.zeros_like(rows["logp"])
    for k, (a, b) in enumerate(pairwise(edges)):
        logs = out[:, a:b].masked_fill(~rows["mask"][:, a:b], -1e30).log_softmax(dim=1)
        logp = logp + logs.gather(1, rows["action"][:, k : k + 1].long())[:, 0]
        # A product of 0 and -1e30 is 0: what is not allowed adds nothing.
        h = h - (logs.exp() * logs).sum(dim=1)
    change = logp - rows["logp"]
    ratio = change.exp()
    gain = -torch.minimum(ratio * rows["gain"], ratio.clamp(1.0 - clip, 1.0 + clip) * rows["gain"])
    miss = 0.5 * (out[:, -1] - rows["target"]).square()
    told = torch.stack([gain, miss, h, ratio - 1.0 - change, ((ratio - 1.0).abs() > clip).float()])
    return (gain - entropy * h + value * miss).sum(), told.detach().sum(dim=1)


def mean_square(out: torch.Tensor, rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
    """Half the squared error of the value of what was played; rows: action, target. Sums as `action_values.q_gradient` has them."""
    played = out.gather(1, rows["action"].long())[:, 0]
    loss = 0.5 * (played - rows["target"]).square().sum()
    return loss, torch.stack([loss, played.sum()]).detach()


def dueling(out: torch.Tensor, rows: Rows) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The weighted Huber loss of v + a - mean(a); rows: action, target, weight. Also the errors float32[N], value minus target."""
    played = out[:, -1] + out[:, :-1].gather(1, rows["action"].long())[:, 0] - out[:, :-1].mean(dim=1)
    each = torch.nn.functional.huber_loss(played, rows["target"], reduction="none")
    loss = (rows["weight"] * each).sum()
    return loss, torch.stack([loss, played.sum()]).detach(), (played - rows["target"]).detach()


def double_best(online: torch.Tensor, judge: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """float32[N]: what the judging network says of the action that the other one prefers; dueling outputs both, mask bool[N, A]."""
    best = online[:, :-1].masked_fill(~mask, -torch.inf).argmax(dim=1, keepdim=True)
    return judge[:, -1] + judge[:, :-1].gather(1, best)[:, 0] - judge[:, :-1].mean(dim=1)


def cloning(out: torch.Tensor, rows: Rows, edges: Sequence[int], value: float) -> tuple[torch.Tensor, torch.Tensor]:
    """-log p(action), where it is counted, and half the squared error of the value; rows: mask, action, outcome, counted."""
    logp = torch.zeros_like(out[:, -1])
    for k, (a, b) in enumerate(pairwise(edges)):
        logs = out[:, a:b].masked_fill(~rows["mask"][:, a:b], -1e30).log_softmax(dim=1)
        logp = logp + logs.gather(1, rows["action"][:, k : k + 1])[:, 0]
    loss, miss = -(logp * rows["counted"]).sum(), 0.5 * (out[:, -1] - rows["outcome"]).square().sum()
    return loss + value * miss, torch.stack([loss, miss]).detach()


def foretold(out: torch.Tensor, rows: Rows, edges: Sequence[int]) -> torch.Tensor:
    """[3]: decisions whose likeliest action is the one that was taken, whose winner the value's sign tells, and that have a winner."""
    right = torch.ones_like(rows["counted"])
    for k, (a, b) in enumerate(pairwise(edges)):
        right = right & (out[:, a:b].masked_fill(~rows["mask"][:, a:b], -1e30).argmax(dim=1) == rows["action"][:, k])
    sure = rows["outcome"] != 0
    won = (out[:, -1].sign() == rows["outcome"].sign()) & sure
    return torch.stack([right, won, sure]).float().sum(dim=1)


def mirror(
    out: torch.Tensor, old: torch.Tensor, rows: Rows, edges: Sequence[int], alpha: float, per_eta: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The step of magnetic mirror descent; old: the outputs before it; rows: mask, action, logp, advantage, target.

    Loss and sums as `mmd_network.gradient` has them.
    """
    logp, h, apart = (torch.zeros_like(rows["logp"]) for _ in range(3))
    for k, (a, b) in enumerate(pairwise(edges)):
        logs, before = (
            each[:, a:b].masked_fill(~rows["mask"][:, a:b], -1e30).log_softmax(dim=1) for each in (out, old)
        )
        logp = logp + logs.gather(1, rows["action"][:, k : k + 1].long())[:, 0]
        h = h - (logs.exp() * logs).sum(dim=1)
        apart = apart + (logs.exp() * (logs - before)).sum(dim=1)
    gain = (logp - rows["logp"]).exp() * rows["advantage"]
    miss = 0.5 * (out[:, -1] - rows["target"]).square()
    told = torch.stack([gain, h, apart, miss])
    return (miss - gain - alpha * h + per_eta * apart).sum(), told.detach().sum(dim=1)
