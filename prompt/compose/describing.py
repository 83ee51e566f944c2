"""What a prompt holds, as data: its tags by group, and everything in it that is no tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from ..collector import uncollected
from ..syntax import Kind, Tree, parse
from ..syntax.dialects import get_dialect
from ..tags.vocabulary import GROUPS, OTHER
from .grouping import classify, known_name
from .systems import split_marked

REFERENCES = (Kind.LORA, Kind.EMBEDDING, Kind.WILDCARD, Kind.SCHEDULE, Kind.ALTERNATION, Kind.VARIANT, Kind.COMMENT)


class DescribedTag(NamedTuple):
    """A tag of a prompt: `text[start:end]`.

    Attributes:
        name: its canonical name.
        known: the name under which the vocabulary holds it, or the canonical one.
        text: as it is written.
        start: where it begins.
        end: where it ends.
        weight: its effective attention weight.
        group: its tag group; `other` where that is not known.
        subgroup: its sub-group, or an empty text.
        part: the number of the sub-prompt that it stands in, from 0.
        chunk: the number of BREAKs before it.
    """

    name: str
    known: str
    text: str
    start: int
    end: int
    weight: float
    group: str
    subgroup: str
    part: int = 0
    chunk: int = 0


class Reference(NamedTuple):
    """What is no tag: a LoRA, an embedding, a wildcard, a schedule, a variant or a comment, at `text[start:end]`."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Description:
    """A prompt's tags by group, in its order, with an entry for every group; and what is no tag.

    `parts` are the weights of its sub-prompts (A1111's AND): one without AND. `system` is the system prompt in front,
    up to `<Prompt Start>`, or an empty text; none of its words are tags.
    """

    dialect: str
    groups: dict[str, tuple[DescribedTag, ...]]
    references: tuple[Reference, ...]
    parts: tuple[float, ...]
    system: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            **vars(self),
            "groups": {group: [tag._asdict() for tag in tags] for group, tags in self.groups.items()},
            "references": [reference._asdict() for reference in self.references],
        }

    def report(self) -> str:
        """Return it in words: a line for the system prompt, each group that has tags, and each kind of reference."""
        lines = [f"- system prompt: {self.system.strip()}"] if self.system else []
        lines += [f"- {group}: {', '.join(map(_shown, tags))}" for group, tags in self.groups.items() if tags]
        for kind in dict.fromkeys(reference.kind for reference in self.references):
            found = ", ".join(reference.text for reference in self.references if reference.kind == kind)
            lines.append(f"- {kind}: {found}")
        if len(self.parts) > 1:
            lines.append(f"- sub-prompts: {len(self.parts)}, weights {', '.join(f'{part:g}' for part in self.parts)}")
        return "\n".join(lines)


@uncollected
def describe(text: str, *, dialect: str = "a1111", tag_aware: bool = True) -> Description:
    """Return what a prompt holds.

    Args:
        text: any prompt.
        dialect: one of `DIALECTS`.
        tag_aware: whether tags like `;)` are kept whole.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    system, body = split_marked(text)
    tree = parse(body, dialect, tag_aware)
    groups: dict[str, list[DescribedTag]] = {group: [] for group in (*GROUPS, OTHER)}
    for tag in _tags(tree, len(system)):
        groups[tag.group].append(tag)
    others = tree.of_kind(*REFERENCES)
    references = tuple(
        Reference(node.kind.value, tree.source(node), node.start + len(system), node.end + len(system))
        for node in others
    )
    parts = tree.sub_prompts() if get_dialect(dialect).a1111 else []
    weights = tuple(part.weight for part in parts) or (1.0,)
    return Description(dialect, {group: tuple(tags) for group, tags in groups.items()}, references, weights, system)


def _tags(tree: Tree, offset: int) -> list[DescribedTag]:
    splits = get_dialect(tree.dialect).a1111
    part = chunk = 0
    found: list[DescribedTag] = []
    for node in tree.nodes:
        if splits and node.kind is Kind.AND:
            part, chunk = part + 1, 0
        elif splits and node.kind is Kind.BREAK:
            chunk += 1
        elif node.kind is Kind.TAG:
            name = str(node.value)
            group, subgroup = classify(name)[:2]
            spelled = (name, known_name(name), tree.source(node))
            span = (node.start + offset, node.end + offset)
            found.append(DescribedTag(*spelled, *span, node.weight, group, subgroup, part, chunk))
    return found


def _shown(tag: DescribedTag) -> str:
    return tag.name if tag.weight == 1 else f"{tag.name} ({tag.weight:g})"
