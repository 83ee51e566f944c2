"""A prompt's text tokens as ComfyUI's own tokenizers cut them."""

from ... import prompt
from .encoders import CLIP_KEYS, Batches, encoder_keys, reads_weights

COMFYUI = "comfyui"
FLUX_KEYS = frozenset({"l", "t5xxl"})
"""Flux takes CLIP's pooled output alone, which no weight touches, and T5's words, on which weights hardly act."""


def comfyui_tokens(clip, text: str, dialect: str, tag_aware: bool) -> Batches:
    """Return ComfyUI's own text tokens of a text without AND and schedules.

    What stands behind a BREAK begins a chunk of CLIP's; other encoders have no chunks, and read on. Encoders that
    ignore weights get the plain text, unless the prompt is in ComfyUI's own dialect, in which all encoders get what
    CLIP Text Encode gives them.
    """
    texts = prompt.comfyui_chunks(text, dialect, tag_aware)
    found = clip.tokenize(" ".join(texts))
    if len(texts) > 1:
        parts = [clip.tokenize(part) for part in texts]
        found |= {key: [chunk for part in parts for chunk in part[key]] for key in found if key in CLIP_KEYS}
    if dialect != COMFYUI:
        plain = prompt.plain_text(text, dialect, tag_aware)
        found |= {key: _plain_tokens(clip, key, plain) for key in _plain_keys(clip)}
    return found


def _plain_keys(clip) -> list[str]:
    """Return the encoders that ignore weights: Flux's T5, and those whose tokenizers take brackets for words."""
    keys = encoder_keys(clip)
    return sorted(keys - {"l"}) if keys == FLUX_KEYS else [key for key in sorted(keys) if not reads_weights(clip, key)]


def _plain_tokens(clip, key: str, text: str):
    if reads_weights(clip, key):
        text = text.replace("(", r"\(").replace(")", r"\)")
    return clip.tokenize(text)[key]


def weights_note(clip, text: str, dialect: str, tag_aware: bool) -> str:
    """Return in words what becomes of weights in encoders that ignore them; empty where there is nothing to say."""
    plain = _plain_keys(clip)
    if not plain or not prompt.has_weights(text, dialect, tag_aware):
        return ""
    names = " and ".join(plain)
    if dialect != COMFYUI:
        return f"this model's {names} ignores weights: it gets the text without brackets, numbers and BREAK"
    words = [key for key in plain if not reads_weights(clip, key)]
    if words:
        return f"this model's {names} takes brackets and numbers for words, as with CLIP Text Encode; take them out"
    return f"weights hardly act on this model's {names}"
