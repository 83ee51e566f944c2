"""All the tags of a vocabulary, by group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .scene import TagGroups


def catalogue(data: Mapping[str, Any], extended: bool) -> TagGroups:
    """Return each tag that a picture can have, by group, in the order of the vocabulary file; each once a group."""
    groups = TagGroups(
        quality=quality(data["quality"]),
        body=body(data),
        expression=(*expression(data), *(eye_colours(data) if extended else ())),
        clothing=coloured(clothing(data), data["colours"]["clothing"]),
        pose=(tag for shot in (*data["camera"]["shots"], data["camera"]["tilt"]) for tag in shot["tags"]),
        background=coloured(tags(data["backgrounds"]), data["colours"]["clothing"]),
    )
    return TagGroups(*(tuple(dict.fromkeys(filter(None, group))) for group in groups))


def tags(entries: Iterable[Mapping[str, Any]], key: str = "tags") -> Iterator[str]:
    """Return the tags of all entries of a list."""
    return (tag for entry in entries for tag in entry.get(key, ()))


def coloured(templates: Iterable[str], colours: Iterable[str]) -> Iterator[str]:
    """Return the tags with each colour in place of `{colour}`."""
    colours = tuple(colours)
    for template in templates:
        yield from dict.fromkeys(template.replace("{colour}", colour) for colour in colours)


def quality(data: Mapping[str, Any]) -> Iterator[str]:
    """Return the tags of quality, the high ones first."""
    yield from data["high"]["tags"]
    yield from data["low"]["tags"]
    yield from tags(data["low"]["damage"])


def body(data: Mapping[str, Any]) -> Iterator[str]:
    """Return the tags of the person."""
    yield from tags(data["person"]["people"].values())
    yield from coloured([data["hair"]["tag"]], data["colours"]["hair"])
    yield from tags(data["hair"]["styles"])
    for ears in data["ears"]["styles"]:
        yield from (*ears["tags"], *ears.get("girl tags", ()))
    yield from data["halo"]["tags"]
    yield from (skin["tag"] for skin in data["skins"])
    yield from data["person"]["furry tags"]
    yield from tags(data["beards"]["styles"])


def expression(data: Mapping[str, Any]) -> Iterator[str]:
    """Return the tags of the face."""
    for entries in (data["eyes"]["styles"], data["eyebrows"]["styles"], data["mouths"], data["together"]):
        yield from tags(entries)


def eye_colours(data: Mapping[str, Any]) -> Iterator[str]:
    """Return the extension's tags of eyes."""
    irises = data["extension"]["irises"]
    return (irises["tag"].replace("{eyes}", colour) for colour in irises["colours"])


def clothing(data: Mapping[str, Any]) -> Iterator[str]:
    """Return the tags of what is worn, with `{colour}` in them."""
    lists = (data["clothes"]["styles"], data["clothes"]["prints"], data["hats"]["styles"], data["eyewear"]["styles"])
    for entries in lists:
        yield from tags(entries)
