"""Rules on attention weights that no picture gains from: infinite, negative, zero, far out."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from ..syntax import Kind
from ..syntax.edits import Edit
from ..syntax.tree import Node
from .finding import Spot, quoted
from .prompt import Prompt

MOST, LEAST = 2.0, 0.3
"""Beyond these weights pictures usually break, or the tag is as good as gone."""
NO_WEIGHT = 20.0
"""A number above this was hardly meant as a weight: `(reverse:1999)`."""
PARENTHESES = frozenset({"a1111", "comfyui", "compel"})
"""Dialects that escape round brackets."""
NUMBERED = frozenset({"a1111", "comfyui"})
"""Dialects that write weights as `(x:1.2)`."""
NUMBER = re.compile(r"[^\s:()]+")


def not_finite(prompt: Prompt) -> Iterator[Spot]:
    """Find weights that are no finite number, such as `(avengers: infinity)` in ComfyUI."""
    for index, node, weight in weighted(prompt):
        if not math.isfinite(weight):
            message = (
                f"{prompt.dialect.name} takes the end of {quoted(prompt.tree.source(node))} for the weight {weight}, "
                "and the picture breaks; escape the brackets if this is a name"
            )
            yield Spot(node.start, node.end, message, escaped(prompt, index), changes_weights=True)


def negative(prompt: Prompt) -> Iterator[Spot]:
    """Find weights below zero."""
    for _, node, weight in weighted(prompt):
        if weight < 0 and math.isfinite(weight):
            message = f"the weight {weight:g} is negative; what must not be seen belongs in the other prompt"
            yield Spot(node.start, node.end, message, severity="info" if prompt.dialect.id == "novelai4" else None)


def zero(prompt: Prompt) -> Iterator[Spot]:
    """Find weights of zero."""
    for _, node, weight in weighted(prompt):
        if weight == 0:
            message = (
                f"{quoted(prompt.tree.source(node))} has the weight 0: it still takes text tokens and changes "
                "the rest; take it out instead"
            )
            yield Spot(node.start, node.end, message)


def far_out(prompt: Prompt) -> Iterator[Spot]:
    """Find weights above 2 and below 0.3."""
    told: set[int] = set()
    for index, node, weight in weighted(prompt):
        if math.isfinite(weight) and (weight > MOST or 0 < weight < LEAST):
            told.add(index)
            yield _far_out(prompt, index, node, weight)
    yield from _nested(prompt, told)


def _far_out(prompt: Prompt, index: int, node: Node, weight: float) -> Spot:
    if weight > NO_WEIGHT:
        message = (
            f"{prompt.dialect.name} takes the end of {quoted(prompt.tree.source(node))} for the weight {weight:g}; "
            "escape the brackets if this is a name"
        )
        return Spot(node.start, node.end, message, escaped(prompt, index), changes_weights=True, severity="error")
    limit = MOST if weight > MOST else LEAST
    message = f"the weight {weight:g} is far out; stay between {LEAST:g} and {MOST:g}"
    return Spot(node.start, node.end, message, with_number(prompt, index, f"{limit:g}"), changes_weights=True)


def _nested(prompt: Prompt, told: set[int]) -> Iterator[Spot]:
    """Find tags whose weight is far out only because brackets add up; once for each bracket around them."""
    for phrase in prompt.phrases:
        weight = phrase.weight
        if LEAST <= weight <= MOST or weight <= 0 or not math.isfinite(weight):
            continue
        parent = prompt.parent(phrase.node)
        if parent in told or prompt.tree.nodes[parent].kind is not Kind.ATTENTION:
            continue
        told.add(parent)
        if _outer_is_told(prompt, parent, told):
            continue
        message = (
            f"the brackets around {quoted(prompt.source(phrase))} make its weight {weight:.4g}, which is far out; "
            f"stay between {LEAST:g} and {MOST:g}"
        )
        yield Spot(phrase.start, phrase.end, message)


def _outer_is_told(prompt: Prompt, index: int, told: set[int], most: int = 20) -> bool:
    for _ in range(most):
        index = prompt.parent(index)
        if index < 0:
            return False
        if index in told:
            return True
    return False


def weighted(prompt: Prompt) -> Iterator[tuple[int, Node, float]]:
    """Go through the groups that have a number for their weight: index, node, number."""
    for index, node in prompt.groups:
        if isinstance(node.value, float):
            yield index, node, node.value


def escaped(prompt: Prompt, index: int) -> tuple[Edit, ...] | None:
    """Return the edits that make a group's round brackets text, or None where the dialect has no escapes."""
    node = prompt.tree.nodes[index]
    if prompt.dialect.id not in PARENTHESES or prompt.text[node.start] != "(" or prompt.text[node.end - 1] != ")":
        return None
    return Edit(node.start, node.start, "\\"), Edit(node.end - 1, node.end - 1, "\\")


def with_number(prompt: Prompt, index: int, number: str) -> tuple[Edit, ...] | None:
    """Return the edit that gives a group another number, where the dialect writes it as `(x:1.2)`."""
    edge = prompt.closing(index)
    if prompt.dialect.id not in NUMBERED or edge is None:
        return None
    match = NUMBER.search(prompt.text, edge.start, edge.end)
    return (Edit(*match.span(), number),) if match else None
