"""Models go from a single file to a folder and back: bit for bit, whatever their types and shapes."""

from __future__ import annotations

import json
import struct
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.prompt.families.headers import DTYPES
from tagloom.runner.conversion import Conversion, convert
from tagloom.runner.conversion.tensor_files import transposed
from tagloom.runner.conversion.tokenizer_files import tokenizer_files

from .model_files import ARCHITECTURES, change, contents, read, tensors, write

KINDS = list(ARCHITECTURES)
METADATA = {"modelspec.title": "A title\nof «two» lines", "modelspec.architecture": "x", "steps": "5"}
TITLE = {"format": "pt", "modelspec.title": "A title"}


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def file(tmp_path, kind) -> Path:
    """A small model as a single file."""
    return write(tmp_path / "model.safetensors", tensors(kind, dtypes=("F16", "BF16", "F32")), METADATA)


def there_and_back(file: Path) -> tuple[Conversion, Conversion, Path, Path]:
    folder, second = file.parent / "folder", file.parent / "second.safetensors"
    return convert(file, folder), convert(folder, second), folder, second


def config(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_file_comes_back_byte_for_byte(file, kind):
    there, back, folder, second = there_and_back(file)
    assert second.read_bytes() == file.read_bytes()
    assert (there.architecture, back.architecture) == (kind, kind)
    assert there.left_out == back.left_out == ()
    assert there.metadata == back.metadata == METADATA
    assert back.tensors == len(read(file)[0])
    assert (there.source, there.destination, back.source, back.destination) == (file, folder, folder, second)


def test_a_folder_comes_back_byte_for_byte(file):
    _, _, folder, second = there_and_back(file)
    convert(second, file.parent / "again")
    assert contents(file.parent / "again") == contents(folder)


@settings(max_examples=25, deadline=None)
@given(data=st.data(), kind=st.sampled_from(KINDS), seed=st.integers(0, 1000))
def test_any_shape_and_type_comes_back(data, kind, seed):
    channels = tuple(data.draw(st.lists(st.sampled_from((4, 8, 12)), min_size=1, max_size=3), label="channels"))
    depths = tuple(data.draw(st.integers(0, 2), label="depth") for _ in channels)
    dtypes = data.draw(st.lists(st.sampled_from(list(DTYPES)), min_size=1, unique=True), label="types")
    options = {
        "layers": data.draw(st.integers(1, 3), label="layers"),
        "middle": depths[-1] or data.draw(st.integers(1, 2), label="middle"),
        "linear": data.draw(st.booleans(), label="linear"),
        "ends": (data.draw(st.sampled_from((4, 9)), label="channels in"), 4),
    }
    with tempfile.TemporaryDirectory() as folder:
        made = tensors(kind, seed, dtypes, channels=channels, depths=depths, **options)
        file = write(Path(folder) / "model.safetensors", made)
        _, back, _, second = there_and_back(file)
        assert second.read_bytes() == file.read_bytes()
        assert back.architecture == kind


def test_metadata_goes_into_the_parts_and_back(file):
    _, _, folder, second = there_and_back(file)
    for path in folder.glob("*/*.safetensors"):
        assert read(path)[1] == METADATA | {"format": "pt"}
    assert read(second)[1] == METADATA


def test_a_file_with_the_usual_metadata_leaves_nothing_beside_the_parts(tmp_path):
    file = write(tmp_path / "model.safetensors", tensors("sd15"), TITLE)
    there_and_back(file)
    assert not (tmp_path / "folder" / "single_file_only.safetensors").exists()
    assert (tmp_path / "second.safetensors").read_bytes() == file.read_bytes()


def test_parts_that_contradict_one_another_are_told(tmp_path):
    write(tmp_path / "model.safetensors", tensors("sd15"), TITLE)
    convert(tmp_path / "model.safetensors", tmp_path / "folder")
    vae = tmp_path / "folder" / "vae" / "diffusion_pytorch_model.safetensors"
    write(vae, read(vae)[0], {"format": "pt", "modelspec.title": "Another", "note": "x"})
    done = convert(tmp_path / "folder", tmp_path / "second.safetensors")
    assert done.metadata == TITLE | {"note": "x"}
    assert done.left_out == ("vae's metadata modelspec.title: another part says something else",)


UNREAD = (
    "scheduler's v_prediction or zero-terminal SNR: ComfyUI reads the tensors that say so in SDXL files only; "
    "put Model Sampling Discrete behind its loader"
)
EXTRAS = {
    "betas": ("F32", (3,), bytes(12)),
    "conditioner.embedders.1.model.logit_scale": ("F16", (), b"ab"),
    "cond_stage_model.transformer.vision_model.x": ("F16", (1,), b"ab"),
    "v_pred": ("F16", (0,), b""),
    "ztsnr": ("F32", (0,), b""),
}


@pytest.mark.parametrize("name", EXTRAS)
def test_what_only_the_file_has_is_kept(file, name):
    change(file, lambda found: found.update({name: EXTRAS[name]}))
    _, back, folder, second = there_and_back(file)
    assert second.read_bytes() == file.read_bytes()
    assert back.left_out == ((UNREAD,) if back.architecture == "sd15" and name in ("v_pred", "ztsnr") else ())
    made_anew = name == "ztsnr"  # which is just what a zero-terminal-SNR config makes
    assert (name in read(folder / "single_file_only.safetensors")[0]) is not made_anew


def test_position_ids_stay_in_their_text_encoder(tmp_path):
    ids = {"cond_stage_model.transformer.text_model.embeddings.position_ids": ("I64", (1, 3), bytes(24))}
    file = write(tmp_path / "model.safetensors", tensors("sd15") | ids, TITLE)
    _, _, folder, second = there_and_back(file)
    assert "text_model.embeddings.position_ids" in read(folder / "text_encoder" / "model.safetensors")[0]
    assert second.read_bytes() == file.read_bytes()


def test_the_training_s_averages_are_left_out_and_told(tmp_path):
    averages = {f"model_ema.{name}": ("F32", (1,), bytes(4)) for name in ("a", "b")}
    file = write(tmp_path / "model.safetensors", tensors("sd15") | averages)
    done = convert(file, tmp_path / "folder")
    assert done.left_out == ("model_ema.* (2 tensors): the training's averages, for which a folder has no place",)


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        ((), ("epsilon", False, "leading")),
        (("v_pred",), ("v_prediction", False, "trailing")),
        (("v_pred", "ztsnr"), ("v_prediction", True, "trailing")),
    ],
)
def test_the_prediction_is_the_scheduler_s(file, marks, expected, request):
    """The tiny model is sampled from the last step on, whatever it predicts."""
    change(file, lambda found: found.update(dict.fromkeys(marks, ("F32", (0,), b""))))
    _, _, folder, second = there_and_back(file)
    made = config(folder / "scheduler" / "scheduler_config.json")
    prediction, ends_in_noise, spacing = expected
    assert (made["prediction_type"], made["rescale_betas_zero_snr"]) == (prediction, ends_in_noise)
    assert made["timestep_spacing"] == ("trailing" if "tagloom-tiny" in request.node.name else spacing)
    assert second.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("marks", [(), ("v_pred",), ("ztsnr",), ("v_pred", "ztsnr")], ids=str)
