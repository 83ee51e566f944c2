"""The LoRAs of an A1111 `parameters` text: references in the prompt, hashes, and Civitai's list of resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..references import LORAS, references_in
from ..syntax import parse
from .results import Lora
from .values import as_float, as_text, from_json, object_from_json

RESOURCES = "Civitai resources"
LORA_KINDS = ("lora", "locon", "lycoris", "dora")


def loras_of(prompt: str, found: Mapping[str, str]) -> tuple[Lora, ...]:
    """Return the LoRAs of a prompt and its settings, those of the prompt first, each with its hash if that is known."""
    hashes = dict(_hashes(found))
    named = [replace(lora, hash=hashes.pop(lora.name.casefold(), ("", ""))[1]) for lora in _references(prompt)]
    named += [Lora(name, hash=value) for name, value in hashes.values()]
    known = {lora.name.casefold() for lora in named}
    return (*named, *(lora for lora in _resources(found) if lora.name.casefold() not in known))


def model_of_resources(text: str) -> str:
    """Return the checkpoint that a list of Civitai's resources names, or nothing."""
    return next((_resource_name(entry) for entry in _entries(text) if entry.get("type") == "checkpoint"), "")


def _references(prompt: str) -> Iterator[Lora]:
    """Go through the prompt's `<lora:name:weight>`."""
    folded = prompt.casefold()
    if not any(f"<{kind}:" in folded for kind in LORAS):
        return
    for reference in references_in(parse(prompt, "a1111")):
        if reference.kind in LORAS:
            same = reference.text_encoder == reference.strength
            yield Lora(reference.name.strip(), reference.strength, None if same else reference.text_encoder)


def _hashes(found: Mapping[str, str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Go through the names in lower case, each with the name as it is written and the hash."""
    for name, value in object_from_json(found.get("Hashes", "")).items():
        kind, _, rest = name.partition(":")
        if kind.casefold() == "lora" and rest:
            yield rest.casefold(), (rest, as_text(value))
    for name, value in _pairs_of_hashes(found.get("Lora hashes", "")):
        yield name.casefold(), (name, value)


def _pairs_of_hashes(text: str) -> Iterator[tuple[str, str]]:
    """Go through `name: hash, name: hash`; a name may begin with a digit and hold anything but a comma."""
    for part in text.split(","):
        name, _, value = part.rpartition(":")
        if name.strip():
            yield name.strip(), value.strip()


def _resources(found: Mapping[str, str]) -> Iterator[Lora]:
    for entry in _entries(found.get(RESOURCES, "")):
        name = _resource_name(entry)
        if as_text(entry.get("type")).casefold() in LORA_KINDS and name:
            yield Lora(name, as_float(entry.get("weight")))


def _entries(text: str) -> list[dict[str, Any]]:
    found = from_json(text)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _resource_name(entry: Mapping[str, Any]) -> str:
    """Return a resource's name; without one its address, or the number of its version at Civitai."""
    name = as_text(entry.get("modelName")) or as_text(entry.get("air"))
    version = as_text(entry.get("modelVersionId"))
    return name or (f"modelVersionId {version}" if version else "")
