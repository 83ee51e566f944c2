"""The list of models on a real ComfyUI, and the node that picks one of them."""

import json
import struct

import pytest

from tagloom.runner import cli, places
from tagloom.runner.models import list_folders, list_server
from tagloom.runner.server.client import Client

TINY = "tagloom-tiny.safetensors"
ONE_STEP = {"seed": 1, "steps": 1, "cfg": 1, "sampler_name": "euler", "scheduler": "normal", "denoise": 1}
CONTEXT = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"


@pytest.fixture
def model(server):
    """A second checkpoint among the server's: the header of a file that nobody could load."""
    shapes = {"model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3], CONTEXT: [640, 2048]}
    metadata = {"modelspec.title": "Illustrious XL"}
    header = json.dumps({"__metadata__": metadata, **{name: {"shape": shape} for name, shape in shapes.items()}})
    path = places.models() / "checkpoints" / "sub" / "odd.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(header)) + header.encode())
    yield path
    path.unlink()


def test_the_server_s_list_is_the_one_that_is_read_here(server, model):
    """The pack reads the same headers by the same functions, so both are equally sure."""
    told, read = list_server(server.url).models, list_folders(None).models
    assert told == read
    assert {(entry.name, entry.family, entry.confidence) for entry in told} == {
        (TINY, "tagloom_tiny", "certain"),
        ("sub/odd.safetensors", "illustrious", "likely"),
    }


def test_a_server_without_the_pack_tells_less(server, model, monkeypatch):
    """ComfyUI's own routes give names and metadata: the families are found, but with lower confidence."""
    monkeypatch.setattr(Client, "tagloom_models", lambda self: None)
    told = {entry.name: (entry.family, entry.confidence) for entry in list_server(server.url).models}
    assert told == {TINY: ("tagloom_tiny", "guess"), "sub/odd.safetensors": ("illustrious", "guess")}


def test_the_command_lists_them(server, model, capsys):
    assert cli.main(["models", "--server", server.url]) == 0
    assert f"  {TINY}: Tagloom Tiny, advanced (certain: " in capsys.readouterr().out


def test_the_picker_loads_a_checkpoint_and_tells_what_it_is(outputs):
    links = {"model": ["1", 0], "positive": ["3", 0], "negative": ["3", 0], "latent_image": ["4", 0]}
    graph = {
        "1": {"class_type": "TagloomModelPicker", "inputs": {"ckpt_name": TINY, "family": "auto"}},
        "2": {"class_type": "TagloomImageSize", "inputs": {"family": ["1", 3], "shape": "portrait"}},
        "3": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": "1girl"}},
        "4": {"class_type": "EmptyLatentImage", "inputs": {"width": ["2", 0], "height": ["2", 1], "batch_size": 1}},
        "5": {"class_type": "KSampler", "inputs": {**links, **ONE_STEP}},
        "6": {"class_type": "VAEDecode", "inputs": {"samples": ["5", 0], "vae": ["1", 2]}},
        "7": {"class_type": "PreviewImage", "inputs": {"images": ["6", 0]}},
        "8": {"class_type": "PreviewAny", "inputs": {"source": ["1", 4]}},
        "9": {"class_type": "PreviewAny", "inputs": {"source": ["1", 5]}},
    }
    shown = outputs(graph)
    assert shown["7"]["images"]
    assert shown["8"]["text"][0].startswith("Tagloom Tiny (certain: tensor shapes: Tagloom Tiny")
    assert f"{TINY}: Tagloom Tiny, advanced (certain" in shown["9"]["text"][0]
