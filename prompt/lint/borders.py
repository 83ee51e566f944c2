"""Rules on AND and BREAK: in brackets, at an end, and where they take more of the prompt than meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..syntax import Kind
from ..syntax.edits import Edit
from ..syntax.tree import Node, SubPrompt
from .brackets import AND, scan
from .finding import Spot, Suggestion, quoted
from .phrases import Phrase
from .prompt import Prompt, known_name
from .weights import LEAST, MOST

SIMPLE = frozenset({Kind.TAG, Kind.SEPARATOR, Kind.SPACE, Kind.EDGE, Kind.BREAK, Kind.LORA})
EMPTY = re.compile(r"\s*(?::\s*[-+]?[0-9.]+\s*)?")
"""A part of which there is nothing, or its weight alone; no LoRA, no comment."""
LONGEST_SUGGESTION = 20_000
"""Characters of a prompt that is written twice into a suggestion."""


def break_in_brackets(prompt: Prompt) -> Iterator[Spot]:
    """Find BREAK inside brackets."""
    tree = prompt.tree
    for node in prompt.of_kind(Kind.BREAK):
        group = tree.nodes[node.parent]
        if group.kind is not Kind.ATTENTION or prompt.text[group.start] == "[":
            continue
        if prompt.dialect.a1111:
            weight = -group.weight * (1.1 if group.value is None else float(group.value))
            effect = f"A1111 encodes it as the word 'BREAK' with the weight {weight:.4g}, and begins no chunk"
        else:
            effect = f"{prompt.dialect.name}'s own encoder reads it as a weighted word"
        message = f"BREAK stands inside brackets: {effect}; close the brackets before it and open them again behind it"
        yield Spot(node.start, node.end, message, _reopened(prompt, node))


def _reopened(prompt: Prompt, node: Node) -> tuple[Edit, ...] | None:
    """Return the edits that put brackets around each side of a BREAK."""
    tree = prompt.tree
    group, closing = tree.nodes[node.parent], prompt.closing(node.parent)
    if closing is None or tree.nodes[group.parent].kind is not Kind.PROMPT or prompt.text[group.start] != "(":
        return None
    left = prompt.text[group.start + 1 : node.start].rstrip()
    right = prompt.text[node.end : closing.start].lstrip(", ")
    if not left.strip(", ") or not right.strip() or left.endswith("BREAK") or right.startswith("BREAK"):
        return None
    end = group.start + 1 + len(left.rstrip(", "))
    begin = node.end + len(prompt.text[node.end : closing.start]) - len(right)
    return (Edit(end, begin, f"{tree.source(closing)} BREAK ("),)


def words_in_comfyui(prompt: Prompt) -> Iterator[Spot]:
    """Find BREAK and AND where the dialect's own encoder takes them for words."""
    if prompt.dialect.a1111:
        return
    told: set[Kind] = set()
    for node in prompt.of_kind(Kind.BREAK, Kind.AND):
        if node.kind not in told:
            told.add(node.kind)
            word = node.kind.value
            message = f"{prompt.dialect.name} reads {word} as a word like any other; write a comma, or choose a1111"
            yield Spot(node.start, node.end, message)


def takes_all(prompt: Prompt) -> Iterator[Spot]:
    """Find AND in a list of tags of which it splits more than its neighbours."""
    tree = prompt.tree
    ands = prompt.of_kind(Kind.AND)
    if not ands or prompt.negative:
        return
    parts = tree.sub_prompts()
    tags = [_tags_in(prompt, part) for part in parts]
    for place, node in enumerate(ands[:200]):
        left, right = tags[place], tags[place + 1]
        shared = {known_name(tag.name) for tag in left} & {known_name(tag.name) for tag in right}
        if len(left) + len(right) < 4 or not left or not right or shared:
            continue
        message = (
            f"AND splits the whole prompt, not only the tags beside it: {_extent(prompt, left)} are one prompt, "
            f"{_extent(prompt, right)} another, and the two pictures are mixed. If only "
            f"{quoted(prompt.source(left[-1]))} and {quoted(prompt.source(right[0]))} are meant, write a comma, "
            "or repeat the rest on both sides"
        )
        suggestions = _suggestions(prompt, node, left[-1], right[0], alone=len(ands) == 1)
        yield Spot(node.start, node.end, message, suggestions=suggestions)


def _tags_in(prompt: Prompt, part: SubPrompt) -> tuple[Phrase, ...]:
    return prompt.within(part.start, part.end)


def _extent(prompt: Prompt, tags: Sequence[Phrase]) -> str:
    """Return a part's extent in words."""
    first, last = quoted(prompt.source(tags[0])), quoted(prompt.source(tags[-1]))
    where = f"characters {prompt.place(tags[0].start)} to {prompt.place(tags[-1].end - 1)}"
    count = "1 tag" if len(tags) == 1 else f"{len(tags)} tags"
    return f"the {count} from {first} to {last} ({where})" if len(tags) > 1 else f"the 1 tag {first} ({where})"


