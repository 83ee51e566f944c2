"""A prompt under the linter: its text, how it is meant to be read, and what is asked of it more than once."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING

from ..compose.systems import split_system
from ..syntax import Kind, Node, Tree, parse
from ..syntax.attention import blank, blank_spans
from ..syntax.dialects import Dialect, get_dialect
from ..tags.classify import classify
from ..tags.vocabulary import OTHER, Entry, vocabulary
from .phrases import Phrase, phrases_of

if TYPE_CHECKING:
    from ..families.profiles import Family

SHORT_WORDS = frozenset(
    {"a", "an", "and", "are", "at", "for", "has", "her", "his", "in", "is", "it", "of", "on", "she", "that", "the"}
)
"""The words that sentences have and tags seldom."""
LONGEST_NAME = 120
MOST_WORDS = 10
MOST_GROUPS = 10_000
REFERENCES = (Kind.LORA, Kind.EMBEDDING, Kind.WILDCARD, Kind.COMMENT)
BORDER_WORD = re.compile(r"\b(?:AND|BREAK)\b")


@dataclass(frozen=True)
class Setting:
    """How a prompt is meant.

    Attributes:
        dialect: the id of the dialect that it is written in.
        family: the model family that it is for, or None if that is open.
        negative: whether it is a negative prompt.
        other: the other prompt of the two.
        tag_aware: whether it is encoded with tags like `;)` kept whole, as the node Encode Prompt can.
        loras: the names of the LoRAs that are there, or None if that is not known; likewise `embeddings`
            and `wildcards`.
        known: further names that are no mistakes, such as characters and artists.
    """

    dialect: str = "a1111"
    family: Family | None = None
    negative: bool = False
    other: str = ""
    tag_aware: bool = True
    loras: Collection[str] | None = None
    embeddings: Collection[str] | None = None
    wildcards: Collection[str] | None = None
    known: Collection[str] = ()


class Prompt:
    """A text and its setting; everything else is found out when a rule first asks.

    The text is what stands behind the family's system prompt, which is no tag; `offset` is where that begins in the
    whole text.
    """

    def __init__(self, text: str, setting: Setting) -> None:
        system, self.text = split_system(text, system_of(setting.family, setting.negative))
        self.whole_text = text
        self.offset = len(system)
        self.setting = setting
        self.family = setting.family
        self.negative = setting.negative
        self.dialect: Dialect = get_dialect(setting.dialect)

    @cached_property
    def tree(self) -> Tree:
        """The prompt as it is encoded."""
        return parse(self.text, self.dialect.id, self.setting.tag_aware)

    @cached_property
    def aware_tree(self) -> Tree:
        """The prompt with its tags kept whole."""
        return self.tree if self.setting.tag_aware else parse(self.text, self.dialect.id)

    @cached_property
    def leaves(self) -> tuple[Node, ...]:
        """The leaves that are not only white space."""
        return tuple(node for node in self.tree.leaves() if node.kind is not Kind.SPACE)

    @cached_property
    def groups(self) -> tuple[tuple[int, Node], ...]:
        """The first attention groups, each with its index."""
        found = ((index, node) for index, node in enumerate(self.tree.nodes) if node.kind is Kind.ATTENTION)
        return tuple(islice(found, MOST_GROUPS))

    @cached_property
    def bare_groups(self) -> tuple[tuple[int, Node, Node], ...]:
        """The round brackets without a number that end in a tag: index, closing bracket, that tag."""
        round_ones = (index for index, node in self.groups if node.value is None and self.text[node.start] == "(")
        closed = ((index, edge) for index in round_ones if (edge := self.closing(index)) is not None)
        last = ((index, edge, self.tree.nodes[self.tree.children(index)[-2]]) for index, edge in closed)
        return tuple(
            found for found in last if found[2].kind is Kind.TAG and (found[2].start, found[2].end) not in self.kept
        )

    @cached_property
    def _rare(self) -> tuple[Node, ...]:
        nodes = (node for node in self.tree.nodes if node.kind is not Kind.TAG and node.kind is not Kind.SEPARATOR)
        common = (Kind.SPACE, Kind.EDGE, Kind.ATTENTION)
        return tuple(node for node in nodes if node.kind not in common)

    def of_kind(self, *kinds: Kind) -> list[Node]:
        """Return the nodes of some kinds, in their order; not tags, separators, spaces, edges or attention groups."""
        return [node for node in self._rare if node.kind in kinds]

    @cached_property
    def comments(self) -> list[Node]:
        """The comments, in their order."""
        return self.of_kind(Kind.COMMENT)

    @cached_property
    def phrases(self) -> tuple[Phrase, ...]:
        """The tags; of a prompt with more than any encoder reads, the first ones."""
        return phrases_of(self.tree)

    @cached_property
    def whole(self) -> tuple[Phrase, ...]:
        """The tags that stand alone between separators."""
        return tuple(phrase for phrase in self.phrases if phrase.whole)

    @cached_property
    def masked(self) -> str:
        """The text with its escapes, kept tags, references and variants' braces blanked out, as long as before."""
        spans = [*self.tree.kept, *((node.start, node.end) for node in self.of_kind(*REFERENCES))]
        if self.of_kind(Kind.VARIANT):
            nodes = self.tree.nodes
            edges = (node for node in nodes if node.kind is Kind.EDGE)
            spans += [(node.start, node.end) for node in edges if nodes[node.parent].kind is Kind.VARIANT]
        return blank(self.dialect.escapes, blank_spans(self.text, list(_outermost(spans))))

    @cached_property
    def takes_tags(self) -> bool:
        """Whether the prompt is one of tags, as far as the family says."""
        return self.family is None or self.family.takes_tags

    @cached_property
    def other_names(self) -> frozenset[str]:
        """The names of the other prompt's tags."""
        _, other = split_system(self.setting.other, system_of(self.family, not self.negative))
        return frozenset(known_name(tag.name) for tag in parse(other, self.dialect.id).tags)

    @cached_property
    def kept(self) -> frozenset[tuple[int, int]]:
        """The spans of the tags that were kept whole although they hold syntax."""
        return frozenset(self.tree.kept)

    def place(self, index: int) -> int:
        """Return the number of a character for a message: from 1, the system prompt counted."""
        return self.offset + index + 1

    def within(self, start: int, end: int) -> tuple[Phrase, ...]:
        """Return the tags that begin between two places."""
        first = bisect_left(self.phrases, start, key=attrgetter("start"))
        return self.phrases[first : bisect_left(self.phrases, end, key=attrgetter("start"))]

    def source(self, phrase: Phrase) -> str:
        """Return a phrase as it is written."""
        return self.text[phrase.start : phrase.end]

    def parent(self, index: int) -> int:
        """Return the index of the group around a node."""
        return self.tree.nodes[index].parent

    def closing(self, index: int) -> Node | None:
        """Return the edge that closes a group, or None if it is never closed."""
        group = self.tree.nodes[index]
        last = self.tree.nodes[self.tree.children(index)[-1]]
        return last if last.kind is Kind.EDGE and last.end == group.end and last.start > group.start else None


