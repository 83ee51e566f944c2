"""Rules on what the chosen model family makes of a prompt."""

from __future__ import annotations

from collections.abc import Iterator

from ..tags.vocabulary import OTHER
from .finding import Spot, quoted
from .phrases import Phrase
from .prompt import Prompt, group_of, in_subgroup, is_prose
from .removal import removal

MOST_QUALITY = 7
LEAST_TAGS = 5
"""So many tags make a prompt a list of tags."""


def foreign_quality(prompt: Prompt) -> Iterator[Spot]:
    """Find quality tags of another family."""
    family = prompt.family
    if family is None:
        return
    for phrase in prompt.whole:
        if phrase.name in family.foreign:
            whose = family.foreign[phrase.name]
            message = f"{family.name} was not taught {quoted(prompt.source(phrase))}"
            message += f" ({whose}); take it out" if whose else "; take it out"
            yield Spot(phrase.start, phrase.end, message, removal(prompt, phrase.node))


def remarks(prompt: Prompt) -> Iterator[Spot]:
    """Find words of which the family's profile has something to say."""
    if prompt.family is None:
        return
    for phrase in prompt.whole:
        remark = prompt.family.remarks.get(phrase.name)
        if remark:
            yield Spot(phrase.start, phrase.end, f"{quoted(prompt.source(phrase))}: {remark}")


def too_many(prompt: Prompt) -> Iterator[Spot]:
    """Find more quality tags than do good."""
    found = [] if prompt.negative or not prompt.takes_tags else _quality(prompt)
    if len(found) > MOST_QUALITY:
        message = (
            f"{len(found)} quality tags; usually 3 to 7 are more than enough, and fewer make pictures more diverse"
        )
        yield Spot(found[0].start, found[-1].end, message)


def _quality(prompt: Prompt) -> list[Phrase]:
    return [phrase for phrase in prompt.whole if in_subgroup(phrase.name, "quality", "good", "score", "period")]


def quality_for_sentences(prompt: Prompt) -> Iterator[Spot]:
    """Find quality tags for a family that reads sentences."""
    family = prompt.family
    if family is None or prompt.takes_tags or prompt.negative:
        return
    for phrase in _quality(prompt):
        if phrase.name not in family.foreign and not family.quality.knows(phrase.name):
            message = f"{family.name} reads sentences and knows no quality tags: {quoted(prompt.source(phrase))} can go"
            yield Spot(phrase.start, phrase.end, message, removal(prompt, phrase.node))


def tags_for_sentences(prompt: Prompt) -> Iterator[Spot]:
    """Find a list of tags for a family that reads sentences."""
    if prompt.family is None or prompt.takes_tags or prompt.negative or len(prompt.phrases) < LEAST_TAGS:
        return
    tags = [phrase for phrase in prompt.whole if group_of(phrase.name) != OTHER and phrase.name.count(" ") < 4]
    if len(tags) * 3 >= len(prompt.phrases) * 2:
        message = f"{prompt.family.name} reads sentences, and this is a list of tags; describe the picture in sentences"
        yield Spot(prompt.phrases[0].start, prompt.phrases[-1].end, message)


def sentences_for_tags(prompt: Prompt) -> Iterator[Spot]:
    """Find sentences for a family that reads tags only."""
    if prompt.family is None or prompt.family.style != "tags":
        return
    for phrase in prompt.phrases:
        if is_prose(prompt.source(phrase)):
            message = (
                f"{quoted(prompt.source(phrase))} is a sentence, and {prompt.family.name} was taught tags; "
                "write what it shows as tags with commas between them"
            )
            yield Spot(phrase.start, phrase.end, message)


def ignored_weights(prompt: Prompt) -> Iterator[Spot]:
    """Find weights for a family whose encoder takes them for text; once for the prompt."""
    family = prompt.family
    if family is None or family.weights:
        return
    for _, node in prompt.groups:
        if node.value is not None:
            message = (
                f"{family.name} knows no weights: ComfyUI sends {quoted(prompt.tree.source(node))} as it stands, with "
                "brackets and number; say it in words"
            )
            yield Spot(node.start, node.end, message)
            return


def ignored_negative(prompt: Prompt) -> Iterator[Spot]:
    """Find a negative prompt for a family on which it has no effect."""
    family = prompt.family
    if family is None or family.negative.used or not prompt.text.strip():
        return
    message = f"{family.name} ignores negative prompts at its CFG; leave it empty"
    if prompt.negative:
        yield Spot(0, len(prompt.text), message)
    elif prompt.other_names:
        yield Spot(0, 1, f"about the negative prompt beside this one: {message}")
