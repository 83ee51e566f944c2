"""The full-size models' names and shapes, against ComfyUI's own classes and conversions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tagloom.runner.conversion.architectures import SD15 as LAYOUT_SD15
from tagloom.runner.conversion.architectures import SDXL, Side, builds_of
from tagloom.runner.embedded import installations

from .published_models import parts

pytestmark = pytest.mark.embedded
LAYOUTS = {"sd15": LAYOUT_SD15, "sdxl": SDXL}


@pytest.fixture(scope="module")
def models():
    """Each model's links and its shapes in diffusers' own classes, by part."""
    made = {}
    for name, architecture in LAYOUTS.items():
        with torch.device("meta"):
            found = parts(name)
        shapes = {
            part: {tensor: tuple(value.shape) for tensor, value in model.state_dict().items()}
            for part, model in found.items()
        }
        builds = builds_of(architecture, shapes, Side.FOLDER)
        made[name] = ({part: list(build.links()) for part, build in builds.items()}, shapes)
    return made


@pytest.fixture(scope="module")
def comfyui(models):
    """What ComfyUI says to them."""
    told = {}
    for name, (links, shapes) in models.items():
        single = {part: {link.single: link.single_shape for link in found} for part, found in links.items()}
        told[name] = (single, shapes)
    command = [sys.executable, Path(__file__).with_name("comfyui_layouts.py"), installations.embedded().tree]
    done = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def listed(shapes):
    return {name: list(shape) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", LAYOUTS)
def test_all_tensors_of_diffusers_are_linked(models, name):
    links, shapes = models[name]
    for part, found in links.items():
        assert {source: shape for link in found for source, shape in link.sources(Side.FOLDER)} == shapes[part]


@pytest.mark.parametrize(("name", "kind"), [("sd15", "SD15"), ("sdxl", "SDXL")])
def test_the_unet_is_comfyui_s(models, comfyui, name, kind):
    links, told = models[name][0]["unet"], comfyui[name]["unet"]
    assert told["kind"] == kind
    assert {link.single: list(link.single_shape) for link in links} == told["tensors"]
    ours = {link.folder[0]: link.single for link in links}
    assert {name: single for name, single in told["names"].items() if name in ours} == ours


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_autoencoder_is_comfyui_s(models, comfyui, name):
    ours = {link.single: list(link.single_shape) for link in models[name][0]["vae"]}
    assert ours == comfyui[name]["vae"]["tensors"] == comfyui[name]["vae"]["converted"]


def test_the_second_text_encoder_is_comfyui_s(models, comfyui):
    links, shapes = models["sdxl"]
    told = comfyui["sdxl"]["text_encoder_2"]
    assert {link.single: list(link.single_shape) for link in links["text_encoder_2"]} == told["single"]
    assert listed(shapes["text_encoder_2"]) == told["folder"]
