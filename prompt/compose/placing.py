"""Puts tags into a prompt so that they weigh what they should, and the user's own weigh what they did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..naming import canonical
from ..syntax import Kind, Node, Tree, parse
from ..syntax.dialects import get_dialect
from ..syntax.edits import Edit, apply_edits
from .elements import LINE_ENDS, ROOT
from .grouping import known_name
from .items import each_item
from .meaning import Said, said, sequence, spoken

IDLE = frozenset({Kind.SPACE, Kind.SEPARATOR, Kind.BREAK, Kind.COMMENT})
LAST = IDLE | {Kind.LORA, Kind.AND_WEIGHT}
"""What quality tags at a prompt's end are put in front of."""
NUMBER = "the number at its end would count for them"
"""Why tags go to the front of a negative prompt such as `hat:0.5`."""
TIGHT = frozenset({Kind.BREAK, Kind.COMMENT, Kind.AND, Kind.LORA})
"""What needs a space before it."""


class Scope(NamedTuple):
    """The part of a prompt that tags are put into: between two ANDs, or all of it."""

    start: int
    end: int


class Placed(NamedTuple):
    """The prompt with tags in it, and why they had to go to the front instead of the end, if they had to."""

    text: str
    displaced: str = ""


def place(
    tree: Tree,
    tags: Sequence[str],
    at_end: bool,
    wanted: Sequence[str] = (),
    negative: bool = False,
    tag_aware: bool = True,
) -> Placed | None:
    """Return the prompt with `tags` in it, or None where there is no place for them.

    Brackets that are never closed can leave none, and so do sub-prompts without a positive weight.

    Args:
        tree: the prompt.
        tags: what to add, in its order.
        at_end: whether they belong to the end: before LoRA references, BREAK, comments and an AND's weight there.
        wanted: the order of all quality tags; at the front, a tag is put behind those of them that the prompt
            begins with.
        negative: whether it is a negative prompt, in which A1111 reads no AND and no weight of one.
        tag_aware: how the prompt was parsed.
    """
    if not tree.text.strip():
        return Placed(", ".join(tags))
    scope = Scope(0, len(tree.text)) if negative else first_scope(tree)
    if scope is None:
        return None
    numbered = negative and _ends_in_number(tree)
    displaced = "" if not at_end else NUMBER if numbered else _syntax(tree)
    ways = [(_in_order(tree, scope, tags, wanted), displaced), ([_front(tree, scope, tags)], displaced)]
    if at_end and not numbered:
        ways.insert(0, ([_end(tree, scope, tags)], ""))
    before = sequence(tree)
    for edits, reason in ways:
        text = apply_edits(tree.text, edits)
        if _keeps(before, parse(text, tree.dialect, tag_aware), edits):
            return Placed(text, reason)
    return None


def _ends_in_number(tree: Tree) -> bool:
    """Return whether a number such as `:0.5` is the last thing said."""
    last = next((node for node in reversed(tree.nodes) if node.kind not in IDLE | {Kind.LORA}), None)
    return last is not None and last.kind is Kind.AND_WEIGHT


def _syntax(tree: Tree) -> str:
    return f"its {'brackets' if any(char in tree.text for char in '([{') else 'syntax'} would change the weights"


def first_scope(tree: Tree) -> Scope | None:
    """Return the first sub-prompt with a positive weight, if any; the whole prompt in dialects without AND."""
    if not get_dialect(tree.dialect).a1111:
        return Scope(0, len(tree.text))
    parts = tree.sub_prompts()
    part = next((part for part in parts if part.weight > 0), None)
    return Scope(part.start, part.end) if part else None


def _keeps(before: list[Said], tree: Tree, edits: Iterable[Edit]) -> bool:
    """Return whether the added tags weigh what they do by themselves, and all else is what it was."""
    spans = list(_inserted(edits))
    expected = [part for start, end in spans for part in _alone(tree, start, end)]
    added: list[Said] = []
    rest: list[Said] = []
    at = 0
    for node in spoken(tree):
        while at < len(spans) and spans[at][1] <= node.start:
            at += 1
        inside = at < len(spans) and spans[at][0] <= node.start
        (added if inside else rest).append(said(tree, node))
    return added == expected and rest == before


