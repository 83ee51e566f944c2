"""Converts a prompt from one dialect to another: the effective weights stay, and what can't stay is listed."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from ..collector import uncollected
from .attention import Segment, attention, weight_at_each
from .dialects import get_dialect
from .edits import Edit, apply_edits
from .misreading import misreadings
from .parser import parse
from .tree import Kind, Misreading, Node, SubPrompt, Tree
from .writers import NEAR, WRITERS, Writer, decimal

JOINT = ", "
HALF = 0.5
LEFT_OUT = frozenset({Kind.LORA, Kind.COMMENT})
GAPS = frozenset({Kind.SPACE, Kind.SEPARATOR})
NUMBER_BEHIND = re.compile(r":\s*[-+]?[.\d]+\Z")
WORD_IN_BRACKETS = "in brackets BREAK is a word to A1111 too, of a weight below 0: it stays one"
COMMA_ADDED = "a comma is added: A1111 takes a number at the end for AND's weight"


class Loss(NamedTuple):
    """Something of `text[start:end]` that the other dialect can't say, in words."""

    start: int
    end: int
    message: str


@dataclass(frozen=True)
class Conversion:
    """A prompt in another dialect, and what was lost on the way."""

    text: str
    losses: tuple[Loss, ...]

    def report(self) -> str:
        """Return the losses in words, one a line."""
        return "\n".join(loss.message for loss in self.losses) or "nothing is lost"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"text": self.text, "losses": [loss._asdict() for loss in self.losses]}


class _Piece(NamedTuple):
    """A sub-prompt as it is encoded: its text, and where in the prompt each character comes from."""

    text: str
    origins: list[int]

    def place(self, index: int) -> int:
        """Return the place in the prompt of a character, or behind the last one."""
        if index < len(self.origins):
            return self.origins[index]
        return self.origins[-1] + 1 if self.origins else 0


@uncollected
def convert(text: str, source: str, target: str, tag_aware: bool = True) -> Conversion:
    """Return a prompt of one dialect in another.

    A text that means the same in both is returned as it is. Weights are rounded to four decimals.

    Args:
        text: any string.
        source: the dialect it is written in, one of `DIALECTS`.
        target: the dialect to write.
        tag_aware: whether tags that look like syntax are tags; they are escaped where the target can.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    get_dialect(target)
    tree = parse(text, source, tag_aware, wildcards=tag_aware)
    if source == target:
        return _escaped(tree) if tree.kept else Conversion(text, ())
    losses = _unsayable(tree, get_dialect(target).name) if source == "a1111" else []
    written: list[str] = []
    wanted: list[Segment] = []
    dropped = _dropped(tree) if source == "a1111" else []
    for sub in tree.sub_prompts() if source == "a1111" else [SubPrompt(0, len(text))]:
        piece = _resolved(tree, sub, dropped)
        segments = attention(piece.text, source, tag_aware)
        if written:
            segments.insert(0, Segment(JOINT, 1.0, 0, 0))
        wanted += [Segment(JOINT, 1.0, *mark[2:]) if mark[:2] == ("BREAK", -1.0) else mark for mark in segments]
        losses += _write(wanted[len(wanted) - len(segments) :], WRITERS[target], piece, written)
    readings = [attention(text, target, aware) for aware in {False, tag_aware}]
    if not losses and all(_same(reading, wanted) for reading in readings) and not _says_more(text, target):
        return Conversion(text, ())
    result = "".join(written)
    if target == "a1111" and parse(result, target, tag_aware=False).of_kind(Kind.AND_WEIGHT):
        result += ","
        losses.append(Loss(len(text), len(text), COMMA_ADDED))
    elif not losses and not _same(attention(result, target), wanted):
        losses.append(Loss(0, len(text), "the weights could not be kept exactly"))
    return Conversion(result, tuple(losses))


def _says_more(text: str, target: str) -> bool:
    """Whether a text holds what the target reads as syntax besides weights."""
    kinds = (Kind.AND, Kind.AND_WEIGHT, Kind.SCHEDULE, Kind.ALTERNATION, Kind.LORA, Kind.COMMENT)
    return target == "a1111" and bool(parse(text, target, tag_aware=False).of_kind(*kinds))


def _escaped(tree: Tree) -> Conversion:
    """Return the prompt so that its dialect's own parser leaves the tags alone, as far as that can be said in it."""
    text, dialect = tree.text, tree.dialect
    misread = misreadings(tree)
    places = {node.end: index for index, node in enumerate(tree.nodes) if node.kind is Kind.TAG}
    guards = [_guard(tree, tag, places) for tag in misread]
    edits = [
        Edit(tag.start, tag.end, WRITERS[dialect](tag.name, 1.0, "").text + guard)
        for tag, guard in zip(misread, guards, strict=True)
    ]
    result = apply_edits(text, edits)
    left = {tag.name for tag in misreadings(parse(result, dialect))}
    message = f"{get_dialect(dialect).name} reads syntax in it, and that can't be escaped"
    losses = [
        Loss(tag.start, tag.end, message if tag.name in left else COMMA_ADDED)
        for tag, guard in zip(misread, guards, strict=True)
        if tag.name in left or guard == ","
    ]
    return Conversion(result, tuple(losses))


