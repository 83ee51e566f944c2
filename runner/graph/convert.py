"""Converts a workflow as the editor saves it (UI format) to the graph that a server runs (API format).

What it does not know it refuses, naming the node: a guess could run another picture than the editor would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import WorkflowError

Schema = Mapping[str, Any]
Schemas = Callable[[str], Schema | None]
"""Gives a node class's entry of `/object_info`."""

NOTES = {"Note", "MarkdownNote"}
VIRTUAL = {"Reroute", "PrimitiveNode", "GetNode", "SetNode", "Anything Everywhere"}
WIDGET_TYPES = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
SLOT_VALUES = {"fixed", "increment", "decrement", "randomize", "image"}
"""What the editor saves beside a widget: what to do with a seed after a run, and an upload button's value."""
ALWAYS, MUTED = 0, 2


def to_api(workflow: Mapping[str, Any], schemas: Schemas) -> dict[str, Any]:
    """Return the API graph of a workflow: node id to class, inputs and title.

    Raises:
        WorkflowError: for a node or a value that can't be converted faithfully.
    """
    if workflow.get("definitions", {}).get("subgraphs"):
        raise WorkflowError("the workflow has subgraphs, which are not converted yet; unpack them in the editor first")
    nodes = {node["id"]: node for node in workflow["nodes"] if node["type"] not in NOTES and node["mode"] != MUTED}
    sources = {link[0]: link for link in workflow["links"]}
    return {str(node_id): _convert(node, nodes, sources, schemas) for node_id, node in nodes.items()}


def widget_names(class_type: str, schema: Schema) -> list[str]:
    """Return the widgets of a class in the order in which the editor saves their values; `""` is a control slot."""
    names: list[str] = []
    for section in ("required", "optional"):
        inputs = schema["input"].get(section, {})
        uploads = []
        for name in schema.get("input_order", {}).get(section, inputs):
            kind, options = inputs[name][0], (inputs[name][1:] or [{}])[0]
            if not _is_widget(kind, options):
                continue
            names.append(name)
            if options.get("control_after_generate") or (kind == "INT" and name in ("seed", "noise_seed")):
                names.append("")
            if options.get("image_upload"):
                uploads.append("")  # the upload button, which the editor puts last, saves a value of its own
        names += uploads
    return names


def widget_values(node: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return a node's saved widget values by name.

    Raises:
        WorkflowError: if they don't fit the schema, as after an update of the node's pack.
    """
    names = widget_names(node["type"], schema)
    values = node.get("widgets_values") or []
    if not isinstance(values, list) or len(values) != len(names):
        raise WorkflowError(
            f"{_called(node)} has {len(values)} saved values where this server's node has {len(names)} "
            f"({', '.join(filter(None, names))}); open the workflow in that server's editor and save it again"
        )
    for name, value in zip(names, values, strict=True):
        if not name and value not in SLOT_VALUES:
            raise WorkflowError(f"{_called(node)} has the unknown value {value!r} where a seed's control stands")
    return {name: value for name, value in zip(names, values, strict=True) if name}


def _convert(
    node: Mapping[str, Any], nodes: Mapping[Any, Any], sources: Mapping[Any, Any], schemas: Schemas
) -> dict[str, Any]:
    if node["type"] in VIRTUAL:
        raise WorkflowError(
            f"{_called(node)} is a {node['type']}, which is not converted yet; replace it by plain links"
        )
    if node["mode"] != ALWAYS:
        raise WorkflowError(f"{_called(node)} is bypassed, which is not converted yet; remove it or mute it")
    schema = schemas(node["type"])
    if schema is None:
        raise WorkflowError(
            f"{_called(node)} is unknown on this server; install the node pack that brings {node['type']}"
        )
    inputs = widget_values(node, schema)
    for socket in node.get("inputs", []):
        if socket.get("link") is None:
            continue
        if socket["link"] not in sources:
            raise WorkflowError(f"{_called(node)} names a link that is not there; save the workflow again")
        _, origin, slot, *_ = sources[socket["link"]]
        if origin in nodes:
            inputs[socket["name"]] = [str(origin), slot]
        else:  # its source is muted
            inputs.pop(socket["name"], None)
    title = node.get("title") or schema.get("display_name") or node["type"]
    return {"class_type": node["type"], "inputs": inputs, "_meta": {"title": title}}


def _is_widget(kind: Any, options: Mapping[str, Any]) -> bool:
    return (isinstance(kind, list) or kind in WIDGET_TYPES) and not options.get("forceInput")


def _called(node: Mapping[str, Any]) -> str:
    return f"node {node['id']} ({node.get('title') or node['type']})"
