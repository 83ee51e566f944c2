"""Texts that a user puts into a workflow: what of their wildcards and variants a run's seed chooses, and where."""

from __future__ import annotations

import csv
import json

import pytest

from tagloom.prompt import expand
from tagloom.runner.cli import main
from tagloom.runner.errors import NotRunnable
from tagloom.runner.graph.convert import to_api
from tagloom.runner.graph.reading import Document
from tagloom.runner.graph.workflows import shipped
from tagloom.runner.places import wildcard_folders
from tagloom.runner.workflow_ground import made_ground
from tagloom.runner.workflow_tasks import made_task, seeded, workflow_tasks

from .drawing import node, workflow
from .plain_graph import node as api_node
from .plain_graph import plain, two_passes

COLOURS = ("red", "blue", "green", "grey", "white", "black", "pink", "teal")
VARIANT = "a {" + "|".join(COLOURS) + "} dog"
DOGS = {f"a {colour} dog" for colour in COLOURS}
WILD = "a __colour__ dog"
UNKNOWN = "wildcard __nowhere__ is not known"
TAGS = "Tags to Image"


@pytest.fixture(autouse=True)
def colours(home):
    """The user's wildcards."""
    (folder,) = wildcard_folders()
    folder.mkdir(parents=True)
    (folder / "colour.txt").write_text("\n".join(COLOURS), encoding="utf-8")


def api(graph):
    return Document("api", graph, "graph.json")


def drawn():
    """Return a UI workflow of core nodes, whose second text can be random and is nobody's."""
    encode = {"inputs": "clip:CLIP", "outputs": "c:CONDITIONING"}
    return workflow(
        node(4, "CheckpointLoaderSimple", "tagloom-tiny.safetensors", outputs="m:MODEL clip:CLIP v:VAE"),
        node(6, "CLIPTextEncode", "1girl", **encode),
        node(7, "CLIPTextEncode", "blurry", **encode),
        node(
            *(3, "KSampler", 5, "fixed", 20, 7, "euler", "normal", 1),
            inputs="model:MODEL positive:CONDITIONING negative:CONDITIONING latent_image:LATENT",
        ),
        links="4.1>6.clip 4.1>7.clip 4.0>3.model 6.0>3.positive 7.0>3.negative",
    )


def filled(document, values, schemas):
    return made_task(document, values).filled(made_ground(document, schemas.get), None)


def text_of(document, values, schemas, node_id="6", name="text"):
    return filled(document, values, schemas).done.graph[node_id]["inputs"][name]


DOCUMENTS = pytest.mark.parametrize("document", [api(plain()), Document("ui", drawn(), "flow.json")], ids=["api", "ui"])


@DOCUMENTS
@pytest.mark.parametrize("text", [VARIANT, WILD])
@pytest.mark.parametrize("selector", ["positive", "6.text"])
def test_a_seed_chooses(document, text, selector, schemas):
    texts = [text_of(document, {selector: text, "seed": seed}, schemas) for seed in (*range(8), *range(8))]
    assert texts[:8] == texts[8:] == [expand(text, seed, wildcard_folders()).text for seed in range(8)]
    assert {*texts} < DOGS
    assert len({*texts}) > 2


@DOCUMENTS
def test_the_workflow_s_own_seed_chooses_where_none_is_given(document, schemas):
    assert text_of(document, {"positive": VARIANT}, schemas) == expand(VARIANT, 5).text
    assert text_of(document, {"positive": VARIANT, "KSampler.seed": "6"}, schemas) == expand(VARIANT, 6).text


def test_seed_0_chooses_where_the_workflow_has_several(schemas):
    assert text_of(api(two_passes()), {"6.text": VARIANT}, schemas) == expand(VARIANT, 0).text


def test_pictures_of_one_run_choose_each_for_itself(schemas):
    document = api(plain())
    rows = seeded(made_ground(document, schemas.get), {"positive": WILD, "negative": VARIANT}, 6, 1)
    graphs = [
        task.filled(made_ground(document, schemas.get), None).done.graph
        for task in workflow_tasks(document, rows, schemas.get)
    ]
    for node_id, text in (("6", WILD), ("7", VARIANT)):
        texts = [graph[node_id]["inputs"]["text"] for graph in graphs]
        assert texts == [expand(text, seed, wildcard_folders()).text for seed in range(1, 7)]


def test_a_picture_opens_with_what_was_chosen(schemas):
    made = filled(Document("ui", drawn(), "flow.json"), {"positive": r"\{a\|b\} " + WILD, "seed": 2}, schemas)
    expected = "{a|b} " + expand(WILD, 2, wildcard_folders()).text
    assert made.done.graph["6"]["inputs"]["text"] == expected
    document = made.ground.mirrored(made.done)
    assert "tagloom" not in document["extra"]  # the nodes' own widgets show it
    assert to_api(document, schemas.get)["6"]["inputs"]["text"] == expected


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (r"(a {b|b}:1.2), \(c\) [d|e] |_| # f", r"(a b:1.2), \(c\) [d|e] |_| # f"),
        (r"\{a|b\}", "{a|b}"),
        ("{a}, a_b", "{a}, a_b"),
    ],
)
def test_the_rest_of_a_text_is_sent_letter_by_letter(given, sent, schemas):
    assert text_of(api(plain()), {"positive": given}, schemas) == sent


