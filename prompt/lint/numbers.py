"""Rules on weights that are written so that they are none: in the wrong place, without brackets, misspelt."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal

from ..naming import canonical
from ..syntax import Kind
from ..syntax.edits import Edit
from ..syntax.tree import Node
from ..tags.vocabulary import OTHER
from .finding import Spot, quoted
from .prompt import Prompt, group_of, is_known
from .removal import removal
from .weights import NO_WEIGHT, NUMBERED, weighted, with_number

PLAIN = re.compile(r":\s*-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\s*\)")
ODD = re.compile(r"(.*\S)\s*:\s*([+-]?[\d._]+(?:[eE][+-]?\d+)?)", re.DOTALL)
WEIGHT_END = re.compile(r"(.*[^\s\d:])\s*:\s*([0-9]*\.[0-9]+|[0-2])", re.DOTALL)
"""A tag with a number that may be meant as a weight; not a time, a share or a year."""
SPACED = re.compile(r"(.*[^\s;=])(?:\s*[;=]\s*|\s+)([0-2]?\.[0-9]+)", re.DOTALL)
GLUED = re.compile(r"(.{2,}[^\W\d_])([01]\.[0-9]+)", re.DOTALL)
"""A tag with a number at its last letter; the tag must be a known one: `red hair1.3`, not `flux1.1`."""
FRACTION = re.compile(r"[0-2]?\.[0-9]+|[0-2]")
DIGITS = re.compile(r"[0-9]{1,2}")
LONGEST = 300


def odd_numbers(prompt: Prompt) -> Iterator[Spot]:
    """Find numbers that programs read differently: `1e1`, `2_0`, `1..2`, `1,2`."""
    if prompt.dialect.id not in NUMBERED:
        return
    for index, _, weight in weighted(prompt):
        edge = prompt.closing(index)
        written = prompt.tree.source(edge) if edge else ""
        if edge and math.isfinite(weight) and not PLAIN.fullmatch(written):
            plain = format(Decimal(repr(weight)), "f") if abs(weight) <= NO_WEIGHT else None
            message = f"not every program reads {quoted(written.strip(': )'))} as the weight {weight:g}"
            message += f"; write {plain}" if plain else ""
            yield Spot(edge.start, edge.end, message, with_number(prompt, index, plain) if plain else None)
    yield from _no_numbers(prompt)


def _no_numbers(prompt: Prompt) -> Iterator[Spot]:
    for index, closing, last in prompt.bare_groups:
        tag = prompt.tree.source(last)
        match = ODD.fullmatch(tag) if len(tag) <= LONGEST else None
        comma = decimal_comma(prompt, index, last)
        if match and match[2].strip("+-") and match[2] != "." and any(letter.isdigit() for letter in match[2]):
            plain = _mended(match[2])
            message = f"{quoted(match[2])} is no weight here, so it is encoded as text"
            if ".." in match[2]:
                message += "; A1111 stops with an error"
            edits = (Edit(last.start + match.start(2), last.end, plain),) if plain else None
            yield Spot(last.start + match.start(2), closing.end, message, edits, changes_weights=True)
        elif comma:
            number = prompt.text[comma.start : last.end]
            message = f"{quoted(number)} is no weight: the comma divides two tags; write the number with a point"
            edits = (Edit(comma.start, last.start, "."),)
            yield Spot(comma.start - 1, closing.end, message, edits, changes_weights=True)


def _mended(number: str) -> str | None:
    """Return the plain number that was probably meant, or None."""
    try:
        value = float(re.sub(r"\.+", ".", number))
    except ValueError:
        return None
    return format(Decimal(repr(value)), "f") if 0 < value <= 3 else None


def decimal_comma(prompt: Prompt, index: int, last: Node) -> Node | None:
    """Return the comma of `(a:1,2)`."""
    children = prompt.tree.children(index)
    if len(children) < 5 or not DIGITS.fullmatch(prompt.tree.source(last)):
        return None
    comma, before = (prompt.tree.nodes[child] for child in (children[-3], children[-4]))
    right = comma.kind is Kind.SEPARATOR and prompt.tree.source(comma) == "," and before.kind is Kind.TAG
    return comma if right and re.search(r":\s*[0-2]\Z", prompt.tree.source(before)[-20:]) else None


def missing_colon(prompt: Prompt) -> Iterator[Spot]:
    """Find `(a 1.2)`, `(a=1.2)`, `(a, 1.2)`, and `(a1.2)` where `a` is known."""
    if prompt.dialect.id not in NUMBERED:
        return
    for index, closing, last in prompt.bare_groups:
        tag = prompt.tree.source(last)
        match = (SPACED.fullmatch(tag) if len(tag) <= LONGEST else None) or glued_weight(tag)
        children = prompt.tree.children(index)
        before = prompt.tree.nodes[children[-3]]
        if match:
            gap = Edit(last.start + match.end(1), last.start + match.start(2), ":")
        elif "." in tag and FRACTION.fullmatch(tag) and len(children) == 5 and before.kind is Kind.SEPARATOR:
            gap = Edit(before.start, last.start, ":")
        else:
            continue
        number = prompt.text[gap.end : last.end]
        message = f"{number} is encoded as text, no weight: a colon is missing before it"
        yield Spot(gap.end, closing.end, message, (gap,), changes_weights=True)


def glued_weight(tag: str) -> re.Match[str] | None:
    """Return the match of a known tag and a number at its last letter (`red hair1.3`), or None."""
    match = GLUED.fullmatch(tag) if len(tag) <= LONGEST else None
    if match is None or is_known(canonical(tag)):
        return None
    name = canonical(match[1])
    return match if is_known(name) or group_of(name) != OTHER else None


def no_number(prompt: Prompt) -> Iterator[Spot]:
    """Find `(a:)`."""
    if prompt.dialect.id not in NUMBERED:
        return
    for _, closing, last in prompt.bare_groups:
        text = prompt.tree.source(last)
        if text.endswith(":") and text.strip(": ") and not text.endswith(("::", " :")):
            message = (
                "no number stands behind the colon: the weight is that of plain brackets, 1.1, and the colon is text"
            )
            yield Spot(last.end - 1, closing.end, message, (Edit(last.end - 1, last.end, ""),))


def empty_brackets(prompt: Prompt) -> Iterator[Spot]:
    """Find brackets that hold nothing, or only a number."""
    tree = prompt.tree
    empty = _empty_groups(prompt)
    for index in sorted(empty):
        node = tree.nodes[index]
        if node.parent not in empty:
            message = f"{quoted(tree.source(node))} weights nothing; take it out"
            yield Spot(node.start, node.end, message, removal(prompt, index))


def _empty_groups(prompt: Prompt) -> set[int]:
    """Return the groups with nothing in them, found from the innermost."""
    tree = prompt.tree
    if not prompt.groups:
        return set()
    full: set[int] = set()
    empty: set[int] = set()
    for index in range(len(tree.nodes) - 1, 0, -1):
        node = tree.nodes[index]
        kind = node.kind
        if kind is Kind.ATTENTION and index not in full and prompt.closing(index):
            empty.add(index)
        elif kind is not Kind.EDGE and kind is not Kind.SPACE and not _is_number_alone(prompt, node):
            full.add(node.parent)
    return empty


def _is_number_alone(prompt: Prompt, node: Node) -> bool:
    """Return whether a tag is the `:1.2` of `(:1.2)`, which ComfyUI takes for text."""
    if node.kind is not Kind.TAG or prompt.text[node.start] != ":" or prompt.text[node.start - 1 : node.start] != "(":
        return False
    return re.fullmatch(r":\s*\d*\.\d+", prompt.tree.source(node)[:LONGEST]) is not None
