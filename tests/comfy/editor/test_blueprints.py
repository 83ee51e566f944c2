"""The subgraph blueprints in ComfyUI's real editor: they are offered, open, and run with what their widgets say."""

import io
import json

import pytest
import requests
from PIL import Image
from playwright.sync_api import Page

from tagloom.runner.graph.convert import widget_names
from tagloom.runner.places import PACKAGE

from .pages import EMPTY, EXPORT, OPEN, complaints, emptied

BLUEPRINTS = {path.stem: json.loads(path.read_text("ascii")) for path in (PACKAGE / "subgraphs").glob("*.json")}
PROMPT, PICTURE = "Tag Prompt", "Tagged Text to Image"
UNKNOWN = """() => window.app.graph.nodes.flatMap(node => [node, ...(node.subgraph?.nodes ?? [])])
    .filter(node => node.has_errors || !(node.subgraph || window.LiteGraph.registered_node_types[node.type]))
    .map(node => node.type)"""
WIDGETS = "() => window.app.graph.nodes[0].widgets.map(widget => widget.name.split(': ').pop())"
SET = """values => {
    const node = window.app.graph.nodes.find(node => node.subgraph)
    for (const [name, value] of Object.entries(values))
        node.widgets.find(widget => widget.name.split(': ').pop() === name).value = value
}"""
CONNECT = """([classes, links]) => {
    const graph = window.app.graph
    const nodes = {blueprint: graph.nodes.find(node => node.subgraph)}
    for (const [name, values] of Object.entries(classes)) {
        const node = nodes[name] = window.LiteGraph.createNode(name)
        graph.add(node)
        for (const widget of node.widgets ?? []) widget.value = values[widget.name] ?? widget.value
    }
    for (const [source, output, target, input] of links) {
        const slot = nodes[source].outputs.findIndex(slot => slot.name === output)
        nodes[source].connect(slot, nodes[target], nodes[target].inputs.findIndex(slot => slot.name === input))
    }
}"""
LOADER = {"CheckpointLoaderSimple": {"ckpt_name": "tagloom-tiny.safetensors"}}
AROUND = {
    PROMPT: (
        {
            **LOADER,
            "TagloomFamilyProfile": {},
            "EmptyLatentImage": {"width": 256, "height": 256},
            "KSampler": {"seed": 7, "steps": 2},
            "VAEDecode": {},
            "PreviewImage": {},
        },
        [
            ("CheckpointLoaderSimple", "MODEL", "blueprint", "model"),
            ("CheckpointLoaderSimple", "CLIP", "blueprint", "clip"),
            ("CheckpointLoaderSimple", "MODEL", "TagloomFamilyProfile", "model"),
            ("TagloomFamilyProfile", "family", "blueprint", "family"),
            ("blueprint", "model with LoRAs", "KSampler", "model"),
            ("blueprint", "positive conditioning", "KSampler", "positive"),
            ("blueprint", "negative conditioning", "KSampler", "negative"),
            ("EmptyLatentImage", "LATENT", "KSampler", "latent_image"),
            ("KSampler", "LATENT", "VAEDecode", "samples"),
            ("CheckpointLoaderSimple", "VAE", "VAEDecode", "vae"),
            ("VAEDecode", "IMAGE", "PreviewImage", "images"),
        ],
    ),
    PICTURE: (
        {**LOADER, "TagloomSaveImage": {"filename_prefix": "blueprint"}},
        [
            ("CheckpointLoaderSimple", "MODEL", "blueprint", "model"),
            ("CheckpointLoaderSimple", "CLIP", "blueprint", "clip"),
            ("CheckpointLoaderSimple", "VAE", "blueprint", "vae"),
            ("blueprint", "image", "TagloomSaveImage", "images"),
            ("blueprint", "positive text", "TagloomSaveImage", "positive"),
            ("blueprint", "negative text", "TagloomSaveImage", "negative"),
            ("blueprint", "settings", "TagloomSaveImage", "settings"),
        ],
    ),
}
"""What a user lays around each blueprint: node classes with their values, and the wires by their names."""
TYPED = {
    PROMPT: {"prompt": "1girl, red hair", "enhance": False, "negative": "hat", "preset": "text", "dialect": "comfyui"},
    PICTURE: {"prompt": "1girl, red hair", "enhance": False, "negative": "hat", "preset": "none", "dialect": "comfyui"}
    | {"family": "tagloom_tiny", "sampler": "Euler", "schedule": "Karras", "steps": 2, "cfg": 3.5, "shape": "square"}
    | {"batch_size": 2, "seed": 4711, "control_after_generate": "fixed"},
}
"""Values for all the widgets that each has, none of them the one that it comes with."""
SEEN = {
    "prompt": {("TagloomPromptEnhancer", "text")},
    "enhance": {("TagloomPromptEnhancer", "enabled"), ("TagloomNegativePreset", "enabled")},
    "negative": {("TagloomNegativePreset", "text")},
    "preset": {("TagloomNegativePreset", "preset")},
    "dialect": {
        *(("TagloomPromptEnhancer", "dialect"), ("TagloomNegativePreset", "dialect")),
        *(("TagloomLoraTags", "dialect"), ("TagloomTextEncode", "dialect")),
    },
    "family": {("TagloomFamilyProfile", "family")},
    **{name: {("TagloomSamplerSettings", name)} for name in ("sampler", "schedule", "steps", "cfg")},
    "shape": {("TagloomImageSize", "shape")},
    "batch_size": {("EmptyLatentImage", "batch_size")},
    "seed": {("KSampler", "seed")},
}
"""Where the value of a widget must arrive: node classes with their inputs."""
CLASSIC = pytest.mark.parametrize("page", [False], indirect=True, ids=["classic"])
"""For tests of the server: what the page exports was compared in both ways of drawing."""


