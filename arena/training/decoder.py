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
        # A single new token sees all that is cached; several see what stands before them.
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=past is None)
        x = x + self.out(seen.transpose(1, 2).reshape(n, t, width))
        return x + self.down(functional.gelu(self.up(self.between(x)), approximate="tanh")), (k, v)


class Decoder(nn.Module):
    """tokens int64[N, T] -> logits float32[N, T, vocabulary]. With a cache, T is 1 unless the cache is empty."""

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
