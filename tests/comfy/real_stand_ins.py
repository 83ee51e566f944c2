"""Run by itself: what ComfyUI makes of the stand-ins in its own process, of encoders of the real sizes, and of a LoRA.

Usage: python real_stand_ins.py TREE PACKAGE MODELS < job.json; prints a line of JSON.
"""

import importlib.util
import json
import logging
import sys
import types
from collections import Counter
from pathlib import Path

TREE, PACKAGE, MODELS = sys.argv[1:4]
sys.path.insert(0, TREE)
sys.argv = ["main.py", "--cpu"]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()

import comfy.sd  # noqa: E402
import comfy.supported_models  # noqa: E402
import comfy.utils  # noqa: E402
import torch  # noqa: E402

PROMPT = "1girl, (blue hair:1.2), forest"
COMPLAINTS: list[str] = []
"""What ComfyUI says of tensors that are missing or have no place."""
WORDS = ("missing:", "missing vae", "unexpected", "no match", "left over", "not loaded")
SUPPORTED = comfy.supported_models.__name__
TABLES = {
    "clip_l": "sd1_clip_config.json",
    "clip_g": "clip_config_bigg.json",
    "t5xxl": "text_encoders/t5_config_xxl.json",
}
"""Where ComfyUI keeps the encoders' sizes."""


class Complaints(logging.Handler):
    """Takes down what is said of tensors."""

    def emit(self, record):
        text = record.getMessage()
        if any(word in text.casefold() for word in WORDS):
            COMPLAINTS.append(text)


def extension(name: str, folder: Path):
    """Load an extension as ComfyUI does."""
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


def checkpoint(name: str) -> dict:
    """Return what a checkpoint is loaded as."""
    return facts(*comfy.sd.load_checkpoint_guess_config(f"{MODELS}/checkpoints/{name}")[:3])


def flux(model: str, *encoders: str) -> dict:
    """Return what Flux's files are loaded as; the last one is the autoencoder's."""
    *encoders, vae = encoders
    paths = [f"{MODELS}/text_encoders/{name}" for name in encoders]
    return facts(
        comfy.sd.load_diffusion_model(f"{MODELS}/diffusion_models/{model}"),
        comfy.sd.load_clip(paths, clip_type=comfy.sd.CLIPType.FLUX),
        comfy.sd.VAE(sd=comfy.utils.load_torch_file(f"{MODELS}/vae/{vae}")),
    )


def facts(model, clip, vae) -> dict:
    """Return what is known of a loaded model, and forget what was said of its tensors."""
    complaints, COMPLAINTS[:] = list(COMPLAINTS), []
    own = [kind.__name__ for kind in type(model.model.model_config).__mro__ if kind.__module__ == SUPPORTED]
    return {
        "class": type(model.model).__name__,
        "entry": own[0],
        "prediction": model.model.model_type.name,
        "settings": model.model.model_config.sampling_settings,
        "encoders": [name for name, _ in clip.cond_stage_model.named_children()],
        "tokenizer": f"{type(clip.tokenizer).__module__}.{type(clip.tokenizer).__name__}",
        "channels": [model.model.latent_format.latent_channels, vae.latent_channels],
        "width": clip.encode_from_tokens_scheduled(clip.tokenize(PROMPT))[0][0].shape[-1],
        "layers": same_layers(clip),
        "complaints": complaints,
    }


def same_layers(clip) -> dict[str, bool]:
    """Return which of CLIP's layers, counted from the end, gives the conditioning that the encoder gives unasked."""
    found = {}
    for layer in (-1, -2, -3):
        own = clip.clone()
        own.clip_layer(layer)
        pair = [each.encode_from_tokens(each.tokenize(PROMPT)) for each in (own, clip)]
        found[str(layer)] = torch.equal(*pair)
    return found


def encoder():
    """Return the node Encode Prompt, without the other nodes' own imports."""
    for name, folder in (("tagloom", PACKAGE), ("tagloom.nodes", f"{PACKAGE}/nodes")):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [folder]
    from tagloom.nodes.encoding import TagloomTextEncode

    return TagloomTextEncode


def encodings(cases: list) -> list[dict]:
    """Return how Encode Prompt encodes a prompt beside what CLIPTextEncode makes of another one, and what it says."""
    node, found = encoder(), []
    for name, given, core, layer in cases:
        clip = clip_of(name)
        try:
            conditioning, _, report = node.execute(clip, **given).result
        except ValueError as error:
            found.append({"refused": str(error)})
            continue
        if layer is not None:
            clip.clip_layer(layer)
        wanted = clip.encode_from_tokens_scheduled(clip.tokenize(core))
        same = all(torch.equal(mine[0], theirs[0]) for mine, theirs in zip(conditioning, wanted, strict=True))
        found.append({"same": same, "report": report})
    return found


def clip_of(name: list[str]):
    """Return the text encoders of a checkpoint, or of Flux's two files."""
    if len(name) > 1:
        return comfy.sd.load_clip([f"{MODELS}/text_encoders/{own}" for own in name], clip_type=comfy.sd.CLIPType.FLUX)
    return comfy.sd.load_checkpoint_guess_config(f"{MODELS}/checkpoints/{name[0]}")[1]


def lora(path: str) -> dict:
    """Return which of the tiny checkpoint's weights a LoRA moves, and how far."""
    model, clip = comfy.sd.load_checkpoint_guess_config(f"{PACKAGE}/tiny/tagloom-tiny.safetensors", output_vae=False)[
        :2
    ]
    COMPLAINTS.clear()
    moved, encoders = comfy.sd.load_lora_for_models(model, clip, comfy.utils.load_torch_file(path), 1.0, 1.0)
    places = Counter(key.split(".")[0] for key in (*moved.patches, *encoders.patcher.patches))
    name = next(iter(moved.patches))
    before = model.model.state_dict()[name].clone()
    moved.patch_model()
    change = (moved.model.state_dict()[name] - before).norm() / before.norm()
    return {"complaints": list(COMPLAINTS), "patched": places, "moved": float(change)}


def other_sizes(shapes: dict[str, dict]) -> dict[str, dict]:
    """Return the sizes that the extension reads from weights of the real shapes and that are not ComfyUI's own."""
    tables = {name: json.loads(Path(TREE, "comfy", file).read_text()) for name, file in TABLES.items()}
    tables["gemma2_2b"] = vars(comfy.text_encoders.llama.Gemma2_2B_Config())
    found = {}
    for name, own in shapes.items():
        weights = {key: torch.empty(shape, device="meta") for key, shape in own.items()}
        options = comfy.text_encoders.long_clipl.model_options_long_clip(weights, {}, {})[1]
        sizes = options[f"{name}_model_config"]
        found[name] = {key: size for key, size in sizes.items() if tables[name][key] != size}
    return found


def main() -> None:
    """Answer the job."""
    torch.set_num_threads(1)  # there is so little to compute that more threads would only wait for one another
    logging.getLogger().addHandler(Complaints())
    logging.getLogger().setLevel(logging.DEBUG)
    extension("tiny_loader", Path(PACKAGE, "tiny", "loader"))
    extension("stand_ins", Path(__file__).parent / "stand_ins" / "extension")
    job = json.load(sys.stdin)
    with torch.inference_mode():
        answer = {name: checkpoint(name) for name in job["checkpoints"]}
        answer[job["flux"][0]] = flux(*job["flux"])
        moved = lora(job["lora"])
        encoded = encodings(job["encodings"])
    sizes = other_sizes(job["shapes"])
    print("answer", json.dumps({"models": answer, "lora": moved, "other sizes": sizes, "encodings": encoded}))


main()
