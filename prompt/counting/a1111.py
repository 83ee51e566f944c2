"""A1111's chunker: chunks of 75, ended by BREAK, or behind the last comma if one is near.

Its rules are those of `modules/sd_hijack_clip.py` (`tokenize_line`), with CLIP's vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from .chunks import Chunks
from .clip import COMMA
from .encoders import CHUNK
from .passages import EMBEDDING, Passage, TextToken
from .vocabularies import Vocabulary

BACKTRACK = 20
"""A1111's setting `comma_padding_backtrack`: how near a comma must be; 0 turns the rule off."""
BREAK = ("BREAK", -1.0)


def chunks(
    passages: Iterable[Passage],
    vocabulary: Vocabulary,
    embeddings: Mapping[str, int] | None = None,
    backtrack: int = BACKTRACK,
) -> Chunks:
    """Return the chunks of a prompt.

    Args:
        passages: the segments of A1111's attention parser; `("BREAK", -1.0)` ends a chunk.
        vocabulary: CLIP's.
        embeddings: the number of vectors of each embedding that A1111 has loaded: their bare names stand for them.
        backtrack: how many text tokens back a comma may lie.
    """
    found = _Chunker(backtrack)
    known = _Embeddings(embeddings or {}, vocabulary)
    for passage in passages:
        if (passage.text, passage.weight) == BREAK:
            found.close()
            continue
        for unit, is_comma in known.units(passage.tokens(vocabulary)):
            found.add(unit, is_comma)
    return found.finish()


class _Chunker:
    """Fills chunk after chunk."""

    def __init__(self, backtrack: int) -> None:
        self._backtrack = backtrack
        self._closed: list[tuple[TextToken, ...]] = []
        self._open: list[TextToken] = []
        self._comma: int | None = None

    def add(self, unit: Sequence[TextToken], is_comma: bool) -> None:
        """Take a text token, or an embedding's vectors, which stay together."""
        if is_comma:
            self._comma = len(self._open)
        elif len(self._open) == CHUNK:
            self._move_behind_comma()
        if len(self._open) + len(unit) > CHUNK:
            self.close()
        self._open += unit

    def _move_behind_comma(self) -> None:
        if self._comma is None or CHUNK - self._comma > self._backtrack:
            return
        moved = self._open[self._comma + 1 :]
        del self._open[self._comma + 1 :]
        self.close()
        self._open = moved

    def close(self) -> None:
        """End the open chunk, though it be empty."""
        self._closed.append(tuple(self._open))
        self._open, self._comma = [], None

    def finish(self) -> Chunks:
        """Return what was taken; a BREAK at the end begins no chunk."""
        last = len(self._open)
        length = CHUNK * len(self._closed) + last
        if last or not self._closed:
            self.close()
        return Chunks(tuple(self._closed), length)


class _Embeddings:
    """Finds the embeddings' names among text tokens: the longest name that begins with a text token wins."""

    def __init__(self, embeddings: Mapping[str, int], vocabulary: Vocabulary) -> None:
        self._by_first: dict[int, list[tuple[list[int], int]]] = {}
        for name, vectors in embeddings.items():
            ids = [piece.id for piece in vocabulary.pieces(name)]
            if ids and 0 < vectors <= CHUNK:  # A1111 fails where an embedding is longer than a chunk
                self._by_first.setdefault(ids[0], []).append((ids, vectors))
        for names in self._by_first.values():
            names.sort(key=lambda entry: -len(entry[0]))

    def units(self, tokens: list[TextToken]) -> Iterator[tuple[Sequence[TextToken], bool]]:
        """Go through the text tokens and the embeddings, each with whether it begins with a comma."""
        place = 0
        ids = [token.id for token in tokens] if self._by_first else []
        while place < len(tokens):
            token = tokens[place]
            size, vectors = self._at(ids, place)
            if size:
                vector = TextToken(EMBEDDING, token.start, tokens[place + size - 1].end, token.weight)
                yield [vector] * vectors, token.id == COMMA
            else:
                yield (token,), token.id == COMMA
            place += size or 1

    def _at(self, ids: list[int], place: int) -> tuple[int, int]:
        if not ids:
            return 0, 0
        names = self._by_first.get(ids[place], ())
        return next(((len(name), vectors) for name, vectors in names if ids[place : place + len(name)] == name), (0, 0))
