"""Parses a prompt into its syntax tree: one walk over its marks and brackets, whatever the text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from ..naming import canonical
from ..tags.vocabulary import vocabulary
from .attention import BLANK, blank, blank_spans
from .brackets import Bracket, RunningWeight, number
from .dialects import Dialect, get_dialect
from .protection import protected_tags, syntax_tags
from .schedules import Schedule, find_schedules
from .tree import Kind, Node, Tag, Tree
from .variants import Variant, find_variants

USUAL_SEPARATOR = ", "
SEPARATOR = re.compile(r"([,\n\r，、][^\S\n\r]*)")
# The alternatives begin with letters that are rare in prompts: the search skips quickly to them.
MARK = re.compile(
    r"AND\b|BREAK\b|<\w+:[^<>]+>|__(?:[^\W_]|[*./])(?:[\w/*.\-]{0,198}?(?:[^\W_]|\*))??__(?![^\W_])"
)
MARK_OR_COMMENT = re.compile(rf"{MARK.pattern}|#[^\n]*")
EMBEDDING = re.compile(r"(?<![^\s,(\[{|:])embedding:[^\s,:()|\[\]{}]+", re.IGNORECASE)
AND = re.compile(r"\bAND\b")
AND_WEIGHT = re.compile(r":\s*([-+]?(?:\d+\.?|\d*\.\d+))\Z")
SCHEDULE_ESCAPE = re.compile(r"\\.")
TAG, SEPARATION, SPACE, EDGE, ATTENTION = Kind.TAG, Kind.SEPARATOR, Kind.SPACE, Kind.EDGE, Kind.ATTENTION
MARKED = {"A": Kind.AND, "B": Kind.BREAK, "<": Kind.LORA, "_": Kind.WILDCARD, "#": Kind.COMMENT}


class _Event(NamedTuple):
    """A place where the tree gets a leaf of its own: `text[start:end]`.

    Attributes:
        start: where its text begins.
        end: where its text ends.
        kind: what the leaf is.
        value: the leaf's.
        group: the node of the group that begins here, if one does; its parent is not known yet.
        closes: whether a group ends here.
        bracket: the bracket that opens (before `closed`) or closes here.
        opens: whether the bracket opens.
    """

    start: int
    end: int
    kind: Kind
    value: float | str | None = None
    group: Node | None = None
    closes: bool = False
    bracket: Bracket | None = None
    opens: bool = True


def parse(text: str, dialect: str = "a1111", tag_aware: bool = True, wildcards: bool = True) -> Tree:
    """Return the syntax tree of a prompt.

    Args:
        text: any string; it is kept letter by letter.
        dialect: one of `DIALECTS`.
        tag_aware: look tags up before syntax is read, so that `:3`, `;)` or `re:zero` stay tags. Off, effective
            weights equal those of the dialect's own parser.
        wildcards: read `__name__` and `{a|b}`, which no dialect's own encoder knows.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    rules = get_dialect(dialect)
    kept = protected_tags(text, rules.active, syntax_tags()) if tag_aware else []
    return parse_keeping(text, rules, kept, tag_aware, wildcards)


def parse_keeping(text: str, rules: Dialect, kept: list[tuple[int, int]], references: bool, wildcards: bool) -> Tree:
    """Return the syntax tree of a prompt in which some spans are tags, whatever they hold.

    Args:
        text: any string.
        rules: the dialect.
        kept: the spans, in order.
        references: read LoRA references and embeddings in every dialect, not only where its own parser does.
        wildcards: read `__name__` and `{a|b}`.
    """
    masked = blank(rules.escapes, blank_spans(text, kept)) if "\\" in text or kept else text
    marks, masked = _marks(text, masked, rules, references, wildcards)
    variants = find_variants(masked) if wildcards and rules.braces and "{" in masked else []
    # by commas: a word that compel weights ends at an option's end
    masked = blank_spans(masked, sorted(mark for variant in variants for mark in variant.marks), by=",")
    brackets, schedules = _structure(text, masked, marks, rules)
    events = [*marks, *_group_events(brackets, schedules, variants)]
    events.sort(key=itemgetter(0, 1))
    return Tree(text, rules.id, _build(text, events), tuple(kept))


def parse_tags(text: str, dialect: str = "comfyui", tag_aware: bool = True) -> tuple[Tag, ...]:
    """Return the tags of `text` in their order; `text` may be any string."""
    return parse(text, dialect, tag_aware).tags


