"""Samplers by the names that people know (A1111's, Civitai's) and by ComfyUI's own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from .errors import UnknownSampler, nearest_names
from .resources import data

AUTOMATIC = "automatic"
"""A1111's schedule type that leaves the choice to the sampler."""


class Sampling(NamedTuple):
    """ComfyUI's sampler and scheduler; the scheduler is None where the name leaves it open."""

    sampler: str
    scheduler: str | None


class _Known(NamedTuple):
    """A sampler: what its bare name means, its schedule for Automatic, and what should be said about it."""

    sampling: Sampling
    automatic: str | None
    remark: str = ""


class _Names(NamedTuple):
    samplers: dict[str, _Known]
    schedulers: dict[str, str]
    shown: tuple[str, ...]


def resolve_sampler(name: str, scheduler: str | None = None) -> Sampling:
    """Return what ComfyUI calls a sampler.

    `Euler a`, `DPM++2M SDE Karras`, `k_dpmpp_2m`, `euler_ancestral` are all understood, whatever their case and
    spaces; a scheduler at the end of the name is split off. An A1111 name without one means A1111's plain schedule;
    a ComfyUI name without one leaves it open. `scheduler` overrides both, except for `Automatic`: that is what A1111
    (1.9 and later) takes for the sampler where its name has none.

    Raises:
        UnknownSampler: with the nearest names, or the node to take instead.
    """
    known, ending = _find(name)
    if scheduler is not None and (ending is None or not is_automatic(scheduler)):
        ending = AUTOMATIC if is_automatic(scheduler) else resolve_scheduler(scheduler)
    if ending is None:
        return known.sampling
    return Sampling(known.sampling.sampler, known.automatic if ending == AUTOMATIC else ending)


def resolve_scheduler(name: str) -> str:
    """Return what ComfyUI calls a scheduler (`Karras`, `SGM Uniform`, `sgm_uniform`), or raise `UnknownSampler`."""
    schedulers = _names().schedulers
    found = schedulers.get(_key(name))
    if found is None or found == AUTOMATIC:
        raise UnknownSampler(_no_scheduler(name, schedulers))
    return found


def is_automatic(scheduler: str) -> bool:
    """Return whether a schedule type is A1111's `Automatic`."""
    return _key(scheduler) == AUTOMATIC


def names_schedule(name: str) -> bool:
    """Return whether a sampler's name has its schedule at its end, as `DPM++ 2M Karras` has.

    Raises:
        UnknownSampler: as `resolve_sampler`.
    """
    return _find(name)[1] not in (None, AUTOMATIC)


def sampler_remark(name: str) -> str:
    """Return what should be said about a sampler: that ComfyUI has but something like it, or how it wants to be used.

    Raises:
        UnknownSampler: as `resolve_sampler`.
    """
    return _find(name)[0].remark


def known_names(sampler: str, scheduler: str) -> tuple[str, str]:
    """Return A1111's names of ComfyUI's sampler and scheduler; ComfyUI's own where A1111 has none."""
    samplers = {row["sampler"]: row["name"] for row in reversed(_rows()) if row.get("exact", True)}
    schedules = {target: name for name, target in data("samplers")["schedule_types"].items()}
    return samplers.get(sampler, sampler), schedules.get(scheduler, scheduler)


def comfy_samplers() -> tuple[str, ...]:
    """Return the names of the samplers of ComfyUI 0.3.75."""
    return tuple(data("samplers")["comfy_samplers"])


def comfy_schedulers() -> tuple[str, ...]:
    """Return the names of the schedulers of ComfyUI 0.3.75."""
    return tuple(data("samplers")["schedulers"])


def offered_samplers(samplers: Iterable[str]) -> tuple[str, ...]:
    """Return what there is to choose from: A1111's names, old ones with their schedules, then ComfyUI's that have none.

    Args:
        samplers: those that ComfyUI has.
    """
    rows = [row for row in _rows() if row.get("offered", True)]
    names = [f"{row['name']} {ending}".rstrip() for row in rows for ending in ["", *row.get("with", [])]]
    own = [name for name in samplers if known_names(name, "")[0] == name]
    return (*names, *own)


