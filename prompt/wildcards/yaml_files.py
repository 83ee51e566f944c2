"""Reads the YAML files of wildcards event by event: with line numbers, and no depth of nesting is too much."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from ..errors import WildcardFileError
from .files import Listing, Option, option

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
NULLS = frozenset({"", "~", "null", "Null", "NULL"})
QUOTE = "put quotes around a text that begins with a brace, a bracket or a star, or holds a colon and a space"
MOST_LEVELS = 100


class _Frame:
    """An open mapping or list: the keys that lead to it (None: it stands where it may not), and what was read of it."""

    def __init__(self, keys: tuple[str, ...] | None, line: int, is_list: bool) -> None:
        self.keys, self.line, self.is_list = keys, line, is_list
        self.key: str | None = None
        self.options: list[Option] = []
        self.fault = ""


def listings(text: str) -> Iterator[Listing]:
    """Yield the lists of options in a YAML text; each is named by the keys that lead to it.

    Raises:
        WildcardFileError: if it is no YAML, uses anchors, or nests deeper than `MOST_LEVELS`.
    """
    try:
        yield from _listings(yaml.parse(text, Loader=LOADER))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise WildcardFileError(f"is no YAML: {problem}{where}; {QUOTE}") from None


def _listings(events: Iterator[Any]) -> Iterator[Listing]:
    stack: list[_Frame] = []
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise WildcardFileError(f"uses an anchor (*{event.anchor}) in line {line}; write its contents out")
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            stack.append(_opened(stack, line, isinstance(event, yaml.SequenceStartEvent)))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            frame = stack.pop()
            if frame.is_list and frame.keys is not None:
                yield Listing(frame.keys, frame.line, tuple(frame.options), frame.fault)
        elif isinstance(event, yaml.ScalarEvent):
            yield from _scalar(stack, event, line)


def _opened(stack: list[_Frame], line: int, is_list: bool) -> _Frame:
    """Return the frame of a mapping or list that begins; one in a list, or as a name, is the fault of that."""
    if not stack:
        return _Frame((), line, is_list)
    if len(stack) == MOST_LEVELS:
        raise WildcardFileError(f"nests more than {MOST_LEVELS} levels in line {line}")
    above = stack[-1]
    if above.is_list or above.keys is None:
        above.fault = above.fault or f"line {line} is no text; {QUOTE}"
        return _Frame(None, line, is_list)
    if above.key is None:
        raise WildcardFileError(f"has a name that is no text in line {line}; {QUOTE}")
    frame = _Frame((*above.keys, above.key), line, is_list)
    above.key = None
    return frame


def _scalar(stack: list[_Frame], event: Any, line: int) -> Iterator[Listing]:
    """Take a name, an option, or a name's only option."""
    null = event.value in NULLS and not event.style  # written without quotes
    found = () if null else (option(event.value, line),)
    above = stack[-1] if stack else None
    if above is None:
        yield Listing((), line, found)
    elif above.is_list:
        above.options += found
    elif above.key is None:
        above.key = event.value
    else:
        if above.keys is not None:
            yield Listing((*above.keys, above.key), line, found)
        above.key = None
