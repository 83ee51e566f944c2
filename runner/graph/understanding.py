"""What a graph says about its picture: settings by their names, and the text that A1111 writes into its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from ...prompt import convert
from ...prompt.errors import PromptError
from ...prompt.pictures.comfyui import read_sampler
from ...prompt.pictures.graph import Graph as Drawn
from ...prompt.pictures.graph_values import Values
from ...prompt.pictures.results import PictureReading, Settings
from ...prompt.pictures.samplers import last_sampler
from ...prompt.pictures.writing import a1111_settings, parameters_text
from .nodes import Graph
from .values import ENDINGS

A1111 = "a1111"


class Understood(NamedTuple):
    """The settings by their names (`seed`, `positive`, `width`, ...), those that are known, and A1111's text."""

    values: dict[str, Any]
    parameters: str


@dataclass(frozen=True)
class Known:
    """What is known better than from the graph.

    Attributes:
        texts: the prompts `positive` and `negative` as they are encoded.
        dialect: of these texts.
        seed: the picture's own, where a graph has several.
        hash_of: gives a checkpoint's hash as A1111 writes it, or nothing where its file can't be read.
    """

    texts: Mapping[str, str] = field(default_factory=dict)
    dialect: str = A1111
    seed: int | None = None
    hash_of: Callable[[str], str] = field(default=lambda name: "")


NOTHING = Known()


def understood(graph: Graph, known: Known = NOTHING) -> Understood:
    """Return what is known of the picture that a graph makes; nothing is guessed.

    Args:
        graph: API format, as it is run; Tagloom's nodes worked out as far as they can be.
        known: what is known better.
    """
    reading = reading_of(graph)
    if known.texts.get("positive"):
        negative = known.texts.get("negative", reading.negative)
        reading = replace(reading, dialect=known.dialect, prompt=known.texts["positive"], negative=negative)
    if known.seed is not None and reading.settings.seed is not None:
        reading = replace(reading, settings=replace(reading.settings, seed=known.seed))
    settings = reading.settings
    found: dict[str, Any] = {
        "seed": settings.seed,
        "positive": reading.prompt,
        "negative": reading.negative if reading.prompt else "",
        "width": settings.size and settings.size.width,
        "height": settings.size and settings.size.height,
        "steps": settings.steps,
        "cfg": settings.cfg,
        "sampler": settings.sampler,
        "scheduler": settings.scheduler,
        "denoise": settings.denoise,
        "checkpoint": settings.model,
    }
    told = {name: value for name, value in found.items() if value not in (None, "")}
    if known.seed is not None:
        told["seed"] = known.seed
    if "positive" in told:
        told["negative"] = found["negative"]  # an empty one is known too
    return Understood(told, _parameters(reading, known) if reading.prompt and settings.steps else "")


def reading_of(graph: Graph) -> PictureReading:
    """Return what a graph surely says; what is made while it runs is left open."""
    drawn = Drawn(dict(graph))
    sampler = last_sampler(drawn, [])
    if sampler is None:
        return PictureReading("comfyui", "comfyui", "", "", Settings(), {}, ())
    return read_sampler(drawn, sampler, Values(drawn, [], is_sure=True), [])


def _parameters(reading: PictureReading, known: Known) -> str:
    try:
        positive, negative = (convert(text, reading.dialect, A1111).text for text in (reading.prompt, reading.negative))
    except PromptError:
        return ""
    settings = reading.settings
    denoise = None if settings.denoise == 1 else settings.denoise
    model_hash = known.hash_of(settings.model) if settings.model else ""
    others = {"model": model_hash} if model_hash else {}
    settings = replace(settings, model=_stem(settings.model), model_hash=model_hash, denoise=denoise)
    return parameters_text(positive, negative, a1111_settings(settings, others=others))


def _stem(name: str) -> str:
    name = PurePosixPath(name.replace("\\", "/")).name
    return next((name[: -len(ending)] for ending in ENDINGS if name.casefold().endswith(ending)), name)
