"""The specification's worked example, and picture files, made as the programs make them."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zlib
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tagloom.prompt.pictures.png import SIGNATURE

EXAMPLE = Path(__file__).with_name("data") / "example_prompt.txt"
PARAMETERS = (
    "1girl, (fox girl:1.2), <lora:foxes_v2:0.8>\n"
    "Negative prompt: lowres, (bad hands:1.1)\n"
    "Steps: 28, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5.5, Seed: 1234567890, Size: 832x1216, "
    "Model hash: 0123456789, Model: waiNSFW_v14, Denoising strength: 0.4, Clip skip: 2, Hires upscale: 1.5, "
    'Lora hashes: "foxes_v2: abcdef012345", Version: v1.10.1'
)
"""As A1111 1.10 writes."""


def png(texts: dict[str, str] | None = None, mode: str = "RGB", *, packed: bool = False) -> bytes:
    """Return a PNG with these texts, as Pillow writes them."""
    info = PngInfo()
    for name, text in (texts or {}).items():
        try:
            text.encode("latin-1")
            info.add_text(name, text, zip=packed)
        except UnicodeEncodeError:
            info.add_itxt(name, text, zip=packed)
    return _saved(mode, "PNG", pnginfo=info)


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(kind: bytes, body: bytes) -> bytes:
    """Return a PNG with one more chunk in front of its pixels."""
    plain = png()
    place = len(SIGNATURE) + 25
    return plain[:place] + chunk(kind, body) + plain[place:]


def exif(comment: bytes = b"", order: str = ">", tags: dict[int, str] | None = None) -> bytes:
    """Return a block of EXIF with a UserComment and text tags, in either byte order."""
    entries, data = [], b""
    count = len(tags or {}) + 1
    start = 8 + 2 + 12 * count + 4

    def entry(tag: int, kind: int, value: bytes) -> bytes:
        nonlocal data
        place = start + len(data)
        if len(value) <= 4:
            return struct.pack(f"{order}HHI4s", tag, kind, len(value), value)
        data += value + b"\0" * (len(value) % 2)
        return struct.pack(f"{order}HHII", tag, kind, len(value), place)

    for tag, text in sorted((tags or {}).items()):
        entries.append(entry(tag, 2, text.encode() + b"\0"))
    below = start + len(data)
    inner = below + 2 + 12 + 4
    data += struct.pack(f"{order}HHHIII", 1, 0x9286, 7, len(comment), inner, 0) + comment
    entries.append(struct.pack(f"{order}HHII", 0x8769, 4, 1, below))
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}IH", 8, count) + b"".join(entries) + b"\0\0\0\0" + data


def unicode(text: str, order: str = ">") -> bytes:
    """Return a UserComment in UTF-16."""
    return b"UNICODE\0" + text.encode("utf-16-be" if order == ">" else "utf-16-le")


def jpeg(block: bytes) -> bytes:
    """Return a JPEG with a block of EXIF."""
    return _saved("RGB", "JPEG", exif=b"Exif\0\0" + block)


def webp(block: bytes) -> bytes:
    """Return a WebP with a block of EXIF."""
    return _saved("RGB", "WEBP", exif=block)


def stealth(texts: dict[str, str] | str, size: tuple[int, int] = (60, 70), *, packed: bool = True) -> bytes:
    """Return a PNG of many colours with texts in its transparency, as NovelAI hides them."""
    contents = (texts if isinstance(texts, str) else json.dumps(texts)).encode()
    contents = gzip.compress(contents) if packed else contents
    name = b"stealth_pngcomp" if packed else b"stealth_pnginfo"
    hidden = name + struct.pack(">I", len(contents) * 8) + contents
    bits = [byte >> place & 1 for byte in hidden for place in reversed(range(8))]
    picture = Image.radial_gradient("L").resize(size).convert("RGBA")
    for number, bit in enumerate(bits):
        column, row = divmod(number, size[1])
        *colour, _ = picture.getpixel((column, row))
        picture.putpixel((column, row), (*colour, 254 | bit))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def refiltered(contents: bytes, kind: int) -> bytes:
    """Return an RGBA PNG with each row filtered by one kind: 0 none, 1 left, 2 up, 3 their mean, 4 Paeth."""
    with Image.open(io.BytesIO(contents)) as picture:
        width, height, pixels = *picture.size, picture.tobytes()
    rows = [b"\0" * 4 * width, *(pixels[4 * width * row : 4 * width * (row + 1)] for row in range(height))]
    data = bytearray()
    for above, row in pairwise(rows):
        data.append(kind)
        for place, value in enumerate(row):
            left, corner = (row[place - 4], above[place - 4]) if place >= 4 else (0, 0)
            up = above[place]
            paeth = min((left, up, corner), key=lambda near: abs(left + up - corner - near))
            data.append((value - (0, left, up, (left + up) // 2, paeth)[kind]) % 256)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(data))) + chunk(b"IEND", b"")


def graph(**changes: Any) -> dict[str, Any]:
    """Return the graph of ComfyUI's first workflow, with other nodes in place of or beside its own."""
    nodes = {
        "3": node(
            "KSampler",
            seed=5,
            steps=20,
            cfg=8,
            sampler_name="euler",
            scheduler="normal",
            denoise=1,
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
        ),
        "4": node("CheckpointLoaderSimple", ckpt_name="v1-5.safetensors"),
        "5": node("EmptyLatentImage", width=512, height=768, batch_size=1),
        "6": node("CLIPTextEncode", text="a fox", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="text", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="ComfyUI", images=["8", 0]),
    }
    return {**nodes, **{name.removeprefix("n"): value for name, value in changes.items()}}


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    """Return a node of a graph."""
    return {"class_type": kind, "inputs": inputs}


def _saved(mode: str, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((16, 24)).convert(mode).save(file, form, **options)
    return file.getvalue()


@pytest.fixture(scope="session")
def example() -> str:
    """The prompt of the specification's worked example: its six groups, as it is written there."""
    return EXAMPLE.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """What makes picture files, and what is in them."""
    makers = (png, chunk, with_chunk, exif, unicode, jpeg, webp, stealth, refiltered, graph, node)
    return SimpleNamespace(parameters=PARAMETERS, **{maker.__name__: maker for maker in makers})
