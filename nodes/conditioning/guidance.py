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
        self.weights = {f"part {number}": weight for number, (weight, _) in enumerate(parts)}
        own = dict(zip(self.weights, (conditioning for _, conditioning in parts), strict=True))
        self.inner_set_conds({"negative": negative, **own})

    def predict_noise(self, x: torch.Tensor, timestep: torch.Tensor, model_options: dict | None = None, seed=None):
        """Return the denoised latent (batch, channels, height, width) at a noise level."""
        model_options = model_options or {}
        negative, conds = self.conds["negative"], [self.conds[name] for name in self.weights]
        out = self._calculated([negative, *conds], x, timestep, model_options)
        composed = out[0].clone()
        for weight, part in zip(self.weights.values(), out[1:], strict=True):
            composed += weight * (part - out[0])
        positive = [entry for cond in conds for entry in cond]
        out = [composed, out[0]]
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
