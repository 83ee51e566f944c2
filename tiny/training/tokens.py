"""Captions as the two encoders' text tokens, as ComfyUI makes them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import CLIPTokenizer

from ...prompt.counting import clip
from .sizes import END, START, TOKENS

SECOND_PADDING = 0
"""The second encoder is padded with `!`, as OpenCLIP is; the first with its end mark."""


class Tokenizer:
    """CLIP's tokenizer, from the vocabulary that the package holds."""

    def __init__(self) -> None:
        self._tokenizer = clip.build()

    def __call__(self, captions: Sequence[str]) -> Tensor:
        """Return captions for the first encoder (n, 77); what is too long is cut."""
        tokens = torch.full((len(captions), TOKENS), END)
        tokens[:, 0] = START
        for row, encoded in zip(tokens, self._tokenizer.encode_batch(list(captions)), strict=True):
            ids = encoded.ids[: TOKENS - 2]
            row[1 : len(ids) + 1] = torch.tensor(ids, dtype=torch.long)
        return tokens


def for_second(tokens: Tensor) -> Tensor:
    """Return the first encoder's tokens (n, 77) as the second has them: what follows the end mark is padding."""
    ended = (tokens == END).cumsum(dim=1)
    return torch.where(ended > 1, SECOND_PADDING, tokens)


def pipeline_tokenizers() -> dict[str, CLIPTokenizer]:
    """Return the tokenizers of a diffusers pipeline, by the names of their folders."""
    tokenizer = clip.build()
    with tempfile.TemporaryDirectory(prefix="tagloom-") as place:
        vocabulary, merges = Path(place) / "vocab.json", Path(place) / "merges.txt"
        model = json.loads(tokenizer.to_str())["model"]
        vocabulary.write_text(json.dumps(model["vocab"], ensure_ascii=False), encoding="utf-8")
        lines = ["#version: 0.2", *(" ".join(pair) for pair in model["merges"])]
        merges.write_text("\n".join(lines) + "\n", encoding="utf-8")
        files = {"vocab_file": str(vocabulary), "merges_file": str(merges), "model_max_length": TOKENS}
        return {"tokenizer": CLIPTokenizer(**files), "tokenizer_2": CLIPTokenizer(**files, pad_token="!")}
