"""CLIP's tokenizer as the files that transformers reads; SDXL's second one pads with `!`."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ...prompt.counting.clip import END, START, vocabulary

LENGTH = 77


def tokenizer_files(pad: str = END) -> dict[str, bytes]:
    """Return a tokenizer's files by their names."""
    return {
        **_vocabulary_files(),
        "special_tokens_map.json": _json(_marks(pad)),
        "tokenizer_config.json": _json(_config(pad)),
    }


@cache
def _vocabulary_files() -> dict[str, bytes]:
    """Return the files that all of them share: 1.4 MB, which take a tenth of a second."""
    words, merges = vocabulary()
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    numbers = {word: number for number, word in enumerate(words)}
    return {
        "merges.txt": ("\n".join(lines) + "\n").encode(),
        "vocab.json": json.dumps(numbers, ensure_ascii=False).encode(),
    }


def _marks(pad: str) -> dict[str, Any]:
    return {"bos_token": _mark(START), "eos_token": _mark(END), "pad_token": pad, "unk_token": _mark(END)}


def _config(pad: str) -> dict[str, Any]:
    known = {"49406": START, "49407": END} | ({} if pad == END else {"0": pad})
    return {
        "add_prefix_space": False,
        "added_tokens_decoder": {number: _mark(text) | {"special": True} for number, text in sorted(known.items())},
        "bos_token": START,
        "clean_up_tokenization_spaces": True,
        "do_lower_case": True,
        "eos_token": END,
        "errors": "replace",
        "model_max_length": LENGTH,
        "pad_token": pad,
        "tokenizer_class": "CLIPTokenizer",
        "unk_token": END,
    }


def _mark(text: str) -> dict[str, Any]:
    return {"content": text, "lstrip": False, "normalized": text != "!", "rstrip": False, "single_word": False}


def _json(data: dict[str, Any]) -> bytes:
    return (json.dumps(data, indent=2) + "\n").encode()
