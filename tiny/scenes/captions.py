"""Captions: the text that a picture is trained with."""

from __future__ import annotations

import random
from collections.abc import Sequence

from .scene import TagGroups
from .vocabulary import Vocabulary, vocabulary


def caption(random: random.Random, tags: TagGroups, words: Vocabulary | None = None) -> str:
    """Return a caption: tags joined by commas, group after group.

    Tags are left out at random, quality tags seldom; now and then the groups change places, or all the tags; one
    caption in ten is empty. The vocabulary's `captions` says how often.
    """
    rules = (words or vocabulary()).data["captions"]
    if random.random() < rules["empty share"]:
        return ""
    said = _said(random, tags, rules["seldom"])
    kept = random.choice(rules["kept"])
    groups = [_kept(random, group, kept) for group in said]
    groups[0] = _kept(random, said.quality, rules["quality kept"])
    if random.random() < rules["groups shuffled"]:
        random.shuffle(groups)
    once = list(dict.fromkeys(tag for group in groups for tag in group))
    if random.random() < rules["tags shuffled"]:
        random.shuffle(once)
    return ", ".join(once)


def _said(random: random.Random, tags: TagGroups, seldom: dict[str, float]) -> TagGroups:
    """Return the tags without those that go without saying this time."""
    groups = (tuple(tag for tag in group if random.random() < seldom.get(tag, 1.0)) for group in tags)
    return TagGroups(*groups)


def _kept(random: random.Random, tags: Sequence[str], share: float) -> list[str]:
    return [tag for tag in tags if random.random() < share]
