from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagloom.prompt import Header, UnknownFamily, detect
from tagloom.prompt.families import Sidecar, detect_file, read_sidecars
from tagloom.prompt.families.sidecars import LARGEST

CONTEXT = "input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
SDXL = Header({"input_blocks.0.0.weight": (320, 4, 3, 3), CONTEXT: (640, 2048)}, {})
PONY_HASH = "67ab2fd8ec439a89b3fedb15cc65f54336af163c7eb5e4f2acc98f090a29b0b3"
TRAINED = ("score_9", "score_8_up", "score_7_up")
CIVITAI = {
    "id": 290640,
    "name": "V6 (start with this one)",
    "baseModel": "Pony",
    "trainedWords": ["score_9", "score_8_up, score_7_up"],
    "model": {"name": "Pony Diffusion V6 XL", "type": "Checkpoint"},
    "files": [{"name": "x.safetensors", "hashes": {"AutoV2": "67AB2FD8EC", "SHA256": PONY_HASH.upper()}}],
}


def beside(folder: Path, ending: str, contents: Any) -> Path:
    """Write a sidecar beside a model, and return the model's path; nothing is there."""
    text = contents if isinstance(contents, str) else json.dumps(contents)
    (folder / f"model.v1{ending}").write_text(text, encoding="utf-8")
    return folder / "model.v1.safetensors"


@pytest.mark.parametrize(
    ("ending", "contents", "base", "name", "words"),
    [
        (".civitai.info", CIVITAI, "Pony", "Pony Diffusion V6 XL", TRAINED),
        (".cm-info.json", {"ModelName": "A", "BaseModel": "Illustrious", "TrainedWords": None}, "Illustrious", "A", ()),
        (".cm-info.json", {"ModelName": "WAI", "BaseModel": "Other"}, "", "WAI", ()),
        (".metadata.json", {"base_model": "SDXL", "civitai": CIVITAI}, "Pony", "Pony Diffusion V6 XL", TRAINED),
        (".metadata.json", {"model_name": "A", "base_model": "SDXL", "civitai": None}, "SDXL", "A", ()),
        (".json", {"description": "", "sd version": "SDXL", "activation text": "A, b"}, "SDXL", "", ("a", "b")),
        (".json", {"sd version": "Unknown"}, "", "", ()),
        (".json", {}, "", "", ()),
    ],
)
def test_what_managers_write(tmp_path, ending, contents, base, name, words):
    (sidecar,) = read_sidecars(beside(tmp_path, ending, contents))
    assert (sidecar.base, sidecar.name, sidecar.words) == (base, name, words)
    assert sidecar.file == f"model.v1{ending}"
    assert not sidecar.trouble


@pytest.mark.parametrize(
    "contents",
    ["", "{", "\0", "[" * 100_000, '{"baseModel": 1e999999'],
)
def test_a_sidecar_that_can_t_be_read_is_told_and_stops_nothing(tmp_path, contents):
    path = beside(tmp_path, ".civitai.info", contents)
    (sidecar,) = read_sidecars(path)
    assert sidecar.trouble
    found = detect("ponyDiffusionV6XL.safetensors", SDXL, sidecars=[sidecar])
    assert (found.family, found.confidence) == ("pony_v6", "likely")
    assert "model.v1.civitai.info is no readable JSON" in found.remarks[0]


@pytest.mark.parametrize(
    "contents",
    [
        [],
        "null",
        {"baseModel": 5, "model": "x", "trainedWords": {"a": 1}, "files": {"a": 1}, "civitai": [1]},
        {"baseModel": ["Pony"], "model": {"name": None}, "files": [None, 3, {"hashes": []}, {"hashes": {"SHA256": 3}}]},
    ],
)
def test_odd_contents_say_nothing(tmp_path, contents):
    path = beside(tmp_path, ".civitai.info", contents)
    with pytest.raises(UnknownFamily):
        detect_file(path)


