"""What A1111 encodes of a prompt: which sub-prompts, with which weights, and which text at which step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .attention import blank, blank_spans
from .dialects import A1111, get_dialect
from .edits import Edit, apply_edits
from .parser import parse, read_schedules
from .protection import protected_tags, syntax_tags
from .schedules import change_steps, texts_at
from .tree import Kind, Node
from .variants import find_variants


class Part(NamedTuple):
    """A sub-prompt: its text without LoRA references, comments and its weight, and that weight."""

    text: str
    weight: float = 1.0


class Stage(NamedTuple):
    """The text that is encoded up to a step (counted from 1), that one included."""

    end_step: int
    text: str


def sub_prompts(text: str, dialect: str = "a1111", tag_aware: bool = False) -> list[Part]:
    """Return what AND separates; a prompt without AND, or of another dialect than A1111's, is one part.

    A1111 (`modules/prompt_parser.py`) does so with positive prompts only: in a negative one AND is plain text.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    if not get_dialect(dialect).a1111:
        return [Part(text)]
    content = _content(text, tag_aware)
    tree = parse(content, dialect, tag_aware, wildcards=False)
    return [Part(content[part.start : part.end].rstrip(), part.weight) for part in tree.sub_prompts()]


def schedule(
    text: str, steps: int, base_steps: int = 0, dialect: str = "a1111", tag_aware: bool = False
) -> list[Stage]:
    """Return the texts that a sub-prompt stands for, in the order of the steps, as A1111's own parser gives them.

    Neighbours may be equal: A1111 encodes anew wherever a text might change. AND is plain text here.

    Args:
        text: a sub-prompt, or a negative prompt.
        steps: how many steps are sampled.
        base_steps: in a hires pass, how many steps were sampled before; else 0.
        dialect: one of `DIALECTS`; only A1111's has schedules.
        tag_aware: whether tags that look like syntax are kept as tags.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    if not get_dialect(dialect).a1111:
        return [Stage(steps, text)]
    content = _content(text, tag_aware)
    schedules = read_schedules(_masked(content, tag_aware), [(0, len(content))])
    ends = change_steps(schedules, steps, base_steps)
    texts = texts_at(content, schedules, ends, steps, base_steps)
    return [Stage(end, text) for end, text in zip(ends, texts, strict=True)]


def _masked(text: str, tag_aware: bool) -> str:
    """Return a text of A1111's dialect with escaped characters blanked out, and tags that look like syntax."""
    kept = protected_tags(text, A1111.active, syntax_tags()) if tag_aware else []
    masked = blank(A1111.escapes, blank_spans(text, kept))
    variants = find_variants(masked) if tag_aware and "{" in masked else []  # their bars are no alternation's
    return blank_spans(masked, sorted(mark for variant in variants for mark in variant.marks), by=",")


def _content(text: str, tag_aware: bool) -> str:
    """Return a text without comments and references: A1111 takes them out before anything else."""
    if "#" not in text and "<" not in text:
        return text
    tree = parse(text, "a1111", tag_aware, wildcards=False)
    references = [Edit(node.start, node.end, "") for node in tree.of_kind(Kind.LORA)]
    return apply_edits(text, [*references, *_without_comments(text, tree.of_kind(Kind.COMMENT))])


def _without_comments(text: str, comments: list[Node]) -> Iterator[Edit]:
    """Yield the edits that remove comments as A1111 does: one line's end stays of a line that is one, or is made."""
    place = 0
    for node in comments:
        start, end = node.start, node.end
        if start == 0 or (text[start - 1] == "\n" and start > place):
            place = min(end + 1, len(text))
            yield Edit(max(start - 1, 0), place, "\n")
        else:
            yield Edit(start, end, "\n" if end == len(text) else "")
