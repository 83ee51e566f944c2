"""What a model file's tensors tell: its architecture and what it predicts (`data/architectures.yaml`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ..resources import data
from .headers import Header, read_header

KEPT = {
    *(f"modelspec.{key}" for key in ("architecture", "title", "prediction_type", "predict_key")),
    *("ss_base_model_version", "ss_sd_model_name"),
}
"""The metadata that detection looks at; the rest (whole workflows, often) is not kept."""
LORA = re.compile(r"(?:^lora_|\.lora_(?:up|down|A|B)\b|\.hada_w1_)")
Shapes = Mapping[str, tuple[int, ...]]


class Facts(NamedTuple):
    """What a header tells.

    Attributes:
        architecture: an id of `data/architectures.yaml`, or empty where no rule fits.
        name: the architecture's name, for people.
        prediction: `v` or `edm` where a mark says so, else `eps`. Many v-prediction merges have lost their mark.
        shared: whether models of several makers have these tensors, with one profile for all of them.
        zero_snr: whether it has the mark of zero terminal SNR.
        is_lora: whether it holds a LoRA, no model.
        metadata: the part of the metadata that detection uses.
    """

    architecture: str
    name: str
    prediction: str
    shared: bool
    zero_snr: bool
    is_lora: bool
    metadata: Mapping[str, str]


class Rule(NamedTuple):
    """One rule of `data/architectures.yaml`; a wanted tensor is given by its possible names."""

    id: str
    name: str
    has: tuple[tuple[str, ...], ...]
    shapes: tuple[tuple[str, int, int], ...]
    context: int | None
    shared: bool


def facts_of(header: Header) -> Facts:
    """Return what a header tells."""
    shapes = header.shapes
    rule = _rule_for(shapes)
    is_lora = rule is None and any(LORA.search(name) for name in shapes)
    metadata = {key: value for key, value in header.metadata.items() if key in KEPT}
    prediction = "v" if "v_pred" in shapes else "edm" if {"edm_mean", "edm_vpred.sigma_max"} & shapes.keys() else "eps"
    identity = (rule.id, rule.name) if rule else ("", "")
    shared = rule is not None and rule.shared
    return Facts(*identity, prediction, shared, "ztsnr" in shapes, is_lora, metadata)


def facts_of_file(path: Path) -> Facts:
    """Return what a file's header tells; a file that did not change is not read again.

    Raises:
        HeaderError: as `read_header`.
    """
    try:
        stat = path.stat()
    except OSError:
        return facts_of(read_header(path))  # which says what is wrong
    return _facts_of_file(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4096)
def _facts_of_file(path: Path, size: int, changed: int) -> Facts:
    return facts_of(read_header(path))


def named_architecture(kind: str, name: str) -> str:
    """Return the architecture that metadata or a sidecar names, or an empty string.

    Args:
        kind: whose name it is: `modelspec`, `kohya` or `base`.
        name: the name; case, spaces and punctuation don't count.
    """
    return _names(kind).get(plain(name), "")


def architecture_name(architecture: str) -> str:
    """Return an architecture's name, for people."""
    return next((rule["name"] for rule in data("architectures")["rules"] if rule["id"] == architecture), architecture)


def plain(name: str) -> str:
    """Return a name in small letters and digits only, as names are compared."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


@cache
def _names(kind: str) -> dict[str, str]:
    return {plain(name): rule["id"] for rule in reversed(data("architectures")["rules"]) for name in rule.get(kind, [])}


@cache
def _rules() -> tuple[Rule, ...]:
    return tuple(
        Rule(
            entry["id"],
            entry["name"],
            tuple(tuple(names.split("|")) for names in entry["has"]),
            tuple((name, axis, size) for name, axes in entry.get("shapes", {}).items() for axis, size in axes.items()),
            entry.get("context"),
            entry.get("shared", False),
        )
        for entry in data("architectures")["rules"]
    )


def _rule_for(shapes: Shapes) -> Rule | None:
    for prefix in data("architectures")["prefixes"]:
        rule = next((rule for rule in _rules() if _fits(rule, shapes, prefix)), None)
        if rule is not None:
            return rule
    return None


def _fits(rule: Rule, shapes: Shapes, prefix: str) -> bool:
    return (
        all(any(prefix + name in shapes for name in names) for names in rule.has)
        and all(_length(shapes, prefix + name, axis) == size for name, axis, size in rule.shapes)
        and (rule.context is None or rule.context == _context(shapes, prefix))
    )


def _length(shapes: Shapes, name: str, axis: int) -> int | None:
    shape: Any = shapes.get(name, ())
    return shape[axis] if axis < len(shape) else None


def _context(shapes: Shapes, prefix: str) -> int | None:
    """Return how wide the prompt's embedding is; quantized files store some weights with one dimension."""
    for name, shape in shapes.items():
        if name.endswith("attn2.to_k.weight") and name.startswith(prefix) and len(shape) > 1:
            return shape[1]
    return None
