"""The shipped workflows in ComfyUI's real editor: they open without complaint and run as they are."""

import json
import time

import pytest
import requests
from playwright.sync_api import Page

from tagloom.runner.graph.workflows import shipped
from tagloom.runner.places import PACKAGE

from .pages import EXPORT, OPEN, complaints, emptied

WORKFLOWS = sorted(path.stem for path in (PACKAGE / "workflows").glob("*.json"))
GOLDEN = PACKAGE / "tests" / "runner" / "golden"


@pytest.fixture(scope="module", params=[False, True], ids=["classic", "nodes 2.0"])
def editor(request, server, browser) -> Page:
    """A page of the front end, in one of its two ways of drawing nodes."""
    page = emptied(browser, server.url, request.param, 2400, 1200)
    yield page
    page.close()


def node_id(class_type: str) -> int:
    """Return the id of a node of the first workflow, by its class."""
    return next(node["id"] for node in shipped("Tags to Image")["nodes"] if node["type"] == class_type)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_opens_without_complaint_and_exports_the_golden_graph(editor, name):
    """No node is missing, the console says no more than of an empty graph, and the API graph is the runner's."""
    editor.evaluate(OPEN, shipped(name))
    editor.wait_for_timeout(500)
    assert {text.splitlines()[0] for text in complaints(editor)} <= editor.of_nothing
    missing = "() => window.app.graph.nodes.filter(node => node.has_errors).map(node => node.type)"
    assert editor.evaluate(missing) == []
    assert editor.get_by_role("dialog").count() == 0
    assert editor.evaluate(EXPORT) == json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def test_the_first_workflow_runs_unchanged(editor, server):
    """Run is pressed; a picture and the report come out."""
    editor.evaluate(OPEN, shipped("Tags to Image"))
    known = set(requests.get(f"{server.url}/history", timeout=10).json())
    editor.get_by_test_id("queue-button").click()
    deadline = time.monotonic() + 60
    while not (new := set(requests.get(f"{server.url}/history", timeout=10).json()) - known):
        assert time.monotonic() < deadline, "nothing was run"
        editor.wait_for_timeout(200)
    (entry,) = (requests.get(f"{server.url}/history/{job}", timeout=10).json()[job] for job in new)
    assert entry["status"]["status_str"] == "success"
    saved, previewed = (str(node_id(name)) for name in ("TagloomSaveImage", "PreviewAny"))
    assert entry["outputs"][saved]["images"]
    report = entry["outputs"][previewed]["text"][0]
    assert "- quality: masterpiece, best quality, very aesthetic, absurdres\n" in report
    assert "- text tokens: 45 in 1 chunk of 75\n- image tokens: 1" in report


def test_a_saved_picture_opens_as_the_workflow_that_made_it(editor, pictures, tmp_path):
    """Dropping a picture of the runner's into the editor gives its prompt and settings back."""
    from PIL import Image

    pictures("1girl, blue hair", seed=77, steps=12)
    (path,) = (tmp_path / "pictures").glob("*.png")
    with Image.open(path) as image:
        workflow = json.loads(image.info["workflow"])
    editor.evaluate(OPEN, workflow)
    graph = editor.evaluate(EXPORT)
    inputs = {node["class_type"]: node["inputs"] for node in graph.values()}
    assert inputs["TagloomPromptEnhancer"]["text"] == "1girl, blue hair"
    assert (inputs["KSampler"]["seed"], inputs["KSampler"]["steps"]) == (77, 12)
    assert inputs["TagloomSaveImage"]["filename_prefix"] == "Tagloom"


def test_an_error_is_shown_with_the_tag_and_the_fix(editor):
    """In ComfyUI's own dialog: a LoRA that is not there, and the nearest name."""
    workflow = shipped("Tags to Image")
    (enhancer,) = [node for node in workflow["nodes"] if node["type"] == "TagloomPromptEnhancer"]
    enhancer["widgets_values"][0] = "1girl, <lora:tagloom-cyanotyp:1>"
    editor.evaluate(OPEN, workflow)
    editor.get_by_test_id("queue-button").click()
    editor.wait_for_function("document.body.innerText.includes('did you mean tagloom-cyanotype?')", timeout=60000)
    assert "tagloom-cyanotyp" in editor.evaluate("document.body.innerText")
    editor.keyboard.press("Escape")
