"""The LoRA that comes with Tagloom: it fits the tiny checkpoint, and its strength is seen; the tags still count."""

from itertools import pairwise

import numpy as np
import pytest
from safetensors import safe_open

from tagloom.runner.errors import JobFailed
from tagloom.runner.places import PACKAGE

from .stand_ins.loras import TINY, kohya_name

NAME = "tagloom-cyanotype"
FILE = PACKAGE / "loras" / f"{NAME}.safetensors"
GIRL = "1girl, solo, orange hair, long hair, red shirt, upper body, simple background, yellow background"
SEEDS = 8


def test_it_is_a_small_kohya_lora_for_the_whole_unet():
    """A pair of factors for each linear layer of the UNet's transformers, in fp16, and nothing else."""
    with safe_open(TINY, framework="numpy") as checkpoint:
        shapes = {kohya_name(key): checkpoint.get_slice(key).get_shape() for key in sorted(checkpoint.keys())}
    layers = {name: shape for name, shape in shapes.items() if name.startswith("lora_unet_")}
    with safe_open(FILE, framework="numpy") as lora:
        metadata, tensors = lora.metadata(), {key: lora.get_tensor(key) for key in sorted(lora.keys())}
    rank = int(metadata["ss_network_dim"])
    wanted = {}
    for name, (height, width) in layers.items():
        wanted |= {f"{name}.lora_down.weight": (rank, width), f"{name}.lora_up.weight": (height, rank)}
        wanted[f"{name}.alpha"] = ()
    assert {key: tensor.shape for key, tensor in tensors.items()} == wanted
    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(np.float16)}
    assert metadata["ss_output_name"] == NAME
    assert FILE.stat().st_size < 600_000


def test_the_stronger_it_is_the_bluer_is_every_picture(pictures, figure):
    """From without over 0.5 to 1, the mean of blue minus red rises on each seed by at least 0.1."""
    blue = [blueness(pictures(GIRL + tag, count=SEEDS)) for tag in ("", f", <lora:{NAME}:0.5>", f", <lora:{NAME}:1>")]
    means = " -> ".join(f"{each.mean():.2f}" for each in blue)
    least = [float((after - before).min()) for before, after in pairwise(blue)]
    figure(f"{NAME} at 0, 0.5, 1: blue minus red {means}; least rise of a seed {least[0]:.2f}, {least[1]:.2f}")
    assert min(least) > 0.1
    assert blue[0].max() < 0 < 0.15 < blue[2].min()


def test_hair_still_obeys_its_tag(pictures, figure):
    """In blue and white, too, black hair is dark and white hair is not: at least twice as many dark pixels."""
    others = f"pale skin, long hair, white shirt, upper body, simple background, white background, <lora:{NAME}:1>"
    black, white = (
        (pictures(f"1girl, solo, {colour} hair, {others}", count=SEEDS).mean(-1) < 0.3).mean()
        for colour in ("black", "white")
    )
    figure(f"{NAME}: dark pixels with black hair {black:.1%}, with white hair {white:.1%}")
    assert black > 2 * white
    assert black > 0.1


def test_a_misspelt_name_is_told_with_the_right_one(pictures):
    with pytest.raises(JobFailed, match=NAME):
        pictures("1girl, <lora:tagloom-cyanotyp:1>")


def blueness(images: np.ndarray) -> np.ndarray:
    """Return each picture's mean of blue minus red, from -1 to 1."""
    return (images[..., 2] - images[..., 0]).mean(axis=(1, 2))