@pytest.mark.parametrize("metadata", [{"modelspec.prediction_type": "v"}, {"modelspec.predict_key": "v", **TITLE}])
def test_the_metadata_s_word_for_v_counts(tmp_path, kind, marks, metadata):
    """The file that comes back has just the tensors that it had."""
    found = tensors(kind) | dict.fromkeys(marks, ("F32", (0,), b""))
    file = write(tmp_path / "model.safetensors", found, metadata)
    _, _, folder, second = there_and_back(file)
    made = config(folder / "scheduler" / "scheduler_config.json")
    assert (made["prediction_type"], made["rescale_betas_zero_snr"]) == ("v_prediction", "ztsnr" in marks)
    assert second.read_bytes() == file.read_bytes()


def test_a_v_predicting_folder_becomes_a_file_with_the_tensor(tmp_path):
    """Also where the metadata says it already, which no earlier file had alone."""
    metadata = TITLE | {"modelspec.prediction_type": "v"}
    found = tensors("sdxl") | {"v_pred": ("F32", (0,), b"")}
    there_and_back(write(tmp_path / "model.safetensors", found, metadata))
    assert not (tmp_path / "folder" / "single_file_only.safetensors").exists()
    assert "v_pred" in read(tmp_path / "second.safetensors")[0]


def test_metadata_that_the_scheduler_denies_is_left_out(tmp_path):
    metadata = TITLE | {"modelspec.prediction_type": "v"}
    _, _, folder, _ = there_and_back(write(tmp_path / "model.safetensors", tensors("sdxl"), metadata))
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(config(path) | {"prediction_type": "epsilon"}), encoding="utf-8")
    done = convert(folder, tmp_path / "third.safetensors")
    assert done.left_out == ("metadata modelspec.prediction_type: the scheduler's prediction_type is epsilon",)
    assert done.metadata == TITLE == read(tmp_path / "third.safetensors")[1]


