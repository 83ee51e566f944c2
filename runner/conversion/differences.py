"""What a folder's config says that loaders of single files take for granted otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .architectures import UNET, VAE
from .links import some

SILENT = {
    *("architectures", "sample_size", "force_upcast", "upcast_attention", "projection_dim", "block_out_channels"),
    *("bos_token_id", "eos_token_id", "pad_token_id", "attention_dropout", "dropout", "initializer_factor"),
    *("initializer_range", "model_type", "center_input_sample", "mid_block_type"),
    *("torch_dtype", "dtype", "transformers_version", "use_cache", "return_dict", "output_hidden_states"),
    *("decay", "inv_gamma", "min_decay", "optimization_step", "power", "update_after_step", "use_ema_warmup"),
}
"""What does not change the picture, or is the same thing under several names, or is proven by the shapes."""
DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    UNET: {
        "addition_embed_type": None,
        "addition_embed_type_num_heads": 64,
        "addition_time_embed_dim": None,
        "attention_type": "default",
        "class_embed_type": None,
        "class_embeddings_concat": False,
        "conv_in_kernel": 3,
        "conv_out_kernel": 3,
        "cross_attention_norm": None,
        "downsample_padding": 1,
        "dual_cross_attention": False,
        "encoder_hid_dim": None,
        "encoder_hid_dim_type": None,
        "mid_block_only_cross_attention": None,
        "mid_block_scale_factor": 1,
        "num_attention_heads": None,
        "num_class_embeds": None,
        "only_cross_attention": False,
        "projection_class_embeddings_input_dim": None,
        "resnet_out_scale_factor": 1,
        "resnet_skip_time_act": False,
        "resnet_time_scale_shift": "default",
        "reverse_transformer_layers_per_block": None,
        "time_cond_proj_dim": None,
        "time_embedding_act_fn": None,
        "time_embedding_dim": None,
        "time_embedding_type": "positional",
        "timestep_post_act": None,
    },
    VAE: {
        "latent_magnitude": 3,
        "latent_shift": 0.5,
        "latents_mean": None,
        "latents_std": None,
        "mid_block_add_attention": True,
        "shift_factor": 0,
        "upsample_fn": "nearest",
        "use_post_quant_conv": True,
        "use_quant_conv": True,
    },
}
"""What diffusers 0.39 takes where a config of ours says nothing. We write all settings of CLIP's text encoders."""


def differences(part: str, given: Mapping[str, Any], usual: Mapping[str, Any]) -> list[str]:
    """Return each setting that is given otherwise than it is usual, in words."""
    known = {**DEFAULTS.get(part, {}), **usual}
    telling = {name: value for name, value in given.items() if value is not None and not _is_silent(name)}
    found = [
        f"{part}'s {name} {telling[name]!r:.60}: loaders of single files take {value!r:.60}"
        for name, value in known.items()
        if name in telling and not _same(telling[name], value)
    ]
    unknown = sorted(telling.keys() - known)
    return found + ([f"{part}'s {some(unknown)}: loaders of single files don't know that"] if unknown else [])


def _is_silent(name: str) -> bool:
    return name in SILENT or name.startswith("_")


def _same(given: Any, usual: Any) -> bool:
    """Return whether two settings mean the same: one number stands for a list of it, and none for a false one."""
    if isinstance(usual, list) and not isinstance(given, list):
        return all(value == given for value in usual)
    if isinstance(given, list) and not isinstance(usual, list):
        return all(_same(value, usual) for value in given)
    return bool(given == usual) or (usual is None and given is False)