def test_a_workflow_s_own_texts_and_other_inputs_stay(schemas):
    graph = plain()
    graph["7"]["inputs"]["text"] = VARIANT
    done = filled(api(graph), {"positive": VARIANT, "prefix": "{a|b}__c__"}, schemas).done
    assert done.graph["7"]["inputs"]["text"] == VARIANT
    assert done.graph["9"]["inputs"]["filename_prefix"] == "{a|b}__c__"


@pytest.mark.parametrize(
    ("dialect", "sent"),
    [("a1111", expand(VARIANT, 3).text), ("comfyui", expand(VARIANT, 3).text), ("novelai3", VARIANT)],
)
def test_a_tagloom_node_s_dialect_says_what_a_variant_is(dialect, sent, schemas):
    document = Document("ui", shipped(TAGS), "flow.json")
    made = filled(document, {"dialect": dialect, "seed": 3, "positive": VARIANT}, schemas)
    (place,) = made.ground.declarations("inputs")["positive"]
    assert made.done.graph[str(place[0])]["inputs"]["text"] == sent


@pytest.mark.parametrize("name", ["The Whole Specification", "Prompt Workshop", "Prompt Matrix"])
def test_nodes_that_choose_for_themselves_get_the_text_as_it_is(name, schemas):
    document = Document("ui", shipped(name), "flow.json")
    made = filled(document, {"positive": WILD + ", __nowhere__"}, schemas)
    (place,) = made.ground.declarations("inputs")["positive"]
    assert made.done.graph[str(place[0])]["inputs"]["text"] == WILD + ", __nowhere__"


def test_a_text_node_in_front_of_a_choosing_node_is_its_own(schemas):
    graph = plain()
    graph["20"] = api_node("TagloomPromptMatrix", text=["21", 0], dialect="a1111")
    graph["21"] = api_node("PrimitiveStringMultiline", value="x")
    graph["6"]["inputs"]["text"] = ["20", 0]
    assert text_of(api(graph), {"positive": VARIANT}, schemas, "21", "value") == VARIANT
    graph["6"]["inputs"]["text"] = ["21", 0]
    del graph["20"]
    assert text_of(api(graph), {"positive": VARIANT}, schemas, "21", "value") in DOGS


@DOCUMENTS
def test_unknown_wildcards_are_refused_all_at_once(document, schemas):
    values = {"positive": "a __nowhere__ dog", "negative": "__colour__, __nothing__"}
    with pytest.raises(NotRunnable, match=UNKNOWN) as caught:
        filled(document, values, schemas)
    assert [(fault.kind, fault.node, fault.input) for fault in caught.value.faults] == [
        ("value", "6", "text"),
        ("value", "7", "text"),
    ]


def test_check_names_an_unknown_wildcard(ask, schemas, tmp_path):
    flow, info = tmp_path / "flow.json", tmp_path / "info.json"
    flow.write_text(json.dumps(plain()), encoding="utf-8")
    info.write_text(json.dumps(schemas), encoding="utf-8")
    told = ask("workflow", "check", str(flow), "--object-info", str(info), "--set", "positive=__nowhere__")
    assert told.code == 5
    assert told.text.startswith(f"node 6 (Wanted): text: {UNKNOWN}")


def test_run_sends_the_choice_and_queues_nothing_unknown(fake_server, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.json").write_text(json.dumps(plain()), encoding="utf-8")
    assert main(["run", "flow.json", "--set", "positive=__nowhere__"]) == 5
    assert UNKNOWN in capsys.readouterr().err
    assert fake_server.graphs == []
    assert main(["run", "flow.json", "--set", f"positive={WILD}", "--seed", "1", "--count", "2"]) == 0
    sent = {graph["3"]["inputs"]["seed"]: graph["6"]["inputs"]["text"] for graph in fake_server.graphs}
    assert sent == {seed: expand(WILD, seed, wildcard_folders()).text for seed in (1, 2)}


def test_a_table_s_columns_are_chosen_by_each_row_s_seed(fake_server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flow.json").write_text(json.dumps(plain()), encoding="utf-8")
    with (tmp_path / "table.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("positive", "seed"), (WILD, 1), (VARIANT, 2), (WILD, 3)])
    assert main(["batch", "run", "table.csv", "--workflow", "flow.json"]) == 0
    sent = {graph["3"]["inputs"]["seed"]: graph["6"]["inputs"]["text"] for graph in fake_server.graphs}
    texts = {1: WILD, 2: VARIANT, 3: WILD}
    assert sent == {seed: expand(text, seed, wildcard_folders()).text for seed, text in texts.items()}
