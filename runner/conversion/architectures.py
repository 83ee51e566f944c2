"""The architectures that can be converted: their parts, where a single file has these, and what shapes don't tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ...prompt.families.architecture import facts_of
from ...prompt.families.headers import Header
from ..errors import ConversionError
from .autoencoder import read_autoencoder
from .links import Link, Shapes, Side
from .text_encoders import TextEncoder, read_text_encoder
from .tiny_autoencoder import read_tiny_autoencoder
from .unet import UNet, read_unet

UNET, VAE, TEXT, TEXT_2 = PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")
SUPPORTED = "whole models of SD 1.5, of SDXL and of the tiny model can be converted"
INSIDE = {
    UNET: ("",),
    VAE: ("encoder.", "decoder.", "taesd_encoder.", "taesd_decoder."),
    TEXT: ("text_model.encoder.",),
    TEXT_2: ("text_model.encoder.", "transformer."),
}
"""Where an unknown tensor means that a part is built otherwise; elsewhere there are leftovers from trainings."""
SD2_CONTEXT, SDXL_CONTEXT = 1024, 2048


class Build(Protocol):
    """How a part is built."""

    def links(self) -> Iterator[Link]:
        """Yield all its tensors."""

    def config(self) -> dict[str, Any]:
        """Return what of its config follows from the build."""


@dataclass(frozen=True)
class Architecture:
    """What a layout demands, and what can't be told from shapes.

    Attributes:
        id: its short name.
        pipeline: what diffusers' pipelines of it begin with.
        prefixes: of each part, what its tensors' names begin with in a single file.
        heads: attention heads of the UNet; 0 where each has `head_width` channels instead.
        head_width: channels of a head, in the UNet where `heads` is 0.
        text_head_width: likewise, in the text encoders.
        scaling: what latents are multiplied with.
        size: of the pictures it is made for, in pixels.
    """

    id: str
    pipeline: str
    prefixes: Mapping[str, str]
    heads: int
    head_width: int
    text_head_width: int
    scaling: float
    size: int

    @property
    def is_tiny(self) -> bool:
        """Whether its autoencoder is TAESD's, and both text encoders are in Hugging Face's form."""
        return self.id == "tagloom-tiny"

    def is_plain(self, part: str) -> bool:
        """Return whether a part is a text encoder in Hugging Face's form in the single file, too."""
        return part == TEXT or (part == TEXT_2 and self.is_tiny)

    @property
    def parts(self) -> tuple[str, ...]:
        """Its parts, the UNet first."""
        return tuple(self.prefixes)


SD15 = Architecture(
    "sd15",
    "StableDiffusion",
    {UNET: "model.diffusion_model.", VAE: "first_stage_model.", TEXT: "cond_stage_model.transformer."},
    heads=8,
    head_width=0,
    text_head_width=64,
    scaling=0.18215,
    size=512,
)
SDXL = Architecture(
    "sdxl",
    "StableDiffusionXL",
    {
        UNET: "model.diffusion_model.",
        VAE: "first_stage_model.",
        TEXT: "conditioner.embedders.0.transformer.",
        TEXT_2: "conditioner.embedders.1.model.",
    },
    heads=0,
    head_width=64,
    text_head_width=64,
    scaling=0.13025,
    size=1024,
)
TINY = Architecture(
    "tagloom-tiny",
    "StableDiffusionXL",
    {**SDXL.prefixes, TEXT_2: "conditioner.embedders.1.model.transformer."},
    heads=0,
    head_width=32,
    text_head_width=32,
    scaling=0.13025,
    size=256,
)


def architecture_of_file(shapes: Shapes, metadata: Mapping[str, str]) -> Architecture:
    """Return a single file's architecture.

    Raises:
        ConversionError: if it is none of these; it says what it looks like.
    """
    for architecture in (TINY, SDXL, SD15):
        prefixes = [
            f"{prefix}text_model." if architecture.is_plain(part) else prefix
            for part, prefix in architecture.prefixes.items()
        ]
        if all(any(name.startswith(prefix) for name in shapes) for prefix in prefixes):
            return architecture
    facts = facts_of(Header(shapes, metadata))
    kind = "a LoRA" if facts.is_lora else f"{facts.name}, or a part of it" if facts.name else _part_in(shapes)
    raise ConversionError(f"it looks like {kind}; {SUPPORTED}")


