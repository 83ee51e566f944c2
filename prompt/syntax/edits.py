"""Changes to a prompt's text, kept apart from the text until they are made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """`text[start:end]` becomes `replacement`; an empty span inserts."""

    start: int
    end: int
    replacement: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with the edits made; of two that overlap, the one that begins first (then the longer) is made."""
    pieces: list[str] = []
    place = 0
    for start, end, replacement in sorted(edits, key=lambda edit: (edit.start, -edit.end)):
        if start >= place:
            pieces += [text[place:start], replacement]
            place = end
    return "".join([*pieces, text[place:]])
