"""A run's state on disk, from which it goes on exactly: weights, their average, the optimizer, and the counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from ...prompt.whole_files import part_of
from .average import Average
from .errors import TrainingError

FILE = "state.safetensors"


class Counts(NamedTuple):
    """How far a run is.

    Attributes:
        step: optimizer steps done.
        seconds: of training.
        loss: smoothed over the last steps.
    """

    step: int = 0
    seconds: float = 0.0
    loss: float | None = None


class Running(NamedTuple):
    """What changes while a run goes on."""

    module: nn.Module
    average: Average
    optimizer: Optimizer


def save_state(folder: Path, running: Running, counts: Counts, settings: dict[str, object]) -> None:
    """Write a run's state, whole or not at all.

    Raises:
        OSError: if it can't be written; the last one is still there.
    """
    metadata = {"counts": json.dumps(counts._asdict()), "settings": json.dumps(settings, sort_keys=True)}
    with part_of(folder) as part:
        save_file(_tensors(running), part, metadata)
        part.replace(folder / FILE)


def load_state(folder: Path, running: Running, settings: dict[str, object]) -> Counts:
    """Bring a run to where its state is.

    Args:
        folder: the run's.
        running: what is overwritten, of the same shape.
        settings: the run's; those of the state must be the same.

    Raises:
        TrainingError: if there is no state, or that of another run.
    """
    path = folder / FILE
    try:
        with safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
        _compare(path, json.loads(metadata["settings"]), settings)
        counts = Counts(**json.loads(metadata["counts"]))
        _fill(running, load_file(path))
    except (OSError, SafetensorError, KeyError, TypeError, RuntimeError, json.JSONDecodeError) as error:
        reason = str(error).strip().splitlines()[0][:200]
        raise TrainingError(f"{path} is no state that this run can go on from: {reason}") from error
    return counts


def _compare(path: Path, kept: dict[str, object], settings: dict[str, object]) -> None:
    other = sorted(name for name in kept.keys() | settings.keys() if kept.get(name) != settings.get(name))
    if other:
        name = other[0]
        raise TrainingError(
            f"{path} is of a run with {name} {kept.get(name)!r}, not {settings.get(name)!r}; "
            "resume with the same arguments, or start anew in another folder"
        )


def _tensors(running: Running) -> dict[str, Tensor]:
    """Return all tensors of a run by name; those of the optimizer by its parameters' places."""
    tensors = {f"weights.{name}": tensor for name, tensor in running.module.named_parameters()}
    tensors |= {f"average.{name}": tensor for name, tensor in running.average.weights.items()}
    for place, values in running.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{place}.{name}": tensor for name, tensor in values.items()}
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}


def _fill(running: Running, tensors: dict[str, Tensor]) -> None:
    for name, weight in running.module.named_parameters():
        weight.data.copy_(tensors[f"weights.{name}"])
    for name, weight in running.average.weights.items():
        weight.copy_(tensors[f"average.{name}"])
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        if name.startswith("optimizer."):
            _, place, kind = name.split(".", 2)
            moments.setdefault(int(place), {})[kind] = tensor
    groups = running.optimizer.state_dict()["param_groups"]
    running.optimizer.load_state_dict({"state": moments, "param_groups": groups})
