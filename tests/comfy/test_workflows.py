"""The shipped workflows, run as they are but for file names, size and steps; `editor/` opens all of them."""

import numpy as np
import pytest
import requests
from PIL import Image

from tagloom.runner.graph.workflows import Workflow, shipped
from tagloom.runner.places import PACKAGE

TINY = {"checkpoint": "tagloom-tiny.safetensors"}
SMALL = {"width": 128, "height": 128, "steps": 2}
OVERRIDES = {
    "AND Composition": SMALL,
    "Base Image to Image": SMALL,
    "Description to Image": SMALL,
    "Flux Description to Image": SMALL,
    "High-Resolution Second Pass": SMALL,
    "Illustrious Tags to Image": TINY | SMALL,
    "Image Tokens": SMALL,
    "Inpaint": SMALL,
    "LoRA": SMALL,
    "Neta Lumina Tags to Image": SMALL,
    "NoobAI V-Prediction Tags to Image": SMALL,
    "Pony Tags to Image": TINY | SMALL,
    "Prompt Matrix": SMALL,
    "Prompt Scheduling": SMALL | {"steps": 9},
    "Prompt Workshop": {},
    "Remake a Picture": SMALL,
    "SD 1.5 Anime Tags to Image": SMALL,
    "SDXL Tags to Image": TINY | SMALL,
    "Tags to Image": SMALL,
    "The Whole Specification": SMALL,
}
"""What is set in each workflow: names of files that are not here, sizes and steps for a CPU, and nothing else."""
SET = {"ckpt_name", "width", "height", "steps"}
PICTURES = {"High-Resolution Second Pass": 2, "Prompt Matrix": 5, "Prompt Workshop": 0}
"""How many pictures come out, where that is not one."""


@pytest.fixture
def run(target, outputs):
    """A function that runs a shipped workflow and returns what its output nodes show, by their titles."""

    def shown(name: str, **values) -> dict:
        workflow = Workflow(shipped(name), target.client.schema)
        for alias, value in values.items():
            workflow.set(alias, value)
        titles = {str(node["id"]): node.get("title", node["type"]) for node in shipped(name)["nodes"]}
        return {titles[node_id]: own for node_id, own in outputs(workflow.api()).items()}

    return shown


def test_every_workflow_is_run():
    assert set(OVERRIDES) == {path.stem for path in (PACKAGE / "workflows").glob("*.json")}


@pytest.mark.parametrize("name", OVERRIDES)
def test_a_workflow_runs_to_its_pictures(run, target, server, stand_ins, name):
    """Without a human hand: no input but the named ones differs from what is shipped."""
    before, after = (Workflow(shipped(name), target.client.schema) for _ in range(2))
    for alias, value in OVERRIDES[name].items():
        after.set(alias, value)
    pairs = [(before.api()[node_id]["inputs"], node["inputs"]) for node_id, node in after.api().items()]
    assert {field for old, new in pairs for field in old if old[field] != new[field]} <= SET
    shown = run(name, **OVERRIDES[name])
    pictures = [file for output in shown.values() for file in output.get("images", []) if file["type"] != "input"]
    assert len(pictures) == PICTURES.get(name, 1)
    for file in pictures[:1]:
        with Image.open(requests.get(f"{server.url}/view", params=file, stream=True, timeout=30).raw) as image:
            assert min(image.size) >= 128
            assert len(np.unique(np.asarray(image.convert("RGB"))[::8, ::8])) > 16


def test_a_description_becomes_a_picture(run):
    shown = run("Description to Image", seed=5)
    assert len(shown["TagloomSaveImage"]["images"]) == 1
    (told,) = shown["What became of it"]["text"]
    assert "- long orange hair -> long hair, orange hair" in told
    assert "- Negative: hat" in told
    assert "tagloom-tiny.safetensors: Tagloom Tiny" in shown["Models"]["text"][0]


def test_the_workshop_works_on_its_prompt(run):
    shown = {title: output["text"][0] for title, output in run("Prompt Workshop", seed=5).items()}
    assert shown["Tidy prompt"].startswith("masterpiece, 1girl, ")
    assert "Smirk" not in shown["Tidy prompt"]
    assert "TL504" in shown["What is to be said"]
    assert "looking at viewer" in shown["What is to be said"]
    assert "1.2::blue fire::" in shown["For NovelAI 4"]
    assert "- 1.1 'black jacket'" in shown["What is encoded"]
    assert shown["Text tokens"].startswith("- text tokens: ")


def test_the_same_seed_chooses_the_same(run):
    prompts = [run("Prompt Workshop", seed=seed)["Tidy prompt"]["text"][0] for seed in (1, 2, 3, 4, 1)]
    assert prompts[0] == prompts[4]
    assert len(set(prompts)) > 1


def test_the_dialect_and_the_switch_change_what_is_encoded(run):
    """Nested weights multiply in A1111 and replace one another in ComfyUI; off, a face is a bracket."""
    text = "1girl, ((smile:1.5):1.2), ;), (hat:1.3)"
    a1111 = run("Prompt Workshop", positive=text, dialect="a1111")["What is encoded"]["text"][0]
    comfyui = run("Prompt Workshop", positive=text, dialect="comfyui")["What is encoded"]["text"][0]
    letter = run("Prompt Workshop", positive=text, dialect="comfyui", tag_aware=False)["What is encoded"]["text"][0]
    assert "- 1.8 'smile'" in a1111
    assert "- 1.5 'smile'" in comfyui
    assert "- 1.3 'hat'" in comfyui
    assert "1.3" not in letter.replace("(hat:1.3)", "")