def _guard(tree: Tree, tag: Misreading, places: dict[int, int]) -> str:
    """Return what keeps the number at a tag's end from being a weight: the bracket's own number, or a comma."""
    index = places.get(tag.end)
    if index is None or not NUMBER_BEHIND.search(tag.name):
        return ""
    around = tree.nodes[tree.nodes[index].parent]
    behind = next((node for node in tree.nodes[index + 1 : index + 3] if node.kind is not Kind.SPACE), None)
    if behind is None or behind.kind is Kind.AND:
        return "," if tree.dialect == "a1111" else ""
    bare = around.kind is Kind.ATTENTION and around.value is None and tree.source(behind) == ")"
    return f":{decimal(tree.nodes[index].weight / around.weight)}" if bare else ""


def _write(segments: list[Segment], write: Writer, piece: _Piece, written: list[str]) -> list[Loss]:
    """Append the segments in the other dialect to `written`; return what was lost."""
    losses: list[Loss] = []
    for segment in segments:
        text, lost = write(segment.text, segment.weight, written[-1] if written else "")
        written.append(text if segment.text else "")
        losses += [Loss(piece.place(segment.start), piece.place(segment.end), message) for message in lost]
    return losses


def attention_in(text: str, source: str, target: str, tag_aware: bool) -> str:
    """Return a text that has nothing but weights in another dialect; as it is, if it means the same there."""
    segments = attention(text, source, tag_aware)
    if _same(attention(text, target), segments):
        return text
    written: list[str] = []
    for segment in segments:
        found = WRITERS[target](segment.text, segment.weight, written[-1] if written else "")
        written.append(found.text if segment.text else "")
    return "".join(written)


def _dropped(tree: Tree) -> list[tuple[int, int]]:
    """Return the spans of references, comments and schedules that are not encoded at most steps, in order."""
    spans = _references(tree)
    for index, node in enumerate(tree.nodes):
        if node.kind in (Kind.SCHEDULE, Kind.ALTERNATION):
            spans += _unused(tree, index, node)
    return sorted(spans)


def _resolved(tree: Tree, sub: SubPrompt, dropped: list[tuple[int, int]]) -> _Piece:
    """Return a sub-prompt without what is dropped, as most of its steps have it."""
    if tree.dialect != "a1111":
        return _Piece(tree.text, list(range(len(tree.text))))
    origins: list[int] = []
    place, last = sub.start, sub.end
    if (place, last) != (0, len(tree.text)):  # the white space around AND goes with it
        source = tree.text[place:last]
        place += len(source) - len(source.lstrip())
        last = place + len(source.strip())
    within = dropped[bisect_left(dropped, (sub.start, 0)) : bisect_left(dropped, (last, 0))]
    for start, end in [*within, (last, last)]:
        origins += range(place, min(start, last))
        place = max(place, end)
    return _Piece("".join(map(tree.text.__getitem__, origins)), origins)


