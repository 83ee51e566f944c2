from __future__ import annotations

import copy
from typing import Any

import pytest

from tagloom.runner.graph.convert import to_api, widget_names, widget_values
from tagloom.runner.graph.workflows import shipped

SHIPPED = ["Tags to Image", "Base Image to Image"]


def node(node_id: int, kind: str, widgets: Any = (), mode: int = 0, **links: int | None) -> dict[str, Any]:
    return {
        "id": node_id,
        "type": kind,
        "mode": mode,
        "inputs": [{"name": name, "link": link} for name, link in links.items()],
        "widgets_values": list(widgets) if isinstance(widgets, tuple) else widgets,
    }


def workflow(*nodes: dict[str, Any], links: tuple[tuple[Any, ...], ...] = ()) -> dict[str, Any]:
    return {"nodes": list(nodes), "links": [list(link) for link in links]}


LOADER = node(1, "CheckpointLoaderSimple", ("a.safetensors",))
ENCODER = node(2, "CLIPTextEncode", ("1girl",), clip=7)
PAIR = workflow(LOADER, ENCODER, links=((7, 1, 1, 2, 0, "CLIP"),))


def test_a_small_workflow(schemas):
    assert to_api(PAIR, schemas.get) == {
        "1": {
            "class_type": "CheckpointLoaderSimple",
            "inputs": {"ckpt_name": "a.safetensors"},
            "_meta": {"title": "Load Checkpoint"},
        },
        "2": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "1girl", "clip": ["1", 1]},
            "_meta": {"title": "CLIP Text Encode (Prompt)"},
        },
    }


def test_a_node_s_own_title_wins(schemas):
    titled = {**LOADER, "title": "My model"}
    assert to_api(workflow(titled), schemas.get)["1"]["_meta"] == {"title": "My model"}


def test_a_seed_s_control_is_no_input(schemas):
    sampler = node(3, "KSampler", (5, "increment", 20, 4.5, "euler", "normal", 0.6))
    expected = {"seed": 5, "steps": 20, "cfg": 4.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 0.6}
    assert to_api(workflow(sampler), schemas.get)["3"]["inputs"] == expected


def test_an_upload_button_is_no_input(schemas):
    loader = node(3, "LoadImage", ("example.png", "image"))
    assert to_api(workflow(loader), schemas.get)["3"]["inputs"] == {"image": "example.png"}


def test_a_link_into_a_widget_replaces_its_value(schemas):
    linked = node(2, "EmptyLatentImage", (512, 768, 1), width=7, height=None)
    graph = to_api(workflow(LOADER, linked, links=((7, 1, 0, 2, 0, "INT"),)), schemas.get)
    assert graph["2"]["inputs"] == {"width": ["1", 0], "height": 768, "batch_size": 1}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_workflows_convert(schemas, name):
    """Every node but the notes is there, with exactly its class's inputs, and every link leads to an output."""
    document = shipped(name)
    graph = to_api(document, schemas.get)
    assert {int(node_id) for node_id in graph} == {
        node["id"] for node in document["nodes"] if node["type"] != "MarkdownNote"
    }
    for entry in graph.values():
        inputs = schemas[entry["class_type"]]["input"]
        required, optional = set(inputs.get("required", {})), set(inputs.get("optional", {}))
        shown = {"preview"} if entry["class_type"] == "PreviewAny" else set()
        assert required <= set(entry["inputs"]) <= required | optional | shown
        for value in entry["inputs"].values():
            if isinstance(value, list):
                origin, slot = value
                assert slot < len(schemas[graph[origin]["class_type"]]["output"])


@pytest.mark.parametrize("name", SHIPPED)
def test_links_of_the_shipped_workflows_carry_the_type_that_their_input_takes(schemas, name):
    graph = to_api(shipped(name), schemas.get)
    for entry in graph.values():
        inputs = schemas[entry["class_type"]]["input"]
        for field, value in entry["inputs"].items():
            if isinstance(value, list):
                wanted = (inputs.get("required", {}) | inputs.get("optional", {}))[field][0]
                given = schemas[graph[value[0]]["class_type"]]["output"][value[1]]
                assert wanted in (given, "*") or (wanted == "COMBO" and isinstance(given, list))


@pytest.mark.parametrize("name", SHIPPED)
def test_converting_changes_nothing_in_the_workflow(schemas, name):
    document = shipped(name)
    before = copy.deepcopy(document)
    to_api(document, schemas.get)
    assert document == before


@pytest.mark.parametrize("kind", ["Note", "MarkdownNote"])
def test_notes_are_left_out(schemas, kind):
    assert to_api(workflow(LOADER, node(9, kind, ("Read me",))), schemas.get).keys() == {"1"}


def test_a_muted_node_is_left_out_and_so_are_its_links(schemas):
    """What a muted node would have given is missing, as when the editor queues the workflow."""
    muted = workflow({**LOADER, "mode": 2}, ENCODER, links=((7, 1, 1, 2, 0, "CLIP"),))
    assert to_api(muted, schemas.get) == {
        "2": {
            "class_type": "CLIPTextEncode",
            "inputs": {"text": "1girl"},
            "_meta": {"title": "CLIP Text Encode (Prompt)"},
        }
    }


