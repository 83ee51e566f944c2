"""Brings a text into the form in which a vocabulary reads it, and keeps track of where each character stood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

PLAIN = re.compile(r"[\n\r\t -~]*")
"""Texts that are the same in every form."""


class Cleaned(NamedTuple):
    """A text, and for each of its characters where it stood in the text that it was made of."""

    text: str
    places: Sequence[int]


def encodable(text: str) -> Cleaned:
    """Replace lone surrogates, which no vocabulary can read, by question marks."""
    return Cleaned(text.encode("utf-8", "replace").decode("utf-8"), range(len(text)))


def composed(text: str) -> Cleaned:
    """Return the composed form (NFC) of a text without lone surrogates, by Python's Unicode tables.

    `tokenizers` has tables of its own, which are older: they order some combining marks in another way.
    """
    text = encodable(text).text
    if PLAIN.fullmatch(text) or unicodedata.is_normalized("NFC", text):
        return Cleaned(text, range(len(text)))
    return _composed(text)


def without_controls(text: str) -> Cleaned:
    """Return the composed text without control characters and those that Python's Unicode tables don't know.

    A capital sigma at a word's end becomes the small final one: `tokenizers` does not look at what stands around it.
    """
    if PLAIN.fullmatch(text):
        return Cleaned(text, range(len(text)))
    kept = [place for place, char in enumerate(text) if _is_kept(char)]
    whole = composed("".join(text[place] for place in kept))
    lowered = re.sub(r"\S*Σ\S*", _lower, whole.text) if "Σ" in whole.text else whole.text
    return Cleaned(lowered, [kept[place] for place in whole.places])


def _composed(text: str) -> Cleaned:
    """Compose each character with the marks behind it, by itself: so its place is known."""
    starts = [place for place, char in enumerate(text) if not place or not unicodedata.combining(char)]
    pieces: list[str] = []
    places: list[int] = []
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        piece = unicodedata.normalize("NFC", text[start:end])
        pieces.append(piece)
        places += [min(start + number, end - 1) for number in range(len(piece))]
    whole = unicodedata.normalize("NFC", text)
    if "".join(pieces) != whole:  # a few scripts compose letters with letters: there the places are near, not exact
        places = [place * len(text) // len(whole) for place in range(len(whole))]
    return Cleaned(whole, places)


def _is_kept(char: str) -> bool:
    return char in "\t\n\r" or not (char == "\ufffd" or unicodedata.category(char).startswith("C"))


def _lower(word: re.Match[str]) -> str:
    lowered = word[0].lower()
    return lowered if len(lowered) == len(word[0]) else word[0]
