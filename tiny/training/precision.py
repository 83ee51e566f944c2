"""The precision that a device computes with."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch


def autocast(device: torch.device) -> AbstractContextManager[object]:
    """Return the precision of a device: bfloat16 on a GPU, single on the CPU, where it is no slower and exact."""
    return torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else nullcontext()
