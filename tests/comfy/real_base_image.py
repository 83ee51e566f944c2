"""Runs the node Base Image inside ComfyUI's own process, on the tiny checkpoint, beside core nodes.

Usage: python real_base_image.py TREE PACKAGE; prints a line of JSON. Started by test_base_image_node.py.
"""

import importlib.util
import json
import sys
import types
from dataclasses import replace

TREE, PACKAGE = sys.argv[1:3]
sys.path.insert(0, TREE)
sys.argv = ["main.py", "--cpu", "--force-fp32"]

import comfy.options  # noqa: E402

comfy.options.enable_args_parsing()

import comfy.ldm.wan.vae  # noqa: E402
import comfy.sd  # noqa: E402
import comfy.taesd.taesd  # noqa: E402
import torch  # noqa: E402
from comfy_extras.nodes_mask import ImageCompositeMasked  # noqa: E402

import nodes as core  # noqa: E402

for name, folder in (("tagloom", PACKAGE), ("tagloom.nodes", f"{PACKAGE}/nodes")):  # without the nodes' own imports
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__path__ = [folder]

from tagloom.nodes.base_image import TagloomBaseImage  # noqa: E402
from tagloom.prompt import Size, get_family  # noqa: E402

SIZES = (Size(64, 64), Size(56, 72), Size(72, 56))
FAMILY = replace(get_family("tagloom_tiny"), sizes=SIZES)
"""With a quarter of its sides, for speed."""
CHOICES = {"family": FAMILY, "shape": "as the base image", "fit": "crop", "strength": "similar"}
DEFAULTS = CHOICES | {"denoise": 0.6, "batch_size": 1, "grow_mask": 0, "width": 0, "height": 0}


def load():
    """Return the tiny model, its CLIP and its VAE."""
    folder = f"{PACKAGE}/tiny/loader"
    spec = importlib.util.spec_from_file_location("tiny", f"{folder}/__init__.py", submodule_search_locations=[folder])
    sys.modules["tiny"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["tiny"])
    return comfy.sd.load_checkpoint_guess_config(f"{PACKAGE}/tiny/tagloom-tiny.safetensors")[:3]


MODEL, CLIP, VAE = load()


def random_vae(model):
    """Return one of ComfyUI's VAEs with random weights."""
    chance = torch.Generator().manual_seed(0)
    return comfy.sd.VAE(sd={n: torch.randn(w.shape, generator=chance) * 0.05 for n, w in model.state_dict().items()})


def picture(width, height, count=1, seed=0):
    """Return smooth random pictures."""
    chance = torch.Generator().manual_seed(seed)
    small = torch.rand(count, 3, 5, 5, generator=chance)
    return torch.nn.functional.interpolate(small, size=(height, width), mode="bicubic").clamp(0, 1).movedim(1, -1)


def square(width, height, left, top, right, below, value=1.0):
    """Return a mask of a rectangle."""
    mask = torch.zeros(1, height, width)
    mask[:, top:below, left:right] = value
    return mask


def ours(**inputs):
    """Return what the node gives."""
    return TagloomBaseImage.execute(**{"vae": VAE, **DEFAULTS, **inputs}).result


def by_core(image, width, height, crop, amount=1):
    """Return the latent and the image of core nodes."""
    scaled = core.ImageScale().upscale(image, "lanczos", width, height, crop)[0]
    latent = core.VAEEncode().encode(VAE, scaled)[0]
    return core.RepeatLatentBatch().repeat(latent, amount)[0]["samples"], scaled


# --- questions --------------------------------------------------------------------------------------------------------


