from __future__ import annotations

from typing import Any

import pytest

from tagloom.prompt import (
    Size,
    UnknownFamily,
    all_families,
    compose_negative,
    convert,
    enhance,
    get_family,
    nearest_size,
)
from tagloom.prompt.easy import easy
from tagloom.runner.core.graph import Values, to_core
from tagloom.runner.core.node_values import EVALUATORS, STAND_INS
from tagloom.runner.errors import WorkflowError
from tagloom.runner.graph.workflows import NODE_PREFIX, Workflow, shipped

SHIPPED = ["Tags to Image", "Base Image to Image"]
BASE = Size(832, 1216)
COUNTING = {"TagloomReserveImageTokens", "TagloomSettleImageTokens", "TagloomTokenBalance"}
NEED_THE_PACK = {"TagloomGuider", "TagloomImageGrid", "TagloomPromptMatrix", "TagloomReadPicture", *COUNTING}
"""Nodes that no core nodes can stand for: composed guidance, lists, grids, what only the server's files hold, and image
tokens, which must be paid."""
families = pytest.mark.parametrize("family", all_families(), ids=lambda family: family.id)
both = pytest.mark.parametrize("name", SHIPPED)


@pytest.fixture
def fill(core_schemas):
    """Return a function that fills a shipped workflow in and gives both graphs and its final values."""

    def filled(name: str, **values: Any) -> tuple[Workflow, dict[str, Any]]:
        workflow = Workflow(shipped(name), core_schemas.get)
        for alias, value in values.items():
            workflow.set(alias, value)
        return workflow, to_core(workflow.api(), {"example.png": BASE})

    return filled


def final(workflow: Workflow, core: dict[str, Any], alias: str) -> Any:
    node_id, field = workflow.targets(alias)[0]
    return core[str(node_id)]["inputs"][field]


def size(workflow: Workflow, image_sizes: dict[str, Size]) -> Size:
    values = Values(workflow.api(), image_sizes)
    places = [workflow.final(name) for name in ("width", "height")]
    return Size(*(values.final(str(node_id), place) for node_id, place in places))


@both
def test_only_core_nodes_remain_and_no_link_dangles(fill, name):
    workflow, core = fill(name, family="illustrious")
    assert not [node for node in core.values() if node["class_type"].startswith(NODE_PREFIX)]
    for node in core.values():
        for value in node["inputs"].values():
            assert not isinstance(value, list) or value[0] in core
    classes = {node_id: node["class_type"] for node_id, node in workflow.api().items()}
    kept = {node_id for node_id, name in classes.items() if not name.startswith(NODE_PREFIX) or name in STAND_INS}
    previews = {node_id for node_id, node in workflow.api().items() if node["class_type"] == "PreviewAny"}
    assert previews
    steps = {node_id for node_id, name in classes.items() if name == "TagloomSamplingSteps"}
    assert steps
    loras = {node_id for node_id, name in classes.items() if name == "TagloomLoraTags"}
    assert loras
    added = {node_id for node_id in core if "-" in node_id}
    assert set(core) - added == kept - previews - steps - loras


@both
@families
def test_the_encoders_receive_what_the_nodes_would_give(fill, name, family):
    text, negative = "(1girl:1.2), fox girl, signature", "hat"
    workflow, core = fill(name, family=family.id, positive=text, negative=negative)
    positive = enhance(text, family).text
    assert final(workflow, core, "encoded") == positive
    assert final(workflow, core, "encoded_negative") == compose_negative(negative, family, positive=positive).text


@both
@families
def test_the_sampler_receives_the_family_s_settings(fill, name, family):
    workflow, core = fill(name, family=family.id)
    settings = {alias: final(workflow, core, alias) for alias in ("sampler", "scheduler", "steps", "cfg", "clip_layer")}
    assert settings == {
        "sampler": family.sampler,
        "scheduler": family.scheduler,
        "steps": family.steps.default,
        "cfg": family.cfg.default,
        "clip_layer": family.stop_layer(),
    }
    assert isinstance(settings["steps"], int)


@families
def test_text_to_image_takes_the_family_s_usual_size(fill, family):
    workflow, core = fill("Tags to Image", family=family.id)
    assert (final(workflow, core, "width"), final(workflow, core, "height")) == family.sizes[0]
    assert size(workflow, {}) == family.sizes[0]


