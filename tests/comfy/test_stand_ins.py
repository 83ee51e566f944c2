"""The stand-ins are what they stand for: to ComfyUI, to Tagloom, and in graphs of core nodes on the real server."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image

from tagloom.prompt import detect_file
from tagloom.runner.embedded import installations
from tagloom.runner.places import PACKAGE

from .stand_ins import encoders
from .stand_ins.files import CLIP_L, FLUX, FLUX_VAE, NETA, NOOBAI_V, SD15, T5
from .stand_ins.loras import write_lora

WIDTH, HEIGHT = 64, 96
LAST, BEFORE_LAST = {"-1": True, "-2": False, "-3": False}, {"-1": False, "-2": True, "-3": False}
CLIP_TARGETS = "clip missing: ['clip_l.logit_scale', 'clip_l.transformer.text_projection.weight']"
EXPECTED = {
    SD15: {
        "class": "BaseModel",
        "entry": "SD15",
        "prediction": "EPS",
        "settings": {},
        "encoders": ["clip_l"],
        "tokenizer": "comfy.sd1_clip.SD1Tokenizer",
        "channels": [4, 4],
        "width": 768,
        "layers": LAST,
        "complaints": [CLIP_TARGETS],
    },
    NOOBAI_V: {
        "class": "SDXL",
        "entry": "SDXL",
        "prediction": "V_PREDICTION",
        "settings": {"zsnr": True},
        "encoders": ["clip_l", "clip_g"],
        "tokenizer": "comfy.sdxl_clip.SDXLTokenizer",
        "channels": [4, 4],
        "width": 2048,
        "layers": BEFORE_LAST,
        "complaints": [CLIP_TARGETS, "left over keys: dict_keys(['v_pred', 'ztsnr'])"],
    },
    NETA: {
        "class": "Lumina2",
        "entry": "Lumina2",
        "prediction": "FLOW",
        "settings": {"multiplier": 1.0, "shift": 6.0},
        "encoders": ["gemma2_2b"],
        "tokenizer": "comfy.text_encoders.lumina2.LuminaTokenizer",
        "channels": [16, 16],
        "width": 64,
        "layers": BEFORE_LAST,
        "complaints": ["clip missing: ['gemma2_2b.logit_scale']", "clip unexpected ['spiece_model']:"],
    },
    FLUX: {
        "class": "Flux",
        "entry": "Flux",
        "prediction": "FLUX",
        "settings": {},
        "encoders": ["clip_l", "t5xxl"],
        "tokenizer": "comfy.text_encoders.flux.FluxTokenizer",
        "channels": [16, 16],
        "width": 64,
        "layers": LAST,
        "complaints": ["clip missing: ['text_projection.weight']"],
    },
}
"""What ComfyUI makes of each; it says the same of the real files' tensors, which lack and have these too."""
FAMILIES = {
    f"checkpoints/{SD15}": ("sd15_anime", "tensor shapes: Stable Diffusion 1, eps-prediction"),
    f"checkpoints/{NOOBAI_V}": ("noobai_vpred", "tensor shapes: SDXL, v-prediction"),
    f"checkpoints/{NETA}": ("neta_lumina", "tensor shapes: Lumina 2, eps-prediction"),
    f"diffusion_models/{FLUX}": ("flux1_dev", "tensor shapes: Flux.1 dev, eps-prediction"),
}
REAL = {
    "clip_l": encoders.clip(768, 12, 3072),
    "clip_g": encoders.clip(1280, 32, 5120),
    "t5xxl": encoders.t5(4096, 10240, heads=64),
    "gemma2_2b": encoders.gemma2(256000, 2304, 26, 9216, heads=8, groups=4),
}
"""The real encoders' tensors."""


