"""Reading pictures: the files, their texts, and which program wrote them."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tagloom.prompt import PictureError, PictureReading, Size, parse_picture, read_picture
from tagloom.prompt.pictures import MOST_TEXT, Lora, png
from tagloom.prompt.pictures import texts as texts_module

relaxed = settings(deadline=None, max_examples=300)
ORDERS = pytest.mark.parametrize("order", ["<", ">"])
PROMPT = "1girl, (fox girl:1.2), <lora:foxes_v2:0.8>"


def is_whole(reading: PictureReading) -> bool:
    """Return whether what `make.parameters` says was read."""
    settings = reading.settings
    sampling = (settings.steps, settings.sampler, settings.scheduler, settings.cfg, settings.seed, settings.size)
    return (
        (reading.source, reading.dialect, reading.prompt) == ("a1111", "a1111", PROMPT)
        and reading.negative == "lowres, (bad hands:1.1)"
        and sampling == (28, "DPM++ 2M", "Karras", 5.5, 1234567890, Size(832, 1216))
        and (settings.model, settings.model_hash) == ("waiNSFW_v14", "0123456789")
        and (settings.clip_skip, settings.denoise) == (2, 0.4)
        and settings.loras == (Lora("foxes_v2", 0.8, hash="abcdef012345"),)
        and settings.others["Hires upscale"] == "1.5"
        and reading.remarks == ()
    )


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ending", ["", " 狐"], ids=["tEXt", "iTXt"])
def test_a_png_is_read(make, packed, ending):
    text = make.parameters.replace("Version: v1.10.1", f"Version: v1.10.1{ending}")
    reading = parse_picture(make.png({"parameters": text}, packed=packed))
    assert is_whole(reading)
    assert reading.texts == {"parameters": text}


@ORDERS
@pytest.mark.parametrize("form", ["jpeg", "webp"])
def test_a_user_comment_is_read_in_either_byte_order(make, form, order):
    """Whatever the header says: A1111's library always writes big-endian UTF-16."""
    for written in "<>":
        block = make.exif(make.unicode(make.parameters, written), order)
        assert is_whole(parse_picture(getattr(make, form)(block)))


@ORDERS
def test_without_a_latin_letter_the_header_s_byte_order_counts(make, order):
    reading = parse_picture(make.jpeg(make.exif(make.unicode("狐耳少女", order), order)))
    assert reading.prompt == "狐耳少女"


@pytest.mark.parametrize(
    ("comment", "prompt"),
    [
        pytest.param(b"ASCII\0\0\0a fox", "a fox", id="ascii"),
        pytest.param(b"ASCII\0\0\0" + "é 狐".encode(), "é 狐", id="UTF-8 that says ASCII"),
        pytest.param(b"ASCII\0\0\0\xe9", "é", id="Latin-1 that says ASCII"),
        pytest.param(b"JIS\0\0\0\0\0" + "狐".encode("iso2022_jp"), "狐", id="JIS"),
        pytest.param(b"JIS\0\0\0\0\0" + "狐".encode("cp932"), "狐", id="Shift JIS that says JIS"),
        pytest.param(b"\0\0\0\0\0\0\0\0a fox", "a fox", id="undefined"),
        pytest.param(b"a fox in a forest", "a fox in a forest", id="no prefix"),
        pytest.param(b"UNICODE\0\xff\xfe" + "a fox".encode("utf-16-le"), "a fox", id="byte order mark"),
        pytest.param(b"UNICODE\0a fox\nSteps: 20", "a fox", id="UTF-8 that says UNICODE"),
        pytest.param(b"UNICODE\0\0f\0o\0x\0", "fox", id="half a character"),
    ],
)
def test_the_encodings_of_user_comment(make, comment, prompt):
    assert parse_picture(make.webp(make.exif(comment))).prompt == prompt


@ORDERS
def test_comfyui_s_webp_keeps_its_graph_in_the_camera_s_tags(make, order):
    graph, workflow = make.graph(), {"nodes": []}
    tags = {0x0110: f"prompt:{json.dumps(graph)}", 0x010F: f"Workflow: {json.dumps(workflow)}"}
    reading = parse_picture(make.webp(make.exif(b"", order, tags)))
    assert (reading.source, reading.prompt, reading.negative) == ("comfyui", "a fox", "text")
    assert json.loads(reading.texts["workflow"]) == workflow


def test_pillow_s_own_exif_is_read(make):
    block = Image.Exif()
    block[0x0110] = f"prompt:{json.dumps(make.graph())}"
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "WEBP", exif=block)
    assert parse_picture(file.getvalue()).prompt == "a fox"


