"""Runs of both stages, from the command line's arguments to the files that they leave behind."""

from __future__ import annotations

import argparse
import dataclasses
from typing import NamedTuple

import torch

from .autoencoder import AutoencoderStage, write_autoencoder
from .denoiser import DenoiserStage
from .errors import TrainingError
from .export import Facts, export, steps_behind
from .loop import Loop
from .models import PARTS, Models, as_folder, from_nothing, load, load_models, prediction_of, trained_before
from .noise import Noise
from .pictures import Encoded, encode, fingerprint, keep, kept
from .precision import autocast
from .samples import write_samples
from .settings import Place, device_of, place_of, plan_of, rhythm_of, source_of
from .sizes import CELL, END, SIZES, Shape

AUTOENCODER_BETAS, AUTOENCODER_DECAY = (0.9, 0.98), 1e-4
DENOISER_BETAS, DENOISER_DECAY = (0.9, 0.99), 0.01
"""AdamW's, as for the shipped checkpoint."""
COMPOSED = ("pictures", "seed", "backgrounds", "extended", "sizes")
"""The arguments that pictures depend on."""
TOLD = (*COMPOSED, "batch", "lr", "warmup")
"""The arguments that the metadata tell of."""


class Start(NamedTuple):
    """What a denoiser's run starts from.

    Attributes:
        models: all parts.
        trained: which text tokens are trained already (vocabulary).
        steps: of the optimizer behind the weights.
    """

    models: Models
    trained: torch.Tensor
    steps: int


def autoencoder(arguments: argparse.Namespace) -> bool:
    """Train the autoencoder; return False where someone interrupted."""
    plan, place = plan_of(arguments, AUTOENCODER_BETAS, AUTOENCODER_DECAY), place_of(arguments)
    sizes = SIZES[arguments.sizes]
    vae = load(arguments.start, ("vae",))["vae"] if arguments.start else from_nothing(sizes, arguments.seed).vae
    vae.to(place.device, memory_format=torch.channels_last)
    stage = AutoencoderStage(vae, source_of(arguments, place.device), sizes.buckets[0].shape)
    if arguments.compile:
        for half in (vae.encoder, vae.decoder):
            half.compile(dynamic=False)
    settings = {name: getattr(arguments, name) for name in ("backgrounds", "extended", "sizes")}
    loop = Loop(stage, plan, place.folder, place.device, settings)
    if arguments.resume:
        loop.resume()
    done = loop.run(rhythm_of(arguments))
    with loop.running.average.in_place(), autocast(place.device):
        write_autoencoder(vae, stage.scale(), place.folder)
    loop.progress.say(f"wrote {place.folder / 'vae'}")
    return done


def denoiser(arguments: argparse.Namespace) -> bool:
    """Train the UNet and the text encoders, and write the model; return False where someone interrupted."""
    plan, place = plan_of(arguments, DENOISER_BETAS, DENOISER_DECAY), place_of(arguments)
    start = _start(arguments)
    _onto(place.device, start.models)
    name = fingerprint(start.models.vae, {name: getattr(arguments, name) for name in COMPOSED})
    pictures = kept(place.folder, name) or _encode(arguments, place, start.models, name)
    buckets = SIZES[arguments.sizes].buckets
    stage = DenoiserStage(start.models, pictures, buckets, Noise(arguments.prediction, place.device))
    if arguments.compile:
        start.models.unet.compile(dynamic=False)
    begun = {"earlier steps": start.steps, "trained text tokens": int(start.trained.sum())}
    settings = {"prediction": arguments.prediction, "pictures": name} | begun
    loop = Loop(stage, plan, place.folder, place.device, settings)
    if arguments.resume:
        loop.resume()
    done = loop.run(rhythm_of(arguments))
    _leave(arguments, place, start, loop, stage)
    return done


def samples(arguments: argparse.Namespace) -> bool:
    """Draw the fixed prompts with a model."""
    device = device_of(arguments.device)
    with as_folder(arguments.start) as folder:
        models, prediction = load_models(folder), prediction_of(folder)
    _onto(device, models)
    side = CELL * models.unet.config.sample_size
    with torch.no_grad(), autocast(device):
        write_samples(arguments.output, models.denoiser(), models.vae, prediction, Shape(side, side))
    return True


def _start(arguments: argparse.Namespace) -> Start:
    if (arguments.start is None) == (arguments.autoencoder is None):
        raise TrainingError("name the weights to start from: all with --from, or the autoencoder's with --autoencoder")
    earlier = arguments.earlier_steps
    if arguments.start:
        models = load_models(arguments.start)
        return Start(models, trained_before(models), steps_behind(arguments.start) if earlier is None else earlier)
    models = from_nothing(SIZES[arguments.sizes], arguments.seed)
    models = dataclasses.replace(models, vae=load(arguments.autoencoder, ("vae",))["vae"])
    return Start(models, torch.zeros(END + 1, dtype=torch.bool), earlier or 0)


def _onto(device: torch.device, models: Models) -> None:
    for part in PARTS:
        getattr(models, part).to(device)
    models.unet.to(memory_format=torch.channels_last)
    models.vae.requires_grad_(False).eval()
    torch.backends.cudnn.benchmark = True  # a run has few shapes


def _encode(arguments: argparse.Namespace, place: Place, models: Models, name: str) -> list[Encoded]:
    """Compose and encode pictures, and keep them for a run that is resumed."""
    buckets = SIZES[arguments.sizes].buckets
    pictures = encode(source_of(arguments, place.device), models.vae, buckets, arguments.pictures)
    keep(place.folder, pictures, name)
    return pictures


def _leave(arguments: argparse.Namespace, place: Place, start: Start, loop: Loop, stage: DenoiserStage) -> None:
    """Write the model, with the averaged weights."""
    shape = SIZES[arguments.sizes].buckets[0].shape
    recipe = {name: getattr(arguments, name) for name in TOLD}
    recipe |= {"steps": loop.counts.step, "loss": round(loop.counts.loss or 0.0, 5)}
    steps = start.steps + loop.counts.step
    facts = Facts(arguments.prediction, f"{shape.width}x{shape.height}", steps, recipe)
    with loop.running.average.in_place():
        written = export(
            start.models, start.trained | stage.trained_tokens(), facts, place.folder, arguments.sizes == "tiny"
        )
    for path in written:
        loop.progress.say(f"wrote {path}")
