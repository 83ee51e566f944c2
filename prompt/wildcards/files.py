"""Reads files of wildcards: text files with an option a line, and YAML files of nested names with lists of options."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from ..errors import WildcardFileError
from ..naming import spoken
from ..syntax.protection import syntax_tags
from ..syntax.variants import WEIGHT

TEXT_ENDING = ".txt"
YAML_ENDINGS = (".yaml", ".yml")
LINE_END = re.compile(r"\r\n|\r|\n")
FOREIGN = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class Option(NamedTuple):
    """One option: its text, how often it is chosen as compared with the others, and its line, counted from 1."""

    text: str
    weight: float
    line: int


class Listing(NamedTuple):
    """A list of options in a file.

    Attributes:
        keys: the names of a YAML file that lead to it; none in a text file.
        line: where it begins.
        options: in their order.
        fault: what is wrong with it, if it can't be used, or an empty text.
    """

    keys: tuple[str, ...]
    line: int
    options: tuple[Option, ...]
    fault: str = ""


def read_file(path: Path) -> tuple[Listing, ...]:
    """Return the lists of options in a file.

    Raises:
        WildcardFileError: if it can't be read, is not UTF-8, or is no YAML.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WildcardFileError(f"{path} can't be read: {error.strerror or error}") from None
    try:
        if path.suffix.casefold() in YAML_ENDINGS:
            return _yaml_listings(content)
        return (Listing((), 1, _text_options(content)),)
    except WildcardFileError as error:
        raise WildcardFileError(f"{path} {error}") from None


@lru_cache(maxsize=64)
def _yaml_listings(content: bytes) -> tuple[Listing, ...]:
    from .yaml_files import listings  # PyYAML is imported at first use

    return tuple(listings(_decoded(content)))


def _text_options(content: bytes) -> tuple[Option, ...]:
    """Return a text file's options; tags are looked up anew each time, as the lists of names may have changed."""
    options, marked = _lines(content)
    tags = [line for line in marked if _is_tag(line.text)]
    return tuple(sorted([*options, *tags], key=attrgetter("line"))) if tags else options


@lru_cache(maxsize=64)
def _lines(content: bytes) -> tuple[tuple[Option, ...], tuple[Option, ...]]:
    """Return the options of a text, and apart from them those that `#` begins: comments, if they are no tags."""
    options: list[Option] = []
    marked: list[Option] = []
    for number, line in enumerate(LINE_END.split(_decoded(content)), 1):
        stripped = line.strip()
        if stripped:
            (marked if stripped[0] == "#" else options).append(option(stripped, number))
    return tuple(options), tuple(marked)


def _decoded(content: bytes) -> str:
    try:
        if not content.startswith(FOREIGN) and b"\0" not in content:
            return content.decode("utf-8-sig")
        what = "is not UTF-8 text; it looks like UTF-16 or a binary file"
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        what = f"is not UTF-8 text: see line {line}"
    raise WildcardFileError(f"{what}; save it as UTF-8")


def _is_tag(line: str) -> bool:
    """Whether a line begins with a tag such as `#compass`, and so is no comment."""
    return not line[1:2].isspace() and spoken(line.split(",")[0]) in syntax_tags()


def option(text: str, line: int) -> Option:
    """Return an option as it is written in a file, with its weight (`2::text`) in front."""
    weight = WEIGHT.match(text)
    if weight is None:
        return Option(text.strip(), 1.0, line)
    return Option(text[weight.end() :].strip(), float(weight[1]), line)
