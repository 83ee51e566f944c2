"""The JSON files of a diffusers folder, as diffusers and transformers read them."""

from __future__ import annotations

from typing import Any

from .architectures import SD15, TEXT, TEXT_2, UNET, VAE, Architecture, Build
from .markers import Facts
from .text_encoders import TextEncoder
from .unet import UNet

DIFFUSERS = "0.30.0"
"""The version whose configs these are; later ones read them."""
LIBRARIES = {UNET: "diffusers", VAE: "diffusers", TEXT: "transformers", TEXT_2: "transformers"}
INPAINTING = 9
CONDITIONS = 6
"""SDXL's sizes and positions, each of which is embedded by itself."""


def class_name(architecture: Architecture, part: str) -> str:
    """Return the class that a part is loaded with."""
    vae = "AutoencoderTiny" if architecture.is_tiny else "AutoencoderKL"
    names = {UNET: "UNet2DConditionModel", VAE: vae, TEXT: "CLIPTextModel", TEXT_2: "CLIPTextModelWithProjection"}
    return names[part]


def model_index(architecture: Architecture, unet: UNet) -> dict[str, Any]:
    """Return `model_index.json`."""
    kind = "Inpaint" if unet.ends[0] == INPAINTING else ""
    second = {"tokenizer_2": ["transformers", "CLIPTokenizer"]} if TEXT_2 in architecture.parts else {}
    empty: dict[str, Any] = {name: [None, None] for name in ("feature_extractor", "image_encoder")}
    if architecture is SD15:
        empty |= {"safety_checker": [None, None], "requires_safety_checker": False}
    else:
        # SDXL was trained with zeros for an empty prompt; the tiny model with the empty prompt itself.
        empty |= {"force_zeros_for_empty_prompt": not architecture.is_tiny}
    return {
        "_class_name": f"{architecture.pipeline}{kind}Pipeline",
        "_diffusers_version": DIFFUSERS,
        **empty,
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        **{part: [LIBRARIES[part], class_name(architecture, part)] for part in architecture.parts},
        "tokenizer": ["transformers", "CLIPTokenizer"],
        **second,
    }


def scheduler_config(architecture: Architecture, facts: Facts) -> dict[str, Any]:
    """Return `scheduler/scheduler_config.json`: the noise schedule that all these models are trained with."""
    from_the_end = architecture.is_tiny or facts.v_prediction or facts.zero_snr  # as ComfyUI samples all models
    return {
        "_class_name": "EulerDiscreteScheduler",
        "_diffusers_version": DIFFUSERS,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "beta_start": 0.00085,
        "interpolation_type": "linear",
        "num_train_timesteps": 1000,
        "prediction_type": "v_prediction" if facts.v_prediction else "epsilon",
        "rescale_betas_zero_snr": facts.zero_snr,
        "steps_offset": 1,
        "timestep_spacing": "trailing" if from_the_end else "leading",
        "trained_betas": None,
        "use_karras_sigmas": False,
    }


def part_config(architecture: Architecture, part: str, builds: dict[str, Build], facts: Facts) -> dict[str, Any]:
    """Return a part's `config.json`."""
    build = builds[part]
    if isinstance(build, TextEncoder):
        return _text_config(architecture, part, build)
    common = {"_class_name": class_name(architecture, part), "_diffusers_version": DIFFUSERS, **build.config()}
    if isinstance(build, UNet):
        last = next(build for part, build in reversed(builds.items()) if isinstance(build, TextEncoder))
        return common | _unet_config(architecture, build, last)
    return common | _vae_config(architecture, facts)


def _unet_config(architecture: Architecture, unet: UNet, pooling: TextEncoder) -> dict[str, Any]:
    heads = [architecture.heads or max(1, channels // architecture.head_width) for channels in unet.channels]
    config: dict[str, Any] = {
        "act_fn": "silu",
        # diffusers calls the number of heads so: https://github.com/huggingface/diffusers/issues/2011
        "attention_head_dim": heads,
        "center_input_sample": False,
        "flip_sin_to_cos": True,
        "freq_shift": 0,
        "norm_eps": 1e-05,
        "norm_num_groups": 32,
        "sample_size": architecture.size // 8,
    }
    if unet.label:
        config["addition_embed_type"] = "text_time"
        config["addition_time_embed_dim"] = (unet.label - pooling.projection) // CONDITIONS
        config["projection_class_embeddings_input_dim"] = unet.label
    return config


def _vae_config(architecture: Architecture, facts: Facts) -> dict[str, Any]:
    common = {"act_fn": "relu" if architecture.is_tiny else "silu", "scaling_factor": facts.scaling}
    if architecture.is_tiny:
        return common | {"in_channels": 3, "out_channels": 3, "upsampling_scaling_factor": 2, "force_upcast": False}
    # SDXL's autoencoder overflows in half precision
    upcast = {"norm_num_groups": 32, "force_upcast": architecture is not SD15}
    return common | upcast | {"sample_size": architecture.size}


def _text_config(architecture: Architecture, part: str, text: TextEncoder) -> dict[str, Any]:
    return {
        "architectures": [class_name(architecture, part)],
        "attention_dropout": 0.0,
        "dropout": 0.0,
        "hidden_act": "gelu" if part == TEXT_2 else "quick_gelu",
        "initializer_factor": 1.0,
        "initializer_range": 0.02,
        "layer_norm_eps": 1e-05,
        "model_type": "clip_text_model",
        "num_attention_heads": max(1, text.width // architecture.text_head_width),
        "pad_token_id": 0 if part == TEXT_2 else text.config()["eos_token_id"],
        **text.config(),
    }