WEIGHTED = r"((hat:1.3)), \(red\) BREAK [cat]"
ENCODINGS = {
    "Flux's T5 gets plain text": ([CLIP_L, T5], {"text": WEIGHTED}, r"hat, \(red\) cat", None),
    "in ComfyUI's dialect T5 gets the weights": (
        [CLIP_L, T5],
        {"text": "(hat:1.3), cat", "dialect": "comfyui"},
        "(hat:1.3), cat",
        None,
    ),
    "Gemma gets the weights": ([NETA], {"text": "((hat:1.3)), [cat]"}, "(hat:1.43), (cat:0.9091)", None),
    "Gemma reads on behind a BREAK": ([NETA], {"text": "((hat)) BREAK cat, dog"}, "(hat:1.21) cat, dog", None),
    "clip skip 1 is SD 1.5's last layer": ([SD15], {"text": "hat", "clip_skip": 1}, "hat", -1),
    "clip skip 2 is the one before it": ([SD15], {"text": "hat", "clip_skip": 2}, "hat", -2),
    "clip skip 1 is SDXL's own layer": ([NOOBAI_V], {"text": "hat", "clip_skip": 1}, "hat", -2),
    "clip skip 3 is another": ([NOOBAI_V], {"text": "hat", "clip_skip": 3}, "hat", -3),
    "Flux has no clip skip": ([CLIP_L, T5], {"text": "hat", "clip_skip": 2}, "hat", None),
}
"""What Encode Prompt does: encoders, inputs, and the prompt and layer with which CLIPTextEncode does the same."""
REFUSED = {
    "weighting a1111 with chunks comfyui needs a model": (
        [CLIP_L, T5],
        {"text": "hat", "weighting": "a1111"},
        "",
        None,
    ),
    "clip skip 9 is more than the 4 layers": ([SD15], {"text": "hat", "clip_skip": 9}, "", None),
    "width 64 and height 0: give both sides": ([NOOBAI_V], {"text": "hat", "width": 64}, "", None),
}
"""What it refuses, by the beginning of what it says."""
REPORTS = {
    "Flux's T5 gets plain text": "this model's t5xxl ignores weights",
    "in ComfyUI's dialect T5 gets the weights": "weights hardly act on this model's t5xxl",
    "Gemma gets the weights": "nothing is lost",
    "clip skip 1 is SDXL's own layer": "clip skip 1 to 2 are the same, 3 differs",
    "Flux has no clip skip": "clip skip 2 is ignored: this model is conditioned by t5xxl",
}


@pytest.fixture(scope="module")
def inspected(stand_in_files, tmp_path_factory) -> dict:
    """What ComfyUI says in a process of its own."""
    lora = tmp_path_factory.mktemp("loras") / "random.safetensors"
    write_lora(lora, seed=1)
    job = {
        "checkpoints": [SD15, NOOBAI_V, NETA],
        "flux": [FLUX, CLIP_L, T5, FLUX_VAE],
        "shapes": REAL,
        "lora": str(lora),
        "encodings": [
            (files, {"dialect": "a1111", "tag_aware": True, **given}, core, layer)
            for files, given, core, layer in (*ENCODINGS.values(), *REFUSED.values())
        ],
    }
    script = Path(__file__).with_name("real_stand_ins.py")
    command = [sys.executable, script, installations.embedded().tree, PACKAGE, stand_in_files]
    done = subprocess.run(command, input=json.dumps(job), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1].removeprefix("answer "))


@pytest.mark.parametrize("name", EXPECTED)
def test_comfyui_takes_it_for_the_real_one(inspected, name):
    """Its entry, class and prediction are the real ones, every tensor has its place, and clip skip does something."""
    assert inspected["models"][name] == EXPECTED[name]


def test_the_extension_changes_nothing_for_the_real_sizes(inspected):
    assert inspected["other sizes"] == {name: {} for name in REAL}


def test_encode_prompt_gives_each_encoder_what_it_reads(inspected):
    found = dict(zip(ENCODINGS, inspected["encodings"], strict=False))
    assert [name for name, answer in found.items() if not answer.get("same")] == []
    for name, said in REPORTS.items():
        assert said in found[name]["report"]


def test_encode_prompt_refuses_what_a_model_can_t_do(inspected):
    found = inspected["encodings"][len(ENCODINGS) :]
    for said, answer in zip(REFUSED, found, strict=True):
        assert answer["refused"].startswith(said)


def test_a_lora_fits_the_tiny_checkpoint(inspected):
    """Every part of it finds a weight of the model or of both encoders, and moves it as far as was asked."""
    found = inspected["lora"]
    assert found["complaints"] == []
    assert found["patched"] == {"diffusion_model": 84, "clip_l": 18, "clip_g": 24}
    assert found["moved"] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("name", FAMILIES)
def test_tagloom_knows_its_family(stand_in_files, name):
    found = detect_file(stand_in_files / name)
    assert (found.family, found.evidence[0], found.confidence) == (*FAMILIES[name], "likely")
    assert found.remarks == ()


