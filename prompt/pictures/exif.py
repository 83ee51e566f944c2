"""The texts in a block of EXIF: UserComment, and what programs write into the tags for a camera's name.

A block is a TIFF header and directories of 12-byte entries (EXIF 2.32, section 4.6). A1111 writes its parameters into
UserComment; ComfyUI's saver of WebP writes `prompt:{...}` and `workflow:{...}` into Model, Make and the tags below.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from .texts import Texts

NAMES = {0x010E: "ImageDescription", 0x010F: "Make", 0x0110: "Model", 0x0131: "Software"}
EXIF_DIRECTORY = 0x8769
USER_COMMENT = 0x9286
BYTE_SIZES = {1: 1, 2: 1, 7: 1}
"""The types that a text may have: BYTE, ASCII, UNDEFINED; each of one byte an item."""
LABELLED = re.compile(r"\s*(prompt|workflow|tagloom)\s*:\s*(?=\{)", re.IGNORECASE)
PREFIX = 8
"""Bytes of UserComment that name its encoding."""


class Entry(NamedTuple):
    """An entry of a directory: its tag, its type, how many items, and its four bytes of value or place."""

    tag: int
    kind: int
    items: int
    value: bytes


def read_exif(block: bytes, texts: Texts) -> None:
    """Add the texts of a block of EXIF, with or without `Exif` in front; what is broken is a remark.

    Raises:
        PictureError: if they are too much.
    """
    block = block.removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        texts.remark("its EXIF has no header that can be read")
        return
    try:
        _read_directories(block, order, texts)
    except (struct.error, IndexError):
        texts.remark("its EXIF is broken or cut off, so some of it is left out")


def _read_directories(block: bytes, order: str, texts: Texts) -> None:
    (start,) = struct.unpack_from(order + "I", block, 4)
    seen = set()
    below = None
    for entry in _entries(block, order, start):
        if entry.tag == EXIF_DIRECTORY and below is None:
            (below,) = struct.unpack(order + "I", entry.value)
        elif entry.tag not in seen and (entry.tag in NAMES or entry.kind == 2):
            seen.add(entry.tag)
            _read_tag(entry.tag, _contents(block, order, entry, texts), texts)
    if below is None:
        return
    comment = next((entry for entry in _entries(block, order, below) if entry.tag == USER_COMMENT), None)
    if comment is not None:
        text = _comment(_contents(block, order, comment, texts), order, texts)
        if text:
            texts.add("UserComment", text)


def _entries(block: bytes, order: str, start: int) -> Iterator[Entry]:
    (count,) = struct.unpack_from(order + "H", block, start)
    for number in range(count):
        yield Entry(*struct.unpack_from(order + "HHI4s", block, start + 2 + 12 * number))


def _contents(block: bytes, order: str, entry: Entry, texts: Texts) -> bytes:
    if entry.kind not in BYTE_SIZES:
        return b""
    if entry.items <= 4:
        return entry.value[: entry.items]
    (start,) = struct.unpack(order + "I", entry.value)
    if start + entry.items > len(block):
        raise IndexError(start)
    texts.take(entry.items)
    return block[start : start + entry.items]


def _read_tag(tag: int, contents: bytes, texts: Texts) -> None:
    text = _utf8_or_latin(contents).rstrip("\0")
    label = LABELLED.match(text)
    if label:
        texts.add(label[1].lower(), text[label.end() :])
    elif text and tag in NAMES:
        texts.add(NAMES[tag], text)


def _comment(contents: bytes, order: str, texts: Texts) -> str:
    """Return a UserComment by the encoding that its first eight bytes name."""
    prefix, body = contents[:PREFIX], contents[PREFIX:]
    name = prefix.rstrip(b"\0 ").upper()
    if name == b"UNICODE":
        text = _utf16(body, order, texts)
    elif name == b"JIS":
        text = _japanese(body, texts)
    elif name in (b"ASCII", b""):
        text = _utf8_or_latin(body)
    else:
        text = _utf8_or_latin(contents)  # a writer that knows nothing of the prefix
    return text.rstrip("\0")


def _utf16(body: bytes, order: str, texts: Texts) -> str:
    """Return UTF-16 text of either byte order: a writer's is often not the one that the header names."""
    if b"Steps: " in body or body.lstrip().startswith(b'{"'):
        return _utf8_or_latin(body)  # some write UTF-8 all the same
    if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        order, body = ("<" if body[:2] == b"\xff\xfe" else ">"), body[2:]
    else:
        order = _likely_order(body, order)
    if len(body) % 2:
        texts.remark("its UserComment ends within a character")
        body = body[:-1]
    text = body.decode("utf-16-le" if order == "<" else "utf-16-be", "replace")
    if "\ufffd" in text:
        texts.remark("its UserComment holds characters that can't be read")
    return text


def _likely_order(body: bytes, order: str) -> str:
    """Return the byte order that makes more characters Latin: of these one byte is zero."""
    big, little = body[::2].count(0), body[1::2].count(0)
    return order if big == little else ">" if big > little else "<"


def _japanese(body: bytes, texts: Texts) -> str:
    for encoding in ("iso2022_jp", "cp932"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    texts.remark("its UserComment is no JIS text, as it says; characters are lost")
    return body.decode("cp932", "replace")


def _utf8_or_latin(contents: bytes) -> str:
    try:
        return contents.decode("utf-8")
    except UnicodeDecodeError:
        return contents.decode("latin-1")
