from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tagloom.prompt as prompt
from tagloom.prompt import Header, UnknownFamily, all_families, detect, family_ids, get_family, read_header
from tagloom.prompt.families import Sidecar, detect_file
from tagloom.prompt.families.clues import plainest

TINY = Path(prompt.__file__).parent.parent / "tiny" / "tagloom-tiny.safetensors"
FIRST = "model.diffusion_model.input_blocks.0.0.weight"
CONTEXT = "model.diffusion_model.{}.transformer_blocks.0.attn2.to_k.weight"
SDXL = {FIRST: (320, 4, 3, 3), CONTEXT.format("input_blocks.4.1"): (640, 2048)}
SD15 = {FIRST: (320, 4, 3, 3), CONTEXT.format("input_blocks.1.1"): (320, 768)}
SD21 = {FIRST: (320, 4, 3, 3), CONTEXT.format("input_blocks.1.1"): (320, 1024)}
SMALL = {FIRST: (64, 4, 3, 3), CONTEXT.format("input_blocks.4.1"): (128, 192)}
FLUX = {"model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale": (128,)}
FLUX_GUIDED = {**FLUX, "model.diffusion_model.guidance_in.in_layer.weight": (3072, 256)}
ODD = {"some.tensor": (1, 2)}
V = {"v_pred": (0,)}


def header(shapes: dict[str, Any], **metadata: str) -> Header:
    return Header(shapes, {key.replace("__", "."): value for key, value in metadata.items()})


def test_the_tiny_checkpoint_is_found_by_its_shapes_though_its_metadata_says_sdxl():
    read = read_header(TINY)
    assert "stable-diffusion-xl" in read.metadata["modelspec.architecture"]
    for name in ("model.safetensors", "ponyDiffusionV6XL.safetensors", "flux1-dev.safetensors"):
        found = detect(name, read)
        assert (found.family, found.confidence) == ("tagloom_tiny", "certain")
        assert "tensor shapes" in found.evidence[0]
    assert detect_file(TINY).remarks == ()


@pytest.mark.parametrize(
    ("shapes", "title", "name", "family", "confidence"),
    [
        (SMALL, "", "x", "tagloom_tiny", "certain"),
        (FLUX, "", "x", "flux1_schnell", "certain"),
        (FLUX_GUIDED, "", "x", "flux1_dev", "guess"),
        (FLUX_GUIDED, "", "flux1-dev", "flux1_dev", "likely"),
        (FLUX_GUIDED, "", "flux1-krea-dev", "flux1_krea", "likely"),
        (FLUX, "", "flux1-dev", "flux1_schnell", "certain"),
        (SDXL, "", "x", "sdxl", "guess"),
        (SDXL, "", "flux1-dev", "sdxl", "guess"),
        (SDXL, "", "anything-v5", "sdxl", "guess"),
        (SDXL, "", "tagloom-tiny", "sdxl", "guess"),
        (SDXL, "", "ponyDiffusionV6XL", "pony_v6", "likely"),
        (SDXL, "Illustrious XL", "x", "illustrious", "likely"),
        (SDXL, "Illustrious XL", "ponyDiffusionV6XL", "pony_v6", "guess"),
        (SDXL, "SDXL merge", "ponyDiffusionV6XL", "pony_v6", "likely"),
        (SD15, "", "x", "sd15", "guess"),
        (SD15, "", "ponyDiffusionV6XL", "sd15", "guess"),
        (SD15, "", "anything-v5", "sd15_anime", "likely"),
        ({**SDXL, **V}, "", "x", "noobai_vpred", "likely"),
        ({**SDXL, **V}, "", "NoobAI-XL-v1.1", "noobai_vpred", "likely"),
        ({**SDXL, **V}, "", "illustriousXL", "noobai_vpred", "guess"),
        ({**SD15, **V}, "", "x", "sd15", "guess"),
        (SDXL, "", "NoobAI-XL-v1.1", "noobai_eps", "likely"),
        (SDXL, "", "NoobAI-XL-Vpred-v1.0", "noobai_vpred", "likely"),
        (ODD, "", "ponyDiffusionV6XL", "pony_v6", "guess"),
    ],
)
def test_shapes_come_before_the_name_and_the_name_before_the_title(shapes, title, name, family, confidence):
    """The name and the title choose only among the families of the tensors' architecture."""
    found = detect(f"{name}.safetensors", header(shapes, modelspec__title=title))
    assert (found.family, found.confidence) == (family, confidence)
    assert found.evidence


