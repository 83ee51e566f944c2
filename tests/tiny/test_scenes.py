"""Scenes: what is wished comes true, what is true is said, and the same seed composes the same."""

import random

import pytest

from tagloom.tiny.scenes import Composer, SceneError, TagGroups, vocabulary
from tagloom.tiny.scenes.backgrounds import Pool
from tagloom.tiny.scenes.layers import layers

EVERY = sorted(set(vocabulary().groups().every()))
COUNT = 2000


@pytest.fixture(scope="module")
def composer():
    return Composer(backgrounds=20, seed=1)


@pytest.fixture(scope="module")
def scenes(composer):
    dice = random.Random(5)
    return [composer.scene(dice) for _ in range(COUNT)]


def has(scene):
    return set(scene.tags.every())


def test_every_tag_can_be_had_and_be_done_without(composer):
    dice = random.Random(2)
    assert len(EVERY) > 300
    for tag in EVERY:
        assert tag in has(composer.scene(dice, wanted=[tag])), tag
        if tag != "solo":
            assert tag not in has(composer.scene(dice, unwanted=[tag])), tag


def test_the_aspects_give_the_vocabularys_tags_and_no_others(composer):
    assert set().union(*(aspect.tags for aspect in composer.aspects.values())) == set(EVERY)


WISHES = {
    "issue's fox": ("1girl, solo, orange hair, fox ears, fox girl, smirk, black jacket, portrait, forest, fire", ""),
    "old in both": ("old, worst quality", ""),
    "old without the age": ("old", "bald, 1girl"),
    "old without the quality": ("old", "worst quality, bad quality, lowres, ugly"),
    "seven low ones": ("worst quality, ugly, blurry, noise, pixelated, muted color, watermark, text", "signature"),
    "six high ones": ("masterpiece, best quality, absurdres, highres, newest, 4k", ""),
    "a colour of two things": ("red shirt, red hat, red background, sun hat", "simple background"),
    "a shirt below a jacket": ("white shirt, blue jacket", ""),
    "sad in one place": ("sad, smile", "frown"),
    "a beard below a hat": ("long beard, santa hat, green skin", "1girl"),
    "fur": ("white fur, cat ears, dutch angle, close-up", "fox ears"),
    "not even quality": ("", ", ".join(vocabulary().groups().quality)),
}


def tags(text):
    return [tag for tag in text.split(", ") if tag]


@pytest.mark.parametrize(("wanted", "unwanted"), WISHES.values(), ids=WISHES)
def test_wishes_come_true_together(composer, wanted, unwanted):
    dice = random.Random(7)
    for _ in range(20):
        true = has(composer.scene(dice, tags(wanted), tags(unwanted)))
        assert set(tags(wanted)) <= true
        assert not true & set(tags(unwanted))


REFUSED = {
    "unknown": ("blue hair, blu hair", "", "no picture has 'blu hair': the tiny model's vocabulary lacks it"),
    "ears and halo": ("cat girl, halo, smile", "smirk", "no picture can have 'cat girl' and 'halo' together"),
    "a girl's beard": ("1girl, beard, 4k", "", "no picture can have '1girl' and 'beard' together"),
    "two colours": ("red hair, blue hair", "", "no picture can have 'blue hair' and 'red hair' together"),
    "high and low": ("masterpiece, oldest", "", "no picture can have 'masterpiece' and 'oldest' together"),
    "implied": ("cat girl", "animal ears, 4k", "no picture can have 'cat girl' without 'animal ears'"),
    "nobody": ("smile", "1girl, 1boy", "no picture can do without '1boy' or '1girl'"),
    "both": ("smile, 4k", "smile", "'smile': wanted and unwanted at the same time"),
    "no way to be old": ("old, 1girl, afro, 4k", "", "no picture can have '4k', 'afro' and 'old' together"),
    "too many": (
        "masterpiece, best quality, absurdres, highres, newest, 4k, score_9",
        "",
        "no picture can have '4k', 'absurdres', 'best quality', 'highres', 'masterpiece', 'newest' and 'score_9'"
        " together",
    ),
}


