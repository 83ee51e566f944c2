"""A single file becomes a diffusers folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...prompt.families.clues import tells_v
from ..errors import ConversionError
from .architectures import TEXT, TEXT_2, UNET, Architecture, Build, architecture_of_file, builds_of, prove_known
from .configs import model_index, part_config, scheduler_config
from .folders import INDEX
from .links import Side, prove
from .markers import Facts, V, facts_of_file, is_marker, markers, same
from .moving import to_folder
from .result import Conversion, Planned
from .tensor_files import Tensors, read_tensors
from .tokenizer_files import tokenizer_files
from .unet import UNet
from .writing import Written

KEPT = "single_file_only.safetensors"
"""In a folder: what only the single file has a place for, and its metadata. diffusers ignores it."""
FORMAT = {"format": "pt"}
"""Metadata without which transformers refuses a file."""
TRAINING = "model_ema."
FILES = {TEXT: "model", TEXT_2: "model"}
POSITION_IDS = "text_model.embeddings.position_ids"
"""Numbers in a row, which older versions of transformers wrote and newer ones pass over."""


def plan_folder(source: Path, destination: Path) -> Planned:
    """Plan the folder that a single file becomes.

    Raises:
        ConversionError: if the file is damaged or of another architecture.
    """
    tensors, metadata = read_tensors(source)
    architecture = architecture_of_file({name: tensor.shape for name, tensor in tensors.items()}, metadata)
    parts = {part: _below(prefix, tensors) for part, prefix in architecture.prefixes.items()}
    shapes = {part: {name: tensor.shape for name, tensor in found.items()} for part, found in parts.items()}
    builds, facts = builds_of(architecture, shapes, Side.SINGLE), facts_of_file(tensors, metadata, architecture)
    made = {part: _part(architecture, part, build, parts[part]) for part, build in builds.items()}
    used = {architecture.prefixes[part] + name for part, (_, names) in made.items() for name in names}
    kept, left_out = _rest(architecture, tensors, used, facts)
    parted = {f"{part}/{weights_name(part)}": (found, metadata | FORMAT) for part, (found, _) in made.items()}
    only_told = facts.v_prediction and V not in tensors
    if kept or only_told or metadata.get("format") != FORMAT["format"]:
        parted[KEPT] = (kept | ({V: tensors[V]} if V in tensors and tells_v(metadata) else {}), metadata)
    written = Written(parted, _other_files(architecture, builds, facts))
    count = sum(len(found) for found, _ in parted.values())
    return Planned(Conversion(architecture.id, source, destination, count, left_out, metadata), written)


def weights_name(part: str) -> str:
    """Return what the file of a part's tensors is called."""
    return f"{FILES.get(part, 'diffusion_pytorch_model')}.safetensors"


def _below(prefix: str, tensors: Tensors) -> Tensors:
    return {name[len(prefix) :]: tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _part(architecture: Architecture, part: str, build: Build, tensors: Tensors) -> tuple[Tensors, set[str]]:
    """Return a part's tensors in the folder, and the names of those in the single file that they are made of."""
    links = list(build.links())
    try:
        used = prove(links, {name: tensor.shape for name, tensor in tensors.items()}, Side.SINGLE)
        prove_known(part, tensors.keys() - used)
    except ConversionError as error:
        raise ConversionError(f"{part}: {error}") from error
    same_names = tensors.keys() & {POSITION_IDS} if architecture.is_plain(part) else set()
    return to_folder(links, tensors) | {name: tensors[name] for name in same_names}, used | same_names


def _rest(
    architecture: Architecture, tensors: Tensors, used: set[str], facts: Facts
) -> tuple[Tensors, tuple[str, ...]]:
    """Return what is kept beside the parts, and what is left out: copies from the training, as large as the UNet."""
    made = markers(facts, architecture)
    rest = {name: tensor for name, tensor in tensors.items() if name not in used}
    averages = [name for name in rest if name.startswith(TRAINING)]
    kept = {
        name: tensor
        for name, tensor in rest.items()
        if not name.startswith(TRAINING) and not (is_marker(name, architecture) and same(tensor, made.get(name)))
    }
    text = f"{TRAINING}* ({len(averages)} tensors): the training's averages, for which a folder has no place"
    return kept, (text,) if averages else ()


def _other_files(architecture: Architecture, builds: dict[str, Build], facts: Facts) -> dict[str, bytes]:
    unet = builds[UNET]
    assert isinstance(unet, UNet)
    files = {
        INDEX: _json(model_index(architecture, unet)),
        "scheduler/scheduler_config.json": _json(scheduler_config(architecture, facts)),
    }
    files |= {f"{part}/config.json": _json(part_config(architecture, part, builds, facts)) for part in builds}
    files |= {f"tokenizer/{name}": contents for name, contents in tokenizer_files().items()}
    if TEXT_2 in builds:
        files |= {f"tokenizer_2/{name}": contents for name, contents in tokenizer_files("!").items()}
    return files


def _json(data: Mapping[str, Any]) -> bytes:
    return (json.dumps(data, indent=2) + "\n").encode()
