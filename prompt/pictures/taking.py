"""What a picture's settings are in ComfyUI's terms, so that nodes and programs can go on with them."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ..errors import UnknownSampler
from ..samplers import Sampling, resolve_sampler
from ..sampling_settings import Core, SamplerSettings
from ..sizes import Size
from ..syntax import convert
from .results import PictureReading, Settings

FALLBACK = Sampling("euler", "normal")
"""For a picture that names no sampler, or one that ComfyUI has nothing like."""
PLAIN = {"native": "normal"}
"""NovelAI's schedule that A1111 calls Normal."""


class Taken(NamedTuple):
    """What a picture says, with something in every place.

    Attributes:
        positive: the prompt; empty if there is none.
        negative: the negative prompt, likewise.
        seed: 0 if it is not known.
        settings: the sampler's; 0 steps and a CFG scale of 0 if they are not known.
        size: that of the settings, else the picture's own.
        remarks: what is not known or not sure, and what stands for it.
    """

    positive: str
    negative: str
    seed: int
    settings: SamplerSettings
    size: Size
    remarks: tuple[str, ...]


def taken(reading: PictureReading, size: Size, core: Core) -> Taken:
    """Return what a picture says.

    Args:
        reading: what is written in it.
        size: the picture's own, in pixels.
        core: the samplers and schedulers of the ComfyUI that goes on with it.
    """
    found = reading.settings
    sampling, remarks = _sampling(found, core)
    missing = [name for name in ("seed", "steps", "cfg") if getattr(found, name) is None]
    if missing:
        remarks.append(f"not written in the picture, so 0: {', '.join(missing)}")
    settings = SamplerSettings(
        sampling.sampler,
        sampling.scheduler or str(FALLBACK.scheduler),
        found.steps or 0,
        found.cfg or 0.0,
        1.0 if found.denoise is None else found.denoise,
    )
    all_remarks = (*reading.remarks, *remarks)
    return Taken(reading.prompt, reading.negative, found.seed or 0, settings, found.size or size, all_remarks)


def in_dialect(reading: PictureReading, dialect: str) -> PictureReading:
    """Return what was read with the prompts in another dialect; what is lost by that is a remark."""
    if dialect == reading.dialect:
        return reading
    positive, negative = (convert(text, reading.dialect, dialect) for text in (reading.prompt, reading.negative))
    losses = [f"prompt: {loss.message}" for loss in positive.losses]
    losses += [f"negative prompt: {loss.message}" for loss in negative.losses]
    remarks = (*reading.remarks, *losses)
    return replace(reading, dialect=dialect, prompt=positive.text, negative=negative.text, remarks=remarks)


def _sampling(settings: Settings, core: Core) -> tuple[Sampling, list[str]]:
    """Return ComfyUI's sampler and scheduler, and what is not as the picture says."""
    sampler, scheduler = settings.sampler, PLAIN.get(settings.scheduler, settings.scheduler)
    if sampler in core.samplers and scheduler in core.schedulers:
        return Sampling(sampler, scheduler), []
    if not sampler:
        return FALLBACK, [f"the picture names no sampler: {FALLBACK.sampler} with {FALLBACK.scheduler} stands for it"]
    try:
        return _present(resolve_sampler(sampler, scheduler or None), core), []
    except UnknownSampler as error:
        remarks = [str(error)]
    try:
        found = _present(resolve_sampler(sampler), core)
    except UnknownSampler:
        found = FALLBACK
    found = Sampling(found.sampler, found.scheduler or FALLBACK.scheduler)
    return found, [*remarks, f"{found.sampler} with {found.scheduler} stands for it"]


def _present(sampling: Sampling, core: Core) -> Sampling:
    lacking = core.lacks(sampling)
    if lacking:
        raise UnknownSampler(f"this ComfyUI has no {lacking[1]}")
    return sampling
