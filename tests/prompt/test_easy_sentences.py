from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.prompt.easy import sentences_from
from tagloom.prompt.easy.phrasing import done, listed, said, sayings
from tagloom.prompt.easy.plurals import plural
from tagloom.prompt.tags.vocabulary import vocabulary

TABLE = [
    (
        "1girl, long hair, orange hair, smirk, black jacket, forest, burning",
        "A girl with long orange hair is smirking. She wears a black jacket. She is in a burning forest.",
    ),
    (
        "1girl, fox ears, fox tail, red kimono, holding umbrella, rain, night, city, looking at viewer",
        "A girl with fox ears and a fox tail is looking at the viewer. She wears a red kimono. "
        "She is holding an umbrella in a city in the rain at night.",
    ),
    (
        "2girls, holding hands, beach, sunset, blonde hair, black hair, smile",
        "Two girls with blonde hair and black hair are smiling. They are holding hands on a beach at sunset.",
    ),
    (
        "1boy, muscular, short hair, glasses, crossed arms, white shirt, standing, indoors",
        "A muscular boy with short hair and crossed arms wears glasses and a white shirt. He is standing indoors.",
    ),
    (
        "phoenix fox girl, furry, anthro, orange fur, long hair, flame hair, hair between eyes, very large eyes, "
        "looking at viewer, smirk, smug, long snout, sharp teeth, portrait, upper body, close-up, foreshortening, "
        "dutch angle",
        "A furry anthro phoenix fox girl is looking at the viewer and smirking. She has orange fur, long flame hair, "
        "hair between the eyes, very large eyes, a long snout and sharp teeth. She looks smug. "
        "It is a close-up, upper-body portrait from a Dutch angle with foreshortening.",
    ),
    (
        "mountain, lake, cherry blossoms, blue sky, no humans",
        "The picture shows a mountain, a lake and cherry blossoms under a blue sky. There are no people.",
    ),
    (
        "1girl, :3, cat ears, cat tail, white dress, sitting, on bed",
        "A girl with a cat-like smile, cat ears and a cat tail wears a white dress. She is sitting on a bed.",
    ),
    (
        "old man, long beard, wizard, holding staff, castle, night sky",
        "An old man with a long beard is holding a staff in a castle under a night sky. He is a wizard.",
    ),
    (
        "1girl, 1boy, hug, snow, winter, blush",
        "A girl and a boy are blushing. They are hugging in the snow in winter.",
    ),
    (
        "elf, green eyes, cloak, bow (weapon), forest",
        "An elf with green eyes wears a cloak. They are in a forest. Around them there is a bow.",
    ),
    ("dragon, castle, fire, flying, from below", "A dragon is flying over a castle by a fire. The view is from below."),
    (
        "1girl, black jacket, leather jacket, open jacket, jeans, boots, street, night, neon lights",
        "A girl wears an open black leather jacket, jeans and boots. She is on a street at night. "
        "The picture has neon lights.",
    ),
    (
        "1girl, barefoot, white shirt, sitting, window, reading, book",
        "A girl wears a white shirt. She is reading a book and sitting at a window. She is barefoot.",
    ),
    ("pixel art, city, car, night", "The picture shows a city and a car at night. The style is pixel art."),
    (
        "1girl, twintails, school uniform, classroom, desk, sitting, angry, crying",
        "A girl with twintails is crying. She wears a school uniform. She is sitting at a desk in a classroom. "
        "She looks angry.",
    ),
    ("3girls, idol, stage, singing", "Three girls are singing on a stage. They are idols."),
    ("robot, glowing eyes, ruins, fog", "A robot with glowing eyes is in ruins in the fog."),
    ("wolf, full moon, howling, snow", "A wolf is howling under a full moon in the snow."),
    (
        "1girl, hand on own hip, arm up, tongue out, v",
        "A girl with a hand on her hip and one raised arm is sticking her tongue out. She is making a V sign.",
    ),
    ("1girl, monochrome, sketch", "The picture shows a girl. The style is monochrome and sketchy."),
    ("6+girls, crowd, festival", "Six or more girls are in a crowd at a festival."),
    (
        "1girl, mole under eye, hair over one eye, eyepatch, choker",
        "A girl with a mole under the eye and hair over one eye wears an eyepatch and a choker.",
    ),
    (
        "1girl, blue eyes, silver hair, armor, castle, sunset, upper body, smile",
        "A girl with blue eyes and silver hair is smiling. She wears armor. She is in a castle at sunset. "
        "It is an upper-body shot.",
    ),
    (
        "1girl, eating, cake, cafe, happy, ribbon, brown hair, braid",
        "A girl with brown hair and a braid wears a ribbon. She is eating cake in a cafe. She looks happy.",
    ),
    (
        "1girl, arms behind back, leaning forward, beach, bikini, straw hat, summer",
        "A girl with arms behind the back wears a bikini and a straw hat. She is leaning forward on a beach in summer.",
    ),
    (
        "1girl, red dress, black dress, high heels, dancing, spotlight, stage",
        "A girl wears a red and black dress and high heels. She is dancing on a stage. The picture has a spotlight.",
    ),
    (
        "1girl, angel wings, halo, praying, church, light rays",
        "A girl with angel wings and a halo is praying in a church. The picture has light rays.",
    ),
    (
        "1girl, black collar with white spikes, cropped leather jacket over white shirt",
        "A girl wears a black collar with white spikes and a cropped leather jacket over a white shirt.",
    ),
    ("multiple girls, classroom, laughing", "Several girls are laughing. They are in a classroom."),
    (
        "1girl, white background, full body, standing",
        "A girl is standing against a white background. It is a full-body shot.",
    ),
    (
        "1girl, umbrella, wet hair, rain, street, sad",
        "A girl with wet hair is on a street in the rain. She looks sad. Around her there is an umbrella.",
    ),
    (
        "1boy, hoodie, headphones, holding phone, train interior, bored",
        "A boy wears a hoodie and headphones. He is holding a phone in a train. He looks bored.",
    ),
]
SCENES = [
    (
        "no humans, couch, table, window, sunlight, plant",
        "The picture shows a couch, a table, a window and a plant. There are no people. The picture has sunlight.",
    ),
    ("cat, sleeping, window, no humans", "A cat is sleeping at a window. There are no people."),
    (
        "still life, hat, table, no humans",
        "The picture shows a hat and a table. There are no people. The style is still life.",
    ),
    (
        "no humans, scenery, sky, clouds, mountain, tree",
        "The picture shows clouds, a mountain and a tree amid wide scenery under the sky. There are no people.",
    ),
    ("1girl, beach, ocean, blue sky, sun", "A girl is on a beach by the ocean under a blue sky and the sun."),
    ("1girl, city, street, night", "A girl is on a street in a city at night."),
    ("1girl, snow, snowing", "A girl is in the snow and falling snow."),
    ("1girl, sitting, throne, castle", "A girl is sitting on a throne in a castle."),
    ("1girl, singing, microphone", "A girl is singing into a microphone."),
    ("1girl, black cat, white cat", "The picture shows a girl. Around her there are a black cat and a white cat."),
    ("1girl, 1dog, park", "A girl is in a park. Around her there is a dog."),
    ("1girl, on bench, in water", "A girl is on a bench in the water."),
]
SEVERAL = [
    ("2girls, bikini, beach", "Two girls wear bikinis. They are on a beach."),
    ("1girl, bikini", "A girl wears a bikini."),
    ("1girl, 1boy, swimsuit, smile", "A girl and a boy are smiling. They wear swimsuits."),
    ("2girls, dress, hat, armor, car", "Two girls wear dresses, hats and armor. Around them there is a car."),
    ("2boys, muscular, standing", "Two muscular boys are standing."),
    ("1girl, 1boy, tall, standing", "A tall girl and a tall boy are standing."),
    ("2girls, elf, forest", "Two elf girls are in a forest."),
    ("3girls, cat girl, bell", "Three cat girls wear bells."),
    ("2others, robot, city", "Two robots are in a city."),
    ("multiple girls, multiple boys, park", "Several girls and several boys are in a park."),
    ("2girls, head tilt, on back", "Two girls are tilting their heads. They are lying on their backs."),
    (
        "2girls, yuri, height difference",
        "The picture shows two girls. They are a pair of women in love and of different heights.",
    ),
    (
        "2girls, maid, idol, policewoman",
        "The picture shows two girls. They are idols, policewomen and dressed as maids.",
    ),
    ("anthro, wolf, male, hoodie", "A male anthro wolf wears a hoodie."),
    ("woman, dress, city", "A woman wears a dress. She is in a city."),
]
HOW = [
    ("1girl, hat removed, eyes closed, smile", "A girl with her hat removed and her eyes closed is smiling."),
    ("1girl, hair down, ears down", "The picture shows a girl with her hair down and her ears down."),
    ("1girl, striped, wet", "The picture shows a girl. She is dressed in striped clothes and wet."),
    (
        "1girl, gothic lolita, witch",
        "The picture shows a girl. She is dressed in gothic lolita fashion and dressed as a witch.",
    ),
    ("1girl, adjusting necktie, pointing up", "A girl is adjusting her necktie and pointing up."),
    ("1girl, fighting stance, sword", "A girl is in a fighting stance. Around her there is a sword."),
    ("1girl, smoking, cigarette", "A girl is smoking a cigarette."),
    (
        "1girl, hourglass, ukulele, wine glass",
        "The picture shows a girl. Around her there are an hourglass, a ukulele and a wine glass.",
    ),
    (
        "1girl, long hair, wet hair, wavy hair, orange hair, floating hair",
        "The picture shows a girl with long, wet, wavy, floating orange hair.",
    ),
]
UNTOUCHED = [
    "",
    "A girl with long orange hair is smirking. She wears a black jacket.",
    "a girl with long hair standing in a forest",
    "A dragon over a castle.",
]


