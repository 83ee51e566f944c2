"""What a Base Image node gives, and the core nodes that do the same: for an image without a mask, or for none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...prompt import Family, Size, as_list
from ...prompt.fitting import Fitted, fit
from ..errors import WorkflowError

Inputs = Mapping[str, Any]
NAME = "TagloomBaseImage"
CROPS = {"crop": "center", "stretch": "disabled"}
"""How Upscale Image calls the ways to fit that it has."""
FLUX2 = ("flux2", "flux2_dev", "flux2_klein", "flux3")
"""Architectures whose VAE maps 16 by 16 pixels to a latent cell."""
MOST = 64
"""How often Repeat Latent Batch repeats at most."""
OWN_VAE = ("hidream_o1", "qwen_image_21")
"""Architectures with latents of their own, which ComfyUI 0.3.75 has no node for."""


def base_values(inputs: Inputs) -> tuple[Any, ...]:
    """Return the node's outputs; what only a server can give is None.

    Raises:
        WorkflowError: if something about it is not known before the run.
        PromptError: as `fit`.
    """
    fitted = _fitted(inputs)
    return (None, fitted.denoise, *fitted.size, None, None, as_list(fitted.report()))


def base_nodes(node_id: str, inputs: Inputs, known: Inputs) -> dict[str, Any]:
    """Return the core nodes that stand for a Base Image, one of them by its id.

    Args:
        node_id: our node's.
        inputs: our node's; what another node loads is a link.
        known: what is known of them before the run: the family, the image's size.

    Raises:
        WorkflowError: for what core nodes can't do.
    """
    fitted = _fitted(known)
    if inputs.get("mask") is not None or fitted.has_border or known["fit"] not in CROPS:
        raise WorkflowError(
            f"node {node_id} ({NAME}): masks and borders have no core nodes to stand for them; install Tagloom on the "
            "server, or choose crop and leave the mask out"
        )
    count = known["batch_size"]
    if fitted.image is None:
        return {node_id: _empty(known["family"], fitted.size, count)}
    if count > MOST:
        raise WorkflowError(f"node {node_id} ({NAME}): core nodes repeat an image {MOST} times at most, not {count}")
    scaled, encoded = f"{node_id}-1", f"{node_id}-2" if count > 1 else node_id
    scale = {"image": inputs["image"], "upscale_method": "lanczos", "crop": CROPS[known["fit"]]}
    nodes = {
        scaled: _node("ImageScale", **scale, width=fitted.size.width, height=fitted.size.height),
        encoded: _node("VAEEncode", pixels=[scaled, 0], vae=inputs["vae"]),
    }
    return nodes | ({node_id: _node("RepeatLatentBatch", samples=[encoded, 0], amount=count)} if count > 1 else {})


def _fitted(known: Inputs) -> Fitted:
    if "image" in known and not isinstance(known["image"], Size):
        raise WorkflowError(
            f"{NAME} takes an image of which nothing is known before the run; install Tagloom on the server, or take "
            "the image from Load Image"
        )
    fields = ("shape", "fit", "strength", "denoise", "width", "height", "batch_size")
    shape, how, strength, denoise, width, height, count = (known[field] for field in fields)
    if None in (shape, how, strength, denoise, width, height, count):
        raise WorkflowError(f"{NAME} takes a value that a core node makes; install Tagloom on the server")
    return fit(known["family"], shape, how, strength, denoise, known.get("image"), (width, height))


def _empty(family: Family, size: Size, count: int) -> dict[str, Any]:
    if family.architecture in OWN_VAE:
        raise WorkflowError(
            f"no core node is known for an empty latent of {family.name}; install Tagloom on the server"
        )
    name = "EmptyLatentImage" if family.prediction != "flow" else "EmptySD3LatentImage"
    if family.architecture in FLUX2:
        name = "EmptyFlux2LatentImage"
    return _node(name, width=size.width, height=size.height, batch_size=count)


def _node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}
