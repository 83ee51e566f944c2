"""Applies LoRAs to a model and its text encoders: for all of a run, or through ComfyUI's hooks for parts of it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple

import comfy.hooks
import comfy.sd
import comfy.utils

from ...prompt import PromptError
from .timing import Steps

if TYPE_CHECKING:  # what ComfyUI needs not load at its start
    from ...prompt.loras import Span


class Lora(NamedTuple):
    """A LoRA to apply: its file's name and identity, its tensors, and both strengths."""

    file: str
    identity: tuple
    tensors: dict
    model: float
    text_encoder: float


def apply(model, clip, lora: Lora):
    """Return the model and the text encoders with a LoRA in them, by ComfyUI's own loader.

    The same LoRAs on the same model give the same `patches_uuid`: ComfyUI then need not patch the weights again, and
    what was encoded with them is known to be good still.

    Raises:
        PromptError: if no part of the LoRA fits.
    """
    if lora.model == lora.text_encoder == 0:
        return model, clip
    patched = comfy.sd.load_lora_for_models(model, clip, lora.tensors, lora.model, lora.text_encoder)
    before, after = (_patches(model) + _patches(clip), _patches(patched[0]) + _patches(patched[1]))
    if after == before:
        raise PromptError(
            f"no weight of the LoRA {lora.file} fits this model: it was made for another kind; take "
            "it out of the prompt"
        )
    _name(patched[0], model, lora, lora.model)
    if clip is not None:
        _name(patched[1].patcher, clip.patcher, lora, lora.text_encoder)
    return patched


def _patches(patched) -> int:
    patches = getattr(patched, "patcher", patched)
    return sum(map(len, patches.patches.values())) if patches is not None else 0


def _name(patched, before, lora: Lora, strength: float) -> None:
    patched.patches_uuid = uuid.uuid5(before.patches_uuid, f"{lora.identity} {strength}")


def schedule(clip, loras: list[tuple[Lora, tuple[Span, ...]]], steps: Steps | None):
    """Return the text encoders so that conditioning made with them switches LoRAs on and off during the run.

    As ComfyUI's node Set CLIP Hooks does it: the conditioning carries the hooks to the model.

    Args:
        clip: ComfyUI's CLIP.
        loras: each LoRA with the parts of the run in which it acts.
        steps: the run's steps; None: parts are shares of the model's time.
    """
    hooks = comfy.hooks.HookGroup()
    for lora, spans in loras:
        own = comfy.hooks.create_hook_lora(lora.tensors, lora.model, lora.text_encoder)
        own.set_keyframes_on_hooks(_keyframes(spans, steps))
        hooks = hooks.clone_and_combine(own)
    clip = clip.clone()
    hooks = hooks if clip.apply_hooks_to_conds is None else clip.apply_hooks_to_conds.clone_and_combine(hooks)
    clip.apply_hooks_to_conds = hooks
    clip.patcher.forced_hooks = hooks.clone()
    clip.use_clip_schedule = True
    target = comfy.hooks.create_target_dict(comfy.hooks.EnumWeightTarget.Clip)
    clip.patcher.register_all_hook_patches(hooks, target)
    return clip


def _keyframes(spans: tuple[Span, ...], steps: Steps | None) -> comfy.hooks.HookKeyframeGroup:
    """Return a strength of 1 within the parts and of 0 outside of them."""
    group = comfy.hooks.HookKeyframeGroup()
    strengths = {0.0: 0.0}
    for begin, end in spans:
        strengths |= {begin: 1.0, end: 0.0}
    for border, strength in strengths.items():
        percent = border if steps is None else steps.percents[int(border)]
        if percent < 1:
            group.add(comfy.hooks.HookKeyframe(strength, percent, guarantee_steps=0))
    return group
