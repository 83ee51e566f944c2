"""Rules on tags that a dialect reads as syntax, and on backslashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from ..syntax import Kind, misreadings
from ..syntax.edits import Edit
from ..syntax.tree import Misreading
from ..tags.vocabulary import vocabulary
from .finding import Spot, quoted
from .prompt import Prompt, is_known
from .weights import PARENTHESES, escaped

NUMBER_END = re.compile(r":\d+\Z")
AFTER_TAG = re.compile(r"\s*(?:\Z|AND\b)")
QUALIFIER = re.compile(r" \(([^()]+)\)\Z")
KNOWN_QUALIFIERS = frozenset({"vocaloid", "cosplay", "series", "character", "object", "food", "animal"})


def tags_as_syntax(prompt: Prompt) -> Iterator[Spot]:
    """Find tags such as `;)` and `:3` that the dialect's own parser reads as syntax."""
    tree = prompt.aware_tree
    for tag in misreadings(tree):
        effect, edits = _effect(prompt, tag)
        if effect is not None:
            message = f"{prompt.dialect.name}'s own parser reads the tag {quoted(tag.name)} as syntax: {effect}"
            yield Spot(tag.start, tag.end, message, edits, changes_weights=not prompt.setting.tag_aware)


def _effect(prompt: Prompt, tag: Misreading) -> tuple[str | None, tuple[Edit, ...] | None]:
    """Return what the dialect makes of a tag, with what to do, and the edits that do it."""
    at_end = AFTER_TAG.match(prompt.text, tag.end) is not None
    if prompt.dialect.a1111 and at_end and NUMBER_END.search(tag.name):
        number = tag.name.rpartition(":")[2]
        effect = f"at the prompt's end it is the weight {number} of the whole prompt; put a comma behind it"
        return effect, (Edit(tag.end, tag.end, ","),)
    brackets = "()[]" if prompt.dialect.a1111 else "()"
    if any(char in brackets for char in tag.name) and prompt.dialect.id in PARENTHESES:
        escapes = tuple(_escapes(prompt, tag, brackets))
        effect = "its brackets count, and may undo the weights behind it; escape them"
        return (effect, escapes) if escapes else (None, None)
    if NUMBER_END.search(tag.name) and prompt.text[tag.end : tag.end + 1] == ")":
        number = tag.name.rpartition(":")[2]
        edits = (Edit(tag.end, tag.end, ":1.1"),)
        return f"in brackets its end is the weight {number}; give the brackets a number of their own", edits
    if prompt.dialect.a1111 and NUMBER_END.search(tag.name) and prompt.text[tag.end : tag.end + 1] == "]":
        return "in square brackets it is prompt editing; put a comma behind it", (Edit(tag.end, tag.end, ","),)
    if prompt.dialect.a1111 and tag.name.startswith("#"):
        return "what stands behind '#' in a line is a comment, which is not encoded", None
    if "\\" in tag.name and prompt.dialect.a1111:
        places = [tag.start + match.start() for match in re.finditer(r"\\", tag.name)]
        return "the backslash is dropped; write two", tuple(Edit(place, place, "\\") for place in places)
    if "|" in tag.name and prompt.dialect.a1111 and "[" in prompt.text:
        return "a bar outside of '[a|b]' makes all prompt editing plain text; move it into another prompt", None
    return None, None


def _escapes(prompt: Prompt, tag: Misreading, brackets: str) -> Iterator[Edit]:
    for offset, char in enumerate(tag.name):
        if char in brackets and (offset == 0 or tag.name[offset - 1] != "\\"):
            yield Edit(tag.start + offset, tag.start + offset, "\\")