def _marks(text: str, masked: str, rules: Dialect, references: bool, wildcards: bool) -> tuple[list[_Event], str]:
    """Return the leaves that need no brackets to be found, and the text with the references blanked out."""
    references = references or rules.a1111
    wanted = {Kind.LORA: references, Kind.WILDCARD: wildcards, Kind.COMMENT: True}
    found: list[_Event] = []
    atoms: list[tuple[int, int]] = []
    for match in (MARK_OR_COMMENT if rules.a1111 else MARK).finditer(masked):
        start, end = match.span()
        kind = MARKED[masked[start]]
        if kind in wanted:
            if wanted[kind] and not (kind is Kind.WILDCARD and _follows_letter(masked, start)):
                found.append(_Event(start, end, kind, value=_name(text[start:end], kind)))
                atoms.append((start, end))
        elif not _follows_letter(masked, start, "_"):
            found.append(_Event(start, end, kind))
    if references and "mbedding:" in masked:
        gaps = zip([0, *(mark.end for mark in found)], [*(mark.start for mark in found), len(masked)], strict=True)
        names = [match.span() for gap in gaps for match in EMBEDDING.finditer(masked, *gap)]
        found += [_Event(*span, Kind.EMBEDDING, value=text[slice(*span)].partition(":")[2]) for span in names]
        atoms = sorted([*atoms, *names])
    return found, blank_spans(masked, atoms)


def _follows_letter(text: str, place: int, others: str = "") -> bool:
    return place > 0 and (text[place - 1].isalnum() or text[place - 1] in others)


def _name(text: str, kind: Kind) -> str | None:
    if kind is Kind.WILDCARD:
        return text[2:-2]
    return text[1:-1] if kind is Kind.LORA else None


def _structure(text: str, masked: str, marks: list[_Event], rules: Dialect) -> tuple[list[Bracket], list[Schedule]]:
    """Return the brackets and the schedules; in A1111 each sub-prompt is read by itself, and gets its weight's mark."""
    if not rules.a1111:
        return rules.read(masked, 0, len(masked)).brackets, []
    parts = list(_weighted_parts(masked, marks))
    schedules = read_schedules(masked, parts)
    plain = blank_spans(masked, sorted(span for schedule in schedules for span in schedule.marks))
    return [bracket for start, end in parts for bracket in rules.read(plain, start, end).brackets], schedules


def read_schedules(masked: str, parts: Iterable[tuple[int, int]]) -> list[Schedule]:
    """Return the schedules and alternations of A1111's sub-prompts; what they must not see is blanked out."""
    escaped = SCHEDULE_ESCAPE.sub(BLANK * 2, masked) if "\\" in masked else masked
    found: list[Schedule] = []
    for start, end in parts:
        if masked.find("[", start, end) >= 0 and not _ends_escaping(masked, start, end):
            found += find_schedules(escaped, start, end)
    return found


def _weighted_parts(masked: str, marks: list[_Event]) -> Iterator[tuple[int, int]]:
    """Yield the sub-prompts between the ANDs, without the weights at their ends, which get their marks."""
    removed = {mark.end: mark.start for mark in marks if mark.kind in (Kind.LORA, Kind.COMMENT)}
    borders = [(mark.start, mark.end) for mark in marks if mark.kind is Kind.AND]
    start = 0
    for border, following in [*borders, (len(masked), len(masked))]:
        end = _content_end(masked, start, border, removed)
        weight = AND_WEIGHT.search(masked, max(start, end - 400), end)
        if weight:
            marks.append(_Event(weight.start(), end, Kind.AND_WEIGHT, value=number(weight[1])))
        yield start, weight.start() if weight else border
        start = following


def _content_end(masked: str, start: int, end: int, removed: dict[int, int]) -> int:
    """Return where a sub-prompt ends for A1111, which takes references and comments out before it looks for weights."""
    while end > start and (masked[end - 1].isspace() or end in removed):
        end = removed.get(end, end - 1)
    return end


def _ends_escaping(masked: str, start: int, end: int) -> bool:
    """Whether a backslash has nothing to protect: then A1111 can't read schedules, and takes the text as it is."""
    return masked.endswith("\\", start, end) or masked.find("\\\n", start, end) >= 0


