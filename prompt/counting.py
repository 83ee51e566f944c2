"""Counts CLIP's text tokens with CLIP's own vocabulary (MIT), by the `tokenizers` library."""

from __future__ import annotations

import gzip
from functools import cache
from typing import TYPE_CHECKING

from .errors import CountingUnavailable
from .parsing import encoded_segments
from .resources import DATA

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CHUNK = 75
"""Text tokens that CLIP reads at a time, besides its start and end marks."""
START, END = "<|startoftext|>", "<|endoftext|>"


def count_text_tokens(text: str) -> int:
    """Return how many text tokens CLIP makes of a prompt, without start, end and padding; weights are no text.

    Raises:
        CountingUnavailable: if `tokenizers` is not installed.
    """
    clip = _clip()
    pieces = (piece.encode("utf-8", "replace").decode() for piece in encoded_segments(text))
    return sum(len(clip.encode(piece, add_special_tokens=False).ids) for piece in pieces)


@cache
def _clip() -> Tokenizer:
    try:
        from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
    except ImportError as error:
        raise CountingUnavailable(
            "counting text tokens needs the package tokenizers; install it with: pip install tokenizers"
        ) from error
    with gzip.open(DATA / "clip" / "merges.txt.gz", "rt", encoding="utf-8") as file:
        merges = [tuple(line.split()) for line in file.read().splitlines()]
    letters = _byte_letters()
    words = [
        *letters,
        *(f"{letter}</w>" for letter in letters),
        *("".join(pair) for pair in merges),
        START,
        END,
    ]
    model = models.BPE(
        vocab={word: number for number, word in enumerate(words)},
        merges=merges,
        unk_token=END,
        continuing_subword_prefix="",
        end_of_word_suffix="</w>",
    )
    clip = Tokenizer(model)
    # As transformers prepares a text where ftfy is absent: no control characters, ideographs one by one.
    cleaned = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=False, lowercase=False
    )
    spaces = normalizers.Replace(Regex(r"\s+"), " ")
    clip.normalizer = normalizers.Sequence([cleaned, normalizers.NFC(), spaces, normalizers.Lowercase()])
    pieces = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
    clip.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pieces), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    clip.decoder = decoders.ByteLevel()
    clip.add_special_tokens([START, END])
    return clip


def _byte_letters() -> list[str]:
    """Return the letter that stands for each byte, in the vocabulary's order: printable ones stand for themselves."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    rest = 256 - len(printable)
    return [chr(byte) for byte in printable] + [chr(256 + number) for number in range(rest)]
