"""What a graph needs of a server: model files, node classes, and how much work it is."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.graph import can_stand_in
from ..fleet.tasks import Model, Needs
from .nodes import Graph, Nodes, Place
from .understanding import reading_of
from .values import ENDINGS

FOLDERS = {
    "audio_encoder_name": "audio_encoders",
    "ckpt_name": "checkpoints",
    "clip_name": "text_encoders",
    "clip_name1": "text_encoders",
    "clip_name2": "text_encoders",
    "clip_name3": "text_encoders",
    "clip_name4": "text_encoders",
    "control_net_name": "controlnet",
    "gligen_name": "gligen",
    "hypernetwork_name": "hypernetworks",
    "lora_name": "loras",
    "photomaker_model_name": "photomaker",
    "style_model_name": "style_models",
    "unet_name": "diffusion_models",
    "vae_name": "vae",
}
"""The model folders of ComfyUI's own loaders, by their inputs."""
EXCEPTIONS = {
    ("CLIPVisionLoader", "clip_name"): "clip_vision",
    ("LatentUpscaleModelLoader", "model_name"): "latent_upscale_models",
    ("ModelPatchLoader", "name"): "model_patches",
    ("UpscaleModelLoader", "model_name"): "upscale_models",
}
USUAL = 1024 * 1024 * 20
"""Pixels times steps of a usual picture, which is one unit."""
HEAVY = ("checkpoints", "diffusion_models")
"""The folders of what takes long to load."""


def needs_of(nodes: Nodes) -> Needs:
    """Return what a graph needs; Tagloom's own nodes are not needed where core nodes can stand for them."""
    live = nodes.live()
    models = tuple(dict.fromkeys(model for node_id in live for model in _models(nodes, node_id)))
    classes = {nodes.kind(node_id) for node_id in nodes.graph}
    group = "+".join(sorted({model.name for model in models if model.folder in HEAVY}))
    return Needs(models, frozenset(name for name in classes if not can_stand_in(name)), group, units(nodes.graph))


def units(graph: Graph) -> float:
    """Return the pixels times the steps that a graph samples, in usual pictures; 1.0 where they are not known."""
    settings = reading_of(graph).settings
    batches = [node["inputs"].get("batch_size") for node in graph.values()]
    batch = next((number for number in batches if isinstance(number, int) and number > 0), 1)
    if settings.size is None or not settings.steps:
        return 1.0
    return settings.size.width * settings.size.height * settings.steps * batch / USUAL


def _models(nodes: Nodes, node_id: str) -> Iterator[Model]:
    kind = nodes.kind(node_id)
    for name, value in nodes.inputs(node_id).items():
        folder = EXCEPTIONS.get((kind, name)) or FOLDERS.get(name)
        is_file = isinstance(value, str) and value.casefold().endswith(ENDINGS)
        if folder and is_file and nodes.link(Place(node_id, name)) is None:
            yield Model(folder, value)
