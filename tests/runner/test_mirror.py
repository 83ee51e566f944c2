"""The editor's document of what was run: converting it gives the same graph."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tagloom.runner.graph.convert import to_api
from tagloom.runner.graph.inputs import is_link
from tagloom.runner.graph.mirror import Mirror, mirrored
from tagloom.runner.graph.nodes import Place
from tagloom.runner.graph.texts import seeded

from .drawing import instance, node, subgraph, workflow
from .link_cases import CASES as LINKS
from .subgraph_cases import CASES as SUBGRAPHS
from .subgraph_cases import ENCODING, JOINING, encode, join
from .widget_cases import CASES as WIDGETS
from .widget_cases import LOADER, text

NOW = datetime(2026, 1, 2)
SHARED = "22: an area of text is one for all instances"
"""Until one of them is changed and gets a copy of its own."""
REFERRING = ("13:", "16: a primitive that replaces patterns")
"""Texts in them tell values of other nodes, and change with these."""
CASES = {name: case[0] for name, case in (WIDGETS | LINKS | SUBGRAPHS).items()}


@pytest.fixture(scope="module")
def schemas(schemas):
    """The classes of the cases, too."""
    return schemas | json.loads(Path(__file__).with_name("conversion_schemas.json").read_text(encoding="utf-8"))


def api(document, schemas):
    return to_api(document, schemas.get, seeded(0), NOW)


def other(value):
    """Return another value of the same kind."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int | float) else f"{value} {{a|b}} new"


@pytest.mark.parametrize("name", CASES)
def test_each_value_of_a_document_can_be_changed_alone(schemas, name):
    document = CASES[name]
    graph = api(document, schemas)
    for node_id, entry in graph.items():
        for field, value in entry["inputs"].items():
            if is_link(value) or not isinstance(value, str | int | float) or field == "preview":
                continue
            new = other(value)
            changed = graph | {node_id: {**entry, "inputs": {**entry["inputs"], field: new}}}
            found = api(mirrored(document, [(Place(node_id, field), new)], schemas.get), schemas)
            if name == SHARED:  # the others keep what they have in their own lists of values
                before = {"5:2": {"text": "first"}, "6:2": {"text": "second"}}
                assert {key: own["inputs"] for key, own in found.items()} == before | {node_id: {field: new}}
            elif name.startswith(REFERRING):
                assert found[node_id] == changed[node_id]
            else:
                assert found == changed


def test_one_of_two_instances_gets_a_subgraph_of_its_own(schemas):
    document = workflow(LOADER, encode(5, "a"), encode(6, "b"), links="1.1>5.clip 1.1>6.clip", subgraphs=(ENCODING,))
    found = mirrored(document, [(Place("5:2", "text"), "new")], schemas.get)
    assert len(found["definitions"]["subgraphs"]) == 2
    assert api(found, schemas)["5:2"]["inputs"]["text"] == "new"
    assert len(document["definitions"]["subgraphs"]) == 1


def test_a_value_that_an_instance_shows_without_saying_so(schemas):
    """The front end then goes by the places of all its widgets."""
    proxies = {"proxyWidgets": [["2", "string_b"]]}
    document = workflow(join(5, properties=proxies), subgraphs=(JOINING,))
    before = api(document, schemas)["5:2"]["inputs"]
    values = {"string_b": "c", "delimiter": "+", "string_a": "d"}
    found = mirrored(document, [(Place("5:2", name), value) for name, value in values.items()], schemas.get)
    assert api(found, schemas)["5:2"]["inputs"] == before | values


def test_a_value_in_a_subgraph_that_is_loaded_before_the_one_in_it(schemas):
    """The front end then passes over what the inner instance has saved."""
    inside = instance(4, 2, "+", inputs="delimiter:STRING!", outputs="s:STRING")
    outer = subgraph(6, inside, links="4.0>out.0", outputs="s:STRING")
    document = workflow(instance(5, 6, outputs="s:STRING"), subgraphs=(outer, JOINING))
    found = mirrored(document, [(Place("5:4:2", "delimiter"), "*")], schemas.get)
    assert api(found, schemas)["5:4:2"]["inputs"]["delimiter"] == "*"


def test_choices_in_a_text_are_taken_word_by_word(schemas):
    document = workflow(LOADER, text("1girl"), links="1.1>2.clip")
    found = mirrored(document, [(Place("2", "text"), "{a|b}")], schemas.get)
    assert found["nodes"][1]["widgets_values"] == [r"\{a\|b\}"]
    assert api(found, schemas)["2"]["inputs"]["text"] == "{a|b}"


def test_a_mirror_is_filled_in_again_and_again(schemas):
    mirror = Mirror(workflow(LOADER, text("1girl"), links="1.1>2.clip"), [Place("2", "text")], schemas.get)
    first, second = mirror.filled(["a"]), mirror.filled(["b"])
    assert [each["nodes"][1]["widgets_values"] for each in (first, second)] == [["a"], ["b"]]


def test_a_link_is_taken_out_at_both_ends(schemas):
    given = node(7, "PrimitiveInt", 64, outputs="INT:INT")
    latent = node(2, "EmptyLatentImage", 512, 768, 1, inputs="width:INT!", outputs="LATENT:LATENT")
    document = workflow(given, latent, links="7.0>2.width")
    found = mirrored(document, [(Place("2", "width"), 128)], schemas.get)
    assert (found["links"], found["nodes"][0]["outputs"][0]["links"]) == ([], [])
    assert api(found, schemas)["2"]["inputs"] == {"width": 128, "height": 768, "batch_size": 1}
