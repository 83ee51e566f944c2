"""Reads a diffusers folder: its JSON files, and the tensors of a part, sharded or not. Only safetensors are read."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ..errors import ConversionError
from .tensor_files import Tensors, read_tensors

INDEX = "model_index.json"
LONGEST_CONFIG = 4 * 1024 * 1024
LONGEST_SHARD_INDEX = 64 * 1024 * 1024
MOST_SHARDS = 1000
STEMS = ("diffusion_pytorch_model", "model")
VARIANTS = ("fp16", "bf16", "fp32")
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


class Weights(NamedTuple):
    """The tensors of a part, its files' metadata, and what should be known of where they come from."""

    tensors: Tensors
    metadata: dict[str, str]
    remarks: tuple[str, ...]


def read_json(path: Path, most: int = LONGEST_CONFIG) -> dict[str, Any]:
    """Return a JSON object.

    Raises:
        ConversionError: if the file is missing, too long or of another kind.
    """
    where = f"{path.parent.name}/{path.name}"
    if not path.is_file():
        raise ConversionError(f"{where} is missing")
    try:
        with path.open("rb") as file:
            text = file.read(most + 1)
        if len(text) > most:
            raise ConversionError(f"{where} is longer than {most} bytes")
        data = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise ConversionError(f"{where} is no readable JSON ({error})") from error
    if not isinstance(data, dict):
        raise ConversionError(f"{where} holds no JSON object")
    return data


def components(folder: Path) -> dict[str, Any]:
    """Return the components that a folder's `model_index.json` names, without those that it has not.

    Raises:
        ConversionError: as `read_json`.
    """
    if not (folder / INDEX).is_file():
        raise ConversionError(f"{INDEX} is missing, which every diffusers folder has; give the folder of a whole model")
    index = read_json(folder / INDEX)
    pairs = {name: value for name, value in index.items() if isinstance(value, list) and not name.startswith("_")}
    return {name: value for name, value in pairs.items() if value and value[0] is not None}


def read_weights(folder: Path, part: str) -> Weights:
    """Return a part's tensors, unread.

    Links out of the folder are followed, since Hugging Face's cache consists of them; names that lead out are not.

    Raises:
        ConversionError: if they are missing, damaged or pickled.
    """
    place = folder / part
    for variant in ("", *VARIANTS):
        for stem in STEMS:
            end = f".{variant}" if variant else ""
            whole, index = place / f"{stem}{end}.safetensors", place / f"{stem}.safetensors.index{end}.json"
            if whole.is_file():
                return _with_remarks(place, whole, *_read_file(whole))
            if index.is_file():
                return _with_remarks(place, index, *_read_shards(index))
    raise ConversionError(_nothing(place))


def _with_remarks(place: Path, used: Path, tensors: Tensors, metadata: dict[str, str]) -> Weights:
    others = [place / f"{stem}.{variant}.safetensors" for stem in STEMS for variant in VARIANTS]
    remarks = [f"{place.name}/{o.name}: {used.name} beside it is taken" for o in others if o.is_file() and o != used]
    return Weights(tensors, metadata, tuple(remarks))


def _nothing(place: Path) -> str:
    pickles = [path.name for path in sorted(place.glob("*")) if path.suffix in PICKLES] if place.is_dir() else []
    if pickles:
        return (
            f"{place.name} has only {pickles[0]}, a pickle, which is never opened, since that could run code; "
            "save the model as safetensors"
        )
    return f"{place.name} has no {STEMS[0]}.safetensors or {STEMS[1]}.safetensors"


def _read_file(path: Path) -> tuple[Tensors, dict[str, str]]:
    try:
        return read_tensors(path)
    except ConversionError as error:
        raise ConversionError(f"{path.parent.name}/{path.name}: {error}") from error


def _read_shards(index: Path) -> tuple[Tensors, dict[str, str]]:
    """Return the tensors of all shards that an index names."""
    where = f"{index.parent.name}/{index.name}"
    names = read_json(index, LONGEST_SHARD_INDEX).get("weight_map")
    if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
        raise ConversionError(f"{where} has no weight_map")
    files = sorted(set(names.values()))
    if len(files) > MOST_SHARDS:
        raise ConversionError(f"{where} names {len(files)} files; {MOST_SHARDS} are allowed")
    tensors: Tensors = {}
    metadata: dict[str, str] = {}
    for name in files:
        if PurePosixPath(name).name != name or "\\" in name or not name.endswith(".safetensors"):
            raise ConversionError(f"{where} names {name!r:.80}, which is no safetensors file beside it")
        found, said = _read_file(index.parent / name)
        if tensors.keys() & found.keys():
            raise ConversionError(f"{where}: {name} repeats {min(tensors.keys() & found.keys())}")
        tensors |= found
        metadata = said | metadata
    if tensors.keys() != names.keys():
        raise ConversionError(f"{where} and its files don't agree on {min(tensors.keys() ^ names.keys())}")
    return tensors, metadata