def offered_schedules(schedulers: Iterable[str]) -> tuple[str, ...]:
    """Return what there is to choose from: A1111's schedule types, then ComfyUI's schedulers that have no such name.

    Args:
        schedulers: those that ComfyUI has.
    """
    own = [name for name in schedulers if known_names("", name)[1] == name]
    return (*data("samplers")["schedule_types"], *own)


def _find(name: str) -> tuple[_Known, str | None]:
    """Return the sampler that a name means, and the scheduler at the name's end, or None."""
    names = _names()
    key = _key(name)
    if "/" in name:  # sampler/scheduler, as it is often written
        sampler, _, scheduler = name.partition("/")
        if _key(sampler) in names.samplers:
            return names.samplers[_key(sampler)], resolve_scheduler(scheduler)
    elif name in comfy_samplers():  # written as ComfyUI does: `euler` leaves the scheduler open, `Euler` does not
        return _own(name), None
    elif key in names.samplers:
        return names.samplers[key], None
    for ending in sorted(names.schedulers, key=len, reverse=True):
        if key.endswith(ending) and key.removesuffix(ending) in names.samplers:
            return names.samplers[key.removesuffix(ending)], names.schedulers[ending]
    raise UnknownSampler(_no_sampler(name, names))


def _no_sampler(name: str, names: _Names) -> str:
    for schedule in data("samplers")["other_schedules"]:
        if _key(name).endswith(_key(schedule)) and _key(name).removesuffix(_key(schedule)) in names.samplers:
            return _no_scheduler(schedule, names.schedulers)
    hint = nearest_names(name, names.shown) or f"known are {', '.join(names.shown[:6])} and others"
    return f"unknown sampler {name!r}; {hint}"


def _no_scheduler(name: str, schedulers: dict[str, str]) -> str:
    if is_automatic(name):
        return "the schedule Automatic is the sampler's own; give the sampler's name with it, or another schedule"
    for schedule, node in data("samplers")["other_schedules"].items():
        if _key(name) == _key(schedule):
            return (
                f"no scheduler of KSampler makes the schedule {schedule}; take the node {node} with SamplerCustom, or "
                "choose another schedule"
            )
    known = sorted({*schedulers.values()} - {AUTOMATIC})
    hint = nearest_names(name, known) or f"known are {', '.join(known)}"
    return f"unknown scheduler {name!r}; {hint}"


def _key(name: str) -> str:
    return re.sub(r"[\s_\-]+", "", name).casefold()


def _rows() -> list[dict[str, Any]]:
    return list(data("samplers")["samplers"])


def _row(row: dict[str, Any]) -> _Known:
    note = row.get("note", "")
    remark = f"{row['name']}: {note}"
    if not row.get("exact", True):
        remark = f"ComfyUI has no {row['name']}; {row['sampler']} stands for it: {note}"
    return _Known(Sampling(row["sampler"], row["scheduler"]), row["automatic"], remark if note else "")


def _own(name: str) -> _Known:
    """Return a sampler of ComfyUI's own name; its schedule for Automatic is that of A1111's equal, if there is one."""
    equal = [row for row in _rows() if row["sampler"] == name.removesuffix("_gpu") and row.get("exact", True)]
    return _Known(Sampling(name, None), *([_row(equal[0]).automatic, _row(equal[0]).remark] if equal else [None]))


@cache
def _names() -> _Names:
    table = data("samplers")
    samplers = {_key(name): _row(row) for row in _rows() for name in [row["name"], *row["aliases"]]}
    for name in comfy_samplers():
        samplers.setdefault(_key(name), _own(name))
    schedulers = {_key(name): name for name in comfy_schedulers()}
    schedulers |= {_key(name): target for name, target in table["schedule_types"].items()}
    schedulers |= {"ka": "karras", "exp": "exponential", AUTOMATIC: AUTOMATIC}
    return _Names(samplers, schedulers, (*offered_samplers(()), *comfy_samplers()))
