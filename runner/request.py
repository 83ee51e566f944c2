"""What a user asks for: everything that a generation needs, checked before anything is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from ..prompt import DIALECTS, Family, Kind, Sampling, Size, get_family, parse, parse_size, resolve_sampler
from ..prompt.sampling_settings import out_of_range
from .errors import UsageError

AUTO = "auto"
SEEDS = 2**64
MOST_IMAGES = 1000
USUAL_AREA = 1.3
"""How many times larger or smaller than a family's own sizes a picture may be without a remark."""
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
    dialect: str = DIALECTS[0]
    tag_aware: bool = True
    easy: bool = False


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
    tree = parse(request.positive, request.dialect, request.tag_aware)
    if not tree.of_kind(Kind.TAG, Kind.WILDCARD, Kind.EMBEDDING):
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
    warnings = out_of_range(family, request.steps, request.cfg)
    if request.clip_skip is not None and family.clip_skip is None:
        warnings.append(f"{family.name} has no CLIP layers to skip; clip skip is ignored")
    if checked.size is not None and not _fits(checked.size, family):
        warnings.append(f"size {checked.size} is unusual for {family.name}; it was made for {_sizes(family)}")
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
        raise UsageError(f"base image {path} can't be read as a picture; choose a PNG, JPEG or WebP") from error


def _sampling(request: Request) -> Sampling | None:
    if request.sampler is not None:
        return resolve_sampler(request.sampler, request.scheduler)
    if request.scheduler is not None:
        raise UsageError("a scheduler needs its sampler; add --sampler, for example 'Euler a'")
    return None


def _within(name: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise UsageError(f"{name} {value} is out of range; it must lie between {low} and {high}")


def _fits(size: Size, family: Family) -> bool:
    """Return whether a size has about the area of the family's own sizes, and their step."""
    areas = [own.width * own.height for own in family.sizes]
    near = min(areas) / USUAL_AREA <= size.width * size.height <= max(areas) * USUAL_AREA
    return near and not any(side % family.multiple_of for side in size)


def _sizes(family: Family) -> str:
    shown = ", ".join(map(str, family.sizes[:3]))
    return f"{shown} and the like, in steps of {family.multiple_of}"
