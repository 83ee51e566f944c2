"""The tiny model's tags as data: reads `data/vocabulary.yaml`, whose comments explain its parts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .catalogue import catalogue
from .errors import VocabularyError
from .outcomes import Option
from .scene import Colour, TagGroups
from .schema import SCHEMA, check

FILE = Path(__file__).parent / "data" / "vocabulary.yaml"
MOST_BYTES = 1_000_000
"""The longest vocabulary that is read."""


class Style(NamedTuple):
    """A layer that can be chosen for a part, with the tags that are then true."""

    layer: str | None
    tags: tuple[str, ...] = ()
    weight: float = 1.0
    kind: str = ""
    girl_tags: tuple[str, ...] = ()


class Vocabulary(NamedTuple):
    """The vocabulary file, checked. `data` has the file's own keys; the methods return its parts as values."""

    data: Mapping[str, Any]

    def groups(self, extended: bool = False) -> TagGroups:
        """Return each tag that a picture can have, by group; `old` is in two."""
        return catalogue(self.data, extended)

    def irises(self) -> tuple[Option, ...]:
        """Return the extension's colours of eyes."""
        colours = self.data["extension"]["irises"]["colours"]
        return tuple(Option(name, _colour(value)) for name, value in colours.items())

    def palette(self, name: str) -> tuple[Option, ...]:
        """Return the named colours of hair or clothing."""
        return tuple(Option(colour, _colour(value)) for colour, value in self.data["colours"][name].items())

    def skins(self, furry: bool) -> tuple[Option, ...]:
        """Return the colours of skin, or of fur."""
        skins = [skin for skin in self.data["skins"] if skin.get("furry", False) == furry]
        return tuple(Option(skin["tag"], _colour(skin["colour"]), skin.get("weight", 1.0)) for skin in skins)

    def styles(self, *keys: str) -> tuple[Style, ...]:
        """Return the list of styles at a path of keys, such as `hats`, `styles`."""
        found: Any = self.data
        for key in keys:
            found = found[key]
        return tuple(
            Style(
                one["layer"],
                tuple(one["tags"]),
                one.get("weight", 1.0),
                one.get("kind", ""),
                tuple(one.get("girl tags", ())),
            )
            for one in found
        )


def _colour(value: Any) -> Colour:
    red, green, blue = value
    return float(red), float(green), float(blue)


def read_vocabulary(path: Path) -> Vocabulary:
    """Read a vocabulary.

    Raises:
        VocabularyError: for a file that is not one; names the place in it.
    """
    import yaml

    try:
        with path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise VocabularyError(f"{path}: longer than {MOST_BYTES} bytes, which no vocabulary is")
        data = yaml.safe_load(text)
    except (OSError, yaml.YAMLError) as error:
        raise VocabularyError(f"{path}: can't be read: {' '.join(str(error).split())}") from error
    check(data, SCHEMA, path.name)
    return Vocabulary(data)


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary that the tiny model was trained on; the caller must not change it."""
    return read_vocabulary(FILE)