def _group_events(brackets: list[Bracket], schedules: list[Schedule], variants: list[Variant]) -> list[_Event]:
    """Return what groups begin and end with. One that crosses an earlier one has no node: its edges stand alone."""
    items: list[Schedule | Variant] = [*schedules, *variants]
    spans = [(start, end) for start, _, _, end, *_ in brackets] + [(item.start, item.end) for item in items]
    several = items or any(bracket.stack for bracket in brackets)
    crossing = _crossing(spans) if several else frozenset()
    found: list[_Event] = []
    for bracket in brackets:
        start, inner, close, end, _, number, _, _ = bracket
        group = None if (start, end) in crossing else _group(ATTENTION, start, end, number)
        found.append(_Event(start, inner, EDGE, number, group, False, bracket, True))
        found.append(_Event(close, end, EDGE, None, None, group is not None, bracket, False))
    for item in items:
        group = None if (item.start, item.end) in crossing else _group(item.kind, item.start, item.end, item.value)
        found.append(_Event(*item.marks[0], EDGE, item.value, group))
        found += [_Event(*mark, EDGE) for mark in item.marks[1:-1]]
        found.append(_Event(*item.marks[-1], EDGE, closes=group is not None))
    return found


def _group(kind: Kind, start: int, end: int, value: float | str | None) -> Node:
    return tuple.__new__(Node, (kind, start, end, -1, 1.0, value))


def _crossing(spans: list[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    """Return the spans that cross one which begins before them."""
    found: list[tuple[int, int]] = []
    ends: list[int] = []
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        while ends and ends[-1] <= start:
            ends.pop()
        if ends and ends[-1] < end:
            found.append((start, end))
        else:
            ends.append(end)
    return frozenset(found)


def _build(text: str, events: list[_Event]) -> tuple[Node, ...]:
    nodes = [Node(Kind.PROMPT, 0, len(text), -1)]
    add, new = nodes.append, tuple.__new__  # thousands of nodes: without NamedTuple's own detour
    known = vocabulary().spellings
    weight = RunningWeight()
    parents: list[int] = []
    place = parent = 0
    for start, end, kind, value, group, closes, bracket, opens in events:
        if start < place:
            continue  # a mark inside another one, such as an embedding in a reference
        if start > place:
            inner = text[place:start]
            if inner in known:
                add(new(Node, (TAG, place, start, parent, weight.now, inner)))
            elif inner == USUAL_SEPARATOR:
                add(new(Node, (SEPARATION, place, start, parent, 1.0, None)))
            else:
                _add_text(inner, nodes, parent, place, weight.now)
        if group is not None:
            add(new(Node, (group[0], start, group[2], parent, weight.now, group[5])))
            parents.append(parent)
            parent = len(nodes) - 1
        if end > start:
            add(new(Node, (kind, start, end, parent, 1.0, value)))
        if closes:
            parent = parents.pop()
        if bracket is not None:
            if opens:
                weight.enter(bracket)
            else:
                weight.leave(bracket)
        place = end
    if place < len(text):
        _add_text(text[place:], nodes, 0, place, weight.now)
    return tuple(nodes)


def _add_text(text: str, nodes: list[Node], parent: int, start: int, weight: float) -> None:
    """Add the tags of a text without other syntax, their separators, and the white space around them."""
    add, new = nodes.append, tuple.__new__
    known = vocabulary().spellings
    pieces = SEPARATOR.split(text)
    pieces.append("")
    for piece, separator in zip(pieces[::2], pieces[1::2], strict=True):
        end = start + len(piece)
        if piece in known:
            add(new(Node, (TAG, start, end, parent, weight, piece)))
        elif piece:
            _add_tag(nodes, parent, start, piece, weight)
        start = end + len(separator)
        if separator:
            add(new(Node, (SEPARATION, end, start, parent, 1.0, None)))


def _add_tag(nodes: list[Node], parent: int, start: int, piece: str, weight: float) -> None:
    tag = piece.strip()
    if len(tag) == len(piece):
        nodes.append(Node(TAG, start, start + len(tag), parent, weight, canonical(tag)))
        return
    if not tag:
        nodes.append(Node(SPACE, start, start + len(piece), parent))
        return
    first = start + piece.index(tag)
    last = first + len(tag)
    if first > start:
        nodes.append(Node(SPACE, start, first, parent))
    nodes.append(Node(TAG, first, last, parent, weight, canonical(tag)))
    if last < start + len(piece):
        nodes.append(Node(SPACE, last, start + len(piece), parent))
