"""Small models with random bits, as single files: in the layouts of SD 1.5, of SDXL and of the tiny model."""

from __future__ import annotations

import json
import math
import random
import struct
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from tagloom.prompt.families.headers import DTYPES
from tagloom.runner.conversion.architectures import SD15, SDXL, TINY, Architecture, Build
from tagloom.runner.conversion.autoencoder import Autoencoder
from tagloom.runner.conversion.tensor_files import ORDER
from tagloom.runner.conversion.text_encoders import TextEncoder
from tagloom.runner.conversion.tiny_autoencoder import TinyAutoencoder
from tagloom.runner.conversion.unet import UNet

ARCHITECTURES = {architecture.id: architecture for architecture in (SD15, SDXL, TINY)}
Shape = tuple[int, ...]
Raw = dict[str, tuple[str, Shape, bytes]]
"""A file's tensors: type, shape and bytes of each."""


def builds(
    kind: str, channels: Shape = (4, 8), layers: int = 1, depths: Shape = (1, 0), middle: int = 1, **unet: Any
) -> dict[str, Build]:
    """Return the builds of a small model's parts."""
    text = TextEncoder(vocabulary=5, positions=3, width=4, feed=6, layers=2, projection=0, is_open=False)
    pooling = TextEncoder(5, 3, width=8, feed=6, layers=1, projection=6, is_open=kind == "sdxl")
    is_double = kind != "sd15"
    made: dict[str, Build] = {
        "unet": UNet(
            channels=channels,
            layers=layers,
            depths=depths,
            middle=middle,
            context=12 if is_double else 4,
            label=12 if is_double else 0,
            ends=unet.get("ends", (4, 4)),
            linear=unet.get("linear", is_double),
        ),
        "vae": TinyAutoencoder(4, 4, (1, 2), (2, 1)) if kind == "tagloom-tiny" else Autoencoder(channels, layers, 4, 3),
        "text_encoder": text,
    }
    return made | ({"text_encoder_2": pooling} if is_double else {})


def shapes(kind: str, **options: Any) -> dict[str, Shape]:
    """Return the shapes of a small model's tensors, by their names in the single file."""
    architecture: Architecture = ARCHITECTURES[kind]
    found = {
        architecture.prefixes[part] + link.single: link.single_shape
        for part, build in builds(kind, **options).items()
        for link in build.links()
    }
    numbers = ("vae_scale", "vae_shift") if architecture.is_tiny else ()
    return found | {f"first_stage_model.{name}": () for name in numbers}


def tensors(kind: str, seed: int = 0, dtypes: Iterable[str] = ("F16",), **options: Any) -> Raw:
    """Return a small model's tensors, with random bits, each of one of the types."""
    source, choices = random.Random(seed), list(dtypes)
    made: Raw = {}
    for name, shape in shapes(kind, **options).items():
        dtype = source.choice(choices)
        made[name] = (dtype, shape, source.randbytes(math.prod(shape) * DTYPES[dtype]))
    for name, value in (("vae_scale", 0.132), ("vae_shift", 0.0)):
        if f"first_stage_model.{name}" in made:
            made[f"first_stage_model.{name}"] = ("F32", (), struct.pack("<f", value))
    return made


def write(path: Path, found: Raw, metadata: Mapping[str, str] | None = None) -> Path:
    """Write a safetensors file as the format's own library does."""
    entries: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    place = 0
    names = sorted(found, key=lambda name: (ORDER[found[name][0]], name))
    for name in names:
        dtype, shape, contents = found[name]
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [place, place + len(contents)]}
        place += len(contents)
    return write_raw(path, entries, b"".join(found[name][2] for name in names))


def write_raw(path: Path, entries: Any, contents: bytes) -> Path:
    """Write a header and what comes behind it."""
    compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
    text = entries if isinstance(entries, bytes) else compact.encode(entries).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + contents)
    return path


def read(path: Path) -> tuple[Raw, dict[str, str]]:
    """Return a file's tensors and its metadata."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    entries = json.loads(data[8 : 8 + length])
    metadata = entries.pop("__metadata__", {})
    body = data[8 + length :]
    found = {
        name: (entry["dtype"], tuple(entry["shape"]), body[slice(*entry["data_offsets"])])
        for name, entry in entries.items()
    }
    return found, metadata


def change(path: Path, action: Callable[[Raw], Any]) -> None:
    """Change a file's tensors in place."""
    found, metadata = read(path)
    action(found)
    write(path, found, metadata)


def contents(folder: Path) -> dict[str, bytes]:
    """Return all files of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }
