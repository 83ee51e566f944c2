"""What a run leaves: a diffusers folder, and ComfyUI's single file, both in half precision."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from ...runner.conversion import convert
from .models import PARTS, Models
from .noise import schedule_settings
from .tokens import pipeline_tokenizers

FOLDER = "diffusers"
FILES = {"epsilon": "tagloom-tiny.safetensors", "v_prediction": "tagloom-tiny-vpred.safetensors"}
"""The single files' names, by what the UNet predicts."""
TITLES = {"epsilon": "Tagloom Tiny", "v_prediction": "Tagloom Tiny, v-prediction"}
WEIGHTS = Path("unet/diffusion_pytorch_model.safetensors")
"""The part whose file carries the model's metadata in a folder."""


class Facts(NamedTuple):
    """What a model's metadata say.

    Attributes:
        prediction: `epsilon` or `v_prediction`.
        resolution: of most of its pictures, such as `256x256`.
        steps: of the optimizer in all, over all runs.
        recipe: of the last run.
    """

    prediction: str
    resolution: str
    steps: int
    recipe: Mapping[str, object]

    def metadata(self) -> dict[str, str]:
        """Return them as a file's metadata (ModelSpec 1.0.0, and our own)."""
        return {
            "format": "pt",
            "modelspec.sai_model_spec": "1.0.0",
            "modelspec.architecture": "stable-diffusion-xl-v1-base",
            "modelspec.implementation": "https://github.com/huggingface/diffusers",
            "modelspec.title": TITLES[self.prediction],
            "modelspec.author": "The Tagloom developers",
            "modelspec.license": "Apache-2.0",
            "modelspec.prediction_type": "v" if self.prediction == "v_prediction" else "epsilon",
            "modelspec.resolution": self.resolution,
            "steps": str(self.steps),
            "recipe": json.dumps(self.recipe, sort_keys=True),
        }


def steps_behind(source: Path) -> int:
    """Return the optimizer steps that a file's or folder's metadata tell of, 0 where they tell of none."""
    try:
        with safe_open(source / WEIGHTS if source.is_dir() else source, "pt") as file:
            return int((file.metadata() or {}).get("steps", 0))
    except (OSError, SafetensorError, ValueError):
        return 0


def export(models: Models, trained: Tensor, facts: Facts, folder: Path, single_file: bool) -> list[Path]:
    """Write a model into a run's folder, whole or not at all.

    Args:
        models: the parts, with the weights that are wanted.
        trained: which text tokens were trained (vocabulary); the others' rows become zero.
        facts: for the metadata.
        folder: the run's.
        single_file: whether ComfyUI's file is written too; it has a place for the tiny checkpoint's sizes alone.

    Returns:
        what was written.

    Raises:
        OSError: if it can't be written.
    """
    finished = {part: copy.deepcopy(getattr(models, part)).cpu().half().eval() for part in PARTS}
    for part in ("text_encoder", "text_encoder_2"):
        _forget(finished[part], trained)
    pipeline = _pipeline(finished, facts.prediction)
    replace_folder(folder / FOLDER, lambda place: _write(pipeline, facts, place))
    if not single_file:
        return [folder / FOLDER]
    file = folder / FILES[facts.prediction]
    convert(folder / FOLDER, file, force=True)
    return [folder / FOLDER, file]


def _forget(encoder: nn.Module, trained: Tensor) -> None:
    with torch.no_grad():
        encoder.text_model.embeddings.token_embedding.weight[~trained.cpu()] = 0


def _pipeline(parts: Mapping[str, nn.Module], prediction: str) -> StableDiffusionXLPipeline:
    scheduler = EulerDiscreteScheduler(**schedule_settings(prediction), steps_offset=1)
    # an empty prompt is encoded like any other: one caption in ten was empty
    rest = {"force_zeros_for_empty_prompt": False, "add_watermarker": False}
    return StableDiffusionXLPipeline(**parts, **pipeline_tokenizers(), scheduler=scheduler, **rest)


def _write(pipeline: StableDiffusionXLPipeline, facts: Facts, folder: Path) -> None:
    pipeline.save_pretrained(folder)
    (folder / WEIGHTS).write_bytes(save(load_file(folder / WEIGHTS), facts.metadata()))


def replace_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Put what a function writes in a folder's place; until it is whole the old one stays.

    Raises:
        OSError: if it can't be written.
    """
    part = folder.parent / f".tagloom-{uuid4().hex}.part"
    old = part.with_suffix(".old")
    try:
        write(part)
        if folder.exists():
            folder.rename(old)
        part.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for rest in (part, old):
            shutil.rmtree(rest, ignore_errors=True)
