"""Adds what a model family wants to a prompt: quality tags to the positive, presets to the negative one.

The user's own text stays as it is, letter by letter; nothing is added that it has or speaks against, and adding twice
adds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from .families import Family
from .parsing import canonical, parse_tags
from .vocabulary import Entry, vocabulary

LOW_SCORE = re.compile(r"score_[0-6]")
"""Pony's marks for poor pictures; `score_6_up` and the like are marks for good ones."""


@dataclass(frozen=True)
class Composed:
    """A composed prompt, the tags that were added, and the tags that were not, each with its reason."""

    text: str
    added: tuple[str, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()
    remark: str = ""

    def report(self) -> str:
        """Return the changes in words, one a line."""
        lines = [f"added: {', '.join(self.added)}" if self.added else "added nothing"]
        lines += [f"left out {tag}: {reason}" for tag, reason in self.left_out]
        return "\n".join([*lines, self.remark] if self.remark else lines)


def enhance(text: str, family: Family, level: str = "standard", enabled: bool = True) -> Composed:
    """Return `text` with the family's quality tags of a level, one of `families.LEVELS`.

    A prompt that asks for low quality itself (`worst quality`, `blurry`) is left alone. Off means untouched.
    """
    if not enabled:
        return Composed(text, remark="the enhancer is off")
    wanted = family.quality.levels[level]
    if not wanted:
        return Composed(text, remark=f"{family.name} has no quality tags at level {level!r}")
    own = [_known_name(tag.name) for tag in parse_tags(text)]
    low = next((name for name in own if _is_low_quality(name)), None)
    if low is not None:
        return Composed(text, left_out=tuple((tag, f"the prompt asks for {low!r}") for tag in wanted))
    refused = dict.fromkeys(own, "already there") | _other_periods(own, wanted)
    return _add(text, wanted, refused, at_end=family.quality.place == "end")


def compose_negative(
    text: str, family: Family, preset: str = "recommended", positive: str = "", enabled: bool = True
) -> Composed:
    """Return the negative prompt: `text`, then the tags of a preset.

    Args:
        text: the user's own negative prompt.
        family: whose presets are used.
        preset: `recommended`, `everything`, `none`, or one of `families.PRESETS`.
        positive: the positive prompt; what it asks for is not added.
        enabled: False leaves `text` untouched.
    """
    if not enabled:
        return Composed(text, remark="the presets are off")
    if not family.negative.used:
        return Composed(text, remark=f"{family.name} ignores negative prompts at its CFG")
    asked = dict.fromkeys((_known_name(tag.name) for tag in parse_tags(positive)), "the prompt asks for it")
    refused = asked | dict.fromkeys((_known_name(tag.name) for tag in parse_tags(text)), "already there")
    return _add(text, family.negative.tags(preset), refused, at_end=True)


def _add(text: str, wanted: Iterable[str], refused: dict[str, str], at_end: bool) -> Composed:
    added: list[str] = []
    left_out: list[tuple[str, str]] = []
    for tag in wanted:
        reason = refused.get(_known_name(canonical(tag)))
        if reason is None:
            added.append(tag)
        else:
            left_out.append((tag, reason))
    return Composed(_join(text, added, at_end), tuple(added), tuple(left_out))


def _join(text: str, added: list[str], at_end: bool) -> str:
    if not added or not text.strip():
        return ", ".join(added) or text
    tags = ", ".join(added)
    if not at_end:
        return f"{tags}, {text}"
    between = " " if text.rstrip().endswith(",") else ", "
    return f"{text}{between.lstrip() if text[-1].isspace() else between}{tags}"


def _known_name(name: str) -> str:
    """Return the name under which the vocabulary holds a tag, so that another spelling of it counts as the same."""
    entry = vocabulary().find(name)
    return entry.name if entry else name


def _is_low_quality(name: str) -> bool:
    return _in_quality(name, "bad") is not None or LOW_SCORE.fullmatch(name) is not None


def _other_periods(own: Iterable[str], wanted: Iterable[str]) -> dict[str, str]:
    """Return the wanted periods (`newest`) that the prompt rules out by another one (`oldest`)."""
    period = next((name for name in own if _in_quality(name, "period")), None)
    if period is None:
        return {}
    return {tag: f"the prompt asks for {period!r}" for tag in wanted if tag != period and _in_quality(tag, "period")}


def _in_quality(name: str, subgroup: str) -> Entry | None:
    entry = vocabulary().find(name)
    return entry if entry and (entry.group, entry.subgroup) == ("quality", subgroup) else None
