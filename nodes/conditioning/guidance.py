"""Composable diffusion: guidance in which each part of a prompt that AND joins acts by itself."""

import comfy.samplers
import torch

from .composition import PART, REST

Conditioning = list[list]
Part = tuple[float, Conditioning]


def parts_of(positive: Conditioning) -> list[Part]:
    """Return the parts of a conditioning that Encode Prompt made, each with its weight.

    What has no mark of Encode Prompt's is one part of weight 1: ComfyUI averages its entries, as always. The entries
    that stand for the negative prompt in KSampler's average are left out, as are parts of weight 0.
    """
    found: dict[tuple[int, float], Conditioning] = {}
    for embeddings, entry in positive:
        number, weight = entry.get(PART, (0, 1.0))
        if number == REST or weight == 0:
            continue
        strength = {"strength": entry["strength"] / weight} if PART in entry else {}
        found.setdefault((number, weight), []).append([embeddings, {**entry, **strength}])
    return [(weight, own) for (_, weight), own in found.items()]


class ComposedGuider(comfy.samplers.CFGGuider):
    """Guides by D = U + cfg * sum(w_i * (C_i - U)), with one model call for U and each C_i, batched as ComfyUI can."""

    def set_parts(self, parts: list[Part], negative: Conditioning) -> None:
        """Take the parts with their weights, and the conditioning of the negative prompt."""
        names = ["positive", *(f"part {number}" for number in range(2, len(parts) + 1))]  # ComfyUI knows the first
        self.weights = {name: weight for name, (weight, _) in zip(names, parts, strict=False)}
        own = {name: conditioning for name, (_, conditioning) in zip(names, parts, strict=False)}
        self.inner_set_conds({**own, "negative": negative})

    def predict_noise(self, x: torch.Tensor, timestep: torch.Tensor, model_options: dict | None = None, seed=None):
        """Return the denoised latent (batch, channels, height, width) at a noise level."""
        model_options = model_options or {}
        negative, conds = self.conds["negative"], [self.conds[name] for name in self.weights]
        # other nodes know the prompts by their places: the positive one is the first, the negative one the second
        asked = [*conds[:1], negative, *conds[1:]] if conds else [negative]
        found = list(self._calculated(asked, x, timestep, model_options))
        without = found.pop(1 if conds else 0)
        composed = without.clone()
        for weight, part in zip(self.weights.values(), found, strict=True):
            composed += weight * (part - without)
        positive = [entry for cond in conds for entry in cond]
        out = [composed, without]
        for change in model_options.get("sampler_pre_cfg_function", []):
            out = change(self._told(x, timestep, model_options, conds=[positive, negative], conds_out=out))
        return comfy.samplers.cfg_function(
            self.inner_model, *out, self.cfg, x, timestep, model_options, cond=positive, uncond=negative
        )

    def _calculated(self, conds: list, x: torch.Tensor, timestep: torch.Tensor, model_options: dict):
        own = model_options.get("sampler_calc_cond_batch_function")
        if own is not None:
            return own(self._told(x, timestep, model_options, conds=conds))
        return comfy.samplers.calc_cond_batch(self.inner_model, conds, x, timestep, model_options)

    def _told(self, x: torch.Tensor, timestep: torch.Tensor, model_options: dict, **others) -> dict:
        """Return what ComfyUI tells functions that change its guidance."""
        told = {"cond_scale": self.cfg, "timestep": timestep, "input": x, "sigma": timestep}
        return {**told, "model": self.inner_model, "model_options": model_options, **others}
