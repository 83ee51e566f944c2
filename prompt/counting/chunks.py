"""What a chunker hands on: the chunks of a prompt, and how many places they take."""

from __future__ import annotations

from dataclasses import dataclass

from .passages import TextToken


@dataclass(frozen=True)
class Chunks:
    """A prompt's text tokens as the encoder reads them, chunk by chunk, without marks and padding.

    Attributes:
        chunks: the text tokens of each chunk; at least one chunk, which may be empty.
        length: how many places they take: every chunk but the last one is padded to its full size.
        unknown: embeddings whose number of vectors is not known; the chunks leave them out.
    """

    chunks: tuple[tuple[TextToken, ...], ...]
    length: int
    unknown: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """How many text tokens there are."""
        return sum(map(len, self.chunks))

    def flat(self) -> list[TextToken]:
        """Return all text tokens in one row."""
        return [token for chunk in self.chunks for token in chunk]
