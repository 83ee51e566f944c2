"""Rules on the separators between tags: none where one is wanted, and too many."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ..syntax import Kind
from ..syntax.edits import Edit
from ..syntax.tree import Node
from .finding import Spot, listed
from .prompt import Prompt, entry_of, in_subgroup, is_prose

LINE_ENDS = "\n\r"
TEXT = frozenset({Kind.TAG, Kind.EDGE, Kind.WILDCARD, Kind.EMBEDDING})
MOST_WORDS = 24
LONGEST_TAG = 5
"""Words of a tag that is looked for in tags run together."""
ALONE = ("expression", "pose")
"""Groups whose single words seldom end a noun phrase: `blue eyes smile` are two tags, `blue eyes cat` may be one."""


def line_ends(prompt: Prompt) -> Iterator[Spot]:
    """Find lines that end in a tag, without a comma, before a line that begins with one."""
    if not prompt.takes_tags or not any(end in prompt.text for end in LINE_ENDS):
        return
    leaves = _lines_joined(prompt)
    for left, node, right in zip(leaves, leaves[1:], leaves[2:], strict=False):
        if _is_line_end(prompt, node) and left.kind in TEXT and right.kind in TEXT:
            if is_prose(prompt.tree.source(left)) or is_prose(prompt.tree.source(right)):
                continue
            if not _ends_phrase(prompt, left) or not _begins_phrase(prompt, right):
                continue
            message = "a line's end divides no tags: the encoder reads it as a space; end the line with a comma"
            yield Spot(left.end - 1, left.end, message, (Edit(left.end, left.end, ","),))


def _lines_joined(prompt: Prompt) -> list[Node]:
    """Return the leaves, of several line ends in a row only the first."""
    found: list[Node] = []
    for node in prompt.leaves:
        if not (found and _is_line_end(prompt, node) and _is_line_end(prompt, found[-1])):
            found.append(node)
    return found


def _is_line_end(prompt: Prompt, node: Node) -> bool:
    return node.kind is Kind.SEPARATOR and prompt.text[node.start] in LINE_ENDS


def _ends_phrase(prompt: Prompt, node: Node) -> bool:
    return node.kind is not Kind.EDGE or prompt.tree.nodes[node.parent].end == node.end


def _begins_phrase(prompt: Prompt, node: Node) -> bool:
    return node.kind is not Kind.EDGE or prompt.tree.nodes[node.parent].start == node.start


def empty_tags(prompt: Prompt) -> Iterator[Spot]:
    """Find commas with nothing before them."""
    before: Node | None = None
    for node in prompt.leaves:
        if node.kind is Kind.SEPARATOR and not _is_line_end(prompt, node) and _nothing_before(prompt, before):
            yield _empty(prompt, node, before)
        if node.kind is not Kind.SEPARATOR or not _is_line_end(prompt, node) or before is None:
            before = node


def _nothing_before(prompt: Prompt, before: Node | None) -> bool:
    if before is None or before.kind is Kind.SEPARATOR:
        return True
    if before.kind in (Kind.AND, Kind.BREAK):
        return prompt.dialect.a1111  # elsewhere they are words
    if before.kind is not Kind.EDGE:
        return False
    parent = prompt.tree.nodes[before.parent]
    return parent.kind is Kind.ATTENTION and before.start == parent.start


def _empty(prompt: Prompt, node: Node, before: Node | None) -> Spot:
    needs = before is not None and before.kind in (Kind.AND, Kind.BREAK, Kind.SEPARATOR) and before.end == node.start
    space = " " if needs and node.end - node.start > 1 and not prompt.text[node.start - 1].isspace() else ""
    message = "nothing stands before this comma; take it out"
    if before is not None and before.kind is Kind.SEPARATOR:
        message += ". ',,' is one text token of its own, at which A1111 divides no chunk"
    return Spot(node.start, node.start + 1, message, (Edit(node.start, node.end, space),))


def run_together(prompt: Prompt) -> Iterator[Spot]:
    """Find several known tags without commas between them."""
    if not prompt.takes_tags:
        return
    for phrase in prompt.whole:
        text = prompt.source(phrase)
        if len(text) > 300 or entry_of(phrase.name):
            continue
        words = phrase.name.split(" ")
        if len(words) > MOST_WORDS or len(text.split()) != len(words):
            continue
        tags = segmented(words)
        if tags and _are_tags(tags):
            message = f"these look like {len(tags)} tags without commas: {listed(tags)}; put commas between them"
            yield Spot(phrase.start, phrase.end, message, _comma_edits(text, phrase.start, tags))


def segmented(words: list[str]) -> list[str] | None:
    """Return the fewest known tags that the words are made of, or None if they are not made of known tags alone."""
    best: list[list[str] | None] = [[]]
    for end in range(1, len(words) + 1):
        options = [
            [*head, name]
            for start in range(max(0, end - LONGEST_TAG), end)
            if (head := best[start]) is not None and entry_of(name := " ".join(words[start:end]))
        ]
        best.append(min(options, key=len, default=None))
    return best[-1]


def _are_tags(tags: list[str]) -> bool:
    """Return whether known tags in a row are rather several tags than one free phrase (`phoenix fox girl`)."""
    if len(tags) < 2 or any(tag == other for tag, other in pairwise(tags)):
        return False
    if all(in_subgroup(tag, "pose", "angle", "framing") for tag in tags):
        return False  # one phrase about the camera: `full body side view`
    if in_subgroup(tags[0], "body", "count"):
        return True  # no phrase begins with `1girl`
    strong = [_is_strong(tag) for tag in tags]
    if not all(strong[:-1]):
        return False
    last = entry_of(tags[-1])
    if last is not None and " " not in last.name and last.group in ALONE:
        return True
    return strong[-1] and not _is_creature(tags[-1])


def _is_strong(tag: str) -> bool:
    return " " in tag or in_subgroup(tag, "body", "count") or in_subgroup(tag, "quality", "good", "score")


def _is_creature(tag: str) -> bool:
    return " " in tag and tag.rsplit(" ", 1)[1] in {"girl", "boy", "man", "woman", "background"}


def _comma_edits(text: str, start: int, tags: list[str]) -> tuple[Edit, ...]:
    """Return the edits that put a comma behind each tag but the last."""
    edits: list[Edit] = []
    pieces = text.split()
    place = 0
    for tag in tags[:-1]:
        for _ in tag.split(" "):
            word = pieces.pop(0)
            place = text.index(word, place) + len(word)
        edits.append(Edit(start + place, start + place, ","))
    return tuple(edits)
