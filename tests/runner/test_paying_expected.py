"""What a graph is going to make, told before the run: how many pictures, their size, steps and family."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tagloom.runner.generate import begin, pictures
from tagloom.runner.graph.finding import find_workflow
from tagloom.runner.graph.nodes import Nodes
from tagloom.runner.paying.bills import bill
from tagloom.runner.paying.expected import MOST, Expected, expected
from tagloom.runner.planning import prepare
from tagloom.runner.request import Request, check
from tagloom.runner.server.client import Client
from tagloom.runner.targets import Target
from tagloom.runner.workflow_tasks import WorkflowTask
from tagloom.wallet import Picture

from .plain_graph import node, plain, two_passes

IMAGE, LATENT = ["IMAGE"], ["LATENT"]


def _class(output: list[str], lists: bool = False, **inputs: str) -> dict[str, Any]:
    required = {name: [kind, {}] for name, kind in inputs.items()}
    listed = [lists] * len(output)
    return {"input": {"required": required}, "output": output, "output_is_list": listed, "output_node": not output}


CLASSES = {
    "EmptyImage": _class(IMAGE, width="INT", height="INT", batch_size="INT"),
    "EmptyHunyuanLatentVideo": _class(LATENT, width="INT", height="INT", length="INT", batch_size="INT"),
    "RepeatImageBatch": _class(IMAGE, image="IMAGE", amount="INT"),
    "ImageFromBatch": _class(IMAGE, image="IMAGE", batch_index="INT", length="INT"),
    "ImageBatch": _class(IMAGE, image1="IMAGE", image2="IMAGE"),
    "ImageScale": _class(IMAGE, image="IMAGE", width="INT", height="INT"),
    "LoadImage": _class([*IMAGE, "MASK"], image="STRING"),
    "Lister": _class(IMAGE, lists=True, image="IMAGE"),
    "PrimitiveInt": _class(["INT"], value="INT"),
    "Dice": _class(["INT"]),
    "VAEDecode": _class(IMAGE, samples="LATENT"),
    "TagloomImageGrid": _class(IMAGE, images="IMAGE"),
    "SaveImage": _class([], images="IMAGE"),
    "PreviewImage": _class([], images="IMAGE"),
    "SaveAnimatedWEBP": _class([], images="IMAGE"),
    "SaveVideo": _class([], video="VIDEO"),
    "CreateVideo": _class(["VIDEO"], images="IMAGE"),
    "SaveLatent": _class([], samples="LATENT"),
    "PreviewAny": _class([], source="*"),
}
EIGHT = Picture(8, 8)


def empty(batch: Any = 1, size: int = 8) -> dict[str, Any]:
    return node("EmptyImage", width=size, height=size, batch_size=batch)


def save(origin: str, kind: str = "SaveImage") -> dict[str, Any]:
    return node(kind, images=[origin, 0])


CASES = {
    "one picture": ({"1": empty(), "9": save("1")}, Expected(1, EIGHT)),
    "a batch": ({"1": empty(4), "9": save("1")}, Expected(4, EIGHT)),
    "a batch whose size is a constant": (
        {"1": empty(["2", 0]), "2": node("PrimitiveInt", value=5), "9": save("1")}, Expected(5, EIGHT)),
    "a batch whose size is made in the run": (
        {"1": empty(["2", 0]), "2": node("Dice"), "9": save("1")}, Expected(1, EIGHT, True)),
    "two savers": ({"1": empty(2), "8": save("1"), "9": save("1")}, Expected(4, EIGHT)),
    "a saver and a preview": ({"1": empty(2), "8": save("1"), "9": save("1", "PreviewImage")}, Expected(2, EIGHT)),
    "a preview alone": ({"1": empty(2), "9": save("1", "PreviewImage")}, Expected(2, EIGHT)),
    "repeated": (
        {"1": empty(2), "2": node("RepeatImageBatch", image=["1", 0], amount=3), "9": save("2")}, Expected(6, EIGHT)),
    "cut": (
        {"1": empty(5), "2": node("ImageFromBatch", image=["1", 0], batch_index=1, length=2), "9": save("2")},
        Expected(2, EIGHT)),
    "joined": (
        {"1": empty(2), "2": empty(3), "3": node("ImageBatch", image1=["1", 0], image2=["2", 0]), "9": save("3")},
        Expected(5, EIGHT)),
    "made larger": (
        {"1": empty(), "2": node("ImageScale", image=["1", 0], width=64, height=32), "9": save("2")},
        Expected(1, Picture(64, 32))),
    "an image that is loaded": ({"1": node("LoadImage", image="a.png"), "9": save("1")}, Expected(1, Picture())),
    "lists": (
        {"1": empty(2), "2": node("Lister", image=["1", 0]), "9": save("2")}, Expected(2, EIGHT, True)),
    "lists made one": (
        {"1": empty(2), "2": node("Lister", image=["1", 0]), "3": node("TagloomImageGrid", images=["2", 0]),
         "9": save("3")}, Expected(1, EIGHT)),
    "frames": (
        {"1": node("EmptyHunyuanLatentVideo", width=8, height=8, length=9, batch_size=1),
         "2": node("VAEDecode", samples=["1", 0]), "9": save("2")}, Expected(9, EIGHT)),
    "an animation": ({"1": empty(9), "9": save("1", "SaveAnimatedWEBP")}, Expected(1, EIGHT)),
    "a film": (
        {"1": empty(9), "2": node("CreateVideo", images=["1", 0]), "9": node("SaveVideo", video=["2", 0])},
        Expected(1, EIGHT)),
    "no pictures": ({"1": empty(2), "9": node("PreviewAny", source=["1", 0])}, Expected(0, Picture())),
    "a latent": (
        {"1": node("EmptyHunyuanLatentVideo", width=8, height=8, length=1, batch_size=1),
         "9": node("SaveLatent", samples=["1", 0])}, Expected(0, Picture())),
    "nothing": ({}, Expected(0, Picture())),
    "what leads to no output": ({"1": empty(2), "2": empty(7, 64), "9": save("1")}, Expected(2, EIGHT)),
    "a circle": (
        {"1": node("RepeatImageBatch", image=["2", 0], amount=2),
         "2": node("RepeatImageBatch", image=["1", 0], amount=2), "9": save("1")}, Expected(4, Picture())),
    "a class that nobody knows": (
        {"1": empty(2), "2": node("Unknown", image=["1", 0]), "9": save("2")}, Expected(2, EIGHT)),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_how_many_pictures_a_graph_makes(case):
    graph, wanted = CASES[case]
    assert expected(Nodes(graph, CLASSES.get)) == wanted


def test_no_graph_is_too_deep_and_no_number_too_large():
    graph = {str(n): node("RepeatImageBatch", image=[str(n - 1), 0], amount=64) for n in range(2, 5000)}
    found = expected(Nodes({"1": empty(4096), **graph, "last": save("4999")}, CLASSES.get))
    assert found == Expected(MOST, EIGHT)


@pytest.fixture
def target(fake_server, schemas):
    fake_server.object_info = schemas
    return Target(Client(fake_server.url))


def test_a_workflow_is_expected_with_its_values(target, tmp_path):
    (tmp_path / "graph.json").write_text(json.dumps(two_passes()))
    values = {"batch": 3, "width": 640, "Second pass.steps": 33, "checkpoint": "tagloom-tiny.safetensors"}
    task = WorkflowTask("1", find_workflow(str(tmp_path / "graph.json")), values)
    assert task.expected(target) == Expected(3, Picture(640, 768, 33, "tagloom_tiny"))


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Tags to Image", Expected(1, Picture(256, 256, 20, "tagloom_tiny"))),
        ("Prompt Matrix", Expected(5, Picture(256, 256, 20, "tagloom_tiny"))),
        ("Prompt Workshop", Expected(0, Picture())),
    ],
)
def test_shipped_workflows_are_worked_out(target, name, wanted):
    """Families, sizes and lists of prompts come from Tagloom's own nodes."""
    found = WorkflowTask("1", find_workflow(name)).expected(target)
    assert (found.images, found.is_least) == (wanted.images, wanted.is_least)
    assert found.picture == wanted.picture


def test_a_request_is_expected_as_it_is_sent(target):
    request = Request("1girl", family="pony_v6", size="640x896", steps=31, count=2, seed=1)
    generation = begin(prepare(check(request)), (_entry(target),))
    found = bill(pictures(generation), [generation.target])
    assert set(found.expected.values()) == {Expected(1, Picture(640, 896, 31, "pony_v6"))}
    assert (found.images, found.tokens) == (2, 2)


def test_what_no_server_can_do_counts_as_one_picture(target):
    task = WorkflowTask("1", find_workflow("Tags to Image"), {"no such input": 1})
    assert bill([task], [target]).images == 1


def _entry(target):
    from tagloom.runner.fleet.servers import from_options

    return from_options([target.client.url], 0)[0]


def test_a_plain_graph_has_its_size_from_its_latent_alone(target, tmp_path):
    graph = plain()
    graph["6"]["inputs"] |= {"width": 4096, "height": 4096}
    assert expected(Nodes(graph, target.client.schema)).picture == Picture(512, 768, 20)
