"""ComfyUI in this very process, with the tiny checkpoint, and what Tagloom makes of prompts in it.

Imported by real_encoding.py, whose arguments it reads.
"""

import importlib.util
import sys
import types

TREE, PACKAGE, EMBEDDINGS, LORAS = sys.argv[1:5]
sys.path.insert(0, TREE)
sys.argv = ["main.py", "--cpu", "--force-fp32"]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()

import comfy.samplers  # noqa: E402
import comfy.sd  # noqa: E402
import folder_paths  # noqa: E402
import torch  # noqa: E402

import nodes as core_nodes  # noqa: E402

__all__ = [
    "CFG",
    "CLIP",
    "EMBEDDINGS",
    "LORAS",
    "MODEL",
    "comfy",
    "core",
    "core_nodes",
    "denoised",
    "farthest",
    "guided",
]
__all__ += ["kept", "ours", "timing", "torch"]
CFG = 4.0


def load():
    """Return the tiny model and its CLIP, with the embeddings' folder."""
    spec = importlib.util.spec_from_file_location(
        "tiny", f"{PACKAGE}/tiny/loader/__init__.py", submodule_search_locations=[f"{PACKAGE}/tiny/loader"]
    )
    sys.modules["tiny"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["tiny"])
    folder_paths.folder_names_and_paths["embeddings"] = ([EMBEDDINGS], {".safetensors"})
    folder_paths.folder_names_and_paths["loras"] = ([LORAS], {".safetensors"})
    name = f"{PACKAGE}/tiny/tagloom-tiny.safetensors"
    return comfy.sd.load_checkpoint_guess_config(name, output_vae=False, embedding_directory=EMBEDDINGS)[:2]


MODEL, CLIP = load()
for name, folder in (("tagloom", PACKAGE), ("tagloom.nodes", f"{PACKAGE}/nodes")):  # without the nodes' own imports
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [folder]

from tagloom.nodes.conditioning import kept, timing  # noqa: E402
from tagloom.nodes.encoding import TagloomTextEncode  # noqa: E402


def ours(text, dialect="a1111", how="comfyui", chunks="comfyui", steps=None, negative=None, clip=None, **others):
    """Return the conditioning that the node Encode Prompt makes."""
    inputs = (clip or CLIP, text, dialect, True, how, chunks, steps, negative)
    return TagloomTextEncode.execute(*inputs, **others).result[0]


def core(text, clip=None):
    """Return the conditioning of CLIPTextEncode."""
    clip = clip or CLIP
    return clip.encode_from_tokens_scheduled(clip.tokenize(text))


def denoised(positive, negative, sigmas, cfg, model=None):
    """Return KSampler's guided predictions at some noise levels, each from the same noise."""
    guider = comfy.samplers.CFGGuider(model or MODEL)
    guider.set_conds(positive, negative)
    guider.set_cfg(cfg)
    return guided(guider, sigmas)


def guided(guider, sigmas):
    """Return a guider's predictions at some noise levels, each from the same noise."""
    found = []

    def record(model, x, levels, extra_args=None, callback=None, disable=None, **_):
        for level in levels[:-1]:
            start = torch.randn(x.shape, generator=torch.Generator().manual_seed(1)) * level
            found.append(model(start, level * x.new_ones([x.shape[0]]), **(extra_args or {})))
        return x

    latent = torch.zeros(1, 4, 8, 8)
    noise = torch.randn(latent.shape, generator=torch.Generator().manual_seed(0))
    guider.sample(noise, latent, comfy.samplers.KSAMPLER(record), sigmas, seed=0)
    return found


def farthest(left, right):
    """Return the largest difference, relative to the largest value."""
    return float((left - right).abs().max() / right.abs().max())