def _alone(tree: Tree, start: int, end: int) -> list[Said]:
    return sequence(parse(tree.text[start:end].strip(", "), tree.dialect))


def _inserted(edits: Iterable[Edit]) -> Iterator[tuple[int, int]]:
    """Yield the spans of what is inserted, in the new text."""
    shift = 0
    for edit in sorted(edits):
        yield edit.start + shift, edit.start + shift + len(edit.replacement)
        shift += len(edit.replacement)


def _in_order(tree: Tree, scope: Scope, tags: Sequence[str], wanted: Sequence[str]) -> list[Edit]:
    """Put each tag behind the one that is wanted before it, where the prompt begins with that; else to the front."""
    ends = _leading(tree, scope, wanted)
    front = [tag for tag in tags if tag not in wanted]
    behind: dict[int, list[str]] = defaultdict(list)
    end: int | None = None
    for tag in wanted:
        if tag not in tags:
            end = ends.get(known_name(canonical(tag)), end)
        else:
            (front if end is None else behind[end]).append(tag)
    edits = [Edit(at, at, "".join(f", {tag}" for tag in own)) for at, own in behind.items()]
    return [_front(tree, scope, front), *edits]


def _leading(tree: Tree, scope: Scope, wanted: Sequence[str]) -> dict[str, int]:
    """Return where each wanted tag ends that the prompt begins with."""
    names = {known_name(canonical(tag)) for tag in wanted}
    found: dict[str, int] = {}
    for item in each_item(tree):
        if item.start >= scope.start:
            own = {known_name(name) for name in item.names}
            if item.fixed or not own or not own <= names:
                break
            found.update(dict.fromkeys(own, item.end))
    return found


def _front(tree: Tree, scope: Scope, tags: Sequence[str]) -> Edit:
    """Put tags in front, behind comments and a BREAK that nothing stands before."""
    at, gap, tail = scope.start, " " if scope.start else "", ""
    for node in _top(tree, scope):
        if node.kind not in IDLE:
            tail = ", "
            break
        if node.kind in (Kind.BREAK, Kind.COMMENT):
            at, gap = node.end, "\n" if node.kind is Kind.COMMENT else " "
    while 0 < at < scope.end and tree.text[at].isspace():
        at, gap = at + 1, ""
    return Edit(at, at, gap + ", ".join(tags) + tail if tags else "")


def _end(tree: Tree, scope: Scope, tags: Sequence[str]) -> Edit:
    """Put tags behind the last thing that is no LoRA reference, BREAK or comment, and behind a comma there."""
    nodes = list(_top(tree, scope))
    last = next((at for at in range(len(nodes) - 1, -1, -1) if nodes[at].kind not in LAST), None)
    if last is None:
        return _front(tree, scope, tags)
    following = [node for node in nodes[last + 1 :] if node.kind is not Kind.SPACE]
    joined = ", ".join(tags)
    if not following or following[0].kind is not Kind.SEPARATOR or tree.source(following[0])[0] in LINE_ENDS:
        at = nodes[last].end
        glued = (
            following[0].start == at and following[0].kind in TIGHT if following else tree.text.startswith("AND", at)
        )
        return Edit(at, at, f", {joined}" + " " * glued)
    at = following[0].end
    behind = following[1].kind if len(following) > 1 else None
    gap = "" if tree.text[at - 1].isspace() else " "
    tail = ", " if behind is Kind.LORA else " " if behind in TIGHT or tree.text.startswith("AND", at) else ""
    return Edit(at, at, gap + joined + tail)


def _top(tree: Tree, scope: Scope) -> Iterator[Node]:
    for index in tree.children(ROOT):
        node = tree.nodes[index]
        if scope.start <= node.start < scope.end:
            yield node
