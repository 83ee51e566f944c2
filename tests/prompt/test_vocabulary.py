from __future__ import annotations

from collections import Counter

import pytest

from tagloom.prompt import vocabulary
from tagloom.prompt.parsing import canonical
from tagloom.prompt.resources import data
from tagloom.prompt.vocabulary import GROUPS, OTHER


@pytest.mark.parametrize(
    ("name", "group", "subgroup"),
    [
        ("masterpiece", "quality", "good"),
        ("blurry", "quality", "bad"),
        ("watermark", "quality", "artifact"),
        ("score_9", "quality", "score"),
        ("1girl", "body", "count"),
        ("fox girl", "body", "species"),
        ("orange hair", "body", "hair color"),
        ("smirk", "expression", "smile"),
        ("^_^", "expression", "emoticon"),
        ("black jacket", "clothing", "jackets and coats"),
        ("upper body", "pose", "framing"),
        ("burning", "background", "fire"),
        ("simple background", "background", "plain"),
    ],
)
def test_known_tags(name, group, subgroup):
    entry = vocabulary().find(name)
    assert entry is not None
    assert entry == (name, group, subgroup)


def test_an_alias_leads_to_its_tag():
    assert vocabulary().find("blond hair") == vocabulary().find("blonde hair")


@pytest.mark.parametrize("name", ["", "no such tag", "Masterpiece", "long_hair"])
def test_only_canonical_names_are_found(name):
    assert vocabulary().find(name) is None


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("phoenix fox girl", "body"),
        ("glowing orange hair", "body"),
        ("gradient orange yellow eyes", "body"),
        ("crazy smile", "expression"),
        ("cropped leather flaming red jacket", "clothing"),
        ("detailed fire forest background", OTHER),
        ("volumetric lighting", OTHER),
        ("zzz", OTHER),
        ("", OTHER),
    ],
)
def test_a_free_phrase_has_the_group_of_the_longest_tag_that_it_ends_with(name, group):
    assert vocabulary().group(name) == group


def test_each_tag_stands_once():
    """Neither a tag nor another spelling of one stands twice, over all groups together."""
    spellings: list[str] = []
    for group in GROUPS:
        for tags in data(f"tags/{group}")["subgroups"].values():
            spellings += tags
        for aliases in data(f"tags/{group}")["aliases"].values():
            spellings += aliases
    assert [name for name, count in Counter(spellings).items() if count > 1] == []


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_s_file(group):
    """A file names its own group; its aliases are spellings of its own tags."""
    contents = data(f"tags/{group}")
    tags = {name for names in contents["subgroups"].values() for name in names}
    assert contents["group"] == group
    assert tags
    assert set(contents["aliases"]) <= tags


def test_every_spelling_is_canonical():
    """A spelling that no prompt's tag can have would never be found."""
    for group in GROUPS:
        contents = data(f"tags/{group}")
        for names in [*contents["subgroups"].values(), *contents["aliases"].values()]:
            assert [name for name in names if canonical(name) != name] == []


def test_going_through_the_vocabulary_gives_each_tag_once():
    names = [entry.name for entry in vocabulary()]
    assert len(names) == len(set(names)) > 1000
