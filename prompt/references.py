"""Says what LoRA references and embeddings in a prompt name, with which strengths, and what programs do with them."""

from __future__ import annotations

import re
from typing import NamedTuple

from .syntax import Kind, Tree, get_dialect
from .syntax.tree import Node

NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)\s*")
LONGEST_NUMBER = 20
LORAS = ("lora", "lyco")
EMBEDDING = "embedding"


class Reference(NamedTuple):
    """A reference to a file.

    Attributes:
        text: as it is written.
        start: where it begins in the prompt.
        end: where it ends.
        kind: `lora`, `lyco`, `hypernet` or another word of A1111's extra networks, or `embedding`.
        name: the file's name as it is written.
        strength: of a LoRA in the diffusion model; 1 where none is written, None where it is no number, and for an
            embedding, which has the attention weight of its place.
        text_encoder: of a LoRA in the text encoder, likewise.
    """

    text: str
    start: int
    end: int
    kind: str
    name: str
    strength: float | None = None
    text_encoder: float | None = None


def references_in(tree: Tree) -> tuple[Reference, ...]:
    """Return a prompt's references to LoRAs, other extra networks and embeddings, in their order."""
    return tuple(_reference(tree.source(node), node) for node in tree.of_kind(Kind.LORA, Kind.EMBEDDING))


def _reference(text: str, node: Node) -> Reference:
    """Return a reference; A1111 reads `<lora:name:text encoder:model>`, both also by name (`te=`, `unet=`)."""
    if node.kind is Kind.EMBEDDING:
        return Reference(text, node.start, node.end, EMBEDDING, str(node.value))
    kind, name, *values = str(node.value).split(":")
    kind = kind.casefold()
    if kind not in LORAS:
        return Reference(text, node.start, node.end, kind, name)
    named = {key.strip(): value for key, equals, value in (value.partition("=") for value in values) if equals}
    plain = [value for value in values if "=" not in value]
    text_encoder = named.get("te", plain[0] if plain else "1")
    model = named.get("unet", plain[1] if len(plain) > 1 else text_encoder)
    return Reference(text, node.start, node.end, kind, name, _number(model), _number(text_encoder))


def _number(text: str) -> float | None:
    text = text.strip()  # of more than float() itself takes off
    return float(text) if len(text) <= LONGEST_NUMBER and NUMBER.fullmatch(text) else None


def told(reference: Reference, dialect: str) -> str:
    """Return in words what becomes of a reference in a dialect."""
    rules, written = get_dialect(dialect), reference.text
    if reference.kind == EMBEDDING:
        what = f"ComfyUI puts the vectors of the embedding {reference.name!r} there, and leaves it out if it has none"
        others = "knows it without 'embedding:'" if rules.a1111 else "has other ways to name it"
        return f"{written!r}: {what}" + (f"; {rules.name} {others}" if rules.id != "comfyui" else "")
    if reference.kind not in LORAS:
        effect = "takes it out and loads what it names, if it can" if rules.a1111 else "encodes it as words"
        return f"{written!r}: {rules.name} {effect}; ComfyUI loads nothing from a prompt"
    what = f"the LoRA {reference.name!r} {_strengths(reference)}"
    if rules.a1111:
        return f"{written!r}: A1111 loads {what} and encodes nothing; in ComfyUI load it with a LoRA loader"
    advice = f"; load {what} with a LoRA loader" if rules.id == "comfyui" else ""
    return f"{written!r}: {rules.name} encodes it as words and loads nothing{advice}"


def _strengths(reference: Reference) -> str:
    both = (reference.strength, reference.text_encoder)
    if both == (None, None):
        return "at a strength that is no number"
    model, text_encoder = ("no number" if value is None else f"{value:g}" for value in both)
    return f"at strength {model}" + (f" (text encoder: {text_encoder})" if model != text_encoder else "")
