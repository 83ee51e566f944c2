"""Conversions of models that diffusers and transformers made and saved, and what they load of ours."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import (
    AutoencoderTiny,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.loaders import single_file_utils
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from tagloom.runner.conversion import convert

from .published_models import MODELS, change_json, pipeline

TINY = Path(__file__).parents[2] / "tiny" / "tagloom-tiny.safetensors"
SMALL = ("small sd15", "small sdxl")
TYPES = {"unet": torch.float16, "vae": torch.float32, "text_encoder": torch.bfloat16, "text_encoder_2": torch.float16}
PIPELINES = {"small sd15": StableDiffusionPipeline, "small sdxl": StableDiffusionXLPipeline}
CLASSES = {
    "unet": UNet2DConditionModel,
    "vae": AutoencoderTiny,
    "text_encoder": CLIPTextModel,
    "text_encoder_2": CLIPTextModelWithProjection,
}


@pytest.fixture(scope="module", params=SMALL)
def saved(request, tmp_path_factory):
    """A small model's name and pipeline, each part of a type of its own, and the folder where diffusers saved it."""
    base = tmp_path_factory.mktemp("saved")
    made = pipeline(request.param, base)
    for part in MODELS[request.param]:
        getattr(made, part).to(TYPES[part])
    made.save_pretrained(base / "folder")
    return request.param, made, base / "folder"


@pytest.fixture(scope="module")
def single(saved, tmp_path_factory):
    """The single file that the folder becomes."""
    file = tmp_path_factory.mktemp("single") / "model.safetensors"
    done = convert(saved[2], file)
    assert (done.architecture, done.left_out) == (saved[0].removeprefix("small "), ())
    return file


@pytest.fixture(scope="module")
def again(single):
    """The folder that the single file becomes."""
    convert(single, single.parent / "again")
    return single.parent / "again"


def weights(folder: Path) -> dict[str, tuple[dict[str, torch.Tensor], dict[str, str]]]:
    """Return each file of tensors in a folder, and its metadata."""
    found = {}
    for path in sorted(folder.glob("*/*.safetensors")):
        with safe_open(path, "pt") as file:
            found[path.relative_to(folder).as_posix()] = (load_file(path), file.metadata())
    return found


