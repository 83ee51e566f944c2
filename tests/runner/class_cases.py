"""Node classes that are made up, as a server's packs may have them, and what the editor sends for their nodes.

`tests/comfy/editor/test_conversion.py` gives them to the real editor.
"""

from __future__ import annotations

from typing import Any

from .drawing import node, workflow
from .widget_cases import Cases


def made(display: str = "", output: tuple[str, ...] = (), order: Any = None, **sections: Any) -> dict[str, Any]:
    """Return a class's entry of `/object_info`."""
    return {
        "input": sections,
        "input_order": order or {name: list(section) for name, section in sections.items()},
        "output": list(output),
        "output_is_list": [False for _ in output],
        "output_name": list(output),
        "display_name": display,
        "description": "",
        "category": "made up",
        "python_module": "nodes",
        "output_node": True,
    }


def fields(**inputs: Any) -> dict[str, Any]:
    return inputs


NUMBER = ["INT", {"default": 3, "min": 0, "max": 64, "step": 8}]
SCHEMAS = {
    "Ordered": made(required=fields(a=["INT", {}], b=["STRING", {}]), order={"required": ["b", "a"]}),
    "OptionalFirst": made(optional=fields(o=["INT", {}]), required=fields(r=["STRING", {}]), hidden={"h": "PROMPT"}),
    "Forced": made(required=fields(a=["STRING", {"forceInput": True}], b=["STRING", {"defaultInput": True}])),
    "OtherWidget": made(required=fields(a=["MODEL", {"widgetType": "STRING"}], b=["VHS_BatchManager", {}])),
    "Socketless": made(required=fields(a=["STRING", {"socketless": True}], b=["INT", {}])),
    "Controls": made(
        required=fields(
            seed=["INT", {"control_after_generate": False}],
            noise_seed=["INT", {}],
            n=["INT", {"control_after_generate": True}],
            kind=[["fixed", "randomize"], {"control_after_generate": True}],
            last=["INT", {}],
        )
    ),
    "FloatSeed": made(required=fields(seed=["FLOAT", {}], last=["INT", {}])),
    "Several": made(required=fields(a=[["x", "y"], {"multi_select": {"placeholder": "p"}}], b=["INT", {}])),
    "Defaults": made(
        required=fields(
            whole=["INT", {}],
            part=["FLOAT", {"default": 0.5}],
            word=["STRING", {}],
            words=["STRING", {"multiline": True, "default": "a\r\nb"}],
            switch=["BOOLEAN", {}],
            on=["BOOLEAN", {"default": True}],
            choice=[["x", "y"]],
            second=["COMBO", {"options": ["x", "y"], "default": "y"}],
            nothing=[[]],
        )
    ),
    "Colours": made(required=fields(colour=["COLOR", {}], text=["MARKDOWN", {}], last=["INT", {}])),
    "Steps": made(required=fields(n=NUMBER, f=["FLOAT", {"step": 0.25, "min": -1, "max": 1}], s=["STRING", {}])),
    "Spare": made(required=fields(f=["FLOAT", {"round": 0.001}], n=["INT", {"min": 4, "step": 3}])),
    "Movie": made(required=fields(file=[["a.mp4"], {"video_upload": True}]), optional=fields(n=["INT", {}])),
    "ManyFiles": made(
        required=fields(file=[["a.png"], {"image_upload": True, "allow_batch": True, "image_folder": "output"}])
    ),
    "Finer": made(required=fields(a=["FLOAT", {"step": 0.2, "max": 3}], b=["FLOAT", {"step": 0.5, "min": 1}])),
    "Free": made(required=fields(f=["FLOAT", {}], n=["INT", {}])),
    "Twins": made(required=fields(a=["INT", {}]), optional=fields(a=["STRING", {}])),
    "Unnamed": made(required=fields(a=["INT", {}])),
    "Dynamic": made(required=fields(a=["STRING", {"dynamicPrompts": True}], b=["STRING", {"dynamicPrompts": False}])),
}
WORD = node(1, "Ordered", "given", 5, outputs="STRING:STRING")


def primitive(kind: str, value: Any) -> dict[str, Any]:
    return node(7, "PrimitiveNode", value, "fixed", outputs=f"{kind}:{kind}")


