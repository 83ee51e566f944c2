"""The autoencoder's stage: it learns to bring a picture to an eighth of its size, and back."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from torch import Tensor
from torch.nn import functional

from .export import replace_folder
from .pictures import Source, rendered
from .plan import Draw
from .samples import as_image, write_image
from .sizes import Shape

LATENT_NOISE = 0.03
"""Spread of the noise on the latents while it learns, so that small errors of a denoiser do no harm."""
EDGES, COARSE, SQUARES, SPREAD = 0.5, 1.0, 0.5, 0.02
"""How much the differences of neighbours, means of 4x4 pixels, squares, and the latents' spread count beside pixels."""
SHOWN = 16
MEASURED = 64
"""Pictures whose latents give the scale."""


class AutoencoderStage:
    """Trains an autoencoder on new pictures at each step."""

    def __init__(self, vae: AutoencoderTiny, source: Source, shape: Shape) -> None:
        self.module = vae
        self._source, self._shape = source, shape

    def loss(self, draw: Draw, batch: int) -> Tensor:
        """Return the loss of new pictures."""
        pictures = self._pictures(batch, str(draw.dice.getrandbits(63)))
        latents = self.module.encode(pictures).latents
        noise = torch.randn(latents.shape, generator=draw.generator, device=latents.device)
        decoded = self.module.decode(latents + LATENT_NOISE * noise).sample
        return reconstruction((decoded.float() - pictures) / 2) + SPREAD * off_normal(latents.float())

    def samples(self, path: Path) -> None:
        """Write pictures, and below each what becomes of it."""
        pictures = self._pictures(SHOWN, "samples")
        decoded = self.module.decode(self.module.encode(pictures).latents).sample.float()
        rows = [
            part for pair in zip(pictures.split(SHOWN // 2), decoded.split(SHOWN // 2), strict=True) for part in pair
        ]
        write_image(path, as_image(torch.cat(rows) / 2 + 0.5, SHOWN // 2))

    @torch.no_grad()
    def scale(self) -> float:
        """Return what latents are multiplied with for the denoiser, so that their spread is 1."""
        latents = torch.cat([self.module.encode(some).latents for some in self._pictures(MEASURED, "scale").split(8)])
        return 1 / latents.float().std().item()

    def _pictures(self, count: int, name: str) -> Tensor:
        """Return pictures (n, 3, height, width) of -1 to 1, the same for the same name."""
        batches = [pictures for pictures, _ in rendered(self._source, self._shape, count, name)]
        return torch.cat(batches).contiguous(memory_format=torch.channels_last) * 2 - 1


def reconstruction(errors: Tensor) -> Tensor:
    """Return the loss of errors (n, 3, height, width), where black to white is 1."""
    across = (errors[..., 1:] - errors[..., :-1]).abs().mean()
    down = (errors[..., 1:, :] - errors[..., :-1, :]).abs().mean()
    coarse = functional.avg_pool2d(errors, 4).abs().mean()
    return errors.abs().mean() + EDGES * (across + down) + COARSE * coarse + SQUARES * (errors**2).mean()


def off_normal(latents: Tensor) -> Tensor:
    """Return how far latents are from a mean of 0 and a spread of 1."""
    return latents.mean() ** 2 + (latents.std() - 1) ** 2


def write_autoencoder(vae: AutoencoderTiny, scale: float, folder: Path) -> None:
    """Write an autoencoder into a run's folder, in single precision, as diffusers has it.

    Raises:
        OSError: if it can't be written.
    """

    def write(place: Path) -> None:
        vae.register_to_config(scaling_factor=scale)
        vae.save_pretrained(place)

    replace_folder(folder / "vae", write)
