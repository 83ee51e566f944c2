"""Fits pictures and masks into a size; pictures are (batch, height, width, channels), masks (batch, height, width)."""

import comfy.utils
import torch
from torch.nn import functional

from ..prompt import PromptError, Size
from ..prompt.fitting import Fitted


def fitted_image(image: torch.Tensor, fitted: Fitted) -> torch.Tensor:
    """Return the pictures in their new size, as Upscale Image makes them; borders have the colours of the edges."""
    pixels = _resized(image[..., :3].movedim(-1, 1), fitted, "lanczos")
    if fitted.has_border:
        pixels = functional.pad(pixels, _borders(fitted), mode="replicate")
    return pixels.movedim(1, -1)


def fitted_mask(mask: torch.Tensor | None, fitted: Fitted, grow: int) -> torch.Tensor:
    """Return what changes, from 0 to 1, in the picture's new size: what the mask covers, and the borders.

    Args:
        mask: laid over the image, whatever its own size; None covers nothing.
        fitted: how the image was fitted.
        grow: pixels by which all that changes reaches further.

    Raises:
        PromptError: if the mask is empty, or what it covers is cut off.
    """
    whole = torch.zeros(1, 1, fitted.image.height, fitted.image.width) if mask is None else _over(mask, fitted.image)
    changing = _resized(whole, fitted, "bilinear")
    if mask is not None and not changing.any():
        raise PromptError("what the mask covers is cut off with the image's sides; choose pad or stretch for fit")
    if fitted.has_border:
        changing = functional.pad(changing, _borders(fitted), value=1.0)
    return _grown(changing, grow).squeeze(1)


def _over(mask: torch.Tensor, image: Size) -> torch.Tensor:
    """Return a mask in an image's size, with a dimension for the channel."""
    if not mask.any():
        raise PromptError(
            "the mask is empty, so nothing would change; paint it in Load Image's mask editor, or connect none"
        )
    single = mask.reshape(-1, 1, *mask.shape[-2:]).clamp(0, 1)
    if single.shape[-2:] == (image.height, image.width):
        return single
    return functional.interpolate(single, size=(image.height, image.width), mode="bilinear")


def _resized(samples: torch.Tensor, fitted: Fitted, method: str) -> torch.Tensor:
    crop = "center" if fitted.how == "crop" else "disabled"
    return comfy.utils.common_upscale(samples, fitted.box.width, fitted.box.height, method, crop)


def _borders(fitted: Fitted) -> tuple[int, int, int, int]:
    """Return how many pixels are added left, right, above and below."""
    box, size = fitted.box, fitted.size
    return box.left, size.width - box.left - box.width, box.top, size.height - box.top - box.height


def _grown(mask: torch.Tensor, by: int) -> torch.Tensor:
    """Return a mask that reaches further by so many pixels on each side, corners included."""
    for height, width in ((2 * by + 1, 1), (1, 2 * by + 1)):
        mask = functional.max_pool2d(mask, (height, width), stride=1, padding=(height // 2, width // 2))
    return mask
