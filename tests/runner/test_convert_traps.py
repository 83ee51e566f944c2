"""The traps of the conversion in small workflows.

Those of the tables are given to the real editor, too, in `tests/comfy/editor/test_conversion.py`.
"""

from __future__ import annotations

import copy
import random

import pytest

from tagloom.runner.errors import WorkflowError
from tagloom.runner.graph.convert import to_api
from tagloom.runner.graph.texts import resolved, seeded

from . import class_cases, link_cases, subgraph_cases, widget_cases
from .drawing import instance, node, subgraph, workflow
from .widget_cases import NOW, SAMPLING, empty, first, text

CASES = {**widget_cases.CASES, **link_cases.CASES, **subgraph_cases.CASES, **class_cases.CASES}
TITLES = {**widget_cases.TITLES, **class_cases.TITLES}


@pytest.mark.parametrize("name", CASES)
def test_the_inputs_are_the_editor_s(conversion_schemas, name):
    document, expected = CASES[name]
    before = copy.deepcopy(document)
    graph = to_api(document, {**conversion_schemas, **class_cases.SCHEMAS}.get, first, NOW)
    assert {key: entry["inputs"] for key, entry in graph.items()} == expected
    assert document == before


@pytest.mark.parametrize("name", TITLES)
def test_the_titles_are_the_editor_s(conversion_schemas, name):
    document, expected = TITLES[name]
    graph = to_api(document, {**conversion_schemas, **class_cases.SCHEMAS}.get)
    assert {key: entry["_meta"]["title"] for key, entry in graph.items()} == expected


def inputs(document, schemas, **more):
    return {key: entry["inputs"] for key, entry in to_api(document, schemas.get, first, NOW, **more).items()}


def test_choices_are_fixed_by_a_seed(conversion_schemas):
    """The same seed, the same prompt; without one it is always the same, too."""
    document = workflow(text("a {red|green|blue} {car|house|tree} {a|b|c|d|e|f|g}"))
    prompts = [
        to_api(document, conversion_schemas.get, seeded(seed))["2"]["inputs"]["text"] for seed in (1, 1, 2, 3, 4)
    ]
    assert prompts[0] == prompts[1]
    assert len(set(prompts)) > 1
    assert to_api(document, conversion_schemas.get) == to_api(document, conversion_schemas.get)


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("a\\", "a\\"),  # the editor writes "a\\undefined"
        ("/* a", "/* a"),
        ("/*/ a */b", "b"),
        ("a //b\r\nc", "a \r\nc"),
        ("{", ""),
        ("{{{a}}}", "a"),
    ],
)
def test_ends_of_prompts(prompt, expected):
    assert resolved(prompt, first) == expected


def test_every_option_can_be_chosen():
    chosen = {resolved("{a|b|c}", random.Random(seed).randrange) for seed in range(50)}
    assert chosen == {"a", "b", "c"}


@pytest.mark.parametrize("piece", ["/*", "{", "{a|", "\\", "//", "}{", "%"])
def test_long_prompts_of_nasty_pieces_are_quick(piece):
    """Or refused; each took minutes with patterns that look back."""
    try:
        resolved(piece * 200_000, first)
    except WorkflowError as error:
        assert "levels of braces" in str(error)


def test_a_primitive_inside_a_subgraph(conversion_schemas):
    """There the front end 1.32.9 fails: it looks for the links of the subgraph in the workflow around it."""
    inside = subgraph(
        7,
        link_cases.primitive("INT", 64, "fixed"),
        subgraph_cases.LATENT,
        links="7.0>2.width 2.0>out.0",
        outputs="l:LATENT",
    )
    document = workflow(instance(5, 7, outputs="l:LATENT"), subgraphs=(inside,))
    assert inputs(document, conversion_schemas) == {"5:2": {"width": 64, "height": 768, "batch_size": 2}}


def test_an_input_that_leads_straight_to_an_output(conversion_schemas):
    """There the front end 1.32.9 fails."""
    passing = subgraph(4, links="in.0>out.0", inputs="clip:CLIP", outputs="clip:CLIP")
    through = instance(5, 4, inputs="clip:CLIP", outputs="clip:CLIP")
    document = workflow(widget_cases.LOADER, through, text("a"), links="1.1>5.clip 5.0>2.clip", subgraphs=(passing,))
    assert inputs(document, conversion_schemas)["2"] == {"text": "a", "clip": ["1", 1]}


@pytest.mark.parametrize("mode", [2, 4])
def test_what_is_inside_a_silent_instance(conversion_schemas, mode):
    """Front end 1.32.9 sends nodes inside that are not silent themselves, newer ones send none."""
    document = workflow(subgraph_cases.join(5, "+", mode=mode), subgraphs=(subgraph_cases.JOINING,))
    assert inputs(document, conversion_schemas).keys() == {"5:2"}
    assert inputs(document, conversion_schemas, newer=True) == {}


def test_set_and_get_nodes(conversion_schemas):
    """By KJNodes' own rule; that pack was not run."""
    setting = node(5, "SetNode", "model", inputs="CLIP:CLIP", outputs="*:*")
    getting = node(6, "GetNode", "model", outputs="CLIP:CLIP")
    document = workflow(widget_cases.LOADER, setting, getting, text("a"), links="1.1>5.CLIP 6.0>2.clip")
    assert inputs(document, conversion_schemas)["2"] == {"text": "a", "clip": ["1", 1]}
    through = workflow(widget_cases.LOADER, setting, text("a"), links="1.1>5.CLIP 5.0>2.clip")
    assert inputs(through, conversion_schemas)["2"] == {"text": "a", "clip": ["1", 1]}