def same_as_core():
    """Return the cases whose latents or images are not those of hand-made core nodes, bit for bit."""
    cases = [
        *((sides, "crop", "as the base image", (72, 56), 1, 1) for sides in ((100, 75), (72, 56), (33, 25))),
        ((75, 101), "crop", "as the base image", (56, 72), 2, 3),
        ((75, 101), "crop", "square", (64, 64), 1, 1),
        ((75, 101), "stretch", "square", (64, 64), 2, 2),
    ]
    wrong = []
    for case in cases:
        (width, height), fit, shape, size, images, amount = case
        image = picture(width, height, images)
        expected, scaled = by_core(image, *size, "center" if fit == "crop" else "disabled", amount)
        latent, denoise, *found, shown, changing, _ = ours(image=image, fit=fit, shape=shape, batch_size=amount)
        same = torch.equal(latent["samples"], expected) and torch.equal(shown, scaled.repeat(amount, 1, 1, 1))
        if not same or "noise_mask" in latent or tuple(found) != size or denoise != 0.5 or not changing.all():
            wrong.append(str(case))
    return wrong


def empty():
    """Return the shapes of empty latents for VAEs of several kinds, and what else is given without an image."""
    sixteen = random_vae(comfy.taesd.taesd.TAESD(latent_channels=16))
    film = random_vae(small_wan())
    coarse = types.SimpleNamespace(latent_channels=128, latent_dim=2, spacial_compression_encode=lambda: 16)
    shapes = {}
    for name, vae in (("tiny", VAE), ("sixteen", sixteen), ("film", film), ("coarse", coarse)):
        latent, denoise, width, height, image, mask, _ = ours(vae=vae, batch_size=2, strength="touch up")
        assert not latent["samples"].any() and mask.all() and denoise == 1
        assert tuple(image.shape) == (2, height, width, 3)
        shapes[name] = list(latent["samples"].shape)
    assert torch.equal(ours(batch_size=2)[0]["samples"], core.EmptyLatentImage().generate(64, 64, 2)[0]["samples"])
    return shapes


def small_wan():
    """Return the autoencoder that Qwen-Image's has the shape of, with few channels."""
    sizes = {"dim": 8, "z_dim": 16, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 2, "attn_scales": []}
    return comfy.ldm.wan.vae.WanVAE(**sizes, temperal_downsample=[False, True, True], dropout=0.0)


def several_images():
    """Return, for VAEs with and without frames, the latents' shape and whether each is its own image's."""
    images = picture(64, 64, 2)
    found = {}
    for name, vae in (("tiny", VAE), ("film", random_vae(small_wan()))):
        masks = torch.cat([square(64, 64, 0, 0, 16, 16), square(64, 64, 16, 16, 32, 32)])
        latent = ours(vae=vae, image=images, mask=masks, batch_size=2)[0]
        samples = latent["samples"]
        apart = [ours(vae=vae, image=single)[0]["samples"] for single in images.split(1)]
        near = max(float((samples[i] - apart[i % 2][0]).abs().max()) for i in range(4))
        reshaped = comfy.utils.reshape_mask(latent["noise_mask"], samples.shape)
        whole = [comfy.utils.reshape_mask(mask[None], (1, *samples.shape[1:])) for mask in masks]
        masked = all(torch.equal(reshaped[i], whole[i % 2][0]) for i in range(4))
        found[name] = [list(samples.shape), near < 1e-5, masked]
    return found


def masks():
    """Return whether masks lie where they should, by what is asked."""
    image, mask = picture(72, 56), square(72, 56, 20, 16, 48, 40)
    core_mask = core.SetLatentNoiseMask().set_mask({"samples": torch.zeros(1, 4, 7, 9)}, mask)[0]["noise_mask"]
    half = square(36, 28, 10, 8, 24, 20)
    cut = ours(image=picture(100, 75), mask=square(100, 75, 50, 0, 100, 75), shape="square")[5]
    soft = square(72, 56, 20, 16, 48, 40, 0.5)
    borders = ours(image=picture(100, 75), fit="pad", shape="square", grow_mask=3)
    return {
        "as set by core": torch.equal(ours(image=image, mask=mask)[0]["noise_mask"], core_mask),
        "given": torch.equal(ours(image=image, mask=mask)[5], mask),
        "of another size": torch.equal(ours(image=image, mask=half)[5].round(), mask),
        "flat": torch.equal(ours(image=image, mask=mask[0])[5], mask),
        "grown": torch.equal(ours(image=image, mask=mask, grow_mask=9)[5], square(72, 56, 11, 7, 57, 49)),
        "soft": torch.equal(ours(image=image, mask=soft)[5], soft),
        "cut with the image": torch.equal(cut, square(64, 64, 32, 0, 64, 64)),
        "borders": torch.equal(borders[5], 1 - square(64, 64, 0, 11, 64, 53)),
        "borders of the latent": torch.equal(borders[0]["noise_mask"][:, 0], borders[5]),
        "the image within borders": torch.equal(borders[4][:, 8:56], by_core(picture(100, 75), 64, 48, "disabled")[1]),
        "the edge's colours": torch.equal(borders[4][:, 0], borders[4][:, 8]),
        "borders and a mask": torch.equal(
            ours(image=picture(100, 75), fit="pad", shape="square", mask=torch.ones(1, 75, 100))[5],
            torch.ones(1, 64, 64),
        ),
        "no mask for no borders": "noise_mask" not in ours(image=image, fit="pad")[0],
    }


