"""NovelAI's texts: `Description`, `Software`, `Source`, and `Comment`, a JSON object of everything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..sizes import Size
from .results import PictureReading, Settings
from .values import as_float, as_int, as_text, object_from_json, to_json

USED = {
    "prompt",
    "uc",
    "steps",
    "sampler",
    "noise_schedule",
    "scale",
    "seed",
    "width",
    "height",
    "strength",
    "v4_prompt",
    "v4_negative_prompt",
}
WEIGHTED = re.compile(r"Diffusion V[4-9]")
"""In `Source`: the versions that know `1.2::tag::`."""
LARGEST_SIDE = 10**6


def is_novelai(texts: Mapping[str, str]) -> bool:
    """Return whether NovelAI wrote these texts."""
    comment = object_from_json(texts.get("Comment", ""))
    return "NovelAI" in texts.get("Software", "") or ("prompt" in comment and "uc" in comment) or "v4_prompt" in comment


def read_novelai(texts: Mapping[str, str]) -> PictureReading:
    """Read NovelAI's texts; versions from V4 on say so, and weight with `1.2::tag::` instead of braces alone."""
    comment = object_from_json(texts.get("Comment", ""))
    remarks = [] if comment else ["NovelAI's Comment is missing or broken, so only the description is read"]
    is_v4 = "v4_prompt" in comment or WEIGHTED.search(texts.get("Source", "")) is not None
    prompt, people = _caption(comment.get("v4_prompt"))
    negative, banned = _caption(comment.get("v4_negative_prompt"))
    others = {name: _shown(value) for name, value in comment.items() if name not in USED}
    others |= _numbered("Character prompt", people) | _numbered("Negative character prompt", banned)
    if people:
        remarks.append(f"prompts of single characters ({len(people)}) stand beside the prompt, in the further settings")
    return PictureReading(
        source="novelai",
        dialect="novelai4" if is_v4 else "novelai3",
        prompt=prompt or as_text(comment.get("prompt")) or texts.get("Description", ""),
        negative=negative or as_text(comment.get("uc")),
        settings=_settings(comment, texts, others),
        texts=texts,
        remarks=tuple(remarks),
    )


def _settings(comment: Mapping[str, Any], texts: Mapping[str, str], others: dict[str, str]) -> Settings:
    width, height = as_int(comment.get("width")), as_int(comment.get("height"))
    is_size = width and height and 0 < min(width, height) <= max(width, height) <= LARGEST_SIDE
    return Settings(
        steps=as_int(comment.get("steps")),
        sampler=as_text(comment.get("sampler")),
        scheduler=as_text(comment.get("noise_schedule")),
        cfg=as_float(comment.get("scale")),
        seed=as_int(comment.get("seed")),
        size=Size(width, height) if width and height and is_size else None,
        model=texts.get("Source", ""),
        denoise=as_float(comment.get("strength")),
        others=others,
    )


def _caption(value: Any) -> tuple[str, list[str]]:
    """Return the base caption of a V4 prompt, and the captions of its characters."""
    caption = value.get("caption") if isinstance(value, dict) else None
    if not isinstance(caption, dict):
        return "", []
    characters = caption.get("char_captions")
    entries = characters if isinstance(characters, list) else []
    texts = [as_text(entry.get("char_caption")) for entry in entries if isinstance(entry, dict)]
    return as_text(caption.get("base_caption")), [text for text in texts if text]


def _numbered(name: str, texts: list[str]) -> dict[str, str]:
    return {f"{name} {number}": text for number, text in enumerate(texts, 1)}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value)
