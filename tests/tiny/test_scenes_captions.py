"""Captions, as the weights were trained on them."""

import random
from collections import Counter

import pytest

from tagloom.tiny.scenes import TagGroups, caption

TAGS = TagGroups(
    ("masterpiece",), ("1girl", "solo", "red hair"), ("looking at viewer", "smile"), ("hood",), ("portrait",), ("fire",)
)
COUNT = 8000


@pytest.fixture(scope="module")
def captions():
    dice = random.Random(1)
    return [caption(dice, TAGS) for _ in range(COUNT)]


def test_a_tenth_is_empty(captions):
    """A few more are, where every tag happens to be left out."""
    assert captions.count("") / COUNT == pytest.approx(0.1, abs=0.015)


SAID = {"masterpiece": 0.9 * 0.95, "1girl": 0.9 * 0.8, "fire": 0.9 * 0.8, "looking at viewer": 0.9 * 0.8 * 0.7}


@pytest.mark.parametrize(("tag", "share"), SAID.items(), ids=SAID)
def test_tags_are_left_out(captions, tag, share):
    assert sum(tag in text.split(", ") for text in captions) / COUNT == pytest.approx(share, abs=0.02)


def test_most_are_in_order(captions):
    """Groups change places in a quarter of the captions, tags in a fifth: six in ten keep the order."""
    order = {tag: place for place, tag in enumerate(TAGS.every())}
    places = [[order[tag] for tag in text.split(", ")] for text in captions if text.count(", ") > 5]
    assert sum(row == sorted(row) for row in places) / len(places) == pytest.approx(0.75 * 0.8, abs=0.03)


def test_a_tag_of_two_groups_is_said_once():
    dice = random.Random(2)
    counts = Counter(
        text.split(", ").count("old") for text in (caption(dice, TagGroups(("old",), ("old",))) for _ in range(200))
    )
    assert set(counts) == {0, 1}


def test_the_same_seed_says_the_same():
    assert caption(random.Random(9), TAGS) == caption(random.Random(9), TAGS)
