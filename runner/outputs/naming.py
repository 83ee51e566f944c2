"""What a job and its files say for a name template, and names that are numbered where one is taken."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from ..fleet.executor import Ended, Fetched
from .file_names import safe_value
from .names import DEFAULT, WITHOUT_SEED, NameTemplate, model_stem, read_template

PREFIX = "tagloom"
SEEDS = ("seed", "noise_seed")
MODELS = ("ckpt_name", "unet_name")
PIECE = 1024 * 1024
"""Bytes that are read at a time."""
DOUBLE = (".svg.txt",)
"""Endings with two dots."""


def job_values(ended: Ended, number: int, now: datetime) -> dict[str, Any]:
    """Return the fields of a name that are the same for all files of a job: its settings, and what follows from them.

    Where the settings name no seed or checkpoint, the graph's own counts, if it has only one.
    """
    values = ended.values
    checkpoint = values.get("checkpoint") or _only(ended.graph, MODELS)
    return {
        **values,
        "number": number,
        "seed": values["seed"] if values.get("seed") is not None else _only(ended.graph, SEEDS),
        "prefix": values.get("prefix") or PREFIX,
        "checkpoint": model_stem(checkpoint) if isinstance(checkpoint, str) else "",
        "date": now,
        "time": now,
    }


def file_values(
    job: Mapping[str, Any], file: Fetched | None, index: int, suffix: str, size: tuple[int, int]
) -> dict[str, Any]:
    """Return the fields of a name for one file; `file` is None for a text that a node showed."""
    width, height = size
    return {
        **job,
        "index": index,
        "width": width or job.get("width"),
        "height": height or job.get("height"),
        "node": file.node if file else "",
        "kind": file.kind if file else "text",
        "stem": safe_value(file.name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]) if file else "text",
        "ext": suffix.removeprefix("."),
    }


def default_template(values: Mapping[str, Any]) -> NameTemplate:
    """Return the template where the user gave none."""
    return read_template(WITHOUT_SEED if values.get("seed") in (None, "") else DEFAULT)


def numbered(stem: str, suffix: str) -> Iterator[str]:
    """Yield a name, and then the same with `-2`, `-3` and so on."""
    yield stem + suffix
    for number in count(2):
        yield f"{stem}-{number}{suffix}"


def split(name: str) -> tuple[str, str]:
    """Return a name's stem with its folders, and its ending."""
    for double in DOUBLE:
        if name.endswith(double):
            return name.removesuffix(double), double
    folders, slash, file = name.rpartition("/")
    stem, dot, end = file.rpartition(".")
    return (f"{folders}{slash}{stem}", f".{end}") if stem and dot else (name, "")


def hash_of(path: Path) -> str:
    """Return the hash of a file's bytes.

    Raises:
        OSError: if it can't be read.
    """
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            hashed.update(piece)
    return hashed.hexdigest()


def _only(graph: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """Return the one value that a graph's inputs of these names have; None for several or none."""
    found = [
        inputs[name]
        for node in graph.values()
        if isinstance(node, Mapping) and isinstance(inputs := node.get("inputs"), Mapping)
        for name in names
        if isinstance(inputs.get(name), int | str)
    ]
    return found[0] if len(set(found)) == 1 else None
