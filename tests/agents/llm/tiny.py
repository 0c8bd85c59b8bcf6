"""A language model small enough for a test: random weights, a tokenizer of bytes whose vocabulary has whole answers.

Two directions of its space are not random: after the assistant's mark only answers come, after an answer the end. Which answer it is
follows from the random weights and the prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

__all__ = ["build"]

TEMPLATE = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
ROLES = ("<s>", "</s>", "<|system|>", "<|user|>", "<|assistant|>")


def build(folder: Path, answers: Sequence[str], seed: int = 0) -> None:
    """Writes model and tokenizer to a folder."""
    import torch
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    raw = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    raw.add_special_tokens(list(ROLES))
    raw.add_tokens([AddedToken(answer, normalized=False) for answer in answers])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    tokenizer.chat_template = TEMPLATE
    generator = torch.Generator().manual_seed(seed)
    size = len(tokenizer)
    config = LlamaConfig(
        vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=16384,
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.random.manual_seed(seed)
        model = LlamaForCausalLM(config)
    ids = tokenizer.convert_tokens_to_ids(list(answers))
    with torch.no_grad():
        embed, head = model.model.embed_tokens.weight, model.lm_head.weight
        embed[tokenizer.convert_tokens_to_ids("<|assistant|>"), 0] += 30.0
        embed[ids, 1] += 30.0
        head.zero_()
        head[ids] = torch.randn(len(ids), 32, generator=generator) * 0.5
        head[ids, 0], head[ids, 1], head[tokenizer.eos_token_id, 1] = 5.0, 0.0, 10.0
    model.generation_config.max_length = 16384
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
