"""A schedule's picture is that of a graph of core nodes made by hand, pixel for pixel."""

import numpy as np
import pytest
import requests
from PIL import Image

STEPS, SIZE, SEED = 6, 128, 5
DAY, NIGHT = "1girl, blue hair, blue sky", "1girl, red hair, night sky"


def model_sigmas() -> np.ndarray:
    """Return SDXL's noise levels, (1000), rising: beta runs linearly in its root from 0.00085 to 0.012."""
    kept = np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
    return np.sqrt((1 - kept) / kept)


def karras(steps: int) -> np.ndarray:
    """Return the noise levels of the Karras schedule, rho 7, without the 0 at its end (arXiv:2206.00364, eq. 5)."""
    low, high = model_sigmas()[[0, -1]] ** (1 / 7)
    return (high + np.linspace(0, 1, steps) * (low - high)) ** 7


def share_after(step: int) -> float:
    """Return a share of the model's time that lies between a step's noise level and the next one's."""
    above, below = karras(STEPS)[step - 1 : step + 1]
    nearest = np.abs(np.log(model_sigmas()) - np.log(above * below) / 2).argmin()
    assert below < model_sigmas()[nearest] < above
    return 1 - nearest / 999


def sampled(positive: dict, link: list) -> dict:
    """Return a graph that makes a picture of a conditioning."""
    sampler = {"seed": SEED, "steps": STEPS, "cfg": 4.0, "sampler_name": "euler", "scheduler": "karras", "denoise": 1.0}
    links = {"model": ["load", 0], "positive": link, "negative": ["negative", 0], "latent_image": ["latent", 0]}
    nodes = {
        "load": ("CheckpointLoaderSimple", {"ckpt_name": "tagloom-tiny.safetensors"}),
        "negative": ("CLIPTextEncode", {"clip": ["load", 1], "text": "lowres"}),
        "latent": ("EmptyLatentImage", {"width": SIZE, "height": SIZE, "batch_size": 1}),
        "sampler": ("KSampler", sampler | links),
        "decode": ("VAEDecode", {"samples": ["sampler", 0], "vae": ["load", 2]}),
        "save": ("SaveImage", {"images": ["decode", 0], "filename_prefix": "schedules"}),
        **positive,
    }
    return {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}


def by_hand(*texts: str, borders: tuple[float, ...]) -> dict:
    """Return a graph of core nodes in which texts follow one another at shares of the model's time."""
    nodes = {}
    link = None
    for number, (text, begin, end) in enumerate(zip(texts, (0.0, *borders), (*borders, 1.0), strict=True)):
        nodes[f"text{number}"] = ("CLIPTextEncode", {"clip": ["load", 1], "text": text})
        times = {"conditioning": [f"text{number}", 0], "start": begin, "end": end}
        nodes[f"part{number}"] = ("ConditioningSetTimestepRange", times)
        if link is not None:
            both = {"conditioning_1": link, "conditioning_2": [f"part{number}", 0]}
            nodes[f"both{number}"] = ("ConditioningCombine", both)
        link = [f"part{number}" if link is None else f"both{number}", 0]
    return sampled(nodes, link)


def ours(prompt: str) -> dict:
    """Return a graph in which Encode Prompt reads a schedule."""
    settings = {"sampler": "euler", "scheduler": "karras", "steps": STEPS, "denoise": 1.0}
    encoded = {"clip": ["load", 1], "text": prompt, "dialect": "a1111", "tag_aware": True, "steps": ["steps", 0]}
    nodes = {
        "steps": ("TagloomSamplingSteps", {"model": ["load", 0], **settings}),
        "encode": ("TagloomTextEncode", encoded),
    }
    return sampled(nodes, ["encode", 0])


@pytest.fixture
def picture(outputs, server):
    """A function from a graph to the pixels that the server makes of it."""

    def made(graph: dict) -> np.ndarray:
        (file,) = outputs(graph)["save"]["images"]
        answer = requests.get(f"{server.url}/view", params=file, stream=True, timeout=30)
        return np.asarray(Image.open(answer.raw))

    return made


@pytest.mark.parametrize(
    ("prompt", "texts", "borders"),
    [
        (f"[{DAY}:{NIGHT}:0.5]", (DAY, NIGHT), (3,)),
        (f"[{DAY}:{NIGHT}:2]", (DAY, NIGHT), (2,)),
        ("1girl, [hat|cat] ears", ("1girl, hat ears", "1girl, cat ears") * 3, (1, 2, 3, 4, 5)),
    ],
)
def test_a_schedule_is_its_graph_made_by_hand(picture, prompt, texts, borders):
    hand = picture(by_hand(*texts, borders=tuple(map(share_after, borders))))
    assert np.array_equal(picture(ours(prompt)), hand)
    assert not np.array_equal(picture(by_hand(texts[0], borders=())), hand)
