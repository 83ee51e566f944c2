"""What the vocabulary file must hold, and the check of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from .errors import VocabularyError

Shape = Callable[[Any, str], None]
"""Raises VocabularyError where a value, at a place that a text names, is not of the shape."""


def check(value: Any, shape: Shape, place: str) -> None:
    """Check a value against a shape.

    Raises:
        VocabularyError: says where, what is wrong and what is asked for.
    """
    shape(value, place)


def text(value: Any, place: str) -> None:
    """A text."""
    if not isinstance(value, str):
        raise VocabularyError(f"{place}: {value!r} is not a text")


def layer(value: Any, place: str) -> None:
    """A layer's name, or null for none."""
    if value is not None:
        text(value, place)


def truth(value: Any, place: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise VocabularyError(f"{place}: {value!r} is neither true nor false")


def number(value: Any, place: str) -> None:
    """A number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise VocabularyError(f"{place}: {value!r} is not a number")


def share(value: Any, place: str) -> None:
    """A number from 0 to 1."""
    number(value, place)
    if not 0 <= value <= 1:
        raise VocabularyError(f"{place}: {value} is not between 0 and 1")


def positive(value: Any, place: str) -> None:
    """A number above 0."""
    number(value, place)
    if not 0 < value < float("inf"):
        raise VocabularyError(f"{place}: {value} is not above 0")


def whole(value: Any, place: str) -> None:
    """A whole number above 0."""
    positive(value, place)
    if not isinstance(value, int):
        raise VocabularyError(f"{place}: {value} is not a whole number")


def several(shape: Shape, count: int | None = None, empty: bool = False) -> Shape:
    """A list whose entries all have a shape; `count` of them if given."""

    def listed(value: Any, place: str) -> None:
        if not isinstance(value, list) or not (value or empty):
            raise VocabularyError(f"{place}: {value!r} is not a list" + ("" if empty else " with entries"))
        if count is not None and len(value) != count:
            raise VocabularyError(f"{place}: has {len(value)} entries, not {count}")
        for index, entry in enumerate(value):
            shape(entry, f"{place}[{index}]")

    return listed


def named(shape: Shape) -> Shape:
    """A mapping with any texts as its keys, whose values all have a shape."""

    def mapped(value: Any, place: str) -> None:
        if not isinstance(value, dict) or not value:
            raise VocabularyError(f"{place}: {value!r} is not a mapping with entries")
        for key, entry in value.items():
            text(key, f"{place}: a key")
            shape(entry, f"{place}.{key}")

    return mapped


class Record(NamedTuple):
    """A mapping with these keys and no others."""

    needed: dict[str, Shape]
    optional: Mapping[str, Shape] = MappingProxyType({})

    def __call__(self, value: Any, place: str) -> None:
        """Check a mapping's keys, then their values."""
        if not isinstance(value, dict):
            raise VocabularyError(f"{place}: {value!r} is not a mapping")
        known = {**self.needed, **self.optional}
        if missing := [key for key in self.needed if key not in value]:
            raise VocabularyError(f"{place}: lacks {', '.join(missing)}")
        if strange := [key for key in value if key not in known]:
            raise VocabularyError(f"{place}: {strange[0]!r} is not a key of it; its keys are {', '.join(known)}")
        for key, entry in value.items():
            known[key](entry, f"{place}.{key}")


TAGS = several(text, empty=True)
COLOUR = several(share, count=3)
BOUNDS = several(number, count=2)
STYLE = Record({"layer": layer, "tags": TAGS}, {"weight": positive, "kind": text, "girl tags": TAGS})
STYLES = several(STYLE)
USUAL = Record({"usual": text, "usual share": share, "styles": STYLES})
DAMAGE = Record(
    {"kind": text, "share": share},
    {"amount": BOUNDS, "one of": several(whole), "tags": TAGS, "said": whole},
)
QUALITY = Record({"share": share, "most": whole, "tags": TAGS})
SHOT = Record({"tags": TAGS, "zoom": positive, "shift": number}, {"weight": positive})
PERSON = Record({"share": share, "tags": TAGS})
SCHEMA = Record(
    {
        "colours": Record({"hair": named(COLOUR), "clothing": named(COLOUR)}),
        "jitter": Record({"skin": share, "other": share}),
        "person": Record(
            {
                "base": text,
                "nose": text,
                "people": Record({"girl": PERSON, "boy": PERSON}),
                "furry tags": TAGS,
            }
        ),
        "skins": several(Record({"tag": text, "colour": COLOUR}, {"weight": positive, "furry": truth})),
        "hair": Record({"own share": share, "tag": text, "styles": STYLES}),
        "hats": Record({"share": share, "styles": STYLES}),
        "ears": Record({"share": share, "styles": STYLES}),
        "halo": Record({"share": share, "layer": text, "tags": TAGS}),
        "beards": Record({"share": share, "styles": STYLES}),
        "eyes": USUAL,
        "eyebrows": USUAL,
        "mouths": STYLES,
        "together": several(Record({"tags": TAGS, "of": TAGS}), empty=True),
        "clothes": Record({"print share": share, "styles": STYLES, "prints": STYLES}),
        "eyewear": Record({"share": share, "styles": STYLES}),
        "camera": Record(
            {
                "shots": several(SHOT),
                "zoom factor": BOUNDS,
                "sideways": share,
                "mirrored share": share,
                "tilt": Record({"share": share, "angle": BOUNDS, "tags": TAGS}),
            }
        ),
        "backgrounds": several(Record({"painter": text, "tags": TAGS}, {"weight": positive})),
        "quality": Record(
            {
                "high": QUALITY,
                "low": Record(QUALITY.needed | {"damage": several(DAMAGE), "else": several(DAMAGE)}),
                "none": Record({"damage": several(DAMAGE)}),
            }
        ),
        "extension": Record(
            {
                "irises": Record(
                    {"share": share, "tag": text, "colours": named(COLOUR), "of": named(text), "hidden by": TAGS}
                )
            }
        ),
        "captions": Record(
            {
                "empty share": share,
                "kept": several(share),
                "quality kept": share,
                "seldom": named(share),
                "groups shuffled": share,
                "tags shuffled": share,
            }
        ),
    }
)
"""The whole file."""