def test_xmp_and_a_jpeg_s_comment_do_no_harm(make):
    block = make.jpeg(make.exif(make.unicode(make.parameters)))
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>"
    extra = b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + b"\xff\xff\xff\xfe\0\x07hello"
    reading = parse_picture(block[:2] + extra + block[2:])
    assert is_whole(reading)
    assert reading.texts["JPEG comment"] == "hello"


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_picture_without_settings_says_so(form):
    file = io.BytesIO()
    Image.new("RGBA" if form == "png" else "RGB", (20, 20)).save(file, form)
    reading = parse_picture(file.getvalue())
    assert (reading.source, reading.prompt, reading.texts) == ("unknown", "", {})
    assert "no settings" in reading.remarks[0]


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"workflow": "{}"}, "drop the picture into ComfyUI's editor"),
        ({"invokeai_metadata": "{}"}, "'invokeai_metadata'"),
        ({"prompt": "no JSON"}, "'prompt'"),
        ({"parameters": '{"sui_image_params": {}}'}, "'parameters'"),
        ({"parameters": "a, " * 200_000}, "too long"),
    ],
)
def test_texts_of_other_programs_are_named(make, texts, words):
    reading = parse_picture(make.png(texts))
    assert reading.source == "unknown"
    assert words in reading.remarks[0]
    assert reading.texts == texts


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (b"", "empty"),
        (b"no picture", "PNG, JPEG and WebP"),
        (b"GIF89a", "a GIF"),
        (b"\0\0\0\x20ftypavif", "an AVIF"),
        (b"\xff\xd8", "JPEG is cut off"),
        (b"\xff\xd8\xff\xe1\x00\x00aa", "JPEG is cut off"),
        (b"\xff\xd8 something else", "JPEG is broken"),
        (b"RIFF\xff\xff\xff\0WEBP", "WebP is cut off"),
        (png.SIGNATURE, "PNG is cut off"),
    ],
)
def test_what_is_no_whole_picture_is_refused(contents, words):
    with pytest.raises(PictureError, match=words):
        parse_picture(contents)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_file_is_refused_wherever_it_is_cut_off(make, form):
    block = make.exif(make.unicode(make.parameters))
    whole = make.png({"parameters": make.parameters}) if form == "png" else getattr(make, form)(block)
    assert is_whole(parse_picture(whole))
    for end in range(len(whole)):
        with pytest.raises(PictureError):
            parse_picture(whole[:end])


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_a_text_that_grows_beyond_bounds_is_refused(make, kind):
    bomb = zlib.compress(bytes(MOST_TEXT + 1), 9)
    body = b"prompt\0\0" + bomb if kind == b"zTXt" else b"prompt\0\1\0\0\0" + bomb
    with pytest.raises(PictureError, match="more than 64 MB of text"):
        parse_picture(make.with_chunk(kind, body))


def test_a_text_that_grows_takes_no_more_memory_than_is_allowed(make, monkeypatch):
    monkeypatch.setattr(texts_module, "MOST_TEXT", 1_000_000)
    picture = make.with_chunk(b"zTXt", b"prompt\0\0" + zlib.compress(bytes(50_000_000), 9))
    tracemalloc.start()
    try:
        with pytest.raises(PictureError):
            parse_picture(picture)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_many_texts_count_together(make):
    part = make.chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(MOST_TEXT // 3), 9))
    with pytest.raises(PictureError, match="more than 64 MB of text"):
        parse_picture(png.SIGNATURE + part * 3)
    with pytest.raises(PictureError, match="more than 64 MB of text"):
        parse_picture(png.SIGNATURE + make.chunk(b"tEXt", b"") * 700_000)


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        (b"zTXt", b"prompt\0\0no zlib", "'prompt' is compressed and broken"),
        (b"zTXt", b"prompt\0\0" + zlib.compress(b"text" * 99)[:-9], "'prompt' is compressed and broken"),
        (b"zTXt", b"prompt\0\1", "unknown way"),
        (b"iTXt", b"prompt\0\1\1\0\0", "unknown way"),
        (b"iTXt", b"prompt\0\0\0en", "ends before its contents"),
        (b"iTXt", b"prompt", "ends before its contents"),
        (b"iTXt", b"prompt\0\0\0\0\0\xff", "no UTF-8"),
    ],
)
def test_a_broken_text_is_a_remark(make, kind, body, words):
    reading = parse_picture(make.with_chunk(kind, body))
    assert words in reading.remarks[0]
    assert reading.texts == {}


@pytest.mark.parametrize("end", [0, 4, 8, 20, 30, 60])
def test_broken_exif_is_a_remark(make, end):
    reading = parse_picture(make.jpeg(make.exif(make.unicode(make.parameters))[:end]))
    assert "EXIF" in reading.remarks[0]
    assert reading.prompt == ""


def test_a_file_that_can_t_be_opened_is_refused(tmp_path):
    for path in (tmp_path / "missing.png", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(PictureError, match="can't be read"):
            read_picture(path)


def test_a_file_is_read_by_its_contents(make, tmp_path):
    path = tmp_path / "wrong.jpg"
    path.write_bytes(make.png({"parameters": make.parameters}))
    assert is_whole(read_picture(path))


@relaxed
@given(
    st.binary(), st.sampled_from([b"", png.SIGNATURE, b"\xff\xd8", b"RIFF\x20\0\0\0WEBP", b"RIFF\x20\0\0\0WEBPEXIF"])
)
def test_random_bytes_are_read_or_refused(contents, start):
    try:
        assert isinstance(parse_picture(start + contents), PictureReading)
    except PictureError as error:
        assert str(error)


@pytest.fixture(scope="module")
def files(make) -> list[bytes]:
    """A picture of each kind."""
    block = make.exif(make.unicode(make.parameters), "<", {0x0110: f"prompt:{json.dumps(make.graph())}"})
    texts = {"parameters": make.parameters, "prompt": json.dumps(make.graph())}
    return [
        make.png(texts),
        make.png(texts, packed=True),
        make.jpeg(block),
        make.webp(block),
        make.stealth(texts, (90, 100)),
    ]


@relaxed
@given(st.data())
def test_changed_files_are_read_or_refused(files, data):
    contents = bytearray(data.draw(st.sampled_from(files)))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(contents) - 1))
        contents[place] = data.draw(st.integers(0, 255))
    try:
        reading = parse_picture(bytes(contents))
    except PictureError:
        return
    json.dumps(reading.as_dict())
    assert reading.report()
