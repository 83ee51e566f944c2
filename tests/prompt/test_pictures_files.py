"""Texts inside picture files: as they went in, and as ComfyUI, A1111 and Civitai look for them."""

from __future__ import annotations

import io
import json
import struct
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tagloom.prompt import PictureError, parse_picture
from tagloom.prompt.pictures.files import ENDINGS, MOST_EXIF, picture_file, with_texts
from tagloom.prompt.pictures.png import chunks, read_texts

names = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,20}", fullmatch=True)
texts = st.dictionaries(names, st.text(), max_size=5)
PARAMETERS = "1girl, 初音ミク, ✓ 😀, café\nNegative prompt: hat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5"
GRAPH = json.dumps({"1": {"class_type": "KSampler", "inputs": {"text": "初音"}}})
WORKFLOW = json.dumps({"nodes": ["ミク"], "version": 0.4})
TEXTS = {"prompt": GRAPH, "workflow": WORKFLOW, "parameters": PARAMETERS}
formats = pytest.mark.parametrize("kind", ENDINGS)


def picture(width: int = 40, height: int = 30, mode: str = "RGB") -> Image.Image:
    """Return pixels of many colours."""
    return Image.effect_noise((width, height), 80).convert(mode)


PNG = picture_file(picture(), "png", 90, {}).contents


def opened(contents: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(contents))
    image.load()
    return image


@formats
def test_all_texts_are_read_back(kind):
    reading = parse_picture(picture_file(picture(), kind, 90, TEXTS).contents)
    own = "parameters" if kind == "png" else "UserComment"
    assert reading.texts == {"prompt": GRAPH, "workflow": WORKFLOW, own: PARAMETERS}
    assert (reading.prompt, reading.negative, reading.settings.seed) == ("1girl, 初音ミク, ✓ 😀, café", "hat", 5)
    assert reading.remarks == ()


@formats
def test_a_picture_without_texts_holds_none(kind):
    assert parse_picture(picture_file(picture(), kind, 90, {}).contents).texts == {}


def test_pillow_finds_the_texts_in_a_png():
    image = opened(picture_file(picture(), "png", 90, TEXTS).contents)
    assert image.text == TEXTS


@pytest.mark.parametrize("kind", ["webp", "jpeg"])
def test_pillow_finds_the_texts_in_the_exif(kind):
    """Where ComfyUI writes its own, and A1111's text in UTF-16 with the first byte first, as Civitai reads it."""
    exif = opened(picture_file(picture(), kind, 90, TEXTS).contents).getexif()
    assert exif[0x0110] == f"prompt:{GRAPH}"
    assert exif[0x010F] == f"workflow:{WORKFLOW}"
    comment = exif.get_ifd(0x8769)[0x9286]
    assert comment[:8] == b"UNICODE\0"
    assert comment[8:].decode("utf-16-be") == PARAMETERS


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize(("kind", "quality", "same"), [("png", 1, True), ("webp", 100, True), ("webp", 99, False)])
def test_png_and_the_best_webp_keep_each_pixel(kind, quality, same, mode):
    image = picture(mode=mode)
    found = opened(picture_file(image, kind, quality, TEXTS).contents)
    assert found.size == image.size
    assert (found.convert("RGB").tobytes() == image.convert("RGB").tobytes()) == same


def test_quality_counts():
    sizes = [
        len(picture_file(picture(), kind, quality, {}).contents) for kind in ("jpeg", "webp") for quality in (9, 95)
    ]
    assert sizes[0] < sizes[1] and sizes[2] < sizes[3]


def test_a_jpeg_drops_transparency():
    assert opened(picture_file(picture(mode="RGBA"), "jpeg", 90, TEXTS).contents).mode == "RGB"


def front_end_exif(webp: bytes) -> bytes:
    """Return the EXIF as ComfyUI's editor 1.32.9 finds it: it takes no chunk to be filled up to an even length."""
    place = 12
    while place < len(webp):
        (length,) = struct.unpack_from("<I", webp, place + 4)
        if webp[place : place + 4] == b"EXIF":
            return webp[place + 8 : place + 8 + length]
        place += 8 + length
    return b""


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("quality", [100, 60])
def test_the_editor_finds_the_exif_of_a_webp_whatever_its_pixels_length(mode, quality):
    found = set()
    for width in range(8, 40):
        image = picture(width, 9, mode)
        contents = picture_file(image, "webp", quality, TEXTS).contents
        assert f"workflow:{WORKFLOW}".encode() in front_end_exif(contents)
        plain = io.BytesIO()
        image.save(plain, "WEBP", exif=b"II*\0x", **({"lossless": True} if quality == 100 else {"quality": quality}))
        found.add(bool(front_end_exif(plain.getvalue())))
        assert opened(contents).tobytes() == opened(plain.getvalue()).tobytes()
    assert False in found or quality < 100  # a plain lossless one hides it from the editor now and then