def test_a_huge_sidecar_is_left_alone(tmp_path):
    path = beside(tmp_path, ".json", "")
    with (tmp_path / "model.v1.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    assert "longer than" in read_sidecars(path)[0].trouble


@pytest.mark.parametrize(
    ("name", "base", "family", "confidence"),
    [
        ("model", "Pony", "pony_v6", "likely"),
        ("model", "Illustrious", "illustrious", "likely"),
        ("model", "NoobAI", "noobai_eps", "likely"),
        ("noob_vpred", "NoobAI", "noobai_vpred", "likely"),
        ("WAI-illustrious", "Illustrious", "wai_illustrious", "likely"),
        ("illustriousXL", "Pony", "pony_v6", "guess"),
        ("ponyDiffusionV6XL", "Illustrious", "illustrious", "guess"),
        ("model", "SDXL 1.0", "sdxl", "guess"),
        ("animagine-xl-4.0", "SDXL 1.0", "animagine_40", "likely"),
        ("ponyDiffusionV6XL", "SDXL 1.0", "pony_v6", "likely"),
        ("model", "Flux.1 D", "sdxl", "guess"),
        ("ponyDiffusionV6XL", "SD 1.5", "pony_v6", "guess"),
        ("ponyDiffusionV6XL", "a name of tomorrow", "pony_v6", "likely"),
    ],
)
def test_a_sidecar_s_base_model_comes_before_the_name(name, base, family, confidence):
    """But it chooses only among the families that the tensors leave, and the general name of a class outvotes none."""
    found = detect(f"{name}.safetensors", SDXL, sidecars=[Sidecar("x.civitai.info", base)])
    assert (found.family, found.confidence) == (family, confidence)
    against = [remark for remark in found.remarks if remark.startswith("but ")]
    assert bool(against) == (confidence == "guess" and base != "SDXL 1.0")


def test_which_of_two_sources_counts_and_that_they_differ_is_told():
    found = detect("illustriousXL.safetensors", SDXL, sidecars=[Sidecar("x.civitai.info", "Pony")])
    assert "base model in x.civitai.info: Pony" in found.evidence
    assert found.remarks == ("but file name: illustriousXL",)
    assert "but file name: illustriousXL" in found.text()


@pytest.mark.parametrize(
    ("name", "base", "family", "confidence"),
    [
        ("model", "Pony", "pony_v6", "likely"),
        ("model", "SD 1.5", "sd15", "guess"),
        ("model", "ZImageTurbo", "z_image_turbo", "likely"),
        ("model", "ZImageBase", "z_image", "likely"),
        ("model", "Flux.1 Krea", "flux1_krea", "likely"),
        ("model", "Qwen", "qwen_image", "guess"),
        ("ponyDiffusionV6XL", "SD 1.5", "sd15", "guess"),
    ],
)
def test_without_a_header_a_sidecar_counts_more_than_the_name(name, base, family, confidence):
    found = detect(f"{name}.gguf", sidecars=[Sidecar("x.civitai.info", base)])
    assert (found.family, found.confidence) == (family, confidence)


@pytest.mark.parametrize("given", [PONY_HASH, PONY_HASH[:10]])
def test_a_known_hash_is_proof(given):
    found = detect("illustriousXL.safetensors", SDXL, sidecars=[Sidecar("x.json", hashes=(given,))])
    assert (found.family, found.confidence) == ("pony_v6", "certain")


def test_a_sidecar_s_name_and_trained_words_speak_where_nothing_else_does():
    found = detect("model.safetensors", SDXL, sidecars=[Sidecar("x.json", name="Pony Diffusion V6 XL")])
    assert (found.family, found.confidence) == ("pony_v6", "likely")
    found = detect("model.safetensors", SDXL, sidecars=[Sidecar("x.json", words=("1girl", "score_8_up"))])
    assert (found.family, found.evidence[-1]) == ("pony_v6", "trained word in x.json: score_8_up")
    found = detect("illustriousXL.safetensors", SDXL, sidecars=[Sidecar("x.json", words=("score_8_up",))])
    assert (found.family, found.remarks) == ("illustrious", ())


def test_a_sidecar_is_found_beside_a_file(tmp_path):
    found = detect_file(beside(tmp_path, ".civitai.info", CIVITAI))
    assert (found.family, found.confidence) == ("pony_v6", "certain")
