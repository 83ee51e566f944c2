"""The names of samplers and schedules: A1111's, and ComfyUI's, for inputs that know either."""

from __future__ import annotations

from ...prompt.errors import PromptError
from ...prompt.samplers import known_names, names_schedule, resolve_sampler, resolve_scheduler

SAMPLER, SCHEDULER = "sampler", "scheduler"


def spellings(name: str, value: object) -> tuple[object, ...]:
    """Return a value as it is, and behind it what other programs call the same sampler or schedule.

    Args:
        name: the short name of the input, of which `sampler` and `scheduler` count.
        value: what the user gave.
    """
    if not isinstance(value, str) or name not in (SAMPLER, SCHEDULER):
        return (value,)
    try:
        own = resolve_sampler(value).sampler if name == SAMPLER else resolve_scheduler(value)
    except PromptError:
        return (value,)  # the input itself says what it takes
    others = known_names(own, "")[0] if name == SAMPLER else known_names("", own)[1]
    return tuple(dict.fromkeys((value, own, others) if others else (value, own)))


def named_schedule(value: object) -> str | None:
    """Return the schedule at the end of a sampler's name, such as `karras` of `DPM++ 2M Karras`, or None."""
    try:
        return resolve_sampler(value).scheduler if isinstance(value, str) and names_schedule(value) else None
    except PromptError:
        return None
