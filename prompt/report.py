"""What a prompt holds: its tags by group, their weights, and how many text tokens they take."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .counting import CHUNK, count_text_tokens
from .errors import CountingUnavailable
from .parsing import Tag, parse_tags
from .vocabulary import GROUPS, OTHER, vocabulary


@dataclass(frozen=True)
class TagReport:
    """A prompt's tags by group, in the prompt's order, and its text tokens (None: they can't be counted here)."""

    groups: dict[str, tuple[Tag, ...]]
    text_tokens: int | None

    @property
    def chunks(self) -> int | None:
        """How many chunks of 75 text tokens CLIP reads: at least one."""
        return None if self.text_tokens is None else max(1, math.ceil(self.text_tokens / CHUNK))

    def text(self, image_tokens: int | None = None) -> str:
        """Return the report in words: a line for each group, the count, and what the pictures cost if that is given."""
        groups = [(group, ", ".join(map(_shown, tags))) for group, tags in self.groups.items() if tags]
        lines = [f"- {group}: {tags}" for group, tags in groups]
        lines.append(f"- text tokens: {self._counted()}")
        if image_tokens is not None:
            lines.append(f"- image tokens: {image_tokens}")
        return "\n".join(lines)

    def _counted(self) -> str:
        if self.chunks is None:
            return "unknown, no tokenizer is installed here"
        return f"{self.text_tokens} in {self.chunks} chunk{'s' if self.chunks > 1 else ''} of {CHUNK}"


def tag_report(text: str, text_tokens: int | None = None) -> TagReport:
    """Return the report of a prompt.

    Args:
        text: the prompt.
        text_tokens: its count by the model's own encoder, where the caller has it; else CLIP's is counted.
    """
    tags = parse_tags(text)
    names = vocabulary()
    groups = {group: tuple(tag for tag in tags if names.group(tag.name) == group) for group in (*GROUPS, OTHER)}
    return TagReport(groups, _count(text) if text_tokens is None else text_tokens)


def _count(text: str) -> int | None:
    try:
        return count_text_tokens(text)
    except CountingUnavailable:
        return None


def _shown(tag: Tag) -> str:
    return tag.name if tag.weight == 1 else f"{tag.name} ({tag.weight:g})"
