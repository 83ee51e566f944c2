"""Lists the models of a server, or of folders that can be read here, each with its family; starts no server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..prompt.families import FOLDERS, ListedModel, ModelFile, list_models, listed_from_json
from .embedded import installations
from .places import PACKAGE, models
from .server.client import Client

ENDINGS = {".safetensors", ".sft", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".gguf"}
"""What ComfyUI lists in its model folders, and GGUF files, for which there is a pack."""
SUBFOLDERS = {"checkpoints": ("checkpoints",), "diffusion_models": ("diffusion_models", "unet")}
"""Where ComfyUI looks for what, below its models folder."""


class Listing(NamedTuple):
    """The models of one place: a server's address or the folder that they lie in."""

    place: str
    models: list[ListedModel]


def list_server(url: str) -> Listing:
    """Return a server's models: as its own Tagloom lists them, else by what its API tells, which is less sure.

    Raises:
        ServerUnavailable: if it does not answer as ComfyUI does.
    """
    client = Client(url)
    client.version()
    told = _told(client)
    return Listing(client.url, _guessed(client) if told is None else told)


def list_folders(comfyui: Path | None) -> Listing:
    """Return the models of a user's ComfyUI, or of the embedded one, by reading their headers.

    Raises:
        UsageError: if the folder holds no ComfyUI.
    """
    if comfyui is None:
        return Listing(str(models()), list_models(_files([*_below(models()), (FOLDERS[0], PACKAGE / "tiny")])))
    tree = installations.checkout(comfyui).tree
    return Listing(str(tree / "models"), list_models(_files([*_below(tree / "models"), *_extra(tree)])))


def _told(client: Client) -> list[ListedModel] | None:
    entries = client.tagloom_models()
    try:
        return None if entries is None else [listed_from_json(entry) for entry in entries]
    except ValueError:
        return None


def _guessed(client: Client) -> list[ListedModel]:
    return list_models(
        ModelFile(name, folder, metadata=client.checkpoint_metadata(name, folder))
        for folder in FOLDERS
        for name in (client.checkpoints() if folder == FOLDERS[0] else client.model_names(folder))
    )


def _below(folder: Path) -> list[tuple[str, Path]]:
    return [(kind, folder / name) for kind, names in SUBFOLDERS.items() for name in names]


def _files(places: list[tuple[str, Path]]) -> Iterator[ModelFile]:
    """Yield each model once; of two places the first counts, as in ComfyUI."""
    seen = set()
    for kind, folder in places:
        for path in _walk(folder):
            name = str(path.relative_to(folder))
            if (kind, name) not in seen:
                seen.add((kind, name))
                yield ModelFile(name, kind, path)


def _walk(folder: Path) -> Iterator[Path]:
    visited = set()
    for where, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(where)
        if real in visited:  # a link that leads back
            folders.clear()
            continue
        visited.add(real)
        yield from (Path(where, name) for name in sorted(names) if Path(name).suffix.lower() in ENDINGS)


def _extra(tree: Path) -> Iterator[tuple[str, Path]]:
    """Yield the folders that a checkout's `extra_model_paths.yaml` adds."""
    for section in _sections(tree / "extra_model_paths.yaml"):
        base = tree / Path(os.path.expandvars(str(section.get("base_path") or ""))).expanduser()
        for kind, names in SUBFOLDERS.items():
            for name in names:
                lines = str(section.get(name) or "").splitlines()
                yield from ((kind, base / line.strip()) for line in lines if line.strip())


def _sections(file: Path) -> list[dict[str, Any]]:
    import yaml

    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return []  # ComfyUI itself says what is wrong with it
    return [section for section in values.values() if isinstance(section, dict)] if isinstance(values, dict) else []
