from __future__ import annotations

import itertools
import re

import pytest

from tagloom.prompt import UnknownFamily, all_families, enhance, family_ids, get_family, parse_tags
from tagloom.prompt.families import LEVELS, PRESETS
from tagloom.prompt.resources import DATA, data, load_yaml
from tagloom.prompt.samplers import comfy_samplers

SCORE_WORDS = {"score_10", "score_9", "score_8_up", "score_7_up", "score_6_up", "score_5_up", "score_4_up"}
families = pytest.mark.parametrize("family", all_families(), ids=lambda family: family.id)


def test_the_ids_are_the_files_names():
    assert family_ids() == tuple(sorted(path.stem for path in (DATA / "families").iterdir()))
    assert {family.id for family in all_families()} == set(family_ids())
    assert len(all_families()) == len(family_ids()) >= 13


@pytest.mark.parametrize("family_id", family_ids())
def test_a_family_s_id_is_its_file_s_name(family_id):
    assert get_family(family_id).id == family_id


@families
def test_sampler_and_scheduler_are_comfyui_s(family):
    assert family.sampler in comfy_samplers()
    assert family.scheduler in data("samplers")["schedulers"]


@families
def test_sizes(family):
    """The default size is one of the choices and comes first; no size stands twice; all fit the family's step."""
    size = load_yaml(DATA / "families" / f"{family.id}.yaml")["size"]
    assert size["default"] in size["choices"]
    assert str(family.sizes[0]) == size["default"]
    assert sorted(map(str, family.sizes)) == sorted(size["choices"])
    assert len(set(family.sizes)) == len(family.sizes)
    assert all(side % family.multiple_of == 0 for side in itertools.chain(*family.sizes))


@families
def test_defaults_lie_in_their_ranges(family):
    for setting in (family.steps, family.cfg):
        assert 0 < setting.low <= setting.default <= setting.high
    assert family.steps.default == int(family.steps.default)


@families
def test_quality_levels_are_nested(family):
    levels = [set(family.quality.levels[level]) for level in LEVELS]
    assert levels[0] == set()
    assert levels[0] <= levels[1] <= levels[2] <= levels[3]
    assert (family.quality.place == "none") == (not levels[3])
    assert family.quality.place in ("start", "end", "none")


@families
def test_quality_tags_are_single_tags_and_stand_once(family):
    for level in LEVELS:
        tags = family.quality.levels[level]
        assert [tag.name for tag in parse_tags(", ".join(tags))] == list(tags)
        assert len(set(tags)) == len(tags)


@families
@pytest.mark.parametrize("level", LEVELS)
def test_a_prompt_of_all_quality_tags_is_not_enhanced(family, level):
    text = ", ".join(family.quality.levels["full"]) or "1girl"
    assert enhance(text, family, level).text == text


@families
def test_a_single_quality_tag_is_never_repeated(family):
    for tag in family.quality.levels["full"]:
        once = enhance(tag, family, "full").text
        assert [found.name for found in parse_tags(once)].count(tag) == 1
        assert enhance(once, family, "full").text == once


@families
def test_negative_presets(family):
    assert set(family.negative.presets) == set(PRESETS)
    assert set(family.negative.default) <= set(PRESETS)
    assert set(family.quality.levels["full"]).isdisjoint(family.negative.tags("everything"))
    assert family.negative.used or not family.negative.tags("everything")


@families
def test_foreign_words_are_not_the_family_s_own(family):
    own = {*family.quality.levels["full"], *family.negative.tags("everything")}
    assert own.isdisjoint(family.foreign)


@families
def test_name_patterns_compile_and_match_something(family):
    assert family.names
    assert all(re.compile(pattern).fullmatch("") is None for pattern in family.names)


def test_pony_s_score_words_are_foreign_to_every_other_family():
    for family in all_families():
        if family.id not in ("pony_v6", "tagloom_tiny"):
            assert set(family.foreign) >= SCORE_WORDS, family.id
    assert "score_9" in get_family("illustrious").foreign
    assert "score_9" not in get_family("pony_v6").foreign


def test_pony_s_score_words_come_in_their_order():
    assert get_family("pony_v6").quality.levels["light"] == ("score_9", "score_8_up", "score_7_up")


def test_a_v_prediction_family_never_recommends_karras_or_exponential():
    found = [family for family in all_families() if family.prediction == "v"]
    assert found
    assert {family.scheduler for family in found}.isdisjoint({"karras", "exponential"})


def test_names_of_families_are_tried_by_priority():
    priorities = [family.priority for family in all_families()]
    assert priorities == sorted(priorities, reverse=True)


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("none", ()),
        ("text", ("watermark", "signature", "username")),
        ("recommended", ("worst quality", "low quality", "lowres", "blurry", "jpeg artifacts", "watermark")),
        ("everything", ("worst quality", "watermark", "simple background")),
    ],
)
def test_presets_of_the_tiny_family(preset, expected):
    tags = get_family("tagloom_tiny").negative.tags(preset)
    assert set(expected) <= set(tags)
    assert bool(tags) == bool(expected)


@pytest.mark.parametrize(
    ("family_id", "clip_skip", "layer"),
    [
        ("tagloom_tiny", None, -2),
        ("tagloom_tiny", 1, -2),
        ("tagloom_tiny", 2, -2),
        ("tagloom_tiny", 3, -3),
        ("sd15", None, -1),
        ("sd15", 1, -1),
        ("sd15", 2, -2),
        ("sd15_anime", None, -2),
        ("sd15_anime", 1, -1),
        ("flux1_dev", None, -1),
        ("flux1_dev", 4, -1),
    ],
)
def test_clip_skip_becomes_comfyui_s_layer(family_id, clip_skip, layer):
    """On SDXL shapes clip skip 1 and 2 both mean the penultimate layer, and Flux has none to skip."""
    assert get_family(family_id).stop_layer(clip_skip) == layer


@pytest.mark.parametrize(
    ("family_id", "hint"),
    [
        ("ilustrious", "did you mean illustrious"),
        ("Pony_V6", "did you mean pony_v6"),
        ("zzzzzz", "tagloom_tiny"),
        ("", "illustrious"),
        ("../families/sdxl", "sdxl"),
    ],
)
def test_an_unknown_family_is_refused_with_the_nearest_ones(family_id, hint):
    with pytest.raises(UnknownFamily, match=re.escape(repr(family_id))) as caught:
        get_family(family_id)
    assert hint in str(caught.value)
