from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tagloom.prompt import PromptError, get_family
from tagloom.runner.errors import UsageError
from tagloom.runner.request import Checked, Request, check, range_warnings, read_image_size


@pytest.fixture
def folder(tmp_path, make_png) -> Path:
    """A folder with a picture, a text under a picture's name, half a picture, and a picture that lies on its side."""
    (tmp_path / "good.png").write_bytes(make_png(64, 96))
    (tmp_path / "text.png").write_text("1girl")
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "half.png").write_bytes(make_png(64, 96)[:60])
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (64, 96)).save(tmp_path / "turned.jpg", exif=exif)
    return tmp_path


def test_a_plain_request_leaves_everything_to_the_family():
    assert check(Request("1girl")) == Checked(Request("1girl"), None, None, None)


def test_names_are_resolved():
    checked = check(Request("1girl", sampler="DPM++2M SDE Karras", size="832x1216", family="illustrious"))
    assert checked.sampling == ("dpmpp_2m_sde", "karras")
    assert checked.size == (832, 1216)
    assert checked.image_size is None


def test_a_scheduler_overrides_the_sampler_name_s():
    assert check(Request("1girl", sampler="Euler a", scheduler="Karras")).sampling == ("euler_ancestral", "karras")


def test_a_base_image_is_measured(folder):
    assert check(Request("1girl", image=folder / "good.png", denoise=0.5)).image_size == (64, 96)


@pytest.mark.parametrize(
    "values",
    [
        {"steps": 1, "cfg": 0, "clip_skip": 1, "seed": 0, "count": 1},
        {"steps": 10000, "cfg": 100, "clip_skip": 24, "seed": 2**64 - 1, "count": 1000},
        {"size": "16x16"},
    ],
)
def test_the_bounds_themselves_are_good(values):
    request = Request("1girl", **values)
    assert check(request).request is request


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"positive": ""}, ["prompt is empty"]),
        ({"positive": " \n\t"}, ["prompt is empty"]),
        ({"size": "250x256"}, ["250x256", "248x256"]),
        ({"size": "big"}, ["'big'", "832x1216"]),
        ({"size": "8x256"}, ["8x256", "16 and 16384"]),
        ({"size": ""}, ["832x1216"]),
        ({"steps": 0}, ["steps 0", "between 1 and 10000"]),
        ({"steps": 10001}, ["steps", "between 1 and 10000"]),
        ({"cfg": -0.5}, ["CFG scale -0.5", "between 0 and 100"]),
        ({"cfg": 101}, ["CFG scale 101"]),
        ({"cfg": float("nan")}, ["CFG scale nan"]),
        ({"cfg": float("inf")}, ["CFG scale inf"]),
        ({"clip_skip": 0}, ["clip skip 0", "between 1 and 24"]),
        ({"clip_skip": 25}, ["clip skip 25"]),
        ({"seed": -1}, ["seed -1"]),
        ({"seed": 2**64}, ["seed"]),
        ({"count": 0}, ["count 0", "between 1 and 1000"]),
        ({"count": 1001}, ["count 1001"]),
        ({"denoise": 0.5}, ["denoise", "--image"]),
        ({"denoise": 0, "image": "good.png"}, ["denoise 0", "0.01 and 1"]),
        ({"denoise": 1.5, "image": "good.png"}, ["denoise 1.5"]),
        ({"image": "missing.png"}, ["missing.png", "does not exist", "--image"]),
        ({"image": "text.png"}, ["text.png", "can't be read as a picture"]),
        ({"image": "empty.png"}, ["empty.png", "can't be read as a picture"]),
        ({"image": "half.png"}, ["half.png", "can't be read as a picture"]),
        ({"image": "."}, ["can't be read as a picture"]),
        ({"sampler": "Euler b"}, ["'Euler b'", "did you mean"]),
        ({"sampler": ""}, ["unknown sampler"]),
        ({"sampler": "Euler a", "scheduler": "karas"}, ["'karas'", "karras"]),
        ({"scheduler": "karras"}, ["scheduler", "--sampler"]),
        ({"family": "ilustrious"}, ["'ilustrious'", "illustrious"]),
        ({"family": ""}, ["unknown model family"]),
    ],
    ids=lambda value: " ".join(f"{key}={item!r}" for key, item in value.items()) if isinstance(value, dict) else "",
)
def test_bad_requests_are_refused_with_what_to_do(folder, values, words):
    fields: dict[str, Any] = {"positive": "1girl", **values}
    if "image" in values:
        fields["image"] = folder / values["image"]
    with pytest.raises((UsageError, PromptError)) as caught:
        check(Request(**fields))
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_a_picture_s_size_is_the_size_at_which_it_is_shown(folder):
    assert read_image_size(folder / "turned.jpg") == (96, 64)


