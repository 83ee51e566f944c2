"""Makes a request out for a server: which model, which family, which workflow, and what the user should know."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

from ..prompt import Family, WildcardFolders, chosen
from ..wallet import image_tokens
from .graph.convert import Schemas
from .graph.workflows import NODE_PREFIX, Workflow, shipped
from .places import wildcard_folders
from .prompts import look_up_wildcards
from .request import AUTO, SEEDS, Checked, range_warnings
from .targets import Target

TEXT_TO_IMAGE = "Tags to Image"
IMAGE_TO_IMAGE = "Base Image to Image"
LORAS = "loras"
MOST_KEPT = 64
"""Models of servers about which everything stays known for the next picture."""


@dataclass(frozen=True)
class Plan:
    """A request made out in full for one server."""

    checked: Checked
    checkpoint: str
    family: Family
    document: dict[str, Any]
    schemas: Schemas
    has_pack: bool
    warnings: tuple[str, ...]
    variant: str = ""
    model_hash: str = ""
    loras: Callable[[], tuple[str, ...]] = tuple

    @property
    def cost(self) -> int:
        """The image tokens that its pictures are worth."""
        return image_tokens(self.checked.request.count)

    @property
    def seed(self) -> int:
        """The first picture's seed."""
        return self.checked.request.seed or 0


def prepare(checked: Checked) -> Checked:
    """Return a checked request with a seed, chosen here if it has none, after its pictures' wildcards were looked up.

    No server is needed: what is wrong with a prompt is said before one is started.

    Raises:
        PromptError: if a wildcard is unknown or its file can't be read.
    """
    request = checked.request
    seed = secrets.randbelow(2**32) if request.seed is None else request.seed
    seeds = ((seed + number) % SEEDS for number in range(request.count))
    look_up_wildcards(request, seeds, WildcardFolders(wildcard_folders()))
    return replace(checked, request=replace(request, seed=seed))


def plan(checked: Checked, target: Target) -> Plan:
    """Make a checked request out in full for a server; nothing is queued or uploaded yet.

    Raises:
        UsageError: if the server has no such checkpoint, or several and none is chosen.
        UnknownFamily: if nothing tells the checkpoint's family.
    """
    request = checked.request
    ground = _ground(target, request.checkpoint, request.family, request.image is not None)
    warnings = tuple(range_warnings(checked, ground["family"]))
    return Plan(checked=checked, warnings=warnings, **ground)


@lru_cache(maxsize=MOST_KEPT)
def _ground(target: Target, checkpoint: str | None, family: str, from_image: bool) -> dict[str, Any]:
    """Return what all pictures of a model share on a server: it is asked and its file is read once."""
    chosen_checkpoint = target.choose_checkpoint(checkpoint)
    found = target.detect(chosen_checkpoint) if family == AUTO else chosen(family)
    document = shipped(IMAGE_TO_IMAGE if from_image else TEXT_TO_IMAGE)
    schemas = cache(target.client.schema)
    classes = Workflow(document, schemas).classes
    return {
        "checkpoint": chosen_checkpoint,
        "family": found.profile(),
        "variant": found.variant,
        "document": document,
        "schemas": schemas,
        "has_pack": all(schemas(name) for name in classes if name.startswith(NODE_PREFIX)),
        "model_hash": target.model_hash(chosen_checkpoint),
        "loras": cache(lambda: tuple(target.client.model_names(LORAS))),
    }
