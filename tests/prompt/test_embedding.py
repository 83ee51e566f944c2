"""Texts that are put into pictures that are there already: read back as they were, pixels untouched."""

from __future__ import annotations

import io
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageSequence

from tagloom.prompt.errors import PictureError
from tagloom.prompt.pictures.containers import read_container
from tagloom.prompt.pictures.embedding import embed
from tagloom.prompt.pictures.reading import parse_picture

TEXTS = {
    "prompt": json.dumps({"3": {"class_type": "KSampler", "inputs": {"seed": 7}}}),
    "workflow": json.dumps({"nodes": [], "note": "ünïcode 風景"}),
    "tagloom": json.dumps({"schema": "tagloom/1"}),
    "parameters": "a cat, 風景\nNegative prompt: a dog\nSteps: 20, Seed: 7",
}
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def picture(kind: str, mode: str = "RGB", size: tuple[int, int] = (33, 17), **options: object) -> bytes:
    file = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert(mode).save(file, kind, **options)
    return file.getvalue()


def animated(kind: str) -> bytes:
    frames = [Image.new("RGBA", (20, 10), (90 * number, 10, 10, 255 - 60 * number)) for number in range(3)]
    file = io.BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=100)
    return file.getvalue()


PICTURES = {
    "png": picture("PNG"),
    "png, alpha": picture("PNG", "LA"),
    "png, animated": animated("PNG"),
    "webp, lossy": picture("WEBP", quality=60),
    "webp, lossless": picture("WEBP", lossless=True),
    "webp, lossy with alpha": picture("WEBP", "RGBA", quality=60),
    "webp, lossless with alpha": picture("WEBP", "RGBA", lossless=True),
    "webp, animated": animated("WEBP"),
    "webp, profile": picture("WEBP", icc_profile=PROFILE),
    "jpeg": picture("JPEG"),
    "jpeg, profile": picture("JPEG", icc_profile=PROFILE),
    "jpeg, grey and progressive": picture("JPEG", "L", progressive=True),
}


def pixels(contents: bytes) -> list[tuple[tuple[int, int], bytes]]:
    with Image.open(io.BytesIO(contents)) as image:
        return [(frame.size, frame.convert("RGBA").tobytes()) for frame in ImageSequence.Iterator(image)]


@pytest.mark.parametrize("contents", PICTURES.values(), ids=PICTURES)
def test_texts_come_back_and_pixels_stay(contents):
    done = embed(contents, TEXTS)
    found = read_container(done.contents).found
    assert {"parameters": found.get("UserComment"), **found}.items() >= TEXTS.items()
    assert done.left_out == ()
    assert pixels(done.contents) == pixels(contents)
    assert parse_picture(done.contents).settings.seed == 7
    profiles = [Image.open(io.BytesIO(each)).info.get("icc_profile") for each in (contents, done.contents)]
    assert profiles[0] == profiles[1]


@pytest.mark.parametrize("contents", PICTURES.values(), ids=PICTURES)
def test_what_is_there_already_wins(contents):
    once = embed(contents, TEXTS).contents
    again = embed(once, {**TEXTS, "prompt": "{}", "parameters": "other"}).contents
    assert read_container(again).found == read_container(once).found


@pytest.mark.parametrize("contents", PICTURES.values(), ids=PICTURES)
def test_what_is_there_already_can_be_changed_and_taken_out(contents):
    once = embed(contents, TEXTS).contents
    again = embed(once, {}, lambda text: "" if "nodes" in text else text.replace("7", "8")).contents
    found = read_container(again).found
    assert "workflow" not in found and '"seed": 8' in found["prompt"]
    assert pixels(again) == pixels(contents)


@pytest.mark.parametrize("contents", [picture("WEBP"), picture("JPEG"), picture("PNG")])
def test_without_texts_nothing_is_added(contents):
    assert read_container(embed(contents, {}).contents).found == {}


def test_a_jpeg_has_room_for_so_much(tmp_path):
    done = embed(picture("JPEG"), {**TEXTS, "workflow": "x" * 70_000})
    assert done.left_out == ("workflow",)
    assert set(read_container(done.contents).found) == {"prompt", "tagloom", "UserComment"}


@pytest.mark.parametrize(
    "contents",
    [
        b"",
        b"GIF89a",
        picture("PNG")[:-4],
        picture("WEBP")[:-4],
        picture("JPEG")[:-2],
        b"RIFF" + struct.pack("<I", 4) + b"WEBP",
        b"RIFF" + struct.pack("<I", 16) + b"WEBPVP8 " + struct.pack("<I", 4) + b"abcd",
        b"RIFF" + struct.pack("<I", 16) + b"WEBPVP8X" + struct.pack("<I", 4) + b"abcd",
    ],
)
def test_broken_pictures_are_refused(contents):
    with pytest.raises(PictureError):
        embed(contents, TEXTS)


@given(st.sampled_from([*PICTURES.values()]), st.data())
def test_damaged_pictures_give_a_picture_error_or_a_file(contents, data):
    damaged = bytearray(contents)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, min(len(damaged) - 1, 400)))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(8, len(damaged)) | st.just(len(damaged)))
    try:
        embed(bytes(damaged[:cut]), TEXTS)
    except PictureError:
        return
