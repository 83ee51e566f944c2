"""What a user asks for: everything that a generation needs, checked before anything is started."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from ..prompt import Family, Sampling, Size, get_family, parse_size, resolve_sampler
from ..prompt.sizes import check_size
from .errors import UsageError

AUTO = "auto"
SEEDS = 2**64
MOST_IMAGES = 1000
SAME_ASPECT = 0.05
"""How far two aspects may lie apart, as a share, and still count as the same."""


@dataclass(frozen=True)
class Request:
    """A generation, in the specification's terms; None means: what the model family recommends."""

    positive: str
    negative: str = ""
    family: str = AUTO
    enhance: bool = True
    steps: int | None = None
    cfg: float | None = None
    sampler: str | None = None
    scheduler: str | None = None
    clip_skip: int | None = None
    seed: int | None = None
    size: str | None = None
    count: int = 1
    image: Path | None = None
    denoise: float | None = None
    checkpoint: str | None = None


@dataclass(frozen=True)
class Checked:
    """A request found good, with what was read on the way: sampler, size, and the base image's size."""

    request: Request
    sampling: Sampling | None
    size: Size | None
    image_size: Size | None


def check(request: Request) -> Checked:
    """Return the request with its names resolved; no server is needed.

    Raises:
        UsageError: for what can't be done, saying how to mend it.
        PromptError: likewise, for families, samplers and sizes.
    """
    if not request.positive.strip():
        raise UsageError('the prompt is empty; write some tags, such as "1girl, orange hair"')
    _within("count", request.count, 1, MOST_IMAGES)
    _within("steps", request.steps, 1, 10000)
    _within("CFG scale", request.cfg, 0, 100)
    _within("clip skip", request.clip_skip, 1, 24)
    _within("seed", request.seed, 0, SEEDS - 1)
    _within("denoise", request.denoise, 0.01, 1)
    if request.denoise is not None and request.image is None:
        raise UsageError("denoise says how much of a base image to change, but there is none; add --image")
    if request.family != AUTO:
        get_family(request.family)
    sampling = _sampling(request)
    size = None if request.size is None else parse_size(request.size)
    image_size = read_image_size(request.image) if request.image else None
    return Checked(request, sampling, size, image_size)


def range_warnings(checked: Checked, family: Family) -> list[str]:
    """Return what is unusual for the family: allowed, but worth a line."""
    request = checked.request
    warnings = []
    for name, value, usual in (
        ("steps", request.steps, family.steps),
        ("CFG scale", request.cfg, family.cfg),
    ):
        if value is not None and not usual.low <= value <= usual.high:
            warnings.append(f"{name} {value:g} is outside {family.name}'s usual range, {usual.low:g} to {usual.high:g}")
    size, base = checked.size, checked.image_size
    if size and base and abs(size.aspect / base.aspect - 1) > SAME_ASPECT:
        warnings.append(f"size {size} has another aspect than the base image ({base}); its sides are cut off")
    if request.negative and not family.negative.used:
        warnings.append(f"{family.name} ignores negative prompts")
    return warnings


def read_image_size(path: Path) -> Size:
    """Return an image's size as it is shown, its EXIF orientation applied.

    Raises:
        UsageError: if the file is missing or no picture.
    """
    try:
        with Image.open(path) as image:
            return Size(*ImageOps.exif_transpose(image).size)
    except FileNotFoundError as error:
        raise UsageError(f"base image {path} does not exist; mend the path in --image") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UsageError(f"base image {path} can't be read as a picture ({error})") from error


def fitting(checked: Checked, size: Size) -> Checked:
    """Return the request with its size settled."""
    return replace(checked, size=check_size(size))


def _sampling(request: Request) -> Sampling | None:
    if request.sampler is not None:
        return resolve_sampler(request.sampler, request.scheduler)
    if request.scheduler is not None:
        raise UsageError("a scheduler needs its sampler; add --sampler, for example 'Euler a'")
    return None


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise UsageError(f"{name} {value:g} is out of range; it must lie between {low:g} and {high:g}")
