"""A graph of core nodes as a server runs it, for tests of what is done with graphs."""

from __future__ import annotations

import copy
from typing import Any


def node(kind: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    """Return a node in API format."""
    return {"class_type": kind, "inputs": inputs, **({"_meta": {"title": title}} if title else {})}


_GRAPH = {
    "4": node("CheckpointLoaderSimple", "Load Checkpoint", ckpt_name="tagloom-tiny.safetensors"),
    "5": node("EmptyLatentImage", "Empty Latent Image", width=512, height=768, batch_size=1),
    "6": node("CLIPTextEncode", "Wanted", text="1girl", clip=["4", 1]),
    "7": node("CLIPTextEncode", "Unwanted", text="blurry", clip=["4", 1]),
    "3": node(
        "KSampler",
        "First pass",
        seed=5,
        steps=20,
        cfg=7.0,
        sampler_name="euler",
        scheduler="normal",
        denoise=1.0,
        model=["4", 0],
        positive=["6", 0],
        negative=["7", 0],
        latent_image=["5", 0],
    ),
    "8": node("VAEDecode", "VAE Decode", samples=["3", 0], vae=["4", 2]),
    "9": node("SaveImage", "Save Image", filename_prefix="ComfyUI", images=["8", 0]),
}


def plain() -> dict[str, Any]:
    """Return text to image with one sampler."""
    return copy.deepcopy(_GRAPH)


def two_passes() -> dict[str, Any]:
    """Return it with a second sampler behind the first."""
    graph = plain()
    again = copy.deepcopy(graph["3"]) | {"_meta": {"title": "Second pass"}}
    graph["10"] = again | {"inputs": again["inputs"] | {"seed": 6, "denoise": 0.4, "latent_image": ["3", 0]}}
    graph["8"]["inputs"]["samples"] = ["10", 0]
    return graph