@pytest.fixture(scope="module", params=[False, True], ids=["classic", "nodes 2.0"])
def page(request, server, browser) -> Page:
    """A page of the editor, in one of its two ways of drawing nodes."""
    page = emptied(browser, server.url, request.param, 1600, 1000)
    yield page
    page.close()


@pytest.fixture
def editor(page) -> Page:
    """The page with an empty graph."""
    page.evaluate(OPEN, EMPTY)
    page.wait_for_timeout(500)
    return page


def add(page: Page, name: str) -> None:
    """Find a blueprint in the search box and add it, as a user would."""
    box = page.get_by_placeholder("Search Nodes")
    for _ in range(10):  # on a busy machine the two clicks may come too far apart to count as one double click
        page.mouse.dblclick(800, 600)
        page.wait_for_timeout(1000)
        if box.count():
            break
    box.fill(name)
    page.get_by_role("option").filter(has_text=name).first.click()
    page.wait_for_function("window.app.graph.nodes.length === 1")


def by_class(graph: dict, outputs: dict) -> dict:
    """Return what a graph's nodes show, by their classes."""
    return {graph[node_id]["class_type"]: shown for node_id, shown in outputs.items()}


def parameters(server, image: dict) -> str:
    """Return the settings in a picture that the server saved, as A1111 writes them."""
    contents = requests.get(f"{server.url}/view", params=image, timeout=30).content
    with Image.open(io.BytesIO(contents)) as picture:
        return picture.info["parameters"]


def test_the_server_offers_them_under_the_pack_s_name(server):
    offered = requests.get(f"{server.url}/global_subgraphs", timeout=30).json().values()
    ours = {entry["name"] for entry in offered if entry["info"]["node_pack"] == "custom_nodes.tagloom"}
    assert ours == {PROMPT, PICTURE} == set(BLUEPRINTS)


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_it_is_one_node_that_says_what_it_is(target, name):
    """Older front ends read its description from one place and newer ones from another."""
    (node,) = BLUEPRINTS[name]["nodes"]
    (inside,) = BLUEPRINTS[name]["definitions"]["subgraphs"]
    assert (node["type"], node["title"], inside["category"]) == (inside["id"], inside["name"], "Tagloom")
    assert inside["name"] == name
    assert len(inside["description"]) > 80
    assert inside["description"] == BLUEPRINTS[name]["extra"]["BlueprintDescription"]
    for part in inside["nodes"]:
        assert len(part["widgets_values"]) == len(widget_names(part["type"], target.client.schema(part["type"])))


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_it_opens_without_complaint(editor, name):
    """No node is missing, and the console says nothing that it does not say of an empty graph."""
    editor.evaluate(OPEN, BLUEPRINTS[name])
    editor.wait_for_timeout(1000)
    assert {text.splitlines()[0] for text in complaints(editor)} <= editor.of_nothing
    assert editor.evaluate(UNKNOWN) == []
    assert editor.get_by_role("dialog").count() == 0


@pytest.mark.parametrize("name", BLUEPRINTS)
def test_its_widgets_reach_the_nodes_inside(editor, name):
    add(editor, name)
    assert set(editor.evaluate(WIDGETS)) == set(TYPED[name])
    editor.evaluate(SET, TYPED[name])
    graph = editor.evaluate(EXPORT)
    for widget, value in TYPED[name].items():
        for kind, field in SEEN.get(widget, ()):
            arrived = [node["inputs"][field] for node in graph.values() if node["class_type"] == kind]
            assert arrived
            assert all(given == value for given in arrived), (widget, kind, field)


@CLASSIC
def test_the_prompt_runs_to_a_picture(editor, outputs):
    """With core nodes behind it; the optional steps stay unconnected."""
    add(editor, PROMPT)
    editor.evaluate(CONNECT, AROUND[PROMPT])
    editor.evaluate(SET, TYPED[PROMPT])
    graph = editor.evaluate(EXPORT)
    assert len(by_class(graph, outputs(graph))["PreviewImage"]["images"]) == 1


@CLASSIC
def test_tags_run_to_pictures_with_their_settings(editor, server, outputs):
    add(editor, PICTURE)
    editor.evaluate(CONNECT, AROUND[PICTURE])
    editor.evaluate(SET, TYPED[PICTURE])
    graph = editor.evaluate(EXPORT)
    images = by_class(graph, outputs(graph))["TagloomSaveImage"]["images"]
    assert len(images) == 2
    told = parameters(server, images[0])
    assert told.startswith("1girl, red hair\nNegative prompt: hat\nSteps: 2, Sampler: Euler, ")
    assert "Schedule type: Karras, CFG scale: 3.5, Seed: 4711, Size: 256x256, " in told
