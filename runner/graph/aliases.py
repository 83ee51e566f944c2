"""Short names for a workflow's inputs: those that it declares, and those that can stand for one place only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...prompt.pictures.graph_texts import EMPTIES, ENCODED, PASSED, ROLES
from ...prompt.pictures.graph_values import CONSTANTS, LORA_TAGS, WITHOUT_LORAS
from ...prompt.pictures.samplers import LATENTS
from .inputs import is_link
from .nodes import Nodes, Place

INPUTS = {
    "batch": ("batch_size",),
    "checkpoint": ("ckpt_name",),
    "lora": ("lora_name",),
    "model": ("unet_name",),
    "prefix": ("filename_prefix",),
    "sampler": ("sampler_name",),
    "seed": ("seed", "noise_seed"),
    "vae": ("vae_name",),
}
"""What the inputs are called that a short name stands for; any other one stands for an input of its own name."""
SIZE = ("width", "height")
FILES = ("image", "video", "audio")
TEXTS = (*ENCODED, "string_a", "string_b", "second", "positive", "negative", "text_a", "text_b")
"""Inputs of nodes that encode texts, or hand them on."""
USUAL = (
    *("checkpoint", "model", "positive", "negative", "seed", "steps", "cfg", "sampler", "scheduler", "denoise"),
    *(*SIZE, "batch", *FILES, "prefix"),
)
"""The names that are shown where a workflow declares none."""
MOST_STEPS = 1000


def declared(document: Mapping[str, Any], nodes: Nodes) -> dict[str, tuple[Place, ...]]:
    """Return the inputs that a workflow in UI format declares (`extra.tagloom.inputs`), as far as they are there.

    A node that is muted, or that a server's graph leaves out for another reason, has no inputs.
    """
    found: Any = document
    for key in ("extra", "tagloom", "inputs"):
        found = found.get(key) if isinstance(found, Mapping) else None
    entries = found.items() if isinstance(found, Mapping) else ()
    return {str(name): tuple(_places(pairs, nodes)) for name, pairs in entries}


def _places(pairs: Any, nodes: Nodes) -> Iterator[Place]:
    for pair in pairs if isinstance(pairs, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], str):
            place = Place(str(pair[0]), pair[1])
            if place.node_id in nodes.graph and nodes.has(place):
                yield place


class Derived:
    """The places that a name can stand for in a graph which declares nothing; it is sure where there is one."""

    def __init__(self, nodes: Nodes) -> None:
        """Take the graph."""
        self._nodes = nodes
        live = nodes.live()
        self._ids = [node_id for node_id in nodes.graph if node_id in live]

    def places(self, name: str) -> list[tuple[Place, ...]]:
        """Return the candidates, each with the inputs that are set together: those of one node for its encoders."""
        if name in ROLES:
            return self._prompts(name)
        if name in SIZE:
            return [(self._constant(place._replace(name=name)),) for place in self._sizes()]
        if name in FILES:
            return [(place,) for place in self._uploads(name)] or self._named(name)
        return self._named(name)

    def _named(self, name: str) -> list[tuple[Place, ...]]:
        found: dict[Place, None] = {}
        for node_id in self._ids:
            for field in INPUTS.get(name, (name,)):
                if self._is_value(Place(node_id, field)):
                    found[self._constant(Place(node_id, field))] = None
        return [(place,) for place in found]

    def _is_value(self, place: Place) -> bool:
        """Return whether a value could be typed in there, or stands there."""
        spec = self._nodes.spec(place)
        if spec is not None:
            return spec.is_value and place.name in self._nodes.inputs(place.node_id)
        value = self._nodes.inputs(place.node_id).get(place.name)
        return value is not None and not is_link(value)

    def _constant(self, place: Place) -> Place:
        """Return the constant that an input is linked to, or the input itself."""
        here = place
        for _ in range(MOST_STEPS):
            link = self._nodes.link(here)
            if link is None:
                return here
            inputs = self._nodes.inputs(link[0])
            if self._nodes.kind(link[0]) not in CONSTANTS or len(inputs) != 1:
                return place
            here = Place(link[0], next(iter(inputs)))
        return place

    def _uploads(self, kind: str) -> Iterator[Place]:
        for node_id in self._ids:
            for name, spec in self._nodes.specs(node_id).items():
                if spec.upload == kind and self._nodes.link(Place(node_id, name)) is None:
                    yield Place(node_id, name)

    def _samplers(self) -> Iterator[str]:
        """Go through the nodes that take both prompts or a guider's one: samplers and guiders."""
        for node_id in self._ids:
            inputs = self._nodes.inputs(node_id)
            guides = "conditioning" in inputs and self._nodes.outputs(node_id) == ("GUIDER",)
            if ("positive" in inputs and "negative" in inputs and "model" in inputs) or guides:
                yield node_id

    def _sizes(self) -> list[Place]:
        """Return the nodes that set the sizes of what is sampled, or the only one with a size where nothing is."""
        latents = [n for n in self._ids if "latent_image" in self._nodes.inputs(n)]
        found = [place for node_id in latents for place in self._size_before(node_id)]
        if not latents:
            found = [Place(n, SIZE[0]) for n in self._ids if self._sets_size(n)]
        return [*dict.fromkeys(found)]

    def _size_before(self, node_id: str) -> Iterator[Place]:
        """Go through the nearest node before a sampler that sets a size; a further sampler has its own."""
        waiting, seen = [node_id], {node_id}
        while waiting:
            here = waiting.pop()
            if here != node_id and self._sets_size(here):
                yield Place(here, SIZE[0])
                continue
            for name in LATENTS:
                link = self._nodes.link(Place(here, name))
                if link and link[0] not in seen and "latent_image" not in self._nodes.inputs(link[0]):
                    seen.add(link[0])
                    waiting.append(link[0])

    def _sets_size(self, node_id: str) -> bool:
        return all(self._is_value(Place(node_id, name)) for name in SIZE)

    def _prompts(self, role: str) -> list[tuple[Place, ...]]:
        found: dict[tuple[Place, ...], None] = {}
        for node_id in self._samplers():
            for name in ROLES[role]:
                link = self._nodes.link(Place(node_id, name))
                if link:
                    self._encoders(link, role, found)
        return [*found]

    def _encoders(self, link: tuple[str, int], role: str, found: dict[tuple[Place, ...], None]) -> None:
        """Add the texts behind a link of conditioning, through nodes that pass it on."""
        waiting, seen = [link], {link}
        while waiting:
            node_id, slot = waiting.pop()
            if self._nodes.kind(node_id) in EMPTIES:
                continue
            texts = [Place(node_id, name) for name in ENCODED if self._is_value(Place(node_id, name))]
            if texts:
                found[tuple(dict.fromkeys(self._text(place) for place in texts))] = None
                continue
            for name in self._passed(node_id, slot, role):
                before = self._nodes.link(Place(node_id, name))
                if before and before not in seen:
                    seen.add(before)
                    waiting.append(before)

    def _passed(self, node_id: str, slot: int, role: str) -> list[str]:
        inputs = self._nodes.inputs(node_id)
        if "positive" in inputs and "negative" in inputs:
            return [{0: "positive", 1: "negative"}.get(slot, role)]
        return [name for name in inputs if name.startswith(PASSED)]

    def _text(self, place: Place) -> Place:
        """Follow a text through nodes that take but one, to where it is typed in; else return where it goes in."""
        here = place
        for _ in range(MOST_STEPS):
            link = self._nodes.link(here)
            if link is None or (link[1] > 0 and (self._nodes.kind(link[0]), link[1]) != (LORA_TAGS, WITHOUT_LORAS)):
                return here
            names = [name for name in TEXTS if self._is_value(Place(link[0], name))]
            if len(names) != 1:
                return here
            here = Place(link[0], names[0])
        return place
