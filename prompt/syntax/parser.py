"""Parses a prompt into its syntax tree: one walk over its marks and brackets, whatever the text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from .attention import BLANK, attention, blank, blank_spans, known_tag
from .brackets import Bracket, Weights, number
from .dialects import A1111, Dialect, get_dialect
from .protection import protected_tags
from .schedules import Schedule, find_schedules
from .tree import Kind, Misreading, Node, Tag, Tree
from .variants import Variant, find_variants

# The alternatives begin with letters that are rare in prompts: the search skips quickly to them.
MARK = re.compile(
    r"[,\n\r，、][^\S\n\r]*|AND\b|BREAK\b|<\w+:[^<>]+>|#[^\n]*"
    r"|__(?:[^\W_]|[*./])(?:[\w/*.\-]{0,198}?(?:[^\W_]|\*))?__(?![^\W_])"
)
EMBEDDING = re.compile(r"(?<![^\s,(\[{|:])embedding:[^\s,:()|\[\]{}]+", re.IGNORECASE)
AND = re.compile(r"\bAND\b")
AND_WEIGHT = re.compile(r":\s*([-+]?(?:\d+\.?|\d*\.\d+))\Z")
SCHEDULE_ESCAPE = re.compile(r"\\.")
MARKED = {"A": Kind.AND, "B": Kind.BREAK, "<": Kind.LORA, "_": Kind.WILDCARD, "#": Kind.COMMENT}


class _Event(NamedTuple):
    """A place where the tree gets a leaf of its own, or where a group begins (`step` 1) or ends (-1)."""

    start: int
    end: int
    kind: Kind
    step: int = 0
    value: float | str | None = None
    group: Kind = Kind.PROMPT


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
    kept = protected_tags(text, rules.active, known_tag()) if tag_aware else []
    masked = blank(rules.escapes, blank_spans(text, kept)) if "\\" in text or kept else text
    marks, masked = _marks(text, masked, rules, tag_aware, wildcards)
    variants = find_variants(masked) if wildcards and rules.braces and "{" in masked else []
    masked = blank_spans(masked, sorted(mark for variant in variants for mark in variant.marks))
    brackets, schedules = _structure(text, masked, marks, rules)
    events = [*marks, *_group_events(brackets, schedules, variants)]
    events.sort(key=_order)
    return Tree(text, dialect, _build(text, events, Weights(brackets)), tuple(kept))


def parse_tags(text: str, dialect: str = "comfyui", tag_aware: bool = True) -> tuple[Tag, ...]:
    """Return the tags of `text` in their order; `text` may be any string."""
    return parse(text, dialect, tag_aware).tags


def misreadings(tree: Tree) -> list[Misreading]:
    """Return the tags that the dialect's own parser would not leave alone, or that change how it reads the rest."""
    if not tree.kept:
        return []
    aware = attention(tree.text, tree.dialect, tag_aware=True)
    own = attention(tree.text, tree.dialect)
    plain = parse(tree.text, tree.dialect, tag_aware=False)
    shape = [node[:3] for node in plain.nodes if node.kind is not Kind.TAG]
    unlike = {node[:3] for node in tree.nodes if node.kind is not Kind.TAG} ^ set(shape)
    if not unlike and [segment[:2] for segment in own] == [segment[:2] for segment in aware]:
        return []
    return [Misreading(start, end, tree.text[start:end]) for start, end in tree.kept]


def _marks(text: str, masked: str, rules: Dialect, tag_aware: bool, wildcards: bool) -> tuple[list[_Event], str]:
    """Return the leaves that need no brackets to be found, and the text with the references blanked out."""
    references = tag_aware or rules.a1111
    wanted = {Kind.LORA: references, Kind.WILDCARD: wildcards, Kind.COMMENT: rules.a1111}
    found: list[_Event] = []
    atoms: list[tuple[int, int]] = []
    for match in MARK.finditer(masked):
        start, end = match.span()
        kind = MARKED.get(masked[start], Kind.SEPARATOR)
        if kind in wanted:
            if wanted[kind] and not (kind is Kind.WILDCARD and _follows_letter(masked, start)):
                found.append(_Event(start, end, kind, value=_name(text[start:end], kind)))
                atoms.append((start, end))
        elif kind is Kind.SEPARATOR or not _follows_letter(masked, start, "_"):
            found.append(_Event(start, end, kind))
    if references and "mbedding:" in masked:
        for match in EMBEDDING.finditer(masked):
            found.append(_Event(*match.span(), Kind.EMBEDDING, value=match[0].partition(":")[2]))
            atoms.append(match.span())
    return found, blank_spans(masked, sorted(atoms)) if atoms else masked


