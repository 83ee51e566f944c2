"""What a file's tensors are: Tagloom's rules say of a header what ComfyUI's own detection says of the tensors."""

import json
import subprocess
import sys

import pytest

from tagloom.prompt import Header
from tagloom.prompt.families.architecture import facts_of
from tagloom.runner.embedded import installations

OURS = {
    "SD15": "sd15",
    "SD20": "sd2",
    "SDXL": "sdxl",
    "SDXLRefiner": "sdxl_refiner",
    "SSD1B": "sdxl",
    "SD3": "sd35",
    "AuraFlow": "auraflow",
    "Flux": "flux_guided",
    "FluxSchnell": "flux",
    "FluxInpaint": "flux_fill",
    "Flux2": "flux2_dev",
    "Chroma": "chroma",
    "ChromaRadiance": "chroma",
    "Lumina2": "lumina2",
    "ZImage": "z_image",
    "HiDream": "hidream_i1",
    "QwenImage": "qwen_image",
    "CosmosT2IPredict2": "cosmos_predict2",
    "PixArtSigma": "pixart",
    "WAN21_T2V": "wan",
    "Omnigen2": "omnigen2",
}
"""ComfyUI's classes of models, and Tagloom's ids of the same architectures."""

FLUX = {
    "double_blocks.0.img_attn.norm.key_norm.scale": [128],
    "img_in.weight": [3072, 64],
    "txt_in.weight": [3072, 4096],
    "vector_in.in_layer.weight": [3072, 768],
}
GUIDANCE = {"guidance_in.in_layer.weight": [3072, 256]}


def unet(channels: int, context: int, depths: list[int], adm: int = 0, linear: bool = False) -> dict[str, list[int]]:
    """Return the tensors by which ComfyUI tells a UNet: `depths` are its blocks' transformer layers, -1 a step down."""
    shapes = {"input_blocks.0.0.weight": [channels, 4, 3, 3], "out.2.weight": [4, channels, 3, 3]}
    if adm:
        shapes["label_emb.0.0.weight"] = [1280, adm]
    for number, depth in enumerate(depths, 1):
        if depth < 0:
            shapes[f"input_blocks.{number}.0.op.weight"] = [channels, channels, 3, 3]
            continue
        shapes[f"input_blocks.{number}.0.in_layers.0.weight"] = [channels]
        shapes[f"input_blocks.{number}.0.out_layers.3.weight"] = [channels, channels, 3, 3]
        for layer in range(depth):
            shapes[f"input_blocks.{number}.1.transformer_blocks.{layer}.attn2.to_k.weight"] = [channels, context]
        if depth:
            shapes[f"input_blocks.{number}.1.proj_in.weight"] = [channels, channels] + [1, 1] * (not linear)
    return shapes


MODELS = {
    "sd15": unet(320, 768, [1, 1, -1, 1, 1, -1, 1, 1, -1, 0, 0]),
    "sd2": unet(320, 1024, [1, 1, -1, 1, 1, -1, 1, 1, -1, 0, 0], linear=True),
    "sdxl": unet(320, 2048, [0, 0, -1, 2, 2, -1, 10, 10], adm=2816, linear=True),
    "refiner": unet(384, 1280, [0, 0, -1, 4, 4, -1, 4, 4, -1, 0, 0], adm=2560, linear=True),
    "sd3.5": {
        "joint_blocks.0.context_block.attn.qkv.weight": [4608, 1536],
        "joint_blocks.0.context_block.attn.ln_q.weight": [64],
        "x_embedder.proj.weight": [1536, 16, 2, 2],
    },
    "auraflow": {
        "double_layers.0.attn.w1q.weight": [3072, 3072],
        "positional_encoding": [1, 1024, 3072],
        "cond_seq_linear.weight": [3072, 2048],
    },
    "flux": FLUX,
    "flux guided": {**FLUX, **GUIDANCE},
    "flux fill": {**FLUX, **GUIDANCE, "img_in.weight": [3072, 384]},
    "flux 2": {
        **FLUX,
        "double_stream_modulation_img.lin.weight": [36864, 6144],
        "img_in.weight": [6144, 128],
        "txt_in.weight": [6144, 15360],
    },
    "chroma": {**FLUX, "distilled_guidance_layer.norms.0.scale": [5120]},
    "chroma, old names": {**FLUX, "distilled_guidance_layer.0.norms.0.scale": [5120]},
    "chroma radiance": {
        "double_blocks.0.img_attn.norm.key_norm.scale": [128],
        "distilled_guidance_layer.norms.0.scale": [5120],
        "nerf_blocks.0.norm.scale": [64],
    },
    "lumina 2": {"cap_embedder.1.weight": [2304, 2304], "noise_refiner.0.attention.k_norm.weight": [96]},
    "z-image": {"cap_embedder.1.weight": [3840, 2560], "cap_pad_token": [1, 3840]},
    "hidream": {"caption_projection.0.linear.weight": [2560, 4096]},
    "qwen-image": {"txt_norm.weight": [3584], "img_in.weight": [3072, 64]},
    "cosmos predict 2": {"blocks.0.mlp.layer1.weight": [8192, 2048], "x_embedder.proj.1.weight": [2048, 68]},
    "pixart": {"t_block.1.weight": [6912, 1152]},
    "wan": {
        "head.modulation": [1, 2, 1536],
        "head.head.weight": [64, 1536],
        "blocks.0.ffn.0.weight": [8960, 1536],
        "patch_embedding.weight": [1536, 16, 1, 2, 2],
    },
    "omnigen 2": {"time_caption_embed.timestep_embedder.linear_1.bias": [1024]},
}

ASK = """
import json, sys
sys.argv = ["main.py", "--cpu"]
import comfy.options
comfy.options.enable_args_parsing()
from comfy import model_detection
import torch
found = {}
for name, shapes in json.load(sys.stdin).items():
    tensors = {"model.diffusion_model." + key: torch.empty(shape, device="meta") for key, shape in shapes.items()}
    config = model_detection.model_config_from_unet(tensors, "model.diffusion_model.")
    found[name] = type(config).__name__
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def comfyui_s() -> dict[str, str]:
    """ComfyUI's classes of all the models above, asked of ComfyUI itself."""
    tree = installations.embedded().tree
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tree, input=json.dumps(MODELS), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", MODELS)
def test_both_say_the_same(comfyui_s, name):
    shapes = {f"model.diffusion_model.{key}": tuple(shape) for key, shape in MODELS[name].items()}
    assert facts_of(Header(shapes, {})).architecture == OURS.get(comfyui_s[name], comfyui_s[name])
