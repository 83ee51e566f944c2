"""Parses a prompt into its syntax tree: one walk over its marks and brackets, whatever the text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat
from operator import itemgetter

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
UNUSUAL_COMMA = re.compile(r",(?! (?:\S|\Z))")
# The alternatives begin with letters that are rare in prompts: the search skips quickly to them.
MARK = re.compile(r"AND\b|BREAK\b|<\w+:[^<>]+>|__(?:[^\W_]|[*./])(?:[\w/*.\-]{0,198}?(?:[^\W_]|\*))??__(?![^\W_])")
MARK_OR_COMMENT = re.compile(rf"{MARK.pattern}|#[^\n]*")
EMBEDDING = re.compile(r"(?<![^\s,(\[{|:])embedding:[^\s,:()|\[\]{}]+", re.IGNORECASE)
AND = re.compile(r"\bAND\b")
AND_WEIGHT = re.compile(r":\s*([-+]?(?:\d+\.?|\d*\.\d+))\Z")
SCHEDULE_ESCAPE = re.compile(r"\\.")
TAG, SEPARATION, SPACE, EDGE, ATTENTION = Kind.TAG, Kind.SEPARATOR, Kind.SPACE, Kind.EDGE, Kind.ATTENTION
MARKED = {"A": Kind.AND, "B": Kind.BREAK, "<": Kind.LORA, "_": Kind.WILDCARD, "#": Kind.COMMENT}


_Event = tuple[int, int, Kind, float | str | None, tuple[Kind, int] | None, Bracket | None, bool]
"""A place where the tree gets a leaf of its own: its start, its end, its kind, its value, the kind and the end of the
group that begins here, the bracket that opens or closes here, whether it opens. A plain tuple, as there are many."""
_NO_GROUP = (None, None, False)


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
    events = [*_group_events(brackets, schedules, variants, len(text)), *marks]
    events.sort(key=itemgetter(0))  # stable: an edge without text comes before the mark that begins at its place
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
                found.append((start, end, kind, _name(text[start:end], kind), *_NO_GROUP))
                atoms.append((start, end))
        elif not _follows_letter(masked, start, "_"):
            found.append((start, end, kind, None, *_NO_GROUP))
    if references and "mbedding:" in masked:
        gaps = zip([0, *(mark[1] for mark in found)], [*(mark[0] for mark in found), len(masked)], strict=True)
        names = [match.span() for gap in gaps for match in EMBEDDING.finditer(masked, *gap)]
        found += [(*span, Kind.EMBEDDING, text[slice(*span)].partition(":")[2], *_NO_GROUP) for span in names]
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
        closed = masked.find("[", start, end) >= 0 and masked.find("]", start, end) >= 0
        if closed and not _ends_escaping(masked, start, end):
            found += find_schedules(escaped, start, end)
    return found


def _weighted_parts(masked: str, marks: list[_Event]) -> Iterator[tuple[int, int]]:
    """Yield the sub-prompts between the ANDs, without the weights at their ends, which get their marks."""
    removed = {end: start for start, end, kind, *_ in marks if kind in (Kind.LORA, Kind.COMMENT)}
    borders = [(start, end) for start, end, kind, *_ in marks if kind is Kind.AND]
    start = 0
    for border, following in [*borders, (len(masked), len(masked))]:
        end = _content_end(masked, start, border, removed)
        weight = AND_WEIGHT.search(masked, max(start, end - 400), end)
        if weight:
            marks.append((weight.start(), end, Kind.AND_WEIGHT, number(weight[1]), *_NO_GROUP))
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


def _group_events(
    brackets: list[Bracket], schedules: list[Schedule], variants: list[Variant], length: int
) -> list[_Event]:
    """Return what groups begin and end with in a text of some length.

    A group that crosses an earlier one has no node: its edges stand alone.
    """
    items: list[Schedule | Variant] = [*schedules, *variants]
    spans = [(bracket[0], bracket[3]) for bracket in brackets] + [(item.start, item.end) for item in items]
    several = items or len({bracket.stack for bracket in brackets}) > 1
    crossing = _crossing(spans) if several else frozenset()
    found: list[_Event] = []
    for bracket in brackets:
        start, inner, close, end, _, number, _, _ = bracket
        group = None if (start, end) in crossing else (ATTENTION, end)
        found.append((start, inner, EDGE, number, group, bracket, True))
        if close < length:  # behind an unclosed one there is nothing left to weight
            found.append((close, end, EDGE, None, None, bracket, False))
    for item in items:
        group = None if (item.start, item.end) in crossing else (item.kind, item.end)
        found.append((*item.marks[0], EDGE, item.value, group, None, False))
        found += [(*mark, EDGE, None, *_NO_GROUP) for mark in item.marks[1:]]
    return found


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
    add_text = _text_adder(text, nodes)
    weight = RunningWeight()
    around = [(len(text) + 1, 0)]  # the ends of the groups around a place, and their parents
    place = parent = 0
    for start, end, kind, value, group, bracket, opens in events:
        if start < place:
            continue  # a mark inside another one, such as an embedding in a reference
        if start > place:
            add_text(text[place:start], parent, place, weight.now)
        if group is not None:
            around.append((group[1], parent))
            add(new(Node, (group[0], start, group[1], parent, weight.now, value)))
            parent = len(nodes) - 1
        if end > start:
            add(new(Node, (kind, start, end, parent, 1.0, value)))
        while end >= around[-1][0]:
            parent = around.pop()[1]
        if bracket is not None:
            (weight.enter if opens else weight.leave)(bracket)
        place = end
    if place < len(text):
        add_text(text[place:], parent, place, weight.now)
    return tuple(nodes)


def _text_adder(text: str, nodes: list[Node]) -> Callable[[str, int, int, float], None]:
    """Return what adds a part of the text without other syntax: its tags, separators, and the space around them."""
    add, new = nodes.append, tuple.__new__
    known = vocabulary().spellings
    usual = not any(letter in text for letter in "\n\r，、") and not UNUSUAL_COMMA.search(text)

    def add_text(part: str, parent: int, start: int, weight: float) -> None:
        if part in known:  # as most are that stand in brackets
            add(new(Node, (TAG, start, start + len(part), parent, weight, part)))
            return
        if part == USUAL_SEPARATOR:  # as most are that stand between them
            add(new(Node, (SEPARATION, start, start + 2, parent, 1.0, None)))
            return
        pieces = part.split(USUAL_SEPARATOR) if usual else SEPARATOR.split(part)
        widths = repeat(2, len(pieces) - 1) if usual else map(len, pieces[1::2])
        for piece, width in zip(pieces if usual else pieces[::2], chain(widths, [0]), strict=True):
            end = start + len(piece)
            if piece in known:
                add(new(Node, (TAG, start, end, parent, weight, piece)))
            elif piece:
                _add_tag(nodes, parent, start, piece, weight)
            start = end + width
            if width:
                add(new(Node, (SEPARATION, end, start, parent, 1.0, None)))

    return add_text


def _add_tag(nodes: list[Node], parent: int, start: int, piece: str, weight: float) -> None:
    tag = piece.strip()
    if len(tag) == len(piece):
        nodes.append(tuple.__new__(Node, (TAG, start, start + len(tag), parent, weight, canonical(tag))))
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
