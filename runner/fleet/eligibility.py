"""What a server lacks for a task, said so that the user can mend it."""

from __future__ import annotations

from pathlib import PurePosixPath

from ...prompt.errors import nearest_names
from .executor import Facts
from .tasks import Model, Needs

NEAR = 0.4
"""How alike a file must be to be offered instead, from 0 to 1 (the same)."""


def lacks(facts: Facts, needs: Needs) -> tuple[str, ...]:
    """Return what a server lacks for a task: each missing node class, and each missing file with the nearest there.

    Nothing means that it can do the task. Servers on Windows write folders with a backslash; that is no difference.
    """
    classes = tuple(f"no node {name}" for name in sorted(needs.classes - facts.classes))
    return classes + tuple(_missing(facts, model) for model in needs.models if not _has(facts, model))


def _has(facts: Facts, model: Model) -> bool:
    there = facts.models.get(model.folder, frozenset())
    plain = loose_name if model.is_loose else _slashed
    return model.name in there or plain(model.name) in {plain(name) for name in there}


def _missing(facts: Facts, model: Model) -> str:
    hint = nearest_names(model.name, sorted(facts.models.get(model.folder, ())), cutoff=NEAR)
    return f"no file {model.name} in {model.folder}{f' ({hint})' if hint else ''}"


def loose_name(name: str) -> str:
    """Return a model's name without folders, ending and case."""
    return PurePosixPath(_slashed(name)).name.removesuffix(".safetensors").removesuffix(".ckpt").casefold()


def _slashed(name: str) -> str:
    return name.replace("\\", "/")
