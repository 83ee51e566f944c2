"""A prompt's text tokens as ComfyUI's own tokenizers cut them."""

from ... import prompt
from .encoders import CLIP_KEYS, Batches, encoder_keys, reads_weights

COMFYUI = "comfyui"
FLUX_KEYS = frozenset({"l", "t5xxl"})
"""Flux takes CLIP's pooled output alone, which no weight touches, and T5's words, on which weights hardly act."""


def comfyui_tokens(clip, text: str, dialect: str, tag_aware: bool, ignoring: list[str]) -> Batches:
    """Return ComfyUI's own text tokens of a text without AND and schedules.

    What stands behind a BREAK begins a chunk of CLIP's; other encoders have no chunks, and read on. Encoders that
    ignore weights get the plain text, unless the prompt is in ComfyUI's own dialect, in which all encoders get what
    CLIP Text Encode gives them.

    Args:
        clip: ComfyUI's CLIP.
        text: the text.
        dialect: one of `DIALECTS`.
        tag_aware: whether tags that look like syntax are kept as tags.
        ignoring: the encoders that ignore weights, as `ignoring_weights` finds them.
    """
    texts = prompt.comfyui_chunks(text, dialect, tag_aware)
    found, *behind = [clip.tokenize(part) for part in texts]
    if behind:
        chunks = {key: [chunk for part in (found, *behind) for chunk in part[key]] for key in found}
        others = found.keys() - CLIP_KEYS
        whole = clip.tokenize(" ".join(texts)) if others else {}
        found = {key: whole[key] if key in others else own for key, own in chunks.items()}
    if dialect != COMFYUI and ignoring:
        plain = prompt.plain_text(text, dialect, tag_aware)
        found |= {key: _plain_tokens(clip, key, plain) for key in ignoring}
    return found


def ignoring_weights(clip) -> list[str]:
    """Return the encoders that ignore weights: Flux's T5, and those whose tokenizers take brackets for words."""
    keys = encoder_keys(clip)
    others = sorted(keys - CLIP_KEYS)
    return others if keys == FLUX_KEYS else [key for key in others if not reads_weights(clip, key)]


def _plain_tokens(clip, key: str, text: str):
    if reads_weights(clip, key):
        text = text.replace("(", r"\(").replace(")", r"\)")
    return clip.tokenize(text)[key]


def weights_note(clip, text: str, dialect: str, tag_aware: bool, ignoring: list[str]) -> str:
    """Return in words what becomes of weights in the encoders that ignore them; empty where there is nothing to say."""
    if not ignoring or not prompt.has_weights(text, dialect, tag_aware):
        return ""
    names = " and ".join(ignoring)
    if dialect != COMFYUI:
        return f"this model's {names} ignores weights: it gets the text without brackets, numbers and BREAK"
    words = [key for key in ignoring if not reads_weights(clip, key)]
    if words:
        return f"this model's {names} takes brackets and numbers for words, as with CLIP Text Encode; take them out"
    return f"weights hardly act on this model's {names}"
