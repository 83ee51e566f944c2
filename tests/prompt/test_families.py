from __future__ import annotations

import itertools
import re

import pytest

from tagloom.prompt import Family, UnknownFamily, all_families, enhance, family_ids, get_family, parse_tags
from tagloom.prompt.families import LEVELS, PRESETS
from tagloom.prompt.families.reading import read_file, shipped_file
from tagloom.prompt.families.schema import ORDER
from tagloom.prompt.families.shared import expand
from tagloom.prompt.resources import DATA, data, load_yaml
from tagloom.prompt.samplers import comfy_samplers

SCORE_WORDS = {"score_10", "score_9", "score_8_up", "score_7_up", "score_6_up", "score_5_up", "score_4_up"}
families = pytest.mark.parametrize("family", all_families(), ids=lambda family: family.id)


def without_system(text: str, family: Family) -> str:
    """Return a prompt without the sentence that its family wants in front."""
    return text.removeprefix(family.system).lstrip()


def test_the_ids_are_the_files_names():
    files = {path.stem for path in (DATA / "families").glob("*.yaml")}
    assert set(family_ids()) == files - {"_shared"}
    assert family_ids() == tuple(sorted(family_ids()))
    assert {family.id for family in all_families()} == set(family_ids())
    assert len(all_families()) == len(family_ids()) == 33


@pytest.mark.parametrize("family_id", family_ids())
def test_a_shipped_profile_passes_the_check_that_users_profiles_go_through(family_id):
    path = DATA / "families" / f"{family_id}.yaml"
    assert read_file(path) == shipped_file(path)


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
    size = expand(load_yaml(DATA / "families" / f"{family.id}.yaml"))["size"]
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
    assert without_system(enhance(text, family, level).text, family) == text


@families
def test_a_single_quality_tag_is_never_repeated(family):
    for tag in family.quality.levels["full"]:
        once = enhance(tag, family, "full").text
        assert [found.name for found in parse_tags(without_system(once, family))].count(tag) == 1
        assert enhance(once, family, "full").text == once


@families
def test_negative_presets(family):
    assert set(family.negative.presets) == set(PRESETS)
    assert set(family.negative.default) <= set(PRESETS)
    assert set(family.quality.levels["full"]).isdisjoint(family.negative.tags("everything"))
    uses_it = [family.negative.used, *(variant.negative for variant in family.variants.values())]
    assert any(uses_it) or not family.negative.tags("everything")


@families
def test_foreign_words_are_not_the_family_s_own(family):
    own = {*family.quality.levels["full"], *family.negative.tags("everything")}
    assert own.isdisjoint(family.foreign)


@families
def test_name_patterns_compile_and_match_something(family):
    assert family.names
    assert all(re.compile(pattern).fullmatch("") is None for pattern in family.names)


def test_pony_s_score_words_are_foreign_to_every_other_family():
    known = {"anima": {"score_9"}, "pony_v7": {"score_9"}, "pony_v6": SCORE_WORDS, "tagloom_tiny": SCORE_WORDS}
    for family in all_families():
        assert set(family.foreign) >= SCORE_WORDS - known.get(family.id, set()), family.id
    assert "score_9" in get_family("illustrious").foreign
    assert "score_9" not in get_family("pony_v6").foreign


@families
def test_foreign_words_are_no_known_words_and_most_have_their_reason(family):
    assert not [word for word in family.foreign if family.quality.knows(word)]
    reasons = [reason for reason in family.foreign.values() if reason]
    assert len(reasons) >= len(family.foreign) - 4
    assert not [reason for reason in reasons if reason.endswith(f"of {family.name}")]


@pytest.mark.parametrize(
    ("family", "word", "known"),
    [
        ("anima", "score_1", True),
        ("anima", "year 2024", True),
        ("anima", "score_8_up", False),
        ("noobai_eps", "worst aesthetic", True),
        ("animagine_31", "very displeasing", True),
        ("chroma", "aesthetic 10", True),
        ("pony_v7", "style_cluster_1324", True),
        ("pony_v6", "score_10", False),
        ("illustrious", "score_9", False),
        ("flux1_dev", "masterpiece", False),
    ],
)
def test_the_words_of_its_own(family, word, known):
    """A family knows the words of poor pictures too, which its negative prompt takes."""
    assert get_family(family).quality.knows(word) is known


