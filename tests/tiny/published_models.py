"""Models of diffusers in the published shapes, and in the same shapes made small, with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from tagloom.runner.conversion.tokenizer_files import tokenizer_files

CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"
SD15 = {
    "unet": {"block_out_channels": (320, 640, 1280, 1280), "cross_attention_dim": 768, "attention_head_dim": 8},
    "vae": {"block_out_channels": (128, 256, 512, 512), "sample_size": 512},
    "text_encoder": {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
}
SDXL = {
    "unet": {
        "block_out_channels": (320, 640, 1280),
        "down_block_types": (PLAIN, CROSS, CROSS),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "transformer_layers_per_block": [1, 2, 10],
        "cross_attention_dim": 2048,
        "attention_head_dim": [5, 10, 20],
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    "vae": {"block_out_channels": (128, 256, 512, 512), "sample_size": 1024, "scaling_factor": 0.13025},
    "text_encoder": SD15["text_encoder"],
    "text_encoder_2": {
        "hidden_size": 1280,
        "intermediate_size": 5120,
        "num_hidden_layers": 32,
        "num_attention_heads": 20,
        "projection_dim": 1280,
        "hidden_act": "gelu",
    },
}
TEXT = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 1, "vocab_size": 99}
SMALL_SD15 = {
    "unet": {
        "block_out_channels": (32, 64),
        "down_block_types": (CROSS, PLAIN),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "layers_per_block": 1,
        "cross_attention_dim": 32,
        "attention_head_dim": 8,
    },
    "vae": {"block_out_channels": (32, 64), "layers_per_block": 1},
    "text_encoder": TEXT,
}
SMALL_SDXL = {
    "unet": SDXL["unet"]
    | {
        "block_out_channels": (32, 64, 128),
        "attention_head_dim": [1, 1, 2],
        "layers_per_block": 2,
        "transformer_layers_per_block": [1, 1, 2],
        "cross_attention_dim": 96,
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 40,
    },
    "vae": SMALL_SD15["vae"] | {"scaling_factor": 0.13025},
    "text_encoder": TEXT,
    "text_encoder_2": TEXT | {"hidden_size": 64, "num_hidden_layers": 3, "projection_dim": 40, "hidden_act": "gelu"},
}
MODELS = {"sd15": SD15, "sdxl": SDXL, "small sd15": SMALL_SD15, "small sdxl": SMALL_SDXL}


def parts(name: str, **changes: dict[str, Any]) -> dict[str, torch.nn.Module]:
    """Return a model's parts, on the device that is chosen; `changes` are those of its parts' configs."""
    configs = {part: config | changes.get(part, {}) for part, config in MODELS[name].items()}
    blocks = len(configs["vae"]["block_out_channels"])
    kinds = {"down_block_types": ("DownEncoderBlock2D",) * blocks, "up_block_types": ("UpDecoderBlock2D",) * blocks}
    vae = {"layers_per_block": 2, "latent_channels": 4, **configs["vae"], **kinds}
    made = {
        "unet": UNet2DConditionModel(**configs["unet"]),
        "vae": AutoencoderKL(**vae),
        "text_encoder": CLIPTextModel(_text(configs["text_encoder"])),
    }
    if "text_encoder_2" in configs:
        made["text_encoder_2"] = CLIPTextModelWithProjection(_text(configs["text_encoder_2"]))
    return made


def tokenizer(folder: Path, pad: str = "<|endoftext|>") -> CLIPTokenizer:
    """Return the tokenizer whose files a converted folder has."""
    folder.mkdir()
    for name, contents in tokenizer_files(pad).items():
        (folder / name).write_bytes(contents)
    return CLIPTokenizer.from_pretrained(folder)


def pipeline(name: str, folder: Path, seed: int = 0, **changes: dict[str, Any]) -> StableDiffusionPipeline:
    """Return a small model's pipeline with random weights; `folder` is for its tokenizers."""
    torch.manual_seed(seed)
    made = parts(name, **changes) | {"tokenizer": tokenizer(folder / "tokenizer")}
    betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    scheduler = EulerDiscreteScheduler(**betas, steps_offset=1)
    if "text_encoder_2" in made:
        return StableDiffusionXLPipeline(
            **made, tokenizer_2=tokenizer(folder / "tokenizer_2", "!"), scheduler=scheduler
        )
    return StableDiffusionPipeline(
        **made, scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )


def change_json(path: Path, **values: Any) -> None:
    """Change values in a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def _text(config: dict[str, Any]) -> CLIPTextConfig:
    ends = {"bos_token_id": 49406, "eos_token_id": 49407, "pad_token_id": 1}
    return CLIPTextConfig(**({"vocab_size": 49408, "hidden_act": "quick_gelu"} | config | ends))
