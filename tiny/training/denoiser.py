"""The denoiser's stage: the UNet and both text encoders learn together to tell noise from pictures."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from .models import Denoiser, Models
from .noise import Noise
from .pictures import Encoded
from .plan import Draw
from .samples import write_samples
from .sizes import Bucket, Shape, size_conditions
from .tokens import for_second

SCALED, LARGEST_SCALE = 0.5, 8
"""Share of the pictures that are said to be larger than they are, and up to how many times."""


class Batch(NamedTuple):
    """What a loss is measured on.

    Attributes:
        latents: as the denoiser has them, without noise (n, 4, height, width).
        noise: of the same shape.
        steps: of the noise schedule (n).
        tokens: the first encoder's (n, 77).
        sizes: original height and width, crop's top and left, target height and width (n, 6).
    """

    latents: Tensor
    noise: Tensor
    steps: Tensor
    tokens: Tensor
    sizes: Tensor


class DenoiserStage:
    """Trains a model's denoiser on encoded pictures."""

    def __init__(self, models: Models, pictures: list[Encoded], buckets: tuple[Bucket, ...], noise: Noise) -> None:
        self.module: Denoiser = models.denoiser()
        self._models, self._noise = models, noise
        self._device = models.unet.device
        self._pictures = [encoded.on(self._device) for encoded in pictures]
        self._shares = [bucket.tenths for bucket in buckets]
        self._scale = models.vae.config.scaling_factor

    def loss(self, draw: Draw, batch: int) -> Tensor:
        """Return the loss of pictures of one bucket, drawn at random."""
        return self.loss_of(self.batch(draw, batch))

    def loss_of(self, batch: Batch) -> Tensor:
        """Return a batch's loss."""
        noisy = self._noise.add(batch.latents, batch.noise, batch.steps)
        noisy = noisy.contiguous(memory_format=torch.channels_last)
        prediction = self.module(noisy, batch.steps, batch.tokens, for_second(batch.tokens), batch.sizes)
        return self._noise.loss(prediction, batch.latents, batch.noise, batch.steps)

    def batch(self, draw: Draw, count: int) -> Batch:
        """Return pictures of one bucket, each with one of its captions, with noise, at random."""
        pictures = draw.dice.choices(self._pictures, self._shares)[0]
        chance = {"generator": draw.generator, "device": self._device}
        chosen = torch.randint(len(pictures.latents), (count,), **chance)
        caption = torch.randint(pictures.tokens.shape[1], (count,), **chance)
        latents = pictures.latents[chosen].float() * self._scale
        return Batch(
            latents,
            torch.randn(latents.shape, **chance),
            torch.randint(self._noise.steps, (count,), **chance),
            pictures.tokens[chosen, caption].long(),
            self._sizes(pictures.shape, count, draw),
        )

    def _sizes(self, shape: Shape, count: int, draw: Draw) -> Tensor:
        """Return what the denoiser is told of the sizes: half the time several times the true ones.

        So the sizes that users' graphs give, such as SDXL's 1024, mean nothing bad to it.
        """
        chance = {"generator": draw.generator, "device": self._device}
        scaled = torch.rand((count, 1), **chance) < SCALED
        scale = torch.randint(1, LARGEST_SCALE + 1, (count, 1), **chance)
        return size_conditions(shape, count, self._device) * torch.where(scaled, scale, 1)

    def samples(self, path: Path) -> None:
        """Write pictures of fixed prompts."""
        shape = max(self._pictures, key=lambda encoded: len(encoded.latents)).shape
        write_samples(path, self.module, self._models.vae, self._noise.prediction, shape)

    def trained_tokens(self) -> Tensor:
        """Return which text tokens the captions hold (vocabulary); the second encoder's padding is one of them."""
        seen = torch.zeros(self.module.text_encoder.config.vocab_size, dtype=torch.bool)
        for pictures in self._pictures:
            tokens = pictures.tokens.flatten(end_dim=1).cpu().long()
            seen[tokens.unique()] = True
            seen[for_second(tokens[:1]).unique()] = True
        return seen
