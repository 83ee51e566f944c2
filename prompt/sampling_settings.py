"""What a sampler is set to: what the model family recommends, with the user's own choices laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .errors import UnknownSampler
from .samplers import (
    AUTOMATIC,
    Sampling,
    comfy_samplers,
    comfy_schedulers,
    is_automatic,
    known_names,
    names_schedule,
    resolve_sampler,
    resolve_scheduler,
    sampler_remark,
)

if TYPE_CHECKING:
    from .families import Family

FAMILY = "family"
"""Stands for the family's own sampler."""


class SamplerSettings(NamedTuple):
    """A run's settings in ComfyUI's terms: KSampler's names, and denoise as a share from 0 to 1."""

    sampler: str
    scheduler: str
    steps: int
    cfg: float
    denoise: float


class Core(NamedTuple):
    """The samplers and schedulers that a ComfyUI has."""

    samplers: Sequence[str]
    schedulers: Sequence[str]

    def lacks(self, sampling: Sampling) -> tuple[str, str] | None:
        """Return the kind and the name of what it has not, if there is such a thing."""
        wanted = (("sampler", sampling.sampler, self.samplers), ("scheduler", sampling.scheduler, self.schedulers))
        return next(((kind, name) for kind, name, known in wanted if name is not None and name not in known), None)


@dataclass(frozen=True)
class Settled:
    """Settings, and what should be said about them."""

    settings: SamplerSettings
    remarks: tuple[str, ...]

    def report(self) -> str:
        """Return the settings under ComfyUI's and A1111's names, and the remarks, a line each."""
        sampler, scheduler, steps, cfg, denoise = self.settings
        known, schedule = known_names(sampler, scheduler)
        named = "A1111 has no such sampler" if known == sampler else f"in A1111 {known}, schedule type {schedule}"
        first = f"{sampler}, {scheduler}, {steps} steps, CFG {cfg:g}, denoise {denoise:g} ({named})"
        return "\n".join([first, *self.remarks])


def settle(
    family: Family,
    sampler: str = FAMILY,
    schedule: str = AUTOMATIC,
    steps: int = 0,
    cfg: float = 0.0,
    denoise: float = 1.0,
    core: Core | None = None,
) -> Settled:
    """Return a family's settings with overrides.

    Args:
        family: whose settings they are.
        sampler: a name that `resolve_sampler` knows, one of `core`, or `family`.
        schedule: a schedule type, a scheduler, or `automatic`: the family's own for the family's sampler; else what
            stands in the sampler's name, or what A1111 takes for the sampler.
        steps: 0 is the family's number.
        cfg: the CFG scale; 0 is the family's.
        denoise: goes through.
        core: what the ComfyUI that samples has; None is 0.3.75.

    Raises:
        UnknownSampler: for a name that nothing answers to, or that the core lacks.
    """
    has = core or Core(comfy_samplers(), comfy_schedulers())
    sampling, remarks = _sampling(family, sampler, schedule, has)
    _present(sampling, has)
    settings = SamplerSettings(
        sampling.sampler,
        sampling.scheduler or family.scheduler,
        steps or int(family.steps.default),
        float(cfg or family.cfg.default),
        float(denoise),
    )
    if settings.scheduler in family.avoid_schedulers:
        remarks.append(f"scheduler {settings.scheduler} spoils {family.name}'s pictures; take {family.scheduler}")
    return Settled(settings, (*remarks, *out_of_range(family, settings.steps, settings.cfg), *_also_wanted(family)))


def out_of_range(family: Family, steps: int | None, cfg: float | None) -> list[str]:
    """Return which settings lie outside the family's usual range: allowed, but worth a line. None is not looked at."""
    return [
        f"{name} {value:g} is outside {family.name}'s usual range, {usual.low:g} to {usual.high:g}"
        for name, value, usual in (("steps", steps, family.steps), ("CFG scale", cfg, family.cfg))
        if value is not None and not usual.low <= value <= usual.high
    ]


def _sampling(family: Family, sampler: str, schedule: str, core: Core) -> tuple[Sampling, list[str]]:
    own = None if is_automatic(schedule) else _scheduler(schedule, core)
    if sampler == FAMILY:
        return Sampling(family.sampler, own), []
    if sampler in core.samplers and sampler not in comfy_samplers():  # a sampler of another pack
        return Sampling(sampler, own), []
    remarks = list(filter(None, [sampler_remark(sampler)]))
    if own is not None or names_schedule(sampler):
        return Sampling(resolve_sampler(sampler).sampler, own or resolve_sampler(sampler).scheduler), remarks
    found = resolve_sampler(sampler, AUTOMATIC)
    if found.scheduler not in family.avoid_schedulers:
        return found, remarks
    instead = f"A1111 takes {found.scheduler} for {sampler}, which spoils {family.name}'s pictures: it is left out"
    return Sampling(found.sampler, None), [*remarks, f"{instead} for {family.scheduler}"]


def _scheduler(schedule: str, core: Core) -> str:
    return schedule if schedule in core.schedulers else resolve_scheduler(schedule)


def _present(sampling: Sampling, core: Core) -> None:
    lacking = core.lacks(sampling)
    if lacking:
        raise UnknownSampler(f"this ComfyUI has no {' '.join(lacking)}; update it, or choose another")


def _also_wanted(family: Family) -> list[str]:
    """Return the nodes whose settings the family recommends besides."""
    wanted = [
        family.guidance and f"FluxGuidance at {family.guidance.default:g}",
        family.rescale_cfg and f"RescaleCFG at {family.rescale_cfg.default:g}",
        family.shift and f"{family.shift.node} at {family.shift.value:g}",
    ]
    return [f"{family.name} also wants the node {text}" for text in wanted if text]
