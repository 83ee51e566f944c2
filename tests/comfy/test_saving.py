"""Save Image with Settings and Read Picture in the real ComfyUI: what is saved is what is read back."""

import hashlib
import json
import re
import struct
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from PIL import Image
from safetensors.numpy import save_file

from tagloom.prompt import read_picture
from tagloom.runner import cli
from tagloom.runner.places import PACKAGE

PROMPT, NEGATIVE = "1girl, embedding:tgl_saved, (blue hair:1.2), ミク", "lowres"
WORKFLOW = {"nodes": [], "links": [], "version": 0.4, "extra": {"note": "初音"}}
LORA = "shapes/tgl lora_v1.0.safetensors"


def node(kind: str, **inputs) -> dict:
    return {"class_type": kind, "inputs": inputs}


@pytest.fixture(scope="module")
def model_files(home) -> dict[str, Path]:
    """A LoRA and an embedding beside the tiny checkpoint."""
    folders = {
        "loras": home / "models" / "loras" / LORA,
        "embeddings": home / "models/embeddings/tgl_saved.safetensors",
    }
    for path in folders.values():
        path.parent.mkdir(parents=True, exist_ok=True)
    save_file({"nothing.lora_up.weight": np.ones((2, 2), np.float32)}, folders["loras"], metadata={"a": "b"})
    vectors = {"clip_l": np.zeros((2, 64), np.float32), "clip_g": np.zeros((2, 128), np.float32)}
    save_file(vectors, folders["embeddings"])
    return folders


@pytest.fixture(scope="module")
def run(server, model_files):
    """A function that runs a graph and returns the outputs of its nodes, or the errors of its nodes."""

    def outputs(graph: dict) -> dict:
        body = {"prompt": graph, "extra_data": {"extra_pnginfo": {"workflow": WORKFLOW}}}
        answer = requests.post(f"{server.url}/prompt", json=body, timeout=60).json()
        if answer.get("node_errors"):
            return answer["node_errors"]
        deadline = time.monotonic() + 120
        while not (entry := requests.get(f"{server.url}/history/{answer['prompt_id']}", timeout=10).json()):
            assert time.monotonic() < deadline, "the run does not end"
            time.sleep(0.05)
        (entry,) = entry.values()
        for kind, message in entry["status"]["messages"]:
            assert kind != "execution_error", message["exception_message"]
        return entry["outputs"]

    return outputs


def graph(**inputs) -> dict:
    """Return a graph of core nodes with a LoRA, whose pictures our node saves."""
    return {
        "1": node("CheckpointLoaderSimple", ckpt_name="tagloom-tiny.safetensors"),
        "2": node("LoraLoader", model=["1", 0], clip=["1", 1], lora_name=LORA, strength_model=0.7, strength_clip=0.7),
        "3": node("CLIPTextEncode", clip=["2", 1], text=PROMPT),
        "4": node("CLIPTextEncode", clip=["2", 1], text=NEGATIVE),
        "5": node("EmptyLatentImage", width=224, height=288, batch_size=1),
        "6": node(
            "KSampler",
            model=["2", 0],
            positive=["3", 0],
            negative=["4", 0],
            latent_image=["5", 0],
            seed=7,
            steps=2,
            cfg=4.5,
            denoise=1.0,
            sampler_name="euler_ancestral",
            scheduler="karras",
        ),
        "7": node("VAEDecode", samples=["6", 0], vae=["1", 2]),
        "8": node("TagloomSaveImage", images=["7", 0], filename_prefix="saving/a", format="png", **inputs),
        "9": node("PreviewAny", source=["8", 0]),
    }


def saved(run, installation, **inputs) -> list[Path]:
    """Run the graph and return the files that it saved."""
    inputs = {"quality": 90, **inputs}
    base = graph()
    base["8"]["inputs"] |= inputs
    images = run(base)["8"]["images"]
    return [installation.root / "output" / image["subfolder"] / image["filename"] for image in images]


