"""What is not converted: classes that a server lacks, and nodes that only a pack's editor code understands."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import WorkflowError
from .document import NodeData, Sketch
from .loaded import BYPASSED, MUTED, Node
from .tracing import Place

BROADCASTS = ("Anything Everywhere", "Seed Everywhere", "Prompts Everywhere")
"""How the types of the nodes of cg-use-everywhere begin that send to inputs without links."""
GROUPS = ("workflow>", "workflow/")
"""How the types of group nodes begin."""
MOST_NODES = 5
"""Nodes of a missing class that are named."""


def refuse_foreign(drawn: Sketch) -> None:
    """Refuse nodes whose links are in no file, and group nodes.

    Raises:
        WorkflowError: with the node, and what to do.
    """
    for where, layer in drawn.layers():
        for node in layer.nodes:
            if node.mode in (MUTED, BYPASSED):
                continue
            if node.type.startswith(BROADCASTS):
                raise WorkflowError(
                    f"{_called(node)}{where} is a {node.type}, whose links are in no file; "
                    "have its pack turn them into real links (Anything Everywhere: convert all)"
                )
            if node.type.startswith(GROUPS):
                raise WorkflowError(
                    f"{_called(node)}{where} is a group node, which is not converted; "
                    "turn it into a subgraph or into its nodes in the editor"
                )


def refuse_missing(places: Sequence[Place]) -> None:
    """Refuse nodes whose classes the server lacks.

    Raises:
        WorkflowError: with every class that is missing, its nodes, and the packs that bring them.
    """
    missing: dict[str, list[Place]] = {}
    for place in places:
        if not place.node.known:
            missing.setdefault(place.node.type, []).append(place)
    if not missing:
        return
    classes = "; ".join(_missing(kind, found) for kind, found in missing.items())
    count = "a node class" if len(missing) == 1 else f"{len(missing)} node classes"
    raise WorkflowError(f"{count} unknown on this server: {classes}; install what brings them, or update ComfyUI")


def _missing(kind: str, places: list[Place]) -> str:
    named = ", ".join(place.id for place in places[:MOST_NODES]) + (", ..." if len(places) > MOST_NODES else "")
    packs = dict.fromkeys(filter(None, (pack_of(place.node) for place in places)))
    brings = f", from {' or '.join(packs)}" if packs else ""
    return f"{kind} (node{'s' if len(places) > 1 else ''} {named}{brings})"


def pack_of(node: Node) -> str:
    """Return the pack that the file names for a node: its id in the registry, or its repository."""
    for key in ("cnr_id", "aux_id"):
        name = node.properties.get(key)
        if isinstance(name, str) and name:
            return name
    return ""


def _called(node: NodeData) -> str:
    return f"node {node.id} ({node.title or node.type})"
