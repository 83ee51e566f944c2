from __future__ import annotations

import os
from pathlib import Path

import pytest

from tagloom.prompt import ProfileError, UnknownFamily, all_families, detect, family_ids, get_family
from tagloom.prompt.families import add_families_folder, catalog, leave_out, profile_problems

BASICS = """
name: Mine
use: advanced
style: tags
architecture: sdxl
prediction: eps
names: [mine]
quality: {place: none, light: [], standard: [], full: []}
negative: {used: true, default: []}
sampling:
  sampler: euler
  scheduler: normal
  steps: {default: 20, low: 10, high: 30}
  cfg: {default: 5, low: 4, high: 7}
clip_skip: null
size: {default: 1024x1024, choices: [$sdxl_sizes], multiple_of: 8}
encoders: {clip_l: {chunk: 75}}
weights: works
unverified: []
sources: [myself]
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of users' profiles; nothing of it outlasts the test."""
    place = tmp_path / "families"
    place.mkdir()
    monkeypatch.setattr(catalog, "_registered", {})
    monkeypatch.setattr(catalog, "_left_out", set())
    monkeypatch.setenv("TAGLOOM_FAMILIES", str(place))
    return place


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_changes_only_the_fields_that_it_gives(folder):
    shipped = get_family("illustrious")
    write(
        folder, "illustrious", "sampling: {cfg: {default: 6}}\nquality: {light: [masterpiece], standard: [masterpiece]}"
    )
    own = get_family("illustrious")
    assert own.cfg == (6, shipped.cfg.low, shipped.cfg.high)
    assert own.quality.levels["standard"] == ("masterpiece",)
    assert own.quality.levels["full"] == shipped.quality.levels["full"]
    assert (own.steps, own.negative, own.name) == (shipped.steps, shipped.negative, shipped.name)
    assert family_ids().count("illustrious") == 1


def test_a_new_family_extends_another_but_is_told_by_names_of_its_own(folder):
    write(folder, "my_merge", "extends: illustrious\nsampling: {sampler: dpmpp_2m}")
    mine, base = get_family("my_merge"), get_family("illustrious")
    assert (mine.id, mine.name, mine.sampler) == ("my_merge", "my_merge", "dpmpp_2m")
    assert (mine.quality, mine.cfg, mine.architecture) == (base.quality, base.cfg, base.architecture)
    assert not mine.civitai
    assert detect("My-Merge_v3.safetensors").family == "my_merge"
    assert detect("illustriousXL.safetensors").family == "illustrious"
    assert "my_merge" in family_ids()
    assert mine in all_families()


def test_a_family_of_a_user_may_extend_another_one_of_a_user(folder):
    write(folder, "second", "extends: first\nname: Second")
    write(folder, "first", "extends: pony_v6\nsampling: {steps: {default: 26}}")
    assert (get_family("second").name, get_family("second").steps.default) == ("Second", 26)
    assert get_family("second").quality == get_family("pony_v6").quality


def test_a_family_from_nothing(folder):
    write(folder, "mine", BASICS)
    mine = get_family("mine")
    assert (mine.priority, mine.foreign, mine.variants, mine.negative.presets["male"]) == (50, {}, {}, ())
    assert not profile_problems()


def test_a_change_is_seen_and_a_file_that_goes_is_gone(folder):
    path = write(folder, "illustrious", "name: Mine")
    assert get_family("illustrious").name == "Mine"
    write(folder, "illustrious", "name: Still mine")
    assert get_family("illustrious").name == "Still mine"
    path.unlink()
    assert get_family("illustrious").name == "Illustrious XL"


def test_later_folders_lie_over_earlier_ones(folder, tmp_path, monkeypatch):
    """A program's own folder, then those of the variable in their order."""
    second, third = tmp_path / "second", tmp_path / "third"
    for place, text in ((second, "name: second\nuse: easy"), (folder, "name: first"), (third, "priority: 77")):
        place.mkdir(exist_ok=True)
        write(place, "sdxl", text)
    add_families_folder(second)
    monkeypatch.setenv("TAGLOOM_FAMILIES", os.pathsep.join(["", str(folder), str(third)]))
    sdxl = get_family("sdxl")
    assert (sdxl.name, sdxl.use, sdxl.priority) == ("first", "easy", 77)


