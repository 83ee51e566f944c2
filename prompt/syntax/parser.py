"""Parses a prompt into its syntax tree: one walk over its marks and brackets, whatever the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import repeat
from operator import itemgetter

from ..collector import uncollected
from ..naming import canonical
from ..tags.vocabulary import vocabulary
from .attention import BLANK, blank, blank_spans
from .brackets import Bracket, RunningWeight, a1111, number
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


_Event = tuple[int, int, Kind, float | str | None, Kind | None, int, Bracket | None, bool]
"""A place where the tree gets a leaf of its own: its start, its end, its kind, its value, the kind and the end of the
group that begins here, the bracket that opens or closes here, whether it opens. A plain tuple, as there are many."""
_Row = tuple[Kind, int, int, int, float, float | str | None]
"""What a node is made of."""
_NO_GROUP = (None, 0, None, False)


@uncollected
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
    return Tree(text, rules.id, _build(text, events), _outside(kept, marks))


def _outside(kept: list[tuple[int, int]], marks: list[_Event]) -> tuple[tuple[int, int], ...]:
    """Return the kept spans that stand in no comment and no reference: both are in order."""
    if not kept or not marks:
        return tuple(kept)
    around = sorted(mark[:2] for mark in marks)
    starts = [start for start, _ in around]
    before = [bisect_right(starts, start) - 1 for start, _ in kept]
    return tuple(span for span, place in zip(kept, before, strict=True) if place < 0 or around[place][1] <= span[0])


def parse_tags(text: str, dialect: str = "a1111", tag_aware: bool = True) -> tuple[Tag, ...]:
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
    own = {schedule[0] for schedule in schedules} | {schedule[1] - 1 for schedule in schedules}
    return [bracket for start, end in parts for bracket in a1111(masked, start, end, own).brackets], schedules


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
    """Return what groups begin and end with in a text of some length."""
    found: list[_Event] = []
    for bracket in brackets:
        start, inner, close, end, _, number, _, _ = bracket
        found.append((start, inner, EDGE, number, ATTENTION, end, bracket, True))
        if close < length:  # behind an unclosed one there is nothing left to weight
            found.append((close, end, EDGE, None, None, 0, bracket, False))
    items: list[Schedule | Variant] = [*schedules, *variants]
    for item in items:
        start, end, marks = item[:3]
        found.append((start, marks[0][1], EDGE, item.value, item.kind, end, None, False))
        for mark, behind in marks[1:]:
            found.append((mark, behind, EDGE, None, None, 0, None, False))
    return found


def _build(text: str, events: list[_Event]) -> tuple[Node, ...]:
    rows: list[_Row] = [(Kind.PROMPT, 0, len(text), -1, 1.0, None)]
    add = rows.append
    known = vocabulary().spellings
    usual = not any(letter in text for letter in "\n\r，、") and not UNUSUAL_COMMA.search(text)
    weight = RunningWeight()
    now = 1.0
    around = [(len(text) + 1, 0)]  # the ends of the groups around a place, and their parents
    place = parent = 0
    for start, end, kind, value, group, group_end, bracket, opens in events:
        if start < place:
            continue  # a mark inside another one, such as an embedding in a reference
        if start > place:
            part = text[place:start]
            if part == USUAL_SEPARATOR:  # as most are that stand between brackets
                add((SEPARATION, place, start, parent, 1.0, None))
            elif part in known:  # as most are that stand in them
                add((TAG, place, start, parent, now, part))
            else:
                _add_text(rows, part, parent, place, now, usual)
        if group is not None and group_end <= around[-1][0]:  # one that crosses another has edges only
            around.append((group_end, parent))
            add((group, start, group_end, parent, now, value))
            parent = len(rows) - 1
        if end > start:
            add((kind, start, end, parent, 1.0, value))
        while end >= around[-1][0]:
            parent = around.pop()[1]
        if bracket is not None:
            now = weight.enter(bracket) if opens else weight.leave(bracket)
        place = end
    if place < len(text):
        _add_text(rows, text[place:], parent, place, now, usual)
    return tuple(map(tuple.__new__, repeat(Node), rows))  # thousands: without NamedTuple's own detour


def _add_text(rows: list[_Row], part: str, parent: int, start: int, weight: float, usual: bool) -> None:
    """Add a part of the text without other syntax: its tags, separators, and the space around them.

    It is usual if its separators all are `USUAL_SEPARATOR`.
    """
    add = rows.append
    known = vocabulary().spellings
    if usual:
        for piece in part.split(USUAL_SEPARATOR):
            end = start + len(piece)
            if piece in known:
                add((TAG, start, end, parent, weight, piece))
            elif piece:
                _add_tag(rows, parent, start, piece, weight)
            start = end + 2
            add((SEPARATION, end, start, parent, 1.0, None))
        rows.pop()  # nothing separates behind the last piece
        return
    separates = False
    for piece in SEPARATOR.split(part):
        end = start + len(piece)
        if separates:
            add((SEPARATION, start, end, parent, 1.0, None))
        elif piece:
            _add_tag(rows, parent, start, piece, weight)
        start = end
        separates = not separates


def _add_tag(rows: list[_Row], parent: int, start: int, piece: str, weight: float) -> None:
    tag = piece.strip()
    if len(tag) == len(piece):
        rows.append((TAG, start, start + len(tag), parent, weight, canonical(tag)))
        return
    if not tag:
        rows.append((SPACE, start, start + len(piece), parent, 1.0, None))
        return
    first = start + piece.index(tag)
    last = first + len(tag)
    if first > start:
        rows.append((SPACE, start, first, parent, 1.0, None))
    rows.append((TAG, first, last, parent, weight, canonical(tag)))
    if last < start + len(piece):
        rows.append((SPACE, last, start + len(piece), parent, 1.0, None))
