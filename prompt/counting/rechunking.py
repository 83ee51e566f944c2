"""Finds a way to write a prompt so that no tag is cut, and proves it by counting again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..syntax import Kind, Node, Tag, Tree, parse
from .chunks import Chunks
from .comfyui import WHOLE
from .encoders import TextEncoder
from .passages import TextToken
from .reading import Rules, named_parts, owners, read_chunks
from .results import Suggestion, shortened

MOST_CHUNKS = 20
CLOSING = {"(": ")", "[": "]"}


def suggest_chunks(text: str, encoder: TextEncoder, rules: Rules) -> Suggestion | str:
    """Return a way to write a prompt so that no tag is cut, or why there is none.

    In A1111 BREAK ends chunks between tags. In ComfyUI a short tag gets brackets of its own, which move whole; where
    that is not enough, the prompt is cut into parts. Brackets around several tags are closed and opened again.
    """
    chunks = read_chunks(text, encoder, rules)
    size = encoder.chunk or 0
    if rules.dialect == "comfyui":
        bracketed = _bracketed(text, encoder, rules)
        if bracketed and _is_sound([bracketed], chunks, encoder, rules):
            return Suggestion("brackets", (bracketed,))
    tree = parse(text, rules.dialect, rules.tag_aware, wildcards=False)
    parts = _parts(tree, chunks.flat(), named_parts(text, rules), size)
    if isinstance(parts, str):
        return parts
    suggestion = (
        Suggestion("BREAK", (" BREAK ".join(parts),)) if rules.dialect == "a1111" else Suggestion("parts", parts)
    )
    if not _is_sound(suggestion.texts, chunks, encoder, rules):
        return "the prompt's brackets leave no place where it can be cut between tags without changing it"
    return suggestion


def _is_sound(texts: Sequence[str], before: Chunks, encoder: TextEncoder, rules: Rules) -> bool:
    """Whether no tag of these texts is cut, and their text tokens and weights are those of before."""
    read = [read_chunks(text, encoder, rules) for text in texts]
    after = [token for chunks in read for token in chunks.flat()]
    same = [(token.id, token.weight) for token in after] == [(token.id, token.weight) for token in before.flat()]
    cut = any(_first_cut(chunks, named_parts(text, rules)) for text, chunks in zip(texts, read, strict=True))
    return (
        same
        and not cut
        and (rules.dialect == "a1111" or len(texts) == 1 or all(len(chunks.chunks) == 1 for chunks in read))
    )


def _first_cut(chunks: Chunks, tags: Sequence[Tag]) -> list[TextToken]:
    """Return the text tokens of the first tag that is cut, or none."""
    tokens = chunks.flat()
    held = list(owners(tokens, tags))
    place = 0
    for chunk in chunks.chunks[:-1]:
        place += len(chunk)
        if 0 < place < len(tokens) and held[place] is not None and held[place - 1] == held[place]:
            return [token for token, owner in zip(tokens, held, strict=True) if owner == held[place]]
    return []


def _bracketed(text: str, encoder: TextEncoder, rules: Rules) -> str | None:
    """Return the text with brackets around each tag that would be cut, if all of those are short."""
    for _ in range(MOST_CHUNKS):
        tokens = _first_cut(read_chunks(text, encoder, rules), named_parts(text, rules))
        if not tokens:
            return text
        start, end, weight = tokens[0].start, tokens[-1].end, tokens[0].weight
        if len(tokens) >= WHOLE or any(token.weight != weight for token in tokens):
            return None
        text = f"{text[:start]}({text[start:end]}:{_number(weight)}){text[end:]}"
    return None


def _number(weight: float) -> str:
    short = f"{weight:g}"
    return short if float(short) == weight else repr(weight)


def _parts(tree: Tree, tokens: list[TextToken], tags: Sequence[Tag], size: int) -> tuple[str, ...] | str:
    """Return the text in parts that each fit into a chunk, or why it can't be cut so."""
    nodes = [index for index, node in enumerate(tree.nodes) if node.kind in (Kind.TAG, Kind.EMBEDDING)]
    begins = _begins(tree, tokens, tags, size)
    if isinstance(begins, str):
        return begins
    cuts = [_Cut(tree, nodes[tag], tags[tag - 1].end) for tag in begins]
    edges = [(0, "", ""), *((cut.place, cut.closing, cut.opening) for cut in cuts), (len(tree.text), "", "")]
    return tuple(
        f"{opening}{tree.text[start:end].rstrip()}{closing}"
        for (start, _, opening), (end, closing, _) in pairwise(edges)
    )


def _begins(tree: Tree, tokens: list[TextToken], tags: Sequence[Tag], size: int) -> list[int] | str:
    """Return the tags with which new parts begin."""
    spans: dict[int, tuple[int, int]] = {}
    for place, owner in enumerate(owners(tokens, tags)):
        if owner is not None:
            spans[owner] = (spans.get(owner, (place, 0))[0], place + 1)
    stops = [node.start for node in tree.of_kind(Kind.BREAK) if tree.dialect == "a1111" and node.parent == 0]
    held = sorted(spans)
    found: list[int] = []
    begin = 0
    for tag, following in zip(held, [*held[1:], None], strict=True):
        first, end = spans[tag]
        if end - first > size:
            return f"{shortened(tags[tag].name)} alone takes {end - first} text tokens: more than a chunk holds"
        while stops and stops[0] < tags[tag].start:
            begin = first
            stops.pop(0)
        full = spans[following][0] if following is not None else end
        if full - begin > size and begin < first:
            found.append(tag)
            begin = first
    return found


class _Cut:
    """A place between two tags: where it is, and what closes the brackets around it before and opens them again."""

    def __init__(self, tree: Tree, index: int, before: int) -> None:
        """Cut before a node; the tag before it ends at `before`."""
        nodes = tree.nodes
        while nodes[index].parent > 0 and nodes[nodes[index].parent].start >= before:
            index = nodes[index].parent
        self.place = nodes[index].start
        self.closing = self.opening = ""
        while (index := nodes[index].parent) > 0:
            opening, closing = _edges(tree, index)
            self.closing += closing
            self.opening = opening + self.opening


def _edges(tree: Tree, index: int) -> tuple[str, str]:
    """Return what opens and closes a group; one that is open to the end gets a bracket."""
    group = tree.nodes[index]
    edges: list[Node] = [tree.nodes[child] for child in tree.children(index) if tree.nodes[child].kind is Kind.EDGE]
    opening = tree.source(edges[0]) if edges else ""
    closed = len(edges) > 1 and edges[-1].end == group.end
    return opening, tree.source(edges[-1]) if closed else CLOSING.get(opening, "")
