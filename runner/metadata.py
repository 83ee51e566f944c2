"""The texts inside a PNG: the graph and the workflow that ComfyUI writes, and A1111's `parameters`."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

from ..prompt.pictures.png import SIGNATURE, TEXT_KINDS, chunks, keyword


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
    parts = list(chunks(png))
    present = {keyword(part.body(png)) for part in parts if part.kind in TEXT_KINDS}
    missing = [_text_chunk(name, text) for name, text in texts.items() if name not in present]
    header, *rest = [part.whole(png) for part in parts]
    return b"".join([SIGNATURE, header, *missing, *rest])


def _text_chunk(name: str, text: str) -> bytes:
    try:
        kind, body = b"tEXt", name.encode() + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        kind, body = b"iTXt", name.encode() + b"\0\0\0\0\0" + text.encode("utf-8", "replace")
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _quoted(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(mark in text for mark in ",:\n") else text
