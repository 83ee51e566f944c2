"""What the runner works out for Tagloom's nodes is what the functions of `prompt/` give, which the nodes call too."""

from __future__ import annotations

from typing import Any

import pytest

from tagloom.prompt import (
    WildcardFolders,
    account,
    chosen,
    compose_negative,
    convert,
    enhance,
    expand,
    explain,
    get_family,
    size_for,
    tag_report,
    tidy,
)
from tagloom.prompt.easy import easy
from tagloom.prompt.encoding import encoded_report
from tagloom.prompt.lint import check
from tagloom.prompt.lists import as_list
from tagloom.runner.core.graph import to_core
from tagloom.runner.core.node_values import EVALUATORS, STAND_INS
from tagloom.runner.errors import WorkflowError

TEXT = "forest, Masterpiece, ((1girl)), smirk, :3, smirk, {cap|cap}"
SEVERE = "(reverse:1999), [hat], smirk, smirk"
FAMILY = get_family("illustrious")
WRITTEN = [("a1111", True), ("a1111", False), ("comfyui", True), ("novelai4", False)]
written = pytest.mark.parametrize(("dialect", "tag_aware"), WRITTEN)
DESCRIPTION = "a girl with long orange hair, without a hat"


def given(inputs: dict[str, Any], dialect: str = "a1111", tag_aware: bool = True) -> dict[str, Any]:
    return {"dialect": dialect, "tag_aware": tag_aware, **inputs}


BASE = {"vae": None, "family": FAMILY, "shape": "square", "fit": "crop", "strength": "similar", "denoise": 0.6}
SETTINGS = {"family": FAMILY, "sampler": "Euler a", "schedule": "automatic", "steps": 0, "cfg": 0.0, "denoise": 1.0}
INPUTS = {
    "TagloomBaseImage": {**BASE, "batch_size": 1, "grow_mask": 6, "width": 0, "height": 0},
    "TagloomConvertPrompt": given({"text": TEXT, "target": "comfyui"}),
    "TagloomEasyPrompt": {"text": DESCRIPTION, "family": FAMILY, "enabled": True, "dialect": "a1111"},
    "TagloomFamilyProfile": {"model": None, "family": "illustrious"},
    "TagloomImageSize": {"family": FAMILY, "shape": "square"},
    "TagloomLoraTags": given({"model": None, "clip": None, "text": f"<lora:a:0.8>{TEXT}", "scheduled": True}),
    "TagloomModelPicker": {"ckpt_name": "a.safetensors", "family": "illustrious"},
    "TagloomNegativePreset": given({"text": "hat", "family": FAMILY, "preset": "recommended", "enabled": True}),
    "TagloomPromptCheck": given({"text": TEXT, "mend": True}),
    "TagloomPromptEnhancer": given({"text": TEXT, "family": FAMILY, "level": "light", "enabled": True}),
    "TagloomSamplerSettings": SETTINGS,
    "TagloomTagReport": {"text": TEXT, "images": 3},
    "TagloomTextEncode": given({"clip": None, "text": TEXT}),
    "TagloomTextTokens": {"text": TEXT, "family": FAMILY, "chunks": "a1111"},
    "TagloomTidyPrompt": given({"text": TEXT, "sort": True, "remove_repeats": True, "layout": "keep"}),
    "TagloomWildcards": given({"text": TEXT, "seed": 3}),
}


def worked_out(name: str, **inputs: Any) -> tuple[Any, ...]:
    return EVALUATORS[name]({**INPUTS[name], **inputs})


def test_every_evaluator_is_tested_here():
    assert set(INPUTS) == set(EVALUATORS)


@pytest.mark.parametrize("name", EVALUATORS)
def test_an_evaluator_gives_as_many_values_as_its_node(schemas, name):
    """And each of its type; what only a server can give is None."""
    types = {"STRING": str, "INT": int, "FLOAT": float}
    values = worked_out(name)
    for kind, value in zip(schemas[name]["output"], values, strict=True):
        assert value is None or not isinstance(kind, str) or isinstance(value, types.get(kind, object))
    nothing = {"TagloomBaseImage": 3, "TagloomLoraTags": 2, "TagloomModelPicker": 3, "TagloomTextEncode": 1}
    assert values.count(None) == nothing.get(name, 0)


@pytest.mark.parametrize("name", EVALUATORS)
def test_an_evaluator_takes_the_inputs_of_its_node(schemas, name):
    inputs = schemas[name]["input"]
    known = {*inputs.get("required", {}), *inputs.get("optional", {})}
    assert set(INPUTS[name]) <= known
    assert set(inputs.get("required", {})) <= set(INPUTS[name])