def prove_components(names: Collection[str]) -> None:
    """Prove that a folder with such components can be of one of these architectures.

    Raises:
        ConversionError: if it can't; it says what it looks like.
    """
    for odd in ("transformer", "prior", "decoder", "controlnet", "motion_adapter"):
        if odd in names:
            raise ConversionError(f"it has a component {odd}, so it is of another architecture; {SUPPORTED}")
    if TEXT not in names and TEXT_2 in names:
        raise ConversionError(f"it looks like SDXL's refiner; {SUPPORTED}")
    for part in (UNET, VAE, TEXT):
        if part not in names:
            raise ConversionError(f"it has no component {part}; {SUPPORTED}")


def architecture_of_folder(names: Collection[str], vae: Shapes) -> Architecture:
    """Return the architecture of a folder with such components, and such tensors in its autoencoder."""
    if TEXT_2 not in names:
        return SD15
    return TINY if "encoder.layers.0.weight" in vae else SDXL


def builds_of(architecture: Architecture, shapes: Mapping[str, Shapes], side: Side) -> dict[str, Build]:
    """Return how a model's parts are built, which fit one another.

    Args:
        architecture: its own.
        shapes: of each part, its tensors' shapes.
        side: whose names they have.

    Raises:
        ConversionError: if a part is built otherwise, or the parts don't fit; it names the part.
    """
    builds = {part: _build(architecture, part, shapes[part], side) for part in architecture.parts}
    unet, texts = builds[UNET], [build for build in builds.values() if isinstance(build, TextEncoder)]
    assert isinstance(unet, UNet)
    _prove_fitting(architecture, unet, texts)
    return builds


def prove_known(part: str, unknown: Collection[str]) -> None:
    """Prove that a part's unknown tensors, by their names on either side, do not belong to another build.

    Raises:
        ConversionError: if one does.
    """
    for name in sorted(unknown):
        if name.startswith(INSIDE[part]):
            raise ConversionError(f"it has {name:.100}, which those of SD 1.5 and SDXL don't have")


def _part_in(shapes: Shapes) -> str:
    kinds = {"control_model.": "a ControlNet", "model.diffusion_model.": "a UNet alone", "encoder.": "a VAE alone"}
    return next(
        (kind for prefix, kind in kinds.items() if any(name.startswith(prefix) for name in shapes)), "nothing known"
    )


def _build(architecture: Architecture, part: str, shapes: Shapes, side: Side) -> Build:
    try:
        if part == UNET:
            return read_unet(shapes, side)
        if part == VAE:
            return (read_tiny_autoencoder if architecture.is_tiny else read_autoencoder)(shapes, side)
        return read_text_encoder(shapes, side, not architecture.is_plain(part), projects=part == TEXT_2)
    except ConversionError as error:
        raise ConversionError(f"{part}: {error}") from error


def _prove_fitting(architecture: Architecture, unet: UNet, texts: list[TextEncoder]) -> None:
    width = sum(text.width for text in texts)
    if architecture is SD15 and unet.context == width == SD2_CONTEXT:
        raise ConversionError(f"it looks like Stable Diffusion 2; {SUPPORTED}")
    if architecture.is_tiny and unet.context == SDXL_CONTEXT:
        raise ConversionError("vae: it is a tiny autoencoder beside a full SDXL model; put SDXL's own there")
    if unet.context != width:
        raise ConversionError(f"unet: it takes texts of width {unet.context}, and the text encoders give {width}")
    if bool(unet.label) != (architecture is not SD15):
        raise ConversionError(f"unet: its size conditions are not those of {architecture.id}")
    if unet.label and (unet.label <= texts[-1].projection or (unet.label - texts[-1].projection) % 6):
        raise ConversionError(f"unet: its conditions of width {unet.label} don't fit the pooled text's width")
    if unet.ends not in ((4, 4), (9, 4)):
        raise ConversionError(f"unet: it takes {unet.ends[0]} channels; 4 are supported, and 9 for inpainting")
    if not unet.middle:
        raise ConversionError("unet: its middle block has no attention, as in distilled models; " + SUPPORTED)
    if unet.depths[-1] not in (0, unet.middle):
        raise ConversionError(
            f"unet: its last level has attentions of depth {unet.depths[-1]}, and its middle block one of "
            f"{unet.middle}; diffusers has one depth for both"
        )
