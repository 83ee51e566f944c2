"""Small workflows whose widgets are a trap, each with the inputs that the editor sends by node.

`tests/comfy/editor/test_conversion.py` asks the real editor for the same.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .drawing import node, schema_1, workflow

NOW = datetime(2024, 3, 5, 7, 8, 9)
"""For dates in file names: parts of several digits each, so that none are mistaken."""
LOADER = node(1, "CheckpointLoaderSimple", "a.safetensors", outputs="MODEL:MODEL CLIP:CLIP VAE:VAE")
SAMPLING = {"seed": 5, "steps": 20, "cfg": 4.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 0.5}
SIZE = {"width": 512, "height": 768, "batch_size": 2}


def first(count: int) -> int:
    """Choose the first option of a random choice."""
    return 0


def sampler(*values: Any, **more: Any) -> dict[str, Any]:
    return node(3, "KSampler", *values, **more)


def empty(*values: Any, **more: Any) -> dict[str, Any]:
    return node(2, "EmptyLatentImage", *values, outputs="LATENT:LATENT", **more)


def text(value: Any, **more: Any) -> dict[str, Any]:
    return node(2, "CLIPTextEncode", value, inputs="clip:CLIP", outputs="CONDITIONING:CONDITIONING", **more)


def saved_as(prefix: str) -> Any:
    """Return a workflow whose pictures have a name, with a sampler that patterns can name."""
    named = sampler(5, "fixed", 20, 4.5, "euler", "normal", 0.5, title="My sampler")
    texts = node(4, "CLIPTextEncode", "a/b:c", properties={"Node name for S&R": "positive"})
    return workflow(node(9, "SaveImage", prefix), named, texts)


def name_of(expected: str) -> dict[str, Any]:
    return {"9": {"filename_prefix": expected}, "3": SAMPLING, "4": {"text": "a/b:c"}}


Cases = dict[str, tuple[Any, dict[str, dict[str, Any]]]]

CASES: Cases = {
    "2: links as arrays": (
        workflow(LOADER, text("1girl"), links="1.1>2.clip"),
        {"1": {"ckpt_name": "a.safetensors"}, "2": {"text": "1girl", "clip": ["1", 1]}},
    ),
    "2: schema 1 has links as objects": (
        schema_1(LOADER, text("1girl"), links="1.1>2.clip"),
        {"1": {"ckpt_name": "a.safetensors"}, "2": {"text": "1girl", "clip": ["1", 1]}},
    ),
    "2: ids as texts": (
        workflow({**LOADER, "id": "first"}, text("1girl"), links="first.1>2.clip"),
        {"first": {"ckpt_name": "a.safetensors"}, "2": {"text": "1girl", "clip": ["first", 1]}},
    ),
    "4: nothing is connected": (workflow(text("1girl")), {"2": {"text": "1girl"}}),
    "6: an input that is always a socket takes no value": (
        workflow(node(7, "TagloomNegativePreset", "bad hands", "auto", True, "a1111", True)),
        {"7": {"text": "bad hands", "preset": "auto", "enabled": True, "dialect": "a1111", "tag_aware": True}},
    ),
    "6: of a file from before, its value is passed over": (
        workflow(node(7, "TagloomNegativePreset", "bad hands", "auto", True, "once", "a1111", True)),
        {"7": {"text": "bad hands", "preset": "auto", "enabled": True, "dialect": "a1111", "tag_aware": True}},
    ),
    "7: an input for a widget is no link": (
        workflow(empty(512, 768, 2, inputs="width:INT! height:INT! batch_size:INT!")),
        {"2": SIZE},
    ),
    "7: a linked widget keeps its place among the values": (
        workflow(
            node(1, "PrimitiveInt", 64, "fixed", outputs="INT:INT"),
            empty(512, 768, 2, inputs="width:INT! height:INT! batch_size:INT!"),
            links="1.0>2.width",
        ),
        {"1": {"value": 64}, "2": {**SIZE, "width": ["1", 0]}},
    ),
    "7: only the linked widget has an input, as in old files": (
        workflow(
            node(1, "PrimitiveInt", 64, "fixed", outputs="INT:INT"),
            empty(512, 768, 2, inputs="height:INT!"),
            links="1.0>2.height",
        ),
        {"1": {"value": 64}, "2": {**SIZE, "height": ["1", 0]}},
    ),
    "8: a seed's control": (workflow(sampler(5, "increment", 20, 4.5, "euler", "normal", 0.5)), {"3": SAMPLING}),
    "8: a seed without its control moves the values, in the editor too": (
        workflow(sampler(5, 20, 4.5, "euler", "normal", 0.5)),
        {
            "3": {
                "seed": 5,
                "steps": 4.5,
                "cfg": "euler",
                "sampler_name": "normal",
                "scheduler": 0.5,
                "denoise": 1.0,
            }
        },
    ),
    "9: no values": (
        workflow(empty(widgets_values=None)),
        {"2": {"width": 512, "height": 512, "batch_size": 1}},
    ),
    "9: too few values": (workflow(empty(64)), {"2": {"width": 64, "height": 512, "batch_size": 1}}),
    "9: too many values": (workflow(empty(512, 768, 2, "more", {"a": 1})), {"2": SIZE}),
    "9: empty values": (workflow(empty(None, 768, None)), {"2": {"width": None, "height": 768, "batch_size": None}}),
    "9: a list is wrapped, an object is not": (
        workflow(node(9, "PrimitiveString", ["a", 1]), node(8, "CheckpointLoaderSimple", {"a": [1]})),
        {"8": {"ckpt_name": {"a": [1]}}, "9": {"value": {"__value__": ["a", 1]}}},
    ),
    "9: an area of text makes text of everything": (
        workflow(text(None), {**text(5), "id": 3}, {**text(True), "id": 4}, {**text("a\r\nb\rc"), "id": 5}),
        {"2": {"text": ""}, "3": {"text": "5"}, "4": {"text": "true"}, "5": {"text": "a\nb\nc"}},
    ),
    "10: the button for a picture": (workflow(node(4, "LoadImage", "b.png", "image")), {"4": {"image": "b.png"}}),
    "10: the button comes behind all other values": (
        workflow(node(4, "LoadImageMask", "b.png", "green", "image")),
        {"4": {"image": "b.png", "channel": "green"}},
    ),
    "10: a picture in a folder": (
        workflow(node(4, "LoadImage", {"filename": "b.png", "subfolder": "clipspace", "type": "input"}, "image")),
        {"4": {"image": "clipspace/b.png"}},
    ),
    "10: a text that only the editor shows": (workflow(node(4, "PreviewAny")), {"4": {"preview": ""}}),
    "11: values that the server does not offer": (
        workflow(sampler(5, "fixed", 20, 4.5, "EULER", "nonesuch", 0.5)),
        {"3": {**SAMPLING, "sampler_name": "EULER", "scheduler": "nonesuch"}},
    ),
    "11: a folder is written as it is": (
        workflow(node(1, "CheckpointLoaderSimple", "sdxl\\a.safetensors")),
        {"1": {"ckpt_name": "sdxl\\a.safetensors"}},
    ),
    "11: very old names of samplers": (
        workflow(sampler(5, "fixed", 20, 4.5, "sample_euler", "normal", 0.5)),
        {"3": SAMPLING},
    ),
    "12: choices": (workflow(text("a {red|blue} {old|new} car")), {"2": {"text": "a red old car"}}),
    "12: choices in choices": (workflow(text("{a {b|c} {d|e}|f}")), {"2": {"text": "a b d"}}),
    "12: comments": (workflow(text("a /* {x|y}\n */ b // c\nd")), {"2": {"text": "a  b \nd"}}),
    "12: an address loses its end": (workflow(text("https://example.com, sky")), {"2": {"text": "https:"}}),
    "12: escapes": (
        workflow(text(r"\{a\|b\} \(c\) {d\|e|f} \\{g|h}")),
        {"2": {"text": r"{a|b} \(c\) d|e \\g"}},
    ),
    "12: braces that do not match": (workflow(text("a} {b|c")), {"2": {"text": "a} b"}}),
    "12: an empty choice": (workflow(text("a {|b} {} c")), {"2": {"text": "a   c"}}),
    "12: only inputs that say so": (
        workflow(node(4, "StringConcatenate", "{a|b}", "c // d", "{e|f}")),
        {"4": {"string_a": "{a|b}", "string_b": "c // d", "delimiter": "{e|f}"}},
    ),
    "13: a date": (saved_as("%date:yyyy-MM-dd%/%date:yy d_hhmmss s%"), name_of("2024-03-05/24 5_070809 9")),
    "13: dots in a date": (saved_as("%date:yyyy.MM.dd%x%date:yyyy.MM%"), name_of("2024x%date:yyyy.MM%")),
    "13: widgets by title and by search name": (
        saved_as("%My sampler.seed% %My sampler.cfg% %positive.text%"),
        name_of("5 4.5 a_b_c"),
    ),
    "13: by class": (saved_as("%KSampler.sampler_name%"), name_of("euler")),
    "13: what is the server's, or unknown": (
        saved_as("%width%x%height% %none.seed% %KSampler.none% 100%"),
        name_of("%width%x%height% %none.seed% %KSampler.none% 100%"),
    ),
    "13: other classes keep it": (
        workflow(node(9, "TagloomSaveImage", "%date:yyyy%", "png", 90, "a1111")),
        {"9": {"filename_prefix": "%date:yyyy%", "format": "png", "quality": 90, "dialect": "a1111"}},
    ),
    "14: a missing choice is the first one": (
        workflow(sampler(5, "fixed", 20, 4.5)),
        {"3": {**SAMPLING, "sampler_name": "euler", "scheduler": "simple", "denoise": 1.0}},
    ),
}
TITLES = {
    "3: a title of its own": (workflow({**LOADER, "title": "My model"}), {"1": "My model"}),
    "3: the name of the class": (workflow(LOADER), {"1": "Load Checkpoint"}),
    "3: what the editor alone calls it": (workflow(node(4, "PreviewAny")), {"4": "Preview Any"}),
}
"""Workflows with the titles that are sent."""
