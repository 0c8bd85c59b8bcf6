"""A small decoder-only transformer over tokens, with cached decoding: the language model of the dual-play paradigms.

Pre-normalised blocks as in GPT-2 (Radford et al. 2019), learned positions, no dropout. One copy of it serves each role.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Cache", "Decoder", "Model", "Past"]


class Past(Protocol):
    """What a model keeps of the tokens so far."""

    def repeated(self, times: int) -> Past:
        """Each row `times` times in a row: one context, several continuations."""


class Model(Protocol):
    """A causal model of a game's tokens: what a seat that learns must be able to do. The first A columns of its logits are the actions."""

    def __call__(self, tokens: Tensor, /) -> Tensor:
        """tokens int64[N, T] -> logits float32[N, T, at least A]."""

    def extended(self, tokens: Tensor, past: Any = None) -> tuple[Tensor, Any]:
        """Logits of the new tokens, and the past with them."""

    def behind(self, context: Tensor, tokens: Tensor) -> Tensor:
        """Logits float32[N, T, at least A] of what stands behind a context int64[N, L] and each but the last of T tokens int64[N, T]."""

    def parameters(self) -> Any:
        """What may learn; those that want no gradient are left alone."""

    def state_dict(self) -> dict[str, Any]:
        """The weights that are kept."""

    def load_state_dict(self, weights: Any, /) -> Any:
        """Take weights over."""


@dataclass
class Cache:
    """Keys and values of the tokens so far, a pair [N, heads, T, width] for each layer."""

    pairs: list[tuple[Tensor, Tensor]]

    @property
    def length(self) -> int:
        return int(self.pairs[0][0].shape[2]) if self.pairs else 0

    def repeated(self, times: int) -> Cache:
        """Each row `times` times in a row: one context, several continuations."""
        return Cache([(k.repeat_interleave(times, 0), v.repeat_interleave(times, 0)) for k, v in self.pairs])

    def taken(self, rows: Tensor) -> Cache:
        """Some of the rows, some of them several times."""
        return Cache([(k.index_select(0, rows), v.index_select(0, rows)) for k, v in self.pairs])


class _Block(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor, past: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        n, t, width = x.shape
        q, k, v = self.mixed(self.before(x)).view(n, t, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        # A single new token sees all that is cached; several see that and what stands before them.
        before = k.shape[2] - t
        mask = torch.ones((t, before + t), dtype=torch.bool).tril(before) if before and t > 1 else None
        seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=not before)
        x = x + self.out(seen.transpose(1, 2).reshape(n, t, width))
        return x + self.down(functional.gelu(self.up(self.between(x)), approximate="tanh")), (k, v)


class Decoder(nn.Module):
    """tokens int64[N, T] -> logits float32[N, T, vocabulary]."""

    def __init__(self, vocabulary: int, length: int, width: int = 64, layers: int = 2, heads: int = 4) -> None:
        super().__init__()
        self.length = length
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.last, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        for part in (self.tokens, self.places):
            nn.init.normal_(part.weight, std=0.05)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.extended(tokens)[0]

    def extended(self, tokens: Tensor, past: Cache | None = None) -> tuple[Tensor, Cache]:
        """Logits of the new tokens, and the cache with them. ValueError beyond `length` tokens."""
        cache = past or Cache([])
        start = cache.length
        if start + tokens.shape[1] > self.length:
            raise ValueError(f"{start + tokens.shape[1]} tokens: this decoder has {self.length} places")
        x = self.tokens(tokens) + self.places.weight[start : start + tokens.shape[1]]
        pairs = []
        for i, block in enumerate(self.blocks):
            x, pair = block(x, cache.pairs[i] if cache.pairs else None)
            pairs.append(pair)
        return self.head(self.last(x)), Cache(pairs)

    def behind(self, context: Tensor, tokens: Tensor) -> Tensor:
        """See Model. A context that rows next to one another share, as the answers to one question do, is read once."""
        once, row = torch.unique_consecutive(context, dim=0, return_inverse=True)
        read, cache = self.extended(once)
        first = read[:, -1:].index_select(0, row)
        if tokens.shape[1] == 1:
            return first
        return torch.cat((first, self.extended(tokens[:, :-1], cache.taken(row))[0]), 1)