def _follows_letter(text: str, place: int, others: str = "") -> bool:
    return place > 0 and (text[place - 1].isalnum() or text[place - 1] in others)


def _name(text: str, kind: Kind) -> str | None:
    if kind is Kind.WILDCARD:
        return text[2:-2]
    return text[1:-1] if kind is Kind.LORA else None


def _structure(
    text: str, masked: str, marks: list[_Event], rules: Dialect
) -> tuple[list[Bracket], list[Schedule]]:
    """Return the brackets and the schedules; in A1111 each sub-prompt is read by itself, and gets its weight's mark."""
    if not rules.a1111:
        return rules.read(masked, 0, len(masked)).brackets, []
    brackets: list[Bracket] = []
    schedules: list[Schedule] = []
    start = 0
    for mark in [*(mark for mark in marks if mark.kind is Kind.AND), _Event(len(text), len(text), Kind.AND)]:
        end = mark.start
        weight = AND_WEIGHT.search(masked, max(start, end - 400), start + len(masked[start:end].rstrip()))
        if weight:
            marks.append(_Event(weight.start(), end, Kind.AND_WEIGHT, value=number(weight[1])))
            end = weight.start()
        inner = _schedules(masked, start, end)
        schedules += inner
        plain = blank_spans(masked, sorted(span for schedule in inner for span in schedule.marks)) if inner else masked
        brackets += rules.read(plain, start, end).brackets
        start = mark.end
    return brackets, schedules


def _schedules(masked: str, start: int, end: int) -> list[Schedule]:
    if masked.find("[", start, end) < 0 or masked.endswith("\\", start, end):
        return []
    return find_schedules(SCHEDULE_ESCAPE.sub(BLANK * 2, masked) if "\\" in masked else masked, start, end)


def _group_events(brackets: list[Bracket], schedules: list[Schedule], variants: list[Variant]) -> Iterable[_Event]:
    """Yield what groups begin and end with. One that crosses an earlier one gets its edges, but holds nothing."""
    groups: list[tuple[int, int, Kind, float | str | None, list[tuple[int, int]]]] = [
        (bracket.start, bracket.end, Kind.ATTENTION, bracket.number, [bracket[0:2], bracket[2:4]])
        for bracket in brackets
    ]
    groups += [
        (item.start, item.end, Kind.ALTERNATION if item.when is None else Kind.SCHEDULE, item.when, list(item.marks))
        for item in schedules
    ]
    groups += [(item.start, item.end, Kind.VARIANT, item.head, list(item.marks)) for item in variants]
    groups.sort(key=lambda group: (group[0], -group[1]))
    open_ends: list[int] = []
    for start, end, kind, value, marks in groups:
        while open_ends and open_ends[-1] <= start:
            open_ends.pop()
        crosses = bool(open_ends) and open_ends[-1] < end
        step = 0 if crosses else 1
        if not crosses:
            open_ends.append(end)
        yield _Event(*marks[0], Kind.EDGE, step, value, kind)
        for mark in marks[1:-1]:
            yield _Event(*mark, Kind.EDGE)
        yield _Event(*marks[-1], Kind.EDGE, -step)


def _order(event: _Event) -> tuple[int, int]:
    return event.start, event.end


def _build(text: str, events: list[_Event], weights: Weights) -> tuple[Node, ...]:
    nodes = [Node(Kind.PROMPT, 0, len(text), -1)]
    open_groups = [0]
    place = 0
    for start, end, kind, step, value, group in events:
        if start < place:
            continue  # a mark inside another one, such as a comma in a reference
        if start > place:
            _add_text(text, nodes, open_groups[-1], place, start, weights)
        if step > 0:
            nodes.append(Node(group, start, end, open_groups[-1], weights.at(start), value))
            open_groups.append(len(nodes) - 1)
        if end > start:
            nodes.append(Node(kind, start, end, open_groups[-1], 1.0, value))
        if step < 0:
            closed = open_groups.pop()
            nodes[closed] = nodes[closed]._replace(end=end)
        place = end
    if place < len(text):
        _add_text(text, nodes, 0, place, len(text), weights)
    return tuple(nodes)


def _add_text(text: str, nodes: list[Node], parent: int, start: int, end: int, weights: Weights) -> None:
    """Add a tag, and the white space around it."""
    inner = text[start:end]
    tag = inner.strip()
    if not tag:
        nodes.append(Node(Kind.SPACE, start, end, parent))
        return
    first = start + inner.index(tag)
    last = first + len(tag)
    if first > start:
        nodes.append(Node(Kind.SPACE, start, first, parent))
    nodes.append(Node(Kind.TAG, first, last, parent, weights.at(first)))
    if last < end:
        nodes.append(Node(Kind.SPACE, last, end, parent))
