"""What a folder's configs say and a single file does not is told; what published models say makes no noise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tagloom.runner.conversion import convert

from .model_files import change, tensors, write


@pytest.fixture
def folder(tmp_path) -> Path:
    return made(tmp_path, "sdxl")


def made(place: Path, kind: str) -> Path:
    convert(write(place / "model.safetensors", tensors(kind)), place / "folder")
    return place / "folder"


def edit(path: Path, **values) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def told(folder: Path) -> list[str]:
    return sorted(convert(folder, folder.parent / "new.safetensors").left_out)


def test_what_a_folder_says_and_a_file_does_not_is_told(folder):
    edit(folder / "model_index.json", safety_checker=["x", "Y"])
    edit(folder / "unet/config.json", attention_head_dim=[2, 4])
    name = "text_encoder_2/model.safetensors"
    change(
        folder / name, lambda found: found.update({f"extra{number}": ("F16", (1,), bytes(2)) for number in range(5)})
    )
    shutil.copy(folder / name, folder / "text_encoder_2" / "model.fp16.safetensors")
    assert told(folder) == [
        "safety_checker: a single file has no place for it",
        "text_encoder_2's extra0, extra1, extra2 and 2 more: a single file has no place for that",
        "text_encoder_2/model.fp16.safetensors: model.safetensors beside it is taken",
        "unet's attention_head_dim [2, 4]: loaders of single files take [1, 1]",
    ]


SETTINGS = {
    "unet/config.json": {
        "num_attention_heads": (8, "take None"),
        "resnet_time_scale_shift": ("scale_shift", "take 'default'"),
        "class_embed_type": ("timestep", "take None"),
        "time_embedding_type": ("fourier", "take 'positional'"),
        "only_cross_attention": ([False, True], "take False"),
        "norm_eps": (1e-6, "take 1e-05"),
    },
    "vae/config.json": {"shift_factor": (0.1, "take 0"), "scaling_factor": (0.2, "take 0.13025")},
    "text_encoder/config.json": {"hidden_act": ("gelu", "take 'quick_gelu'")},
    "scheduler/scheduler_config.json": {
        "beta_start": (0.0001, "take 0.00085"),
        "beta_end": (0.02, "take 0.012"),
        "beta_schedule": ("linear", "take 'scaled_linear'"),
        "trained_betas": ([0.1], "take None"),
        "num_train_timesteps": (50, "take 1000"),
    },
}
CASES = [(file, name, *case) for file, settings in SETTINGS.items() for name, case in settings.items()]


@pytest.mark.parametrize(("file", "name", "value", "expected"), CASES, ids=[f"{f} {n}" for f, n, _, _ in CASES])
def test_a_setting_that_changes_pictures_is_told(folder, file, name, value, expected):
    edit(folder / file, **{name: value})
    assert told(folder) == [f"{file.partition('/')[0]}'s {name} {value!r}: loaders of single files {expected}"]


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder_2"])
def test_settings_that_nobody_knows_are_told_at_once(folder, part):
    edit(folder / part / "config.json", **{f"new_{number}": number for number in range(9)})
    assert told(folder) == [f"{part}'s new_0, new_1, new_2 and 6 more: loaders of single files don't know that"]


OLD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}
SD15 = {
    "unet": {"act_fn": "silu", "attention_head_dim": 8, "downsample_padding": 1, "mid_block_scale_factor": 1}
    | {"norm_eps": 1e-05, "sample_size": 64, "flip_sin_to_cos": True, "freq_shift": 0, "_name_or_path": "x"},
    "vae": {"act_fn": "silu", "sample_size": 512, "norm_num_groups": 32, "_diffusers_version": "0.6.0"},
    "text_encoder": {"_name_or_path": "openai/clip-vit-large-patch14", "torch_dtype": "float32", "bos_token_id": 0}
    | {"eos_token_id": 2, "pad_token_id": 1, "dropout": 0.0, "initializer_factor": 1.0, "layer_norm_eps": 1e-05}
    | {"projection_dim": 768, "transformers_version": "4.22.0.dev0", "architectures": ["CLIPTextModel"]},
    "scheduler": OLD
    | {"_class_name": "PNDMScheduler", "set_alpha_to_one": False, "skip_prk_steps": True, "clip_sample": False},
}
SDXL = {
    "unet": SD15["unet"]
    | {"addition_embed_type_num_heads": 64, "class_embed_type": None, "class_embeddings_concat": False}
    | {"conv_in_kernel": 3, "conv_out_kernel": 3, "cross_attention_norm": None, "dual_cross_attention": False}
    | {"encoder_hid_dim": None, "mid_block_only_cross_attention": None, "num_attention_heads": None}
    | {"mid_block_type": "UNetMidBlock2DCrossAttn", "num_class_embeds": None, "only_cross_attention": False}
    | {"resnet_out_scale_factor": 1.0, "resnet_skip_time_act": False, "resnet_time_scale_shift": "default"}
    | {"time_embedding_type": "positional", "upcast_attention": None, "attention_type": "default", "dropout": 0.0}
    | {"reverse_transformer_layers_per_block": None, "attention_head_dim": [1, 1]},
    "vae": {"force_upcast": True, "latents_mean": None, "latents_std": None, "shift_factor": None}
    | {"mid_block_add_attention": True, "use_quant_conv": True, "use_post_quant_conv": True, "scaling_factor": 0.13025},
    "text_encoder": SD15["text_encoder"],
    "text_encoder_2": SD15["text_encoder"] | {"hidden_act": "gelu", "torch_dtype": "float16"},
    "scheduler": OLD | {"interpolation_type": "linear", "sample_max_value": 1.0, "use_karras_sigmas": False},
}


@pytest.mark.parametrize(("kind", "published"), [("sd15", SD15), ("sdxl", SDXL)], ids=["sd15", "sdxl"])
def test_published_settings_make_no_noise(tmp_path, kind, published):
    folder = made(tmp_path, kind)
    for part, settings in published.items():
        edit(folder / part / ("scheduler_config.json" if part == "scheduler" else "config.json"), **settings)
    assert told(folder) == []
