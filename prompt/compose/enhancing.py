"""Adds what a model family wants to a prompt: its quality tags, and the system prompt that ComfyUI does not add.

The user's own text stays as it is, letter by letter; nothing is added that it has or speaks against, and adding twice
adds nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..collector import uncollected
from ..errors import PromptError, nearest_names
from ..families.catalog import as_family
from ..families.profiles import LEVELS, Family
from ..syntax import Tree, canonical, parse
from .grouping import known_name
from .placing import place
from .systems import split_system
from .wishes import opposed, wishes

LEFT_OUT = "there is no place where it would weigh 1 and leave the other weights alone"


@dataclass(frozen=True)
class Composed:
    """A composed prompt, the tags that were added, and the tags that were not, each with its reason.

    `system` is the system prompt that was put in front, if one was.
    """

    text: str
    added: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    remark: str = ""
    system: str = ""

    def report(self) -> str:
        """Return the changes in words, one a line."""
        lines = [f"added: {', '.join(self.added)}" if self.added else "added nothing"]
        lines += [f"put in front: {self.system}"] if self.system else []
        lines += [f"left out {tag}: {reason}" for tag, reason in self.left_out]
        return "\n".join([*lines, self.remark] if self.remark else lines)


@uncollected
def enhance(
    text: str,
    family: Family | str,
    level: str = "standard",
    enabled: bool = True,
    *,
    dialect: str = "a1111",
    tag_aware: bool = True,
) -> Composed:
    """Return `text` with the family's quality tags of a level. Off, or level `none`, means untouched.

    A prompt that asks for low quality itself (`worst quality`, `blurry`) gets none. The tags weigh 1 and the user's
    weights stay: where a bracket that is never closed forbids the end, they go to the front.

    Of A1111's sub-prompts between ANDs only the first one with a positive weight gets them: A1111 adds the sub-prompts'
    effects up without averaging, so the tags in each would count as often as there are, and users write the first one
    as the picture's common part (`background AND area 1 AND area 2`). BREAK only begins a chunk: the first has them.

    Args:
        text: any prompt.
        family: whose quality tags: a family or its id.
        level: one of `families.LEVELS`.
        enabled: False leaves `text` untouched, byte for byte.
        dialect: one of `DIALECTS`.
        tag_aware: whether tags like `;)` are kept whole.

    Raises:
        PromptError: for a level that does not exist.
        UnknownDialect: for a dialect that does not exist.
        UnknownFamily: for a family that does not exist.
    """
    if not enabled:
        return Composed(text, remark="the enhancer is off")
    family = as_family(family)
    if level not in LEVELS:
        raise PromptError(f"no quality level {level!r}; {nearest_names(level, LEVELS) or ', '.join(LEVELS)}")
    wanted = family.quality.levels[level]
    if level == "none" or not (wanted or family.system):
        return Composed(text, remark=f"{family.name} has no quality tags at level {level!r}")
    system, body = split_system(text, family.system)
    tree = parse(body, dialect, tag_aware)
    own = wishes(tree)
    low = own.low_quality()
    if low is not None:
        refused = dict.fromkeys(wanted, f"the prompt asks for {low!r}")
    else:
        refused = {tag: f"the prompt asks for {wish!r}" for tag in wanted if (wish := opposed(tag, own.wanted))}
        refused |= {tag: "already there" for tag in wanted if known_name(canonical(tag)) in own.named}
    result = add(tree, wanted, refused, at_end=family.quality.place == "end", tag_aware=tag_aware)
    return with_system(result, system, family.system)


def add(
    tree: Tree,
    wanted: Sequence[str],
    refused: Mapping[str, str],
    *,
    at_end: bool,
    tag_aware: bool,
    negative: bool = False,
) -> Composed:
    """Return the prompt with the wanted tags that no reason refuses; in a positive one they keep their own order."""
    added = tuple(tag for tag in dict.fromkeys(wanted) if tag not in refused)
    left_out = tuple((tag, refused[tag]) for tag in wanted if tag in refused)
    if not added:
        return Composed(tree.text, left_out=left_out)
    placed = place(tree, added, at_end, () if negative else wanted, negative, tag_aware)
    if placed is None:
        return Composed(tree.text, left_out=(*left_out, *((tag, LEFT_OUT) for tag in added)))
    remark = f"put in front: behind the prompt, {placed.displaced}" if placed.displaced else ""
    return Composed(placed.text, added, left_out, remark)


def with_system(result: Composed, own: str, system: str) -> Composed:
    """Return the result behind the user's own system prompt, or else behind the family's."""
    if own or not system:
        gap = " " if result.added and own and not own[-1].isspace() else ""
        return replace(result, text=own + gap + result.text)
    text = f"{system} {result.text}" if result.text.strip() else system
    return replace(result, text=text, system=system)
