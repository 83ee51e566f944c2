"""The latent that a run starts from: of a base image, of the part of it that a mask leaves open, or an empty one."""

import comfy.model_management
import torch
from comfy_api.latest import io

from ..prompt import PromptError, Size, as_list, fitting
from ..prompt.fitting import FITS, OF_IMAGE, Fitted
from ..prompt.sizes import LARGEST, SHAPES
from ..prompt.strengths import CUSTOM, STRENGTHS
from .pixels import fitted_image, fitted_mask
from .types import CATEGORY, family_input

LARGEST_GROWTH = 256


class TagloomBaseImage(io.ComfyNode):
    """Fits a base image into a size of the family and encodes it, or gives an empty latent."""

    @classmethod
    def define_schema(cls):
        """Describe the node to ComfyUI."""
        return io.Schema(
            node_id="TagloomBaseImage",
            display_name="Base Image",
            category=CATEGORY,
            description="Gives the latent to start from. With a base image: the image in the family's size that is "
            "nearest to its aspect, and how much of it changes. With a mask too, only the masked part changes. "
            "Without an image: an empty latent of the family's size.",
            inputs=[
                io.Vae.Input("vae", tooltip="The model's VAE. It also tells how latents of this model are made."),
                family_input(),
                io.Combo.Input(
                    "shape",
                    options=[OF_IMAGE, *(shape for shape in SHAPES if shape != OF_IMAGE)],
                    default=OF_IMAGE,
                    tooltip="Which of the family's sizes. Without an image, the first choice is the recommended size.",
                ),
                io.Combo.Input(
                    "fit",
                    options=list(FITS),
                    default=FITS[0],
                    tooltip="Where the image has another aspect: crop cuts two sides off; pad adds borders, and only "
                    "these are painted; stretch distorts.",
                ),
                io.Combo.Input(
                    "strength",
                    options=[*STRENGTHS, CUSTOM],
                    default="similar",
                    tooltip="How much of the image changes: "
                    + ", ".join(f"{name} {denoise:g}" for name, denoise in STRENGTHS.items())
                    + f"; {CUSTOM} takes denoise.",
                ),
                io.Float.Input(
                    "denoise",
                    default=0.6,
                    min=0.01,
                    max=1.0,
                    step=0.01,
                    tooltip=f"How much of the image changes, with the strength {CUSTOM} alone.",
                ),
                io.Int.Input("batch_size", default=1, min=1, max=4096, tooltip="Pictures of each base image."),
                io.Image.Input("image", optional=True, tooltip="The base image, or several."),
                io.Mask.Input("mask", optional=True, tooltip="What of the image changes: inpainting. The rest stays."),
                io.Int.Input(
                    "grow_mask",
                    default=6,
                    min=0,
                    max=LARGEST_GROWTH,
                    tooltip="How many pixels what is painted reaches beyond the mask or the borders, so that no seam "
                    "is seen.",
                ),
                io.Int.Input("width", default=0, min=0, max=LARGEST, step=8, tooltip="Pixels; 0 is the family's."),
                io.Int.Input("height", default=0, min=0, max=LARGEST, step=8, tooltip="Pixels; 0 is the family's."),
            ],
            outputs=[
                io.Latent.Output(display_name="latent", tooltip="For the sampler."),
                io.Float.Output(
                    display_name="denoising strength", tooltip="For the sampler's denoise; 1 without an image."
                ),
                io.Int.Output(display_name="picture width", tooltip="Pixels."),
                io.Int.Output(display_name="picture height", tooltip="Pixels."),
                io.Image.Output(
                    display_name="fitted image", tooltip="The base image in the picture's size; black without one."
                ),
                io.Mask.Output(
                    display_name="fitted mask",
                    tooltip="What changes, in the picture's size: for Image Composite Masked, which lays the picture "
                    "over the fitted image.",
                ),
                io.String.Output(display_name="report", tooltip="What became of the image."),
            ],
        )

    @classmethod
    def execute(
        cls, vae, family, shape, fit, strength, denoise, batch_size, grow_mask, width, height, image=None, mask=None
    ) -> io.NodeOutput:
        """Return the latent and what it was made of; `image` is (batch, height, width, channels), 0 to 1."""
        if vae is None:
            raise ValueError("the model has no VAE of its own: load one and connect it to vae")
        if image is None and mask is not None:
            raise PromptError("a mask says what of a base image changes, but there is no image; connect one")
        fitted = _fitted(vae, family, shape, fit, strength, denoise, image, (width, height))
        if image is None:
            latent, pixels, changing = _empty(vae, fitted.size, batch_size)
        else:
            latent, pixels, changing = _encoded(vae, fitted, image, mask, grow_mask, batch_size)
        report = as_list("\n".join([fitted.report(), *_remarks(image, mask, changing)]))
        return io.NodeOutput(latent, fitted.denoise, *fitted.size, pixels, changing, report)


def _fitted(vae, family, shape, how, strength, denoise, image, wanted) -> Fitted:
    of_image = None if image is None else Size(image.shape[2], image.shape[1])
    return fitting.fit(family, shape, how, strength, denoise, of_image, wanted, vae.spacial_compression_encode())


def _empty(vae, size: Size, count: int):
    """Return an empty latent of the VAE's own kind, and a black picture that changes all over."""
    step = vae.spacial_compression_encode()
    device = comfy.model_management.intermediate_device()
    samples = torch.zeros([count, vae.latent_channels, size.height // step, size.width // step], device=device)
    return {"samples": samples}, torch.zeros(count, size.height, size.width, 3), _everything(size)


def _encoded(vae, fitted: Fitted, image, mask, grow: int, count: int):
    """Return the latent of each image, so often as is wanted; the images in their size; and what changes of them."""
    pixels = fitted_image(image, fitted)
    samples = _latent(vae, pixels)
    latent = {"samples": samples.repeat(count, *[1] * (samples.ndim - 1))}
    pixels = pixels.repeat(count, 1, 1, 1)
    if mask is None and not fitted.has_border:
        return latent, pixels, _everything(fitted.size)
    changing = fitted_mask(mask, fitted, grow)
    if len(changing) not in (1, len(image)):
        raise PromptError(f"there are {len(changing)} masks for {len(image)} images; give one, or one for each image")
    changing = changing if len(changing) == 1 else changing.repeat(count, 1, 1)
    single = [1] * (samples.ndim - 3)  # a channel, and a frame where latents have frames
    latent["noise_mask"] = changing.reshape(-1, *single, *changing.shape[-2:])
    return latent, pixels, changing


def _everything(size: Size):
    return torch.ones(1, size.height, size.width)


def _latent(vae, pixels):
    """Return the latents of pictures; a VAE of films would take several pictures for one film."""
    if vae.latent_dim == 3:
        return torch.cat([vae.encode(single) for single in pixels.split(1)])
    return vae.encode(pixels)


def _remarks(image, mask, changing) -> list[str]:
    """Return what should be said about the mask."""
    if mask is not None:
        return [f"inpainting: {changing.mean():.0%} of the picture changes, the rest stays"]
    if image is not None and image.shape[-1] == 4:
        return ["the image is partly transparent, which counts for nothing; connect its mask to paint there"]
    return []


NODES = [TagloomBaseImage]
