"""Damaged, hostile and foreign models are refused in one line, and leave nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import struct
from pathlib import Path

import pytest

from tagloom.runner.conversion import convert, tensor_files, writing
from tagloom.runner.errors import ConversionError, UsageError

from .model_files import change, contents, read, tensors, write, write_raw

UNET = "model.diffusion_model."
TO_Q = UNET + "middle_block.1.transformer_blocks.0.attn1.to_q.weight"
PROJECTION = "conditioner.embedders.1.model.text_projection"
ENTRY = {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}


@pytest.fixture
def file(tmp_path) -> Path:
    return write(tmp_path / "model.safetensors", tensors("sdxl"))


@pytest.fixture
def folder(file, tmp_path) -> Path:
    convert(file, tmp_path / "folder")
    file.unlink()
    return tmp_path / "folder"


def refused(source: Path, kind: type[Exception] = ConversionError) -> str:
    """Return why a model is refused; nothing new may lie beside it."""
    before = sorted(source.parent.iterdir())
    destination = source.parent / ("new.safetensors" if source.is_dir() else "new")
    with pytest.raises(kind) as error:
        convert(source, destination)
    assert sorted(source.parent.iterdir()) == before
    assert "\n" not in str(error.value) and len(str(error.value)) < 600
    return str(error.value)


HEADERS = {
    "no JSON": b"{",
    "a list": b"[]",
    "a name twice": b'{"a":%b,"a":%b}' % (2 * (json.dumps(ENTRY).encode(),)),
    "no dtype": {"a": {"shape": [2], "data_offsets": [0, 4]}},
    "an unknown type": {"a": ENTRY | {"dtype": "F13"}},
    "a type that is a list": {"a": ENTRY | {"dtype": []}},
    "a shape that is wrong": {"a": ENTRY | {"shape": [3]}},
    "a negative shape": {"a": ENTRY | {"shape": [-1, -2]}},
    "a true shape": {"a": {"dtype": "U8", "shape": [True, 4], "data_offsets": [0, 4]}},
    "a huge shape": {"a": ENTRY | {"shape": [10**300] * 64}},
    "many axes": {"a": ENTRY | {"shape": [1] * 100}},
    "text for a place": {"a": ENTRY | {"data_offsets": ["0", "4"]}},
    "one place": {"a": ENTRY | {"data_offsets": [4]}},
    "a place behind the end": {"a": ENTRY | {"data_offsets": [4, 8]}},
    "places that overlap": {"a": ENTRY, "b": ENTRY | {"data_offsets": [2, 6]}},
    "a gap": {"a": ENTRY | {"shape": [1], "data_offsets": [0, 2]}, "b": ENTRY | {"shape": [0], "data_offsets": [3, 3]}},
    "too little": {"a": ENTRY | {"shape": [1], "data_offsets": [0, 2]}},
    "metadata that is no text": {"__metadata__": {"x": 5}, "a": ENTRY},
    "half a character": b'{"__metadata__":{"x":"\\ud800"},"a":%b}' % json.dumps(ENTRY).encode(),
    "a long name": {"x" * 10**5: ENTRY | {"dtype": "F13"}},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_damaged_headers(tmp_path, header):
    told = refused(write_raw(tmp_path / "model.safetensors", header, bytes(4)))
    assert told.startswith("model.safetensors: it is no whole safetensors file (")


def test_a_file_that_is_cut_off(file):
    os.truncate(file, file.stat().st_size - 1)
    assert "its tensors end at" in refused(file)


@pytest.mark.parametrize(("size", "expected"), [(0, "it is empty;"), (5, "it is cut off after 5 bytes;")])
def test_a_file_without_a_header(file, size, expected):
    os.truncate(file, size)
    assert refused(file).startswith(f"model.safetensors: {expected}")


def test_depths_that_diffusers_can_t_hold(tmp_path):
    file = write(tmp_path / "model.safetensors", tensors("sdxl", depths=(0, 2), middle=3))
    assert "its last level has attentions of depth 2, and its middle block one of 3; diffusers" in refused(file)


def test_a_header_that_is_said_to_be_huge(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(struct.pack("<Q", 2**40) + b"{}")
    assert "a header of 1099511627776 bytes" in refused(path)


def test_a_file_that_shrinks_while_it_is_read(tmp_path):
    span = tensor_files.Span(tmp_path / "short", 0, 10)
    span.path.write_bytes(b"12345")
    with pytest.raises(ConversionError, match="became shorter"):
        tensor_files.contents(tensor_files.Tensor("U8", (10,), (span,)))


FOREIGN = {
    "nothing known": ({"a": (2,)}, "nothing known"),
    "a LoRA": ({"lora_unet_x.lora_up.weight": (2, 2)}, "a LoRA"),
    "a ControlNet": ({"control_model.input_hint_block.0.weight": (2, 2)}, "a ControlNet"),
    "a VAE": ({"encoder.conv_in.weight": (2, 2), "decoder.conv_in.weight": (2, 2)}, "a VAE alone"),
    "a UNet": ({f"{UNET}x.weight": (2, 2)}, "a UNet alone"),
}


@pytest.mark.parametrize(("shapes", "expected"), FOREIGN.values(), ids=FOREIGN)
def test_foreign_files(tmp_path, shapes, expected):
    found = {
        name: ("U8", shape, bytes(shape[0] * (shape[1] if len(shape) > 1 else 1))) for name, shape in shapes.items()
    }
    told = refused(write(tmp_path / "model.safetensors", found))
    assert f"it looks like {expected}" in told
    assert "SD 1.5, of SDXL and of the tiny model can be converted" in told


def zeros(*shape: int):
    size = 2
    for number in shape:
        size *= number
    return ("F16", shape, bytes(size))


DAMAGE = {
    "one is missing": (lambda found: found.pop(TO_Q), "unet: it lacks middle_block.1.transformer_blocks.0."),
    "one has another shape": (lambda found: found.update({TO_Q: zeros(8, 9)}), "has the shape [8, 9] where [8, 8] bel"),
    "one is unknown": (lambda found: found.update({UNET + "x": zeros(1)}), "unet: it has x, which those of SD 1.5"),
    "an encoder's is missing": (lambda found: found.pop(PROJECTION), "text_encoder_2: it lacks text_projection"),
    "an axis is missing": (
        lambda found: found.update({PROJECTION: zeros(8)}),
        "has the shape [8], which no such model",
    ),
    "the text is too wide": (
        lambda found: found.update({n: zeros(*s[1][:-1], 13) for n, s in found.items() if "attn2.to_k" in n}),
        "unet: it takes texts of width 13, and the text encoders give 12",
    ),
    "channels": (
        lambda found: found.update({UNET + "input_blocks.0.0.weight": zeros(4, 5, 3, 3)}),
        "it takes 5 channels",
    ),
    "another attention": (
        lambda found: found.update({"first_stage_model.decoder.up.0.attn.0.q.weight": zeros(1)}),
        "vae: it has decoder.up.0.attn.0.q.weight, which those of SD 1.5",
    ),
    "a layer too many": (
        lambda found: found.update({"conditioner.embedders.1.model.transformer.resblocks.9.ln_1.bias": zeros(1)}),
        "text_encoder_2: it has transformer.resblocks.9.ln_1.bias, which",
    ),
    "EDM": (lambda found: found.update({"edm_mean": zeros(1), "edm_std": zeros(1)}), "Playground 2.5, can't be conv"),
    "no middle attention": (
        lambda found: [found.pop(name) for name in list(found) if "middle_block.1.transformer" in name],
        "unet: it lacks middle_block.1.transformer_blocks.0.attn2.to_k.weight",
    ),
    "many are missing": (
        lambda found: [found.pop(name) for name in list(found) if ".attn1." in name],
        "attn1.to_v.weight and 17 more",
    ),
}


@pytest.mark.parametrize(("action", "expected"), DAMAGE.values(), ids=DAMAGE)
def test_files_that_lack_something(file, action, expected):
    change(file, action)
    assert expected in refused(file)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_tiny_model_of_no_scale(tmp_path, scale):
    file = write(tmp_path / "model.safetensors", tensors("tagloom-tiny"))
    change(file, lambda found: found.update({"first_stage_model.vae_scale": ("F32", (), struct.pack("<f", scale))}))
    assert "which can't be converted" in refused(file)


def edit(path: Path, **values) -> None:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | values), encoding="utf-8")


def index_of(folder: Path, weight_map) -> None:
    """Replace the UNet's file by shards."""
    (folder / "unet" / "diffusion_pytorch_model.safetensors").rename(folder / "unet" / "one.safetensors")
    path = folder / "unet" / "diffusion_pytorch_model.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": weight_map}), encoding="utf-8")