def test_a_muted_link_into_a_widget_does_not_bring_the_widget_s_old_value_back(schemas):
    linked = node(2, "EmptyLatentImage", (512, 768, 1), width=7)
    muted = workflow({**LOADER, "mode": 2}, linked, links=((7, 1, 0, 2, 0, "INT"),))
    assert to_api(muted, schemas.get)["2"]["inputs"] == {"height": 768, "batch_size": 1}


def test_a_muted_node_may_be_of_an_unknown_class(schemas):
    assert to_api(workflow(LOADER, node(9, "NoSuchNode", mode=2)), schemas.get).keys() == {"1"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("KSampler", ["seed", "", "steps", "cfg", "sampler_name", "scheduler", "denoise"]),
        ("LoadImage", ["image", ""]),
        ("CLIPTextEncode", ["text"]),
        ("VAEDecode", []),
        ("PreviewAny", []),
        ("LoadAudio", ["audio", ""]),
        ("Load3D", ["model_file", "upload 3d model", "upload extra resources", "clear", "image", "width", "height"]),
        ("SaveGLB", ["filename_prefix", "image"]),
        ("RecordAudio", ["audio", ""]),
        ("TagloomFamilyProfile", ["family"]),
        ("TagloomNegativePreset", ["text", "preset", "enabled", "dialect", "tag_aware"]),
        ("TagloomTagReport", ["images", "dialect"]),
    ],
)
def test_widgets_of_known_classes(conversion_schemas, kind, expected):
    assert widget_names(kind, conversion_schemas[kind]) == expected


@pytest.mark.parametrize(
    ("inputs", "order", "expected"),
    [
        ({"required": {"a": ["INT", {}], "b": ["STRING"]}}, {}, ["a", "b"]),
        ({"required": {"a": ["INT", {}], "b": ["STRING"]}}, {"required": ["b", "a"]}, ["b", "a"]),
        ({"optional": {"b": ["COMBO", {"options": []}]}, "required": {"a": ["BOOLEAN"]}}, {}, ["a", "b"]),
        ({"required": {"a": ["STRING", {"forceInput": True}], "b": [["x", "y"]]}}, {}, ["b"]),
        ({"required": {"noise_seed": ["INT", {}]}}, {}, ["noise_seed", ""]),
        ({"required": {"seed": ["STRING", {}]}}, {}, ["seed"]),
        ({"required": {"n": ["INT", {"control_after_generate": True}]}}, {}, ["n", ""]),
        ({"required": {"n": ["INT", {}], "seed": ["INT", {"control_after_generate": False}]}}, {}, ["n", "seed"]),
        ({"required": {"n": ["COMBO", {"control_after_generate": True, "options": []}]}}, {}, ["n", "", ""]),
        (
            {"required": {"i": ["COMBO", {"image_upload": True, "options": []}]}, "optional": {"n": ["INT"]}},
            {"required": ["i"], "optional": ["n"]},
            ["i", "n", ""],
        ),
        ({"required": {"n": ["COMBO", {"remote": {"route": "/x", "refresh_button": True}}]}}, {}, ["n", "", "refresh"]),
        ({"required": {"n": ["VHS_BatchManager"], "m": ["MODEL", {"widgetType": "STRING"}]}}, {}, ["m"]),
        ({"required": {"m": [["a"], {"multi_select": True, "control_after_generate": True}]}}, {}, ["m"]),
        ({"required": {"i": ["COMBO", {"image_upload": True, "options": []}], "n": ["FLOAT"]}}, {}, ["i", "n", ""]),
        ({"required": {"x": ["MODEL", {}]}, "hidden": {"prompt": "PROMPT"}}, {}, []),
        ({}, {}, []),
    ],
)
def test_widgets_in_the_order_in_which_the_editor_saves_them(inputs, order, expected):
    assert widget_names("A", {"input": inputs, "input_order": order}) == expected


def test_widget_values_go_by_name(schemas):
    values = widget_values(node(1, "LoadImage", ("a.png", "image")), schemas["LoadImage"])
    assert values == {"image": "a.png"}


@pytest.mark.parametrize("control", ["fixed", "increment", "decrement", "randomize"])
def test_a_seed_s_controls(schemas, control):
    sampler = node(1, "KSampler", (5, control, 20, 4.5, "euler", "normal", 0.6))
    assert widget_values(sampler, schemas["KSampler"])["steps"] == 20


def test_values_that_are_not_saved_are_those_of_a_new_node(schemas):
    assert widget_values(node(1, "EmptyLatentImage", (64,)), schemas["EmptyLatentImage"]) == {
        "width": 64,
        "height": 512,
        "batch_size": 1,
    }


def test_values_by_name(schemas):
    """As packs save them whose widgets come and go; the editor's own classes never do."""
    latent = node(1, "EmptyLatentImage", {"height": 64, "videopreview": {"hidden": False}})
    expected = {"width": 512, "height": 64, "batch_size": 1}
    assert widget_values(latent, schemas["EmptyLatentImage"]) == expected
    assert to_api(workflow(latent), schemas.get)["1"]["inputs"] == expected


def test_large_seeds_keep_every_digit(schemas):
    """The editor's JavaScript rounds them beyond 2**53."""
    sampler = node(3, "KSampler", (18446744073709551615, "fixed", 20, 4.5, "euler", "normal", 0.6))
    assert to_api(workflow(sampler), schemas.get)["3"]["inputs"]["seed"] == 18446744073709551615
