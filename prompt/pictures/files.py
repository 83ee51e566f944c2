"""Makes picture files with texts in them: PNG, WebP and JPEG, each as ComfyUI, A1111 and Civitai read it."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from PIL import Image

from ..errors import PictureError
from .exif import EXIF_DIRECTORY, USER_COMMENT
from .png import SIGNATURE, TEXT_KINDS, chunks, keyword

ENDINGS = {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}
"""The formats, and how their files' names end."""
LARGEST_SIDES = {"webp": 16383, "jpeg": 65500}
"""Pixels, by what libwebp and libjpeg can write."""
PARAMETERS, PROMPT = "parameters", "prompt"
KEYWORD = re.compile(r"[!-~](?:[ -~]{0,77}[!-~])?")
MASK = b"comf", b"parameters\0"
"""An empty `parameters` in a chunk that ComfyUI's editor alone reads. Its version 1.32.9 (ComfyUI 0.3.75) makes a graph
of its own from `parameters`, if there is one, even where the workflow itself is in the file; newer ones do not."""
PROMPT_TAG, OTHER_TAGS = 0x0110, (0x010F, 0x010E, 0x010D)
"""EXIF's Model, Make, ImageDescription and DocumentName, where ComfyUI writes `prompt:{...}` and `workflow:{...}`."""
MOST_EXIF = 65533
"""Bytes that one segment of a JPEG holds."""
LOSSLESS = 100
FULL_COLOUR = 90
"""From this quality on, a JPEG's colours have the full resolution."""


class PictureFile(NamedTuple):
    """A picture file, and the names of the texts for which it has no room."""

    contents: bytes
    left_out: tuple[str, ...] = ()


def picture_file(image: Image.Image, kind: str, quality: int, texts: Mapping[str, str]) -> PictureFile:
    """Make a picture file.

    Args:
        image: the pixels.
        kind: one of `ENDINGS`.
        quality: of a JPEG or WebP, 1 to 100; 100 keeps each pixel of a WebP.
        texts: by their names: `prompt` and others that are JSON, as ComfyUI writes them, and A1111's `parameters`.

    Raises:
        PictureError: if the format can't hold a picture of this size.
    """
    largest = LARGEST_SIDES.get(kind)
    if largest and max(image.size) > largest:
        width, height = image.size
        raise PictureError(f"{kind} holds at most {largest} pixels a side, and this is {width}x{height}; choose png")
    if kind == "png":
        return PictureFile(with_texts(_saved(image, "PNG", compress_level=4), texts))
    if kind == "webp":
        pixels = {"lossless": True} if quality == LOSSLESS else {"quality": quality}
        return PictureFile(even_chunks(_saved(image, "WEBP", exif=exif_block(texts), **pixels)))
    fitting = fitting_jpeg(texts)
    sampling = 0 if quality >= FULL_COLOUR else 2
    contents = _saved(image.convert("RGB"), "JPEG", quality=quality, subsampling=sampling, exif=exif_block(fitting))
    return PictureFile(contents, tuple(name for name in texts if name not in fitting))


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def with_texts(png: bytes, texts: Mapping[str, str]) -> bytes:
    """Return the PNG with these texts in front of its pixels; one that it has already is kept, pixels are untouched.

    Raises:
        PictureError: if the bytes are no PNG.
    """
    parts = list(chunks(png))
    present = {keyword(part.body(png)) for part in parts if part.kind in TEXT_KINDS}
    missing = {name: text for name, text in texts.items() if name not in present and KEYWORD.fullmatch(name)}
    added = [_text_chunk(name, text) for name, text in missing.items()]
    if PARAMETERS in missing and PROMPT in present | missing.keys():
        added.append(_chunk(*MASK))
    header, *rest = [part.whole(png) for part in parts]
    return b"".join([SIGNATURE, header, *added, *rest])


def _text_chunk(name: str, text: str) -> bytes:
    try:
        return _chunk(b"tEXt", name.encode() + b"\0" + text.encode("latin-1"))
    except UnicodeEncodeError:
        return _chunk(b"iTXt", name.encode() + b"\0\0\0\0\0" + text.encode("utf-8", "replace"))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def exif_block(texts: Mapping[str, str]) -> bytes:
    """Return a block of EXIF, or nothing without texts; UserComment in UTF-16, big-endian, as A1111's."""
    exif = Image.Exif()
    tags = iter(OTHER_TAGS)
    for name, text in texts.items():
        if name == PARAMETERS:
            exif.get_ifd(EXIF_DIRECTORY)[USER_COMMENT] = b"UNICODE\0" + text.encode("utf-16-be", "replace")
            continue
        tag = PROMPT_TAG if name == PROMPT else next(tags, None)
        if tag is not None:
            exif[tag] = f"{name}:{text}"
    return exif.tobytes() if texts else b""


def fitting_jpeg(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts for which a JPEG has room: first `parameters`, then the prompt, then the workflow."""
    order = sorted(texts, key=lambda name: (name != PARAMETERS, name != PROMPT))
    fitting: dict[str, str] = {}
    for name in order:
        if len(exif_block({**fitting, name: texts[name]})) <= MOST_EXIF:
            fitting[name] = texts[name]
    return fitting


def even_chunks(webp: bytes) -> bytes:
    """Return a WebP whose chunks in front of the EXIF have an even length, the byte that fills them up counted in.

    Decoders pass over it, and ComfyUI's editor, which does not know of filled up chunks, finds the EXIF behind them.
    """
    contents = bytearray(webp)
    place = 12
    while place + 8 <= len(contents) and contents[place : place + 4] != b"EXIF":
        (length,) = struct.unpack_from("<I", contents, place + 4)
        length += length % 2
        struct.pack_into("<I", contents, place + 4, length)
        place += 8 + length
    return bytes(contents)