def pickled(folder: Path) -> None:
    (folder / "vae" / "diffusion_pytorch_model.safetensors").rename(folder / "vae" / "diffusion_pytorch_model.bin")


INDEX, SCHEDULER = "model_index.json", "scheduler/scheduler_config.json"
OTHER_SCHEDULERS = {
    "EDMDPMSolverMultistepScheduler": {"sigma_data": 0.5, "sigma_max": 80.0},
    "EDMEulerScheduler": {},
    "FlowMatchEulerDiscreteScheduler": {},
    "UniPCMultistepScheduler": {"use_flow_sigmas": True},
    "EulerDiscreteScheduler": {"timestep_type": "continuous", "sigma_max": 700.0},
}
FOLDERS = {
    "no index": (
        lambda folder: (folder / INDEX).unlink(),
        "folder: model_index.json is missing, which every diffusers folder has",
    ),
    "a list": (lambda folder: (folder / INDEX).write_text("[]"), "holds no JSON object"),
    "no JSON": (lambda folder: (folder / INDEX).write_text("{"), "is no readable JSON"),
    "deep JSON": (lambda folder: (folder / INDEX).write_text("[" * 10**5), "is no readable JSON"),
    "long JSON": (lambda folder: (folder / INDEX).write_text(" " * 5_000_000), "is longer than"),
    "Flux": (lambda folder: edit(folder / INDEX, transformer=["diffusers", "FluxTransformer2DModel"]), "transformer"),
    "the refiner": (lambda folder: edit(folder / INDEX, text_encoder=[None, None]), "looks like SDXL's refiner"),
    "no VAE": (lambda folder: edit(folder / INDEX, vae=[None, None]), "it has no component vae"),
    "a pickle": (pickled, "vae has only diffusion_pytorch_model.bin, a pickle, which is never opened"),
    "no weights": (lambda folder: shutil.rmtree(folder / "vae"), "vae has no diffusion_pytorch_model.safetensors"),
    "no map": (lambda folder: index_of(folder, []), "has no weight_map"),
    "a way out": (lambda folder: index_of(folder, {"a": "../x.safetensors"}), "names '../x.safetensors', which is no"),
    "a way out in Windows": (lambda folder: index_of(folder, {"a": "..\\x.safetensors"}), "which is no safetensors"),
    "a pickled shard": (lambda folder: index_of(folder, {"a": "x.bin"}), "names 'x.bin', which is no safetensors"),
    "a missing shard": (lambda folder: index_of(folder, {"a": "x.safetensors"}), "is no file"),
    "another map": (lambda folder: index_of(folder, {"a": "one.safetensors"}), "don't agree on"),
    "many shards": (lambda folder: index_of(folder, {str(n): f"{n}.safetensors" for n in range(2000)}), "2000 files"),
    "a prediction": (
        lambda folder: edit(folder / "scheduler/scheduler_config.json", prediction_type="sample"),
        "its scheduler's prediction_type is 'sample'",
    ),
    "latents' means": (
        lambda folder: edit(folder / "vae/config.json", latents_mean=[0.1] * 4),
        "its vae/config.json has latents_mean, as Playground 2.5",
    ),
    **{
        f"the scheduler {name}": (
            lambda folder, name=name, rest=rest: edit(folder / SCHEDULER, _class_name=name, **rest),
            f"its scheduler is '{name}'",
        )
        for name, rest in OTHER_SCHEDULERS.items()
    },
    "an empty file": (
        lambda folder: (folder / "unet/diffusion_pytorch_model.safetensors").write_bytes(b""),
        "folder: unet/diffusion_pytorch_model.safetensors: it is empty",
    ),
    "an empty file beside the parts": (
        lambda folder: (folder / "single_file_only.safetensors").write_bytes(b""),
        "folder: single_file_only.safetensors: it is empty",
    ),
    "another class": (
        lambda folder: edit(folder / "unet/config.json", _class_name="UNet3DConditionModel"),
        "unet is a 'UNet3DConditionModel'; UNet2DConditionModel is supported",
    ),
    "mixed types": (
        lambda folder: change(
            folder / "text_encoder_2/model.safetensors",
            lambda found: found.update({"text_model.encoder.layers.0.self_attn.q_proj.bias": ("F32", (8,), bytes(32))}),
        ),
        "become one tensor, but are of the types ['F16', 'F32']",
    ),
    "a clash": (
        lambda folder: write(folder / "single_file_only.safetensors", {TO_Q: zeros(8, 8)}),
        "which the parts hold themselves",
    ),
}


