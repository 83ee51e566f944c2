"""Which family a file's tensors and its name tell: every family, and the traps."""

from __future__ import annotations

from typing import Any

import pytest

from tagloom.prompt import Header, UnknownFamily, all_families, detect, family_ids, get_family
from tagloom.prompt.families.names import families_named, variant_named

UNET = {"input_blocks.0.0.weight": (320, 4, 3, 3)}
SDXL = {**UNET, "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (640, 2048)}
SD15 = {**UNET, "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight": (320, 768)}
TINY = {
    "input_blocks.0.0.weight": (64, 4, 3, 3),
    "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": (128, 192),
}
FLUX = {"double_blocks.0.img_attn.norm.key_norm.scale": (128,), "img_in.weight": (3072, 64)}
GUIDED = {**FLUX, "guidance_in.in_layer.weight": (3072, 256)}
FLUX2 = {**FLUX, "double_stream_modulation_img.lin.weight": (36864, 6144)}
LUMINA = {"cap_embedder.1.weight": (2304, 2304), "noise_refiner.0.attention.k_norm.weight": (96,)}
Z_IMAGE = {"cap_embedder.1.weight": (3840, 2560), "cap_pad_token": (1, 3840)}

FAMILIES: dict[str, tuple[dict[str, Any], str]] = {
    "tagloom_tiny": (TINY, "tagloom-tiny"),
    "sd15": (SD15, "v1-5-pruned-emaonly"),
    "sd15_anime": (SD15, "anything-v5-PrtRE"),
    "sdxl": (SDXL, "sd_xl_base_1.0"),
    "animagine_31": (SDXL, "animagine-xl-3.1"),
    "animagine_40": (SDXL, "animagine-xl-4.0-opt"),
    "illustrious": (SDXL, "Illustrious-XL-v2.0"),
    "wai_illustrious": (SDXL, "waiNSFWIllustrious_v140"),
    "noobai_eps": (SDXL, "noobaiXLNAIXL_epsilonPred11Version"),
    "noobai_vpred": ({**SDXL, "v_pred": (0,), "ztsnr": (0,)}, "noobaiXLNAIXL_vPred10Version"),
    "pony_v6": (SDXL, "ponyDiffusionV6XL_v6StartWithThisOne"),
    "pony_v7": ({"double_layers.0.attn.w1q.weight": (3072, 3072)}, "pony-v7-base"),
    "flux1_dev": (GUIDED, "flux1-dev-fp8"),
    "flux1_schnell": (FLUX, "flux1-schnell"),
    "flux1_krea": (GUIDED, "flux1-krea-dev_fp8_scaled"),
    "flux1_kontext": (GUIDED, "flux1-dev-kontext_fp8_scaled"),
    "flux2_dev": ({**FLUX2, "txt_in.weight": (6144, 15360)}, "flux2_dev_fp8mixed"),
    "flux2_klein": ({**FLUX2, "txt_in.weight": (3072, 7680)}, "flux-2-klein-4b"),
    "flux3_klein": ({"not.known": (1,)}, "flux3_klein"),
    "chroma": ({**FLUX, "distilled_guidance_layer.norms.0.scale": (5120,)}, "Chroma1-HD"),
    "sd35": (
        {
            "joint_blocks.0.context_block.attn.qkv.weight": (7296, 2432),
            "joint_blocks.0.context_block.attn.ln_q.weight": (64,),
        },
        "sd3.5_large",
    ),
    "lumina2": (LUMINA, "lumina_2"),
    "neta_lumina": (LUMINA, "neta-lumina-v1.0"),
    "netayume_lumina": (LUMINA, "NetaYumev35_pretrained_all_in_one"),
    "newbie_exp01": ({**LUMINA, "clip_text_pooled_proj.0.weight": (1024,)}, "NewBie-Image-Exp0.1-bf16"),
    "qwen_image": ({"txt_norm.weight": (3584,), "img_in.weight": (3072, 64)}, "qwen_image_2512_fp8"),
    "qwen_image_21": (
        {"txt_in.text_norm.weight": (4096,), "modulation.1.weight": (1, 1)},
        "qwen_image_2.1_fp8",
    ),
    "z_image_turbo": (Z_IMAGE, "z_image_turbo_bf16"),
    "z_image": (Z_IMAGE, "z_image_bf16"),
    "hidream_i1": ({"caption_projection.0.linear.weight": (2560, 4096)}, "hidream_i1_full_fp8"),
    "hidream_o1": (
        {"t_embedder1.mlp.0.weight": (4096, 256), "x_embedder.proj1.weight": (1024, 3072)},
        "hidream_o1_bf16",
    ),
    "anima": (
        {
            "blocks.0.mlp.layer1.weight": (8192, 2048),
            "llm_adapter.blocks.0.cross_attn.q_proj.weight": (1024, 1024),
        },
        "anima-preview",
    ),
    "krea2": ({"txtfusion.projector.weight": (1, 1)}, "krea2_turbo_fp8"),
}
PREFIXES = ("", "model.diffusion_model.", "net.", "diffusion_model.", "transformer.", "model.")
BY_NAME_ALONE = {"flux3_klein"}


def with_prefix(shapes: dict[str, Any], prefix: str) -> Header:
    marks = ("v_pred", "ztsnr")
    return Header({name if name in marks else prefix + name: shape for name, shape in shapes.items()}, {})


def test_every_family_stands_in_the_table():
    assert set(FAMILIES) == set(family_ids())


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_found_by_its_tensors_and_its_name(family, prefix):
    """Checkpoints and files of the diffusion model alone differ in what stands before their tensors' names."""
    shapes, name = FAMILIES[family]
    found = detect(f"{name}.safetensors", with_prefix(shapes, prefix))
    assert found.family == family
    assert found.confidence in (("guess",) if family in BY_NAME_ALONE else ("certain", "likely"))
    assert not [remark for remark in found.remarks if remark.startswith("but ")]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_found_by_its_name_alone(family):
    found = detect(f"{FAMILIES[family][1]}.gguf")
    assert (found.family, found.confidence) == (family, "guess")


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in BY_NAME_ALONE])
def test_tensors_alone_tell_the_architecture(family):
    shapes, _ = FAMILIES[family]
    found = detect("model.safetensors", with_prefix(shapes, ""))
    assert get_family(found.family).architecture == get_family(family).architecture


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("ponyRealism_V22", "pony_v6"),
        ("cyberrealisticPony_v110", "pony_v6"),
        ("autismmixSDXL_autismmixConfetti", "pony_v6"),
        ("myPonyMix_v3", "pony_v6"),
        ("ponyDiffusionV7", "pony_v7"),
        ("pony_v7", "pony_v7"),
        ("illustriousXL_v01", "illustrious"),
        ("hassakuXLIllustrious_v21", "illustrious"),
        ("janku_il", "illustrious"),
        ("novaAnimeXL_ilV60", "illustrious"),
        ("WAI-illustrious-SDXL-v16", "wai_illustrious"),
        ("noobai-illustrious-vpred", "noobai_vpred"),
        ("NoobAI-XL-v1.1", "noobai_eps"),
        ("animagineXLV31_v31", "animagine_31"),
        ("juggernautXL_v9", "sdxl"),
        ("abyssorangemix2", "sd15_anime"),
        ("meinamix_v12", "sd15_anime"),
        ("STOIQONewrealityFLUX_F1DAlpha", "flux1_dev"),
        ("FLUX.1-Kontext-dev", "flux1_kontext"),
        ("flux.1-krea", "flux1_krea"),
        ("krea2_raw", "krea2"),
        ("flux-2-klein-base-9b", "flux2_klein"),
        ("flux3-klein-4b", "flux3_klein"),
        ("chroma-unlocked-v37", "chroma"),
        ("stable-diffusion-3.5-medium", "sd35"),
        ("Qwen-Image-Edit-2509", "qwen_image"),
        ("qwen-image-2.1-turbo", "qwen_image_21"),
        ("zImageTurbo_base", "z_image_turbo"),
        ("Z-Image-Base", "z_image"),
        ("neta-yume-lumina-v3.5", "netayume_lumina"),
        ("NetaLumina_v10", "neta_lumina"),
        ("WAI-Anima", "anima"),
        ("anima_baseV10", "anima"),
    ],
)
def test_known_file_names(name, family):
    found = detect(f"{name}.safetensors")
    assert (found.family, found.confidence) == (family, "guess")
    assert found.evidence[0].startswith("file name: ")