@pytest.mark.parametrize(("tags", "text"), [*TABLE, *SCENES, *SEVERAL, *HOW])
def test_tags_become_sentences(tags, text):
    found = sentences_from(tags)
    assert found.text == text
    assert (found.remainder, found.dropped, found.weights, found.untouched) == ((), (), (), False)


@pytest.mark.parametrize("text", UNTOUCHED)
def test_english_stays_as_it_is(text):
    found = sentences_from(text)
    assert found.untouched
    assert found.text == text


@pytest.mark.parametrize("tags", [tags for tags, _ in (*TABLE, *SCENES, *SEVERAL, *HOW)])
def test_twice_is_once(tags):
    once = sentences_from(tags)
    assert sentences_from(once.text).text == once.text
    assert sentences_from(tags) == once


def test_quality_tags_are_left_out_and_reported():
    found = sentences_from("masterpiece, best quality, score_9, 1girl, smile")
    assert found.text == "A girl is smiling."
    assert found.dropped == ("masterpiece", "best quality", "score_9")


def test_weights_are_lost_and_reported():
    found = sentences_from("(red hair:1.3), 1girl, smile")
    assert (found.text, found.weights) == ("A girl with red hair is smiling.", ("red hair",))


def test_weights_are_kept_for_a_family_that_reads_them():
    found = sentences_from("1girl, (red hair:1.3), long hair, (smile:0.8), (forest:1.2)", weights=True)
    assert found.text == "A girl with (red hair:1.3) and long hair is (smiling:0.8). She is (in a forest:1.2)."
    assert found.weights == ()


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("[smile]", "(smiling:0.91)"),
        ("[[smile]]", "(smiling:0.83)"),
        ("(((smile)))", "(smiling:1.331)"),
        ("(smile:1.123456)", "(smiling:1.12)"),
        ("(smile:1.125)", "(smiling:1.125)"),
        ("(smile:0.004321)", "(smiling:0.00432)"),
    ],
)
def test_weights_are_short(tag, said):
    assert sentences_from(f"1girl, {tag}", weights=True).text == f"A girl is {said}."


