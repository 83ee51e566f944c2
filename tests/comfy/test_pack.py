"""The pack inside the real ComfyUI: what its editor and its API show of it."""

import json
import os
from urllib.parse import quote

import pytest
import requests
from PIL import Image

from tagloom.runner.embedded import installations
from tagloom.runner.graph.workflows import SNAPSHOT
from tagloom.runner.places import PACKAGE

NODES = (
    "TagloomBaseImage",
    "TagloomConvertPrompt",
    "TagloomEasyPrompt",
    "TagloomFamilyProfile",
    "TagloomGuider",
    "TagloomImageGrid",
    "TagloomImageSize",
    "TagloomLoraTags",
    "TagloomModelPicker",
    "TagloomNegativePreset",
    "TagloomPromptCheck",
    "TagloomPromptEnhancer",
    "TagloomPromptMatrix",
    "TagloomReadPicture",
    "TagloomReserveImageTokens",
    "TagloomSamplerSettings",
    "TagloomSamplingSteps",
    "TagloomSaveImage",
    "TagloomSettleImageTokens",
    "TagloomTagReport",
    "TagloomTextEncode",
    "TagloomTextTokens",
    "TagloomTidyPrompt",
    "TagloomTokenBalance",
    "TagloomWildcards",
)
WORKFLOWS = tuple(sorted(path.stem for path in (PACKAGE / "workflows").glob("*.json")))


@pytest.fixture(scope="module")
def object_info(server) -> dict:
    return requests.get(f"{server.url}/object_info", timeout=60).json()


def test_all_nodes_are_there(object_info):
    assert sorted(name for name in object_info if name.startswith("Tagloom")) == sorted(NODES)


@pytest.mark.parametrize("name", NODES)
def test_a_node_explains_itself(object_info, name):
    """Every node has a description, and every input and output a tooltip."""
    node = object_info[name]
    assert len(node["description"]) > 40
    assert node["category"] == "Tagloom"
    for section in ("required", "optional"):
        for spec in node["input"].get(section, {}).values():
            assert spec[1]["tooltip"]
    assert all(node["output_tooltips"])
    assert not set(node["output_name"]) & set(node["input"].get("hidden", {}))


def test_schemas_equal_the_snapshot(object_info):
    """Saved workflows hold widget values by position: a changed schema must be a decision, not an accident.

    After appending an input, write the snapshot anew by running this test with TAGLOOM_WRITE_SNAPSHOT=1.
    """
    live = {name: {k: v for k, v in object_info[name].items() if k != "python_module"} for name in NODES}
    if os.environ.get("TAGLOOM_WRITE_SNAPSHOT"):
        SNAPSHOT.write_text(json.dumps(live, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    assert live == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NODES)
def test_a_node_has_a_help_page(server, name):
    page = requests.get(f"{server.url}/extensions/tagloom/docs/{name}.md", timeout=10)
    assert page.ok
    assert page.text.startswith("# ")
    assert "## Inputs" in page.text


def test_workflows_are_in_the_template_list(server):
    templates = requests.get(f"{server.url}/workflow_templates", timeout=10).json()
    assert sorted(templates["tagloom"]) == sorted(WORKFLOWS)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_template_has_its_workflow_and_thumbnail(server, name):
    base = f"{server.url}/api/workflow_templates/tagloom/{quote(name)}"
    assert requests.get(f"{base}.json", timeout=10).json()["nodes"]
    thumbnail = requests.get(f"{base}.jpg", stream=True, timeout=10)
    with Image.open(thumbnail.raw) as image:
        assert image.format == "JPEG"


@pytest.mark.parametrize("name", NODES)
def test_a_node_stands_in_a_shipped_workflow(name):
    used = {
        node["type"]
        for workflow in WORKFLOWS
        for node in json.loads((PACKAGE / "workflows" / f"{workflow}.json").read_text(encoding="utf-8"))["nodes"]
    }
    assert name in used


def test_the_pack_is_the_only_one_that_knows_the_tiny_model(server, installation):
    """The architecture comes from the extension in the server's own folder, and the server's source is untouched."""
    assert (installation.folder / "custom_nodes" / "tagloom_tiny").resolve() == PACKAGE / "tiny" / "loader"
    for source in (installation.tree / "comfy").glob("*.py"):
        assert source.read_bytes() == (installations.unpack(installation) / "comfy" / source.name).read_bytes()
