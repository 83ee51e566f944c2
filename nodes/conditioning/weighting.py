"""How attention weights act on what CLIP makes of a prompt: ComfyUI's way, A1111's, and compel's."""

import torch

from .encoders import CHUNK, Batches
from .kept import Entry, kept

COMFYUI, A1111, A1111_PLAIN, COMPEL = "comfyui", "a1111", "a1111 without mean", "compel"
WEIGHTINGS = (COMFYUI, A1111, A1111_PLAIN, COMPEL)
MASK = 266
"""The text token that stands for a word that is left out: `+`."""


def encode(clip, batches: Batches, weighting: str) -> list[Entry]:
    """Return a prompt's embeddings (1, chunks x 77, width) and what else ComfyUI's conditioning holds.

    There is one entry, or one for each part of the run where hooks change the text encoders during it. The pooled
    output is that of the first chunk, which no weight touches, as in ComfyUI and A1111;
    with compel, words of weight 0 are left out of it.

    Args:
        clip: ComfyUI's CLIP, whose encoders all are CLIP's.
        batches: the text tokens by encoder.
        weighting: one of `WEIGHTINGS`. `comfyui` moves a word's vector along the line from the empty prompt's. `a1111`
            multiplies it and restores each chunk's mean, as A1111 does by default (`modules/sd_emphasis.py`); without
            mean is its "No norm". `compel` is as `comfyui` above 1, and below 1 mixes with prompts that lack the words.
    """
    ways = {COMFYUI: _encode, COMPEL: _compel, A1111: _a1111, A1111_PLAIN: _a1111_plain}
    return kept(clip, batches, weighting, lambda: ways[weighting](clip, batches))


def _encode(clip, batches: Batches) -> list[Entry]:
    return [(embeddings, others) for embeddings, others in clip.encode_from_tokens_scheduled(batches, show_pbar=False)]


def _a1111(clip, batches: Batches) -> list[Entry]:
    return _multiplied(clip, batches, restore=True)


def _a1111_plain(clip, batches: Batches) -> list[Entry]:
    return _multiplied(clip, batches, restore=False)


def _multiplied(clip, batches: Batches, restore: bool) -> list[Entry]:
    widths, weights = _widths(clip, batches), [_weights(own) for own in _in_order(batches).values()]

    def scaled(embeddings: torch.Tensor) -> torch.Tensor:
        parts = zip(embeddings.split(widths, dim=-1), weights, strict=True)
        return torch.cat([_scaled(part, own, restore) for part, own in parts], dim=-1)

    return [(scaled(embeddings), others) for embeddings, others in _encode(clip, _unweighted(batches))]


def _unweighted(batches: Batches) -> Batches:
    return {key: [[(token, 1.0) for token, _ in chunk] for chunk in own] for key, own in batches.items()}


def _in_order(batches: Batches) -> Batches:
    """Return the encoders in the order in which ComfyUI joins their vectors: CLIP-L before CLIP-G."""
    return {key: batches[key] for key in sorted(batches, reverse=True)}


def _widths(clip, batches: Batches) -> list[int]:
    encoders = [getattr(clip.cond_stage_model, f"clip_{key}") for key in _in_order(batches)]
    return [encoder.transformer.get_input_embeddings().weight.shape[1] for encoder in encoders]


def _weights(own: list[list[tuple]]) -> torch.Tensor:
    """Return the weights, (chunks, 77, 1)."""
    return torch.tensor([[weight for _, weight in chunk] for chunk in own], dtype=torch.float32).unsqueeze(-1)


def _scaled(embeddings: torch.Tensor, weights: torch.Tensor, restore: bool) -> torch.Tensor:
    """Multiply each text token's vector by its weight; `restore` gives each chunk its mean back."""
    chunks = embeddings.reshape(-1, CHUNK, embeddings.shape[-1])
    scaled = chunks * weights.to(chunks)
    if restore:
        # near 0, as they are, single precision would leave few digits of the means
        before, after = (tensor.double().mean(dim=(1, 2), keepdim=True) for tensor in (chunks, scaled))
        scaled = (scaled * (before / after)).to(chunks)
    return scaled.reshape(embeddings.shape)


def _compel(clip, batches: Batches) -> list[Entry]:
    """Mix the prompt with prompts that lack the words of small weights; then weight the others as ComfyUI does."""
    weights = {weight for own in batches.values() for chunk in own for _, weight in chunk}
    levels = sorted({min(max(weight, 0.0), 1.0) for weight in weights} | {1.0})
    shares = [(level - below, level) for below, level in zip([0.0, *levels], levels, strict=False) if level > below]
    found = [[(share, *entry) for entry in _encode(clip, _without(batches, level))] for share, level in shares]
    return [(sum(share * embeddings for share, embeddings, _ in own), own[0][2]) for own in zip(*found, strict=True)]


def _without(batches: Batches, level: float) -> Batches:
    """Return the prompt without the words of less weight than a level; those above 1 keep their weights."""

    def kept(token, weight):
        return (token, max(weight, 1.0)) if weight >= level else (MASK, 1.0)

    return {key: [[kept(*entry) for entry in chunk] for chunk in own] for key, own in batches.items()}
