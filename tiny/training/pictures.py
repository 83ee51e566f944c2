"""The pictures that a denoiser is trained on: composed, encoded once, and kept for the next run."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from diffusers import AutoencoderTiny
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor
from tqdm import tqdm

from ...prompt.whole_files import part_of
from ..scenes import Composer, Renderer
from .precision import autocast
from .sizes import Bucket, Shape
from .tokens import Tokenizer

CAPTIONS = 4
"""Captions of each picture."""
COMPOSED_AT_ONCE = {"cpu": 16, "cuda": 256}
FILE = "pictures.safetensors"


class Encoded(NamedTuple):
    """Pictures of one shape.

    Attributes:
        shape: in pixels.
        latents: (n, 4, height / 8, width / 8), as the autoencoder gives them, in half precision.
        tokens: the first encoder's (n, captions, 77).
    """

    shape: Shape
    latents: Tensor
    tokens: Tensor

    def on(self, device: torch.device) -> Encoded:
        """Return them on a device."""
        return Encoded(self.shape, self.latents.to(device), self.tokens.to(device))


class Source(NamedTuple):
    """Where pictures come from.

    Attributes:
        composer: draws the scenes.
        seed: chooses them.
        device: where they are rendered and encoded.
    """

    composer: Composer
    seed: int
    device: torch.device


@lru_cache(maxsize=1)
def _renderer(composer: Composer, device: torch.device) -> Renderer:
    """Keep the layers and the backgrounds on the device, from one step to the next."""
    return Renderer(composer, device)


def rendered(source: Source, shape: Shape, count: int, name: str) -> Iterator[tuple[Tensor, list[list[str]]]]:
    """Yield pictures (n, 3, height, width) of 0 to 1 with their captions, in batches; the same for the same name."""
    renderer = _renderer(source.composer, source.device)
    most = COMPOSED_AT_ONCE[source.device.type]
    for start in range(0, count, most):
        dice = random.Random(f"{source.seed} {name} {shape} {start}")
        scenes = [source.composer.scene(dice) for _ in range(min(most, count - start))]
        captions = [[scene.caption(dice) for _ in range(CAPTIONS)] for scene in scenes]
        generator = torch.Generator(source.device).manual_seed(dice.getrandbits(63))
        with torch.autocast(source.device.type, enabled=False):  # pictures are exact, whatever trains on them
            pictures = renderer.render(scenes, *shape, generator)
        yield pictures, captions


def shares(buckets: tuple[Bucket, ...], count: int) -> list[int]:
    """Return how many of a number of pictures each bucket gets; each gets one at least."""
    return [max(1, count * bucket.tenths // 10) for bucket in buckets]


@torch.no_grad()
def encode(source: Source, vae: AutoencoderTiny, buckets: tuple[Bucket, ...], count: int) -> list[Encoded]:
    """Return composed and encoded pictures, by bucket; the same for the same source, weights and count."""
    tokenizer, encoded = Tokenizer(), []
    counter = tqdm(total=sum(shares(buckets, count)), desc="encoding pictures", mininterval=2)
    for bucket, share in zip(buckets, shares(buckets, count), strict=True):
        latents, tokens = [], []
        for pictures, captions in rendered(source, bucket.shape, share, "pictures"):
            with autocast(source.device):
                found = vae.encode(pictures * 2 - 1).latents
            latents.append(found.half().cpu())
            ids = tokenizer([caption for four in captions for caption in four])
            tokens.append(ids.view(len(captions), CAPTIONS, -1).int())
            counter.update(len(captions))
        encoded.append(Encoded(bucket.shape, torch.cat(latents), torch.cat(tokens)))
    counter.close()
    return encoded


def fingerprint(vae: AutoencoderTiny, settings: dict[str, object]) -> str:
    """Return what names pictures: the autoencoder's weights, and the settings that they were composed with."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for name, tensor in sorted(vae.state_dict().items()):
        digest.update(name.encode() + tensor.cpu().float().numpy().tobytes())
    return digest.hexdigest()


def keep(folder: Path, pictures: list[Encoded], name: str) -> None:
    """Write pictures into a folder's file.

    Raises:
        OSError: if it can't be written.
    """
    tensors, metadata = {}, {"fingerprint": name, "shapes": json.dumps([encoded.shape for encoded in pictures])}
    for place, encoded in enumerate(pictures):
        tensors |= {f"{place}.latents": encoded.latents, f"{place}.tokens": encoded.tokens}
    with part_of(folder) as part:
        save_file(tensors, part, metadata)
        part.replace(folder / FILE)


def kept(folder: Path, name: str) -> list[Encoded] | None:
    """Return the pictures of a folder's file, None where there are none or others."""
    try:
        with safe_open(folder / FILE, "pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("fingerprint") != name:
                return None
            shapes = [Shape(*shape) for shape in json.loads(metadata["shapes"])]
            places = range(len(shapes))
            return [
                Encoded(shapes[i], *(file.get_tensor(f"{i}.{key}") for key in ("latents", "tokens"))) for i in places
            ]
    except (OSError, SafetensorError, KeyError, ValueError):
        return None
