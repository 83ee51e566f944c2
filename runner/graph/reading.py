"""Reads a workflow from a file: JSON in either format, or a picture that carries one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ...prompt.errors import PictureError
from ...prompt.pictures.containers import read_container
from ..errors import WorkflowError

LARGEST_JSON = 64 * 1024 * 1024
"""Bytes; the largest known workflows have a few megabytes."""
LARGEST_PICTURE = 512 * 1024 * 1024
DEEPEST = 200
"""Levels of nesting; known workflows have about 20."""
PICTURES = (b"\x89PNG", b"\xff\xd8", b"RIFF")
"""How the files begin that may carry a workflow."""
WRAPPERS = ("prompt", "workflow")
"""Keys under which servers' requests and some tools keep the document."""


@dataclass(frozen=True)
class Document:
    """A workflow as it was read.

    Attributes:
        kind: "ui" as the editor saves it, "api" as a server runs it.
        data: the document; in API format with nothing but nodes in it.
        source: where it comes from, for messages: the file's name, and the text in it if it is a picture.
    """

    kind: Literal["ui", "api"]
    data: dict[str, Any]
    source: str


def load(path: Path) -> Document:
    """Read a workflow: UI or API format as JSON, or the workflow that a PNG, WebP or JPEG carries.

    Of a picture's two texts the editor's `workflow` is taken, else `prompt`, as the editor does when it opens one.

    Raises:
        WorkflowError: if the file can't be read, is too large, or holds no workflow.
    """
    contents = _contents(path)
    if contents.startswith(PICTURES):
        return _from_picture(contents, path.name)
    return parse(_text(contents, path.name), path.name)


def parse(text: str, source: str) -> Document:
    """Read a workflow from JSON; `source` is what messages call it.

    Raises:
        WorkflowError: if it is no JSON, or no workflow.
    """
    try:
        document = json.loads(text.removeprefix("\ufeff"), parse_constant=lambda name: None)
    except RecursionError as error:
        raise WorkflowError(f"{source} is nested too deeply to be a workflow") from error
    except ValueError as error:
        raise WorkflowError(f"{source} is no JSON ({error}); save the workflow from the editor again") from error
    return recognised(document, source)


def recognised(document: Any, source: str) -> Document:
    """Return a document with its format, taken out of a wrapper where it is in one.

    Raises:
        WorkflowError: if it is no workflow.
    """
    if _too_deep(document):
        raise WorkflowError(f"{source} is nested too deeply to be a workflow")
    found = _recognised(document, source)
    if found is None and isinstance(document, dict):
        held = [_recognised(document[key], source) for key in WRAPPERS if key in document]
        found = next(filter(None, held), None)
    if found is None:
        raise WorkflowError(
            f"{source} holds no ComfyUI workflow: neither nodes and links as the editor saves them, "
            "nor nodes with a class_type as a server runs them"
        )
    return found


def _recognised(document: Any, source: str) -> Document | None:
    if not isinstance(document, dict):
        return None
    if isinstance(document.get("nodes"), list):
        return Document("ui", document, source)
    nodes = {str(key): node for key, node in document.items() if _is_node(node)}
    broken = [key for key, node in document.items() if isinstance(node, dict) and "inputs" in node and key not in nodes]
    if nodes and broken:
        raise WorkflowError(f"node {broken[0]} of {source} has no class_type; export the workflow again")
    return Document("api", nodes, source) if nodes else None


def _is_node(node: Any) -> bool:
    return (
        isinstance(node, Mapping) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict)
    )


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            start = file.read(4)
            most = LARGEST_PICTURE if start.startswith(PICTURES) else LARGEST_JSON
            contents = start + file.read(most + 1 - len(start))
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise WorkflowError(f"{path} can't be read: {what}; give the path of a workflow or of a picture") from error
    if len(contents) > most:
        raise WorkflowError(f"{path} is larger than {most // (1024 * 1024)} MB, which no workflow is")
    return contents


def _text(contents: bytes, source: str) -> str:
    encoding = "utf-16" if contents.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return contents.decode(encoding)
    except UnicodeDecodeError as error:
        what = "neither JSON nor a PNG, WebP or JPEG"
        raise WorkflowError(f"{source} is {what}; give a workflow or a picture that carries one") from error


def _from_picture(contents: bytes, source: str) -> Document:
    try:
        texts = read_container(contents).found
    except PictureError as error:
        raise WorkflowError(f"{source}: {error}") from error
    problem: WorkflowError | None = None
    for name in ("workflow", "prompt"):
        if name in texts:
            try:
                return parse(texts[name], f"{source} ({name})")
            except WorkflowError as error:
                problem = problem or error
    raise problem or WorkflowError(
        f"{source} carries no workflow: many sites and messengers take it out; fetch the original file"
    )


def _too_deep(document: Any) -> bool:
    level = [document] if isinstance(document, (dict, list)) else []
    for _ in range(DEEPEST):
        held = (outer.values() if isinstance(outer, dict) else outer for outer in level)
        level = [inner for values in held for inner in values if isinstance(inner, (dict, list))]
        if not level:
            return False
    return True
