"""What the texts that a user puts into a workflow become: wildcards and variants chosen by the run's seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..prompt import DIALECTS, WildcardFolders, expand
from ..prompt.errors import PromptError
from .errors import NotRunnable
from .graph.faults import Fault, told
from .graph.inputs import is_link
from .graph.nodes import Nodes, Place
from .graph.overrides import Change, Overridden
from .graph.prompt_lint import COMFYUI, ROLES
from .graph.selectors import Selectors
from .graph.texts import ESCAPED
from .graph.understanding import A1111
from .places import wildcard_folders
from .workflow_ground import Ground

CHOOSERS = ("TagloomWildcards", "TagloomPromptMatrix")
"""Classes that choose for themselves: the texts in front of them are theirs."""
MARKS = ("{", "__", "\\")
"""A text without any of these stays as it is."""
SEED, DIALECT = "seed", "dialect"


def chosen(done: Overridden, ground: Ground, seed: int | None) -> Overridden:
    """Return a graph whose given prompts have their wildcards and variants chosen.

    Prompts are the texts for inputs that the server calls dynamic prompts, and for those named `positive` and
    `negative`. What the workflow held before is left alone: the editor's own choices in it are made by then.

    Args:
        done: the graph with the user's values.
        ground: the workflow that they were put into.
        seed: the run's; None takes the graph's own where it is clear which one that is, else 0.

    Raises:
        NotRunnable: if a wildcard is unknown, or a choice can't be made; it holds all such texts.
    """
    if not any(_may_choose(change.value) for change in done.changes):
        return done
    choices = _Choices(Nodes(done.graph, ground.schemas), ground, seed)
    changes = tuple(choices.made(change) for change in done.changes)
    if choices.faults:
        raise NotRunnable(told(choices.faults), choices.faults)
    graph = dict(done.graph)
    for (node_id, name), value in changes:
        graph[node_id] = {**graph[node_id], "inputs": {**graph[node_id]["inputs"], name: value}}
    return replace(done, graph=graph, changes=changes)


def _may_choose(value: Any) -> bool:
    return isinstance(value, str) and any(mark in value for mark in MARKS)


class _Choices:
    """Chooses in the texts of one graph; notes what can't be chosen."""

    def __init__(self, nodes: Nodes, ground: Ground, seed: int | None) -> None:
        self._nodes = nodes
        selectors = Selectors(nodes, ground.declared(nodes))
        self._prompts = {place for role in ROLES for place in selectors.certain(role)}
        self._others = {*nodes.upstream(node_id for node_id in nodes.graph if nodes.kind(node_id) in CHOOSERS)}
        self._seed = _own_seed(nodes, selectors) if seed is None else seed
        self._folders = WildcardFolders(wildcard_folders())
        self.faults: list[Fault] = []

    def made(self, change: Change) -> Change:
        """Return a change with its text chosen, or as it is where it holds no prompt."""
        place, text = change
        spec = self._nodes.spec(place)
        is_dynamic = spec is not None and spec.is_dynamic
        if not _may_choose(text) or place.node_id in self._others or not (is_dynamic or place in self._prompts):
            return change
        try:
            text = self._expanded(place, text)
        except PromptError as error:
            self.faults.append(self._fault(place, error))
        return change._replace(value=ESCAPED.sub(r"\1", text) if is_dynamic else text)  # as the editor sends it

    def _expanded(self, place: Place, text: str) -> str:
        dialect, tag_aware = _language(self._nodes, place)
        return expand(text, self._seed, self._folders, dialect, tag_aware).text

    def _fault(self, place: Place, error: PromptError) -> Fault:
        node_id, name = place
        fix = "mend the text or the wildcard's file"
        return Fault("value", str(error), fix, node_id, self._nodes.title(node_id), self._nodes.kind(node_id), name)


def _own_seed(nodes: Nodes, selectors: Selectors) -> int:
    """Return the seed that stands in the graph; 0 where there is none, or several."""
    values = [nodes.inputs(node_id).get(name) for node_id, name in selectors.certain(SEED)]
    return next((value for value in values if isinstance(value, int)), 0)


def _language(nodes: Nodes, place: Place) -> tuple[str, bool]:
    """Return the dialect in which a text is read, and whether tags are kept whole, as its node or the next one says."""
    for node_id in (place.node_id, *_readers(nodes, place.node_id)):
        inputs = nodes.inputs(node_id)
        if DIALECT in inputs:
            stated = inputs[DIALECT]
            return stated if stated in DIALECTS else A1111, inputs.get("tag_aware") is not False
    return COMFYUI, True


def _readers(nodes: Nodes, origin: str) -> Iterator[str]:
    """Go through the nodes that are linked to one."""
    for node_id in nodes.graph:
        if any(is_link(value) and str(value[0]) == origin for value in nodes.inputs(node_id).values()):
            yield node_id
