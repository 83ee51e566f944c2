from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.prompt.naming import canonical
from tagloom.prompt.resources import DATA
from tagloom.prompt.tags import GROUPS, Entry, Vocabulary, vocabulary
from tagloom.prompt.tags.capitals import has_needless_capitals
from tagloom.prompt.tags.listing import names_of, tag_data
from tagloom.prompt.tags.spellings import read_spellings
from tagloom.prompt.tags.vocabulary import SYNTAX

FREE_PHRASES = """phoenix fox girl, multicolored glowing hair, flame hair, glowing orange hair, very large eyes,
long body, gradient orange yellow eyes, long snout, black headband with fire pattern,
black collar with white spikes, underbust belt,
cropped leather flaming red jacket over collared impossible white shirt,
detailed fire forest background, detailed eyes, fiery background, red fire, dark ambient,
detailed fluffy fur, volumetric lighting"""
"""What the specification's example writes that is no tag: it must be understood, not listed."""


def listed(part: str) -> list[str]:
    """Return all names under `tags` or `words` of the six files."""
    return [name for group in GROUPS for names in tag_data(group)[part].values() for name in names_of(names)]


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
        (":3", "expression", "emoticon"),
        ("|_|", "expression", "emoticon"),
        ("black jacket", "clothing", "jackets and coats"),
        ("upper body", "pose", "framing"),
        ("\\m/", "pose", "gestures"),
        ("burning", "background", "fire"),
        ("simple background", "background", "plain"),
        ("bow (weapon)", "background", "weapons"),
    ],
)
def test_known_tags(name, group, subgroup):
    assert vocabulary().find(name) == (name, group, subgroup)


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("blond hair", "blonde hair"),
        ("gray eyes", "grey eyes"),
        ("colourful", "colorful"),
        ("thigh highs", "thighhighs"),
        ("black stockings", "black thighhighs"),
        ("peace sign", "v"),
        ("v sign", "v"),
        ("bunny ears", "rabbit ears"),
        ("hand on hip", "hand on own hip"),
        ("fur trimmed jacket", "fur-trimmed jacket"),
        ("cherries", "cherry"),
        ("black glove", "black gloves"),
        ("black hat", "black headwear"),
        ("yellow framed eyewear", "yellow-framed eyewear"),
        ("watercolor", "watercolor (medium)"),
        (":)", "smile"),
    ],
)
def test_another_spelling_leads_to_its_tag(spelling, name):
    entry = vocabulary().find(spelling)
    assert entry is not None
    assert entry == vocabulary().find(name)
    assert entry.name == name


@pytest.mark.parametrize(
    "name", ["", "no such tag", "Masterpiece", "long_hair", *FREE_PHRASES.replace("\n", " ").split(", ")]
)
def test_only_canonical_names_are_found(name):
    assert vocabulary().find(name) is None


def test_there_are_at_least_4000_checked_tags():
    """Where they were checked stands in `data/checked_tags.md` beside the tests."""
    assert len(listed("tags")) >= 4000


def test_each_name_stands_once():
    """Over all groups, among tags and words together, and no listed spelling leads to two tags or is a tag itself."""
    names = [*listed("tags"), *listed("words")]
    spellings = [name for text in tag_data("aliases")["tags"].values() for name in names_of(text)]
    assert [name for name, count in Counter(names + spellings).items() if count > 1] == []
    assert set(tag_data("aliases")["tags"]) <= set(names)
    assert len(spellings) >= 1000


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_s_file(group):
    contents = tag_data(group)
    assert contents.keys() == {"group", "tags", "words"}
    assert contents["group"] == group
    assert all(names and names == names.strip() for part in ("tags", "words") for names in contents[part].values())


def test_every_spelling_is_canonical():
    """A spelling that no prompt's tag can have would never be found."""
    names = [*vocabulary().spellings, *vocabulary().names]
    assert [name for name in names if canonical(name) != name or not name] == []


