"""What the editor makes of texts when it queues: random choices in prompts, dates and values in file names."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from datetime import datetime

from ..errors import WorkflowError
from .entered import UNSET, js_text
from .loaded import Node
from .loading import NAME_FOR_SEARCH

Choose = Callable[[int], int]
"""Given how many options there are, returns the number of the chosen one, from 0."""
NAMED_FILES = {
    *("SaveImage", "SaveVideo", "SaveAnimatedWEBP", "SaveWEBM", "SaveAudio", "SaveGLB", "SaveAnimatedPNG"),
    *("CLIPSave", "VAESave", "ModelSave", "LoraSave", "SaveLatent"),
}
"""Classes in whose `filename_prefix` the editor replaces what stands between percent signs."""
COMMENT_START, LINE_END = re.compile(r"/[*/]"), re.compile(r"[\n\r\u2028\u2029]|\Z")
ESCAPED = re.compile(r"\\([{}|])")
PATTERN = re.compile(r"%([^%]+)%")
UNSAFE = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
DATE_PART = re.compile(r"dd?|MM?|hh?|mm?|ss?|yyy?y?")
DEEPEST = 100
"""Levels of choices within choices."""
TOO_DEEP = f"a prompt has choices in more than {DEEPEST} levels of braces"


def seeded(seed: int) -> Choose:
    """Return choices that a seed fixes."""
    return random.Random(seed).randrange


def resolved(text: str, choose: Choose, depth: int = 0) -> str:
    r"""Return a prompt without comments, each `{a|b}` replaced by one of its options; `\{ \} \|` stand for themselves.

    Raises:
        WorkflowError: if choices are nested too deeply.
    """
    if depth > DEEPEST:
        raise WorkflowError(TOO_DEEP)
    text = without_comments(text)
    parts: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            parts.append(text[at : at + 2])
            at += 2
        elif text[at] == "{":
            options, at = _options(text, at + 1)
            parts.append(resolved(options[choose(len(options))], choose, depth + 1))
        else:
            parts.append(text[at])
            at += 1
    return ESCAPED.sub(r"\1", "".join(parts))


def without_comments(text: str) -> str:
    """Return a text without `/* */` and what follows `//` in a line; a `/*` that is not closed stays."""
    parts: list[str] = []
    at, last_close = 0, text.rfind("*/")
    while (found := COMMENT_START.search(text, at)) is not None:
        start = found.start()
        if text[start + 1] == "/":
            end = LINE_END.search(text, start)
            parts.append(text[at:start])
            at = end.start() if end else len(text)
        elif last_close >= start + 2:
            parts.append(text[at:start])
            at = text.index("*/", start + 2) + 2
        else:
            parts.append(text[at : start + 1])
            at = start + 1
    return "".join([*parts, text[at:]])


def _options(text: str, at: int) -> tuple[list[str], int]:
    """Return the options of a choice whose brace was opened in front of `at`, and where the text goes on.

    Raises:
        WorkflowError: if choices are nested too deeply.
    """
    options: list[str] = []
    start, depth = at, 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 2
            continue
        if char == "}" and not depth:
            return [*options, text[start:at]], at + 1
        if char == "|" and not depth:
            options.append(text[start:at])
            start = at + 1
        depth += (char == "{") - (char == "}")
        if depth > DEEPEST:
            raise WorkflowError(TOO_DEEP)
        at += 1
    return [*options, text[start:]], len(text)


class Named:
    """The nodes of a workflow by the names under which file names may mention them."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        """Take the nodes; the first one of a name counts, and a search name more than a title."""
        self._nodes: dict[str, Node] = {}
        names = [(node.properties.get(NAME_FOR_SEARCH), node) for node in nodes]
        for name, node in [*names, *[(node.title, node) for node in nodes]]:
            if isinstance(name, str):
                self._nodes.setdefault(name, node)

    def replaced(self, text: str, now: datetime) -> str:
        """Return a file name with `%date:yyyy-MM-dd%` and `%node.widget%` replaced; other patterns are the server's."""

        def value(match: re.Match[str]) -> str:
            found = self._value(match[1], now)
            return match[0] if found is None else found

        return PATTERN.sub(value, text)

    def _value(self, pattern: str, now: datetime) -> str | None:
        parts = pattern.split(".")
        if len(parts) != 2:
            return date_text(parts[0][len("date:") :], now) if parts[0].startswith("date:") else None
        node = self._nodes.get(parts[0])
        widget = node.widget(parts[1]) if node else None
        if widget is None:
            return None
        shown = "" if widget.value is None or widget.value is UNSET else js_text(widget.value)
        return UNSAFE.sub("_", shown)


def date_text(form: str, now: datetime) -> str:
    """Return a date in a form of `d M h m s` (one letter or two) and `yy` or `yyyy`."""
    values = {"d": now.day, "M": now.month, "h": now.hour, "m": now.minute, "s": now.second}

    def part(match: re.Match[str]) -> str:
        form = match[0]
        if form[0] == "y":
            year = str(now.year)
            return {2: year[2:], 4: year}.get(len(form), form)
        return str(values[form[0]]).rjust(len(form), "0")

    return DATE_PART.sub(part, form)
