"""Says adjectives of one noun together: `long hair` and `orange hair` are `long orange hair`."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .phrasing import listed, said, sayings
from .plurals import of_several
from .slots import Piece

MOST_ADJECTIVES = 3
"""Between more adjectives stand commas."""


def merged(pieces: Iterable[Piece], single: bool, weigh: Callable[[Piece, str], str]) -> list[str]:
    """Return noun phrases; those of one person (`single`) that share a noun are one phrase, others in the plural."""
    groups: dict[str, list[Piece]] = {}
    for at, piece in enumerate(pieces):
        alone = not piece.noun or piece.weight != 1 or not single
        piece = piece if single else piece._replace(text=of_several(piece.text))
        groups.setdefault(f" {at}" if alone else piece.noun, []).append(piece)
    return [_together(noun, group, weigh) for noun, group in groups.items()]


def _together(noun: str, pieces: list[Piece], weigh: Callable[[Piece, str], str]) -> str:
    if len(pieces) == 1:
        return weigh(pieces[0], pieces[0].text)
    return said(f"{described(noun, pieces)} {noun}".strip())


def described(noun: str, pieces: list[Piece]) -> str:
    """Return the adjectives of pieces that end with one noun, in the order of English, colors with `and`."""
    before = [piece.tag.removesuffix(noun).strip() for piece in pieces]
    early, colors = sayings()["early"], sayings()["colors"]
    sized: list[str] = []
    moving: list[str] = []
    colored: list[str] = []
    late: list[str] = []
    for text in filter(None, before):
        kind = (
            sized
            if text in early or text.split(" ")[-1] in early
            else moving
            if text.endswith("ing")
            else colored
            if text.split(" ")[-1] in colors
            else late
        )
        kind.append(text)
    late.sort(key=lambda text: text.count(" "))
    adjectives = [*sized, *moving, *([listed(colored)] if colored else []), *late]
    if len(adjectives) <= MOST_ADJECTIVES:
        return " ".join(adjectives)
    return f"{', '.join(adjectives[:-1])} {adjectives[-1]}"
