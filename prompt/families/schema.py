"""Checks a family's YAML file: which fields there are, what each may hold, and what must fit what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..resources import data
from ..samplers import comfy_samplers
from ..sizes import parse_size
from .checks import Wrong, either, family_id, flag, named, number, one_of, pattern, several, size, table, text, whole
from .profiles import LEVELS, PLACES, PREDICTIONS, PRESETS, STYLES, USES, WEIGHTS

ORDER = (
    *("system", "quality", "score", "source", "rating", "year", "meta", "count", "subject", "character", "series"),
    *("artist", "action", "general", "details", "setting", "lighting", "style", "text", "caption"),
)
"""The words that a profile's `order` may hold."""
ENCODERS = (
    *("clip_l", "clip_g", "t5xxl", "pile_t5xl", "llama", "gemma2_2b", "gemma3_4b", "jina_clip_2", "mistral3_24b"),
    *("qwen25_7b", "qwen3_06b", "qwen3_4b", "qwen3_8b", "qwen3vl_4b", "qwen3vl_8b", "builtin"),
)
"""Text encoders, where ComfyUI 0.3.75 has them under its own name."""


def check_partial(values: Any) -> None:
    """Check the fields that a file gives; fields may be left out.

    Raises:
        Wrong: for the first field that is no field, or holds what it may not.
    """
    _PROFILE(values, "")


def check_whole(values: Mapping[str, Any]) -> None:
    """Check a profile after all files that make it up are laid over one another.

    Raises:
        Wrong: for a field that is missing, or does not fit another one.
    """
    for path in REQUIRED:
        _present(values, path)
    _fits(values)


def _present(values: Mapping[str, Any], path: str) -> None:
    at: Any = values
    for key in path.split("."):
        if not isinstance(at, Mapping) or key not in at:
            raise Wrong(path, "is missing")
        at = at[key]


def _fits(values: Mapping[str, Any]) -> None:
    ranges = {name: values["sampling"][name] for name in ("steps", "cfg", "guidance", "rescale_cfg")}
    variants = {
        f"variants.{name}.{key}": variant[key]
        for name, variant in values["variants"].items()
        for key in ("steps", "cfg")
        if key in variant
    }
    for field, numbers in ({f"sampling.{name}": numbers for name, numbers in ranges.items()} | variants).items():
        if numbers is not None and not numbers["low"] <= numbers["default"] <= numbers["high"]:
            raise Wrong(field, f"has its default {numbers['default']} outside low to high")
    quality = values["quality"]
    levels = [set(quality[level]) for level in LEVELS[1:]]
    if not levels[0] <= levels[1] <= levels[2]:
        raise Wrong("quality", "has tags in a lower level that the next one lacks; each level holds the one before it")
    if (quality["place"] == "none") != (not levels[2]):
        raise Wrong("quality.place", "is none exactly where there are no quality tags")
    _sizes_fit(values["size"])


def _sizes_fit(values: Mapping[str, Any]) -> None:
    step = values["multiple_of"]
    for choice in (values["default"], *values["choices"]):
        if step == 0 or any(side % step for side in parse_size(choice)):
            raise Wrong("size", f"{choice} is not a multiple of {step} on each side")


_RANGE = table({"default": number, "low": number, "high": number})
_SAMPLER = one_of(comfy_samplers)
_SCHEDULER = one_of(lambda: tuple(data("samplers")["schedulers"]))
_WORDS = several(text)
_COUNT = either(whole, "unknown")
_ENCODER = table({"chunk": _COUNT, "least": _COUNT, "most": _COUNT, "trained": _COUNT, "pooled": flag})
_VARIANT = table(
    {"names": several(pattern), "sampler": _SAMPLER, "scheduler": _SCHEDULER, "steps": _RANGE, "cfg": _RANGE}
    | {"negative": flag}
)
_PROFILE = table(
    {
        "id": family_id,
        "extends": family_id,
        "name": text,
        "use": one_of(lambda: USES),
        "style": one_of(lambda: STYLES),
        "architecture": family_id,
        "prediction": one_of(lambda: PREDICTIONS),
        "names": several(pattern),
        "priority": whole,
        "civitai": _WORDS,
        "hashes": _WORDS,
        "quality": table({"place": one_of(lambda: PLACES), **dict.fromkeys(LEVELS[1:], _WORDS), "known": _WORDS}),
        "negative": table(
            {
                "used": flag,
                "presets": table(dict.fromkeys(PRESETS, _WORDS)),
                "default": several(one_of(lambda: PRESETS)),
                "system": text,
            }
        ),
        "foreign": _WORDS,
        "remarks": named(text),
        "order": several(one_of(lambda: ORDER)),
        "underscores": _WORDS,
        "system": text,
        "sampling": table(
            {
                "sampler": _SAMPLER,
                "scheduler": _SCHEDULER,
                "avoid_schedulers": several(_SCHEDULER),
                "steps": _RANGE,
                "cfg": _RANGE,
                "guidance": either(_RANGE, "none"),
                "rescale_cfg": either(_RANGE, "none"),
                "shift": either(table({"node": text, "value": number}), "ComfyUI's own"),
            }
        ),
        "clip_skip": either(table({"default": whole, "least": whole}), "none"),
        "size": table({"default": size, "choices": several(size), "multiple_of": whole}),
        "encoders": named(_ENCODER, one_of(lambda: ENCODERS)),
        "weights": one_of(lambda: WEIGHTS),
        "variants": named(_VARIANT, family_id),
        "unverified": _WORDS,
        "sources": _WORDS,
    }
)
REQUIRED = (
    *("id", "name", "use", "style", "architecture", "prediction", "names"),
    *("quality.place", *(f"quality.{level}" for level in LEVELS[1:])),
    *("negative.used", "negative.default"),
    *("sampling.sampler", "sampling.scheduler"),
    *(f"sampling.{name}.{key}" for name in ("steps", "cfg") for key in ("default", "low", "high")),
    *("clip_skip", "size.default", "size.choices", "size.multiple_of", "encoders", "weights"),
    *("unverified", "sources"),
)
"""What a profile must give; all else has a default."""
DEFAULTS: dict[str, Any] = {
    "priority": 50,
    "civitai": [],
    "hashes": [],
    "foreign": [],
    "remarks": {},
    "order": [],
    "underscores": [],
    "system": "",
    "variants": {},
    "quality": {"known": []},
    "negative": {"presets": {preset: [] for preset in PRESETS}, "system": ""},
    "sampling": {"avoid_schedulers": [], "guidance": None, "rescale_cfg": None, "shift": None},
}