def test_places_of_one_kind_share_their_preposition_and_weight():
    found = sentences_from("1girl, (fiery background, red background:1.2), (blue sky:1.1), moon", weights=True)
    assert found.text == "A girl is under (a blue sky:1.1) and the moon (against a red fiery background:1.2)."


def test_weights_stand_around_articles_and_plurals():
    assert sentences_from("1girl, (idol:1.2)", weights=True).text.endswith("She is (an idol:1.2).")
    assert sentences_from("2girls, (maid:1.2)", weights=True).text.endswith("They are (dressed as maids:1.2).")


def test_braces_of_another_dialect_are_kept():
    assert sentences_from("1girl, {{hat}}").text == "The picture shows a girl. Also: {{hat}}."


def test_an_unknown_tag_is_kept():
    found = sentences_from("1girl, quantum fnord, long hair")
    assert found.text == "The picture shows a girl with long hair. Also: quantum fnord."
    assert found.remainder == ("quantum fnord",)


def test_a_contradiction_is_kept():
    assert sentences_from("2girls, solo").remainder == ("solo",)


def test_what_is_said_already_is_reported():
    found = sentences_from("1girl, solo, simple background, white background")
    assert found.text == "A girl is against a white background."
    assert found.changes == ("solo is said by 1girl", "simple background is said by white background")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[cat:dog:0.5], 1girl, <lora:foo:0.8>, forest", "A girl is in a forest. Also: [cat:dog:0.5]. <lora:foo:0.8>"),
        ("1girl AND forest", "A girl is in a forest."),
        ("1girl, __place__", "The picture shows a girl. __place__"),
    ],
)
def test_syntax_is_kept_or_reported(text, expected):
    found = sentences_from(text, "a1111")
    assert found.text == expected
    assert ("AND is gone: sentences have none" in found.changes) == ("AND" in text)


