"""Nothing that a prompt says is lost unsaid on the way to tags or to sentences."""

from __future__ import annotations

from time import process_time

import pytest

from tagloom.prompt.easy import easy, sentences_from, tags_from

# A description, its tags, and the words that no tag was found for.
DESCRIPTIONS = [
    ("three cats and a dog", "cat, three cats, dog", ["three"]),
    ("two of the cats", "cat, two cats", ["two"]),
    ("three red apples", "red apple, three red apples", ["three"]),
    ("three fnords in a forest", "forest, three fnords", ["three", "fnords"]),
    ("many flowers and a couple of cats", "flower, many flowers, cat, couple of cats", ["many", "couple"]),
    ("a girl holding two swords", "1girl, holding sword, two swords", ["two"]),
    ("two girls are here, one of them is smiling", "2girls, smile", []),
    ("a girl reading a book", "1girl, reading, book", []),
    ("a girl reads her book", "1girl, reading, book", []),
    ("a girl holding a katana", "1girl, holding sword, katana", []),
    ("a girl playing video games", "1girl, playing games, video game", []),
    ("a girl pointing at the camera", "1girl, pointing at viewer", []),
    ("a girl with one red eye and one blue eye", "1girl, red eyes, heterochromia, blue eyes", []),
    ("a parked car", "car, parked car", ["parked"]),
    ("a girl with a red bow on the back", "1girl, back, red bow", ["back"]),
    ("a girl sleeping on her back", "1girl, sleeping, on back", []),
    ("a girl lying on the back", "1girl, on back", []),
    ("a very tall muscular woman", "1girl, tall female, muscular female, very tall woman", ["very"]),
    ("two very elegant women", "2girls, very elegant women", ["very", "elegant"]),
    ("a woman laughing loudly, long hair", "1girl, long hair, laughing, loudly", ["loudly"]),
    ("a woman laughing very loudly, long hair", "1girl, long hair, laughing, very loudly", ["very", "loudly"]),
]
# Tags, their sentences, what was kept, and what was left out.
TAGS = [
    (r"1girl, saber \(fate\), smile", "A girl is smiling. Also: saber (fate).", ["saber (fate)"], []),
    (
        r"1girl, hatsune miku \(vocaloid\)",
        "The picture shows a girl. Also: hatsune miku (vocaloid).",
        ["hatsune miku (vocaloid)"],
        [],
    ),
    (
        "1girl, artist name, text, english text, signature, watermark, logo",
        "The picture shows a girl. "
        "The picture has an artist name, text, English text, a signature, a watermark and a logo.",
        [],
        [],
    ),
    ("1girl, smile, nsfw, blurry", "A girl is smiling. Also: nsfw, blurry.", ["nsfw", "blurry"], []),
    ("1girl, extra arms, no mouth", "The picture shows a girl with extra arms and no mouth.", [], []),
    (
        "masterpiece, best quality, absurdres, newest, year 2024, score_9, 1girl, smile",
        "A girl is smiling.",
        [],
        ["masterpiece", "best quality", "absurdres", "newest", "year 2024", "score_9"],
    ),
    ("1girl, __color__ hair, smile", "A girl with __color__ hair is smiling.", [], []),
    ("1girl, {red|blue} hair, long hair", "The picture shows a girl with long {red|blue} hair.", [], []),
    ("1girl, __color__ hat, [red:blue:0.5] dress", "A girl wears a __color__ hat and a [red:blue:0.5] dress.", [], []),
    ("1girl, holding __thing__", "A girl is holding a __thing__.", [], []),
    ("1girl, {red|blue} fnord", "The picture shows a girl. Also: {red|blue} fnord.", ["{red|blue} fnord"], []),
    ("[cat:dog:0.5] 1girl, smile", "A girl is smiling. Also: [cat:dog:0.5].", ["[cat:dog:0.5]"], []),
    ("1girl, smile __x__", "A girl is smiling. __x__", [], []),
    (
        "1girl, \ue000 fnord, __color__ hair",
        "The picture shows a girl with hair. Also: \ue000 fnord. __color__",
        ["\ue000 fnord"],
        [],
    ),
]


@pytest.mark.parametrize(("text", "tags", "left"), DESCRIPTIONS)
def test_words_become_tags_or_are_kept(text, tags, left):
    found = tags_from(text)
    assert (found.text, list(found.remainder)) == (tags, left)
    assert tags_from(found.text).text == found.text


@pytest.mark.parametrize(("tags", "text", "kept", "dropped"), TAGS)
def test_tags_are_said_or_kept(tags, text, kept, dropped):
    found = sentences_from(tags)
    assert (found.text, list(found.remainder), list(found.dropped)) == (text, kept, dropped)


def test_a_name_s_brackets_are_no_weight():
    assert sentences_from(r"1girl, (saber \(fate\):1.2)", weights=True).text.endswith(r"Also: (saber \(fate\):1.2).")


@pytest.mark.parametrize(
    ("text", "family", "report"),
    [
        ("masterpiece", "flux1_dev", "Quality tags left out, as this family has none: masterpiece"),
        ("", "flux1_dev", "Nothing to do: the prompt is empty."),
        ("彼女は猫です", "illustrious", "Unchanged: it is no English, which is all that easy mode reads."),
        ("1girl, smile", "illustrious", "Unchanged: it is a list of tags already."),
        ("A girl is smiling. She runs.", "flux1_dev", "Unchanged: it is plain English already."),
    ],
)
def test_the_report_says_why(text, family, report):
    assert easy(text, family).report() == report


@pytest.mark.parametrize(
    "text", ["a " + "three " * 16_000, "one red eye " * 8000, "a girl " + "very tall laughing loudly " * 3800]
)
def test_long_descriptions_are_quick(text):
    start = process_time()
    tags_from(text)
    assert process_time() - start < 20  # a walk that is not linear takes minutes


def test_long_lists_of_stand_ins_are_quick():
    """More stand-ins than there are characters for them, too."""
    start = process_time()
    assert "__a1__" in sentences_from(", ".join(f"__a{number}__ hair" for number in range(7000))).text
    assert process_time() - start < 20