def test_a_changed_scheduler_counts_more_than_what_was_kept(file):
    change(file, lambda found: found.update({"v_pred": ("F16", (0,), b"")}))
    _, _, folder, _ = there_and_back(file)
    path = folder / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(config(path) | {"prediction_type": "epsilon"}), encoding="utf-8")
    convert(folder, file.parent / "third.safetensors")
    assert "v_pred" not in read(file.parent / "third.safetensors")[0]


def test_the_tiny_model_s_scale_is_its_config_s(tmp_path):
    file = write(tmp_path / "model.safetensors", tensors("tagloom-tiny"))
    _, _, folder, _ = there_and_back(file)
    path = folder / "vae" / "config.json"
    (scale,) = struct.unpack("<f", struct.pack("<f", 0.132))
    assert config(path)["scaling_factor"] == 0.13025 / scale
    path.write_text(json.dumps(config(path) | {"scaling_factor": 1.0}), encoding="utf-8")
    convert(folder, tmp_path / "third.safetensors")
    assert read(tmp_path / "third.safetensors")[0]["first_stage_model.vae_scale"][2] == struct.pack("<f", 0.13025)


def test_the_configs_say_what_the_shapes_say(tmp_path):
    made = tensors("sdxl", channels=(64, 128), depths=(0, 3), middle=3, layers=2)
    convert(write(tmp_path / "model.safetensors", made), tmp_path / "folder")
    unet = config(tmp_path / "folder" / "unet" / "config.json")
    expected = {
        "block_out_channels": [64, 128],
        "layers_per_block": 2,
        "transformer_layers_per_block": [1, 3],
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
        "attention_head_dim": [1, 2],
        "cross_attention_dim": 12,
        "addition_time_embed_dim": 1,
        "projection_class_embeddings_input_dim": 12,
        "sample_size": 128,
        "use_linear_projection": True,
    }
    assert {name: unet[name] for name in expected} == expected


@pytest.mark.parametrize(("width", "rows", "columns"), [(1, 3, 5), (2, 4, 4), (4, 1, 7), (8, 6, 1)])
def test_a_matrix_is_transposed(width, rows, columns):
    numbers = [[bytes([row, column] * 4)[:width] for column in range(columns)] for row in range(rows)]
    turned = b"".join(numbers[row][column] for column in range(columns) for row in range(rows))
    assert transposed(turned, rows, width) == b"".join(b"".join(row) for row in numbers)


def test_the_vocabulary_is_clip_s():
    files = tokenizer_files()
    words = json.loads(files["vocab.json"])
    assert (len(words), words["!"], words["cat</w>"], words["<|endoftext|>"]) == (49408, 0, 2368, 49407)
    lines = files["merges.txt"].decode().splitlines()
    assert (len(lines), lines[0], lines[1]) == (48895, "#version: 0.2", "i n")
    assert json.loads(tokenizer_files("!")["special_tokens_map.json"])["pad_token"] == "!"
