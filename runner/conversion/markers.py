"""What a single file says in small tensors and a folder in its configs: the prediction, and the tiny model's scale."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...prompt.families.clues import tells_v
from ..errors import ConversionError
from .architectures import VAE, Architecture
from .tensor_files import Tensor, Tensors, contents

V, ZERO_SNR = "v_pred", "ztsnr"
"""Empty tensors that ComfyUI looks for in SDXL files."""
EDM = ("edm_mean", "edm_std", "edm_vpred.sigma_max")
OTHER_NOISE = ("EDM", "FlowMatch")
"""What the classes of schedulers begin with that don't have the noise of these models."""
OTHER_SETTINGS = ("sigma_data", "use_flow_sigmas")
"""What only such schedulers have."""
SCALE, SHIFT = "vae_scale", "vae_shift"
SMALLEST = 1e-6
"""No latents are scaled by less, nor by more than its inverse."""
FLOATS = {"F16": "<e", "F32": "<f", "F64": "<d"}


class Facts(NamedTuple):
    """What both sides say in their own ways; `scaling` is what latents are multiplied with."""

    v_prediction: bool
    zero_snr: bool
    scaling: float


def facts_of_file(tensors: Tensors, metadata: Mapping[str, str], architecture: Architecture) -> Facts:
    """Return what a single file says; its metadata's word for v-prediction is as good as the tensor.

    Raises:
        ConversionError: if it says what no folder can hold.
    """
    odd = [name for name in EDM if name in tensors]
    if odd:
        raise ConversionError(f"it has {odd[0]}: a model of EDM's kind, such as Playground 2.5, can't be converted")
    scaling = architecture.scaling
    if architecture.is_tiny:
        scale, shift = (_number(tensors, architecture.prefixes[VAE] + name) for name in (SCALE, SHIFT))
        if shift != 0 or not SMALLEST <= scale <= 1 / SMALLEST:
            raise ConversionError(f"its vae_scale is {scale} and its vae_shift {shift}, which can't be converted")
        scaling = architecture.scaling / scale
    return Facts(V in tensors or tells_v(metadata), ZERO_SNR in tensors, scaling)


def facts_of_folder(scheduler: Mapping[str, Any], vae: Mapping[str, Any], architecture: Architecture) -> Facts:
    """Return what a folder's configs of its scheduler and its autoencoder say.

    Raises:
        ConversionError: if they say what no single file can hold.
    """
    _prove_noise(scheduler)
    odd = [name for name in ("latents_mean", "latents_std") if vae.get(name) is not None]
    if odd:
        raise ConversionError(f"its vae/config.json has {odd[0]}, as Playground 2.5, which a single file can't hold")
    scaling = vae.get("scaling_factor") if architecture.is_tiny else architecture.scaling
    prediction = scheduler.get("prediction_type", "epsilon")
    if prediction not in ("epsilon", "v_prediction"):
        raise ConversionError(f"its scheduler's prediction_type is {prediction!r:.40}, which a single file can't hold")
    if not isinstance(scaling, (int, float)) or not SMALLEST <= scaling <= 1 / SMALLEST:
        raise ConversionError(
            f"its vae/config.json has the scaling_factor {scaling!r:.40}; a number above 0 belongs there"
        )
    return Facts(prediction == "v_prediction", scheduler.get("rescale_betas_zero_snr") is True, float(scaling))


def _prove_noise(scheduler: Mapping[str, Any]) -> None:
    """Prove that a scheduler has a noise schedule of the usual kind.

    Raises:
        ConversionError: if it has not.
    """
    name = str(scheduler.get("_class_name", ""))
    settings = [setting for setting in OTHER_SETTINGS if scheduler.get(setting)]
    if scheduler.get("timestep_type") == "continuous":
        settings.append("timestep_type")
    if name.startswith(OTHER_NOISE) or settings:
        told = f" with {settings[0]}" if settings else ""
        raise ConversionError(
            f"its scheduler is {name!r:.60}{told}: models of EDM's or of flow's kind, such as Playground 2.5, can't be "
            "converted"
        )


def markers(facts: Facts, architecture: Architecture) -> Tensors:
    """Return the tensors that say so in a single file, by their whole names."""
    made = {V: facts.v_prediction, ZERO_SNR: facts.zero_snr}
    tensors = {name: Tensor("F32", (0,), ()) for name, there in made.items() if there}
    if architecture.is_tiny:
        prefix = architecture.prefixes[VAE]
        tensors[prefix + SCALE] = _float(architecture.scaling / facts.scaling)
        tensors[prefix + SHIFT] = _float(0.0)
    return tensors


def is_marker(name: str, architecture: Architecture) -> bool:
    """Return whether a tensor of a single file is one of these."""
    prefix = architecture.prefixes[VAE]
    return name in (V, ZERO_SNR) or (architecture.is_tiny and name in (prefix + SCALE, prefix + SHIFT))


def same(one: Tensor, other: Tensor | None) -> bool:
    """Return whether two small tensors are one and the same."""
    if other is None or (one.dtype, one.shape) != (other.dtype, other.shape):
        return False
    return contents(one) == contents(other)


def _float(value: float) -> Tensor:
    return Tensor("F32", (), (struct.pack("<f", value),))


def _number(tensors: Tensors, name: str) -> float:
    tensor = tensors.get(name)
    if tensor is None or tensor.dtype not in FLOATS or math.prod(tensor.shape) != 1:
        raise ConversionError(f"it lacks the number {name}")
    (value,) = struct.unpack(FLOATS[tensor.dtype], contents(tensor))
    return float(value)
