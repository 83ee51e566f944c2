"""What ComfyUI makes of checkpoints, in its own process: text embeddings, and the UNet's predictions.

Usage: python real_parity.py TREE LOADER FOLDER < job.json, where LOADER is the folder of the tiny checkpoint's
extension. Writes FOLDER/answers.safetensors and prints a line of JSON. Started by test_tiny_parity.py.
"""

import importlib.util
import json
import sys

TREE, LOADER, FOLDER = sys.argv[1:4]
sys.path.insert(0, TREE)
sys.argv = ["main.py", "--cpu", "--force-fp32"]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()

import comfy.samplers  # noqa: E402
import comfy.sd  # noqa: E402
import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402


def register():
    """Let ComfyUI know the tiny checkpoint's architecture."""
    where = {"submodule_search_locations": [LOADER]}
    spec = importlib.util.spec_from_file_location("tiny", f"{LOADER}/__init__.py", **where)
    sys.modules["tiny"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["tiny"])


def predictions(model, conditioning, noisy, sigmas):
    """Return what KSampler's model gives at some noise levels: the UNet's own output, and the picture."""
    raw, pictures = [], []
    guider = comfy.samplers.CFGGuider(model)
    guider.set_conds(conditioning, conditioning)
    guider.set_cfg(1.0)
    unet = model.model.diffusion_model
    hook = unet.register_forward_hook(lambda module, given, output: raw.append(output.float().clone()))

    def record(call, x, levels, extra_args=None, callback=None, disable=None, **_):
        for start, level in zip(noisy, levels[:-1], strict=True):
            pictures.append(call(start, level * x.new_ones([1]), **(extra_args or {})))
        return x

    latent = torch.zeros_like(noisy[0])
    guider.sample(latent, latent, comfy.samplers.KSAMPLER(record), torch.cat([sigmas, sigmas[-1:] * 0]), seed=0)
    hook.remove()
    return torch.cat(raw), torch.cat(pictures)


def answer(name, file, texts):
    """Return a checkpoint's facts and tensors; what it is asked of the UNet lies in NAME.safetensors."""
    model, clip = comfy.sd.load_checkpoint_guess_config(file, output_vae=False)[:2]
    tensors = {}
    for place, text in enumerate(texts):
        conditioning = clip.encode_from_tokens_scheduled(clip.tokenize(text))
        tensors |= {
            f"{name}.{place}.states": conditioning[0][0],
            f"{name}.{place}.pooled": conditioning[0][1]["pooled_output"],
        }
    asked = load_file(f"{FOLDER}/{name}.safetensors")
    # of inputs that are scaled already: multiplying undoes what ComfyUI divides by
    noisy = asked["inputs"] * (asked["sigmas"].double() ** 2 + 1).sqrt().float().view(-1, 1, 1, 1)
    raw, pictures = predictions(model, conditioning, noisy.split(1), asked["sigmas"])
    tensors |= {f"{name}.raw": raw, f"{name}.pictures": pictures}
    sampling = model.model.model_sampling
    bases = [base.__name__ for base in type(sampling).__mro__]
    facts = {"bases": bases, "sigma_max": float(sampling.sigma_max), "sigmas": sampling.sigmas.tolist()}
    return facts, tensors


if __name__ == "__main__":
    job = json.load(sys.stdin)
    register()
    found = {}
    with torch.inference_mode():
        answers = {name: answer(name, file, job["texts"]) for name, file in job["files"].items()}
    for _, tensors in answers.values():
        found |= {key: tensor.contiguous().float() for key, tensor in tensors.items()}
    save_file(found, f"{FOLDER}/answers.safetensors")
    print("answer", json.dumps({name: facts for name, (facts, _) in answers.items()}))
