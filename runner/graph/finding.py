"""Finds a workflow by what a user calls it: a file, or a shipped workflow's name."""

from __future__ import annotations

from pathlib import Path

from ...prompt.errors import nearest_names
from ..errors import UsageError
from .reading import Document, load
from .workflows import shipped, shipped_names


def find_workflow(name: str) -> Document:
    """Return the workflow of a file, or the shipped one of a name, whatever its case.

    Raises:
        UsageError: if there is neither.
        WorkflowError: if the file holds no workflow.
    """
    file = Path(name)
    if _is_file(file):
        return load(file)
    known = {each.casefold(): each for each in shipped_names()}
    own = known.get(name.casefold())
    if own is None:
        hint = nearest_names(name, known.values()) or "tagloom workflow list shows those that come with Tagloom"
        raise UsageError(f"there is no file {name!r}, and no shipped workflow of that name; {hint}")
    return Document("ui", shipped(own), own)


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except (OSError, ValueError):  # a text that no path can be
        return False
