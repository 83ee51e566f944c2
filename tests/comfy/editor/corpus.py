"""The official templates, out of installed packages: those that ComfyUI 0.3.75 pins, and newer ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import distribution
from typing import Any, NamedTuple

from tagloom.runner.places import PACKAGE

PINNED = tuple(f"comfyui-workflow-templates-{part}" for part in ("core", "media-api", "media-image", "media-other"))
PACKAGES = {
    "pinned": (*PINNED, "comfyui-workflow-templates-media-video"),
    "newer": ("comfyui-workflow-templates-json",),
}
"""comfyui-workflow-templates 0.7.25 comes in parts; comfyui-workflow-templates-json is 0.1.123."""
OWN = "own"
EDITOR_S = {"Note", "MarkdownNote", "Reroute", "PrimitiveNode"}
"""Classes that the editor itself brings."""
SILENT = (2, 4)
"""Modes of nodes that are not sent: muted, bypassed."""


class Template(NamedTuple):
    """A workflow of the corpus."""

    source: str
    name: str
    document: dict[str, Any]


def templates() -> list[Template]:
    """Return every workflow of the packages and Tagloom's own."""
    found = [
        Template(source, path.name, document)
        for source, packages in PACKAGES.items()
        for package in packages
        for path in distribution(package).files or ()
        if path.suffix == ".json" and is_workflow(document := json.loads(path.read_text("utf-8")))
    ]
    own = sorted((PACKAGE / "workflows").glob("*.json"))
    return found + [Template(OWN, path.name, json.loads(path.read_text("utf-8"))) for path in own]


def is_workflow(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("nodes"), list)


def missing(document: Mapping[str, Any], known: Mapping[str, Any]) -> set[str]:
    """Return the classes that a workflow's nodes have and a server has not; nodes that are not sent need none."""
    subgraphs = (document.get("definitions") or {}).get("subgraphs") or []
    layers = {subgraph["id"]: subgraph for subgraph in subgraphs}
    return {kind for kind in _kinds(document, layers) if kind not in known}


def _kinds(layer: Mapping[str, Any], layers: Mapping[str, Any]) -> Iterator[str]:
    for node in layer["nodes"]:
        if node["type"] in layers:
            yield from _kinds(layers[node["type"]], layers)
        elif node.get("mode", 0) not in SILENT and node["type"] not in EDITOR_S:
            yield node["type"]
