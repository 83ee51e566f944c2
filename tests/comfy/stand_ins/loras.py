"""A random LoRA for the tiny checkpoint, in the form of kohya's trainer; it holds parts for all three networks."""

import re
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

TINY = Path(__file__).parents[3] / "tiny" / "tagloom-tiny.safetensors"
RANK = 4
PREFIXES = {
    "model.diffusion_model.": "lora_unet_",
    "conditioner.embedders.0.transformer.": "lora_te1_",
    "conditioner.embedders.1.model.transformer.": "lora_te2_",
}
"""The networks in the checkpoint, and how kohya begins the names of their parts."""
TRAINED = re.compile(
    r"\.(?:to_[qkv]|to_out\.0|proj_(?:in|out)|ff\.net\.(?:0\.proj|2)|[qkv]_proj|out_proj|fc[12])\.weight$"
)
"""The linear layers that kohya's trainer adapts: those of the transformers."""


def write_lora(path: Path, seed: int = 0, strength: float = 0.5) -> None:
    """Write a LoRA of random directions; the same arguments give the same file.

    Args:
        path: the file, `….safetensors`.
        seed: other seeds are other directions.
        strength: how far it moves each weight matrix at weight 1, as a part of that matrix's own (Frobenius) norm.
    """
    random = np.random.default_rng(seed)
    tensors = {}
    with safe_open(TINY, framework="numpy") as checkpoint:
        for key in sorted(checkpoint.keys()):
            name = kohya_name(key)
            if name:
                weight = checkpoint.get_tensor(key).astype(np.float32)
                tensors |= _pair(name, weight, random, strength)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path, {"ss_network_module": "networks.lora"})  # several entries would come in any order


def kohya_name(key: str) -> str:
    """Return kohya's name of a weight in the checkpoint, or an empty string where its trainer leaves that alone."""
    prefix = next((prefix for prefix in PREFIXES if key.startswith(prefix)), "")
    if not prefix or not TRAINED.search(key):
        return ""
    return PREFIXES[prefix] + key[len(prefix) : -len(".weight")].replace(".", "_")


def _pair(name: str, weight: np.ndarray, random: np.random.Generator, strength: float) -> dict[str, np.ndarray]:
    """Return both factors; the whole length is in `lora_up`, which kohya's trainer begins with zeros."""
    height, width = weight.shape[:2]
    down = random.standard_normal((RANK, width), dtype=np.float32) / np.sqrt(width)
    up = random.standard_normal((height, RANK), dtype=np.float32)
    up *= strength * np.linalg.norm(weight) / np.linalg.norm(up @ down)
    return {
        f"{name}.lora_down.weight": down.astype(np.float16),
        f"{name}.lora_up.weight": up.astype(np.float16),
        f"{name}.alpha": np.array(RANK, np.float16),
    }
