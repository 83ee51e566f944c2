"""A Base Image without the pack: core nodes do the same, or it is said what they can't."""

from __future__ import annotations

from typing import Any

import pytest

from tagloom.prompt import Size, all_families, get_family
from tagloom.prompt.fitting import fit
from tagloom.prompt.lists import as_list
from tagloom.prompt.sampling_settings import settle
from tagloom.runner.core.graph import Values, to_core
from tagloom.runner.core.node_values import EVALUATORS
from tagloom.runner.errors import WorkflowError

PHOTO = Size(400, 300)
FAMILY = get_family("illustrious")


def graph(family: str = "illustrious", **inputs: Any) -> dict[str, Any]:
    """Return a graph in which a sampler takes all from Base Image and Sampler Settings."""
    base = {"shape": "as the base image", "fit": "crop", "strength": "similar", "denoise": 0.6, "batch_size": 1}
    own = {"vae": ["1", 2], "family": ["1", 3], **base, "grow_mask": 6, "width": 0, "height": 0}
    settings = {"sampler": "DPM++ 2M Karras", "schedule": "automatic", "steps": 0, "cfg": 0.0, "denoise": ["3", 1]}
    names = ("sampler_name", "scheduler", "steps", "cfg", "denoise")
    sampler = {"model": ["1", 0], "latent_image": ["3", 0]} | {name: ["4", slot] for slot, name in enumerate(names)}
    return {
        "1": {"class_type": "TagloomModelPicker", "inputs": {"ckpt_name": "a.safetensors", "family": family}},
        "2": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}},
        "3": {"class_type": "TagloomBaseImage", "inputs": {**own, **inputs}, "_meta": {"title": "Base"}},
        "4": {"class_type": "TagloomSamplerSettings", "inputs": {"family": ["1", 3], **settings}},
        "5": {"class_type": "KSampler", "inputs": sampler},
        "6": {"class_type": "PreviewAny", "inputs": {"source": ["3", 6]}},
        "7": {"class_type": "Note", "inputs": {"width": ["3", 2], "height": ["3", 3]}},
        "8": {"class_type": "ImageScaleBy", "inputs": {"image": ["2", 0], "upscale_method": "area", "scale_by": 2.0}},
    }


def core_of(family: str = "illustrious", **inputs: Any) -> dict[str, Any]:
    return to_core(graph(family, **inputs), {"photo.png": PHOTO})


def named(core: dict[str, Any]) -> dict[str, str]:
    """Return the classes of the nodes that stand for ours."""
    return {node_id: node["class_type"] for node_id, node in core.items() if node_id.startswith("3")}


@pytest.mark.parametrize(("how", "crop"), [("crop", "center"), ("stretch", "disabled")])
def test_an_image_is_scaled_and_encoded(how, crop):
    core = core_of(image=["2", 0], fit=how)
    assert named(core) == {"3-1": "ImageScale", "3": "VAEEncode"}
    size = {"width": 1152, "height": 896}
    assert core["3-1"]["inputs"] == {"image": ["2", 0], "upscale_method": "lanczos", "crop": crop, **size}
    assert core["3"]["inputs"] == {"pixels": ["3-1", 0], "vae": ["1", 2]}
    assert core["7"]["inputs"] == size
    assert core["5"]["inputs"]["latent_image"] == ["3", 0]
    assert core["5"]["inputs"]["denoise"] == 0.5


def test_several_pictures_of_an_image_repeat_its_latent():
    core = core_of(image=["2", 0], batch_size=3, strength="custom", denoise=0.42)
    assert named(core) == {"3-1": "ImageScale", "3-2": "VAEEncode", "3": "RepeatLatentBatch"}
    assert core["3"]["inputs"] == {"samples": ["3-2", 0], "amount": 3}
    assert core["5"]["inputs"]["denoise"] == 0.42