def _outermost(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Go through spans in their order, without those in others: a tag may be kept whole that stands in a comment."""
    last = 0
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end > last:
            yield max(start, last), end
            last = end


def system_of(family: Family | None, negative: bool) -> str:
    """Return the text that a family's prompts or its negative prompts begin with."""
    if family is None:
        return ""
    return (family.negative.system or family.system) if negative else family.system


def entry_of(name: str) -> Entry | None:
    """Return what the vocabulary holds under a name or another spelling of it."""
    return vocabulary().find(name)


def known_name(name: str) -> str:
    """Return the name under which the vocabulary holds a tag; a name that it does not hold stays."""
    entry = entry_of(name)
    return entry.name if entry else name


def is_known(name: str) -> bool:
    """Return whether a name is a tag or a name of the vocabulary."""
    return entry_of(name) is not None or name in vocabulary().names


@lru_cache(maxsize=8192)
def group_of(name: str) -> str:
    """Return a tag's group, also of a free phrase; `other` for what is too long to be a tag."""
    if len(name) > LONGEST_NAME or name.count(" ") >= MOST_WORDS:
        return OTHER
    return classify(name).group


def in_subgroup(name: str, group: str, *subgroups: str) -> bool:
    """Return whether a name is a tag of one of a group's sub-groups."""
    entry = entry_of(name)
    return entry is not None and entry.group == group and entry.subgroup in subgroups


def is_prose(text: str) -> bool:
    """Return whether a phrase reads as a sentence, not as a tag."""
    if len(text) < 20:
        return False
    words = text.split(None, 200)
    small = sum(word in SHORT_WORDS for word in words)
    return len(words) > 5 and (small >= 2 or text[-1] in ".!?" or ". " in text)


def makes_border(text: str) -> bool:
    """Return whether a text holds AND or BREAK as a word, which a fix must not bring about."""
    return BORDER_WORD.search(text) is not None
