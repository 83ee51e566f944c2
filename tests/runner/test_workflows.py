from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import pytest

import tagloom.runner.graph.workflows as workflows
from tagloom.runner.errors import WorkflowError
from tagloom.runner.graph.convert import NOTES, widget_names, widget_values
from tagloom.runner.graph.workflows import Workflow, shipped
from tagloom.runner.places import PACKAGE

RUN = ["Tags to Image", "Base Image to Image"]
"""What `tagloom generate` fills in."""
PICTURES = [*RUN, "Description to Image"]
SHIPPED = sorted(path.stem for path in (PACKAGE / "workflows").glob("*.json"))
GOLDEN = Path(__file__).with_name("golden")
WRITTEN = ("dialect", "tag_aware")
DECLARED = {
    *("checkpoint", "family", "positive", "enhance", "steps", "cfg", "sampler", "scheduler", "seed"),
    *("denoise", "clip_layer", "prefix", "encoded", "encoded_negative", "width", "height"),
}


@pytest.fixture(params=SHIPPED)
def every(request, core_schemas):
    return Workflow(shipped(request.param), core_schemas.get)


@pytest.fixture(params=PICTURES)
def workflow(request, core_schemas):
    return Workflow(shipped(request.param), core_schemas.get)


def node_of(workflow: Workflow, node_id: int):
    return next(node for node in workflow.document["nodes"] if node["id"] == node_id)


def declares(workflow: Workflow, name: str) -> bool:
    """Return whether a workflow has an input of this name."""
    return name in workflow.document.get("extra", {}).get("tagloom", {}).get("inputs", {})


def test_there_is_a_workflow_for_each_purpose():
    families = {"Illustrious", "NoobAI V-Prediction", "Pony", "SDXL", "SD 1.5 Anime", "Neta Lumina"}
    purposes = {"Description to Image", "Flux Description to Image", "Base Image to Image", "Inpaint", "LoRA"}
    purposes |= {"High-Resolution Second Pass", "AND Composition", "Prompt Scheduling", "Prompt Matrix"}
    purposes |= {"Image Tokens", "Remake a Picture", "The Whole Specification", "Prompt Workshop", "Tags to Image"}
    assert set(SHIPPED) == purposes | {f"{family} Tags to Image" for family in families}


@pytest.mark.parametrize("name", SHIPPED)
def test_a_workflow_s_api_graph_is_the_golden_one(core_schemas, name):
    """The editor's own export is compared with the same file, in `tests/comfy/editor`.

    After a change of a workflow, write the files anew by running this test with TAGLOOM_WRITE_SNAPSHOT=1.
    """
    graph = Workflow(shipped(name), core_schemas.get).api()
    golden = GOLDEN / f"{name}.json"
    if os.environ.get("TAGLOOM_WRITE_SNAPSHOT"):
        lines = [f" {json.dumps(node_id)}: {json.dumps(node, ensure_ascii=False)}" for node_id, node in graph.items()]
        golden.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    assert graph == json.loads(golden.read_text(encoding="utf-8"))
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_links_lead_to_inputs_and_outputs_of_their_type(core_schemas, name):
    """A link's type is that of both its ends; choices go to choices."""
    workflow = Workflow(shipped(name), core_schemas.get)
    for link_id, origin, slot, target, place, kind in workflow.document["links"]:
        source, socket = node_of(workflow, origin)["outputs"][slot], node_of(workflow, target)["inputs"][place]
        assert link_id in source["links"] and socket["link"] == link_id
        assert source["type"] == kind and socket["type"] in (kind, "*")


def test_the_shipped_workflows_declare_what_the_runner_fills_in(workflow):
    assert all(declares(workflow, name) for name in DECLARED)
    assert declares(workflow, "image") == ("LoadImage" in workflow.classes)
    assert not declares(workflow, "no such input")


