"""Workflows in UI format, with the inputs that they declare under names of their own (`extra.tagloom`)."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import Any

from ..errors import WorkflowError
from ..places import PACKAGE
from .convert import Schema, Schemas, to_api, widget_names

NODE_PREFIX = "Tagloom"
SNAPSHOT = PACKAGE / "runner" / "data" / "nodes.json"
"""The pack's own entries of `/object_info`, for servers that lack the pack."""


class Workflow:
    """A workflow that can be edited by the names that it declares, as a user would edit it in the editor."""

    def __init__(self, document: dict[str, Any], schemas: Schemas) -> None:
        """Take the workflow (it is copied) and the node classes of the server that shall run it."""
        self.document = copy.deepcopy(document)
        self._schemas = schemas
        self._nodes = {node["id"]: node for node in self.document["nodes"]}

    @property
    def classes(self) -> set[str]:
        """The node classes that it uses."""
        return {node["type"] for node in self.document["nodes"]}

    def targets(self, name: str) -> list[tuple[int, str]]:
        """Return the (node id, input) pairs behind a declared name.

        Raises:
            WorkflowError: if the workflow declares no such input.
        """
        try:
            return [(node_id, field) for node_id, field in self._inputs[name]]
        except KeyError as error:
            known = ", ".join(sorted(self._inputs))
            raise WorkflowError(f"the workflow declares no input {name!r}; it has {known}") from error

    def final(self, name: str) -> tuple[int, str | int]:
        """Return where the value behind a name can be seen in the end: a node's id and an input, or an output's number.

        That is the first of its inputs, where the workflow declares nothing else.

        Raises:
            WorkflowError: if the workflow declares no such input.
        """
        node_id, place = self._declared("finals").get(name) or self.targets(name)[0]
        return node_id, place

    def set(self, name: str, value: Any) -> None:
        """Write a value into the widgets behind a declared name; a link into one of them is taken out."""
        for node_id, field in self.targets(name):
            node = self._nodes[node_id]
            names = widget_names(node["type"], self.schema(node["type"]))
            node["widgets_values"][names.index(field)] = value
            for socket in node.get("inputs", []):
                if socket["name"] == field and socket.get("link") is not None:
                    self._cut(socket["link"])
                    socket["link"] = None

    def api(self) -> dict[str, Any]:
        """Return the graph in API format.

        Raises:
            WorkflowError: for what can't be converted, all missing classes at once.
        """
        return to_api(self.document, self._known)

    def schema(self, class_type: str) -> Schema:
        """Return a node class's schema: the server's, or for the pack's own nodes the one that comes with it."""
        found = self._known(class_type)
        if found is None:
            raise WorkflowError(
                f"the server has no node {class_type}; update ComfyUI or install the pack that brings it"
            )
        return found

    def _known(self, class_type: str) -> Schema | None:
        found = self._schemas(class_type)
        return own_schemas().get(class_type) if found is None and class_type.startswith(NODE_PREFIX) else found

    @property
    def _inputs(self) -> dict[str, list[list[Any]]]:
        return self._declared("inputs")

    def _declared(self, kind: str) -> dict[str, Any]:
        return dict(self.document.get("extra", {}).get("tagloom", {}).get(kind, {}))

    def _cut(self, link_id: int) -> None:
        links = self.document["links"]
        _, origin, slot, *_ = next(link for link in links if link[0] == link_id)
        self.document["links"] = [link for link in links if link[0] != link_id]
        self._nodes[origin]["outputs"][slot]["links"].remove(link_id)


@cache
def own_schemas() -> dict[str, Schema]:
    """Return the pack's own entries of `/object_info`, by class."""
    return dict(json.loads(SNAPSHOT.read_text(encoding="utf-8")))


def shipped(name: str) -> dict[str, Any]:
    """Return a shipped workflow's document by its file name without ending."""
    document = json.loads((PACKAGE / "workflows" / f"{name}.json").read_text(encoding="utf-8"))
    return dict(document)


def shipped_names() -> list[str]:
    """Return the names of the shipped workflows."""
    return sorted(path.stem for path in (PACKAGE / "workflows").glob("*.json"))
