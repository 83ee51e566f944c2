"""Plans: how many image tokens a user receives, and what an image costs."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

PRICE_PER_IMAGE = 1
"""Image tokens; the specification: one token is spent per image."""
FILE = Path(__file__).parent / "data" / "plans.yaml"


class Plan(NamedTuple):
    """A plan's id and name, and the image tokens that its users receive each day."""

    id: str
    name: str
    daily: int


class UnknownPlan(ValueError):
    """No plan has this id."""


def image_tokens(images: int) -> int:
    """Return what `images` pictures cost, in image tokens.

    Raises:
        ValueError: for a negative number of pictures.
    """
    if images < 0:
        raise ValueError(f"{images} images can't be paid for; ask for 0 or more")
    return images * PRICE_PER_IMAGE


@cache
def plans() -> dict[str, Plan]:
    """Return the plans by id, read from `data/plans.yaml` at the first call."""
    import yaml

    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {row["id"]: Plan(**row) for row in rows}


def plan(plan_id: str) -> Plan:
    """Return a plan by its id, or raise `UnknownPlan` naming those there are."""
    found = plans().get(plan_id)
    if found is None:
        raise UnknownPlan(f"unknown plan {plan_id!r}; known are {', '.join(plans())}")
    return found
