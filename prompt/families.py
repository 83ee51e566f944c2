"""Model families: one YAML file each under `data/families/`, read as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from .errors import UnknownFamily, nearest_names
from .resources import DATA, load_yaml
from .sizes import Size, parse_size

LEVELS = ("none", "light", "standard", "full")
PRESETS = ("quality", "anatomy", "text", "background")


class Range(NamedTuple):
    """A setting's default and the range that the family's makers or users recommend."""

    default: float
    low: float
    high: float


class ClipSkip(NamedTuple):
    """CLIP layers in A1111's counting (1 = the last one) and the smallest count that differs from the next.

    On SDXL shapes 1 and 2 both mean the penultimate layer, so `least` is 2 there.
    """

    default: int
    least: int


@dataclass(frozen=True)
class Quality:
    """The family's quality tags by level, and where in the prompt they belong: start, end or none."""

    place: str
    levels: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Negative:
    """The family's negative tags by preset, and which presets it wants when nothing is chosen."""

    used: bool
    presets: dict[str, tuple[str, ...]]
    default: tuple[str, ...]

    def tags(self, preset: str) -> tuple[str, ...]:
        """Return the tags of `recommended`, `everything`, `none` or one preset; another name is a KeyError."""
        several = {"none": (), "recommended": self.default, "everything": PRESETS}
        return tuple(tag for name in several.get(preset, (preset,)) for tag in self.presets[name])


@dataclass(frozen=True)
class Family:
    """What is known of a model family; the fields are those of its YAML file."""

    id: str
    name: str
    use: str
    style: str
    architecture: str
    prediction: str
    names: tuple[str, ...]
    priority: int
    quality: Quality
    negative: Negative
    foreign: tuple[str, ...]
    sampler: str
    scheduler: str
    steps: Range
    cfg: Range
    clip_skip: ClipSkip | None
    sizes: tuple[Size, ...]
    multiple_of: int
    encoders: tuple[str, ...]
    weights: bool
    unverified: tuple[str, ...]
    sources: tuple[str, ...]

    def settings(self) -> tuple[str, str, int, float, int]:
        """Return the recommended sampler, scheduler, steps, CFG scale and `stop_at_clip_layer`."""
        return self.sampler, self.scheduler, int(self.steps.default), float(self.cfg.default), self.stop_layer()

    def stop_layer(self, clip_skip: int | None = None) -> int:
        """Return ComfyUI's `stop_at_clip_layer` for a clip skip in A1111's counting, or the family's own."""
        if self.clip_skip is None:
            return -1
        return -max(clip_skip or self.clip_skip.default, self.clip_skip.least)


def family_ids() -> tuple[str, ...]:
    """Return the ids of all families, in alphabetical order; reads no file."""
    return tuple(sorted(path.stem for path in (DATA / "families").glob("*.yaml")))


@cache
def get_family(family_id: str) -> Family:
    """Return a family by its id.

    Raises:
        UnknownFamily: with the nearest ids.
    """
    known = family_ids()
    if family_id not in known:
        hint = nearest_names(family_id, known) or f"known are {', '.join(known)}"
        raise UnknownFamily(f"unknown model family {family_id!r}; {hint}")
    return _read(load_yaml(DATA / "families" / f"{family_id}.yaml"))


@cache
def all_families() -> tuple[Family, ...]:
    """Return all families, those whose names are tried first in front."""
    return tuple(sorted(map(get_family, family_ids()), key=lambda family: (-family.priority, family.id)))


def _read(values: dict[str, Any]) -> Family:
    sampling, size, skip = values["sampling"], values["size"], values["clip_skip"]
    sizes = [size["default"], *(choice for choice in size["choices"] if choice != size["default"])]
    plain = ("id", "name", "use", "style", "architecture", "prediction", "priority", "weights")
    lists = ("names", "foreign", "encoders", "unverified", "sources")
    fields: dict[str, Any] = {key: values[key] for key in plain}
    fields |= {key: tuple(values[key]) for key in lists}
    return Family(
        **fields,
        quality=Quality(
            values["quality"]["place"],
            {"none": (), **{level: tuple(values["quality"][level]) for level in LEVELS[1:]}},
        ),
        negative=Negative(
            values["negative"]["used"],
            {name: tuple(values["negative"]["presets"][name]) for name in PRESETS},
            tuple(values["negative"]["default"]),
        ),
        sampler=sampling["sampler"],
        scheduler=sampling["scheduler"],
        steps=Range(**sampling["steps"]),
        cfg=Range(**sampling["cfg"]),
        clip_skip=skip and ClipSkip(**skip),
        sizes=tuple(map(parse_size, sizes)),
        multiple_of=size["multiple_of"],
    )
