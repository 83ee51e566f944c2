"""The node Base Image against core nodes made by hand, and what a sampler makes of its masks, on the tiny model."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tagloom.runner.embedded import installations
from tagloom.runner.places import PACKAGE

LEAST, MOST = 0.05, 1e-4
"""Average change where the picture is painted at least, and largest change where it shall stay at most."""


@pytest.fixture(scope="module")
def answers() -> dict:
    """What a process of ComfyUI answers to all questions."""
    command = [sys.executable, Path(__file__).with_name("real_base_image.py"), installations.embedded().tree, PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("answer ")]
    assert lines, done.stderr[-3000:]
    return json.loads(lines[0].removeprefix("answer "))


def test_an_image_is_encoded_as_core_nodes_do_it_bit_for_bit(answers):
    assert answers["same_as_core"] == []


def test_empty_latents_have_the_shape_of_the_vae_s(answers):
    """Channels and pixels a cell differ between models; that of films has its frame added by the sampler."""
    shapes = {"tiny": [2, 4, 8, 8], "sixteen": [2, 16, 8, 8], "film": [2, 16, 8, 8], "coarse": [2, 128, 4, 4]}
    assert answers["empty"] == shapes


def test_several_images_stay_apart_with_their_masks(answers):
    """Two images, twice each; a VAE of films must not take them for one."""
    assert answers["several_images"] == {"tiny": [[4, 4, 8, 8], True, True], "film": [[4, 16, 1, 8, 8], True, True]}


def test_masks_lie_where_they_should(answers):
    assert [name for name, right in answers["masks"].items() if not right] == []


@pytest.mark.parametrize("name", ["inpainted", "half", "outpainted"])
def test_a_picture_changes_only_within_its_mask(answers, figure, name):
    """Its latent, and every pixel once it is laid over the fitted image."""
    inside, outside, inside_picture, outside_picture = answers["inpainting"][name]
    assert inside > LEAST
    assert inside_picture > LEAST / 5
    assert outside < MOST
    assert outside_picture == 0
    figure(f"{name}: the latent changes by {inside:.2f} on average inside its mask, by {outside:.0e} at most outside")


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("empty", "the mask is empty, so nothing would change; paint it in Load Image's mask editor"),
        ("cut", "what the mask covers is cut off with the image's sides; choose pad or stretch"),
        ("alone", "there is no image; connect one"),
        ("three", "there are 3 masks for 2 images; give one, or one for each image"),
        ("no vae", "the model has no VAE of its own"),
        ("size", "size 60x64 is not a multiple of 8 on each side; use 64x64"),
        ("step", "size 72x64 is not a multiple of 16 on each side, as this VAE needs it; use 64x64"),
    ],
)
def test_what_can_t_be_is_refused(answers, case, message):
    assert message in answers["refused"][case]


def test_reports(answers):
    said = answers["reports"]
    assert "- inpainting: 50% of the picture changes, the rest stays" in said["masked"].splitlines()
    assert "connect its mask to paint there" in said["transparent"]
    assert said["empty"] == "- no base image: an empty picture of 64x64, denoise 1"
