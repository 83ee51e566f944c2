"""What a model's text encoders are, and how many layers of CLIP are skipped."""

import torch
from comfy.sd1_clip import SDTokenizer

from ...prompt import PromptError

Batches = dict[str, list[list[tuple[int | torch.Tensor, float]]]]
"""By encoder, for each chunk, its text tokens (ids or vectors) with their weights."""
CHUNK = 77
"""Text tokens that CLIP reads at a time, its marks included."""

CLIP_KEYS = frozenset({"l", "g", "h"})
"""ComfyUI's short names of CLIP encoders, by which text tokens are given to them."""
SDXL_KEYS = {"l", "g"}


def clip_tokenizers(clip) -> dict[str, SDTokenizer] | None:
    """Return the tokenizers of a model's text encoders by their keys, or None if these are not all CLIP."""
    found = {key: getattr(clip.tokenizer, f"clip_{key}", None) for key in clip.tokenize("")}
    return found if all(map(_is_clip, found.values())) else None


def _is_clip(tokenizer) -> bool:
    return isinstance(tokenizer, SDTokenizer) and tokenizer.max_length == CHUNK and tokenizer.pad_to_max_length


def encoder_keys(clip) -> frozenset[str]:
    """Return ComfyUI's short names of a model's text encoders."""
    return frozenset(clip.tokenize(""))


def reads_weights(clip, key: str) -> bool:
    """Return whether an encoder's tokenizer reads `(x:2)`; the others encode brackets and number as words."""
    return any(entry[1] != 1.0 for chunk in clip.tokenize("(a:2)")[key] for entry in chunk)


def with_clip_skip(clip, skip: int):
    """Return the text encoders with some of CLIP's last layers skipped, and in words what that does here.

    Args:
        clip: ComfyUI's CLIP.
        skip: in A1111's counting: 1 is the last layer, 2 the one before it; 0 leaves the layer as it is.

    Raises:
        PromptError: if CLIP has fewer layers.
    """
    if not skip:
        return clip, ""
    keys = encoder_keys(clip)
    if keys - CLIP_KEYS:
        return (
            clip,
            f"clip skip {skip} is ignored: this model is conditioned by {' and '.join(sorted(keys - CLIP_KEYS))}",
        )
    encoders = [getattr(clip.cond_stage_model, f"clip_{key}") for key in sorted(keys)]
    layers = min(encoder.num_layers for encoder in encoders)
    if skip > layers:
        raise PromptError(f"clip skip {skip} is more than the {layers} layers that the model's CLIP has; choose less")
    least = max(_own_skip(encoder) for encoder in encoders)
    clip = clip.clone()
    clip.clip_layer(-max(skip, least))
    if least == 1 or skip > least:
        return clip, ""
    return clip, f"this model always skips CLIP's last layer: clip skip 1 to {least} are the same, {least + 1} differs"


def _own_skip(encoder) -> int:
    """Return the clip skip that an encoder has by itself: SDXL and SD 2 were trained on the layer before the last."""
    layer, index, _ = encoder.options_default
    return -index if layer == "hidden" and index else 1


def size_conditioning(clip, width: int, height: int) -> dict[str, int]:
    """Return the sizes that SDXL is conditioned on: the picture's, not cropped; nothing for other models.

    Args:
        clip: ComfyUI's CLIP.
        width: pixels; 0 leaves ComfyUI's own (768).
        height: likewise.

    Raises:
        PromptError: if only one side is given.
    """
    if bool(width) != bool(height):
        raise PromptError(f"width {width} and height {height}: give both sides of the picture, or neither")
    if not width or encoder_keys(clip) != SDXL_KEYS:
        return {}
    return {
        "width": width,
        "height": height,
        "crop_w": 0,
        "crop_h": 0,
        "target_width": width,
        "target_height": height,
    }
