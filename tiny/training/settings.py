"""What the command line's arguments mean: a run's folder and device, its plan, and where its pictures come from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import torch

from ..scenes import Composer
from .errors import TrainingError
from .loop import Rhythm
from .pictures import Source
from .plan import Plan
from .state import FILE as STATE


class Place(NamedTuple):
    """A run's folder and device."""

    folder: Path
    device: torch.device


def device_of(name: str) -> torch.device:
    """Return the device of a name, `auto` being a GPU where there is one.

    Raises:
        TrainingError: where there is no GPU, but one is named.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise TrainingError("PyTorch sees no CUDA GPU here; leave --device out, or install PyTorch with CUDA")
    return torch.device("cuda" if torch.cuda.is_available() and name != "cpu" else "cpu")


def place_of(arguments: argparse.Namespace) -> Place:
    """Return a run's folder, which is made, and its device.

    Raises:
        TrainingError: if the folder holds a run already, or none to go on with.
        OSError: if it can't be made.
    """
    folder, device = arguments.output, device_of(arguments.device)
    there = (folder / STATE).exists()
    if there and not arguments.resume:
        raise TrainingError(f"{folder} holds a run already; go on with it with --resume, or name another --output")
    if arguments.resume and not there:
        raise TrainingError(f"{folder} holds no run to go on with; leave --resume out")
    folder.mkdir(parents=True, exist_ok=True)
    return Place(folder, device)


def plan_of(arguments: argparse.Namespace, betas: tuple[float, float], decay: float) -> Plan:
    """Return how the run goes.

    Raises:
        TrainingError: if the numbers make no run.
    """
    length = (arguments.steps, arguments.minutes)
    return Plan(*length, arguments.batch, arguments.lr, arguments.warmup, betas, decay, arguments.seed)


def rhythm_of(arguments: argparse.Namespace) -> Rhythm:
    """Return when the run tells, keeps and draws."""
    return Rhythm(arguments.tell_every, arguments.keep_every, arguments.samples_every)


def source_of(arguments: argparse.Namespace, device: torch.device) -> Source:
    """Return where the run's pictures come from."""
    return Source(Composer(arguments.backgrounds, arguments.seed, extended=arguments.extended), arguments.seed, device)