def test_the_editor_sees_no_parameters_where_it_would_prefer_them_to_the_workflow():
    """Its last chunk of a name counts, and `comf` is a chunk of its own; no other program knows it."""
    png = picture_file(picture(), "png", 90, TEXTS).contents
    kinds = [(part.kind, part.body(png).partition(b"\0")[::2]) for part in chunks(png)]
    own = [place for place, (kind, _) in enumerate(kinds) if kind in (b"tEXt", b"iTXt")]
    mask = kinds.index((b"comf", (b"parameters", b"")))
    assert mask > max(own)
    alone = picture_file(picture(), "png", 90, {"parameters": PARAMETERS}).contents
    assert b"comf" not in alone  # without a graph, the editor may make one of the parameters


@pytest.mark.parametrize(
    ("lengths", "left_out"),
    [
        ({"workflow": 10}, ()),
        ({"workflow": 65_500}, ("workflow",)),
        ({"prompt": 65_500, "workflow": 30_000}, ("prompt",)),
        ({"prompt": 65_500, "workflow": 65_500}, ("prompt", "workflow")),
        ({"parameters": 40_000}, ("parameters",)),
    ],
)
def test_a_jpeg_leaves_out_what_it_has_no_room_for(lengths, left_out):
    wanted = TEXTS | {name: "{}" + "x" * length for name, length in lengths.items()}
    file = picture_file(picture(), "jpeg", 90, wanted)
    assert file.left_out == left_out
    exif = opened(file.contents).info["exif"]
    assert len(exif) <= MOST_EXIF
    assert (b"prompt:" in exif, b"workflow:" in exif) == ("prompt" not in left_out, "workflow" not in left_out)


@pytest.mark.parametrize(("kind", "size"), [("webp", (16384, 1)), ("jpeg", (1, 65501))])
def test_a_size_that_the_format_can_t_hold_is_refused(kind, size):
    with pytest.raises(PictureError, match=f"{kind} holds at most .* choose png"):
        picture_file(Image.new("RGB", size), kind, 90, {})
    assert opened(picture_file(Image.new("RGB", size), "png", 90, {}).contents).size == size


def test_a_graph_s_further_texts_are_kept_as_far_as_there_is_room():
    """ComfyUI gives each entry of `extra_pnginfo` a tag of its own."""
    more = {"prompt": GRAPH, **dict.fromkeys(("workflow", "one", "two", "three"), "{}")}
    exif = opened(picture_file(picture(), "webp", 90, more).contents).getexif()
    assert [exif.get(tag) for tag in (0x010F, 0x010E, 0x010D, 0x010C)] == ["workflow:{}", "one:{}", "two:{}", None]


# --- with_texts -------------------------------------------------------------------------------------------------------


@given(texts)
@example({"prompt": "初音ミク, ^_^ \n", "parameters": "café \x00 \x85", "empty": ""})
def test_texts_come_back_as_they_went_in(wanted):
    assert read_texts(with_texts(PNG, wanted)) == wanted


@given(texts)
def test_other_programs_read_the_texts_and_the_same_pixels(wanted):
    before, after = opened(PNG), opened(with_texts(PNG, wanted))
    assert after.text == wanted
    assert (after.mode, after.size, after.tobytes()) == (before.mode, before.size, before.tobytes())


def test_a_text_that_is_there_already_is_kept():
    """The server's own entry is the truth about what it ran."""
    info = PngInfo()
    info.add_text("prompt", "the server's")
    info.add_itxt("workflow", "the server's ✓")
    file = io.BytesIO()
    picture().save(file, "PNG", pnginfo=info)
    written = with_texts(file.getvalue(), {"prompt": "ours", "workflow": "ours", "parameters": "ours"})
    assert read_texts(written) == {"prompt": "the server's", "workflow": "the server's ✓", "parameters": "ours"}


def test_writing_twice_changes_nothing():
    once = with_texts(PNG, {"prompt": "{}", "parameters": "1girl ✓"})
    assert with_texts(once, {"parameters": "other"}) == once


def test_nothing_to_write_changes_nothing():
    assert with_texts(PNG, {}) == PNG
    assert read_texts(PNG) == {}


@pytest.mark.parametrize("name", ["", "名", "x" * 80, " x", "a\0b"])
def test_a_name_that_no_png_can_hold_is_left_out(name):
    assert with_texts(PNG, {name: "text"}) == PNG


@pytest.mark.parametrize("contents", [b"", b"no picture", b"\xff\xd8\xff\xe0 a JPEG", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_png_is_refused(contents):
    with pytest.raises(ValueError):
        with_texts(contents, {"parameters": "1girl"})


def test_a_png_that_is_cut_off_is_refused_wherever_the_cut_is(tmp_path: Path):
    accepted = []
    for end in range(len(PNG)):
        try:
            with_texts(PNG[:end], {"parameters": "1girl"})
        except ValueError:
            continue
        accepted.append(end)
    assert accepted == []
