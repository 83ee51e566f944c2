"""The EXIF inside JPEG and WebP files, and which kind of file it is."""

from __future__ import annotations

import struct

from ..errors import PictureError
from .exif import read_exif
from .png import SIGNATURE, read_png
from .stealth import read_stealth
from .texts import Texts

JPEG_CUT_OFF = "this JPEG is cut off; fetch the file again from where it came"
WEBP_CUT_OFF = "this WebP is cut off; fetch the file again from where it came"
START_OF_SCAN, END_OF_IMAGE, EXIF_SEGMENT, COMMENT = 0xDA, 0xD9, 0xE1, 0xFE
ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers that no length follows: TEM, the restarts, and the start of the image (ITU T.81, table B.1)."""
OTHERS = (
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"8BPS", "a Photoshop file"),
    (b"\xff\x0a", "a JPEG XL"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL"),
)


def read_container(contents: bytes) -> Texts:
    """Return the texts of a picture file.

    Raises:
        PictureError: if it is no PNG, JPEG or WebP, is cut off or holds too much text.
    """
    texts = Texts()
    if contents.startswith(SIGNATURE):
        read_png(contents, texts)
        if not texts.found:
            read_stealth(contents, texts)
    elif contents.startswith(b"\xff\xd8"):
        _read_jpeg(contents, texts)
    elif contents[:4] == b"RIFF" and contents[8:12] == b"WEBP":
        _read_webp(contents, texts)
    else:
        raise PictureError(f"this is {_kind(contents)}; settings are read from PNG, JPEG and WebP: give one of these")
    return texts


def _kind(contents: bytes) -> str:
    if not contents:
        return "an empty file"
    if contents[4:8] == b"ftyp":
        brand = contents[8:12]
        return "an AVIF" if brand in (b"avif", b"avis") else "a HEIF" if brand[:2] in (b"he", b"mi") else "a video"
    return next((name for start, name in OTHERS if contents.startswith(start)), "no picture, or of an unknown kind")


def _read_jpeg(jpeg: bytes, texts: Texts) -> None:
    """Go through the segments up to the pixels; an APP1 that is no EXIF (XMP) is passed over."""
    place = 2
    while True:
        while jpeg[place : place + 2] == b"\xff\xff":  # a marker may have any number of fill bytes in front
            place += 1
        if place + 4 > len(jpeg):
            raise PictureError(JPEG_CUT_OFF)
        if jpeg[place] != 0xFF:
            raise PictureError("this JPEG is broken before its pixels; fetch the file again from where it came")
        marker = jpeg[place + 1]
        if marker in ALONE:
            place += 2
            continue
        (length,) = struct.unpack_from(">H", jpeg, place + 2)
        if marker in (START_OF_SCAN, END_OF_IMAGE):
            break
        if length < 2 or place + 2 + length > len(jpeg):
            raise PictureError(JPEG_CUT_OFF)
        _read_segment(marker, jpeg[place + 4 : place + 2 + length], texts)
        place += 2 + length
    if jpeg.rfind(bytes((0xFF, END_OF_IMAGE)), place) < 0:
        raise PictureError(JPEG_CUT_OFF)


def _read_segment(marker: int, body: bytes, texts: Texts) -> None:
    if marker == EXIF_SEGMENT and body.startswith(b"Exif\0\0"):
        read_exif(body, texts)
    elif marker == COMMENT:
        texts.take(len(body))
        texts.add("JPEG comment", body.decode("utf-8", "replace").rstrip("\0"))


def _read_webp(webp: bytes, texts: Texts) -> None:
    (length,) = struct.unpack_from("<I", webp, 4)
    end = 8 + length
    if end > len(webp):
        raise PictureError(WEBP_CUT_OFF)
    place = 12
    while place + 8 <= end:
        kind, (size,) = webp[place : place + 4], struct.unpack_from("<I", webp, place + 4)
        if place + 8 + size > end:
            raise PictureError(WEBP_CUT_OFF)
        if kind == b"EXIF":
            read_exif(webp[place + 8 : place + 8 + size], texts)
        place += 8 + size + size % 2