@pytest.mark.parametrize(("wanted", "unwanted", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_by_name(composer, wanted, unwanted, message):
    with pytest.raises(SceneError) as refused:
        composer.scene(random.Random(1), tags(wanted), tags(unwanted))
    assert str(refused.value) == message


def test_wishes_change_no_other_chances(composer, scenes):
    """Under a wish, scenes are drawn as often as among all the scenes of which it is true."""
    dice = random.Random(3)
    among = [scene for scene in scenes if "sad" in has(scene) and "furry" not in has(scene)]
    wished = [composer.scene(dice, ["sad"], ["furry"]) for _ in range(COUNT)]
    for tag in ("frown", "1girl", "glasses", "outdoors", "masterpiece", "beard"):
        shares = [sum(tag in has(scene) for scene in some) / len(some) for some in (among, wished)]
        assert shares[0] == pytest.approx(shares[1], abs=0.08), tag


SHARES = {
    "1girl": 0.55,
    "hat": 0.12 * 5 / 7,
    "halo": 0.88 * 0.04 * 16.2 / 17.5,
    "beard": 0.45 * 0.35 * 3 / 5 * 16.2 / 17.5,
    "furry": 1.3 / 17.5,
    "sunglasses": 0.22 * 3 / 7,
    "looking at viewer": 0.4 + 0.6 / 12,
    "smirk": 0.6 * 2 / 12 / 11,
    "print shirt": 0.2,
    "upper body": 0.5,
    "dutch angle": 0.15,
    "masterpiece": 0.45 * 3.5 / 14,
    "blurry": 0.25 * 0.4 / 2,
}


@pytest.mark.parametrize(("tag", "share"), SHARES.items(), ids=SHARES)
def test_shares_are_those_that_the_weights_were_trained_on(composer, scenes, tag, share):
    """Both what the aspects say and what is drawn."""
    aspect = next(aspect for aspect in composer.aspects.values() if tag in aspect.tags)
    assert aspect.restrict(frozenset([tag]), frozenset()).mass == pytest.approx(share)
    drawn = sum(tag in has(scene) for scene in scenes) / COUNT
    assert drawn == pytest.approx(share, abs=4.5 * (share * (1 - share) / COUNT) ** 0.5)


STYLES = {
    style["layer"]: set(style["tags"])
    for entries in (
        vocabulary().data["hair"]["styles"],
        vocabulary().data["beards"]["styles"],
        vocabulary().data["eyes"]["styles"],
        vocabulary().data["mouths"],
        vocabulary().data["eyewear"]["styles"],
    )
    for style in entries
}


def test_tags_are_true_of_the_layers(scenes):
    """Each layer's own tags are said, and a tag that only layers give is said of none that doesn't have it."""
    tagged = set().union(*STYLES.values()) - {"old", "sad"}
    for scene in scenes:
        given = set().union(*(STYLES.get(part.layer, set()) for part in scene.parts))
        given |= {"bald"} if not scene.part("top") else set()
        assert given - {"{colour}-framed eyewear"} <= has(scene)
        assert has(scene) & tagged <= given


def test_every_layer_is_there(scenes):
    used = {part.layer for scene in scenes for part in scene.parts}
    assert used <= set(layers().numbers)
    assert len(used) == 100


def test_who_goes_with_what(scenes):
    for scene in scenes:
        true, parts = has(scene), {part.slot: part for part in scene.parts}
        covered = {"hat", "hijab", "turban"} & true
        assert not covered or not {"animal ears", "halo"} & true
        assert "furry" not in true or ("beard" not in true and ("animal ears" in true or covered))
        assert len({"1girl", "1boy"} & true) == 1
        if "ears" in parts and "bald" not in true:
            assert parts["ears"].colour == parts["base" if "furry" in true else "top"].colour


def test_the_same_seed_composes_the_same_scenes():
    first, second = (Composer(5, seed=3).scene(random.Random(4), ["smile"]) for _ in range(2))
    assert first == second
    assert Pool(vocabulary(), 50, 3).backgrounds != Pool(vocabulary(), 50, 4).backgrounds


def test_groups_hold_the_vocabularys_groups(composer, scenes):
    known = vocabulary().groups()
    assert TagGroups._fields == ("quality", "body", "expression", "clothing", "pose", "background")
    for scene in scenes:
        for name, group in scene.tags._asdict().items():
            assert set(group) <= set(getattr(known, name)), name
            assert len(group) == len(set(group)), group


def test_a_pool_needs_a_background():
    with pytest.raises(ValueError, match="0 is too few"):
        Composer(backgrounds=0)


def test_the_extension_adds_eye_colours():
    extended, dice = Composer(5, extended=True), random.Random(6)
    added = set(vocabulary().groups(extended=True).every()) - set(EVERY)
    assert {"blue eyes", "brown eyes"} < added
    assert len(added) == 8
    for tag in sorted(added):
        scene = extended.scene(dice, [tag])
        assert tag in scene.tags.expression
        assert scene.part("irises").layer in layers().numbers
    for _ in range(200):
        scene = extended.scene(dice)
        assert (scene.part("irises") is None) == (not added & has(scene))
        assert not added & has(scene) or not {"sunglasses", "closed eyes", "eyepatch"} & has(scene)
    with pytest.raises(SceneError, match="'blue eyes' and 'sunglasses' together"):
        extended.scene(dice, ["blue eyes", "sunglasses"])