def _suggestions(prompt: Prompt, node: Node, left: Phrase, right: Phrase, alone: bool) -> tuple[Suggestion, ...]:
    start = len(prompt.text[: node.start].rstrip())
    end = len(prompt.text) - len(prompt.text[node.end :].lstrip())
    comma = Suggestion("a comma instead of AND", (Edit(start, end, ", "),))
    if not alone or len(prompt.text) > LONGEST_SUGGESTION:
        return (comma,)
    head = prompt.text[: _edge_before(prompt, left)]
    tail = prompt.text[_edge_behind(prompt, right) :].rstrip()
    repeated = (Edit(start, end, f"{tail} AND {head.lstrip()}"),)
    return comma, Suggestion("the rest repeated on both sides", repeated)


def _edge_before(prompt: Prompt, phrase: Phrase) -> int:
    """Return where the outermost group around a phrase begins."""
    index = phrase.node
    while prompt.tree.nodes[prompt.parent(index)].kind is not Kind.PROMPT:
        index = prompt.parent(index)
    return prompt.tree.nodes[index].start


def _edge_behind(prompt: Prompt, phrase: Phrase) -> int:
    index = phrase.node
    while prompt.tree.nodes[prompt.parent(index)].kind is not Kind.PROMPT:
        index = prompt.parent(index)
    return prompt.tree.nodes[index].end


def and_in_brackets(prompt: Prompt) -> Iterator[Spot]:
    """Find AND inside brackets."""
    if "AND" not in prompt.masked:
        return
    pairs = [pair for pair in scan(prompt.masked, 0, len(prompt.text)).pairs if prompt.text[pair[0]] in "(["]
    outer = _outermost(pairs)
    at = 0
    for match in AND.finditer(prompt.masked):
        while at < len(outer) and outer[at][1] < match.start():
            at += 1
        if at < len(outer) and outer[at][0] < match.start():
            effect = (
                "A1111 splits the prompt there all the same, and the brackets on both sides lose their partner"
                if prompt.dialect.a1111
                else f"{prompt.dialect.name}'s own encoder reads it as a weighted word"
            )
            message = f"AND stands inside brackets: {effect}; give each side brackets of its own"
            yield Spot(match.start(), match.end(), message, suggestions=_each_side(prompt, *outer[at], match.span()))


def _outermost(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the pairs that lie in no other; they come in order."""
    found: list[tuple[int, int]] = []
    for pair in pairs:
        if not found or pair[0] > found[-1][1]:
            found.append(pair)
    return found


def _each_side(prompt: Prompt, start: int, close: int, span: tuple[int, int]) -> tuple[Suggestion, ...]:
    inner = prompt.masked[start + 1 : close]
    if any(char in inner for char in "()[]") or inner.count("AND") > 1 or close - start > LONGEST_SUGGESTION:
        return ()
    colon = inner.rfind(":")
    number = prompt.text[start + 1 + colon : close] if colon > span[1] - start else ""
    edits = (Edit(span[0], span[0], f"{number}) "), Edit(span[1], span[1], " ("))
    return (Suggestion("brackets on each side of AND", edits),)


def empty_parts(prompt: Prompt) -> Iterator[Spot]:
    """Find AND with nothing before or behind it."""
    ands = prompt.of_kind(Kind.AND) if prompt.dialect.a1111 else []
    parts = prompt.tree.sub_prompts() if ands else []
    message = "nothing stands on one side of this AND: an empty prompt is mixed in; take the AND out"
    for place, node in enumerate(ands):
        stretch = _empty_beside(prompt, parts, place, node)
        if stretch:
            edits = (_without(prompt, node, *stretch),) if EMPTY.fullmatch(prompt.text, *stretch) else None
            yield Spot(node.start, node.end, message, edits, changes_weights=True)


def _empty_beside(prompt: Prompt, parts: Sequence[SubPrompt], place: int, node: Node) -> tuple[int, int] | None:
    """Return from where to where an empty part lies before an AND, or behind it at the prompt's end."""
    before, behind = parts[place], parts[place + 1]
    if not prompt.text[before.start : before.end].strip():
        return before.start, node.start
    last = place + 2 == len(parts)
    return (node.end, len(prompt.text)) if last and not prompt.text[behind.start : behind.end].strip() else None


def _without(prompt: Prompt, node: Node, start: int, end: int) -> Edit:
    """Return the edit that takes an empty part out with its AND, and the white space that is then at a prompt's end."""
    if end > node.start:
        return Edit(len(prompt.text[: node.start].rstrip()), end, "")
    rest = prompt.text[node.end :] if start == 0 else ""
    return Edit(start, node.end + len(rest) - len(rest.lstrip()), "")


def part_weights(prompt: Prompt) -> Iterator[Spot]:
    """Find weights of AND's parts that are far out."""
    if not prompt.of_kind(Kind.AND):
        return
    for node in prompt.of_kind(Kind.AND_WEIGHT):
        weight = float(node.value or 0)
        if not LEAST <= weight <= MOST:
            message = f"this part of the prompt has the weight {weight:g}, which is far out; stay near 1"
            yield Spot(node.start, node.end, message)
