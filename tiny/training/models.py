"""The parts of the model, of diffusers' and transformers' own classes: from nothing, or from weights."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, UNet2DConditionModel
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from ...runner.conversion import convert
from .arguments import PREDICTIONS
from .errors import TrainingError
from .sizes import Sizes

CLASSES = {
    "unet": UNet2DConditionModel,
    "text_encoder": CLIPTextModel,
    "text_encoder_2": CLIPTextModelWithProjection,
    "vae": AutoencoderTiny,
}
"""The parts by the names of their folders."""
LOADING = {"use_safetensors": True, "local_files_only": True}
"""No pickle, no download."""
EMBEDDING_SPREAD, POSITION_SPREAD = 0.02, 0.01


@dataclass(frozen=True)
class Models:
    """The parts, in single precision."""

    unet: UNet2DConditionModel
    text_encoder: CLIPTextModel
    text_encoder_2: CLIPTextModelWithProjection
    vae: AutoencoderTiny

    def denoiser(self) -> Denoiser:
        """Return what is trained together: the UNet and both text encoders."""
        return Denoiser(self.unet, self.text_encoder, self.text_encoder_2)


class Denoiser(nn.Module):
    """The UNet behind both text encoders, as diffusers' StableDiffusionXLPipeline joins them."""

    def __init__(
        self, unet: UNet2DConditionModel, text_encoder: CLIPTextModel, text_encoder_2: CLIPTextModelWithProjection
    ) -> None:
        super().__init__()
        self.unet = unet
        self.text_encoder = text_encoder
        self.text_encoder_2 = text_encoder_2

    def encode(self, tokens: Tensor, tokens_2: Tensor) -> tuple[Tensor, Tensor]:
        """Return the states of both encoders' penultimate layers (n, 77, both widths), and the pooled output."""
        first = self.text_encoder(tokens, output_hidden_states=True)
        second = self.text_encoder_2(tokens_2, output_hidden_states=True)
        return torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1), second.text_embeds

    def forward(self, noisy: Tensor, steps: Tensor, tokens: Tensor, tokens_2: Tensor, sizes: Tensor) -> Tensor:
        """Return the prediction for noisy latents.

        Args:
            noisy: latents (n, 4, height / 8, width / 8).
            steps: of the noise schedule (n), 0 to 999.
            tokens: for the first encoder (n, 77).
            tokens_2: for the second encoder (n, 77).
            sizes: original height and width, crop's top and left, target height and width (n, 6).
        """
        states, pooled = self.encode(tokens, tokens_2)
        conditions = {"text_embeds": pooled, "time_ids": sizes}
        return self.unet(noisy, steps, states, added_cond_kwargs=conditions, return_dict=False)[0]


def from_nothing(sizes: Sizes, seed: int) -> Models:
    """Return parts with random weights, the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        models = Models(
            UNet2DConditionModel(**sizes.unet),
            CLIPTextModel(CLIPTextConfig(**sizes.text_encoder)),
            CLIPTextModelWithProjection(CLIPTextConfig(**sizes.text_encoder_2)),
            AutoencoderTiny(**sizes.autoencoder),
        )
        for part in (models.text_encoder, models.text_encoder_2):
            _start_encoder(part)
    _start_unet(models.unet)
    return models


def _start_encoder(encoder: nn.Module) -> None:
    """Give an encoder PyTorch's own start; transformers' is made for wide models."""
    for module in encoder.modules():
        if isinstance(module, nn.Linear | nn.LayerNorm):
            module.reset_parameters()
    embeddings = encoder.text_model.embeddings
    nn.init.normal_(embeddings.token_embedding.weight, std=EMBEDDING_SPREAD)
    nn.init.normal_(embeddings.position_embedding.weight, std=POSITION_SPREAD)


def _start_unet(unet: UNet2DConditionModel) -> None:
    """Let each block pass its input on at first, and the whole predict 0."""
    for name, module in unet.named_modules():
        if name == "conv_out" or name.endswith((".conv2", ".proj_out")):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)


def load(source: Path, parts: tuple[str, ...] = tuple(CLASSES)) -> dict[str, nn.Module]:
    """Return parts of a single file or of a diffusers folder, by name.

    Raises:
        TrainingError: if it can't be read.
        RunnerError: if a single file can't be converted.
    """
    with as_folder(source) as folder:
        return {part: _load_part(folder / part, part) for part in parts}


@contextmanager
def as_folder(source: Path) -> Iterator[Path]:
    """Yield a diffusers folder, into which a single file is converted meanwhile.

    Raises:
        TrainingError: if there is neither.
        RunnerError: if the file can't be converted.
    """
    if source.is_dir():
        yield source
    elif not source.is_file():
        raise TrainingError(f"there is no file or folder {source}; name weights to start from, with --from")
    else:
        with tempfile.TemporaryDirectory(prefix="tagloom-") as place:
            convert(source, Path(place) / "model")
            yield Path(place) / "model"


def prediction_of(folder: Path) -> str:
    """Return what the UNet of a diffusers folder predicts.

    Raises:
        TrainingError: if it does not say.
    """
    path = folder / "scheduler" / "scheduler_config.json"
    try:
        prediction = json.loads(path.read_text(encoding="utf-8"))["prediction_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} does not say what the UNet predicts ({type(error).__name__})") from error
    if prediction not in PREDICTIONS:
        raise TrainingError(f"{path}: the UNet predicts {prediction!r:.40}; {' and '.join(PREDICTIONS)} are supported")
    return prediction


def load_models(source: Path) -> Models:
    """Return all parts of a single file or of a diffusers folder.

    Raises:
        TrainingError: if they can't be read.
    """
    return Models(**load(source))


def _load_part(folder: Path, part: str) -> nn.Module:
    try:
        model, loaded = CLASSES[part].from_pretrained(folder, output_loading_info=True, **LOADING)
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise TrainingError(f"{folder} holds no {CLASSES[part].__name__} that can be read: {reason}") from error
    if missing := sorted(loaded["missing_keys"]):
        raise TrainingError(f"{folder} lacks {missing[0]} and {len(missing) - 1} more weights; give a whole model")
    return model.float()  # the parts are trained in it, whatever the file holds


def untrained(embedding: nn.Embedding) -> Tensor:
    """Return which rows (vocabulary) are all zero, as the exporter leaves the text tokens that were never trained."""
    return (embedding.weight == 0).all(dim=1)


def trained_before(models: Models) -> Tensor:
    """Return which text tokens (vocabulary) have a row in both token embeddings; the others begin at zero."""
    first, second = (
        part.text_model.embeddings.token_embedding for part in (models.text_encoder, models.text_encoder_2)
    )
    return ~(untrained(first) | untrained(second))


PARTS = tuple(field.name for field in fields(Models))