def painted(denoise, **inputs):
    """Sample a latent of the node, and measure how much changes inside and outside of what is masked.

    Returns (inside, outside of the latent; inside, outside of the picture that is laid over the fitted image).
    """
    latent, *_, image, mask, _ = ours(**inputs)
    positive, negative = (CLIP.encode_from_tokens_scheduled(CLIP.tokenize(text)) for text in ("1girl, night sky", ""))
    sampled = core.common_ksampler(MODEL, 1, 6, 4, "euler", "normal", positive, negative, latent, denoise)[0]["samples"]
    change = (sampled - latent["samples"]).abs()
    cells = comfy.utils.reshape_mask(latent["noise_mask"], change.shape)
    decoded = core.VAEDecode().decode(VAE, {"samples": sampled})[0]
    whole = ImageCompositeMasked().composite(image, decoded, 0, 0, False, mask)[0]
    differing = (whole - image).abs()
    pixels = mask[..., None].expand_as(differing)
    assert whole.shape == decoded.shape
    return [
        float(difference[part].mean() if inside else difference[part].max())
        for difference, where in ((change, cells), (differing, pixels))
        for inside, part in ((True, where == 1), (False, where == 0))
    ]


def inpainting():
    """Return how much changes where, for an inpainted and an outpainted picture, and of several images."""
    mask = square(72, 56, 16, 16, 40, 40)
    return {
        "inpainted": painted(1.0, image=picture(72, 56), mask=mask, strength="new picture", grow_mask=6),
        "half": painted(0.5, image=picture(72, 56), mask=mask, batch_size=2),
        "outpainted": painted(1.0, image=picture(100, 75, 2), fit="pad", shape="square", batch_size=2, grow_mask=6),
    }


def refused():
    """Return what is said about inputs that can't be."""
    image = picture(100, 75)
    cases = {
        "empty": {"image": image, "mask": torch.zeros(1, 64, 64)},
        "cut": {"image": image, "shape": "portrait", "mask": square(100, 75, 0, 0, 8, 75)},
        "alone": {"mask": torch.ones(1, 64, 64)},
        "three": {"image": picture(100, 75, 2), "mask": torch.ones(3, 64, 64)},
        "no vae": {"vae": None},
        "size": {"image": image, "width": 60, "height": 64},
        "step": {
            "vae": types.SimpleNamespace(latent_channels=128, latent_dim=2, spacial_compression_encode=lambda: 16),
            "width": 72,
            "height": 64,
        },
    }
    said = {}
    for name, inputs in cases.items():
        try:
            said[name] = str(ours(**inputs)[0].keys())
        except ValueError as error:
            said[name] = str(error)
    return said


def reports():
    """Return the reports of some inputs."""
    clear = torch.cat([picture(72, 56), torch.ones(1, 56, 72, 1)], dim=-1)
    masked = {"image": picture(72, 56), "mask": square(72, 56, 0, 0, 36, 56)}
    return {"masked": ours(**masked)[-1], "transparent": ours(image=clear)[-1], "empty": ours()[-1]}


QUESTIONS = (same_as_core, empty, several_images, masks, inpainting, refused, reports)
print("answer " + json.dumps({question.__name__: question() for question in QUESTIONS}))
