"""How a base image gets a size that suits the model family: cut, with borders, or stretched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .errors import PromptError, SizeError
from .sizes import LATENT_STEP, SHAPES, Size, check_size, size_for
from .strengths import denoise_of

if TYPE_CHECKING:
    from .families import Family

FITS = ("crop", "pad", "stretch")
"""crop cuts what lies over on two sides; pad adds borders, which are painted; stretch changes the aspect."""
OF_IMAGE = SHAPES[-1]


class Box(NamedTuple):
    """A rectangle in pixels, from the top left corner of a picture."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Fitted:
    """What becomes of a base image, or of none.

    Attributes:
        image: the size of the base image; None where there is none.
        size: the picture's size.
        how: one of `FITS`.
        box: where in the picture the base image lies; it is smaller than the picture only with borders.
        denoise: how much of it changes, as a share; 1 without one.
        lines: all this in words.
    """

    image: Size | None
    size: Size
    how: str
    box: Box
    denoise: float
    lines: tuple[str, ...]

    @property
    def has_border(self) -> bool:
        """Whether something must be painted around the base image."""
        return self.box[2:] != self.size

    def report(self) -> str:
        """Return what becomes of the base image, a line each."""
        return "\n".join(self.lines)


def fit(
    family: Family,
    shape: str = OF_IMAGE,
    how: str = FITS[0],
    strength: str = "similar",
    custom: float = 1.0,
    image: Size | None = None,
    wanted: tuple[int, int] = (0, 0),
    step: int = LATENT_STEP,
) -> Fitted:
    """Return how a base image is fitted into a picture of the family, and how much of it changes.

    Args:
        family: whose sizes there are.
        shape: one of `SHAPES`; `as the base image` is the recommended one where there is none.
        how: one of `FITS`.
        strength: one of `STRENGTHS`, or `custom`.
        custom: the denoise of the strength `custom`.
        image: the base image's size, or None.
        wanted: a width and a height of the user's own; 0 is that of the family's size.
        step: pixels that each side must be a multiple of, as the VAE has it.

    Raises:
        SizeError: for a size that no picture can have, or an unknown shape.
        PromptError: for an unknown `how` or strength.
    """
    if how not in FITS:
        raise PromptError(f"unknown way to fit {how!r}; use one of {', '.join(FITS)}")
    denoise = denoise_of(strength, custom)
    size = _size(family, shape, image, wanted, step)
    if image is None:
        return Fitted(
            None, size, how, Box(0, 0, *size), 1.0, (f"no base image: an empty picture of {size}, denoise 1",)
        )
    box = bordered(image, size) if how == "pad" else Box(0, 0, *size)
    lines = (_in_words(image, size, how, box), f"strength {strength}: denoise {denoise:g}")
    return Fitted(image, size, how, box, denoise, lines)


def bordered(image: Size, size: Size) -> Box:
    """Return where a whole image lies in the middle of a picture.

    Borders that together are narrower than a latent cell could not be painted apart from the image: there are none
    then, and the image is stretched by as much.
    """
    scale = min(size.width / image.width, size.height / image.height)
    width, height = (
        side if side - round(own * scale) < LATENT_STEP else max(1, round(own * scale))
        for own, side in zip(image, size, strict=True)
    )
    return Box((size.width - width) // 2, (size.height - height) // 2, width, height)


def cut_off(image: Size, size: Size) -> float:
    """Return the share of an image that is cut off when it fills a picture of another aspect."""
    return 1 - min(image.aspect, size.aspect) / max(image.aspect, size.aspect)


def _size(family: Family, shape: str, image: Size | None, wanted: tuple[int, int], step: int) -> Size:
    own = size_for(family, "recommended" if image is None and shape == OF_IMAGE else shape, image)
    size = check_size(Size(wanted[0] or own.width, wanted[1] or own.height))
    if any(side % step for side in size):
        usable = Size(*(max(step, round(side / step) * step) for side in size))
        raise SizeError(f"size {size} is not a multiple of {step} on each side, as this VAE needs it; use {usable}")
    return size


def _in_words(image: Size, size: Size, how: str, box: Box) -> str:
    start = f"base image {image} becomes {size}"
    if how == "stretch":
        return f"{start}, stretched where the aspect differs"
    if how == "crop":
        share = cut_off(image, size)
        sides = "left and right" if image.aspect > size.aspect else "above and below"
        return f"{start}; {share:.0%} of it is cut off {sides}" if round(share, 2) else f"{start}, whole"
    if box[2:] == size:
        return f"{start}, whole and without borders"
    sides = "left and right" if box.width < size.width else "above and below"
    return (
        f"{start}, whole, with borders {sides}: they are painted, and the image itself stays; strengths below "
        "new picture let the borders' first colours shine through"
    )