def assert_same(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert (tensor.dtype, tensor.shape) == (theirs[name].dtype, theirs[name].shape), name
        assert torch.equal(tensor.contiguous().view(torch.uint8), theirs[name].contiguous().view(torch.uint8)), name


def test_a_folder_comes_back_bit_for_bit(saved, again):
    before, after = weights(saved[2]), weights(again)
    assert before.keys() == after.keys()
    for name, (tensors, metadata) in before.items():
        assert_same(tensors, after[name][0])
        assert metadata == after[name][1]


def test_a_file_comes_back_byte_for_byte(single, again):
    convert(again, single.parent / "second.safetensors")
    assert (single.parent / "second.safetensors").read_bytes() == single.read_bytes()
    save_file(load_file(single), single.parent / "library.safetensors", {"format": "pt"})
    assert (single.parent / "library.safetensors").read_bytes() == single.read_bytes()  # as the library writes it


def test_diffusers_loads_the_folder_as_it_was(saved, again):
    name, made, _ = saved
    loaded = PIPELINES[name].from_pretrained(again, local_files_only=True)
    for part in MODELS[name]:
        assert_same(
            {key: value.float() for key, value in getattr(made, part).state_dict().items()},
            {key: value.float() for key, value in getattr(loaded, part).state_dict().items()},
        )
    text = "a cat, masterpiece"
    assert loaded.tokenizer(text).input_ids == made.tokenizer(text).input_ids


def test_diffusers_own_reader_of_single_files_agrees(saved, single):
    """Its functions, which make a folder's tensors of a single file's, give what diffusers had saved."""
    name, _made, folder = saved
    checkpoint, theirs = load_file(single), weights(folder)
    config = json.loads((folder / "unet/config.json").read_text(encoding="utf-8"))
    unet = single_file_utils.convert_ldm_unet_checkpoint(dict(checkpoint), config)
    assert_same(unet, theirs["unet/diffusion_pytorch_model.safetensors"][0])
    config = json.loads((folder / "vae/config.json").read_text(encoding="utf-8"))
    vae = single_file_utils.convert_ldm_vae_checkpoint(dict(checkpoint), config)
    assert_same(vae, theirs["vae/diffusion_pytorch_model.safetensors"][0])
    prefix = "cond_stage_model.transformer." if name == "small sd15" else "conditioner.embedders.0.transformer."
    text = single_file_utils.convert_ldm_clip_checkpoint(dict(checkpoint), remove_prefix=prefix)
    assert_same(text, theirs["text_encoder/model.safetensors"][0])


def test_diffusers_own_reader_of_openclip_agrees(tmp_path):
    made = pipeline("small sdxl", tmp_path)
    made.save_pretrained(tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / "model.safetensors")
    read = single_file_utils.convert_open_clip_checkpoint(
        made.text_encoder_2, load_file(tmp_path / "model.safetensors"), prefix="conditioner.embedders.1.model."
    )
    theirs = made.text_encoder_2.state_dict()
    assert_same({name: tensor for name, tensor in read.items() if name in theirs}, theirs)


@pytest.mark.parametrize("how", [{"variant": "fp16"}, {"max_shard_size": "100KB"}], ids=str)
def test_variants_and_shards_are_read(tmp_path, how):
    made = pipeline("small sdxl", tmp_path)
    made.save_pretrained(tmp_path / "plain")
    made.save_pretrained(tmp_path / "other", **how)
    convert(tmp_path / "plain", tmp_path / "plain.safetensors")
    convert(tmp_path / "other", tmp_path / "other.safetensors")
    assert (tmp_path / "plain.safetensors").read_bytes() == (tmp_path / "other.safetensors").read_bytes()


def test_the_old_names_of_the_autoencoder_s_attention_are_read(tmp_path):
    pipeline("small sd15", tmp_path).save_pretrained(tmp_path / "folder")
    convert(tmp_path / "folder", tmp_path / "new.safetensors")
    path = tmp_path / "folder/vae/diffusion_pytorch_model.safetensors"
    names = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    tensors = {}
    for name, tensor in load_file(path).items():
        for new, old in names.items():
            name = name.replace(f"attentions.0.{new}.", f"attentions.0.{old}.")
        tensors[name] = tensor
    save_file(tensors, path, {"format": "pt"})
    convert(tmp_path / "folder", tmp_path / "old.safetensors")
    assert (tmp_path / "new.safetensors").read_bytes() == (tmp_path / "old.safetensors").read_bytes()


def test_an_inpainting_model_and_a_v_predicting_one(tmp_path):
    made = pipeline("small sd15", tmp_path, unet={"in_channels": 9})
    made.save_pretrained(tmp_path / "folder")
    change_json(
        tmp_path / "folder/scheduler/scheduler_config.json", prediction_type="v_prediction", rescale_betas_zero_snr=True
    )
    convert(tmp_path / "folder", tmp_path / "model.safetensors")
    assert {"v_pred", "ztsnr"} < load_file(tmp_path / "model.safetensors").keys()
    convert(tmp_path / "model.safetensors", tmp_path / "again")
    index = json.loads((tmp_path / "again/model_index.json").read_text(encoding="utf-8"))
    assert index["_class_name"] == "StableDiffusionInpaintPipeline"
    loaded = StableDiffusionPipeline.from_pretrained(tmp_path / "again", local_files_only=True)
    assert loaded.scheduler.config.prediction_type == "v_prediction"
    assert loaded.scheduler.config.rescale_betas_zero_snr
    assert loaded.scheduler.config.timestep_spacing == "trailing"
    assert not (tmp_path / "again/single_file_only.safetensors").exists()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    convert(TINY, folder)
    return folder


@pytest.mark.parametrize("part", CLASSES)
def test_the_tiny_model_s_parts_load_whole(tiny, part):
    _, told = CLASSES[part].from_pretrained(tiny / part, output_loading_info=True)
    assert {key: list(value) for key, value in told.items() if value} == {}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers' scheduler, numpy 2
def test_the_tiny_model_draws_in_diffusers(tiny):
    """Asked for a white and for a black plain background, it gives them: the parts fit one another."""
    drawn = StableDiffusionXLPipeline.from_pretrained(tiny, local_files_only=True)
    drawn.set_progress_bar_config(disable=True)
    means = []
    for colour in ("white", "black"):
        text = f"1girl, solo, simple background, {colour} background"
        generator = torch.Generator().manual_seed(1)
        size = {"width": 256, "height": 256}
        with torch.no_grad():
            picture = drawn(
                text, num_inference_steps=10, guidance_scale=4.0, output_type="pt", generator=generator, **size
            )
        means.append(float(picture.images[0, :, :40, :40].mean()))
    assert means[0] - means[1] > 0.5


def test_the_tiny_model_comes_back_byte_for_byte(tiny):
    convert(tiny, tiny.parent / "tiny.safetensors")
    assert (tiny.parent / "tiny.safetensors").read_bytes() == TINY.read_bytes()


def test_the_tiny_autoencoder_s_own_config_makes_no_noise(tiny, tmp_path):
    """As diffusers saves it, with settings that we don't write."""
    shutil.copytree(tiny, tmp_path / "folder")
    AutoencoderTiny.from_pretrained(tiny / "vae").save_pretrained(tmp_path / "folder/vae")
    assert convert(tmp_path / "folder", tmp_path / "model.safetensors").left_out == ()


def test_the_tokenizers_are_clip_s(tiny):
    first, second = (CLIPTokenizer.from_pretrained(tiny / name) for name in ("tokenizer", "tokenizer_2"))
    assert first("a cat, 1girl!").input_ids == [49406, 320, 2368, 267, 272, 1611, 256, 49407]
    assert first("x", padding="max_length").input_ids[-1] == 49407
    assert second("x", padding="max_length").input_ids[-1] == 0
    assert len(first("x", padding="max_length").input_ids) == 77