def test_names_that_rules_make_lead_to_known_tags():
    tags = [(entry.name, entry.subgroup) for entry in vocabulary()]
    known = {name for name, _ in tags}
    made = list(read_spellings(tags))
    assert {tag for _, tag in made} <= known
    assert len(made) > 4000


def test_sub_groups_and_words_of_the_spelling_rules_exist():
    rules = tag_data("aliases")["rules"]
    names = [entry.name for entry in vocabulary()]
    assert set(names_of(rules["plurals"])) <= {entry.subgroup for entry in vocabulary()}
    assert [ending for ending in names_of(rules["singulars"]) if not any(name.endswith(ending) for name in names)] == []
    assert [word for word in rules["words"] if not any(word in name for name in names)] == []


def test_going_through_the_vocabulary_gives_each_tag_once():
    names = [entry.name for entry in vocabulary()]
    assert len(names) == len(set(names)) == len(listed("tags")) + len(listed("words"))


def test_the_commonest_tags_are_tags_and_stand_once():
    names = names_of(tag_data("common")["tags"])
    assert len(names) == len(set(names)) >= 1000
    assert set(names) <= set(listed("tags"))
    assert names[:2] == ["1girl", "solo"]


def test_special_names_are_exactly_those_with_syntax_characters():
    special = vocabulary().special
    assert special == {n for n in (*vocabulary().spellings, *vocabulary().names) if SYNTAX & set(n)}
    assert {":3", ";)", ">:(", "re:zero", "reverse:1999", "|_|", "\\m/", "\\o/", "#compass", "star (sky)"} <= special
    assert {"under night in-birth exe:late[st]", ".hack//g.u."} <= vocabulary().names.keys()


def test_well_known_names_have_a_kind_and_are_no_tags():
    names = vocabulary().names
    assert len(names) >= 100
    assert set(names.values()) == {"artist", "character", "copyright"}
    assert not names.keys() & vocabulary().spellings.keys()
    assert names["nier:automata"] == "copyright"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("long h", ["long hair"]),
        ("long hair", ["long hair"]),
        ("thigh h", ["thighhighs"]),
        ("blond hair", ["blonde hair"]),
        ("hair", ["hair", "hair ornament", "hair between eyes"]),
        (":", [":d", ":o", ":3"]),
        ("zzzz", []),
    ],
)
def test_a_prefix_finds_the_commonest_tags_first(text, first):
    assert [entry.name for entry in vocabulary().prefix(text, most=max(1, len(first)))] == first


@given(st.text(max_size=6) | st.sampled_from([entry.name[:4] for entry in vocabulary()]), st.integers(0, 30))
def test_a_prefix_gives_what_a_search_of_every_spelling_gives(text, most):
    found = vocabulary().prefix(text, most)
    expected = {entry for name, entry in vocabulary().spellings.items() if name.startswith(text)}
    assert len(found) == len(set(found)) == min(most, len(expected))
    assert set(found) <= expected


def test_a_vocabulary_of_one_s_own():
    entry = Entry("a", "body", "count")
    own = Vocabulary({"a": entry, "b": entry})
    assert own.find("b") == entry
    assert own.prefix("b") == (entry,)
    assert own.subgroup("body", "count") == ("a",)


@pytest.mark.parametrize(
    ("text", "needless"),
    [
        ("masterpiece", False),
        ("Masterpiece", True),
        ("LONG HAIR", True),
        ("AND", False),
        ("And", True),
        ("BREAK", False),
        (":D", False),
        (":d", False),
        ("XD", False),
        ("O_o", False),
        ("", False),
    ],
)
def test_capitals(text, needless):
    assert has_needless_capitals(text) is needless


def test_every_face_in_capitals_is_a_tag_without_them():
    faces = names_of(tag_data("capitals")["faces"])
    assert [face for face in faces if vocabulary().find(canonical(face)) is None] == []


def test_data_files_hold_what_their_readme_names():
    text = (DATA / "tags" / "README.md").read_text(encoding="utf-8")
    assert [path.stem for path in (DATA / "tags").glob("*.yaml") if f"`{path.stem}`" not in text] == []
