"""Keeps what was encoded, so that a text that did not change is not encoded again when something else did."""

from collections import OrderedDict
from collections.abc import Callable
from weakref import WeakKeyDictionary

import torch

from .encoders import Batches

Entry = tuple[torch.Tensor, dict]
MOST_NUMBERS = 2**25
"""Numbers kept for one model's text encoders (128 MiB in single precision)."""
_kept: WeakKeyDictionary = WeakKeyDictionary()


def kept(clip, batches: Batches, weighting: str, encode: Callable[[], list[Entry]]) -> list[Entry]:
    """Return what `encode` gives, or gave before for the same text tokens and the same encoders.

    ComfyUI gives text encoders another `patches_uuid` whenever their weights change. Vectors of embedding files are
    not compared, nor are hooks: what has them is encoded anew.
    """
    tokens = tuple((key, tuple(tuple(chunk) for chunk in own)) for key, own in sorted(batches.items()))
    numbers_only = all(isinstance(entry[0], int) for _, own in tokens for chunk in own for entry in chunk)
    if clip.patcher.forced_hooks is not None or not numbers_only:
        return encode()
    known = _kept.setdefault(clip.cond_stage_model, OrderedDict())
    key = (clip.patcher.patches_uuid, clip.layer_idx, weighting, tokens)
    if key not in known:
        known[key] = encode()
        _shrink(known)
    known.move_to_end(key)
    return known[key]


def _shrink(known: OrderedDict) -> None:
    while len(known) > 1 and sum(entry[0].numel() for own in known.values() for entry in own) > MOST_NUMBERS:
        known.popitem(last=False)
