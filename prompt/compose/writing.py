"""Writes a syntax tree anew with tidy commas and white space."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from ..syntax import Kind, Node, Tree
from ..syntax.edits import Edit, apply_edits
from .elements import CHOICES

OPENING, CLOSING, START = "opening", "closing", "start"
BORDERS = frozenset({Kind.AND, Kind.BREAK, Kind.AND_WEIGHT})
"""What a comma beside separates nothing from."""
Mark = Kind | str


class _Piece(NamedTuple):
    """A text that stays, and what it is: a kind, or an opening or closing bracket."""

    mark: Mark
    text: str
    start: int


class _Gap(NamedTuple):
    """What stands between two texts that stay: whether a comma and a space, and how many line ends."""

    comma: bool = False
    space: bool = False
    lines: int = 0


def written(
    tree: Tree,
    respell: Callable[[Node], str],
    line_starts: Collection[int] | None,
    keep_lines: bool,
    trim: bool = True,
) -> str:
    """Return the prompt with one comma and one space between tags; what stands in a choice is kept as it is.

    Args:
        tree: the prompt.
        respell: gives a tag's new spelling.
        line_starts: where a line begins; None: see `keep_lines`.
        keep_lines: whether line ends stay; else they become commas.
        trim: whether commas and spaces go that separate nothing: at the ends, at brackets, at AND and BREAK.
    """
    found: list[str] = []
    last: Mark = START
    gap = _Gap()
    for piece in _pieces(tree, respell):
        if isinstance(piece, _Gap):
            gap = _Gap(gap.comma or piece.comma, gap.space or piece.space, gap.lines + piece.lines)
            continue
        if line_starts is not None or not keep_lines:
            begins = line_starts is not None and piece.start in line_starts
            comma = gap.comma or gap.lines > 0
            gap = _Gap(comma, gap.space, int(begins and comma))
        found += [_between(last, piece.mark, gap) if trim else _untrimmed(last, gap), piece.text]
        last, gap = piece.mark, _Gap()
    return "".join(found if trim else [*found, _untrimmed(last, gap).rstrip(" ")])


def respelled(tree: Tree, respell: Callable[[Node], str]) -> str:
    """Return the prompt with its tags respelled, and all else as it is."""
    return apply_edits(tree.text, [Edit(node.start, node.end, respell(node)) for node in tree.of_kind(Kind.TAG)])


def _pieces(tree: Tree, respell: Callable[[Node], str]) -> Iterator[_Piece | _Gap]:
    end = 0
    for node in tree.nodes:
        if node.start < end or node.kind in (Kind.PROMPT, Kind.ATTENTION):
            continue
        text = tree.source(node)
        if node.kind in CHOICES:
            end = node.end
            yield _Piece(node.kind, text, node.start)
        elif node.kind in (Kind.SPACE, Kind.SEPARATOR):
            yield _gap(text, tree.text[node.end : node.end + 1])
        elif node.kind is Kind.TAG:
            yield _Piece(Kind.TAG, respell(node), node.start)
        elif node.kind is Kind.EDGE:
            yield _Piece(_side(tree, node), "".join(text.split()), node.start)
        else:
            yield _Piece(node.kind, text.strip(), node.start)


def _gap(text: str, following: str) -> _Gap:
    if text[0] in "\r\n":
        return _Gap(lines=int(text[0] == "\n" or following != "\n"))
    return _Gap(space=True) if text.isspace() else _Gap(comma=True)


def _side(tree: Tree, edge: Node) -> Mark:
    group = tree.nodes[edge.parent]
    first = tree.text[edge.start]
    if first in "([{" or (group.kind is Kind.ATTENTION and edge.start == group.start):
        return OPENING
    return (
        CLOSING
        if first in ")]}" or tree.text[edge.end - 1] == ")" or (group.kind is Kind.ATTENTION and edge.end == group.end)
        else Kind.EDGE
    )


def _untrimmed(last: Mark, gap: _Gap) -> str:
    line_ends = "\n" * min(gap.lines, 2)
    if last is Kind.COMMENT:
        return line_ends
    return "," + (line_ends or " ") if gap.comma else line_ends or " " * gap.space


def _between(last: Mark, following: Mark, gap: _Gap) -> str:
    if START in (last, following) or last == OPENING or following in (CLOSING, Kind.AND_WEIGHT):
        return "\n" if last is Kind.COMMENT else ""
    line_ends = "\n" * min(gap.lines, 2)
    if last is Kind.COMMENT:
        return line_ends or "\n"
    if last in BORDERS or following in BORDERS:
        return line_ends or " " * (gap.space or gap.comma)
    return _untrimmed(last, gap)