@families
def test_a_base_image_gets_the_nearest_size_of_the_family(fill, family):
    workflow, core = fill("Base Image to Image", family=family.id)
    expected = nearest_size(family.sizes, BASE)
    scaled = next(node for node in core.values() if node["class_type"] == "ImageScale")
    assert (scaled["inputs"]["width"], scaled["inputs"]["height"]) == expected
    assert size(workflow, {"example.png": BASE}) == expected
    assert expected.aspect < 1


@both
def test_the_enhancer_off_sends_the_user_s_own_texts(fill, name):
    workflow, core = fill(name, family="illustrious", positive="1girl", negative="hat", enhance=False)
    assert final(workflow, core, "encoded") == "1girl"
    assert final(workflow, core, "encoded_negative") == "hat"


@both
def test_what_the_user_set_stays(fill, name):
    values = {"steps": 4, "cfg": 1.5, "sampler": "lcm", "scheduler": "beta", "clip_layer": -3, "seed": 9}
    workflow, core = fill(name, family="illustrious", **values, width=512, height=768)
    assert {alias: final(workflow, core, alias) for alias in values} == values
    assert size(workflow, {"example.png": BASE}) == (512, 768)


@families
def test_a_description_is_worked_out_for_its_family(fill, family):
    text = "a fox girl with long orange hair, without a hat"
    workflow, core = fill("Description to Image", family=family.id, positive=text)
    plain = easy(text, family)
    positive = enhance(plain.text, family, dialect="a1111").text
    negative = compose_negative(", ".join(plain.negative), family, positive=positive, dialect="a1111").text
    assert final(workflow, core, "encoded") == convert(positive, "a1111", "comfyui").text
    assert final(workflow, core, "encoded_negative") == convert(negative, "a1111", "comfyui").text
    assert not [node for node in core.values() if node["class_type"].startswith(NODE_PREFIX)]
    assert not [node for node in core.values() if node["class_type"] == "PreviewAny"]


def test_the_workshop_makes_no_picture_and_so_leaves_no_graph(fill):
    assert fill("Prompt Workshop", positive="{a|b}, 1girl, Smirk")[1] == {}


def test_the_graph_given_is_not_changed(core_schemas):
    workflow = Workflow(shipped("Tags to Image"), core_schemas.get)
    workflow.set("family", "sdxl")
    graph = workflow.api()
    to_core(graph, {})
    assert graph == workflow.api()


def test_a_graph_of_core_nodes_goes_through_as_it_is(fill):
    _, core = fill("Tags to Image", family="sdxl")
    assert to_core(core, {}) == core


LOADER = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}}
SAVE = {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}
FAMILY = {"class_type": "TagloomFamilyProfile", "inputs": {"model": ["9", 0], "family": "sdxl"}}


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (
            {"1": {"class_type": "TagloomFuture", "inputs": {}}, "2": {"class_type": "A", "inputs": {"x": ["1", 0]}}},
            ["node 1 (TagloomFuture)", "install Tagloom"],
        ),
        (
            {"1": FAMILY, "2": {"class_type": "A", "inputs": {"profile": ["1", 0]}}, "9": LOADER},
            ["node 2", "profile", "pack"],
        ),
        *(
            (
                {"1": {"class_type": kind, "inputs": {field: ["9", 0]}}, "2": SAVE, "9": LOADER},
                [f"node 1 ({kind})", "install Tagloom"],
            )
            for kind, field in (("TagloomReserveImageTokens", "latent"), ("TagloomSettleImageTokens", "images"))
        ),
    ],
)
def test_what_core_nodes_can_t_express_is_refused(graph, words):
    with pytest.raises(WorkflowError) as caught:
        to_core(graph, {})
    assert all(word in str(caught.value) for word in words)


def test_every_class_of_ours_in_the_snapshot_can_be_worked_out(schemas):
    ours = {kind for kind in schemas if kind.startswith(NODE_PREFIX)}
    assert ours - NEED_THE_PACK == EVALUATORS.keys() | STAND_INS.keys()
    assert ours >= NEED_THE_PACK


def test_an_unchosen_family_can_t_be_worked_out(core_schemas):
    """`auto` needs the checkpoint's file: the caller has to choose before."""
    graph = Workflow(shipped("Tags to Image"), core_schemas.get).api()
    with pytest.raises(UnknownFamily, match="'auto'"):
        to_core(graph, {})


def test_a_base_image_of_unknown_size_is_refused(core_schemas):
    workflow = Workflow(shipped("Base Image to Image"), core_schemas.get)
    workflow.set("family", "sdxl")
    with pytest.raises(WorkflowError, match="image"):
        to_core(workflow.api(), {"another.png": BASE})


