"""Rules on NovelAI's way of weighting, `{x}` and `1.5::x::`, in prompts that are written for other programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ..syntax import Kind
from ..syntax.edits import Edit
from .brackets import ANY, schedules
from .finding import Spot, Suggestion, quoted
from .prompt import Prompt, makes_border
from .weights import NO_WEIGHT

TOKEN = re.compile(r"(?:(?<![^\s,(\[，、])|(?<=::))(-?(?:\d+(?:\.\d*)?|\.\d+))::(?!:)|::")
TAG_END = re.compile(r"[,\n\r，、]|\Z")
FURTHEST = 300
"""Characters that are looked at behind a number which nothing closes."""
CLOSING = {"a1111": ":{})", "comfyui": ":{})", "compel": "){}"}
"""What closes a bracket with a weight, in the dialects that have such."""


class Stretch(NamedTuple):
    """A `1.5::x::`: `text[start:inner]` opens it, `text[close:end]` closes it; `end` is None if nothing does."""

    start: int
    inner: int
    close: int
    end: int | None
    number: float


def colon_weights(prompt: Prompt) -> Iterator[Spot]:
    """Find `1.5::x::`, which NovelAI 4 alone reads as a weight."""
    if prompt.dialect.id == "novelai4" or "::" not in prompt.masked:
        return
    told_until = -1
    for stretch in _stretches(prompt):
        if stretch.start >= told_until:
            told_until = stretch.end or stretch.inner
            yield _closed(prompt, stretch) if stretch.end else _unclosed(prompt, stretch)


def _stretches(prompt: Prompt) -> list[Stretch]:
    """Return the stretches in the order of their beginnings."""
    scheduled = {node.start for node in prompt.of_kind(Kind.SCHEDULE)} | {item[0] for item in schedules(prompt)}
    opened: list[re.Match[str]] = []
    found: list[Stretch] = []
    for match in TOKEN.finditer(prompt.masked):
        if match[1] is not None:
            if match.start() - 1 not in scheduled and abs(float(match[1])) <= NO_WEIGHT:  # `[1::5]` is prompt editing
                opened.append(match)
        elif opened:
            first = opened.pop()
            found.append(Stretch(*first.span(), *match.span(), float(first[1])))
    found += [Stretch(*match.span(), match.end(), None, float(match[1])) for match in opened]
    return sorted(found)


def _closed(prompt: Prompt, stretch: Stretch) -> Spot:
    start, _, _, end, number = stretch
    end = end or stretch.close
    edits = _brackets(prompt, stretch)
    message = _message(prompt, stretch, end)
    if number <= 0:
        message += "; what must not be seen belongs in the other prompt"
        kept = (Suggestion("the same number in brackets", edits),) if edits else ()
        return Spot(start, end, message, suggestions=kept)
    return Spot(start, end, f"{message}; {_instead(prompt, number)}", edits, changes_weights=True)


def _unclosed(prompt: Prompt, stretch: Stretch) -> Spot:
    """Return the finding on a number that NovelAI would heed to the prompt's end, which is seldom meant."""
    match = TAG_END.search(prompt.masked[stretch.inner : stretch.inner + FURTHEST])
    close = stretch.inner + (match.start() if match else 0)
    edits = _brackets(prompt, stretch._replace(close=close, end=close))
    message = f"{_message(prompt, stretch, close)}; {_instead(prompt, stretch.number)}"
    suggestions = (Suggestion("brackets around the next tag", edits),) if edits else ()
    return Spot(stretch.start, stretch.inner, message, suggestions=suggestions)


def _message(prompt: Prompt, stretch: Stretch, end: int) -> str:
    written = quoted(prompt.text[stretch.start : end])
    return f"{written} is NovelAI 4's way of weighting: {prompt.dialect.name} encodes its number and colons as text"


def _instead(prompt: Prompt, number: float) -> str:
    closing = CLOSING.get(prompt.dialect.id)
    if closing is None:
        return "write '{tag}' or '[tag]'"
    return f"write '(tag{closing.format(f'{number:g}')}', or convert the prompt from NovelAI's dialect"


def _brackets(prompt: Prompt, stretch: Stretch) -> tuple[Edit, ...] | None:
    """Return the edits that put brackets with the number around what is weighted, if that is plain text."""
    start, inner, close, end, number = stretch
    closing = CLOSING.get(prompt.dialect.id)
    masked, text = prompt.masked[inner:close], prompt.text[inner:close]
    if closing is None or end is None or not text.strip() or ANY.search(masked) or ":" in masked or makes_border(text):
        return None
    inner += len(text) - len(text.lstrip())
    close -= len(text) - len(text.rstrip())
    return Edit(start, inner, "("), Edit(close, end, closing.format(f"{number:g}"))
