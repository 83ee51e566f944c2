"""Which tags hold text tokens that a checkpoint's text encoders were never trained on: their rows are all zeros."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ...prompt.counting import clip
from .errors import EvaluationError

ENDING = "embeddings.token_embedding.weight"


def untrained(checkpoint: Path, tags: Iterable[str]) -> frozenset[str]:
    """Return the tags of which at least one text token has no weights in the checkpoint.

    Raises:
        EvaluationError: if the file can't be read as safetensors.
    """
    empty, tokenizer = _empty(checkpoint), clip.build()
    return frozenset(tag for tag in tags if not empty.isdisjoint(tokenizer.encode(tag).ids))


def _empty(checkpoint: Path) -> frozenset[int]:
    """Return the text tokens whose rows are zeros in all encoders."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(checkpoint, framework="np") as file:
            tables = [file.get_tensor(name) for name in file.keys() if name.endswith(ENDING)]  # noqa: SIM118  # no mapping
    except (SafetensorError, OSError) as error:
        raise EvaluationError(f"{checkpoint.name} can't be read: {' '.join(str(error).split())}") from error
    if not tables:
        return frozenset()
    filled = np.any([np.any(table != 0, axis=1) for table in tables], axis=0)
    return frozenset(np.flatnonzero(~filled).tolist())
