"""Which text a sampler's conditioning comes from: through all nodes that pass conditioning on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .graph import Graph, Link
from .graph_values import Values

ENCODED = ("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "prompt", "value", "string")
"""Inputs by which encoders take texts: of CLIP, SDXL, SD 3, Flux, HiDream and Qwen; the last two are of plain texts."""
ROLES = {
    "positive": ("positive", "conditioning", "cond1", "cond2"),
    "negative": ("negative",),
}
"""Inputs of samplers and guiders."""
PASSED = ("conditioning", "cond")
"""How inputs of nodes that change or combine conditioning begin."""
MOST_TEXTS = 100
"""Texts that are read for one prompt; each may be long."""
EMPTIES = {"ConditioningZeroOut"}


class Encoded(NamedTuple):
    """A text that is encoded, and the node that does it."""

    node_id: str
    text: str


class Texts:
    """Finds the texts behind a sampler's inputs."""

    def __init__(self, graph: Graph, values: Values, remarks: list[str]) -> None:
        """Take the graph, what looks values up in it, and the list that remarks are added to."""
        self._graph = graph
        self._values = values
        self._remarks = remarks

    def behind(self, node_id: str, role: str) -> list[Encoded]:
        """Return the texts of a role, `positive` or `negative`, of a sampler or guider, in their order.

        Where the values must be sure and a part of the prompt is not known, all texts are empty.
        """
        before = self._values.missing_texts
        found, is_whole = self._found(node_id, role)
        if self._values.is_sure and (not is_whole or self._values.missing_texts > before):
            return [encoded._replace(text="") for encoded in found]
        return found

    def _found(self, node_id: str, role: str) -> tuple[list[Encoded], bool]:
        """Return the texts, and whether all that leads to the sampler leads to a text."""
        found: list[Encoded] = []
        is_whole = True
        seen: set[Link] = set()
        waiting = [*reversed(self._starts(node_id, role))]
        while waiting and len(found) < MOST_TEXTS:
            link = waiting.pop()
            if link in seen:
                continue
            seen.add(link)
            if self._graph.kind(link.node_id) in EMPTIES:
                continue
            texts = [*self._encoded(link.node_id, role)]
            found += texts
            before = [] if texts else self._before(link, role)
            waiting += reversed(before)
            if not texts and not before:
                is_whole = False
                self._remarks.append(f"no text is found behind {self._graph.name(link.node_id)}, for the {role} prompt")
        if waiting:
            self._remarks.append(f"more than {MOST_TEXTS} texts make the {role} prompt; the first are read")
        return found, is_whole and not waiting

    def _starts(self, node_id: str, role: str) -> list[Link]:
        links = self._graph.links(node_id)
        return [links[name] for name in ROLES[role] if name in links]

    def _encoded(self, node_id: str, role: str) -> Iterator[Encoded]:
        """Go through a node's own texts: those of its encoders, or of a loader that takes prompts."""
        inputs = self._graph.inputs(node_id)
        names = [name for name in ENCODED if isinstance(inputs.get(name), str | list)]
        if not names and isinstance(inputs.get(role), str):
            names = [role]
        texts = dict.fromkeys(self._values.text(node_id, name) for name in names)
        if len(texts) > 1:
            self._remarks.append(f"{self._graph.name(node_id)} has different texts for its encoders; they are joined")
        for text in texts:
            yield Encoded(node_id, text)

    def _before(self, link: Link, role: str) -> list[Link]:
        """Return the links by which conditioning comes to an output of a node."""
        links = self._graph.links(link.node_id)
        if "positive" in links and "negative" in links:
            return [links["negative" if link.slot == 1 else "positive" if link.slot == 0 else role]]
        passed = [other for name, other in links.items() if name.startswith(PASSED)]
        return passed or ([*links.values()] if len(links) == 1 else [])
