"""What is told of a graph before it is queued."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tagloom.runner.errors import NotRunnable, WorkflowError
from tagloom.runner.graph.missing import missing_in_document
from tagloom.runner.graph.own_nodes import with_own
from tagloom.runner.graph.preflight import preflight
from tagloom.runner.graph.workflows import shipped, shipped_names
from tagloom.runner.outputs.clean import cleaned
from tagloom.runner.server.client import Client
from tagloom.runner.targets import Target
from tagloom.runner.workflow_checks import check
from tagloom.runner.workflow_ground import made_ground
from tagloom.runner.workflow_tasks import made_task

from .drawing import instance, node, subgraph, workflow
from .plain_graph import node as api_node
from .plain_graph import plain
from .test_workflow_tasks import api, ui


def faults(graph, schemas, **options):
    return [(f.kind, f.node, f.input) for f in preflight(graph, schemas.get, **options).faults]


def test_a_good_graph_has_no_faults(schemas):
    assert preflight(plain(), schemas.get).lines() == []


def spoiled(**inputs):
    """Return a graph whose nodes have other inputs: `n3__steps=0` sets 3.steps."""
    graph = plain()
    for place, value in inputs.items():
        node_id, _, name = place[1:].partition("__")
        graph[node_id]["inputs"][name] = value
    return graph


@pytest.mark.parametrize(
    ("place", "value", "kind", "told"),
    [
        ("n3__steps", 0, "value", "0 is out of range; it must lie between 1 and 10000"),
        ("n3__steps", "many", "value", "'many' is no INT"),
        ("n3__cfg", None, "value", "null is no FLOAT"),
        ("n3__cfg", [1, 2, 3], "value", "neither a value nor a link"),
        ("n3__scheduler", "normall", "value", "did you mean normal?"),
        ("n4__ckpt_name", "tagloom_tiny.safetensors", "model", "did you mean tagloom-tiny.safetensors?"),
        ("n3__model", ["99", 0], "link", "linked to node 99, which is not there"),
        ("n3__model", ["4", 7], "link", r"linked to output 7 of node 4 \(Load Checkpoint\), which has 3"),
        ("n3__model", ["4", 1], "link", r"it takes MODEL, and node 4 \(Load Checkpoint\) gives CLIP"),
        ("n5__width", 10**400, "value", "out of range"),
    ],
)
def test_what_the_server_would_refuse_is_a_fault(schemas, place, value, kind, told):
    (fault,) = preflight(spoiled(**{place: value}), schemas.get).faults
    assert (fault.kind, f"n{fault.node}__{fault.input}") == (kind, place)
    with pytest.raises(NotRunnable, match=told):
        preflight(spoiled(**{place: value}), schemas.get).demand_none("http://test")


@pytest.mark.parametrize("value", [20, 20.0, "20", True, 10000])
def test_what_the_server_takes_is_no_fault(schemas, value):
    assert faults(spoiled(n3__steps=value), schemas) == []


def test_all_faults_are_told_at_once(schemas):
    graph = spoiled(n3__steps=0, n3__cfg=-1, n4__ckpt_name="x.safetensors")
    del graph["6"]["inputs"]["clip"]
    graph["11"] = api_node("NoSuchNode")
    assert sorted(faults(graph, schemas)) == [
        ("input", "6", "clip"),
        ("model", "4", "ckpt_name"),
        ("node", "11", ""),
        ("value", "3", "cfg"),
        ("value", "3", "steps"),
    ]


def test_nodes_that_lead_to_no_output_are_not_looked_at(schemas):
    graph = plain() | {"20": api_node("KSampler", steps=-5)}
    assert faults(graph, schemas) == []


def test_a_graph_without_an_output_is_told(schemas):
    graph = plain()
    del graph["9"]
    assert ("output", "", "") in faults(graph, schemas)


def test_a_circle_is_told_and_ends(schemas):
    graph = plain()
    graph["5"] = api_node("VAEEncode", pixels=["8", 0], vae=["4", 2])
    ((kind, node_id, name),) = faults(graph, schemas)
    assert (kind, node_id in ("3", "5", "8"), name) == ("link", True, "")


def test_a_file_in_a_folder_may_be_there(schemas):
    """The server lists only the files that lie in its input folder itself."""
    graph = plain() | {"20": api_node("LoadImage", image="a/b.png"), "21": api_node("PreviewImage", images=["20", 0])}
    assert faults(graph, schemas) == []
    graph["20"]["inputs"]["image"] = "b.png"
    assert faults(graph, schemas) == [("value", "20", "image")]


def test_a_node_that_costs_money_wants_leave(schemas):
    paid = schemas | {"Paid": {"input": {"required": {}}, "output": ["IMAGE"], "api_node": True}}
    graph = plain()
    graph["9"]["inputs"]["images"] = ["20", 0]
    graph["20"] = api_node("Paid")
    assert faults(graph, paid) == [("money", "20", "")]
    assert faults(graph, paid, allow_api_nodes=True) == []


def test_inputs_that_hang_on_a_choice_are_known(schemas):
    choice = ["COMFY_DYNAMICCOMBO_V3", {"options": [{"key": "a", "inputs": {"required": {"n": ["INT", {"max": 3}]}}}]}]
    known = schemas | {"Choosing": {"input": {"required": {"kind": choice}}, "output": [], "output_node": True}}
    one = api_node("Choosing")
    one["inputs"] = {"kind": "a", "kind.n": 9}
    assert faults({"1": one}, known) == [("value", "1", "kind.n")]
    one["inputs"] = {"kind": "a"}
    assert faults({"1": one}, known) == [("input", "1", "kind.n")]


def test_lint_only_warns(schemas):
    report = preflight(spoiled(n6__text="1girl ((smile"), schemas.get)
    assert report.faults == ()
    assert "TL302" in report.warnings[0]
    assert preflight(spoiled(n6__text="1girl ((smile"), schemas.get, lint=False).warnings == ()


def test_nothing_in_a_fault_can_write_to_the_terminal(schemas):
    graph = plain() | {"\x1b[2J": api_node("\x1b]0;x\x07No\nSuch")}
    assert all(line.isprintable() for line in preflight(graph, schemas.get).lines())


PACKS = {"cnr_id": "comfyui-impact-pack", "ver": "8.1.0"}


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        (PACKS, "install the pack comfyui-impact-pack (the workflow was saved with 8.1.0)"),
        ({"aux_id": "someone/their-nodes"}, "install the pack github.com/someone/their-nodes"),
        ({"cnr_id": "comfy-core", "ver": "0.3.99"}, "one of ComfyUI's own since about 0.3.99: update ComfyUI"),
        ({"cnr_id": 5}, "install the pack that brings it"),
    ],
)
def test_a_missing_class_is_told_with_its_pack(schemas, properties, told):
    document = workflow(node(1, "FaceDetailer", properties=properties), node(2, "FaceDetailer"))
    (fault,) = missing_in_document(document, schemas.get)
    assert (fault.kind, fault.node, fault.class_type) == ("node", "1", "FaceDetailer")
    assert told in fault.line()


def test_classes_in_subgraphs_are_missed_where_these_are_used(schemas):
    inner = subgraph(1, node(7, "Inner"), links="")
    assert [f.node for f in missing_in_document(workflow(instance(3, 1), subgraphs=(inner,)), schemas.get)] == ["3:7"]
    assert missing_in_document(workflow(instance(3, 1, mode=2), subgraphs=(inner,)), schemas.get) == ()
    assert missing_in_document(workflow(node(1, "Muted", mode=2), node(2, "Note")), schemas.get) == ()


def test_a_workflow_with_missing_classes_is_refused_with_all_of_them(schemas):
    document = ui(workflow(node(1, "First"), node(2, "Second")))
    with pytest.raises(NotRunnable, match=r"node 1 \(First\).*node 2 \(Second\)") as raised:
        made_ground(document, schemas.get, "http://test")
    assert len(raised.value.faults) == 2


def test_bad_values_are_told_beside_the_faults_of_the_graph(schemas):
    graph = spoiled(n4__ckpt_name="x.safetensors")
    document = api(graph)
    report = check(made_task(document, {"steps": "x"}), made_ground(document, schemas.get), None).report
    assert [(fault.node, fault.input) for fault in report.faults] == [("3", "steps"), ("4", "ckpt_name")]


def test_what_core_nodes_can_t_do_is_a_fault_where_the_pack_is_missing(core_schemas):
    """Tagloom's nodes themselves are not missed: the runner works them out."""

    class Bare(Client):
        def schema(self, class_type):
            return core_schemas.get(class_type)

        def checkpoint_metadata(self, name, folder="checkpoints"):
            return {}

    target = Target(Bare("http://test:1"))

    def found(name):
        document = ui(shipped(name), name)
        return check(made_task(document, {}), made_ground(document, core_schemas.get), target).report.faults

    assert found("Tags to Image") == ()
    (fault,) = found("Prompt Matrix")
    assert "TagloomPromptMatrix" in fault.line()


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_workflows_lack_nothing_but_files(schemas, name):
    ground = made_ground(ui(shipped(name), name), schemas.get)
    assert {f.kind for f in preflight(ground.graph, ground.schemas).faults} <= {"model", "value"}
    assert {f.input for f in preflight(ground.graph, ground.schemas).faults} <= {
        *("ckpt_name", "unet_name", "vae_name", "clip_name1", "clip_name2", "image", "lora_name"),
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_graph_is_looked_through_without_a_crash(data):
    """Whatever stands in the inputs, and whatever a server says of its classes."""
    names = st.sampled_from(["KSampler", "A", "B"])
    entry = st.fixed_dictionaries(
        {
            "input": st.fixed_dictionaries({"required": st.dictionaries(st.text(max_size=3), json_values, max_size=3)}),
            "output": json_values,
            "output_node": json_values,
        }
    )
    known = data.draw(st.dictionaries(names, entry, max_size=3))
    one = st.builds(
        lambda kind, inputs: {"class_type": kind, "inputs": inputs},
        names,
        st.dictionaries(st.text(max_size=3), json_values, max_size=4),
    )
    graph = data.draw(st.dictionaries(st.sampled_from(["1", "2", "3"]), one, min_size=1))
    report = preflight(graph, with_own(known.get))
    assert all(cleaned(line) == line for line in report.lines())


def test_a_document_that_is_none_is_refused(schemas):
    with pytest.raises(WorkflowError):
        made_ground(ui({"nodes": [{"id": 1}], "links": []}), schemas.get)