STEPS = "n:INT! f:FLOAT! s:STRING!"
CASES: Cases = {
    "5: by input_order, not as the object lies": (workflow(node(3, "Ordered", "b", 1)), {"3": {"b": "b", "a": 1}}),
    "5: required ones first, hidden ones never": (
        workflow(node(3, "OptionalFirst", "r", 1)),
        {"3": {"r": "r", "o": 1}},
    ),
    "6: forceInput is a socket, defaultInput a widget": (
        workflow(node(3, "Forced", "b", inputs="a:STRING! b:STRING!")),
        {"3": {"b": "b"}},
    ),
    "6: widgetType": (workflow(node(3, "OtherWidget", "a", inputs="b:VHS_BatchManager")), {"3": {"a": "a"}}),
    "6: a widget without a socket": (workflow(node(3, "Socketless", "a", 2)), {"3": {"a": "a", "b": 2}}),
    "8: controls": (
        workflow(node(3, "Controls", 1, 2, "fixed", 3, "increment", "randomize", "fixed", "", 4)),
        {"3": {"seed": 1, "noise_seed": 2, "n": 3, "kind": "randomize", "last": 4}},
    ),
    "8: only whole numbers are seeds": (workflow(node(3, "FloatSeed", 1.5, 2)), {"3": {"seed": 1.5, "last": 2}}),
    "9: several choices": (
        workflow(node(3, "Several", ["x", "y"], 2)),
        {"3": {"a": {"__value__": ["x", "y"]}, "b": 2}},
    ),
    "10: a video's button": (workflow(node(3, "Movie", "b.mp4", 5, "image")), {"3": {"file": "b.mp4", "n": 5}}),
    "10: several files": (
        workflow(node(3, "ManyFiles", ["b.png", "c.png [input]"], "image")),
        {"3": {"file": {"__value__": ["b.png [output]", "c.png [input]"]}}},
    ),
    "10: no file at all": (workflow(node(3, "ManyFiles", "", "image")), {"3": {"file": "a.png"}}),
    "12: which texts have choices": (
        workflow(node(3, "Dynamic", "{a|b}", "{a|b}")),
        {"3": {"a": "a", "b": "{a|b}"}},
    ),
    "14: defaults": (
        workflow(node(3, "Defaults")),
        {
            "3": {
                "whole": 0,
                "part": 0.5,
                "word": "",
                "words": "a\nb",
                "switch": False,
                "on": True,
                "choice": "x",
                "second": "y",
            }
        },
    ),
    "14: colours and texts": (
        workflow(node(3, "Colours"), node(4, "Colours", "#123456", "# a", 7)),
        {
            "3": {"colour": "#000000", "text": "", "last": 0},
            "4": {"colour": "#123456", "text": "# a", "last": 7},
        },
    ),
    "14: one name twice": (workflow(node(3, "Twins", "a")), {"3": {"a": "a"}}),
    "16: steps of whole numbers": (
        workflow(primitive("INT", 13), node(3, "Steps", 1, 0.5, "s", inputs=STEPS), links="7.0>3.n"),
        {"3": {"n": 16, "f": 0.5, "s": "s"}},
    ),
    "16: the largest whole number": (
        workflow(primitive("INT", 999), node(3, "Steps", 1, 0.5, "s", inputs=STEPS), links="7.0>3.n"),
        {"3": {"n": 64, "f": 0.5, "s": "s"}},
    ),
    "16: steps of fractions": (
        workflow(primitive("FLOAT", -0.347), node(3, "Steps", 8, 0.5, "s", inputs=STEPS), links="7.0>3.f"),
        {"3": {"n": 8, "f": -0.3, "s": "s"}},
    ),
    "16: fractions that are rounded": (
        workflow(primitive("FLOAT", 1.23456), node(3, "Spare", 1, 4, inputs="f:FLOAT! n:INT!"), links="7.0>3.f"),
        {"3": {"f": 1, "n": 4}},
    ),
    "16: what two inputs have in common": (
        workflow(primitive("FLOAT", 4.4), node(3, "Finer", 1, 1, inputs="a:FLOAT! b:FLOAT!"), links="7.0>3.a 7.0>3.b"),
        {"3": {"a": 3, "b": 3}},
    ),
    "16: steps that two inputs have in common": (
        workflow(primitive("FLOAT", 2.2), node(3, "Finer", 1, 1, inputs="a:FLOAT! b:FLOAT!"), links="7.0>3.a 7.0>3.b"),
        {"3": {"a": 2.2, "b": 2.2}},
    ),
    "16: numbers without range or step": (
        workflow(primitive("FLOAT", -12345.678), node(3, "Free", 1, 1, inputs="f:FLOAT! n:INT!"), links="7.0>3.f"),
        {"3": {"f": 0, "n": 1}},
    ),
    "16: whole numbers without range or step": (
        workflow(primitive("INT", -12345), node(3, "Free", 1, 1, inputs="f:FLOAT! n:INT!"), links="7.0>3.n"),
        {"3": {"f": 1, "n": -12345}},
    ),
    "16: steps that do not begin at 0": (
        workflow(primitive("INT", 9), node(3, "Spare", 1, 4, inputs="f:FLOAT! n:INT!"), links="7.0>3.n"),
        {"3": {"f": 1, "n": 10}},
    ),
}
TITLES = {"3: a class without a name": (workflow(node(3, "Unnamed", 1)), {"3": "Unnamed"})}