@pytest.mark.parametrize(
    "name",
    [
        *("illusion", "illuminati", "animagine", "animapencil", "animaPencil", "animated", "animation", "model", ""),
        *("mountains", "compile", "naive", "sdxxl", "ponytail", "lightning", "fluxion", "reflux", "chromatic"),
        *("newbies", "planetary", "luminary", "krea", "klein", "wait", "turbo", "base", "v2", "\0", "\ud800", "🦊"),
    ],
)
def test_names_that_tell_nothing_are_refused(name):
    """Words count at their borders only: `anima` is not in animagine, `il` not in illusion."""
    with pytest.raises(UnknownFamily, match="its name tells nothing"):
        detect(f"{name}.safetensors")


@pytest.mark.parametrize("name", ["a" * 100_000, "flux" * 20_000, "v-pred " * 10_000, "krea" * 20_000 + "flux"])
def test_long_names_take_no_time(name):
    assert isinstance(families_named(name, all_families()), list)


@pytest.mark.parametrize(
    ("name", "family", "variant"),
    [
        ("flux-2-klein-base-4b", "flux2_klein", "base"),
        ("flux-2-klein-4b", "flux2_klein", ""),
        ("hidream_i1_fast", "hidream_i1", "fast"),
        ("hidream_i1_dev_bf16", "hidream_i1", "dev"),
        ("sd3.5_large_turbo", "sd35", "turbo"),
        ("Chroma1-Radiance-v0.4", "chroma", "radiance"),
        ("qwen_image_2512_fp8", "qwen_image", "v2512"),
        ("krea2_raw", "krea2", "raw"),
        ("anima-turbo", "anima", "turbo"),
    ],
)
def test_variants(name, family, variant):
    assert variant_named(name, get_family(family)) == variant


def test_a_variant_decides_whether_a_negative_prompt_is_used():
    klein = get_family("flux2_klein")
    assert not klein.negative.used
    assert klein.as_variant("base").negative.used
    assert klein.as_variant("base").cfg.default == 5
    assert not get_family("hidream_i1").as_variant("fast").negative.used