@pytest.fixture(scope="module")
def files(run, installation) -> dict[str, Path]:
    """A saved picture of each format."""
    return {kind: saved(run, installation, format=kind)[0] for kind in ("png", "webp", "jpeg")}


def sha256(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()


@pytest.mark.parametrize(("kind", "ending"), [("png", ".png"), ("webp", ".webp"), ("jpeg", ".jpg")])
def test_a_saved_picture_is_read_back(files, kind, ending):
    """Graph, workflow, prompts, settings."""
    path = files[kind]
    assert path.suffix == ending
    reading = read_picture(path)
    assert json.loads(reading.texts["workflow"]) == WORKFLOW
    assert json.loads(reading.texts["prompt"])["6"]["inputs"]["seed"] == 7
    assert (reading.prompt, reading.negative) == (f"{PROMPT}, <lora:tgl lora_v1.0:0.7>", NEGATIVE)
    settings = reading.settings
    assert (str(settings.size), settings.cfg, settings.seed, settings.steps) == ("224x288", 4.5, 7, 2)
    assert (settings.sampler, settings.scheduler, settings.model) == ("Euler a", "Karras", "tagloom-tiny")
    with Image.open(path) as image:
        assert (image.size, image.format) == ((224, 288), kind.upper())


def test_the_hashes_are_those_of_the_files(files, model_files):
    settings = read_picture(files["png"]).settings
    checkpoint = sha256((PACKAGE / "tiny" / "tagloom-tiny.safetensors").read_bytes())[:10]
    lora = model_files["loras"].read_bytes()
    header = 8 + struct.unpack("<Q", lora[:8])[0]
    assert settings.model_hash == checkpoint
    assert settings.loras[0].hash == sha256(lora[header:])[:12]
    assert json.loads(settings.others["Hashes"]) == {
        "model": checkpoint,
        "embed:tgl_saved": sha256(model_files["embeddings"].read_bytes())[:10],
        "lora:tgl lora_v1.0": sha256(lora)[:10],
    }


def test_nothing_is_hashed_twice(run, installation):
    """The log names each file that is read for its hash; a run after the first one reads none."""
    saved(run, installation, filename_prefix="saving/first")
    before = installation.log.read_text(encoding="utf-8").count("calculates the hash")
    saved(run, installation, filename_prefix="saving/again")
    assert installation.log.read_text(encoding="utf-8").count("calculates the hash") == before
    kept = json.loads((installation.root / "user" / "tagloom" / "hashes.json").read_text(encoding="utf-8"))
    assert any(name.endswith("tagloom-tiny.safetensors") for name in kept["files"])


def test_what_the_user_gives_wins(run, installation):
    base = graph(quality=90, positive=["20", 0], template=["21", 0], settings=["23", 5], dialect="comfyui")
    base |= {
        "20": node("PrimitiveString", value="((1girl:1.2):1.5), smile"),
        "21": node("PrimitiveString", value="{1girl|1boy}, __face__"),
        "22": node("TagloomFamilyProfile", model=["1", 0], family="auto"),
        "23": node(
            "TagloomSamplerSettings",
            family=["22", 0],
            sampler="DPM++ 2M",
            schedule="Karras",
            steps=9,
            cfg=3.0,
            denoise=1.0,
        ),
    }
    outputs = run(base)
    (text,) = outputs["9"]["text"]
    assert text.startswith("(1girl:1.2), smile, <lora:tgl lora_v1.0:0.7>\nNegative prompt: lowres\nSteps: 9, ")
    assert "Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 3, Seed: 7, " in text
    assert 'Template: "{1girl|1boy}, __face__"' in text


def test_every_picture_of_a_batch_is_saved_and_none_overwritten(run, installation):
    base = graph(quality=90)
    base["8"]["inputs"]["filename_prefix"] = "saving/batch/%width%x%height%_%batch_num%"
    base["5"]["inputs"]["batch_size"] = 3
    first = [image["filename"] for image in run(base)["8"]["images"]]
    base["8"]["inputs"]["quality"] = 91
    second = [image["filename"] for image in run(base)["8"]["images"]]
    folder = installation.root / "output" / "saving" / "batch"
    assert sorted(path.name for path in folder.iterdir()) == sorted({*first, *second})
    assert (len({*first, *second}), first[2]) == (6, "224x288_2_00003_.png")


def test_webp_s_best_quality_keeps_the_pixels_that_a_png_has(run, installation):
    files = [saved(run, installation, format=kind, quality=100)[0] for kind in ("png", "webp")]
    pixels = [np.asarray(Image.open(path).convert("RGB")) for path in files]
    assert (pixels[0] == pixels[1]).all()


def test_a_prefix_that_leads_out_of_the_output_folder_is_refused(run, installation, server):
    base = graph(quality=90)
    base["8"]["inputs"]["filename_prefix"] = "../outside"
    with pytest.raises(AssertionError, match="outside the output folder"):
        run(base)


# --- Read Picture -----------------------------------------------------------------------------------------------------


def read_node(image: str, dialect: str = "a1111") -> dict:
    """Return a graph that shows all that a picture gives."""
    shown = {str(20 + slot): node("PreviewAny", source=["10", slot]) for slot in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)}
    return {"10": node("TagloomReadPicture", image=image, dialect=dialect), **shown}


