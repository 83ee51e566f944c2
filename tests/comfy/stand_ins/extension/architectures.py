"""Entries in ComfyUI's list of models: the real ones, but for sizes that ComfyUI expects or can't read from a file.

SD 1.5 has none: the real entry takes any number of levels and blocks.
"""

import comfy.supported_models


class SmallSDXL(comfy.supported_models.SDXL):
    """SDXL with two levels and a first one of 64 channels; what comes from the encoders has the real width."""

    unet_config = {**comfy.supported_models.SDXL.unet_config, "model_channels": 64, "transformer_depth": [0, 1]}


class SmallFlux(comfy.supported_models.Flux):
    """Flux with one attention head of width 64 instead of 24 of width 128; its axes share the width as there."""

    unet_config = {**comfy.supported_models.Flux.unet_config, "hidden_size": 64}
    unet_extra_config = {"num_heads": 1, "axes_dim": [8, 28, 28]}


class SmallLumina2(comfy.supported_models.Lumina2):
    """Lumina 2 of the real width, with small inner layers, one block of each kind and one head of keys and values."""

    unet_config = {**comfy.supported_models.Lumina2.unet_config, "dim": 2304, "cap_feat_dim": 64}
    unet_extra_config = {"n_refiner_layers": 1, "n_kv_heads": 1, "multiple_of": 64, "ffn_dim_multiplier": 1 / 36}
