"""The tensors of an autoencoder: TAESD's, which ComfyUI's VAE class builds by itself where it finds these names."""

from .unets import Shapes, weight
from .weights import Layout

WIDTH, LEVELS = 64, 3
"""Channels inside, and how often the picture is halved."""


def taesd(channels: int, scale: float) -> Layout:
    """Return both halves.

    Args:
        channels: channels of the latents.
        scale: what latents are multiplied with, so that they come out at sizes of about 1.
    """
    encoder = weight("0", WIDTH, 3, 3, 3) | _block(1)
    decoder = weight("1", WIDTH, channels, 3, 3)
    for level in range(LEVELS):
        place = 2 + 4 * level
        encoder |= {f"{place}.weight": (WIDTH, WIDTH, 3, 3)} | _block(place + 1) | _block(place + 2) | _block(place + 3)
        place = 3 + 5 * level
        decoder |= _block(place) | _block(place + 1) | _block(place + 2) | {f"{place + 4}.weight": (WIDTH, WIDTH, 3, 3)}
    encoder |= weight(str(2 + 4 * LEVELS), channels, WIDTH, 3, 3)
    decoder |= _block(3 + 5 * LEVELS) | weight(str(4 + 5 * LEVELS), 3, WIDTH, 3, 3)
    halves = {"taesd_encoder": encoder, "taesd_decoder": decoder}
    shapes = {f"{half}.{name}": shape for half, own in halves.items() for name, shape in own.items()}
    return {**shapes, "vae_scale": scale, "vae_shift": 0.0}


def _block(place: int) -> Shapes:
    """Return a residual block: three convolutions."""
    shapes: Shapes = {}
    for number in (0, 2, 4):
        shapes |= weight(f"{place}.conv.{number}", WIDTH, WIDTH, 3, 3)
    return shapes
