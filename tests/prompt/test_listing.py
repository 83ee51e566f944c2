from __future__ import annotations

import json
import struct
import time
from pathlib import Path

import pytest

from tagloom.prompt.families import ListedModel, ModelFile, list_models, listed_from_json

CONTEXT = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"


def checkpoint(path: Path, tensors: int = 0) -> Path:
    """Write the header of an SDXL checkpoint with some tensors more."""
    shapes = {"model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3], CONTEXT: [640, 2048]}
    shapes |= {f"model.diffusion_model.output_blocks.{n}.attention.weight": [640, 640] for n in range(tensors)}
    header = json.dumps(
        {name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 0]} for name, shape in shapes.items()}
    ).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header)
    return path


def test_each_model_has_its_family_the_evidence_and_its_use(tmp_path):
    listed = list_models(
        [
            ModelFile("ponyDiffusionV6XL.safetensors", path=checkpoint(tmp_path / "a.safetensors")),
            ModelFile("flux1-dev.gguf", "diffusion_models", tmp_path / "flux1-dev.gguf"),
            ModelFile("far/x.safetensors", metadata={"modelspec.title": "Illustrious XL"}),
            ModelFile("model.ckpt", path=tmp_path / "model.ckpt"),
        ]
    )
    by_name = {model.name: model for model in listed}
    assert [model.name for model in listed] == [
        "far/x.safetensors",
        "model.ckpt",
        "ponyDiffusionV6XL.safetensors",
        "flux1-dev.gguf",
    ]
    pony, flux = by_name["ponyDiffusionV6XL.safetensors"], by_name["flux1-dev.gguf"]
    assert (pony.family, pony.confidence, pony.use, pony.folder) == ("pony_v6", "likely", "advanced", "checkpoints")
    assert pony.evidence[0].startswith("tensor shapes: SDXL")
    assert (flux.family, flux.use, flux.style) == ("flux1_dev", "easy", "sentences")
    assert "only its name and sidecars count" in flux.remarks[0]
    assert by_name["far/x.safetensors"].family == "illustrious"
    unknown = by_name["model.ckpt"]
    assert unknown.family is None and "unknown" in unknown.error
    assert all("\n" not in model.line() and model.name in model.line() for model in listed)
    assert "Pony Diffusion V6 XL, advanced (likely: tensor shapes" in pony.line()


def test_a_list_survives_json(tmp_path):
    listed = list_models(
        [
            ModelFile("juggernautXL_lightning.safetensors", path=checkpoint(tmp_path / "a.safetensors")),
            ModelFile("model.ckpt", path=tmp_path / "model.ckpt"),
        ]
    )
    assert listed[0].variant == "lightning"
    assert [listed_from_json(json.loads(json.dumps(model.as_json()))) for model in listed] == listed


@pytest.mark.parametrize("values", [None, [], "x", {}, {"name": 5}])
def test_what_is_no_entry_is_refused(values):
    with pytest.raises(ValueError):
        listed_from_json(values)


def test_an_entry_of_another_version_is_read_as_far_as_it_is_understood():
    read = listed_from_json({"name": "a", "family": 5, "evidence": "x", "remarks": [1], "new": True})
    assert read == ListedModel("a", "checkpoints", remarks=("1",))


def test_hundreds_of_checkpoints_are_quick(tmp_path):
    """The first time each header is read (of an SDXL checkpoint's length), the second time none."""
    files = [
        ModelFile(f"m{number}.safetensors", path=checkpoint(tmp_path / f"m{number}.safetensors", 2500))
        for number in range(100)
    ]
    first = time.perf_counter()
    listed = list_models(files)
    second = time.perf_counter()
    assert list_models(files) == listed
    again = time.perf_counter() - second
    assert second - first < 10
    assert again < 1
    print(f"100 checkpoints: {second - first:.2f} s, again {again:.3f} s")
