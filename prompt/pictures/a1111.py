"""A1111's `parameters`: the prompt, `Negative prompt: …`, and a line of settings that starts with `Steps: `.

Forge, SD.Next, Fooocus, Civitai's own generator and many savers for ComfyUI write the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from .a1111_loras import RESOURCES, loras_of, model_of_resources
from .pairs import pairs
from .results import Settings
from .values import as_float, as_int, as_size

NEGATIVE = "Negative prompt:"
STEPS = re.compile(r"\s*Steps: *\d+\s*(,|$)")
KNOWN = {"Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model", "Model hash"}
TEMPLATE = re.compile(r"(Negative Template|Template): ?")
"""How the extension for dynamic prompts starts the lines that it adds below the settings."""
READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "Steps": ("steps", as_int),
    "Sampler": ("sampler", str),
    "Schedule type": ("scheduler", str),
    "Scheduler": ("scheduler", str),
    "CFG scale": ("cfg", as_float),
    "Seed": ("seed", as_int),
    "Size": ("size", as_size),
    "Model": ("model", str),
    "Model hash": ("model_hash", str),
    "Clip skip": ("clip_skip", as_int),
    "Denoising strength": ("denoise", as_float),
}
"""A1111's names, ours, and what reads a value."""


class Parameters(NamedTuple):
    """What a `parameters` text says.

    Attributes:
        prompt: the prompt, with its LoRA references.
        negative: the negative prompt.
        settings: the settings.
        remarks: what is not sure or could not be read.
        is_whole: whether there is a line of settings.
    """

    prompt: str
    negative: str
    settings: Settings
    remarks: tuple[str, ...]
    is_whole: bool


def read_parameters(text: str) -> Parameters:
    """Read a `parameters` text; any text is one, at worst a prompt without settings."""
    lines = text.split("\n")
    place = _settings_line(lines)
    remarks = [] if place < len(lines) else ["there is no line of settings below the prompt"]
    prompt, negative = _prompts(lines[:place], remarks)
    found = dict(pairs(lines[place])) if place < len(lines) else {}
    found |= _below(lines[place + 1 :], remarks)
    return Parameters(prompt, negative, _settings(found, prompt, remarks), tuple(remarks), place < len(lines))


def _settings_line(lines: list[str]) -> int:
    """Return the last line that holds settings, or the number of lines: a prompt may hold lines like it."""
    return next((number for number in reversed(range(len(lines))) if _holds_settings(lines[number])), len(lines))


def _holds_settings(line: str) -> bool:
    if not any(line.lstrip().startswith(f"{name}:") for name in KNOWN):
        return False
    known = {name for name, _ in pairs(line)} & KNOWN
    if not STEPS.match(line):
        return len(known) >= 3
    return len(known) >= 2 or "," not in line


def _prompts(lines: list[str], remarks: list[str]) -> tuple[str, str]:
    """Return the prompt and the negative prompt; the last line that starts one counts."""
    starts = [number for number, line in enumerate(lines) if line.startswith(NEGATIVE)]
    if not starts:
        return "\n".join(lines), ""
    if len(starts) > 1:
        remarks.append(
            f"{len(starts)} lines start with {NEGATIVE!r}; the last is taken for the start of the negative prompt"
        )
    prompt, negative = lines[: starts[-1]], lines[starts[-1] :]
    return "\n".join(prompt), "\n".join(negative).removeprefix(NEGATIVE).removeprefix(" ")


def _below(lines: list[str], remarks: list[str]) -> dict[str, str]:
    """Return what stands below the settings: further settings, and templates, which may go on for lines."""
    found: dict[str, str] = {}
    template = ""
    for line in lines:
        start = TEMPLATE.match(line)
        if start:
            template = start[1]
            found[template] = line[start.end() :]
        elif template:
            found[template] += f"\n{line}"
        elif pairs(line):
            found |= dict(pairs(line))
        elif line.strip():
            remarks.append(f"{line[:80]!r} below the settings is not understood")
    return found


def _settings(found: dict[str, str], prompt: str, remarks: list[str]) -> Settings:
    values: dict[str, Any] = {}
    others = dict(found)
    for name, (ours, read) in READERS.items():
        if name in found and ours not in values:
            value = read(found[name])
            if value is None:
                remarks.append(f"{name} is {found[name][:80]!r}, which can't be read")
                continue
            values[ours] = value
            del others[name]
    if RESOURCES in found and "model" not in values:
        values["model"] = model_of_resources(found[RESOURCES])
    return Settings(**values, loras=loras_of(prompt, found), others=others)