@pytest.mark.parametrize("place", [20, 45, 50, 60, -20, -5])
def test_a_damaged_picture_is_refused_or_measured(tmp_path, make_png, place):
    """Damage in the picture's data may pass, but nothing else than a refusal comes of it."""
    contents = bytearray(make_png(64, 96))
    contents[place] ^= 0xFF
    (tmp_path / "damaged.png").write_bytes(contents)
    try:
        size = read_image_size(tmp_path / "damaged.png")
    except UsageError as error:
        assert "damaged.png" in str(error)
    else:
        assert size == (64, 96)


def damaged_exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    contents = io.BytesIO()
    Image.new("RGB", (64, 96)).save(contents, "WEBP", exif=exif)
    return contents.getvalue().replace(b"MM\0*", b"MM\0\xa4")


def damaged_data() -> bytes:
    contents = io.BytesIO()
    Image.frombytes("RGB", (256, 256), random.Random(0).randbytes(3 * 256 * 256)).save(contents, "PNG")
    first, second, rest = contents.getvalue().split(b"IDAT", 2)
    return b"".join([first, b"IDAT", second, b"\x80DAT", rest])


@pytest.mark.parametrize("contents", [damaged_exif(), damaged_data()], ids=["EXIF", "data"])
def test_a_picture_that_breaks_while_it_is_read_is_refused(tmp_path, contents):
    (tmp_path / "damaged.img").write_bytes(contents)
    with pytest.raises(UsageError, match=r"damaged\.img can't be read"):
        read_image_size(tmp_path / "damaged.img")


def test_a_picture_of_absurd_size_is_refused(tmp_path, make_png, monkeypatch):
    (tmp_path / "bomb.png").write_bytes(make_png(64, 96))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(UsageError, match=r"bomb\.png can't be read"):
        read_image_size(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    ("family", "values", "words"),
    [
        ("illustrious", {}, []),
        ("illustrious", {"steps": 20, "cfg": 7.5}, []),
        ("illustrious", {"steps": 40, "cfg": 4}, []),
        ("illustrious", {"steps": 4}, [["steps 4", "Illustrious XL", "20 to 40"]]),
        ("illustrious", {"steps": 60, "cfg": 10}, [["steps 60"], ["CFG scale 10", "4 to 7.5"]]),
        ("flux1_schnell", {"steps": 4, "cfg": 1}, []),
        ("flux1_schnell", {"negative": "hat"}, [["Flux.1 schnell", "ignores negative prompts"]]),
        ("illustrious", {"negative": "hat"}, []),
    ],
)
def test_what_is_unusual_for_the_family_gets_one_line_each(family, values, words):
    warnings = range_warnings(check(Request("1girl", **values)), get_family(family))
    assert len(warnings) == len(words)
    for warning, expected in zip(warnings, words, strict=True):
        assert all(word in warning for word in expected)


@pytest.mark.parametrize(
    ("size", "warned"), [("256x384", False), ("512x768", False), ("256x376", False), ("384x256", True), (None, False)]
)
def test_a_size_of_another_aspect_than_the_base_image_gets_a_warning(folder, size, warned):
    """The base image has 64 by 96 pixels; up to 5 % count as the same aspect."""
    checked = check(Request("1girl", size=size, image=folder / "good.png"))
    warnings = [text for text in range_warnings(checked, get_family("sdxl")) if "aspect" in text]
    assert len(warnings) == warned
    assert all(str(size) in warning and "64x96" in warning for warning in warnings)


@pytest.mark.parametrize(
    ("size", "family", "unusual"),
    [
        ("256x256", "tagloom_tiny", False),
        ("1000x1000", "tagloom_tiny", True),
        ("832x1216", "illustrious", False),
        ("1000x1000", "illustrious", True),
        ("512x512", "illustrious", True),
        ("512x768", "sd15", False),
    ],
)
def test_a_size_that_the_family_was_not_made_for_gets_a_warning(size, family, unusual):
    """By its area, or by sides that are no multiple of the family's step."""
    warnings = range_warnings(check(Request("1girl", size=size)), get_family(family))
    assert [f"size {size} is unusual" in text for text in warnings] == [True] * unusual


def test_a_clip_skip_without_clip_gets_a_warning():
    (warning,) = range_warnings(check(Request("a girl", clip_skip=2)), get_family("flux1_dev"))
    assert "clip skip is ignored" in warning


@pytest.mark.parametrize("prompt", ["", " ", ",", " ,, ", "()", "\n"])
def test_a_prompt_without_a_tag_is_empty(prompt):
    with pytest.raises(UsageError, match="the prompt is empty"):
        check(Request(prompt))


def test_numbers_are_told_in_full():
    with pytest.raises(UsageError, match=r"seed 18446744073709551616 is out of range.* 0 and 18446744073709551615"):
        check(Request("1girl", seed=2**64))