@pytest.mark.parametrize(
    ("shapes", "name", "metadata", "remark"),
    [
        (SDXL, "flux1-dev", {}, "but file name: flux1-dev"),
        (SDXL, "ponyIllustriousMix", {}, "but file name: Illustrious"),
        (
            SDXL,
            "ponyDiffusionV6XL",
            {"modelspec__title": "Illustrious XL"},
            "but title in the metadata: Illustrious XL",
        ),
        (SDXL, "NoobAI-XL-Vpred", {}, "put Model Sampling Discrete"),
        ({**SD15, **V}, "x", {}, "it predicts v"),
        ({**SDXL, "edm_mean": (4,)}, "x", {}, "it predicts edm"),
        (ODD, "ponyDiffusionV6XL", {}, "its tensors match no known architecture"),
    ],
)
def test_what_speaks_against_a_family_is_said(shapes, name, metadata, remark):
    found = detect(f"{name}.safetensors", header(shapes, **metadata))
    assert remark in "; ".join(found.remarks)
    assert remark in found.text()


@pytest.mark.parametrize(
    ("shapes", "name", "metadata"),
    [
        (SDXL, "ponyDiffusionV6XL", {"modelspec__architecture": "stable-diffusion-xl-v1-base"}),
        (SDXL, "ponyDiffusionV6XL", {"ss_sd_model_name": "illustriousXL_v01.safetensors"}),
        (SDXL, "WAI-illustrious-SDXL", {}),
        (SDXL, "autismmixSDXL", {}),
        ({**SDXL, **V}, "noobaiXLNAIXL_vPred10Version", {}),
    ],
)
def test_what_fits_together_is_no_contradiction(shapes, name, metadata):
    assert detect(f"{name}.safetensors", header(shapes, **metadata)).remarks == ()


def test_metadata_that_says_v_counts_where_the_mark_is_lost():
    found = detect("x.safetensors", header(SDXL, modelspec__prediction_type="v"))
    assert (found.family, found.confidence) == ("noobai_vpred", "likely")
    assert "v_pred" in found.remarks[0]


@pytest.mark.parametrize(
    ("name", "variant"),
    [
        ("juggernautXL_v9Rdphoto2Lightning", "lightning"),
        ("dreamshaperXL_sfwV2TurboDPMSDE", "turbo"),
        ("illustriousXL_dmd2", "lightning"),
        ("ponyXL-Hyper-SD", "lightning"),
        ("sd_xl_turbo_1.0_fp16", "turbo"),
        ("ponyDiffusionV6XL", ""),
        ("lightningbolt_xl", ""),
    ],
)
def test_a_faster_kind_is_told_by_its_name_and_brings_its_settings(name, variant):
    found = detect(f"{name}.safetensors", header(SDXL))
    assert found.variant == variant
    profile = found.profile()
    assert (profile.steps.default <= 8) == bool(variant)
    assert profile.id == found.family
    assert (variant in found.text()) if variant else (profile == get_family(found.family))


def test_metadata_alone_tells_a_title():
    found = detect("model.safetensors", metadata={"modelspec.title": "Animagine XL 4.0"})
    assert (found.family, found.confidence) == ("animagine_40", "guess")
    assert found.evidence == ("title in the metadata: Animagine XL 4",)


@pytest.mark.parametrize(
    ("metadata", "family"),
    [
        ({"modelspec.architecture": "stable-diffusion-xl-v1-base"}, "sdxl"),
        ({"modelspec.architecture": "flux-1-schnell"}, "flux1_schnell"),
        ({"modelspec.architecture": "Stable-Diffusion-v1"}, "sd15"),
        ({"ss_base_model_version": "sdxl_base_v1-0", "ss_sd_model_name": "ponyDiffusionV6XL.safetensors"}, "pony_v6"),
        ({"ss_base_model_version": "lumina2"}, "lumina2"),
        ({"modelspec.architecture": "anima-preview"}, "anima"),
    ],
)
def test_metadata_alone_tells_an_architecture(metadata, family):
    found = detect("model.safetensors", metadata=metadata)
    assert (found.family, found.confidence) == (family, "guess")


