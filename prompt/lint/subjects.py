"""Rules on what the tags ask for: several characters, contradictions, what both prompts say, poor quality."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..tags.vocabulary import vocabulary
from .finding import Spot, quoted
from .phrases import Phrase
from .prompt import Prompt, in_subgroup, known_name

SEVERAL = re.compile(r"(?:[2-9]|[1-9]\d|6\+)(?:girls|boys|others)|multiple (?:girls|boys|others)|couple|twins|crowd")
ONE = re.compile(r"1(girl|boy|other)")
ONE_BODY = frozenset({"clone", "dual persona", "multiple persona", "multiple views", "reflection"})
"""Tags that show one character several times: `solo, 1girl, 1boy, dual persona`."""
CHARACTERS = (
    "several characters in one picture are extremely hard: generate them one by one and put the pictures together "
    "in an image editor"
)


def several_characters(prompt: Prompt) -> Iterator[Spot]:
    """Find tags for more than one character."""
    if prompt.negative:
        return
    single: dict[str, Phrase] = {}
    for phrase in prompt.whole:
        name = known_name(phrase.name)
        one = ONE.fullmatch(name)
        if one:
            single.setdefault(one[1], phrase)
        if SEVERAL.fullmatch(name) or (one and len(single) == 2 and single[one[1]] is phrase):
            yield Spot(phrase.start, phrase.end, f"{quoted(prompt.source(phrase))}: {CHARACTERS}")
            return


def contradictions(prompt: Prompt) -> Iterator[Spot]:
    """Find tags that no picture can show both."""
    if prompt.negative:
        return
    by_scope: dict[int, dict[str, Phrase]] = {}
    for phrase in prompt.whole:
        by_scope.setdefault(phrase.scope, {}).setdefault(known_name(phrase.name), phrase)
    for names in by_scope.values():
        if len(names) < 2:
            continue
        for first, second, subject in [*vocabulary().contradictions(names)[:200], *_crowd(names)]:
            one, other = names.get(first), names.get(second)
            if one and other:
                message = (
                    f"{quoted(prompt.source(other))} contradicts {quoted(prompt.source(one))} at character "
                    f"{prompt.place(one.start)} ({subject}); keep one of them"
                )
                yield Spot(other.start, other.end, message)


def _crowd(names: dict[str, Phrase]) -> Iterator[tuple[str, str, str]]:
    """Yield `solo` and the second of two counts that only together contradict it: `1girl, 1boy`."""
    counts = [name for name in names if ONE.fullmatch(name)]
    if "solo" in names and len(counts) > 1 and not ONE_BODY & names.keys():
        first, second = sorted(("solo", counts[1]), key=lambda name: names[name].start)
        yield first, second, f"'{counts[0]}' and '{counts[1]}' are two"


def in_both(prompt: Prompt) -> Iterator[Spot]:
    """Find tags that stand in the positive and in the negative prompt."""
    if not prompt.setting.other:
        return
    other = "positive" if prompt.negative else "negative"
    for phrase in prompt.whole:
        if phrase.name and known_name(phrase.name) in prompt.other_names:
            message = f"{quoted(prompt.source(phrase))} stands in the {other} prompt too; take it out of one"
            yield Spot(phrase.start, phrase.end, message)


def poor_quality(prompt: Prompt) -> Iterator[Spot]:
    """Find words for poor pictures in a positive prompt."""
    if prompt.negative:
        return
    for phrase in prompt.whole:
        if in_subgroup(phrase.name, "quality", "bad", "anatomy"):
            message = f"{quoted(prompt.source(phrase))} asks for a poor picture; it belongs in the negative prompt"
            yield Spot(phrase.start, phrase.end, message)


def good_quality(prompt: Prompt) -> Iterator[Spot]:
    """Find words for good pictures in a negative prompt."""
    if not prompt.negative:
        return
    for phrase in prompt.whole:
        if in_subgroup(phrase.name, "quality", "good"):
            message = f"{quoted(prompt.source(phrase))} in the negative prompt keeps good pictures away; take it out"
            yield Spot(phrase.start, phrase.end, message)
