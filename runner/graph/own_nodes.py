"""The pack's own node classes on servers that lack the pack: the runner works these nodes out itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from .convert import Schema, Schemas
from .workflows import NODE_PREFIX, own_schemas

CHECKPOINT, LOADER = "ckpt_name", "CheckpointLoaderSimple"


def with_own(schemas: Schemas) -> Schemas:
    """Return what gives the server's classes, and the pack's own where the server lacks them.

    What such a node offers of checkpoints are the server's.
    """

    @cache
    def found(class_type: str) -> Schema | None:
        own = own_schemas().get(class_type) if class_type.startswith(NODE_PREFIX) else None
        return schemas(class_type) or (own and _with_checkpoints(own, schemas))

    return found


def lacks_pack(classes: set[str], schemas: Schemas) -> bool:
    """Return whether a server lacks one of these classes of ours."""
    return any(name.startswith(NODE_PREFIX) and schemas(name) is None for name in classes)


def _with_checkpoints(own: Schema, schemas: Schemas) -> Schema:
    inputs = own["input"]
    required: Mapping[str, Any] = inputs.get("required", {})
    if CHECKPOINT not in required:
        return own
    loader = schemas(LOADER) or {}
    offered = loader.get("input", {}).get("required", {}).get(CHECKPOINT)
    return {**own, "input": {**inputs, "required": {**required, CHECKPOINT: offered}}} if offered else own
