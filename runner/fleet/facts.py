"""Asks a server what it has: its version, its node classes, and its models by folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..server.client import Client
from .executor import Facts

LOADERS = {
    "checkpoints": ("CheckpointLoaderSimple", "ckpt_name"),
    "clip_vision": ("CLIPVisionLoader", "clip_name"),
    "controlnet": ("ControlNetLoader", "control_net_name"),
    "diffusion_models": ("UNETLoader", "unet_name"),
    "hypernetworks": ("HypernetworkLoader", "hypernetwork_name"),
    "loras": ("LoraLoader", "lora_name"),
    "style_models": ("StyleModelLoader", "style_model_name"),
    "text_encoders": ("CLIPLoader", "clip_name"),
    "upscale_models": ("UpscaleModelLoader", "model_name"),
    "vae": ("VAELoader", "vae_name"),
}
"""The core node, and its input, that offers the files of a folder, and what counts as one though it is no file."""
NO_MODELS = ("configs", "custom_nodes")
"""Folders that ComfyUI counts among those of models; to list a user's packs takes long."""
OLD_NAMES = {"unet": "diffusion_models", "clip": "text_encoders"}
"""ComfyUI's former names of folders, which workflows still use (folder_paths.py, `map_legacy`)."""


def facts(client: Client) -> Facts:
    """Return what a server has now.

    Raises:
        ServerUnavailable: if it does not answer as ComfyUI does.
    """
    client.renew()
    version = client.version()
    schemas = client.object_info()
    folders = [folder for folder in client.model_folders() if folder not in NO_MODELS]
    models = {folder: frozenset(client.model_names(folder)) for folder in folders}
    for folder, (loader, name) in LOADERS.items():
        models[folder] = models.get(folder, frozenset()) | frozenset(_offered(schemas.get(loader), name))
    for old, new in OLD_NAMES.items():
        models[old] = models.get(old, frozenset()) | models[new]
    return Facts(version, frozenset(schemas), models)


def _offered(schema: Mapping[str, Any] | None, name: str) -> Iterable[str]:
    """Return the texts that a node's input can be chosen from, in either of ComfyUI's ways to write them."""
    required = ((schema or {}).get("input") or {}).get("required") or {}
    spec = required.get(name) if isinstance(required, dict) else None
    if not isinstance(spec, list) or not spec:
        return ()
    options = spec[0] if isinstance(spec[0], list) else (spec[1].get("options") if _has_options(spec) else ())
    return [option for option in options if isinstance(option, str)] if isinstance(options, list) else ()


def _has_options(spec: list[Any]) -> bool:
    return len(spec) > 1 and isinstance(spec[1], dict)
