"""Samplers by the names that people know (A1111's, Civitai's) and by ComfyUI's own."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from .errors import UnknownSampler, nearest_names
from .resources import data


class Sampling(NamedTuple):
    """ComfyUI's sampler and scheduler; the scheduler is None where the name leaves it open."""

    sampler: str
    scheduler: str | None


class _Names(NamedTuple):
    samplers: dict[str, Sampling]
    schedulers: dict[str, str]
    shown: tuple[str, ...]


def resolve_sampler(name: str, scheduler: str | None = None) -> Sampling:
    """Return what ComfyUI calls a sampler.

    `Euler a`, `DPM++2M SDE Karras`, `k_dpmpp_2m`, `euler_ancestral` are all understood, whatever their case and
    spaces; a scheduler at the end of the name is split off. An A1111 name without one means A1111's plain schedule;
    a ComfyUI name without one leaves it open. `scheduler` overrides both.

    Raises:
        UnknownSampler: with the nearest names.
    """
    names = _names()
    found = _find(name, names)
    if found is None:
        hint = nearest_names(name, names.shown) or f"known are {', '.join(names.shown[:6])} and others"
        raise UnknownSampler(f"unknown sampler {name!r}; {hint}")
    return found if scheduler is None else Sampling(found.sampler, resolve_scheduler(scheduler))


def resolve_scheduler(name: str) -> str:
    """Return what ComfyUI calls a scheduler (`Karras`, `SGM Uniform`, `sgm_uniform`), or raise `UnknownSampler`."""
    schedulers = _names().schedulers
    found = schedulers.get(_key(name))
    if found is None:
        known = sorted(set(schedulers.values()))
        hint = nearest_names(name, known) or f"known are {', '.join(known)}"
        raise UnknownSampler(f"unknown scheduler {name!r}; {hint}")
    return found


def known_names(sampler: str, scheduler: str) -> tuple[str, str]:
    """Return A1111's names of ComfyUI's sampler and scheduler; ComfyUI's own where A1111 has none."""
    table = data("samplers")
    samplers = {row["sampler"]: row["name"] for row in reversed(table["samplers"]) if row.get("exact", True)}
    schedules = {target: name for name, target in table["schedule_types"].items()}
    return samplers.get(sampler, sampler), schedules.get(scheduler, scheduler)


def comfy_samplers() -> tuple[str, ...]:
    """Return the names of the samplers of ComfyUI 0.3.75."""
    return tuple(data("samplers")["comfy_samplers"])


def _find(name: str, names: _Names) -> Sampling | None:
    if "/" in name:  # sampler/scheduler, as it is often written
        sampler, _, scheduler = name.partition("/")
        found = names.samplers.get(_key(sampler))
        return found and Sampling(found.sampler, resolve_scheduler(scheduler))
    if name in comfy_samplers():  # written as ComfyUI does: `euler` leaves the scheduler open, `Euler` does not
        return Sampling(name, None)
    key = _key(name)
    if key in names.samplers:
        return names.samplers[key]
    for ending in sorted(names.schedulers, key=len, reverse=True):
        found = names.samplers.get(key.removesuffix(ending)) if key.endswith(ending) else None
        if found is not None:
            return Sampling(found.sampler, names.schedulers[ending])
    return None


def _key(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name).casefold()


@cache
def _names() -> _Names:
    table = data("samplers")
    samplers = {}
    for row in table["samplers"]:
        for name in [row["name"], *row.get("aliases", [])]:
            samplers[_key(name)] = Sampling(row["sampler"], row["scheduler"])
    for name in table["comfy_samplers"]:
        samplers.setdefault(_key(name), Sampling(name, None))
    schedulers = {_key(name): name for name in table["schedulers"]}
    schedulers |= {_key(name): target for name, target in table["schedule_types"].items()}
    schedulers |= {"ka": "karras", "exp": "exponential"}
    shown = tuple(row["name"] for row in table["samplers"]) + tuple(table["comfy_samplers"])
    return _Names(samplers, schedulers, shown)
