"""Saved pictures that are opened in ComfyUI's real editor, as by dropping them there."""

import base64
import json
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from tagloom.prompt.pictures.files import picture_file
from tagloom.runner.graph.workflows import shipped

from .pages import opened

NAME = "Tags to Image"
PARAMETERS = "1girl\nNegative prompt: hat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Size: 64x64"
DROP = """async ([name, type, data]) => {
    const bytes = Uint8Array.from(atob(data), letter => letter.charCodeAt(0))
    window.app.graph.clear()
    await window.app.handleFile(new File([bytes], name, {type}))
    return window.app.graph.nodes.map(node => node.type).sort()
}"""


@pytest.fixture(scope="module")
def page(server, browser) -> Page:
    page = opened(browser, server.url)
    yield page
    page.close()


def dropped(page: Page, kind: str, contents: bytes) -> list[str]:
    """Return the classes of the nodes that are there after a file was dropped on an empty graph."""
    return page.evaluate(DROP, [f"saved.{kind}", f"image/{kind}", base64.b64encode(contents).decode()])


def classes(document: dict) -> list[str]:
    return sorted(node["type"] for node in document["nodes"])


@pytest.mark.parametrize(("kind", "quality"), [("png", 90), ("webp", 90), ("webp", 100)])
@pytest.mark.parametrize("width", [63, 64, 65, 66])
def test_a_picture_opens_as_its_workflow(page, kind, quality, width):
    """Also where A1111's settings are in the file, and whatever length its pixels happen to have."""
    document = shipped(NAME)
    texts = {"prompt": "{}", "workflow": json.dumps(document), "parameters": PARAMETERS}
    file = picture_file(Image.effect_noise((width, 48), 60).convert("RGB"), kind, quality, texts)
    assert dropped(page, kind, file.contents) == classes(document)


def test_the_editor_reads_no_jpeg(page):
    """So the node's tooltip says; if this fails, the editor has learned it."""
    texts = {"prompt": "{}", "workflow": json.dumps(shipped(NAME))}
    assert dropped(page, "jpeg", picture_file(Image.new("RGB", (64, 64)), "jpeg", 90, texts).contents) == []


def test_a_picture_of_the_runner_s_opens_as_its_workflow(page, pictures, tmp_path):
    pictures("1girl, blue hair", seed=78, steps=12)
    (path,) = (tmp_path / "pictures").glob("*.png")
    assert dropped(page, "png", Path(path).read_bytes()) == classes(shipped(NAME))
