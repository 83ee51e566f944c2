"""The autoencoder of SD 1.5 and SDXL (AutoencoderKL): its build, its tensors on both sides, and diffusers' config."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import ConversionError
from .links import Link, Place, Shapes, Side, Way, count, layer, shape_of

ATTENTION = {"q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
OLD_ATTENTION = {"query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"}
"""The names that diffusers wrote before 0.12; it still reads them."""


@dataclass(frozen=True)
class Autoencoder:
    """An autoencoder's build.

    Attributes:
        channels: of each level, from the outermost on.
        layers: residual blocks of a level in the encoder; the decoder has one more.
        latent: channels of the latent picture.
        picture: channels of the picture.
    """

    channels: tuple[int, ...]
    layers: int
    latent: int
    picture: int

    def links(self) -> Iterator[Link]:
        """Yield all its tensors."""
        yield from self._encoder()
        yield from self._decoder()
        yield from layer(Place("quant_conv", "quant_conv"), (2 * self.latent, 2 * self.latent, 1, 1))
        yield from layer(Place("post_quant_conv", "post_quant_conv"), (self.latent, self.latent, 1, 1))

    def config(self) -> dict[str, Any]:
        """Return what of diffusers' config follows from the build."""
        return {
            "in_channels": self.picture,
            "out_channels": self.picture,
            "latent_channels": self.latent,
            "block_out_channels": list(self.channels),
            "layers_per_block": self.layers,
            "down_block_types": ["DownEncoderBlock2D"] * len(self.channels),
            "up_block_types": ["UpDecoderBlock2D"] * len(self.channels),
        }

    def _encoder(self) -> Iterator[Link]:
        before, inside = self.channels[0], Place("encoder.", "encoder.")
        yield from layer(inside.below("conv_in"), (before, self.picture, 3, 3))
        for level, channels in enumerate(self.channels):
            place = inside.below(f"down.{level}.", f"down_blocks.{level}.")
            for number in range(self.layers):
                yield from _residual(place.below(f"block.{number}.", f"resnets.{number}."), before, channels)
                before = channels
            if level < len(self.channels) - 1:
                yield from layer(place.below("downsample.conv", "downsamplers.0.conv"), (channels, channels, 3, 3))
        yield from _ends(inside, before, before, 2 * self.latent)

    def _decoder(self) -> Iterator[Link]:
        before, inside = self.channels[-1], Place("decoder.", "decoder.")
        yield from layer(inside.below("conv_in"), (before, self.latent, 3, 3))
        for number, level in enumerate(reversed(range(len(self.channels)))):
            channels, place = self.channels[level], inside.below(f"up.{level}.", f"up_blocks.{number}.")
            for block in range(self.layers + 1):
                yield from _residual(place.below(f"block.{block}.", f"resnets.{block}."), before, channels)
                before = channels
            if level:
                yield from layer(place.below("upsample.conv", "upsamplers.0.conv"), (channels, channels, 3, 3))
        yield from _ends(inside, self.channels[-1], before, self.picture)


def read_autoencoder(shapes: Shapes, side: Side) -> Autoencoder:
    """Return an autoencoder's build from its tensors' shapes.

    Raises:
        ConversionError: if it is not built as those of SD 1.5 and SDXL are.
    """
    block = "encoder.down.{}.block.{}." if side is Side.SINGLE else "encoder.down_blocks.{}.resnets.{}."
    levels = count(shapes, block.replace("{}.", "0.").replace("0.", "{}.", 1) + "conv1.weight")
    layers = count(shapes, block.replace("{}.", "0.", 1) + "conv1.weight")
    if not levels or not layers:
        raise ConversionError("it has no levels as the autoencoders of SD 1.5 and SDXL have")
    return Autoencoder(
        channels=tuple(shape_of(shapes, block.format(level, 0) + "conv1.weight", 4)[0] for level in range(levels)),
        layers=layers,
        latent=shape_of(shapes, "decoder.conv_in.weight", 4)[1],
        picture=shape_of(shapes, "encoder.conv_in.weight", 4)[1],
    )


def new_name(name: str) -> str:
    """Return what a tensor in a folder is called today."""
    place, found, rest = name.partition(".mid_block.attentions.0.")
    layer_name, _, kind = rest.rpartition(".")
    return f"{place}{found}{OLD_ATTENTION[layer_name]}.{kind}" if found and layer_name in OLD_ATTENTION else name


def _ends(inside: Place, middle: int, channels: int, out: int) -> Iterator[Link]:
    """Yield the middle block, and what ends an encoder or a decoder."""
    for single, folder in (("mid.block_1.", "mid_block.resnets.0."), ("mid.block_2.", "mid_block.resnets.1.")):
        yield from _residual(inside.below(single, folder), middle, middle)
    place = inside.below("mid.attn_1.", "mid_block.attentions.0.")
    yield from layer(place.below("norm", "group_norm"), (middle,))
    for single, folder in ATTENTION.items():
        yield from layer(place.below(single, folder), (middle, middle), Way.POINTWISE)
    yield from layer(inside.below("norm_out", "conv_norm_out"), (channels,))
    yield from layer(inside.below("conv_out"), (out, channels, 3, 3))


def _residual(place: Place, before: int, channels: int) -> Iterator[Link]:
    yield from layer(place.below("norm1"), (before,))
    yield from layer(place.below("conv1"), (channels, before, 3, 3))
    yield from layer(place.below("norm2"), (channels,))
    yield from layer(place.below("conv2"), (channels, channels, 3, 3))
    if before != channels:
        yield from layer(place.below("nin_shortcut", "conv_shortcut"), (channels, before, 1, 1))