def test_a_pack_s_own_widgets(conversion_schemas):
    """By rgthree-comfy's own rule; that pack was not run."""
    kind = "Power Lora Loader (rgthree)"
    schema = {
        "input": {"required": {}, "optional": {"model": ["MODEL"], "clip": ["CLIP"]}},
        "output": ["MODEL", "CLIP"],
    }
    on = {"on": True, "lora": "a.safetensors", "strength": 1, "strengthTwo": None}
    loader = node(3, kind, {}, {"type": "PowerLoraLoaderHeaderWidget"}, on, {**on, "on": False}, {}, "")
    graph = to_api(workflow(loader), {**conversion_schemas, kind: schema}.get)
    assert graph["3"]["inputs"] == {"lora_1": on, "lora_2": {**on, "on": False}}


def test_a_picture_out_of_the_outputs(conversion_schemas):
    """The real editor asks the server what there is, and takes that."""
    document = workflow(node(4, "LoadImageOutput", "b.png", False, "refresh", "image"))
    assert inputs(document, conversion_schemas) == {"4": {"image": "b.png [output]", "refresh": "refresh"}}


CHOICE = [
    "COMFY_DYNAMICCOMBO_V3",
    {
        "options": [
            {
                "key": "a",
                "inputs": {"required": {"seed": ["INT", {"control_after_generate": True}], "image": ["IMAGE", {}]}},
            },
            {
                "key": "b",
                "inputs": {
                    "required": {
                        "deep": [
                            "COMFY_DYNAMICCOMBO_V3",
                            {
                                "options": [
                                    {"key": "x", "inputs": {}},
                                    {"key": "y", "inputs": {"optional": {"s": ["STRING", {"default": "?"}]}}},
                                ]
                            },
                        ]
                    }
                },
            },
        ]
    },
]
DYNAMIC = {"input": {"required": {"how": CHOICE, "last": ["INT", {}]}}, "output": ["IMAGE"], "display_name": "D"}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], {"how": "a", "how.seed": 0, "last": 0}),
        (["a", 5, "fixed", 7], {"how": "a", "how.seed": 5, "last": 7}),
        (["b", "x", 7], {"how": "b", "how.deep": "x", "last": 7}),
        (["b", "y", "t", 7], {"how": "b", "how.deep": "y", "how.deep.s": "t", "last": 7}),
    ],
)
def test_a_choice_that_brings_inputs(values, expected):
    """Newer servers have such nodes; the front end that was at hand, 1.32.9, does not know them."""
    graph = to_api(workflow(node(3, "Dynamic", *values)), {"Dynamic": DYNAMIC}.get)
    assert graph["3"]["inputs"] == expected


def test_links_into_inputs_with_dots():
    """They are sent as they are named: the server groups them."""
    document = workflow(
        node(1, "Source", outputs="IMAGE:IMAGE"),
        node(3, "Dynamic", "a", 5, "fixed", 7, inputs="how.image:IMAGE how.seed:INT! images.image0:IMAGE"),
        links="1.0>3.how.image 1.0>3.images.image0",
    )
    source = {"input": {}, "output": ["IMAGE"]}
    graph = to_api(document, {"Dynamic": DYNAMIC, "Source": source}.get)
    linked = {"how.image": ["1", 0], "images.image0": ["1", 0]}
    assert graph["3"]["inputs"] == {"how": "a", "how.seed": 5, "last": 7, **linked}


def test_types_that_follow_their_links():
    """A bypassed node of such a type hands on what fits."""
    match = {"template": {"template_id": "T", "allowed_types": "IMAGE,MASK"}}
    schema = {"input": {"required": {"on": ["COMFY_MATCHTYPE_V3", match]}}, "output": ["COMFY_MATCHTYPE_V3"]}
    document = workflow(
        link_cases.SOURCE,
        node(3, "Switch", inputs="on:IMAGE", outputs="out:IMAGE", mode=4),
        link_cases.SHOWN,
        links="1.0>3.on 3.0>9.images",
    )
    found = {
        "Switch": schema,
        "PreviewImage": {"input": {"required": {"images": ["IMAGE"]}}},
        "LoadImage": {"input": {}},
    }
    assert to_api(document, found.get)["9"]["inputs"] == {"images": ["1", 0]}


def test_many_reroutes_in_a_row(conversion_schemas):
    """Neither the interpreter's stack nor time runs out."""
    rows = [link_cases.reroute(number) for number in range(10, 3010)]
    chain = " ".join(f"{number}.0>{number + 1}." for number in range(10, 3009))
    document = workflow(widget_cases.LOADER, *rows, text("a"), links=f"1.1>10. {chain} 3009.0>2.clip")
    assert inputs(document, conversion_schemas)["2"] == {"text": "a", "clip": ["1", 1]}


def test_a_sampler_and_a_latent_keep_their_values_together(conversion_schemas):
    document = workflow(
        empty(512, 768, 2),
        node(3, "KSampler", 5, "fixed", 20, 4.5, "euler", "normal", 0.5, inputs="latent_image:LATENT"),
        links="2.0>3.latent_image",
    )
    assert inputs(document, conversion_schemas)["3"] == {**SAMPLING, "latent_image": ["2", 0]}
