"""A workflow as one server would run it before any value is put in: converted once for all its tasks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from .errors import WorkflowError
from .graph import aliases
from .graph.convert import Schemas, to_api
from .graph.faults import Fault, refusal
from .graph.mirror import Mirror
from .graph.missing import missing_in_document
from .graph.nodes import Graph, Nodes, Place
from .graph.overrides import Overridden
from .graph.own_nodes import lacks_pack, with_own
from .graph.reading import Document
from .graph.texts import seeded
from .server.client import Client

MOST_KEPT = 8
"""Workflows that are kept for each server."""


@dataclass(frozen=True)
class Ground:
    """A workflow in API format for one server.

    Attributes:
        graph: without any values of the user's.
        schemas: the server's classes, and the pack's own.
        has_pack: whether the server has all of Tagloom's nodes that it uses.
        document: what the workflow was read from.
        seed: what fixed the random choices in its texts.
        is_random: whether there were any.
        made: the time that dates in file names have.
    """

    graph: Graph
    schemas: Schemas
    has_pack: bool
    document: Document
    seed: int = 0
    is_random: bool = False
    made: datetime = field(default_factory=datetime.now)
    _mirrors: dict[tuple[Place, ...], tuple[Mirror, bool]] = field(default_factory=dict, repr=False, compare=False)

    def declared(self, nodes: Nodes) -> dict[str, tuple[Place, ...]]:
        """Return the inputs that the workflow declares under names of its own."""
        return aliases.declared(self.document.data, nodes) if self.document.kind == "ui" else {}

    def mirrored(self, done: Overridden) -> dict[str, Any] | None:
        """Return the editor's document with a user's values in it; None where the workflow is in API format.

        Where the document can't show a value, it holds them all besides (`extra.tagloom.values`).
        """
        if self.document.kind != "ui" or not done.changes:
            return self.document.data if self.document.kind == "ui" else None
        places = tuple(change.place for change in done.changes)
        values = [change.value for change in done.changes]
        if places not in self._mirrors:
            self._mirrors[places] = self._mirror(places, values)
        mirror, is_faithful = self._mirrors[places]
        document = mirror.filled(values)
        return document if is_faithful else _with_values(document, done)

    def _mirror(self, places: tuple[Place, ...], values: list[Any]) -> tuple[Mirror, bool]:
        """Return what makes documents with values in these places, and whether the editor would run the same."""
        try:
            mirror = Mirror(self.document.data, places, self.schemas)
            graph = to_api(mirror.filled(values), self.schemas, seeded(self.seed), self.made)
        except WorkflowError:
            return Mirror(self.document.data, (), self.schemas), False
        shown = [graph.get(node_id, {}).get("inputs", {}).get(name) for node_id, name in places]
        return mirror, shown == values

    def declarations(self, kind: str) -> Mapping[str, Any]:
        """Return what `extra.tagloom` declares of a kind, such as `finals`."""
        found: Any = self.document.data if self.document.kind == "ui" else {}
        for key in ("extra", "tagloom", kind):
            found = found.get(key) if isinstance(found, Mapping) else None
        return found if isinstance(found, Mapping) else {}


_kept: WeakKeyDictionary[Client, OrderedDict[int, Ground]] = WeakKeyDictionary()
_lock = threading.Lock()


def ground_of(client: Client, document: Document, seed: int = 0) -> Ground:
    """Return a workflow made out for a server; it is kept for the next task.

    Args:
        client: the server.
        document: the workflow.
        seed: fixes the random choices in its texts, if there are any.

    Raises:
        NotRunnable: if the server lacks node classes.
        WorkflowError: if the workflow can't be converted.
    """
    with _lock:
        kept = _kept.setdefault(client, OrderedDict())
        found = kept.get(id(document.data))
    if found is None:
        found = made_ground(document, client.schema, client.url)
        with _lock:
            kept[id(document.data)] = found  # which keeps the document alive, so that its id stays its own
            while len(kept) > MOST_KEPT:
                kept.popitem(last=False)
    if found.is_random and seed != found.seed:
        return made_ground(document, client.schema, client.url, seed)
    return found


def made_ground(document: Document, schemas: Schemas, where: str = "the server", seed: int = 0) -> Ground:
    """Return a workflow made out for a server's classes.

    Raises:
        NotRunnable: if classes are missing; all of them are named.
        WorkflowError: if the workflow can't be converted.
    """
    known = with_own(schemas)
    if document.kind == "ui":
        missing = missing_in_document(document.data, known)
        if missing:
            raise refusal(missing, where)
    choices, made = _Choices(seed), datetime.now()
    graph = to_api(document.data, known, choices, made) if document.kind == "ui" else document.data
    classes = {str(node["class_type"]) for node in graph.values()}
    return Ground(graph, known, not lacks_pack(classes, schemas), document, seed, choices.made, made)


class _Choices:
    """Random choices that a seed fixes, which remember whether there were any."""

    def __init__(self, seed: int) -> None:
        self._choose = seeded(seed)
        self.made = False

    def __call__(self, count: int) -> int:
        self.made = True
        return self._choose(count)


def _with_values(document: dict[str, Any], done: Overridden) -> dict[str, Any]:
    values = {f"{place.node_id}.{place.name}": value for place, value in done.changes}
    extra = document.get("extra") or {}
    return {**document, "extra": {**extra, "tagloom": {**(extra.get("tagloom") or {}), "values": values}}}


def faults_of(error: Exception) -> tuple[Fault, ...]:
    """Return what an error says as faults: those that it carries, or itself."""
    carried = getattr(error, "faults", ())
    return tuple(carried) or (Fault("conversion", str(error), "mend it in the editor and save it again"),)
