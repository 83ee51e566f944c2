"""The sizes that the trainer knows: the tiny checkpoint's own, and smaller ones for tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

CELL = 8
"""Pixels to a latent cell, each way."""
SIZE_CONDITIONS = 6
"""Numbers that tell SDXL a picture's original size, its crop and its target size."""
SIZE_WIDTH = 256
"""What each of these numbers is embedded in."""
TOKENS = 77
"""Text tokens that an encoder reads, with its start and end marks."""
START, END = 49406, 49407
"""CLIP's marks."""


class Shape(NamedTuple):
    """A picture's size in pixels."""

    width: int
    height: int


class Bucket(NamedTuple):
    """Pictures of one shape, and how many of ten have it."""

    shape: Shape
    tenths: int


@dataclass(frozen=True)
class Sizes:
    """What the parts are built from, in diffusers' and transformers' own words, and the pictures' shapes."""

    unet: Mapping[str, Any]
    text_encoder: Mapping[str, Any]
    text_encoder_2: Mapping[str, Any]
    autoencoder: Mapping[str, Any]
    buckets: tuple[Bucket, ...]


def _clip(width: int, layers: int, activation: str, padding: int) -> dict[str, Any]:
    """Return an encoder with heads of 32 channels, as CLIP's."""
    return {
        "hidden_size": width,
        "intermediate_size": 4 * width,
        "num_attention_heads": width // 32,
        "num_hidden_layers": layers,
        "projection_dim": width,
        "hidden_act": activation,
        "vocab_size": END + 1,
        "max_position_embeddings": TOKENS,
        "bos_token_id": START,
        "eos_token_id": END,
        "pad_token_id": padding,
    }


def _unet(channels: tuple[int, ...], text: int, pooled: int, side: int) -> dict[str, Any]:
    """Return SDXL's UNet in small: one residual block a level, attention below the first level.

    Args:
        channels: of each level, multiples of 32.
        text: width of both encoders' states together.
        pooled: width of the pooled output.
        side: of most pictures, in latent cells.
    """
    below = len(channels) - 1
    return {
        "sample_size": side,
        "block_out_channels": channels,
        "down_block_types": ("DownBlock2D", *["CrossAttnDownBlock2D"] * below),
        "up_block_types": (*["CrossAttnUpBlock2D"] * below, "UpBlock2D"),
        "layers_per_block": 1,
        "transformer_layers_per_block": 1,
        # diffusers' name is wrong, and stays so: these are the numbers of heads, which have 32 channels each
        "attention_head_dim": tuple(width // 32 for width in channels),
        "cross_attention_dim": text,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": SIZE_WIDTH,
        "projection_class_embeddings_input_dim": pooled + SIZE_CONDITIONS * SIZE_WIDTH,
        "use_linear_projection": True,
    }


def _autoencoder(channels: int, encoder: tuple[int, ...], decoder: tuple[int, ...]) -> dict[str, Any]:
    return {
        "encoder_block_out_channels": (channels,) * 4,
        "decoder_block_out_channels": (channels,) * 4,
        "num_encoder_blocks": encoder,
        "num_decoder_blocks": decoder,
    }


def _buckets(square: int, short: int, long: int) -> tuple[Bucket, ...]:
    return (Bucket(Shape(square, square), 8), Bucket(Shape(short, long), 1), Bucket(Shape(long, short), 1))


SIZES = {
    "tiny": Sizes(
        _unet((64, 128, 192), text=192, pooled=128, side=32),
        _clip(64, 3, "quick_gelu", padding=END),
        _clip(128, 4, "gelu", padding=0),
        _autoencoder(64, (1, 3, 3, 3), (3, 3, 3, 1)),
        _buckets(256, 224, 288),
    ),
    "small": Sizes(
        _unet((32, 64), text=64, pooled=32, side=8),
        _clip(32, 2, "quick_gelu", padding=END),
        _clip(32, 2, "gelu", padding=0),
        _autoencoder(16, (1, 1, 1, 1), (1, 1, 1, 1)),
        _buckets(64, 48, 80),
    ),
}
"""`tiny` is the checkpoint's (11.5 million parameters in the UNet); `small` learns little, for tests."""


def size_conditions(shape: Shape, count: int, device: torch.device) -> Tensor:
    """Return the sizes of uncropped pictures, as SDXL is told them (n, 6)."""
    width, height = shape
    return torch.tensor([[height, width, 0, 0, height, width]], dtype=torch.float32, device=device).repeat(count, 1)
