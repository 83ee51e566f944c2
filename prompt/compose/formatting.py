"""Tidies a prompt's white space, commas and spelling; its tags, their order and their weights stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from ..collector import uncollected
from ..errors import PromptError, nearest_names
from ..families.catalog import as_family
from ..families.profiles import Family
from ..lists import LAYOUTS
from ..syntax import Kind, Node, Tree, canonical, parse
from ..tags.vocabulary import OTHER
from .changes import UNSAFE, Change, Changed
from .items import items
from .meaning import sequence
from .writing import respelled, written

ESCAPABLE = frozenset({"a1111", "comfyui", "compel"})
"""The dialects in which a backslash makes a round bracket plain text."""
WIDE = frozenset("，、")
"""Commas to all other dialects; in compel `a++，` weights nothing."""
BRACKET = re.compile(r"(?<!\\)[()]")


@uncollected
def format_prompt(
    text: str,
    *,
    dialect: str = "a1111",
    layout: str = "keep",
    spaces: bool = False,
    escapes: bool = False,
    family: Family | str | None = None,
    tag_aware: bool = True,
) -> Changed:
    """Return a prompt with one comma and one space between its tags, without empty tags and a comma at its end.

    Schedules, alternations, variants, references and comments stay as they are, letter by letter.

    Args:
        text: any prompt.
        dialect: one of `DIALECTS`.
        layout: `keep` keeps line ends (of empty lines one), `one line` makes them commas, `lines` begins a line where
            the tag group changes.
        spaces: write spaces for the underscores of tags, but for those like `score_9` and `^_^`.
        escapes: write a backslash before the brackets of tags that would weight, such as `miku (vocaloid)`.
        family: whose words keep their underscores: a family or its id.
        tag_aware: whether tags like `;)` are kept whole; needed for `escapes`.

    Raises:
        PromptError: for a layout that does not exist.
        UnknownDialect: for a dialect that does not exist.
    """
    if layout not in LAYOUTS:
        raise PromptError(f"no layout {layout!r}; {nearest_names(layout, LAYOUTS) or ', '.join(LAYOUTS)}")
    if dialect == "compel" and not WIDE.isdisjoint(text):
        return Changed(text, remarks=("left as it is: compel takes wide commas for letters",))
    family = as_family(family)
    tree = parse(text, dialect, tag_aware)
    before = sequence(tree)
    line_starts = set(_line_starts(tree)) if layout == "lines" else None
    for respell in (_speller(tree, spaces, escapes and dialect in ESCAPABLE, family), tree.source):
        for result in _ways(tree, respell, line_starts, layout == "keep"):
            if result == text:
                return Changed(text)
            if sequence(parse(result, dialect, tag_aware)) == before:
                return Changed(result, tuple(_changes(tree, respell)))
    return Changed(text, remarks=(UNSAFE,))


def _ways(
    tree: Tree, respell: Callable[[Node], str], line_starts: Collection[int] | None, keep_lines: bool
) -> Iterator[str]:
    """Yield the tidied prompt, and then, as its brackets may forbid that, with less and less of it changed."""
    yield written(tree, respell, line_starts, keep_lines)
    yield written(tree, respell, line_starts, keep_lines, trim=False)
    yield respelled(tree, respell)


def _speller(tree: Tree, spaces: bool, escapes: bool, family: Family | None) -> Callable[[Node], str]:
    kept = frozenset(tree.kept)

    def respell(tag: Node) -> str:
        text = tree.source(tag)
        if spaces and "_" in text and "_" not in canonical(text) and not (family and family.keeps_underscores(text)):
            text = text.replace("_", " ")
        if escapes and (tag.start, tag.end) in kept:
            text = BRACKET.sub(r"\\\g<0>", text)
        return " ".join(text.split())

    return respell


def _line_starts(tree: Tree) -> Iterator[int]:
    """Yield where the items begin that belong to another group than the ones before them."""
    last = OTHER
    for item in items(tree):
        group = item.classified.group
        if group not in (OTHER, last):
            if last != OTHER:
                yield item.start
            last = group


def _changes(tree: Tree, respell: Callable[[Node], str]) -> Iterator[Change]:
    for node in tree.of_kind(Kind.TAG):
        text = tree.source(node)
        if respell(node) != " ".join(text.split()):
            yield Change("spelled", text, f"as {respell(node)}")
    yield Change("tidied", "", "white space and commas")
