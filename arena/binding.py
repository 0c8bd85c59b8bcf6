"""What binds a match to its seed without betraying it: the host's commitment, and the randomness of each seat."""

from __future__ import annotations

import hashlib
from functools import lru_cache

from envs.game import Game

__all__ = ["commitment", "seat_seed"]


def commitment(game: Game, seed: int, nonce: bytes) -> str:
    """What binds the host to seed and configuration before the first act: blake2b over nonce, seed and configuration, hex."""
    return hashlib.blake2b(nonce + seed.to_bytes(8, "big") + game.config_bytes(), digest_size=16).hexdigest()


@lru_cache(maxsize=4096)
def seat_seed(seed: int, seat: int) -> int:
    """A seat's own randomness: nothing given to a seat comes from an invertible function of the episode seed."""
    digest = hashlib.blake2b(f"{seed}/{seat}/agent".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big")