@pytest.mark.parametrize(("images", "price"), [(1, 1), (4, 4)])
def test_a_report_s_image_tokens_are_their_price(images, price):
    graph = {
        "1": {"class_type": "TagloomTagReport", "inputs": {"text": "1girl", "images": images}},
        "2": {"class_type": "Show", "inputs": {"tokens": ["1", 1], "cost": ["1", 2], "other": ["3", 0]}},
        "3": {"class_type": "Load", "inputs": {}},
    }
    assert to_core(graph, {})["2"]["inputs"] == {"tokens": 2, "cost": price, "other": ["3", 0]}


def test_a_preview_of_something_else_stays():
    graph = {
        "1": {"class_type": "Load", "inputs": {}},
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }
    assert to_core(graph, {}) == graph


def test_tags_of_a_family_reach_a_core_node_only_as_text(fill):
    _, core = fill("Tags to Image", family="pony_v6", positive="1girl")
    texts = [node["inputs"]["text"] for node in core.values() if node["class_type"] == "CLIPTextEncode"]
    assert texts[0].startswith(", ".join(get_family("pony_v6").quality.levels["light"]))


def test_a_model_picker_becomes_the_core_loader_and_its_family_is_worked_out():
    graph = {
        "1": {"class_type": "TagloomModelPicker", "inputs": {"ckpt_name": "a.safetensors", "family": "pony_v6"}},
        "2": {"class_type": "TagloomPromptEnhancer", "inputs": {"text": "1girl", "family": ["1", 3], "enabled": True,
                                                                "level": "light"}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"text": ["2", 0], "clip": ["1", 1]}},
        "4": {"class_type": "VAEDecode", "inputs": {"vae": ["1", 2], "samples": ["9", 0]}},
        "5": {"class_type": "PreviewAny", "inputs": {"source": ["1", 5]}},
        "6": {"class_type": "TagloomFamilyProfile", "inputs": {"model": ["1", 0], "family": "pony_v6"}},
        "7": {"class_type": "KSampler", "inputs": {"model": ["1", 0], "steps": ["6", 3]}},
        "9": {"class_type": "EmptyLatentImage", "inputs": {}},
    }  # fmt: skip
    core = to_core(graph, {})
    assert core["1"] == {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}}
    assert core["3"]["inputs"] == {"text": "score_9, score_8_up, score_7_up, 1girl", "clip": ["1", 1]}
    assert core["4"]["inputs"]["vae"] == ["1", 2]
    assert core["7"]["inputs"] == {"model": ["1", 0], "steps": 25}
    assert "5" not in core


def test_a_picker_that_shall_find_the_family_itself_needs_the_pack():
    """The file is out of the runner's reach; its family must be chosen."""
    graph = {
        "1": {"class_type": "TagloomModelPicker", "inputs": {"ckpt_name": "a.safetensors", "family": "auto"}},
        "2": {"class_type": "TagloomFamilyProfile", "inputs": {"model": ["1", 0], "family": "sdxl"}},
        "3": {"class_type": "KSampler", "inputs": {"model": ["1", 0], "steps": ["2", 3]}},
    }
    assert to_core(graph, {})["3"]["inputs"]["steps"] == 25
    graph["4"] = {"class_type": "TagloomImageSize", "inputs": {"family": ["1", 3], "shape": "square"}}
    graph["5"] = {"class_type": "EmptyLatentImage", "inputs": {"width": ["4", 0]}}
    with pytest.raises(UnknownFamily):
        to_core(graph, {})


def test_a_text_that_a_core_node_makes_needs_the_pack():
    """It is not known before the run, and that is said."""
    graph = {
        "1": {"class_type": "StringConcatenate", "inputs": {"string_a": "1girl", "string_b": "", "delimiter": ""}},
        "3": {"class_type": "TagloomTidyPrompt", "inputs": {
            "text": ["1", 0], "dialect": "a1111", "tag_aware": True,
            "sort": True, "remove_repeats": True, "layout": "keep",
        }},
        "4": {"class_type": "CLIPTextEncode", "inputs": {"text": ["3", 0], "clip": ["9", 1]}},
        "9": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
    }  # fmt: skip
    with pytest.raises(WorkflowError, match=r"node 3 .* takes a value that a core node makes"):
        to_core(graph, {})
