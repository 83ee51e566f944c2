"""The noise schedule, what the denoiser is asked to predict, and how much each step of the schedule counts."""

from __future__ import annotations

import torch
from diffusers import DDPMScheduler
from torch import Tensor

GAMMA = 5.0
"""Min-SNR's bound (Hang et al. 2023, "Efficient Diffusion Training via Min-SNR Weighting Strategy")."""
SCHEDULE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
"""SDXL's."""


def schedule_settings(prediction: str) -> dict[str, object]:
    """Return a diffusers scheduler's settings: v-prediction comes with zero terminal signal-to-noise ratio.

    Source of the latter: Lin et al. 2023, "Common Diffusion Noise Schedules and Sample Steps are Flawed". It also asks
    for sampling to begin at the last step, hence `trailing`, as ComfyUI's schedulers do for either prediction.
    """
    return SCHEDULE | {
        "prediction_type": prediction,
        "rescale_betas_zero_snr": prediction == "v_prediction",
        "timestep_spacing": "trailing",
    }


class Noise:
    """Adds noise to latents, and weighs predictions."""

    def __init__(self, prediction: str, device: torch.device) -> None:
        """Make the schedule of a prediction type, `epsilon` or `v_prediction`."""
        self.prediction = prediction
        self.scheduler = DDPMScheduler(**schedule_settings(prediction))
        self.steps = int(SCHEDULE["num_train_timesteps"])
        self._kept = self.scheduler.alphas_cumprod.to(device)  # the share of the signal's variance at each step

    def add(self, latents: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Return noisy latents at steps (n) of the schedule."""
        return self.scheduler.add_noise(latents, noise, steps)

    def target(self, latents: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Return what is to be predicted: the noise, or the velocity."""
        if self.prediction == "epsilon":
            return noise
        return self.scheduler.get_velocity(latents, noise, steps)

    def weights(self, steps: Tensor) -> Tensor:
        """Return how much a squared error at each step (n) counts: 1 where there is much noise, else less.

        Both are the error of the picture itself, weighted by a signal-to-noise ratio that is bounded above: min(S, 5)
        for the noise, hence min(S, 5) / S, and min(S + 1, 6) for the velocity, hence min(S + 1, 6) / (S + 1). The
        latter's 1 keeps the last step, where S is 0: min(S, 5) would give it no weight at all.
        """
        kept = self._kept[steps]
        ratio = kept / (1 - kept)
        if self.prediction == "epsilon":
            return (GAMMA / ratio).clamp(max=1)
        return ((GAMMA + 1) / (ratio + 1)).clamp(max=1)

    def loss(self, prediction: Tensor, latents: Tensor, noise: Tensor, steps: Tensor) -> Tensor:
        """Return the mean weighted squared error of predictions for latents (n, 4, height, width), a number."""
        errors = (prediction.float() - self.target(latents, noise, steps)) ** 2
        return (errors * self.weights(steps).view(-1, 1, 1, 1)).mean()
