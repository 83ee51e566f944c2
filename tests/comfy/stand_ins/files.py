"""The stand-ins' files, under the names that people have them by and in the folders where ComfyUI looks for them."""

from collections.abc import Callable
from pathlib import Path

from . import dits, encoders
from .autoencoders import taesd
from .tokenizer import PIECES, spiece_model
from .unets import UNet
from .weights import Layout, write

EXTENSION = Path(__file__).parent / "extension"
"""The folder of the ComfyUI extension without which a server can't load them."""
SD15 = "counterfeitV30_v30.safetensors"
NOOBAI_V = "NoobAI-XL-Vpred-v1.0.safetensors"
NETA = "neta-lumina-v1.0-all-in-one.safetensors"
FLUX, CLIP_L, T5, FLUX_VAE = "flux1-dev.safetensors", "clip_l.safetensors", "t5xxl_fp16.safetensors", "ae.safetensors"

NARROW = 64
"""Width of what need not be as wide as the real one: T5, Gemma, Flux and the CLIP-L beside it."""
L_WIDTH, G_WIDTH = 768, 1280
"""CLIP's real widths: SD 1.5's UNet is known by the one, SDXL's by the sum of both."""
SIZES = G_WIDTH + 6 * 256
"""Width of what SDXL's UNet gets besides: CLIP-G's pooled output and six numbers of 256 waves each."""


def write_files(folder: Path) -> None:
    """Write all files below a folder; the same files come out every time."""
    for seed, (name, layout) in enumerate(FILES.items()):
        write(folder / name, layout(), seed)


def sd15() -> Layout:
    """Return a checkpoint of SD 1.5: the real UNet's widths with two levels, and a CLIP-L of four layers."""
    unet = UNet(320, (1, 1), (0, 1), L_WIDTH)
    return {
        **_below("model.diffusion_model.", unet.shapes()),
        **_below("cond_stage_model.transformer.", encoders.clip(L_WIDTH, layers=4, inner=256)),
        **_below("first_stage_model.", taesd(4, 1 / 100)),
    }


def noobai_v() -> Layout:
    """Return a checkpoint of SDXL with the marks of v-prediction and zero terminal SNR."""
    unet = UNet(64, (1, 2), (0, 1), L_WIDTH + G_WIDTH, linear=True, vector=SIZES)
    return {
        **_below("model.diffusion_model.", unet.shapes()),
        **_below("conditioner.embedders.0.transformer.", encoders.clip(L_WIDTH, layers=3, inner=256)),
        **_below("conditioner.embedders.1.model.", encoders.open_clip(G_WIDTH, layers=3, inner=256)),
        **_below("first_stage_model.", taesd(4, 1 / 10)),
        "v_pred": (0,),
        "ztsnr": (0,),
    }


def neta() -> Layout:
    """Return a checkpoint of Lumina 2 that holds everything, Gemma's tokenizer too."""
    return {
        **_below("model.diffusion_model.", dits.lumina2(NARROW, inner=64, groups=1)),
        **_below("text_encoders.gemma2_2b.transformer.", encoders.gemma2(PIECES, NARROW, layers=3, inner=64)),
        "text_encoders.spiece_model": spiece_model(),
        **_below("vae.", taesd(16, 1 / 4)),
    }


FILES: dict[str, Callable[[], Layout]] = {
    f"checkpoints/{SD15}": sd15,
    f"checkpoints/{NOOBAI_V}": noobai_v,
    f"checkpoints/{NETA}": neta,
    f"diffusion_models/{FLUX}": lambda: dits.flux(NARROW, NARROW, NARROW, double=2, single=2),
    f"text_encoders/{CLIP_L}": lambda: encoders.clip(NARROW, layers=3, inner=256),
    f"text_encoders/{T5}": lambda: encoders.t5(NARROW, inner=64),
    f"vae/{FLUX_VAE}": lambda: taesd(16, 1 / 4),
}
"""The files, by folder and name."""


def _below(prefix: str, layout: Layout) -> Layout:
    return {prefix + name: content for name, content in layout.items()}