@pytest.mark.parametrize("family", all_families(), ids=lambda family: family.id)
def test_no_image_is_an_empty_latent_of_the_family(family):
    if family.architecture in ("hidream_o1", "qwen_image_21"):
        with pytest.raises(WorkflowError, match=f"an empty latent of {family.name}; install Tagloom on the server"):
            core_of(family.id)
        return
    core = core_of(family.id, batch_size=2)
    expected = {"width": family.sizes[0].width, "height": family.sizes[0].height, "batch_size": 2}
    assert core["3"]["inputs"] == expected
    flux2 = family.architecture.startswith(("flux2", "flux3"))
    flow = "EmptyFlux2LatentImage" if flux2 else "EmptySD3LatentImage"
    assert core["3"]["class_type"] == (flow if family.prediction == "flow" else "EmptyLatentImage")
    assert core["5"]["inputs"]["denoise"] == 1


def test_the_nodes_are_those_that_every_comfyui_has(core_schemas):
    for core in (core_of(), core_of("flux1_dev"), core_of("flux2_dev"), core_of(image=["2", 0], batch_size=2)):
        for node_id in named(core):
            node = core[node_id]
            assert set(node["inputs"]) == set(core_schemas[node["class_type"]]["input"]["required"])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"image": ["2", 0], "mask": ["2", 1]}, r"node 3 \(TagloomBaseImage\): masks and borders"),
        ({"image": ["2", 0], "fit": "pad", "shape": "square"}, "masks and borders"),
        ({"image": ["8", 0]}, "take the image from Load Image"),
        ({"image": ["2", 0], "batch_size": 65}, "64 times at most, not 65"),
        ({"image": ["2", 0], "width": ["8", 0]}, "takes a value that a core node makes"),
        ({"image": ["2", 0], "shape": ["8", 0]}, "takes a value that a core node makes"),
    ],
)
def test_what_core_nodes_can_t_do_needs_the_pack(inputs, message):
    with pytest.raises(WorkflowError, match=message):
        core_of(**inputs)


def test_the_fitted_image_needs_the_pack():
    own = graph(image=["2", 0]) | {"9": {"class_type": "SaveImage", "inputs": {"images": ["3", 4]}}}
    with pytest.raises(WorkflowError, match="node 9 takes images from a Tagloom node; this needs the pack"):
        to_core(own, {"photo.png": PHOTO})


def test_the_pack_s_own_graph_keeps_the_node_and_its_values_are_known():
    """With the pack on the server, masks and borders are its own business."""
    values = Values(graph(image=["2", 0], mask=["8", 0], fit="pad", shape="square"), {"photo.png": PHOTO})
    assert values.final("3", "family") == ["1", 3]
    assert [values.final("7", "width"), values.final("3", 3)] == [1024, 1024]


def test_the_sampler_receives_the_settings():
    inputs = core_of(image=["2", 0])["5"]["inputs"]
    assert [inputs[name] for name in ("sampler_name", "scheduler", "steps", "cfg", "denoise")] == list(
        settle(FAMILY, "DPM++ 2M Karras", denoise=0.5).settings
    )


def test_settings_that_a_core_node_makes_need_the_pack():
    own = graph()
    own["4"]["inputs"]["steps"] = ["8", 0]
    with pytest.raises(WorkflowError, match="TagloomSamplerSettings takes a value that a core node makes"):
        to_core(own, {})


def test_the_values_are_those_of_the_node_s_own_functions():
    base = {**graph()["3"]["inputs"], "family": FAMILY, "image": PHOTO, "vae": None}
    fitted = fit(FAMILY, image=PHOTO)
    assert EVALUATORS["TagloomBaseImage"](base) == (None, 0.5, 1152, 896, None, None, as_list(fitted.report()))
    inputs = {**graph()["4"]["inputs"], "family": FAMILY, "denoise": 0.5}
    settled = settle(FAMILY, "DPM++ 2M Karras", denoise=0.5)
    expected = (*settled.settings, settled.settings, as_list(settled.report()))
    assert EVALUATORS["TagloomSamplerSettings"](inputs) == expected