@written
def test_encoding_converts_to_comfyui_s_dialect(dialect, tag_aware):
    expected = convert(SEVERE, dialect, "comfyui", tag_aware)
    values = worked_out("TagloomTextEncode", **given({"text": SEVERE}, dialect, tag_aware))
    assert values == (None, expected.text, as_list(encoded_report(SEVERE, dialect, tag_aware)))


@written
@pytest.mark.parametrize("target", ["comfyui", "compel"])
def test_converting(dialect, tag_aware, target):
    expected = convert(SEVERE, dialect, target, tag_aware)
    values = worked_out("TagloomConvertPrompt", **given({"text": SEVERE, "target": target}, dialect, tag_aware))
    assert values == (expected.text, as_list(expected.report()))


@written
@pytest.mark.parametrize("mend", [True, False])
def test_checking(dialect, tag_aware, mend):
    about = {"family": FAMILY, "negative": "hat, smirk"}
    expected = check(SEVERE, mend=mend, dialect=dialect, tag_aware=tag_aware, **about)
    reading = explain(expected.text, dialect, tag_aware).report()
    values = worked_out("TagloomPromptCheck", **given({"text": SEVERE, "mend": mend, **about}, dialect, tag_aware))
    assert values == (expected.text, as_list(expected.report()), expected.warnings, as_list(reading))
    assert expected.warnings > 0


def test_checking_needs_neither_family_nor_negative():
    assert worked_out("TagloomPromptCheck", text="1girl, long hair", mend=False)[2] == 0


@written
@pytest.mark.parametrize(
    "options",
    [
        {"sort": True, "remove_repeats": True, "layout": "keep"},
        {"sort": False, "remove_repeats": False, "layout": "keep"},
        {"sort": True, "remove_repeats": False, "layout": "keep", "second": "hat, masterpiece", "family": FAMILY},
    ],
)
def test_tidying(dialect, tag_aware, options):
    renamed = {"repeats" if name == "remove_repeats" else name: value for name, value in options.items()}
    expected = tidy(TEXT, dialect=dialect, tag_aware=tag_aware, **renamed)
    values = worked_out("TagloomTidyPrompt", **given(options, dialect, tag_aware))
    assert values == (expected.text, as_list(expected.report()))


@written
@pytest.mark.parametrize(("level", "enabled"), [("light", True), ("full", True), ("full", False)])
def test_enhancing(dialect, tag_aware, level, enabled):
    expected = enhance(SEVERE, FAMILY, level, enabled, dialect=dialect, tag_aware=tag_aware)
    options = given({"text": SEVERE, "level": level, "enabled": enabled}, dialect, tag_aware)
    assert worked_out("TagloomPromptEnhancer", **options) == (expected.text, as_list(expected.report()))
    assert (expected.text == SEVERE) != enabled


@written
@pytest.mark.parametrize(("preset", "enabled"), [("recommended", True), ("everything", True), ("everything", False)])
def test_composing_negatives(dialect, tag_aware, preset, enabled):
    rules = {"dialect": dialect, "tag_aware": tag_aware}
    expected = compose_negative(SEVERE, FAMILY, preset, "signature", enabled, **rules)
    options = {"text": SEVERE, "preset": preset, "positive": "signature", "enabled": enabled, **rules}
    assert worked_out("TagloomNegativePreset", **options) == (expected.text, as_list(expected.report()))


@pytest.mark.parametrize("name", ["TagloomPromptEnhancer", "TagloomNegativePreset"])
def test_workflows_older_than_the_dialect_are_read_as_a1111_s(name):
    old = {key: value for key, value in INPUTS[name].items() if key not in ("dialect", "tag_aware")}
    assert EVALUATORS[name]({**old, "text": "((hat))"}) == worked_out(name, text="((hat))")


@pytest.mark.parametrize(("family", "text"), [("illustrious", DESCRIPTION), ("flux1_dev", "1girl, long hair")])
def test_easy_mode(family, text):
    profile = get_family(family)
    expected = easy(text, profile, "a1111")
    negative = "hat" if family == "illustrious" else ""
    values = worked_out("TagloomEasyPrompt", text=text, family=profile)
    assert values == (expected.text, negative, as_list(expected.report()))
    assert expected.text != text
    assert worked_out("TagloomEasyPrompt", text=text, family=profile, enabled=False)[:2] == (text, "")


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_wildcards_come_from_the_user_s_own_folder(home, seed):
    (home / "wildcards").mkdir(parents=True)
    (home / "wildcards" / "colour.txt").write_text("red\nblue\nsilver\n", encoding="utf-8")
    text = "__colour__, {a|b|c}"
    expected = expand(text, seed, WildcardFolders([home / "wildcards"]), "a1111")
    assert worked_out("TagloomWildcards", text=text, seed=seed) == (expected.text, as_list(expected.report()))


