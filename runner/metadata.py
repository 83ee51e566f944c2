"""The texts inside a PNG: the graph and the workflow that ComfyUI writes, and A1111's `parameters`."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from typing import Any

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def parameters_text(positive: str, negative: str, settings: dict[str, Any]) -> str:
    """Return the settings as A1111 writes them: the prompts, then `Name: value` pairs on one line."""
    lines = [positive]
    if negative:
        lines.append(f"Negative prompt: {negative}")
    lines.append(", ".join(f"{name}: {_quoted(value)}" for name, value in settings.items()))
    return "\n".join(lines)


def with_texts(png: bytes, texts: dict[str, str]) -> bytes:
    """Return the PNG with these texts in front of its pixels; one that it has already is kept, pixels are untouched.

    Raises:
        ValueError: if the bytes are no PNG.
    """
    chunks = list(_chunks(png))
    present = {_keyword(body) for kind, body, _ in chunks if kind in (b"tEXt", b"iTXt")}
    missing = [_text_chunk(name, text) for name, text in texts.items() if name not in present]
    header, *rest = [raw for _, _, raw in chunks]
    return b"".join([SIGNATURE, header, *missing, *rest])


def read_texts(png: bytes) -> dict[str, str]:
    """Return the uncompressed texts of a PNG by their names."""
    texts = {}
    for kind, body, _ in _chunks(png):
        if kind == b"tEXt":
            name, _, text = body.partition(b"\0")
            texts[name.decode("latin-1")] = text.decode("latin-1")
        elif kind == b"iTXt":
            name, _, rest = body.partition(b"\0")
            texts[name.decode("latin-1")] = rest[2:].split(b"\0", 2)[2].decode("utf-8")
    return texts


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Go through the chunks: kind, body, and the whole of its bytes."""
    if not png.startswith(SIGNATURE):
        raise ValueError("this is no PNG")
    place = len(SIGNATURE)
    kind = b""
    while place < len(png):
        if place + 12 > len(png):
            raise ValueError("this PNG is cut off")
        (length,) = struct.unpack_from(">I", png, place)
        end = place + length + 12
        if end > len(png):
            raise ValueError("this PNG is cut off")
        kind = png[place + 4 : place + 8]
        yield kind, png[place + 8 : place + 8 + length], png[place:end]
        place = end
    if kind != b"IEND":
        raise ValueError("this PNG is cut off")


def _text_chunk(name: str, text: str) -> bytes:
    try:
        kind, body = b"tEXt", name.encode() + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        kind, body = b"iTXt", name.encode() + b"\0\0\0\0\0" + text.encode("utf-8", "replace")
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _keyword(body: bytes) -> str:
    return body.partition(b"\0")[0].decode("latin-1")


def _quoted(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",:\n") else text
