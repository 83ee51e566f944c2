"""Where a text leaves a choice: its wildcards and variants, as the one parser finds them, nested as they stand."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..syntax.parser import parse
from ..syntax.tree import Kind, Tree
from ..syntax.variants import WEIGHT

MARKS = "{|}"
SYNTAX = re.compile(r"[{#()\[\]]|__")
"""What a text must hold to be more than plain text here."""
REFERENCES = (Kind.LORA, Kind.EMBEDDING)


class Region(NamedTuple):
    """A stretch of text, `text[start:end]`, and the sites that stand directly in it, in their order."""

    start: int
    end: int
    sites: list[Site]


class Site(NamedTuple):
    """A wildcard or a variant: `text[start:end]`.

    Attributes:
        start: where it begins.
        end: where it ends.
        name: a wildcard's name; None is a variant.
        head: a variant's `2$$` or `1-2$$ and $$`, or an empty text.
        options: a variant's options.
        weights: their weights.
    """

    start: int
    end: int
    name: str | None
    head: str = ""
    options: tuple[Region, ...] = ()
    weights: tuple[float, ...] = ()

    def lone_wildcard(self) -> str | None:
        """Return the wildcard that is all of a `{2$$__name__}`, from which several lines are taken, or None."""
        if not self.head or len(self.options) != 1 or len(self.options[0].sites) != 1:
            return None
        option, inner = self.options[0], self.options[0].sites[0]
        return inner.name if (inner.start, inner.end) == (option.start, option.end) else None


class Source(NamedTuple):
    """A text with its choices.

    Attributes:
        text: the prompt, or a wildcard's option.
        region: what of it counts, with its sites.
        kept: the spans of the tags that look like syntax.
        references: the LoRA and embedding references that hold braces.
    """

    text: str
    region: Region
    kept: tuple[tuple[int, int], ...] = ()
    references: tuple[str, ...] = ()


def read_option(text: str, dialect: str, tag_aware: bool) -> Source:
    """Return the choices in a wildcard's option. A comment at its end is left out: the option ends before it."""
    if not SYNTAX.search(text):
        return Source(text, Region(0, len(text), []))
    tree = parse(text, dialect, tag_aware)
    comments = [node.start for node in tree.of_kind(Kind.COMMENT) if node.end == len(text)]
    end = len(text[: comments[0]].rstrip()) if comments else len(text)
    return _source(tree, end)


def read_prompt(text: str, dialect: str, tag_aware: bool) -> Source:
    """Return the choices in a prompt.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    return _source(parse(text, dialect, tag_aware), len(text))


def _source(tree: Tree, end: int) -> Source:
    references = [tree.source(node) for node in tree.of_kind(*REFERENCES)]
    bound = tuple(reference for reference in references if "{" in reference)
    return Source(tree.text, _region(tree, end), tree.kept, bound)


class _Open:
    """A variant that is not closed yet: the spans of its marks, and the sites in each of its options."""

    __slots__ = ("marks", "sites")

    def __init__(self, mark: tuple[int, int]) -> None:
        self.marks = [mark]
        self.sites: list[list[Site]] = [[]]

    def all_sites(self) -> list[Site]:
        return [site for sites in self.sites for site in sites]


def _region(tree: Tree, end: int) -> Region:
    """Return a tree's text as a region, with every site in the option that it stands in.

    The marks of variants are gone through, not the groups: one that crosses brackets is no group in the tree.
    """
    text = tree.text
    root = Region(0, end, [])
    opened: list[_Open] = []
    for kind, start, stop, _, _, value in tree.nodes:
        if kind is Kind.WILDCARD:
            (opened[-1].sites[-1] if opened else root.sites).append(Site(start, stop, str(value)))
        elif kind is not Kind.EDGE or text[start] not in MARKS or _escaped(text, start):
            continue
        elif text[start] == "{":
            opened.append(_Open((start, stop)))
        elif text[start] == "|" and opened:
            opened[-1].marks.append((start, stop))
            opened[-1].sites.append([])
        elif opened:
            found = _closed(text, opened.pop(), (start, stop))
            (opened[-1].sites[-1] if opened else root.sites).extend(found)
    for variant in opened:
        root.sites.extend(variant.all_sites())
    return root


def _escaped(text: str, start: int) -> bool:
    r"""Whether a backslash protects a mark, as in `\{`: not in every dialect is that the parser's business."""
    place = start
    while place > 0 and text[place - 1] == "\\":
        place -= 1
    return (start - place) % 2 == 1


def _closed(text: str, variant: _Open, closing: tuple[int, int]) -> list[Site]:
    """Return a variant as a site; one whose bars are all protected is none, and leaves the sites in it."""
    marks = [*variant.marks, closing]
    opening = text[slice(*marks[0])]
    head = opening[1 : opening.rfind("$$") + 2] if "$$" in opening else ""
    if len(marks) == 2 and not head:
        return variant.all_sites()
    weights = [_weight(opening, 1 + len(head)), *(_weight(text[slice(*mark)], 1) for mark in marks[1:-1])]
    joined, breaks = bool(head), _breaks(text[marks[0][0] : closing[1]])
    options = [
        _trimmed(text, left[1], right[0], sites, joined) if joined or breaks else Region(left[1], right[0], sites)
        for left, right, sites in zip(marks, marks[1:], variant.sites, strict=False)
    ]
    return [Site(marks[0][0], closing[1], None, head, tuple(options), tuple(weights))]


def _weight(mark: str, place: int) -> float:
    weight = WEIGHT.match(mark, place) if len(mark) > place else None
    return float(weight[1]) if weight else 1.0


def _trimmed(text: str, start: int, end: int, sites: list[Site], joined: bool) -> Region:
    """Return an option without the white space at its edges, where options are joined or lines break there."""
    option = text[start:end]
    before = len(option) - len(option.lstrip())
    behind = len(option.rstrip())
    if joined or _breaks(option[:before]) or _breaks(option[behind:]):
        return Region(start + before, start + max(before, behind), sites)
    return Region(start, end, sites)


def _breaks(space: str) -> bool:
    return "\n" in space or "\r" in space