def values(outputs: dict) -> list[str]:
    return [outputs[str(20 + slot)]["text"][0] for slot in (1, 2, 3, 4, 5, 6, 7, 8, 9, 11)]


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_a_saved_picture_gives_its_settings_to_the_graph(run, files, kind):
    found = values(run(read_node(f"saving/{files[kind].name} [output]")))
    assert found[:9] == [
        f"{PROMPT}, <lora:tgl lora_v1.0:0.7>",
        NEGATIVE,
        *("7", "2", "4.5", "euler_ancestral", "karras", "224", "288"),
    ]
    assert "made by ComfyUI" in found[9]


def test_its_values_run_a_sampler(run, installation, files):
    """The very picture comes out again."""
    path = files["png"]
    base = graph(quality=90, settings=["10", 10])
    base["10"] = node("TagloomReadPicture", image=f"saving/{path.name} [output]", dialect="comfyui")
    base["3"]["inputs"]["text"] = PROMPT
    links = {"seed": 3, "steps": 4, "cfg": 5, "sampler_name": 6, "scheduler": 7}
    base["6"]["inputs"] |= {name: ["10", slot] for name, slot in links.items()}
    base["5"]["inputs"] |= {"width": ["10", 8], "height": ["10", 9]}
    (image,) = run(base)["8"]["images"]
    again = installation.root / "output" / image["subfolder"] / image["filename"]
    assert (np.asarray(Image.open(again)) == np.asarray(Image.open(path))).all()


def test_a_picture_without_settings_says_so(run, installation):
    Image.new("RGB", (64, 32), "red").save(installation.root / "input" / "tgl_plain.png")
    try:
        found = values(run(read_node("tgl_plain.png")))
    finally:
        (installation.root / "input" / "tgl_plain.png").unlink()
    assert found[:9] == ["", "", "0", "0", "0.0", "euler", "normal", "64", "32"]
    assert "no settings are written in this picture" in found[9]


@pytest.mark.parametrize("name", ["missing.png", "../output/saving/x.png", "/etc/hostname", "../../x.png [output]"])
def test_a_file_elsewhere_is_refused_before_the_run(run, name):
    (error,) = run(read_node(name))["10"]["errors"]
    assert re.search(r"is not in ComfyUI's folder|leads out of ComfyUI's folder", error["details"])


def test_a_picture_that_changed_is_read_again(run, installation):
    path = installation.root / "input" / "tgl_changing.png"
    try:
        found = []
        for width in (64, 128):
            Image.new("RGB", (width, 32)).save(path)
            found.append(values(run(read_node(path.name)))[7])
        assert found == ["64", "128"]
    finally:
        path.unlink()


def test_the_command_reads_the_same(files, capsys):
    assert cli.main(["read", str(files["webp"])]) == 0
    assert f"{PROMPT}, <lora:tgl lora_v1.0:0.7>" in capsys.readouterr().out
