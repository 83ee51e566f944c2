"""The `parameters` text of a picture that a graph has just made: what the graph says, what the user gave, hashes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ..hashing import Hashes
from ..loras import without_ending
from ..references import EMBEDDING, LORAS, references_in
from ..sampling_settings import SamplerSettings
from ..sizes import Size
from ..syntax import convert, parse, parse_tags
from .results import Lora, Settings
from .saved import Saved
from .writing import a1111_settings, parameters_text

LORA_FOLDER, EMBEDDING_FOLDER = "loras", "embeddings"
"""ComfyUI's names of these folders."""
HashesOf = Callable[[str, str], Hashes | None]
"""Gives a model file's hashes by ComfyUI's name of its folder and the file's, or None if there is no such file."""


@dataclass(frozen=True)
class Given:
    """What the user gives beside the graph; None is left to the graph.

    Attributes:
        positive: the prompt that was encoded.
        negative: that of the negative prompt.
        dialect: the dialect of both, one of `DIALECTS`.
        template: the prompt before wildcards were chosen.
        settings: the sampler's settings.
    """

    positive: str | None = None
    negative: str | None = None
    dialect: str = "a1111"
    template: str | None = None
    settings: SamplerSettings | None = None


def parameters_of(saved: Saved, given: Given, size: Size, hashes_of: HashesOf) -> str:
    """Return the `parameters` text of a picture, or an empty one where nothing is known of it.

    Prompts are written in A1111's dialect. All LoRAs stand in the prompt, where alone Civitai reads their weights.
    """
    positive = _in_a1111(saved.prompt, saved.dialect) if given.positive is None else _given(given, given.positive)
    negative = _in_a1111(saved.negative, saved.dialect) if given.negative is None else _given(given, given.negative)
    named = [*_named(positive)]
    loras = [replace(lora, name=bare_name(lora.name)) for lora in saved.settings.loras if _acts(lora)]
    added = [lora for lora in loras if lora.name.casefold() not in {bare_name(name).casefold() for name in named}]
    prompt = _with_tags(positive, added)
    settings = _settings(saved, given)
    if settings == Settings():  # a line with the size alone would be read as a part of the prompt
        return parameters_text(prompt, negative, {}) if prompt or negative else ""
    known = {name: hashes_of(LORA_FOLDER, name) for name in [*named, *(lora.name for lora in added)]}
    others = {f"embed:{name}": hashes_of(EMBEDDING_FOLDER, name) for name in _embeddings(saved, positive, negative)}
    model = hashes_of(saved.model.folder, saved.model.name) if saved.model else None
    lines = a1111_settings(
        replace(settings, size=size, model_hash=model.auto_v2 if model else ""),
        template=given.template or "",
        loras={name: found for name, found in known.items() if found},
        others={name: found.auto_v2 for name, found in {"model": model, **others}.items() if found},
    )
    return parameters_text(prompt, negative, lines)


def bare_name(name: str) -> str:
    """Return a file's name without its folder and its ending, as A1111 names models and LoRAs."""
    return without_ending(name).rpartition("/")[2]


def _given(given: Given, text: str) -> str:
    return _in_a1111(text, given.dialect)


def _in_a1111(text: str, dialect: str) -> str:
    return text if dialect == "a1111" else convert(text, dialect, "a1111").text


def _settings(saved: Saved, given: Given) -> Settings:
    """Return the settings, the user's first; a whole denoise says nothing."""
    found = replace(saved.settings, model=bare_name(saved.settings.model), loras=(), others={})
    if given.settings is not None:
        sampler, scheduler, steps, cfg, denoise = given.settings
        found = replace(found, sampler=sampler, scheduler=scheduler, steps=steps, cfg=cfg, denoise=denoise)
    return replace(found, denoise=None) if found.denoise == 1 else found


def _named(prompt: str) -> Iterator[str]:
    """Go through the names of the LoRAs that a prompt in A1111's dialect names, each once."""
    found = references_in(parse(prompt, "a1111"))
    yield from dict.fromkeys(reference.name.strip() for reference in found if reference.kind in LORAS)


def _with_tags(prompt: str, loras: Iterable[Lora]) -> str:
    """Return a prompt with references to these LoRAs behind it; one whose weight is not known is left out."""
    tags = dict.fromkeys(_tag(lora) for lora in loras if lora.weight is not None)
    return ", ".join([*([prompt] if prompt else []), *tags])


def _acts(lora: Lora) -> bool:
    return lora.weight != 0 or lora.text_weight not in (None, 0)


def _tag(lora: Lora) -> str:
    """Return A1111's reference: one weight, or the text encoder's and then the model's."""
    weights = [lora.weight] if lora.text_weight in (None, lora.weight) else [lora.text_weight, lora.weight]
    return f"<lora:{lora.name}:{':'.join(f'{weight:g}' for weight in weights)}>"


def _embeddings(saved: Saved, *prompts: str) -> Iterator[str]:
    """Go through what may be the names of embeddings."""
    for prompt in prompts:
        for reference in references_in(parse(prompt, "a1111")):
            if reference.kind == EMBEDDING:
                yield reference.name.strip()
        if saved.has_bare_embeddings:
            yield from (prompt[tag.start : tag.end].strip() for tag in parse_tags(prompt, "a1111"))
