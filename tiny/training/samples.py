"""Samples along the way: fixed prompts, drawn by Euler's method with guidance, as one picture."""

from __future__ import annotations

import io
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, EulerDiscreteScheduler
from PIL import Image
from torch import Tensor

from ...prompt.whole_files import replace_file
from .models import Denoiser
from .noise import schedule_settings
from .sizes import CELL, Shape, size_conditions
from .tokens import Tokenizer, for_second

PROMPTS = (
    "masterpiece, best quality, 1girl, solo, orange hair, fox ears, fox girl, long hair, smirk, smug, black jacket, "
    "white shirt, portrait, forest, fire, fiery background",
    "masterpiece, best quality, 1boy, solo, blue hair, short hair, beard, smile, red hoodie, upper body, night sky, "
    "stars",
    "worst quality, lowres, blurry, watermark, 1girl, pink hair, crying",
    "best quality, 1girl, green hair, cat ears, closed eyes, smile, yellow shirt, simple background, pink background",
    "masterpiece, 1girl, white hair, heart-shaped pupils, open mouth, purple jacket, close-up, cherry blossoms",
    "masterpiece, best quality, 1boy, black hair, sunglasses, angry, serious, white shirt, city, cityscape",
    "best quality, 1girl, blonde hair, long hair, halo, light smile, blue overalls, beach, ocean",
    "masterpiece, 1girl, red hair, wink, tongue out, print shirt, skull print, black shirt, striped background, "
    "dutch angle",
)
NEGATIVE = "worst quality, low quality, lowres, blurry, watermark"
GUIDANCE = 5.0
STEPS = 25
ROWS = 2
"""Pictures of each prompt."""


@torch.no_grad()
def sample(denoiser: Denoiser, prompts: tuple[str, ...], prediction: str, shape: Shape, seed: int = 1) -> Tensor:
    """Return latents of pictures (n, 4, height / 8, width / 8), one for each prompt; the same for the same seed."""
    device, count = denoiser.unet.device, len(prompts)
    tokens = Tokenizer()([*prompts, *[NEGATIVE] * count]).to(device)
    states, pooled = denoiser.encode(tokens, for_second(tokens))
    conditions = {"text_embeds": pooled, "time_ids": size_conditions(shape, 2 * count, device)}
    scheduler = EulerDiscreteScheduler(**schedule_settings(prediction))
    scheduler.set_timesteps(STEPS, device=device)
    generator = torch.Generator().manual_seed(seed)  # on the CPU, so that a GPU draws the same pictures
    latents = torch.randn((count, 4, shape.height // CELL, shape.width // CELL), generator=generator).to(device)
    latents = latents * scheduler.init_noise_sigma
    for step in scheduler.timesteps:
        both = scheduler.scale_model_input(torch.cat([latents, latents]), step)
        predicted = denoiser.unet(both, step, states, added_cond_kwargs=conditions, return_dict=False)[0].float()
        wanted, unwanted = predicted.chunk(2)
        guided = unwanted + GUIDANCE * (wanted - unwanted)
        latents = scheduler.step(guided, step, latents, return_dict=False)[0]
    return latents


def as_image(pictures: Tensor, columns: int) -> Image.Image:
    """Return pictures (n, 3, height, width) of 0 to 1 side by side, in rows of so many."""
    rows = [torch.cat(list(row), dim=2) for row in pictures.clamp(0, 1).split(columns)]
    pixels = (torch.cat(rows, dim=1) * 255).round().byte().permute(1, 2, 0)
    return Image.fromarray(pixels.cpu().numpy())


def write_image(path: Path, image: Image.Image) -> None:
    """Write a picture as PNG, whole or not at all.

    Raises:
        OSError: if it can't be written.
    """
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    replace_file(path, buffer.getvalue())


def write_samples(path: Path, denoiser: Denoiser, vae: AutoencoderTiny, prediction: str, shape: Shape) -> None:
    """Write a grid of the fixed prompts' pictures: a column for each prompt.

    Raises:
        OSError: if it can't be written.
    """
    latents = sample(denoiser, PROMPTS * ROWS, prediction, shape)
    decoded = [vae.decode(one / vae.config.scaling_factor).sample for one in latents.split(1)]
    write_image(path, as_image(torch.cat(decoded).float() / 2 + 0.5, len(PROMPTS)))