def qualified_names(prompt: Prompt) -> Iterator[Spot]:
    """Find names such as `2b (nier:automata)` whose brackets are read as weight."""
    if prompt.dialect.id not in PARENTHESES:
        return
    tree = prompt.tree
    for index, node in prompt.groups:
        if node.value is not None or prompt.text[node.start] != "(":
            continue
        children = tree.children(index)
        if len(children) != 3 or tree.nodes[children[1]].kind is not Kind.TAG or not _stands_behind_name(prompt, index):
            continue
        inner = tree.nodes[children[1]]
        if inner.end - inner.start > 80 or prompt.text[inner.end - 1] == "\\":
            continue
        yield _qualified(prompt, index, tree.source(inner))


def _stands_behind_name(prompt: Prompt, index: int) -> bool:
    """Return whether a bracket ends a phrase that a tag begins."""
    nodes = prompt.tree.nodes
    left = nodes[index - 1] if nodes[index - 1].kind is not Kind.SPACE else nodes[index - 2]
    if left.kind is not Kind.TAG or left.parent != nodes[index].parent or prompt.text.endswith("::", 0, left.end):
        return False  # `1.5::` is a weight
    rest = prompt.masked[nodes[index].end : nodes[index].end + 40].lstrip(" ")
    return not rest or rest[0] in ",\n\r)，、:"


def _qualified(prompt: Prompt, index: int, inner: str) -> Spot:
    node = prompt.tree.nodes[index]
    name = inner.casefold().replace("_", " ")
    known = name in _qualifiers()
    message = (
        f"{prompt.dialect.name} reads the brackets around {quoted(inner)} as weight and does not encode them; "
        f"if they belong to the name, escape them: '\\({inner}\\)'"
    )
    edits = escaped(prompt, index) if known or not is_known(name) else None
    return Spot(node.start, node.end, message, edits, changes_weights=True, severity="warning" if known else "info")


@cache
def _qualifiers() -> frozenset[str]:
    """What stands in brackets behind known tags, and well-known series."""
    names = vocabulary().names
    found = {match[1] for name in vocabulary().special if (match := QUALIFIER.search(name))}
    return KNOWN_QUALIFIERS | found | {name for name in names if names[name] == "copyright"}


def backslashes(prompt: Prompt) -> Iterator[Spot]:
    """Find backslashes that are dropped, or encoded, though they look like escapes."""
    if "\\" not in prompt.text or prompt.dialect.id.startswith("novelai"):
        return
    kept = {place for start, end in prompt.tree.kept for place in range(start, end)}
    escapes = ("(", ")", "[", "]", "\\") if prompt.dialect.a1111 else ("(", ")")
    place = 0
    while (place := prompt.text.find("\\", place)) >= 0:
        char = prompt.text[place + 1 : place + 2]
        if place in kept:
            place += 1
        elif char == "\\" and prompt.text[place + 2 : place + 3] in ("(", ")"):
            yield _doubled(prompt, place)
            place += 3
        else:
            if char not in escapes:
                yield _backslash(prompt, place, char)
            place += 1 if char == "\\" and not prompt.dialect.a1111 else 2


def _doubled(prompt: Prompt, place: int) -> Spot:
    effect = "and the bracket behind it counts" if prompt.dialect.a1111 else "and the bracket behind it is text"
    message = f"two backslashes: {prompt.dialect.name} encodes one, {effect}; write one to escape the bracket"
    return Spot(place, place + 2, message, (Edit(place, place + 1, ""),), changes_weights=prompt.dialect.a1111)


def _backslash(prompt: Prompt, place: int, char: str) -> Spot:
    edits: tuple[Edit, ...] | None = (Edit(place, place + 1, ""),)
    if prompt.dialect.a1111:
        effect = "drops this backslash: it escapes only ( ) [ ] and \\"
        if char and char in ":|#":
            edits = None  # prompt editing does mind it
            effect = f"minds this backslash in prompt editing only, and drops it afterwards; '{char}' is encoded"
    else:
        effect = "encodes this backslash: it escapes only ( and )"
        edits = edits if char in ("[", "]", ",", "") else None
    return Spot(place, place + 1, f"{prompt.dialect.name} {effect}; take it out", edits)
