"""Tagloom's linter on the prompts in a graph: what is typed into encoders, and into Tagloom's own nodes."""

from __future__ import annotations

from collections.abc import Iterator

from ...prompt import DIALECTS
from ...prompt.errors import PromptError
from ...prompt.lint import Finding, lint, lint_negative
from .aliases import Derived
from .nodes import Nodes, Place

ROLES = ("positive", "negative")
MOST = 10
LONGEST = 20_000
"""Characters of a prompt that are looked through; longer ones are no prompts for these models."""
COMFYUI = "comfyui"


def remarks(nodes: Nodes) -> Iterator[str]:
    """Go through what the linter warns of, as lines.

    Of prompts for other nodes than Tagloom's only errors count: they may be sentences, which are no tags.
    """
    derived = Derived(nodes)
    positive, negative = ({place for places in derived.places(role) for place in places} for role in ROLES)
    told = 0
    for place in sorted(positive | negative):
        for finding in _findings(nodes, place, is_negative=place not in positive):
            severities = ("error", "warning") if "dialect" in nodes.inputs(place.node_id) else ("error",)
            if told < MOST and finding.severity in severities:
                told += 1
                yield f"{nodes.called(place.node_id)}: {place.name}: {finding.code}: {finding.message}"


def _findings(nodes: Nodes, place: Place, is_negative: bool) -> tuple[Finding, ...]:
    inputs = nodes.inputs(place.node_id)
    text = inputs.get(place.name)
    if not isinstance(text, str) or len(text) > LONGEST:
        return ()
    stated = inputs.get("dialect")
    dialect = stated if stated in DIALECTS else COMFYUI
    look = lint_negative if is_negative else lint
    try:
        return look(text, dialect=dialect, tag_aware=bool(inputs.get("tag_aware", False)))
    except PromptError:
        return ()
