"""Run by itself: what ComfyUI makes of models in our layout, by their tensors' names and shapes alone.

It is handed ComfyUI's folder, and reads `{model: {part: {name in the single file: shape}}}` and the same of the folder.
It writes, of each model, ComfyUI's own tensors for the UNet and the autoencoder, its map of the UNet's names, and what
its own conversion makes of the folder's autoencoder.
"""

import json
import sys

sys.path.insert(0, sys.argv[1])

import comfy.cli_args

comfy.cli_args.args.cpu = True

import comfy.diffusers_convert  # noqa: E402
import comfy.model_detection  # noqa: E402
import comfy.ops  # noqa: E402
import comfy.utils  # noqa: E402
import torch  # noqa: E402
from comfy.ldm.models.autoencoder import AutoencoderKL  # noqa: E402
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel  # noqa: E402

PREFIX = "model.diffusion_model."


def tensors(shapes: dict[str, list[int]]) -> dict[str, torch.Tensor]:
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def shapes(found: dict[str, torch.Tensor]) -> dict[str, list[int]]:
    return {name: list(tensor.shape) for name, tensor in found.items()}


def unet(single: dict[str, list[int]]) -> dict:
    """Let ComfyUI tell the architecture of a UNet, build it, and map diffusers' names."""
    state = tensors({PREFIX + name: shape for name, shape in single.items()})
    config = comfy.model_detection.detect_unet_config(state, PREFIX)
    names = comfy.utils.unet_to_diffusers(config)
    found = comfy.model_detection.model_config_from_unet(state, PREFIX)
    model = UNetModel(**config, num_heads=8, device="meta", operations=comfy.ops.disable_weight_init)
    return {"kind": type(found).__name__, "tensors": shapes(model.state_dict()), "names": names}


def vae(single: dict[str, list[int]], folder: dict[str, list[int]]) -> dict:
    """Build the autoencoder as ComfyUI's own VAE class does, and convert the folder's."""
    config = {"double_z": True, "z_channels": 4, "resolution": 256, "in_channels": 3, "out_ch": 3, "ch": 128}
    config |= {"ch_mult": [1, 2, 4, 4], "num_res_blocks": 2, "attn_resolutions": [], "dropout": 0.0}
    with torch.device("meta"):
        model = AutoencoderKL(ddconfig=config, embed_dim=4)
    converted = comfy.diffusers_convert.convert_vae_state_dict(tensors(folder))
    return {"tensors": shapes(model.state_dict()), "converted": shapes(converted)}


def text(single: dict[str, list[int]], folder: dict[str, list[int]]) -> dict:
    """Convert SDXL's second encoder both ways with ComfyUI's own functions."""
    opened = comfy.diffusers_convert.convert_text_enc_state_dict_v20(
        {f"transformer.{n}": t for n, t in tensors(folder).items()}
    )
    plain = comfy.utils.clip_text_transformers_convert(tensors(single), "", "")
    return {"single": shapes(opened), "folder": shapes(plain)}


def main() -> None:
    told = {}
    for name, (single, folder) in json.load(sys.stdin).items():
        told[name] = {"unet": unet(single["unet"]), "vae": vae(single["vae"], folder["vae"])}
        if "text_encoder_2" in single:
            told[name]["text_encoder_2"] = text(single["text_encoder_2"], folder["text_encoder_2"])
    json.dump(told, sys.stdout)


main()
