r"""Writes weighted text in each dialect's own syntax: the counterpart of `brackets`."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

from .brackets import NAI_UP

NEAR = 1e-4
"""Weights are written with four decimals: so far may an effective weight be off."""
FACE_BRACES = re.compile(r"[{}\[\]]")


class Written(NamedTuple):
    """A piece of a prompt in another dialect, and what of it could not be kept, in words."""

    text: str
    lost: tuple[str, ...] = ()


Writer = Callable[[str, float, str], Written]
"""Takes a text, its weight, and what was written before it."""


def decimal(weight: float) -> str:
    """Return a weight without exponent, with at most four decimals."""
    return f"{weight:.4f}".rstrip("0").rstrip(".")


def comfyui(text: str, weight: float, before: str) -> Written:
    """Write `(text:1.2)`; a backslash before a bracket would escape it, so that text is weighted by 1."""
    escaped = re.sub(r"([()])", r"\\\1", text)
    if weight == 1 and not escaped.endswith("\\"):
        return Written(escaped)
    return Written(f"({escaped}:{decimal(weight) if math.isfinite(weight) else weight})")


def a1111(text: str, weight: float, before: str) -> Written:
    """Write `(text:1.2)`; the words AND and BREAK become small, which CLIP reads alike."""
    lost = []
    if re.search(r"\b(?:AND|BREAK)\b", text):
        text = re.sub(r"\b(?:AND|BREAK)\b", lambda match: match[0].lower(), text)
        lost.append("the words AND and BREAK are written small: in capitals they are syntax in A1111")
    if "#" in text:
        lost.append("A1111 takes `#` and the rest of the line for a comment, and it can't be escaped")
    if re.search(r"<\w+:[^>]+>", text):
        lost.append("A1111 takes `<name:...>` for a reference to a file")
    escaped = re.sub(r"([()\[\]\\])", r"\\\1", text)
    if weight == 1:
        return Written(escaped, tuple(lost))
    if not math.isfinite(weight) or abs(weight) > 1e9:
        return Written(escaped, (*lost, f"A1111 knows no weight {weight:g}: it is left out"))
    return Written(f"({escaped}:{decimal(weight)})", tuple(lost))


def novelai3(text: str, weight: float, before: str) -> Written:
    """Write `{{text}}`: the nearest power of 1.05."""
    lost = _unescapable(text)
    if weight <= 0 or not math.isfinite(weight):
        return Written(text, (*lost, f"NovelAI 3 knows no weight {weight:g}: it is left out"))
    steps = round(math.log(weight) / math.log(NAI_UP))
    if abs(steps) > 100:
        return Written(text, (*lost, f"the weight {weight:g} is too far out for NovelAI's braces: it is left out"))
    reached = NAI_UP**steps
    if abs(reached - weight) > NEAR:
        lost = (*lost, f"the weight {decimal(weight)} becomes {decimal(reached)}, the nearest power of 1.05")
    opening, closing = "{}" if steps > 0 else "[]"
    return Written(opening * abs(steps) + text + closing * abs(steps), lost)


def novelai4(text: str, weight: float, before: str) -> Written:
    """Write `1.2::text::`."""
    lost = _unescapable(text)
    if "::" in text:
        lost = (*lost, "`::` ends a weight in NovelAI 4, and it can't be escaped")
    if weight == 1:
        return Written(text, lost)
    if not math.isfinite(weight):
        return Written(text, (*lost, f"NovelAI 4 knows no weight {weight:g}: it is left out"))
    space = " " if re.search(r"[\w.:\-]$", before) else ""
    end = " " if text.endswith(":") else ""
    if space or end:
        lost = (*lost, "a space keeps the weight's number and colons apart from the text")
    return Written(f"{space}{decimal(weight)}::{text}{end}::", lost)


def compel(text: str, weight: float, before: str) -> Written:
    """Write `(text)1.2`."""
    lost: tuple[str, ...] = ()
    if re.search(r"[^\s,()+\-][+\-]+(?=[\s,)]|$)", text):
        lost = ("a word that ends in + or - is weighted by compel",)
    escaped = re.sub(r"([()])", r"\\\1", text)
    if re.search(r"\)(?:\d*\.?\d*|[+-]*)$", before) and re.match(r"[\w.+\-]", text):
        escaped, lost = f" {escaped}", (*lost, "a space keeps the text apart from the number before it")
    if weight == 1:
        return Written(escaped, lost)
    if weight < 0 or not math.isfinite(weight):
        return Written(escaped, (*lost, f"compel knows no weight {weight:g}: it is left out"))
    return Written(f"({escaped}){decimal(weight)}", lost)


def _unescapable(text: str) -> tuple[str, ...]:
    found = FACE_BRACES.search(text)
    return (f"`{found[0]}` is a weight in NovelAI, and it can't be escaped",) if found else ()


WRITERS: dict[str, Writer] = {
    "a1111": a1111,
    "comfyui": comfyui,
    "novelai3": novelai3,
    "novelai4": novelai4,
    "compel": compel,
}