@pytest.mark.parametrize("name", RUN)
def test_the_runner_s_own_workflows_take_a_negative_prompt(name):
    assert declares(Workflow(shipped(name), {}.get), "negative")


def test_every_declared_input_is_a_widget(every):
    """So that each can be set by a user, in the editor as here."""
    for name in every.document["extra"]["tagloom"]["inputs"]:
        for node_id, field in every.targets(name):
            kind = node_of(every, node_id)["type"]
            assert field in widget_names(kind, every.schema(kind))


@pytest.mark.parametrize("name", WRITTEN)
def test_every_workflow_states_how_its_prompts_are_written(every, name):
    """The declared input reaches each node that can be told, and all say the same: A1111's dialect, tags kept whole."""
    nodes = [node for node in every.document["nodes"] if node["type"].startswith(workflows.NODE_PREFIX)]
    named = {node["id"]: widget_names(node["type"], every.schema(node["type"])) for node in nodes}
    asking = [(node["id"], name) for node in nodes if name in named[node["id"]]]
    assert asking
    assert sorted(every.targets(name)) == sorted(asking)
    stated = {node["widgets_values"][named[node["id"]].index(name)] for node in nodes if name in named[node["id"]]}
    assert stated == {"a1111" if name == "dialect" else True}


@pytest.mark.parametrize(("name", "value"), [("dialect", "novelai4"), ("tag_aware", False)])
def test_setting_how_prompts_are_written_reaches_all_nodes(every, name, value):
    every.set(name, value)
    given = {node["inputs"][name] for node in every.api().values() if name in node["inputs"]}
    assert given == {value}


def test_no_prompt_is_encoded_by_a_node_that_knows_no_dialect(every):
    assert "CLIPTextEncode" not in every.classes
    assert ("TagloomTextEncode" in every.classes) == bool({"KSampler", "SamplerCustomAdvanced"} & every.classes)


def test_every_node_of_ours_stands_in_a_shipped_workflow(schemas):
    used = {node["type"] for name in SHIPPED for node in shipped(name)["nodes"]}
    assert {kind for kind in schemas if kind.startswith(workflows.NODE_PREFIX)} <= used


def test_saved_values_fit_the_nodes(every):
    """Each widget has one, and a choice is one of those that its node offers."""
    for node in every.document["nodes"]:
        if node["type"] in NOTES:
            continue
        schema = every.schema(node["type"])
        values = widget_values(node, schema)
        for name, value in values.items():
            kind, *options = {**schema["input"]["required"], **schema["input"].get("optional", {})}[name]
            offered = kind if isinstance(kind, list) else options[0].get("options") if options else None
            fixed = offered and node["type"].startswith(workflows.NODE_PREFIX) and name != "ckpt_name"
            assert not fixed or value in offered


def test_links_of_the_shipped_workflows_are_consistent(every):
    """Each link stands at both its ends, and no socket names a link that is not there."""
    nodes = {node["id"]: node for node in every.document["nodes"]}
    links = {link[0]: link for link in every.document["links"]}
    for link_id, origin, slot, target, socket, _ in links.values():
        assert link_id in nodes[origin]["outputs"][slot]["links"]
        assert nodes[target]["inputs"][socket]["link"] == link_id
    named = [socket["link"] for node in nodes.values() for socket in node.get("inputs", []) if socket["link"]]
    assert sorted(named) == sorted(links)


def test_the_shipped_workflows_serve_any_checkpoint(workflow):
    """A saved family would be wrong for the next model: it is found out at each run."""
    for node_id, _ in workflow.targets("family"):
        assert node_of(workflow, node_id)["widgets_values"][-1] == "auto"


def test_setting_an_unlinked_input_writes_its_widget(every):
    every.set("positive", "2girls")
    ((node_id, field),) = every.targets("positive")
    assert node_of(every, node_id)["widgets_values"][0] == "2girls"
    assert every.api()[str(node_id)]["inputs"][field] == "2girls"


