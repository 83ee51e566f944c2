"""The prompt dialects: what each program's own parser reads as syntax, and what it leaves as text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from ..errors import UnknownDialect, nearest_names
from ..lists import DIALECTS
from . import brackets
from .brackets import Reading


@dataclass(frozen=True)
class Dialect:
    """One program's reading of a prompt.

    Attributes:
        id: its name in `parse(text, dialect=...)`.
        name: its name for people.
        read: finds the brackets that weight.
        escapes: matches a backslash that is not encoded, and what it protects.
        merges: whether neighbours of one weight become one segment.
        a1111: whether AND, BREAK, schedules, alternation, LoRA references and comments are syntax.
        braces: whether `{a|b}` can stand for wildcard variants; not where braces weight.
        active: the characters that can be syntax, as the inside of a character class.
    """

    id: str
    name: str
    read: Callable[[str, int, int], Reading]
    escapes: re.Pattern[str]
    active: str
    merges: bool = False
    a1111: bool = False
    braces: bool = True


A1111 = Dialect(
    "a1111",
    "A1111",
    brackets.a1111,
    escapes=re.compile(r"\\[()\[\]\\]?"),  # a backslash before anything else is dropped
    active=r"()\[\]{}|:\\#<>",
    merges=True,
    a1111=True,
)
COMFYUI = Dialect("comfyui", "ComfyUI", brackets.comfyui, escapes=re.compile(r"\\[()]"), active=r"(){}|:\\<>")
NOVELAI3 = Dialect(
    "novelai3",
    "NovelAI 3",
    brackets.novelai3,
    escapes=re.compile(r"(?!)"),
    active=r"{}\[\]",
    braces=False,
)
NOVELAI4 = Dialect(
    "novelai4",
    "NovelAI 4",
    brackets.novelai4,
    escapes=re.compile(r"(?!)"),
    active=r"{}\[\]:",
    braces=False,
)
COMPEL = Dialect(
    "compel",
    "compel (InvokeAI)",
    brackets.compel,
    escapes=re.compile(r"\\[()]"),
    active=r"(){}|\\<>+\-",
)
ALL = {dialect.id: dialect for dialect in (A1111, COMFYUI, NOVELAI3, NOVELAI4, COMPEL)}


def get_dialect(dialect_id: str) -> Dialect:
    """Return a dialect by its id.

    Raises:
        UnknownDialect: with the nearest ids.
    """
    try:
        return ALL[dialect_id]
    except KeyError:
        hint = nearest_names(dialect_id, DIALECTS) or f"known are {', '.join(DIALECTS)}"
        raise UnknownDialect(f"unknown prompt dialect {dialect_id!r}; {hint}") from None
