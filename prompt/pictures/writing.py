"""Makes A1111's `parameters` text, as Civitai and all programs that know A1111's pictures read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..hashing import Hashes
from ..samplers import known_names
from .results import Settings

VERSION = "ComfyUI"


def parameters_text(positive: str, negative: str, settings: Mapping[str, Any]) -> str:
    """Return the settings as A1111 writes them: the prompts, then `Name: value` pairs on one line."""
    lines = [positive]
    if negative:
        lines.append(f"Negative prompt: {negative}")
    if settings:
        lines.append(", ".join(f"{name}: {_quoted(value)}" for name, value in settings.items()))
    return "\n".join(lines)


class Json(str):
    """A value that is JSON, which A1111's format takes as it is."""

    __slots__ = ()


def a1111_settings(
    settings: Settings,
    *,
    template: str = "",
    loras: Mapping[str, Hashes] | None = None,
    others: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return settings under A1111's names, in A1111's order; what is not known is left out.

    Args:
        settings: with ComfyUI's names of sampler and scheduler.
        template: the prompt before wildcards were chosen.
        loras: the hashes of the LoRAs' files, by the LoRAs' names.
        others: further hashes by Civitai's keys, `model` and `embed:NAME`.
    """
    hashes = {**(others or {}), **{f"lora:{name}": known.auto_v2 for name, known in (loras or {}).items()}}
    found = {
        **_sampling(settings),
        "Size": settings.size and f"{settings.size.width}x{settings.size.height}",
        "Model hash": settings.model_hash,
        "Model": settings.model,
        "Denoising strength": None if settings.denoise is None else f"{settings.denoise:g}",
        "Clip skip": settings.clip_skip,
        "Lora hashes": ", ".join(f"{name}: {known.auto_v3}" for name, known in (loras or {}).items()),
        "Template": template,
        "Hashes": Json(_hashes_json(hashes)) if hashes else "",
        "Version": VERSION,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _sampling(settings: Settings) -> dict[str, Any]:
    sampler, schedule = known_names(settings.sampler, settings.scheduler)
    return {
        "Steps": settings.steps,
        "Sampler": sampler,
        "Schedule type": schedule,
        "CFG scale": None if settings.cfg is None else f"{settings.cfg:g}",
        "Seed": settings.seed,
    }


def _hashes_json(hashes: Mapping[str, str]) -> str:
    """Return hashes as an object without a `}` inside: Civitai takes the first one for its end."""
    return "{" + json.dumps(dict(hashes), ensure_ascii=False)[1:-1].replace("}", "\\u007d") + "}"


def _quoted(value: Any) -> str:
    """Return a value, in quotes where it would break the line; quotes in it are escaped so that Civitai sees none."""
    text = str(value)
    if isinstance(value, Json) or not any(mark in text for mark in ",:\n"):
        return text
    return '"' + json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', "\\u0022") + '"'