def _references(tree: Tree) -> list[tuple[int, int]]:
    """Return the spans of references and comments, and of the commas and spaces that they leave without a use."""
    runs = [list(run) for _, run in groupby(tree.leaves(), key=lambda leaf: leaf.kind in LEFT_OUT | GAPS)]
    found: list[tuple[int, int]] = []
    for place, run in enumerate(runs):
        if any(leaf.kind in LEFT_OUT for leaf in run):
            left = runs[place - 1][-1] if place else None
            right = runs[place + 1][0] if place + 1 < len(runs) else None
            used = _gap(tree, run, left, right)
            found += [leaf[1:3] for leaf in run if leaf not in used]
    return found


def _gap(tree: Tree, run: list[Node], left: Node | None, right: Node | None) -> list[Node]:
    """Return what stays of a run with references: a comma between two tags, none at an end, a bracket or BREAK."""
    spaces = [leaf for leaf in run if leaf.kind is Kind.SPACE]
    if left is None or right is None or right.kind in (Kind.AND, Kind.AND_WEIGHT) or left.kind is Kind.AND:
        return []
    if Kind.BREAK in (left.kind, right.kind):
        return spaces[:1]
    opens = left.kind is Kind.EDGE and left.end != tree.nodes[left.parent].end
    if opens or (right.kind is Kind.EDGE and right.start != tree.nodes[right.parent].start):
        return []
    first = next(index for index, leaf in enumerate(run) if leaf.kind in LEFT_OUT)
    before = [leaf for leaf in run[:first] if leaf.kind is Kind.SEPARATOR]
    return before or [leaf for leaf in run[first:] if leaf.kind is Kind.SEPARATOR] or spaces[:1]


def _unused(tree: Tree, index: int, node: Node) -> list[tuple[int, int]]:
    """Return the spans of a schedule's syntax and of the options that are not encoded at most steps."""
    marks = [tree.nodes[child][1:3] for child in tree.children(index) if tree.nodes[child].kind is Kind.EDGE]
    options = [(left[1], right[0]) for left, right in pairwise(marks)]
    if node.kind is Kind.SCHEDULE:
        late = "." not in str(node.value) or float(str(node.value)) < HALF
        before = options[0] if len(options) == 2 else (marks[0][1], marks[0][1])
        kept = options[-1] if late else before
    else:
        kept = options[0]
    return [*marks, *(option for option in options if option != kept)]


def _same(first: list[Segment], second: list[Segment]) -> bool:
    """Whether two readings encode the same letters with the same weights, to the precision that is written."""
    left, right = weight_at_each(first), weight_at_each(second)
    return len(left) == len(right) and all(
        one == other and (math.isclose(weight, wanted, rel_tol=NEAR, abs_tol=NEAR) or weight == wanted)
        for (one, weight), (other, wanted) in zip(left, right, strict=True)
    )


def _in_brackets(tree: Tree, node: Node) -> bool:
    return node.kind is Kind.BREAK and tree.nodes[node.parent].kind is Kind.ATTENTION


def _unsayable(tree: Tree, name: str) -> list[Loss]:
    """Return what only A1111 can say, with what becomes of it."""
    words = {
        Kind.AND: f"{name} has no AND: the parts are joined by a comma and encoded as one",
        Kind.AND_WEIGHT: f"{name} has no number at a prompt's end, which weighs the whole of it: it is left out",
        Kind.BREAK: f"{name} has no BREAK: a comma stands there, and chunks end where they are full",
        Kind.SCHEDULE: f"{name} has no prompt editing: what most steps have is kept",
        Kind.ALTERNATION: f"{name} has no alternation: the first option is kept",
        Kind.COMMENT: f"{name} has no comments: it is left out",
    }
    losses = [
        Loss(node.start, node.end, WORD_IN_BRACKETS if _in_brackets(tree, node) else words[node.kind])
        for node in tree.nodes
        if node.kind in words
    ]
    losses += [
        Loss(node.start, node.end, f"{name} has no references to files: load {node.value} with a node")
        for node in tree.of_kind(Kind.LORA)
    ]
    return sorted(losses)
