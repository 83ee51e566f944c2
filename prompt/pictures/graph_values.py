"""The values of a graph's inputs, typed in or linked from nodes that only hand one on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import PromptError
from ..families import Family, get_family
from ..graphs import ModelName, model_of
from .graph import Graph, Link

MOST_STEPS = 1000
"""Nodes that are followed for one value or text, so that a circle ends."""
MOST_CHARACTERS = 1_000_000
"""Of one prompt; a few nodes that join texts can double it with each."""
TEXT_NAMES = ("populated_text", "text", "value", "string", "string_a", "prompt", "second")
NUMBER_NAMES = ("value", "seed", "noise_seed", "int", "float", "number")
FAMILY_OUTPUTS = ("", "sampler", "scheduler", "steps", "cfg", "clip layer")
"""The outputs of `TagloomFamilyProfile` by their numbers; the settings among them are `Family.settings()`."""
CONSTANTS = ("PrimitiveInt", "PrimitiveFloat", "PrimitiveString", "PrimitiveStringMultiline")
"""Core nodes that hand their only input on."""
JOINED = "StringConcatenate"
LORA_TAGS, WITHOUT_LORAS = "TagloomLoraTags", 2
"""A node, and its output that gives a prompt without its LoRA references: readers of pictures want to see these."""


FamilyOf = Callable[[ModelName], Family]
"""Tells the family of a model file, or raises PromptError."""


class Values:
    """Looks values up; what can't be known before the graph runs is a remark."""

    def __init__(
        self, graph: Graph, remarks: list[str], *, is_sure: bool = False, family_of: FamilyOf | None = None
    ) -> None:
        """Take the graph and how to look.

        Args:
            graph: the graph.
            remarks: the list that remarks are added to.
            is_sure: take nothing from nodes that may change what goes through them; else their inputs are told.
            family_of: finds the family of a model out where the graph leaves that to the run; None: it is not known.
        """
        self._graph = graph
        self._remarks = remarks
        self.is_sure = is_sure
        self._family_of = family_of
        self._unknown: dict[str, list[str]] = {}
        self.missing_texts = 0
        """How many texts so far were not known."""

    def value(self, node_id: str, name: str) -> Any:
        """Return an input's value, or None if there is none that can be known."""
        what = name
        for _ in range(MOST_STEPS):
            value = self._graph.inputs(node_id).get(name)
            if not isinstance(value, list):
                return None if isinstance(value, dict) else value
            link = self._graph.link(node_id, name)
            if link is None:
                break
            if self._graph.kind(link.node_id) == "TagloomFamilyProfile":
                return self._of_family(link)
            inputs = self._graph.inputs(link.node_id)
            names = [other for other in (*NUMBER_NAMES, *TEXT_NAMES, what) if other in inputs]
            names = names or ([*inputs] if len(inputs) == 1 else [])
            node_id, name = link.node_id, names[0] if names else ""
            if not names or not self._hands_on(node_id, name, what):
                break
        self._not_known(f"{self._graph.name(node_id)} makes", what, "when it runs")
        return None

    def _hands_on(self, node_id: str, name: str, what: str) -> bool:
        """Return whether a node surely gives what an input of this name has: a constant, or it need not be sure."""
        inputs = self._graph.inputs(node_id)
        is_constant = self._graph.kind(node_id) in CONSTANTS or name in ("value", what)
        return not self.is_sure or (len(inputs) == 1 and is_constant and not isinstance(inputs[name], list))

    def _of_family(self, link: Link) -> Any:
        family = self._graph.inputs(link.node_id).get("family")
        name = FAMILY_OUTPUTS[link.slot] if 0 < link.slot < len(FAMILY_OUTPUTS) else ""
        if not name:
            return None
        try:
            if family == "auto" and self._family_of:
                return self._family_of(model_of(self._graph.nodes, link.node_id)).settings()[link.slot - 1]
            return get_family(str(family)).settings()[link.slot - 1]
        except PromptError:
            origin = "from the model when it ran" if family == "auto" else f"from the family {str(family)[:60]!r}"
            self._not_known(f"{self._graph.name(link.node_id)} took", name, origin)
            return None

    def _not_known(self, node: str, what: str, when: str) -> None:
        self._unknown.setdefault(f"{node} {{}} {when}, which is not known here", []).append(what)

    def conclude(self) -> None:
        """Add the remarks on what is not known, one for each node."""
        for sentence, names in self._unknown.items():
            before, _, after = sentence.rpartition("{}")
            self._remarks.append(f"{before}{', '.join(dict.fromkeys(names))}{after}")

    def text(self, node_id: str, name: str) -> str:
        """Return an input's text: typed in, or put together by nodes of strings."""
        parts: list[str] = []
        length = missing = 0
        waiting: list[tuple[str, str]] = [(node_id, name)]
        for _ in range(MOST_STEPS):
            if not waiting or length > MOST_CHARACTERS:
                break
            node_id, name = waiting.pop()
            value = self._graph.inputs(node_id).get(name)
            link = self._graph.link(node_id, name)
            if isinstance(value, str):
                parts.append(value)
                length += len(value)
            elif link is not None and link.slot > 0 and not self._has_lora_tags(link):
                missing += 1
                self._not_known(f"{self._graph.name(link.node_id)} makes", "a text", "when it runs")
            elif link is not None:
                before = [(link.node_id, "text")] if self._has_lora_tags(link) else self._inputs_of_text(link.node_id)
                missing += not before
                waiting.extend(reversed(before))
        else:
            self._remarks.append(f"the nodes of texts before {self._graph.name(node_id)} are too many or in a circle")
        if length > MOST_CHARACTERS:
            self._remarks.append(f"a text of more than {MOST_CHARACTERS:,} characters is cut there")
        self.missing_texts += missing
        return "" if self.is_sure and missing else "".join(parts)[:MOST_CHARACTERS]

    def _has_lora_tags(self, link: Link) -> bool:
        return (self._graph.kind(link.node_id), link.slot) == (LORA_TAGS, WITHOUT_LORAS)

    def _inputs_of_text(self, node_id: str) -> list[tuple[str, str]]:
        """Return the inputs that make a node's text, in their order."""
        inputs = self._graph.inputs(node_id)
        if self._graph.kind(node_id) == JOINED:
            return [(node_id, name) for name in ("string_a", "delimiter", "string_b")]
        names = [name for name in TEXT_NAMES if name in inputs] or [*inputs][:1]
        if names and not self._hands_on(node_id, names[0], "text"):
            names = []
        if not names:
            self._not_known(f"{self._graph.name(node_id)} makes", "a text", "when it runs")
        elif len(inputs) > 1:
            self._remarks.append(
                f"{self._graph.name(node_id)} may change a text when it runs; it is read as it goes in"
            )
        return [(node_id, name) for name in names[:1]]
