"""ComfyUI's own chunker: pieces of under 8 text tokens stay whole, longer ones are cut where the chunk is full.

Its rules are those of `comfy/sd1_clip.py` (`SDTokenizer.tokenize_with_weights`): no comma counts, no BREAK.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .chunks import Chunks
from .encoders import TextEncoder
from .passages import EMBEDDING, Passage, TextToken, align
from .vocabularies import Vocabulary

WHOLE = 8
"""A piece of so many text tokens or more may be cut."""
REFERENCE = "embedding:"
BEFORE_REFERENCE = re.compile(rf"[ \n](?={REFERENCE})")
OTHERS = "*"
FILE_ENDINGS = (".safetensors", ".pt", ".bin")


def chunks(
    passages: Iterable[Passage],
    encoder: TextEncoder,
    vocabulary: Vocabulary,
    embeddings: Mapping[str, int] | None = None,
) -> Chunks:
    """Return the chunks of a prompt.

    Args:
        passages: the segments of ComfyUI's attention parser.
        encoder: how long its chunks are, and whether it looks for embeddings.
        vocabulary: its vocabulary.
        embeddings: the number of vectors of each embedding, and of `*`: all others. 0 says that ComfyUI does not find
            it, and leaves it out.
    """
    groups: list[list[TextToken]] = []
    unknown: dict[str, None] = {}
    for passage in passages:
        for word in _words(passage):
            rest = word
            if encoder.embeddings and (reference := _reference(word)):
                rest = reference.rest
                vectors = _vectors(reference, embeddings or {})
                if vectors is None:
                    unknown[reference.without_commas or reference.name] = None
                else:
                    groups.append([TextToken(EMBEDDING, *reference.span, passage.weight)] * vectors)
            groups.append(rest.tokens(vocabulary))
    return _fill(groups, encoder.chunk, tuple(unknown))


def _fill(groups: list[list[TextToken]], size: int | None, unknown: tuple[str, ...]) -> Chunks:
    if size is None:
        whole = tuple(token for group in groups for token in group)
        return Chunks((whole,), len(whole), unknown)
    filled: list[list[TextToken]] = [[]]
    for group in groups:
        may_cut = len(group) >= WHOLE
        place = 0
        while len(group) - place > (room := size - len(filled[-1])):
            if may_cut:
                filled[-1] += group[place : place + room]
                place += room
            filled.append([])
        filled[-1] += group[place:]
    length = size * (len(filled) - 1) + len(filled[-1])
    return Chunks(tuple(map(tuple, filled)), length, unknown)


class _Reference(NamedTuple):
    """`embedding:name`: the name, the one that is tried next, its place, and the text that is read behind it."""

    name: str
    without_commas: str
    span: tuple[int, int]
    rest: Passage


def _words(passage: Passage) -> list[Passage]:
    """Return the pieces of a segment: each reference begins one, and the space before it goes."""
    found, place = [], 0
    for match in BEFORE_REFERENCE.finditer(passage.text):
        found.append(passage.part(place, match.start()))
        place = match.end()
    return [word for word in [*found, passage.part(place)] if word.text]


def _reference(word: Passage) -> _Reference | None:
    """Read a reference; a bare `embedding:`, at which ComfyUI fails, is text."""
    if not word.text.startswith(REFERENCE):
        return None
    name, *others = word.text[len(REFERENCE) :].split() or [""]
    if not name:
        return None
    start = word.text.index(name, len(REFERENCE))
    bare = name.strip(",")
    rest = " ".join(others)
    if len(bare) < len(name):
        rest = f"{name[len(bare) :]} {rest}"
    last = len(word.text) - 1
    places = [word.places[min(place, last)] for place in align(rest, word.text, start + len(bare))]
    end = word.places[start + len(bare) - 1] + 1 if bare else word.places[start]
    return _Reference(name, bare, (word.places[0], end), Passage(rest, places, word.weight))


def _vectors(reference: _Reference, embeddings: Mapping[str, int]) -> int | None:
    names = [reference.name, reference.without_commas]
    names += [name.removesuffix(ending) for name in names for ending in FILE_ENDINGS]
    return next((embeddings[name] for name in [*names, OTHERS] if name in embeddings), None)