def graph(text: str, loaders: dict, links: dict, cfg: float, latent: str = "EmptyLatentImage", **others) -> dict:
    """Return an API graph; `links` are what gives model, clip and vae, `others` further nodes."""
    size = {"width": WIDTH, "height": HEIGHT, "batch_size": 1}
    sampler = {"seed": 1, "steps": 3, "cfg": cfg, "sampler_name": "euler", "scheduler": "simple", "denoise": 1}
    sampler |= {"model": links["model"], "positive": links.get("positive", ["text", 0]), "negative": ["negative", 0]}
    return {
        **{name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in (loaders | others).items()},
        "text": {"class_type": "CLIPTextEncode", "inputs": {"clip": links["clip"], "text": text}},
        "negative": {"class_type": "CLIPTextEncode", "inputs": {"clip": links["clip"], "text": "lowres"}},
        "latent": {"class_type": latent, "inputs": size},
        "sampler": {"class_type": "KSampler", "inputs": {**sampler, "latent_image": ["latent", 0]}},
        "decode": {"class_type": "VAEDecode", "inputs": {"samples": ["sampler", 0], "vae": links["vae"]}},
        "save": {"class_type": "SaveImage", "inputs": {"images": ["decode", 0], "filename_prefix": "stand_ins"}},
    }


def from_checkpoint(name: str) -> tuple[dict, dict]:
    """Return the loader of a checkpoint, and its links."""
    loader = {"load": ("CheckpointLoaderSimple", {"ckpt_name": name})}
    return loader, {"model": ["load", 0], "clip": ["load", 1], "vae": ["load", 2]}


def sd15(text: str, layer: int = -2) -> dict:
    loader, links = from_checkpoint(SD15)
    skip = ("CLIPSetLastLayer", {"clip": links["clip"], "stop_at_clip_layer": layer})
    return graph(text, loader, {**links, "clip": ["skip", 0]}, 7, skip=skip)


def noobai(text: str) -> dict:
    return graph(text, *from_checkpoint(NOOBAI_V), 5)


def neta(text: str) -> dict:
    loader, links = from_checkpoint(NETA)
    shift = ("ModelSamplingAuraFlow", {"model": links["model"], "shift": 4.0})
    return graph(text, loader, {**links, "model": ["shift", 0]}, 4, "EmptySD3LatentImage", shift=shift)


def flux(text: str) -> dict:
    loaders = {
        "model": ("UNETLoader", {"unet_name": FLUX, "weight_dtype": "default"}),
        "clip": ("DualCLIPLoader", {"clip_name1": CLIP_L, "clip_name2": T5, "type": "flux", "device": "default"}),
        "vae": ("VAELoader", {"vae_name": FLUX_VAE}),
        "guidance": ("FluxGuidance", {"conditioning": ["text", 0], "guidance": 3.5}),
    }
    links = {name: [name, 0] for name in ("model", "clip", "vae")} | {"positive": ["guidance", 0]}
    return graph(text, loaders, links, 1, "EmptySD3LatentImage")


@pytest.fixture
def picture(target, outputs, stand_ins):
    """A function from a graph to the picture that the server makes of it, as an array of whole numbers."""

    def run(made: dict) -> np.ndarray:
        (image,) = outputs(made)["save"]["images"]
        answer = requests.get(f"{target.client.url}/view", params=image, timeout=10)
        return np.asarray(Image.open(io.BytesIO(answer.content)), dtype=np.int16)

    return run


@pytest.mark.parametrize("make", [sd15, noobai, neta, flux], ids=lambda make: make.__name__)
def test_core_nodes_make_pictures_of_it(picture, make):
    """A picture of the asked size that is no single colour, and another one for another prompt."""
    first, second = (picture(make(text)) for text in ("1girl, blue hair, smile", "a forest at night"))
    assert first.shape == (HEIGHT, WIDTH, 3)
    assert first.std() > 5
    assert np.abs(first - second).mean() > 1


def test_clip_skip_changes_sd_15(picture):
    """SD 1.5 takes the last layer unasked, so clip skip 1 and 2 are different pictures."""
    first, second = (picture(sd15("1girl, blue hair", layer)) for layer in (-1, -2))
    assert np.abs(first - second).mean() > 1
