"""Rules on weights in the wrong place: several in one bracket, without brackets, in square ones."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from operator import attrgetter

from ..naming import canonical
from ..syntax import Kind
from ..syntax.edits import Edit
from .brackets import ANY
from .finding import Spot, quoted
from .numbers import LONGEST, WEIGHT_END, decimal_comma
from .phrases import Phrase
from .prompt import Prompt, in_subgroup, is_known
from .references import begins_reference
from .weights import NUMBERED

SIMPLE = frozenset({Kind.TAG, Kind.SEPARATOR, Kind.SPACE, Kind.EDGE})
SQUARE = re.compile(r"\[([^\[\]():|,\a]*[^\[\]():|,\s\d\a])\s*:\s*([0-9]*\.[0-9]+)\s*\]")


def several_in_bracket(prompt: Prompt) -> Iterator[Spot]:
    """Find `(masterpiece:1.2, best quality:1.2)`."""
    if prompt.dialect.id not in NUMBERED:
        return
    told: set[int] = set()
    for phrase in prompt.phrases:
        parent = prompt.parent(phrase.node)
        if parent in told or prompt.tree.nodes[parent].kind is not Kind.ATTENTION or not _number(prompt, phrase):
            continue
        node = prompt.tree.nodes[parent]
        if _is_last(prompt, parent, phrase) or prompt.text[node.start] != "(" or _has_comma(prompt, parent):
            continue
        told.add(parent)
        number = _number(prompt, phrase)
        message = (
            f"':{number}' is encoded as text: a bracket has one number, at its end; give each tag brackets of its own"
        )
        edits, changes = _split(prompt, parent)
        yield Spot(phrase.start, node.end, message, edits, changes_weights=changes)


def _number(prompt: Prompt, phrase: Phrase) -> str | None:
    """Return the number that a tag ends with, as a weight would be written."""
    if phrase.end - phrase.start > LONGEST or is_known(phrase.name):
        return None
    if ANY.search(prompt.masked, phrase.start, phrase.end) or begins_reference(prompt, phrase.start, phrase.end):
        return None  # a bracket without a partner: another finding
    match = WEIGHT_END.fullmatch(prompt.source(phrase))
    return match[2] if match else None


def _is_last(prompt: Prompt, parent: int, phrase: Phrase) -> bool:
    children = prompt.tree.children(parent)
    return len(children) < 2 or children[-2] == phrase.node


def _has_comma(prompt: Prompt, parent: int) -> bool:
    """Return whether a bracket is one such as `(a:1,2)`: another finding."""
    last = prompt.tree.nodes[prompt.tree.children(parent)[-2]]
    return last.kind is Kind.TAG and decimal_comma(prompt, parent, last) is not None


def _split(prompt: Prompt, parent: int) -> tuple[tuple[Edit, ...] | None, bool]:
    """Return the edits that give each tag in a bracket its own, and whether a tag's weight changes by that."""
    tree = prompt.tree
    group, closing = tree.nodes[parent], prompt.closing(parent)
    children = [tree.nodes[child] for child in tree.children(parent)]
    if closing is None or any(child.kind not in SIMPLE for child in children):
        return None, True
    phrases = prompt.within(group.start, group.end)
    edits: list[Edit] = []
    changes = group.parent != 0
    for place, phrase in enumerate(phrases):
        number = _number(prompt, phrase)
        if place > 0:
            edits.append(Edit(phrase.start, phrase.start, "("))
        if place < len(phrases) - 1:  # the last one keeps the bracket's end
            edits.append(Edit(phrase.end, phrase.end, ")" if number else tree.source(closing)))
        changes |= number is not None and round(float(number), 6) != round(phrase.weight, 6)
    return tuple(edits), changes


def bare_number(prompt: Prompt) -> Iterator[Spot]:
    """Find `best quality:1.2` without brackets."""
    for phrase in prompt.whole:
        number = _number(prompt, phrase)
        if number is None or prompt.tree.nodes[prompt.parent(phrase.node)].kind is Kind.ATTENTION:
            continue
        message = f"':{number}' is encoded as text: a weight needs brackets around the tag, '(tag:{number})'"
        edits = _bracketed(phrase.start, phrase.end) if prompt.dialect.id in NUMBERED else None
        yield Spot(phrase.start, phrase.end, message, edits, changes_weights=True)


def _bracketed(start: int, end: int) -> tuple[Edit, ...]:
    return Edit(start, start, "("), Edit(end, end, ")")


def whole_prompt(prompt: Prompt) -> Iterator[Spot]:
    """Find A1111's `:1.2` at the end of a prompt of several tags: it weights all of them."""
    tree = prompt.tree
    parts = tree.sub_prompts() if prompt.of_kind(Kind.AND_WEIGHT) else []
    for node in prompt.of_kind(Kind.AND_WEIGHT):
        part = parts[bisect_right(parts, node.start, key=attrgetter("start")) - 1]
        tags = prompt.within(part.start, node.start)
        if not tags or (len(parts) > 1 and len(tags) < 2) or begins_reference(prompt, tags[-1].start, tags[-1].end):
            continue
        end = node.start + len(tree.source(node).rstrip())
        what = "the whole prompt" if len(parts) == 1 else "this whole part of the prompt"
        message = f"A1111 takes {quoted(tree.source(node))} at the end for the weight of {what}, not of "
        message += f"{quoted(prompt.source(tags[-1]))}; "
        if _is_emoticon(prompt, node.start, end):
            message += "if the tag is meant, put a comma before it and one behind it"
            edits = _between_commas(prompt, part.start, node.start, end)
        else:
            message += "put brackets around the tag and its number, or a comma behind it"
            edits = _bracketed(tags[-1].start, end)
        yield Spot(node.start, end, message, edits, changes_weights=True)


def _between_commas(prompt: Prompt, begun: int, start: int, end: int) -> tuple[Edit, ...]:
    """Return the edits that put commas around the end of a part that began at some place."""
    before = prompt.text[begun:start].rstrip()
    own = () if before.endswith(",") else (Edit(begun + len(before), start, ", "),)
    return *own, Edit(end, end, ",")


def _is_emoticon(prompt: Prompt, start: int, end: int) -> bool:
    """Return whether a weight is also a tag such as `:3`, behind a space."""
    behind_space = prompt.text[start - 1 : start].isspace()
    return behind_space and in_subgroup(canonical(prompt.text[start:end]), "expression", "emoticon")


def square_brackets(prompt: Prompt) -> Iterator[Spot]:
    """Find `[x:1.2]`, which is no weight anywhere."""
    if prompt.dialect.id not in NUMBERED:
        return
    for match in SQUARE.finditer(prompt.masked) if "[" in prompt.masked else ():
        tag, number = prompt.text[match.start(1) : match.end(1)], match[2]
        if float(number) <= 1:
            continue  # a schedule: x from that share of the steps on
        is_text = "encodes it as text" if not prompt.dialect.a1111 else "reads 'add it after that share of the steps'"
        message = f"[{tag}:{number}] is no weight: {prompt.dialect.name} {is_text}; write ({tag}:{number})"
        edits = (Edit(match.start(), match.start() + 1, "("), Edit(match.end() - 1, match.end(), ")"))
        yield Spot(*match.span(), message, edits, changes_weights=True)
