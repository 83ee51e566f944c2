from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

import tagloom.prompt.detection as detection
from tagloom.prompt import Header, HeaderError, UnknownFamily, all_families, detect, family_ids, read_header

TINY = Path(detection.__file__).parent.parent / "tiny" / "tagloom-tiny.safetensors"
FIRST = "model.diffusion_model.input_blocks.0.0.weight"
CONTEXT = "model.diffusion_model.{}.transformer_blocks.0.attn2.to_k.weight"
SDXL = {FIRST: (320, 4, 3, 3), CONTEXT.format("input_blocks.4.1"): (640, 2048)}
SD15 = {FIRST: (320, 4, 3, 3), CONTEXT.format("input_blocks.1.1"): (320, 768)}
SD21 = {FIRST: (320, 4, 3, 3), CONTEXT.format("input_blocks.1.1"): (320, 1024)}
SMALL = {FIRST: (64, 4, 3, 3), CONTEXT.format("input_blocks.4.1"): (128, 192)}
FLUX = {"model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale": (128,)}
FLUX_GUIDED = {**FLUX, "model.diffusion_model.guidance_in.in_layer.weight": (3072, 256)}
BARE_FLUX_GUIDED = {name.removeprefix("model.diffusion_model."): shape for name, shape in FLUX_GUIDED.items()}


def write(path: Path, shapes: dict[str, Any], metadata: dict[str, str] | None = None) -> Path:
    """Write a safetensors header without tensors behind it."""
    entries: dict[str, Any] = {
        name: {"dtype": "F16", "shape": list(shape), "data_offsets": [0, 0]} for name, shape in shapes.items()
    }
    if metadata is not None:
        entries["__metadata__"] = metadata
    return write_raw(path, json.dumps(entries).encode())


def write_raw(path: Path, header: bytes, length: int | None = None) -> Path:
    path.write_bytes(struct.pack("<Q", len(header) if length is None else length) + header)
    return path


def test_the_tiny_checkpoint_is_found_by_its_shapes_though_its_metadata_says_sdxl():
    header = read_header(TINY)
    assert "stable-diffusion-xl" in header.metadata["modelspec.architecture"]
    for name in ("model.safetensors", "ponyDiffusionV6XL.safetensors", "flux1-dev.safetensors"):
        found = detect(name, header)
        assert (found.family, found.confidence) == ("tagloom_tiny", "certain")
        assert "tensor shapes" in found.evidence[0]


def test_a_header_gives_shapes_and_metadata(tmp_path):
    path = write(tmp_path / "a.safetensors", SDXL, {"modelspec.title": "A title"})
    assert read_header(path) == Header(SDXL, {"modelspec.title": "A title"})


def test_a_header_without_metadata_has_none(tmp_path):
    assert read_header(write(tmp_path / "a.safetensors", SDXL)).metadata == {}


@pytest.mark.parametrize(
    ("shapes", "title", "name", "family", "confidence"),
    [
        (SMALL, "", "x", "tagloom_tiny", "certain"),
        (FLUX, "", "x", "flux1_schnell", "certain"),
        (FLUX_GUIDED, "", "x", "flux1_dev", "certain"),
        (BARE_FLUX_GUIDED, "", "x", "flux1_dev", "certain"),
        (FLUX, "", "flux1-dev", "flux1_schnell", "certain"),
        (SDXL, "", "x", "sdxl", "guess"),
        (SDXL, "", "flux1-dev", "sdxl", "guess"),
        (SDXL, "", "anything-v5", "sdxl", "guess"),
        (SDXL, "", "tagloom-tiny", "sdxl", "guess"),
        (SDXL, "", "ponyDiffusionV6XL", "pony_v6", "likely"),
        (SDXL, "Illustrious XL", "x", "illustrious", "likely"),
        (SDXL, "Illustrious XL", "ponyDiffusionV6XL", "pony_v6", "likely"),
        (SD15, "", "x", "sd15", "guess"),
        (SD15, "", "ponyDiffusionV6XL", "sd15", "guess"),
        (SD15, "", "anything-v5", "sd15_anime", "likely"),
        ({**SDXL, "v_pred": (0,)}, "", "x", "noobai_vpred", "likely"),
        ({**SDXL, "v_pred": (0,)}, "", "NoobAI-XL-v1.1", "noobai_vpred", "likely"),
        (SDXL, "", "NoobAI-XL-v1.1", "noobai_eps", "likely"),
        (SDXL, "", "NoobAI-XL-Vpred-v1.0", "noobai_vpred", "likely"),
        (SD21, "", "ponyDiffusionV6XL", "pony_v6", "guess"),
    ],
)
def test_shapes_come_before_the_name_and_the_name_before_the_title(tmp_path, shapes, title, name, family, confidence):
    """The name and the title choose only among the families of the tensors' architecture."""
    header = read_header(write(tmp_path / "a.safetensors", shapes, {"modelspec.title": title}))
    found = detect(f"{name}.safetensors", header)
    assert (found.family, found.confidence) == (family, confidence)
    assert found.evidence


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("ponyDiffusionV6XL_v6StartWithThisOne", "pony_v6"),
        ("ponyRealism_V22", "pony_v6"),
        ("cyberrealisticPony_v110", "pony_v6"),
        ("autismmixSDXL_autismmixConfetti", "pony_v6"),
        ("illustriousXL_v01", "illustrious"),
        ("Illustrious-XL-v2.0", "illustrious"),
        ("hassakuXLIllustrious_v21", "illustrious"),
        ("janku_il", "illustrious"),
        ("novaAnimeXL_ilV60", "illustrious"),
        ("waiNSFWIllustrious_v140", "wai_illustrious"),
        ("WAI-illustrious-SDXL-v16", "wai_illustrious"),
        ("noobaiXLNAIXL_vPred10Version", "noobai_vpred"),
        ("noobaiXLNAIXL_epsilonPred11Version", "noobai_eps"),
        ("animagine-xl-4.0-opt", "animagine_40"),
        ("animagine-xl-3.1", "animagine_31"),
        ("sd_xl_base_1.0", "sdxl"),
        ("juggernautXL_v9", "sdxl"),
        ("v1-5-pruned-emaonly", "sd15"),
        ("anything-v5-PrtRE", "sd15_anime"),
        ("abyssorangemix2", "sd15_anime"),
        ("flux1-dev-fp8", "flux1_dev"),
        ("flux1-schnell", "flux1_schnell"),
        ("tagloom-tiny", "tagloom_tiny"),
    ],
)
def test_known_file_names(name, family):
    found = detect(f"{name}.safetensors")
    assert (found.family, found.confidence) == (family, "guess")
    assert found.evidence[0].startswith("file name: ")


