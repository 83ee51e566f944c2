"""What a prompt holds: its tags by group, their weights, and how many text tokens they take."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .compose import DescribedTag, Description, describe
from .counting import CHUNK, Accounting, Limits, account
from .syntax import convert

COMFYUI = "comfyui"


@dataclass(frozen=True)
class TagReport:
    """What a prompt holds.

    Attributes:
        description: its tags by group, and what is no tag.
        text_tokens: its text tokens, by the first encoder; None if they can't be counted here.
        accounting: what each encoder makes of it; None if the caller brought the count.
    """

    description: Description
    text_tokens: int | None
    accounting: Accounting | None = None

    @property
    def groups(self) -> dict[str, tuple[DescribedTag, ...]]:
        """Its tags by group, in the prompt's order."""
        return self.description.groups

    @property
    def chunks(self) -> int | None:
        """How many chunks of 75 text tokens CLIP reads: at least one."""
        if self.text_tokens is None:
            return None
        counted = self.accounting.encoders[0].chunks if self.accounting else ()
        return len(counted) or max(1, math.ceil(self.text_tokens / CHUNK))

    def text(self, image_tokens: int | None = None, left: int | None = None) -> str:
        """Return the report in words: a line for each group, and both counts.

        Args:
            image_tokens: what the pictures cost, if that is known.
            left: how many image tokens the user has who pays, if somebody does.
        """
        lines = [*filter(None, [self.description.report()]), *self._counted()]
        if image_tokens is not None:
            lines.append(f"- {image_tokens_text(image_tokens, left)}")
        return "\n".join(lines)

    def _counted(self) -> list[str]:
        if self.accounting:
            return [line if line.startswith(" ") else f"- {line}" for line in self.accounting.lines()]
        return [f"- text tokens: {self.text_tokens} in {self.chunks} chunk{'s' if self.chunks != 1 else ''} of {CHUNK}"]


def image_tokens_text(cost: int, left: int | None = None) -> str:
    """Return in words what pictures cost, and what is left if somebody pays."""
    text = f"image tokens: {cost}"
    if left is None:
        return text
    return f"{text}, {left} left" if cost <= left else f"{text}, {left} left: {cost - left} too few"


def tag_report(
    text: str,
    text_tokens: int | None = None,
    *,
    encoders: Iterable[str | Limits] = ("clip_l",),
    dialect: str = "a1111",
    comfy: Path | None = None,
) -> TagReport:
    """Return the report of a prompt.

    Args:
        text: the prompt.
        text_tokens: its count by the model's own encoder, where the caller has it; else it is counted here.
        encoders: the encoders to count for: ids, or those of a family profile.
        dialect: one of `DIALECTS`; what ComfyUI encodes of it is counted.
        comfy: ComfyUI's folder `comfy`, for the vocabularies; None looks for an installed one.

    Raises:
        UnknownDialect: if there is no such dialect.
    """
    description = describe(text, dialect=dialect)
    if text_tokens is not None:
        return TagReport(description, text_tokens)
    counted = account(convert(text, dialect, COMFYUI).text, encoders, COMFYUI, tag_aware=False, comfy=comfy)
    return TagReport(description, counted.tokens, counted)