def test_far_away_a_name_that_disagrees_with_the_metadata_counts_and_it_is_said():
    found = detect("tagloom-tiny.safetensors", metadata={"modelspec.architecture": "stable-diffusion-xl-v1-base"})
    assert (found.family, found.confidence) == ("tagloom_tiny", "guess")
    assert "stable-diffusion-xl-v1-base" in found.remarks[0]


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        (SD21, "Stable Diffusion 2"),
        ({"joint_blocks.0.context_block.attn.qkv.weight": (4608, 1536)}, "Stable Diffusion 3"),
        ({"head.modulation": (1, 2, 1536)}, "Wan"),
        ({"lora_unet_down_blocks_0.lora_down.weight": (16, 320)}, "LoRA"),
        ({"x.attn.to_k.lora_A.weight": (16, 320)}, "LoRA"),
        (ODD, "tensors match no known family"),
        ({}, "tensors match no known family"),
    ],
)
def test_tensors_of_no_family_are_refused_with_what_they_are(shapes, words):
    with pytest.raises(UnknownFamily, match=words):
        detect("model.safetensors", header(shapes))


def test_the_tensors_of_another_model_are_not_outvoted_by_a_name():
    with pytest.raises(UnknownFamily, match="Stable Diffusion 2"):
        detect("ponyDiffusionV6XL.safetensors", header(SD21))


@pytest.mark.parametrize(
    "path", ["pony/juggernautXL_v9", "/models/illustrious/juggernautXL_v9", r"pony\juggernautXL_v9"]
)
def test_folders_don_t_count(path):
    """Not even those of a Windows server, whose names have backslashes."""
    assert detect(f"{path}.safetensors").family == "sdxl"


def test_a_flattened_tensor_does_not_stop_the_search():
    """Quantized files store some weights with one dimension."""
    shapes = {FIRST: (320, 4, 3, 3), CONTEXT.format("input_blocks.4.1"): (640 * 2048,)}
    assert detect("ponyDiffusionV6XL.safetensors", header(shapes)).family == "pony_v6"


def test_every_family_s_architecture_is_one_that_tensors_tell():
    """All but Flux.3's, whose tensors nobody has written down."""
    known = {rule["id"] for rule in prompt.resources.data("architectures")["rules"]}
    assert {family.architecture for family in all_families()} - known == {"flux3"}


def test_of_the_families_of_an_architecture_one_alone_is_the_plain_one():
    """It is the answer where nothing else speaks, so no other may share its priority."""
    for architecture, plain in plainest(all_families()).items():
        ranks = [family.priority for family in all_families() if family.architecture == architecture]
        assert ranks.count(get_family(plain).priority) == 1


@pytest.mark.parametrize("ending", [".ckpt", ".pt", ".gguf", ""])
def test_other_files_are_not_opened(tmp_path, ending):
    """Their names and what lies beside them is all that counts, and that is said."""
    path = tmp_path / f"ponyDiffusionV6XL{ending}"
    path.mkdir()  # what can't be opened at all
    found = detect_file(path)
    assert (found.family, found.confidence) == ("pony_v6", "guess")
    assert "only its name and sidecars count" in found.remarks[0]


def test_an_unreadable_header_leaves_the_name(tmp_path):
    path = tmp_path / "ponyDiffusionV6XL.safetensors"
    path.write_bytes(b"no header")
    found = detect_file(path)
    assert (found.family, found.confidence) == ("pony_v6", "guess")
    assert "no readable safetensors header" in found.remarks[0]


def test_a_refusal_names_all_families():
    with pytest.raises(UnknownFamily) as caught:
        detect("model.safetensors", sidecars=[Sidecar("model.json", trouble="is no readable JSON")])
    assert all(family in str(caught.value) for family in family_ids())