@pytest.mark.parametrize(("action", "expected"), FOLDERS.values(), ids=FOLDERS)
def test_folders_that_are_wrong(folder, action, expected):
    action(folder)
    assert expected in refused(folder)


def test_a_pipe_is_not_read(folder):
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    path.unlink()
    os.mkfifo(path)
    assert "vae has no" in refused(folder)


def test_links_as_in_hugging_face_s_cache_are_followed(folder, tmp_path):
    convert(folder, tmp_path / "plain.safetensors")
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    (tmp_path / "blobs").mkdir()
    path.rename(tmp_path / "blobs" / "1f")
    path.symlink_to(tmp_path / "blobs" / "1f")
    convert(folder, tmp_path / "linked.safetensors")
    assert (tmp_path / "linked.safetensors").read_bytes() == (tmp_path / "plain.safetensors").read_bytes()


def test_the_disk_is_full(file, monkeypatch):
    usage = shutil.disk_usage(file.parent)
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda path: usage._replace(free=1_000_000))
    assert "has 1 MB free, and the model needs" in refused(file)


def test_a_place_that_can_t_be_written(file, monkeypatch):
    def refuse(**arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(writing.tempfile, "TemporaryFile", refuse)
    assert "can't be written (Permission denied); give another place" in refused(file)


@pytest.mark.parametrize("stopped", [1, 2])
def test_an_end_between_two_names_leaves_the_old_folder(folder, tmp_path, monkeypatch, stopped):
    """The old folder is put aside, and the new one takes its name: Ctrl-C before either."""
    convert(folder, tmp_path / "model.safetensors")
    before, calls, rename = contents(tmp_path), [], Path.rename

    def interrupted(path: Path, target: Path) -> Path:
        calls.append(target)
        if len(calls) == stopped:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        convert(tmp_path / "model.safetensors", folder, force=True)
    assert contents(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "model.safetensors"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("to_file", [True, False])
def test_an_end_in_the_middle_leaves_nothing(folder, tmp_path, error, to_file):
    """Not even where a model was to be replaced: that one stays as it was."""
    convert(folder, tmp_path / "model.safetensors")
    convert(tmp_path / "model.safetensors", tmp_path / "old")
    ends = (folder, tmp_path / "model.safetensors") if to_file else (tmp_path / "model.safetensors", tmp_path / "old")
    before = contents(tmp_path)

    def stop(count: int, total: int) -> None:
        raise error

    with pytest.raises(error):
        convert(*ends, force=True, watch=stop)
    assert contents(tmp_path) == before


def test_destinations_that_are_refused(folder, tmp_path):
    file = tmp_path / "model.safetensors"
    convert(folder, file)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "letter.txt").write_text("mine")
    shutil.copy(file, folder / "inside.safetensors")
    (pickle := tmp_path / "model.ckpt").write_bytes(b"pickled")
    cases = [
        (folder, file, False, "is there already; --force replaces it"),
        (file, folder, False, "is there already; --force replaces it"),
        (folder, tmp_path / "x", False, "a folder becomes a single file"),
        (folder, tmp_path / "own", True, "a folder becomes a single file"),
        (file, tmp_path / "x.safetensors", False, "a single file becomes a folder"),
        (file, tmp_path / "own", True, "has no model_index.json, so it is no model"),
        (folder / "inside.safetensors", folder, True, "has the source in it"),
        (folder, folder / "inside.safetensors", True, "is in the source, and is not replaced"),
        (file, tmp_path / "no" / "where", False, "is no folder; make it first"),
        (tmp_path / "missing", tmp_path / "x", False, "does not exist"),
        (tmp_path / "missing.safetensors", tmp_path / "x", False, "does not exist"),
        (pickle, tmp_path / "x", False, "pickles are never opened"),
    ]
    before = contents(tmp_path)
    for source, destination, force, expected in cases:
        with pytest.raises(UsageError, match=expected):
            convert(source, destination, force=force)
    assert contents(tmp_path) == before


def test_a_model_is_replaced_by_force(folder, tmp_path):
    convert(folder, tmp_path / "model.safetensors")
    (folder / "README.md").write_text("old")
    write(tmp_path / "other.safetensors", tensors("sd15"))
    convert(tmp_path / "other.safetensors", folder, force=True)
    assert not (folder / "text_encoder_2").exists() and not (folder / "README.md").exists()
    convert(folder, tmp_path / "model.safetensors", force=True)
    assert read(tmp_path / "model.safetensors") == read(tmp_path / "other.safetensors")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "model.safetensors", "other.safetensors"]