@written
def test_wildcards_are_read_in_the_dialect(dialect, tag_aware):
    expected = expand("{|_|}, {a|b|c}", 3, (), dialect, tag_aware)
    values = worked_out("TagloomWildcards", **given({"text": "{|_|}, {a|b|c}"}, dialect, tag_aware))
    assert values == (expected.text, as_list(expected.report()))


@pytest.mark.parametrize("family", [None, FAMILY, get_family("flux1_dev")])
@pytest.mark.parametrize("chunks", ["comfyui", "a1111"])
def test_counting(family, chunks):
    text = "hat, " * 40 + "reverse:1999"
    encoders = family.encoders if family else ("clip_l",)
    expected = account(text, encoders, chunks, tag_aware=False)
    told = -1 if expected.tokens is None else expected.tokens
    values = worked_out("TagloomTextTokens", text=text, family=family, chunks=chunks)
    assert values == (as_list(expected.report()), told, expected.proposal())


def test_counting_takes_comfyui_s_rules_unless_others_are_named():
    counted = account(TEXT, ("clip_l",), "comfyui", tag_aware=False)
    assert EVALUATORS["TagloomTextTokens"]({"text": TEXT})[0] == as_list(counted.report())


def test_a_family_s_settings():
    assert worked_out("TagloomFamilyProfile") == (FAMILY, *FAMILY.settings(), chosen("illustrious").text())
    values = worked_out("TagloomModelPicker")
    assert values == (None, None, None, FAMILY, chosen("illustrious").text(), "")


def test_sizes_and_reports():
    assert worked_out("TagloomImageSize") == tuple(size_for(FAMILY, "square"))
    report = tag_report(TEXT)
    assert worked_out("TagloomTagReport") == (report.text(3), report.text_tokens, 3)


def graph(**inputs: Any) -> dict[str, Any]:
    """A checkpoint's encoder, our node that encodes, what shows its report, and a core node behind it."""
    encode = {"clip": ["1", 1], "text": "[hat], :3", "dialect": "a1111", "tag_aware": True, **inputs}
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
        "2": {"class_type": "TagloomTextEncode", "inputs": encode, "_meta": {"title": "Positive"}},
        "3": {"class_type": "PreviewAny", "inputs": {"source": ["2", 2]}},
        "4": {"class_type": "KSampler", "inputs": {"positive": ["2", 0], "note": ["2", 1]}},
    }


def test_break_and_prompt_editing_become_core_nodes():
    core = to_core(graph(text="a [day:night:0.5] BREAK b"), {})
    kinds = {node_id: node["class_type"] for node_id, node in core.items() if node_id.startswith("2")}
    assert kinds.pop("2") == "ConditioningCombine"
    assert sorted(kinds.values()) == [
        *["CLIPTextEncode"] * 4,
        *["ConditioningConcat"] * 2,
        *["ConditioningSetTimestepRange"] * 2,
    ]
    texts = [node["inputs"]["text"] for node in core.values() if node["class_type"] == "CLIPTextEncode"]
    assert texts == ["a day", "b", "a night", "b"]
    times = [node["inputs"] for node in core.values() if node["class_type"] == "ConditioningSetTimestepRange"]
    assert [(own["start"], own["end"]) for own in times] == [(0, 0.5), (0.5, 1)]
    assert all(
        value[0] in core for node in core.values() for value in node["inputs"].values() if isinstance(value, list)
    )


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"text": "hat AND cap"}, r"node 2 .*AND.*install Tagloom on the server"),
        ({"text": "hat:1.2"}, r"node 2 .*AND"),
        ({"weighting": "a1111"}, r"node 2 .*weighting a1111 .*or choose comfyui"),
        ({"chunks": "a1111"}, r"node 2 .*chunks a1111 .*or choose comfyui"),
        ({"text": "[hat:cap:0.5]", "steps": ["9", 0]}, r"node 2 .*only the server knows"),
    ],
)
def test_what_core_nodes_can_t_encode_needs_the_pack(inputs, words):
    linked = graph(**inputs)
    linked["9"] = {"class_type": "TagloomSamplingSteps", "inputs": {"model": ["1", 0]}}
    with pytest.raises(WorkflowError, match=words):
        to_core(linked, {})