def test_every_emoticon_has_words():
    known = vocabulary().subgroup("expression", "emoticon")
    assert known
    assert [tag for tag in known if tag not in sayings()["emoticons"]] == []


def test_sayings_are_about_known_tags():
    names = [*sayings()["tags"], *sayings()["shots"], *sayings()["angles"]]
    unknown = [name for name in names if vocabulary().find(name) is None]
    assert len(unknown) < len(names) / 5, unknown


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("red hat", "a red hat"),
        ("umbrella", "an umbrella"),
        ("unicorn", "a unicorn"),
        ("long hair", "long hair"),
        ("boots", "boots"),
        ("glass", "glass"),
        ("mole under eye", "a mole under the eye"),
        ("hair over one eye", "hair over one eye"),
        ("dress with frills", "a dress with frills"),
        ("two swords", "two swords"),
    ],
)
def test_articles(phrase, expected):
    assert said(phrase) == expected


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("holding sword", "holding a sword"),
        ("sitting on bench", "sitting on a bench"),
        ("running", "running"),
        ("looking at viewer", "looking at the viewer"),
        ("looking up", "looking up"),
    ],
)
def test_what_is_done(phrase, expected):
    assert done(phrase) == expected


def test_lists():
    assert [listed(parts) for parts in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


@given(st.lists(st.sampled_from(sorted(entry.name for entry in vocabulary())), min_size=1, max_size=8, unique=True))
def test_no_tag_is_lost(names):
    """Each tag is said, kept, left out with a report, or said by another with a report."""
    escaped = [name.replace("(", r"\(").replace(")", r"\)") for name in names if "," not in name]
    found = sentences_from(", ".join(escaped))
    if found.untouched:
        return
    reported = {*found.remainder, *found.dropped, *(change.partition(" is said by ")[0] for change in found.changes)}
    explained = dict(found.explained)
    text = found.text.casefold()
    for name in names:
        words = explained.get(name, "").casefold().replace("~", "").split()
        assert name in reported or vocabulary().find(name).subgroup == "count" or (words and _stands(words, text)), name


SMALL = frozenset({"a", "an", "the", "in", "on", "at", "by", "under", "against"})
"""A place that is not where somebody is stands without its preposition."""


def _stands(words, text):
    plain = [word.strip("(),") for word in words if word not in SMALL]
    return all(word in text or plural(word) in text for word in plain)


@given(st.text(max_size=80))
def test_any_text(text):
    assert sentences_from(text) == sentences_from(text)


@pytest.mark.parametrize(
    "text",
    [
        "1girl, long hair, orange hair, black jacket, forest, " * 1900,
        ", ".join(f"red{number} hair" for number in range(6000)),
        ", ".join(f"wild{number} fnord" for number in range(5000)),
        "(" * 2000 + "red hat" + ")" * 2000,
        "a" * 100_000,
        "\0, \ud800, " * 15_000,
    ],
)
def test_long_texts_are_quick(text):
    """Seconds of this process, so that other work on the machine does not count."""
    sentences_from("1girl")
    start = process_time()
    sentences_from(text)
    assert (
        process_time() - start < 20
    )  # the figure is in benchmarks/hostile.py; a walk that is not linear takes minutes
