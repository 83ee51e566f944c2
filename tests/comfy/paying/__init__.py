"""ComfyUI extension of the test server alone: a sampler without a model, and a way to say who pays for pictures."""

import os
import time

import comfy.model_management
import torch
from aiohttp import web
from server import PromptServer

LONGEST = 30.0
"""Seconds for which a sampler waits that nobody interrupts."""


class SamplerStandIn:
    """Makes pictures of a latent at once; or fails, or waits until it is interrupted or a file is there."""

    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "sample"
    CATEGORY = "stand-ins"

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802  # ComfyUI asks for this name
        return {
            "required": {
                "latent": ("LATENT",),
                "seed": ("INT", {"default": 0}),
                "how": (["works", "fails", "waits"],),
            }
        }

    def sample(self, latent, seed, how):
        if how == "fails":
            raise RuntimeError("the sampler failed")
        end = time.monotonic() + (LONGEST if how == "waits" else 0)
        while time.monotonic() < end:
            comfy.model_management.throw_exception_if_processing_interrupted()
            time.sleep(0.05)
        count, _, *steps, height, width = latent["samples"].shape
        count *= 1 + 4 * (steps[0] - 1) if steps else 1  # frames, as HunyuanVideo has them
        generator = torch.Generator().manual_seed(seed)
        return (torch.rand(count, height * 8, width * 8, 3, generator=generator),)


@PromptServer.instance.routes.post("/tests/environment")
async def set_environment(request):
    """Set the server's environment variables; those whose value is null are removed."""
    for name, value in (await request.json()).items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    return web.json_response({})


NODE_CLASS_MAPPINGS = {"SamplerStandIn": SamplerStandIn}