def test_setting_a_linked_input_cuts_the_link_at_both_ends(workflow):
    node_id, field = workflow.targets("cfg")[0]
    others = workflow.targets("cfg")[1:]
    before = workflow.api()
    origin, slot = before[str(node_id)]["inputs"][field]
    (link,) = [s["link"] for s in node_of(workflow, node_id)["inputs"] if s["name"] == field]
    workflow.set("cfg", 7)
    assert [s["link"] for s in node_of(workflow, node_id)["inputs"] if s["name"] == field] == [None]
    assert link not in [entry[0] for entry in workflow.document["links"]]
    assert link not in node_of(workflow, int(origin))["outputs"][slot]["links"]
    after = workflow.api()
    for own_id, own_field in [(node_id, field), *others]:
        assert after[str(own_id)]["inputs"].pop(own_field) == 7
        del before[str(own_id)]["inputs"][own_field]
    assert after == before


def test_setting_twice_keeps_the_last_value(workflow):
    workflow.set("cfg", 3.0)
    workflow.set("cfg", 5.5)
    node_id, field = workflow.targets("cfg")[0]
    assert workflow.api()[str(node_id)]["inputs"][field] == 5.5


def test_a_seed_keeps_its_control(workflow):
    """The control's slot stands behind the seed: writing the seed must not shift it."""
    ((node_id, _),) = workflow.targets("seed")
    before = list(node_of(workflow, node_id)["widgets_values"])
    workflow.set("seed", 2**64 - 1)
    workflow.set("denoise", 0.25)
    assert node_of(workflow, node_id)["widgets_values"] == [2**64 - 1, *before[1:-1], 0.25]


def test_one_name_may_stand_for_several_inputs(workflow):
    workflow.set("enhance", False)
    targets = workflow.targets("enhance")
    assert len(targets) == 2
    assert [workflow.api()[str(node_id)]["inputs"][field] for node_id, field in targets] == [False, False]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_document_given_is_never_changed(core_schemas, name):
    document = shipped(name)
    before = copy.deepcopy(document)
    workflow = Workflow(document, core_schemas.get)
    for alias in document["extra"]["tagloom"]["inputs"]:
        workflow.set(alias, 8)
    assert document == before
    assert workflow.document != before


def test_an_unknown_name_is_refused_with_those_declared(workflow):
    with pytest.raises(WorkflowError, match=r"'stepz'.*cfg, checkpoint.*steps"):
        workflow.set("stepz", 5)


def test_a_workflow_without_declarations_has_none(core_schemas):
    workflow = Workflow({"nodes": [], "links": []}, core_schemas.get)
    assert not declares(workflow, "steps")
    with pytest.raises(WorkflowError, match="'steps'"):
        workflow.targets("steps")


def test_the_pack_s_own_classes_are_known_where_the_server_lacks_them():
    workflow = Workflow(shipped("Tags to Image"), {}.get)
    assert workflow.schema("TagloomFamilyProfile")["display_name"] == "Model Family"


def test_the_server_s_own_schema_comes_first():
    newer = {"display_name": "Newer", "input": {}}
    workflow = Workflow(shipped("Tags to Image"), {"TagloomFamilyProfile": newer}.get)
    assert workflow.schema("TagloomFamilyProfile") is newer


@pytest.mark.parametrize("kind", ["KSampler", "TagloomNoSuchNode"])
def test_a_class_that_nobody_knows_is_refused(kind):
    with pytest.raises(WorkflowError, match=f"no node {kind}"):
        Workflow(shipped("Tags to Image"), {}.get).schema(kind)


def test_the_snapshot_holds_every_class_of_ours_in_the_shipped_workflows():
    known = json.loads(workflows.SNAPSHOT.read_text(encoding="utf-8"))
    for name in SHIPPED:
        used = {node["type"] for node in shipped(name)["nodes"] if node["type"].startswith(workflows.NODE_PREFIX)}
        assert used
        assert used <= set(known)
