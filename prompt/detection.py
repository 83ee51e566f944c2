"""Finds a checkpoint's model family from its header (tensor shapes, markers, metadata) and its file name."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any, NamedTuple

from .errors import HeaderError, UnknownFamily
from .families import Family, all_families, family_ids, get_family

LONGEST_HEADER = 100_000_000
"""Bytes; the safetensors format's own limit."""
UNET = "model.diffusion_model."


class Header(NamedTuple):
    """A safetensors file's header: each tensor's shape, and the metadata."""

    shapes: Mapping[str, tuple[int, ...]]
    metadata: Mapping[str, str]


class Detection(NamedTuple):
    """A family's id, how sure that is (`certain`, `likely`, `guess`), and what it rests on."""

    family: str
    confidence: str
    evidence: tuple[str, ...]

    def text(self) -> str:
        """Return it in words."""
        return f"{get_family(self.family).name} ({self.confidence}: {'; '.join(self.evidence)})"


def chosen(family_id: str) -> Detection:
    """Return a user's choice, which needs no proof."""
    return Detection(family_id, "certain", ("chosen by hand",))


def read_header(path: Path) -> Header:
    """Read the header of a safetensors file: kilobytes, whatever the file's size.

    Raises:
        HeaderError: if the file is missing, cut off or of another format.
    """
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > LONGEST_HEADER:
                raise ValueError(f"a header of {length} bytes")
            entries = json.loads(file.read(length))
        metadata = entries.pop("__metadata__", None) or {}
        if not all(isinstance(value, str) for value in metadata.values()):
            raise ValueError("metadata that is no text")
        return Header({name: tuple(entry["shape"]) for name, entry in entries.items()}, metadata)
    except (OSError, struct.error, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HeaderError(f"{path.name} has no readable safetensors header ({error})") from error


def detect(filename: str, header: Header | None = None, metadata: Mapping[str, str] | None = None) -> Detection:
    """Return the family of a checkpoint.

    Args:
        filename: its file name; folders in front of it don't count.
        header: its header, where the file can be read. Tensor shapes come before anything else.
        metadata: its metadata alone, as a remote server gives it.

    Raises:
        UnknownFamily: if nothing speaks for any family; it says what was looked at.
    """
    title = dict(header.metadata if header else metadata or {}).get("modelspec.title", "")
    architecture = _architecture(header) if header else None
    candidates = [family for family in all_families() if architecture is None or _fits(family, *architecture)]
    evidence = [f"tensor shapes: {architecture[0]}, {architecture[1]}-prediction"] if architecture else []
    if len(candidates) == 1:
        alone = sum(family.architecture == candidates[0].architecture for family in all_families()) == 1
        return Detection(candidates[0].id, "certain" if alone else "likely", tuple(evidence))
    for source, text in (("file name", PureWindowsPath(filename).name), ("title in the metadata", title)):
        for family in candidates:
            word = _named(family, text)
            if word:
                confidence = "likely" if architecture else "guess"
                return Detection(family.id, confidence, (*evidence, f"{source}: {word}"))
    if architecture is None or not candidates:
        raise UnknownFamily(_nothing_found(filename, header))
    return Detection(candidates[-1].id, "guess", (*evidence, "no name that tells its fine-tune"))


def _fits(family: Family, architecture: str, prediction: str) -> bool:
    # The marker `v_pred` proves v-prediction; its absence proves nothing, since many merges lost it.
    return family.architecture == architecture and (prediction != "v" or family.prediction == "v")


def _nothing_found(filename: str, header: Header | None) -> str:
    looked = "its tensors match no known family" if header else "its name tells nothing"
    choose = f"choose it yourself (--family, or in the node Model Family), one of {', '.join(family_ids())}"
    return f"the model family of {filename} is unknown: {looked}; {choose}"


def _named(family: Family, text: str) -> str:
    """Return the part of `text` that names the family, at word borders: `anima` is not in `animagine`."""
    for pattern in family.names:
        match = re.search(rf"(?<![a-z])(?:{pattern})(?![a-z])", text, re.IGNORECASE)
        if match:
            return match[0]
    return ""


def _architecture(header: Header) -> tuple[str, str] | None:
    """Return the architecture and the prediction type that the tensors tell."""
    shapes = header.shapes
    if any(name.endswith("double_blocks.0.img_attn.norm.key_norm.scale") for name in shapes):
        guided = any(name.endswith("guidance_in.in_layer.weight") for name in shapes)
        return "flux_guided" if guided else "flux", "flow"
    first = shapes.get(f"{UNET}input_blocks.0.0.weight")
    context = _context_width(shapes)
    name = {(64, 192): "tagloom_tiny", (320, 768): "sd15", (320, 2048): "sdxl"}.get((first[0] if first else 0, context))
    return (name, "v" if "v_pred" in shapes else "eps") if name else None


def _context_width(shapes: Mapping[str, Any]) -> int:
    for name, shape in shapes.items():
        if name.startswith(UNET) and name.endswith("attn2.to_k.weight") and len(shape) > 1:
            return int(shape[1])
    return 0