def test_a_missing_folder_is_told_where_the_variable_names_it(folder, tmp_path, monkeypatch):
    add_families_folder(tmp_path / "a program's own")
    assert not profile_problems()
    monkeypatch.setenv("TAGLOOM_FAMILIES", str(tmp_path / "typo"))
    (problem,) = profile_problems()
    assert "typo" in str(problem) and "TAGLOOM_FAMILIES" in str(problem)
    assert get_family("illustrious")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sampling: {sampler: dpmpp2m}", ["sampling.sampler", "'dpmpp2m'", "did you mean dpmpp_2m"]),
        ("sampling: {scheduler: 5}", ["sampling.scheduler", "a number (5)"]),
        ("sampling: {step: 5}", ["sampling.step", "is no field", "did you mean steps"]),
        ("sampling: {steps: 30}", ["sampling.steps", "a number (30)", "not a table"]),
        ("sampling: {steps: {default: 300}}", ["sampling.steps", "300", "outside low to high"]),
        ("sampling: {cfg: {default: high}}", ["sampling.cfg.default", "'high'", "a number"]),
        ("sampling: [1]", ["sampling", "is a list, not a table"]),
        ("use: simple", ["use", "'simple'", "allowed are easy, advanced"]),
        ("qualty: {}", ["qualty", "is no field", "did you mean quality"]),
        ("quality: {light: masterpiece}", ["quality.light", "not a list", "[one, two]"]),
        ("quality: {light: [1girl, 2024]}", ["quality.light, item 2", "a number (2024)", "quotes"]),
        ("quality: {light: [newest]}", ["quality", "lower level"]),
        ("quality: {place: none}", ["quality.place", "none exactly where there are no quality tags"]),
        ("negative: {default: [all]}", ["negative.default, item 1", "'all'", "allowed are quality, anatomy"]),
        ("negative: {presets: {hands: [bad hands]}}", ["negative.presets.hands", "is no field"]),
        ("negative: {used: 'no'}", ["negative.used", "true or false"]),
        ("names: ['(']", ["names, item 1", "'('", "no regular expression"]),
        ("names: ['a*']", ["names, item 1", "matches the empty text"]),
        ("foreign: [$poni]", ["foreign", "'$poni'", "did you mean $pony"]),
        ("variants: $sd", ["variants", "'$sd'", "$sdxl"]),
        ("variants: {fast: {step: {}}}", ["variants.fast.step", "is no field"]),
        ("variants: {fast: {cfg: {default: 9, low: 1, high: 2}}}", ["variants.fast.cfg", "outside low to high"]),
        ("size: {default: 1000x1000}", ["size", "1000x1000", "multiple of 64"]),
        ("size: {choices: [big]}", ["size.choices, item 1", "'big'", "WIDTHxHEIGHT"]),
        ("size: {multiple_of: 0}", ["size", "multiple of 0"]),
        ("encoders: {clipl: {}}", ["encoders", "'clipl'", "did you mean clip_l"]),
        ("encoders: {clip_l: {chunk: many}}", ["encoders.clip_l.chunk", "'many'", "or null for unknown"]),
        ("clip_skip: 2", ["clip_skip", "a number (2)", "or null for none"]),
        ("order: [quality, people]", ["order, item 2", "'people'"]),
        ("remarks: [a]", ["remarks", "is a list, not a table"]),
        ("id: other", ["id", "'other'", "'illustrious'"]),
        ("id: Illustrious!", ["id", "no id"]),
        ("extends: sdxl", ["extends", "comes with Tagloom"]),
        ("names: null", ["names", "is empty"]),
        ("1: 2", ["1", "is no field"]),
        ("[1, 2]", ["the file", "is a list, not a table"]),
        ("just words", ["the file", "is a text"]),
        ("name: a\nuse: ]", ["line 2", "is no YAML"]),
        ("name: \x00", ["the file", "is no YAML"]),
        ("a: {b: {c: {d: {e: {f: {g: {h: 1}}}}}}}", ["lies too deep"]),
        ("[" * 5000, ["is no YAML"]),
    ],
)
def test_a_wrong_file_is_refused_by_file_and_field(folder, text, words):
    path = write(folder, "illustrious", text)
    with pytest.raises(ProfileError) as caught:
        get_family("illustrious")
    assert all(word in str(caught.value) for word in (str(path), *words)), str(caught.value)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("mine", "", ["name", "is missing"]),
        (
            "mine",
            BASICS.replace("cfg: {default: 5, low: 4, high: 7}", "cfg: {default: 5}"),
            ["sampling.cfg.low", "missing"],
        ),
        ("mine", "extends: ilustrious", ["extends", "'ilustrious'", "did you mean illustrious"]),
        ("mine", "extends: mine", ["extends", "circle: mine, mine"]),
        ("My Merge", "extends: sdxl", ["id", "'My Merge'", "small letters"]),
    ],
)
def test_a_wrong_new_family(folder, name, text, words):
    path = write(folder, name, text)
    with pytest.raises(ProfileError) as caught:
        get_family(name)
    assert all(word in str(caught.value) for word in (str(path), *words)), str(caught.value)


def test_a_circle_of_several_ends(folder):
    for name, other in (("a1", "b1"), ("b1", "c1"), ("c1", "a1")):
        write(folder, name, f"extends: {other}")
    with pytest.raises(ProfileError, match="circle: a1, b1, c1, a1"):
        get_family("a1")


def test_bytes_that_are_no_text(folder):
    (folder / "sdxl.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(ProfileError, match=r"sdxl\.yaml"):
        get_family("sdxl")


def test_other_families_work_beside_a_broken_file(folder):
    write(folder, "broken", "use: 5")
    write(folder, "sdxl", "use: 6")
    assert "broken" in family_ids()
    assert get_family("illustrious").id == "illustrious"
    with pytest.raises(ProfileError):
        all_families()
    assert [problem.field for problem in profile_problems()] == ["use", "use"]


def test_a_broken_file_can_be_left_out_until_it_changes(folder):
    path = write(folder, "sdxl", "use: 5")
    mine = write(folder, "mine", "use: 5")
    for problem in profile_problems():
        leave_out(problem.path)
    assert get_family("sdxl").use == "advanced"
    assert all_families() and not profile_problems()
    assert "mine" not in family_ids()
    with pytest.raises(UnknownFamily):
        get_family(mine.stem)
    path.write_text("use: easy  # mended", encoding="utf-8")
    assert get_family("sdxl").use == "easy"
