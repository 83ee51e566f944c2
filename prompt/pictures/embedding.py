"""Puts texts into a picture file that is there already, PNG, WebP or JPEG; its pixels are not touched."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping

from ..errors import PictureError
from .containers import START_OF_SCAN, read_container
from .files import PARAMETERS, PictureFile, even_chunks, exif_block, fitting_jpeg, with_texts
from .png import SIGNATURE, TEXT_KINDS, chunks, keyword, read_texts

COMMENT = "UserComment"
"""Where WebP and JPEG have A1111's `parameters`."""
EXIF_SEGMENT, COMMENT_SEGMENT = 0xE1, 0xFE
APPLICATION_SEGMENTS = range(0xE0, 0xF0)
HAS_EXIF, HAS_ALPHA = 0x08, 0x10
"""Flags of a WebP's VP8X chunk (RFC 9649, section 2.7)."""


def embed(contents: bytes, texts: Mapping[str, str], changed: Callable[[str], str] = str) -> PictureFile:
    """Put texts into a picture file. One that it has already under the same name wins.

    Args:
        contents: a PNG, WebP or JPEG.
        texts: by their names, as for `picture_file`.
        changed: what becomes of each text that the file has already; an empty one is taken out.

    Raises:
        PictureError: if the bytes are no such picture, are cut off, or hold too much text.
    """
    if contents.startswith(SIGNATURE):
        return PictureFile(_into_png(contents, texts, changed))
    found = {name: changed(text) for name, text in read_container(contents).found.items()}
    if COMMENT in found:
        found = {PARAMETERS: found.pop(COMMENT), **found}
    whole = {name: text for name, text in {**texts, **found}.items() if text}
    if contents.startswith(b"RIFF"):
        return PictureFile(_into_webp(contents, exif_block(whole)))
    fitting = fitting_jpeg(whole)
    left_out = tuple(name for name in whole if name not in fitting)
    return PictureFile(_into_jpeg(contents, exif_block(fitting)), left_out)


def _into_png(png: bytes, texts: Mapping[str, str], changed: Callable[[str], str]) -> bytes:
    present = {name: (text, changed(text)) for name, text in read_texts(png).items()}
    new = {name: text for name, (old, text) in present.items() if text != old}
    if new:
        kept = [part.whole(png) for part in chunks(png) if not _is_text_of(png, part.kind, part.body(png), new)]
        png = b"".join([SIGNATURE, *kept])
    added = {name: text for name, text in new.items() if text}
    return with_texts(png, {**added, **{name: text for name, text in texts.items() if text and name not in new}})


def _is_text_of(png: bytes, kind: bytes, body: bytes, names: Mapping[str, str]) -> bool:
    return kind in TEXT_KINDS and keyword(body) in names


def _into_webp(webp: bytes, exif: bytes) -> bytes:
    """Return a WebP with another block of EXIF; one of the simple format becomes one of the extended."""
    parts = [(kind, body) for kind, body in _webp_chunks(webp) if kind != b"EXIF"]
    if not parts:
        raise PictureError("this WebP holds no picture; fetch the file again from where it came")
    if parts[0][0] != b"VP8X":
        parts.insert(0, (b"VP8X", _extended_header(*parts[0])))
    kind, header = parts[0]
    if len(header) < 10:
        raise PictureError("this WebP has a broken header; fetch the file again from where it came")
    flags = header[0] | HAS_EXIF if exif else header[0] & ~HAS_EXIF
    parts[0] = kind, bytes([flags]) + header[1:]
    block = exif.removeprefix(b"Exif\0\0")
    body = b"".join(_webp_chunk(*part) for part in [*parts, *([(b"EXIF", block)] if block else [])])
    return even_chunks(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body)


def _webp_chunks(webp: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = 8 + struct.unpack_from("<I", webp, 4)[0]
    place = 12
    while place + 8 <= end:
        (size,) = struct.unpack_from("<I", webp, place + 4)
        yield webp[place : place + 4], webp[place + 8 : place + 8 + size]
        place += 8 + size + size % 2


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _extended_header(kind: bytes, body: bytes) -> bytes:
    """Return the VP8X chunk for a simple WebP (RFC 6386, section 9.1; RFC 9649, section 3.4)."""
    if kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        (bits,) = struct.unpack_from("<I", body, 1)
        width, height, alpha = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, HAS_ALPHA * (bits >> 28 & 1)
    elif kind == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", body, 6))
        alpha = 0
    else:
        raise PictureError("this WebP has a broken header; fetch the file again from where it came")
    sides = struct.pack("<I", max(1, width) - 1)[:3] + struct.pack("<I", max(1, height) - 1)[:3]
    return bytes([alpha, 0, 0, 0]) + sides


def _into_jpeg(jpeg: bytes, exif: bytes) -> bytes:
    """Return a JPEG with another block of EXIF, behind the segment that says that it is a JFIF."""
    segments, pixels = _jpeg_segments(jpeg)
    kept = [part for part in segments if not (part[1] == EXIF_SEGMENT and part[4:10] == b"Exif\0\0")]
    first = next((number for number, part in enumerate(kept) if part[1] != 0xE0), len(kept))
    block = exif if exif.startswith(b"Exif\0\0") or not exif else b"Exif\0\0" + exif
    added = [b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block] if block else []
    return b"".join([b"\xff\xd8", *kept[:first], *added, *kept[first:], pixels])


def _jpeg_segments(jpeg: bytes) -> tuple[list[bytes], bytes]:
    """Return the segments in front of the first that is neither an application's nor a comment, and the rest.

    `read_container` has gone through the file, so the lengths are right.
    """
    segments = []
    place = 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF and jpeg[place + 1] != START_OF_SCAN:
        marker = jpeg[place + 1]
        if marker not in APPLICATION_SEGMENTS and marker != COMMENT_SEGMENT:
            break
        (length,) = struct.unpack_from(">H", jpeg, place + 2)
        segments.append(jpeg[place : place + 2 + length])
        place += 2 + length
    return segments, jpeg[place:]