def test_score_10_is_accepted_for_pony_with_a_remark():
    pony = get_family("pony_v6")
    assert "score_10" not in pony.foreign
    assert "score_9" in pony.remarks["score_10"]


@pytest.mark.parametrize(
    ("family", "tag", "kept"),
    [
        ("pony_v6", "score_9", True),
        ("pony_v6", "source_anime", True),
        ("pony_v6", "long_hair", False),
        ("anima", "score_7", True),
        ("anima", "source_anime", False),
        ("illustrious", "score_9", False),
    ],
)
def test_underscores_that_stay(family, tag, kept):
    assert get_family(family).keeps_underscores(tag) is kept


@families
def test_usually_3_to_7_quality_tags_are_enough(family):
    for level in LEVELS[1:]:
        assert len(family.quality.levels[level]) <= 7
    assert len(family.quality.levels["standard"]) in (0, 3, 4, 5, 6, 7)


@families
def test_sentence_families_have_no_quality_tags_and_are_easy(family):
    if family.style == "sentences":
        assert not family.quality.levels["full"]
        assert family.use == "easy"
    assert family.takes_tags == (family.style != "sentences")


@families
def test_genders_keep_one_another_out(family):
    male, female = (set(family.negative.tags(preset)) for preset in ("male", "female"))
    assert male.isdisjoint(female)
    assert not {*male, *female} & set(family.negative.tags("everything"))
    if family.negative.used:
        assert ("1girl" in male and "1boy" in female) or ("woman" in male and "man" in female)


@pytest.mark.parametrize(
    ("family", "effect"),
    [("qwen_image", "ignored"), ("z_image", "ignored"), ("flux2_dev", "ignored"), ("anima", "weak"), ("sdxl", "works")],
)
def test_what_weights_do(family, effect):
    assert get_family(family).weight_effect == effect
    assert get_family(family).weights == (effect != "ignored")


def test_the_separate_guidance_of_flux():
    assert get_family("flux1_dev").guidance == (3.5, 2, 4)
    assert get_family("sdxl").guidance is None


@pytest.mark.parametrize("family", ["lumina2", "neta_lumina", "netayume_lumina", "newbie_exp01"])
def test_lumina_s_system_prompt(family):
    system = get_family(family).system
    assert system.startswith("You are an assistant designed to generate ")
    assert system.endswith("<Prompt Start>")
    assert "  " not in system and "\n" not in system
    assert get_family("netayume_lumina").negative.system.startswith("You are an assistant")


@families
def test_flow_and_v_models_avoid_karras(family):
    avoided = {*family.avoid_schedulers}
    assert family.scheduler not in avoided
    assert not avoided & {variant.scheduler for variant in family.variants.values()}
    assert family.prediction == "eps" or {"karras", "exponential"} <= avoided


@families
def test_every_variant_gives_a_whole_family(family):
    for name, variant in family.variants.items():
        changed = family.as_variant(name)
        assert variant.name == name
        assert changed.sampler in comfy_samplers()
        assert changed.settings() != family.settings() or changed.negative != family.negative
    assert family.as_variant("") is family


@families
def test_encoders(family):
    assert family.encoders
    for encoder in family.encoders:
        assert (encoder.chunk == 75) == encoder.id.startswith("clip_")
        assert encoder.most is None or encoder.least is None or encoder.least <= encoder.most
    assert {"clip_l", "clip_g"} == {encoder.id for encoder in get_family("sdxl").encoders}
    t5 = {encoder.id: encoder for encoder in get_family("hidream_i1").encoders}["t5xxl"]
    assert (t5.least, t5.most) == (128, 128)


@families
def test_a_profile_says_where_its_facts_come_from(family):
    assert family.sources
    assert family.order
    assert all(text and not text.startswith("http") for text in (*family.sources, *family.unverified))


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


def test_the_help_page_lists_every_family():
    page = (DATA.parents[1] / "web" / "docs" / "TagloomFamilyProfile.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (\w+), (\w+) \|$", page, re.MULTILINE)
    assert rows == [(found.id, found.name, found.use, found.style) for found in map(get_family, family_ids())]


def test_the_readme_explains_every_field_and_no_other():
    page = (DATA / "families" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", page, re.MULTILINE)
    used = {key for family_id in family_ids() for key in load_yaml(DATA / "families" / f"{family_id}.yaml")}
    assert {name for name, _ in rows} == used | {"extends"}
    order = dict(rows)["order"]
    assert set(re.findall(r"`(\w+)`", order)) == set(ORDER)