def test_steps_that_no_prompt_needs_are_left_out():
    linked = graph(steps=["9", 0])
    linked["9"] = {"class_type": "TagloomSamplingSteps", "inputs": {"model": ["1", 0]}}
    assert to_core(linked, {}) == to_core(graph(), {})


def test_an_encode_node_becomes_the_core_one_with_the_converted_text():
    core = to_core(graph(), {})
    inputs = {"clip": ["1", 1], "text": "(hat:0.9091), :3"}
    assert core["2"] == {"class_type": "CLIPTextEncode", "inputs": inputs, "_meta": {"title": "Positive"}}
    assert core["4"]["inputs"] == {"positive": ["2", 0], "note": "(hat:0.9091), :3"}
    assert set(core) == {"1", "2", "4"}  # nothing is left to preview


@pytest.mark.parametrize(
    ("text", "dialect", "tag_aware", "encoded"),
    [
        ("(reverse:1999)", "a1111", True, "(reverse:1999:1.1)"),
        ("(reverse:1999)", "a1111", False, "(reverse:1999)"),
        ("{{hat}}", "novelai3", True, "(hat:1.1025)"),
        ("hat++", "compel", True, "(hat:1.21)"),
        ("[hat]", "comfyui", True, "[hat]"),
    ],
)
def test_the_encode_node_s_dialect_counts(text, dialect, tag_aware, encoded):
    core = to_core(graph(text=text, dialect=dialect, tag_aware=tag_aware), {})
    assert core["2"]["inputs"]["text"] == encoded == convert(text, dialect, "comfyui", tag_aware).text


def test_an_encode_node_takes_its_text_and_its_clip_from_other_nodes_of_ours():
    linked = graph(text=["5", 0], clip=["6", 1])
    linked["5"] = {"class_type": "TagloomWildcards", "inputs": {**INPUTS["TagloomWildcards"], "text": "{[hat]}"}}
    linked["6"] = {"class_type": "TagloomModelPicker", "inputs": INPUTS["TagloomModelPicker"]}
    core = to_core(linked, {})
    expected = convert(expand("{[hat]}", 3, (), "a1111").text, "a1111", "comfyui").text
    assert core["2"]["inputs"] == {"clip": ["6", 1], "text": expected}
    assert core["6"]["class_type"] == "CheckpointLoaderSimple"


def test_the_family_of_a_picker_reaches_a_node_that_encodes():
    linked = graph(text=["5", 0], clip=["6", 1])
    enhancer = {**INPUTS["TagloomPromptEnhancer"], "text": "[hat]", "family": ["6", 3]}
    linked["5"] = {"class_type": "TagloomPromptEnhancer", "inputs": enhancer}
    linked["6"] = {"class_type": "TagloomModelPicker", "inputs": INPUTS["TagloomModelPicker"]}
    enhanced = enhance("[hat]", FAMILY, "light", dialect="a1111").text
    assert to_core(linked, {})["2"]["inputs"]["text"] == convert(enhanced, "a1111", "comfyui").text


@pytest.mark.parametrize("name", STAND_INS)
def test_stand_ins_are_nodes_that_every_comfyui_has(core_schemas, name):
    """One of them takes over our node's id and its outputs; Sampling Steps is left out."""
    own = {
        "TagloomSaveImage": {"images": ["1", 0], "filename_prefix": "a", "format": "png", "settings": ["2", 5]},
        "TagloomTextEncode": {"text": "hat [cap:coat:0.5] BREAK smile"},
    }
    inputs = {**INPUTS.get(name, {}), **own.get(name, {})}
    nodes = STAND_INS[name].nodes("7", inputs, *([inputs] if STAND_INS[name].asks else []))
    for node in nodes.values():
        assert set(node["inputs"]) == set(core_schemas[node["class_type"]]["input"]["required"])
    assert not nodes or len(core_schemas[nodes["7"]["class_type"]]["output"]) >= STAND_INS[name].outputs
    assert bool(nodes) == (name != "TagloomSamplingSteps")


def test_core_nodes_save_a_png_alone():
    with pytest.raises(WorkflowError, match="node 7 saves a webp"):
        STAND_INS["TagloomSaveImage"].nodes("7", {"images": ["1", 0], "filename_prefix": "a", "format": "webp"})


def test_a_family_can_t_reach_a_core_node():
    linked = graph()
    linked["6"] = {"class_type": "TagloomFamilyProfile", "inputs": {"model": ["1", 0], "family": "sdxl"}}
    linked["4"]["inputs"]["profile"] = ["6", 0]
    with pytest.raises(WorkflowError, match="needs the pack"):
        to_core(linked, {})
