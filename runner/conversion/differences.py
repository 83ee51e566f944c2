"""What a folder's config says that loaders of single files take for granted otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SILENT = {
    *("_class_name", "_diffusers_version", "architectures", "sample_size", "force_upcast", "projection_dim"),
    *("bos_token_id", "eos_token_id", "pad_token_id", "attention_dropout", "dropout", "initializer_factor"),
    *("initializer_range", "model_type", "center_input_sample", "mid_block_type"),
}
"""What does not change the picture, or is the same thing under several names."""


def differences(part: str, given: Mapping[str, Any], usual: Mapping[str, Any]) -> list[str]:
    """Return each setting that is given otherwise than it is usual, in words."""
    return [
        f"{part}'s {name} {given[name]!r:.60}: loaders of single files take {value!r:.60}"
        for name, value in usual.items()
        if name not in SILENT and name in given and given[name] is not None and not _same(given[name], value)
    ]


def _same(given: Any, usual: Any) -> bool:
    """Return whether two settings mean the same: one number stands for a list of it."""
    if isinstance(usual, list) and not isinstance(given, list):
        return all(value == given for value in usual)
    return bool(given == usual)