@pytest.mark.parametrize(
    "name",
    [
        *("illusion", "illuminati", "anima", "animagine", "animapencil", "pony-v7", "flux2-dev", "model", ""),
        *("mountains", "compile", "naive", "sdxxl", "ponytail"),
    ],
)
def test_names_that_tell_nothing_are_refused_with_all_families(name):
    """Words count at their borders only: `anima` is not in animagine, `il` not in illusion."""
    with pytest.raises(UnknownFamily) as caught:
        detect(f"{name}.safetensors")
    assert all(family in str(caught.value) for family in family_ids())


def test_unknown_tensors_and_an_unknown_name_are_refused(tmp_path):
    header = read_header(write(tmp_path / "a.safetensors", SD21))
    with pytest.raises(UnknownFamily, match="tensors match no known family"):
        detect("model.safetensors", header)


@pytest.mark.parametrize(
    "path", ["pony/juggernautXL_v9", "/models/illustrious/juggernautXL_v9", r"pony\juggernautXL_v9"]
)
def test_folders_don_t_count(path):
    """Not even those of a Windows server, whose names have backslashes."""
    assert detect(f"{path}.safetensors").family == "sdxl"


def test_metadata_alone_tells_a_title():
    found = detect("model.safetensors", metadata={"modelspec.title": "Animagine XL 4.0"})
    assert (found.family, found.confidence) == ("animagine_40", "guess")
    assert found.evidence == ("title in the metadata: Animagine XL 4",)


def test_every_architecture_has_a_family_to_fall_back_on():
    """Of the families that share an architecture, the last one must be the plain one."""
    assert {family.architecture for family in all_families()} == {
        *("tagloom_tiny", "sd15", "sdxl", "flux", "flux_guided")
    }


@pytest.mark.parametrize(
    "contents",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\x08\0\0", id="cut off in the length"),
        pytest.param(struct.pack("<Q", 100) + b'{"a":', id="cut off in the header"),
        pytest.param(struct.pack("<Q", 2**63) + b"{}", id="huge length"),
        pytest.param(struct.pack("<Q", detection.LONGEST_HEADER + 1) + b"{}", id="length over the limit"),
        pytest.param(struct.pack("<Q", 0), id="no header"),
        pytest.param(struct.pack("<Q", 4) + b"null", id="null"),
        pytest.param(struct.pack("<Q", 2) + b"[]", id="list"),
        pytest.param(struct.pack("<Q", 8) + b'{"a": 1}', id="entry without a shape"),
        pytest.param(struct.pack("<Q", 12) + b'{"a":{"b":1}', id="cut off bracket"),
        pytest.param(struct.pack("<Q", 9) + b'{"a": {}}', id="empty entry"),
        pytest.param(struct.pack("<Q", 4) + b"\xff\xfe\xfd\xfc", id="no UTF-8"),
        pytest.param(struct.pack("<Q", 100_000) + b"[" * 100_000, id="deeply nested"),
        pytest.param(b"PK\x03\x04" + b"\0" * 100, id="a .ckpt file"),
    ],
)
def test_broken_files_are_refused_by_name(tmp_path, contents):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(contents)
    with pytest.raises(HeaderError, match=r"broken\.safetensors"):
        read_header(path)


@pytest.mark.parametrize("metadata", ["[1]", '"text"', '{"modelspec.title": 5}', '{"modelspec.title": null}'])
def test_metadata_that_is_no_table_of_texts_tells_nothing(tmp_path, metadata):
    """It ends in one of the two refusals, not in a crash."""
    path = write_raw(tmp_path / "a.safetensors", f'{{"__metadata__": {metadata}}}'.encode())
    with pytest.raises((HeaderError, UnknownFamily)):
        detect("model.safetensors", read_header(path))


@pytest.mark.parametrize("name", ["missing.safetensors", "."])
def test_missing_files_and_folders_are_refused(tmp_path, name):
    with pytest.raises(HeaderError):
        read_header(tmp_path / name)


def test_a_flattened_tensor_does_not_stop_the_search(tmp_path):
    """Quantized files store some weights with one dimension."""
    shapes = {FIRST: (320, 4, 3, 3), CONTEXT.format("input_blocks.4.1"): (640 * 2048,)}
    header = read_header(write(tmp_path / "a.safetensors", shapes))
    assert detect("ponyDiffusionV6XL.safetensors", header).family == "pony_v6"


def test_only_the_header_is_read(tmp_path):
    path = write(tmp_path / "big.safetensors", SDXL)
    with path.open("ab") as file:
        file.truncate(2**31)  # sparse: gigabytes that are never read
    assert read_header(path).shapes == SDXL
