"""Which capitals belong: those of keywords (`AND`, `BREAK`) and of faces that many write so (`:D`, `XD`)."""

from __future__ import annotations

from functools import cache

from .listing import names_of, tag_data


@cache
def keywords() -> frozenset[str]:
    """Return the words that only capitals make keywords: `and` is a plain word, `AND` parts a prompt."""
    return frozenset(names_of(tag_data("capitals")["keywords"]))


def has_needless_capitals(text: str) -> bool:
    """Whether a tag as it is written (`Masterpiece`) should have lower case: CLIP reads both alike, others don't."""
    return text != text.lower() and text not in keywords() and text.upper() not in _faces()


@cache
def _faces() -> frozenset[str]:
    return frozenset(names_of(tag_data("capitals")["faces"]))
