"""A causal language model of Hugging Face in the place of a decoder: it reads and writes the tokens of a game, with LoRA or whole.

Each token of the game is one token of the model (the word `symbols` of the game: "7", "+", "("), so that the legal mask, the paradigms and
the measurements stay what they are. Behind a prompt, which every row begins with, the first padding that is not hidden stands for the
beginning. Packages: the extra `hf` (transformers, peft); nothing is loaded before it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from arena.training.decoder import Model
from arena.training.writing import vocabulary
from envs.errors import NOT_FOUND, USAGE, UserError
from envs.extras import absent
from envs.record_game import RecordGame

__all__ = ["Causal", "opened", "seated", "with_lora"]


@dataclass
class _Past:
    """The model's own cache, and which of its places are seen: bool[N, T]."""

    cache: Any
    seen: Tensor

    def repeated(self, times: int) -> _Past:
        self.cache.batch_repeat_interleave(times)
        return _Past(self.cache, self.seen.repeat_interleave(times, 0))


class Causal:
    """See the module. model: a transformers causal model; ids int64[V]: its token for each of the game's; pad: the game's padding.

    prompt: tokens of the model that every row begins with, for example the rules. A `decoder.Model`.
    """

    def __init__(self, model: Any, ids: Sequence[int], pad: int, prompt: Sequence[int] = ()) -> None:
        self.model, self.pad = model.eval(), pad  # without dropout: what was drawn is scored again
        self.ids, self.prompt = torch.tensor(list(ids)), torch.tensor(list(prompt), dtype=torch.int64)

    def __call__(self, tokens: Tensor) -> Tensor:
        return self._read(tokens, None, keep=False)[0]

    def extended(self, tokens: Tensor, past: _Past | None = None) -> tuple[Tensor, _Past]:
        """Logits of the new tokens, and the past with them."""
        logits, cache, seen = self._read(tokens, past, keep=True)
        return logits, _Past(cache, seen)

    def behind(self, context: Tensor, tokens: Tensor) -> Tensor:
        """See decoder.Model."""
        told: Tensor = self(torch.cat((context, tokens[:, :-1]), 1))
        return told[:, context.shape[1] - 1 :]

    def _read(self, tokens: Tensor, past: _Past | None, keep: bool) -> tuple[Tensor, Any, Tensor]:
        seen = tokens != self.pad
        if past is None:
            seen = seen | _beginning(seen)
            past = self._prompted(len(tokens)) if len(self.prompt) else None
        seen = torch.cat((past.seen, seen), 1) if past else seen
        # Hidden places are not counted, so that a row's positions do not depend on its neighbours' lengths.
        places = (seen.long().cumsum(1) - 1).clamp(min=0)[:, -tokens.shape[1] :]
        more: dict[str, Any] = {"past_key_values": past.cache} if past else {}
        told = self.model(
            input_ids=self.ids[tokens], attention_mask=seen.long(), position_ids=places, use_cache=keep or past is not None,
            return_dict=True, **more,
        )  # fmt: skip
        return told.logits[:, :, self.ids].float(), told.past_key_values if keep else None, seen

    def _prompted(self, rows: int) -> _Past:
        """The prompt, read once for all rows."""
        told = self.model(input_ids=self.prompt[None], use_cache=True, return_dict=True)
        return _Past(told.past_key_values, torch.ones((1, len(self.prompt)), dtype=torch.bool)).repeated(rows)

    def parameters(self) -> list[Tensor]:
        """Those of the model; LoRA leaves a few that want a gradient."""
        return list(self.model.parameters())

    def state_dict(self) -> dict[str, Tensor]:
        """The weights that learn, by name."""
        return {name: weight for name, weight in self.model.named_parameters() if weight.requires_grad}

    def load_state_dict(self, weights: dict[str, Tensor]) -> None:
        """Weights as state_dict gave them. KeyError for a name that the model does not have."""
        own = dict(self.model.named_parameters())
        with torch.no_grad():
            for name, weight in weights.items():
                own[name].copy_(weight)


def _beginning(seen: Tensor) -> Tensor:
    """bool[N, T]: the last padding in front of each row, if there is one."""
    leading = (~seen).long().cumprod(1).bool()
    following = torch.cat((leading[:, 1:], torch.zeros((len(seen), 1), dtype=torch.bool)), 1)
    return leading & ~following


def with_lora(model: Any, rank: int) -> Any:
    """The model frozen, with low-rank adapters (Hu et al. 2021) beside every linear layer. UserError without peft."""
    try:
        from peft import LoraConfig, get_peft_model  # noqa: PLC0415
    except ImportError:
        raise absent("peft", "a language model that trains") from None
    settings = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM")
    return get_peft_model(model, settings)


def opened(game: RecordGame, path: str, rank: int, prompt: str = "") -> Causal:
    """The model and tokenizer of a folder or a name of the hub, for a game; rank 0 trains all weights.

    UserError (2, 3) when it cannot be had, or when its tokenizer has no single token for one of the game's.
    """
    try:
        from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415
    except ImportError:
        raise absent("transformers", "a language model that trains") from None
    try:
        tokenizer, model = AutoTokenizer.from_pretrained(path), AutoModelForCausalLM.from_pretrained(path)
    except (OSError, ValueError) as error:
        raise UserError(
            f"no causal language model at {path!r}: {str(error).splitlines()[0][:200]}", NOT_FOUND
        ) from None
    begin = next((each for each in (tokenizer.bos_token_id, tokenizer.eos_token_id) if each is not None), 0)
    ids = [_only(tokenizer, symbol, game) if symbol else begin for symbol in game.words["symbols"]]
    assert len(ids) == vocabulary(game)
    read = tokenizer.encode(prompt, add_special_tokens=False) if prompt else []
    return Causal(with_lora(model, rank) if rank else model, ids, game.spec.width, read)


def seated(game: RecordGame, own: tuple[Model, Model], paths: tuple[str, str], rank: int) -> tuple[Model, Model]:
    """A proposer and a solver: the language model at a path, or its own decoder where the path is empty."""
    first, second = (
        opened(game, path, rank, game.spec.rules) if path else model for path, model in zip(paths, own, strict=True)
    )
    return first, second


def _only(tokenizer: Any, symbol: str, game: RecordGame) -> int:
    """The one token that writes a symbol."""
    found: list[int] = tokenizer.encode(symbol, add_special_tokens=False)
    if len(found) != 1 or found[0] == tokenizer.unk_token_id:
        raise UserError(f"the tokenizer has no single token for {symbol!r}, which {game.id} is written with", USAGE)
    return found[0]
