"""The tiny model's autoencoder (TAESD in ComfyUI, AutoencoderTiny in diffusers): its build, its tensors, its config."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ConversionError
from .links import MOST_BLOCKS, Link, Place, Shapes, Side, layer, shape_of

ENCODER = Place("taesd_encoder.", "encoder.layers.")
DECODER = Place("taesd_decoder.", "decoder.layers.")
SHIFT = 1
"""ComfyUI's decoder counts the limit in front of its first layer, which has no tensors; diffusers' does not."""


@dataclass(frozen=True)
class TinyAutoencoder:
    """An autoencoder's build: `width` channels everywhere, and so many blocks at each size, from its input on."""

    width: int
    latent: int
    encoder: tuple[int, ...]
    decoder: tuple[int, ...]

    def links(self) -> Iterator[Link]:
        """Yield all its tensors."""
        yield from self._encoder()
        yield from self._decoder()

    def config(self) -> dict[str, Any]:
        """Return what of diffusers' config follows from the build."""
        return {
            "latent_channels": self.latent,
            "encoder_block_out_channels": [self.width] * len(self.encoder),
            "decoder_block_out_channels": [self.width] * len(self.decoder),
            "num_encoder_blocks": list(self.encoder),
            "num_decoder_blocks": list(self.decoder),
        }

    def _encoder(self) -> Iterator[Link]:
        number = 0
        for size, blocks in enumerate(self.encoder):
            yield from _convolution(ENCODER, number, number, (self.width, self.width if size else 3), bias=not size)
            for block in range(number + 1, number + 1 + blocks):
                yield from _block(ENCODER, block, block, self.width)
            number += 1 + blocks
        yield from _convolution(ENCODER, number, number, (self.latent, self.width))

    def _decoder(self) -> Iterator[Link]:
        yield from _convolution(DECODER, SHIFT, 0, (self.width, self.latent))
        number = 2  # behind the first layer's activation
        for size, blocks in enumerate(self.decoder):
            last = size == len(self.decoder) - 1
            for block in range(number, number + blocks):
                yield from _block(DECODER, block + SHIFT, block, self.width)
            number += blocks + (not last)  # the layer that doubles the size has no tensors
            out = 3 if last else self.width
            yield from _convolution(DECODER, number + SHIFT, number, (out, self.width), bias=last)
            number += 1


def read_tiny_autoencoder(shapes: Shapes, side: Side) -> TinyAutoencoder:
    """Return an autoencoder's build from its tensors' shapes.

    Raises:
        ConversionError: if it is none.
    """
    encoder, decoder = (_runs(shapes, place.of(side)) for place in (ENCODER, DECODER))
    if len(encoder) < 3 or len(decoder) < 3:
        raise ConversionError("it has no layers as the TAESD autoencoder has")
    first = DECODER.single + str(SHIFT) if side is Side.SINGLE else DECODER.folder + "0"
    width, latent = shape_of(shapes, f"{first}.weight", 4)[:2]
    return TinyAutoencoder(width, latent, encoder[:-1], decoder[:-1])


def _runs(shapes: Shapes, prefix: str) -> tuple[int, ...]:
    """Return how many blocks lie behind each convolution, in a row of layers."""
    runs: list[int] = []
    for number in range(MOST_BLOCKS):
        if f"{prefix}{number}.weight" in shapes:
            runs.append(0)
        elif f"{prefix}{number}.conv.0.weight" in shapes and runs:
            runs[-1] += 1
    return tuple(runs)


def _convolution(place: Place, single: int, folder: int, ends: Sequence[int], bias: bool = True) -> Iterator[Link]:
    yield from layer(place.below(str(single), str(folder)), (*ends, 3, 3), bias=bias)


def _block(place: Place, single: int, folder: int, width: int) -> Iterator[Link]:
    for number in (0, 2, 4):
        yield from layer(place.below(f"{single}.conv.{number}", f"{folder}.conv.{number}"), (width, width, 3, 3))
