"""CLIP's tokenizer, from CLIP's own vocabulary (MIT): the ids that ComfyUI's own tokenizer gives, without ComfyUI."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from ..resources import DATA

if TYPE_CHECKING:
    from tokenizers import Tokenizer

START, END = "<|startoftext|>", "<|endoftext|>"
COMMA = 267
"""The text token of a comma that stands alone; `,,` is another one."""
IDEOGRAPHS = (
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002b73f\U0002b740-\U0002b81f"
    "\U0002b820-\U0002ceaf\U0002f800-\U0002fa1f"
)
"""Each of these is a word. `tokenizers` has a normalizer for that, which leaves out U+2B820 to U+2B91F."""
WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'[sſ]|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}\u0345]+"
"""What CLIP calls a word. transformers' pattern looks past the case: U+017F is an s to it, and U+0345 is no word."""


def build() -> Tokenizer:
    """Return CLIP's tokenizer, for texts that are composed and without control characters.

    It gives the ids of transformers 4's `CLIPTokenizer` where the package `ftfy` is absent, as ComfyUI 0.3.75 uses it.
    Known differences, none of which touches plain ASCII prompts:

    - `<|EndOfText|>` with capitals right behind punctuation is a mark here and text there.
    - transformers 5 joins neighbouring ideographs to words, and counts control characters.
    - With `ftfy` installed, transformers 4 joins ideographs too, and mends full-width and HTML characters first.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

    words, merges = vocabulary()
    numbers = {word: number for number, word in enumerate(words)}
    ends = {"unk_token": END, "continuing_subword_prefix": "", "end_of_word_suffix": "</w>"}
    tokenizer = Tokenizer(models.BPE(vocab=numbers, merges=merges, **ends))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(f"[{IDEOGRAPHS}]"), behavior="isolated"),
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.add_special_tokens([AddedToken(mark, normalized=True) for mark in (START, END)])
    return tokenizer


def vocabulary() -> tuple[list[str], list[tuple[str, str]]]:
    """Return CLIP's words in the order of their ids, and the pairs of words that are joined, the first ones first."""
    with gzip.open(DATA / "clip" / "merges.txt.gz", "rt", encoding="utf-8") as file:
        merges = [(left, right) for left, right in map(str.split, file.read().splitlines())]
    letters = _byte_letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges), START, END]
    return words, merges


def _byte_letters() -> list[str]:
    """Return the letter that stands for each byte, in the vocabulary's order: printable ones stand for themselves."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    rest = 256 - len(printable)
    return [chr(byte) for byte in printable] + [chr(256 + number) for number in range(rest)]
