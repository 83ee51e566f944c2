"""A base image: its shape is kept, and denoise says how much of it stays."""

import numpy as np
import pytest
from PIL import Image

from tagloom.runner import cli

TAGS = "1girl, solo, cat girl, blue hair, smile, red hoodie, night sky, stars"


@pytest.fixture
def base(pictures, tmp_path):
    """A picture that the model itself made, saved at a size and returned with its path."""

    def make(width: int, height: int):
        pixels = pictures("1girl, solo, orange hair, black jacket, upper body, forest, fire", seed=3)[0]
        path = tmp_path / f"base-{width}x{height}.png"
        Image.fromarray((pixels * 255).round().astype(np.uint8)).resize((width, height)).save(path)
        return path

    return make


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [(400, 300, (224, 288)), (300, 400, (288, 224)), (100, 100, (256, 256)), (1200, 900, (224, 288))],
)
def test_the_aspect_is_kept(pictures, base, width, height, expected):
    """The result has the family's size that is nearest in aspect; arrays are (height, width)."""
    assert pictures(TAGS, image=base(width, height), steps=2).shape[1:3] == expected


def test_low_denoise_stays_close_and_high_goes_far(pictures, base):
    """The mean distance to the base grows with denoise, from 0.1 to 0.9 by more than 2.5 times; measured: 3.4."""
    path = base(256, 256)
    with Image.open(path) as image:
        original = np.asarray(image, dtype=np.float32) / 255
    low, middle, high = (
        np.abs(pictures(TAGS, image=path, denoise=denoise, count=2) - original).mean() for denoise in (0.1, 0.5, 0.9)
    )
    assert low < middle < high
    assert high > 2.5 * low


def test_another_aspect_is_warned_of(server, base, tmp_path, capsys):
    arguments = ["generate", TAGS, "--image", str(base(400, 300)), "--size", "224x288", "--steps", "12"]
    assert cli.main([*arguments, "--out", str(tmp_path / "pictures")]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert (
        line == "tagloom: warning: size 224x288 has another aspect than the base image (400x300); its sides are cut off"
    )


def test_an_exif_orientation_counts(pictures, tmp_path):
    """A photo that lies on its side is upright for the model too."""
    path = tmp_path / "turned.jpg"
    image = Image.new("RGB", (400, 300), "green")
    exif = image.getexif()
    exif[0x0112] = 6  # shown turned by 90 degrees
    image.save(path, exif=exif)
    assert pictures(TAGS, image=path, steps=1).shape[1:3] == (288, 224)
