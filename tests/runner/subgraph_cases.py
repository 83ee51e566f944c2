"""Small workflows with subgraphs, each with the inputs that the editor sends by node.

`tests/comfy/editor/test_conversion.py` asks the real editor for the same.
"""

from __future__ import annotations

from typing import Any

from .drawing import instance, node, subgraph, workflow
from .widget_cases import LOADER, Cases

CHECKPOINT = {"ckpt_name": "a.safetensors"}
ENCODER = node(2, "CLIPTextEncode", "inner", inputs="clip:CLIP text:STRING!", outputs="CONDITIONING:CONDITIONING")
JOINED = node(
    2,
    "StringConcatenate",
    "inner",
    "b",
    "-",
    inputs="string_a:STRING! string_b:STRING! delimiter:STRING!",
    outputs="STRING:STRING",
)
LATENT = node(
    2, "EmptyLatentImage", 512, 768, 2, inputs="width:INT! height:INT! batch_size:INT!", outputs="LATENT:LATENT"
)
SHOWN = node(9, "PreviewAny", inputs="source:*")
INNER = {"string_a": "inner", "string_b": "b", "delimiter": "-"}
SIZED = {"width": 512, "height": 768, "batch_size": 2}

ENCODING = subgraph(
    1, ENCODER, links="in.0>2.clip in.1>2.text 2.0>out.0", inputs="clip:CLIP text:STRING", outputs="c:CONDITIONING"
)
JOINING = subgraph(2, JOINED, links="in.0>2.delimiter 2.0>out.0", inputs="delimiter:STRING", outputs="s:STRING")
SIZING = subgraph(3, LATENT, links="in.0>2.width in.0>2.height 2.0>out.0", inputs="size:INT", outputs="l:LATENT")
PASSING = subgraph(4, links="", inputs="clip:CLIP", outputs="clip:CLIP")
AROUND = subgraph(
    5,
    instance(4, 2, "+", inputs="delimiter:STRING!", outputs="s:STRING"),
    links="in.0>4.delimiter 4.0>out.0",
    inputs="between:STRING",
    outputs="s:STRING",
)


def encode(node_id: int, *values: Any, **more: Any) -> dict[str, Any]:
    return instance(node_id, 1, *values, inputs="clip:CLIP text:STRING!", outputs="c:CONDITIONING", **more)


def join(node_id: int, *values: Any, **more: Any) -> dict[str, Any]:
    return instance(node_id, 2, *values, inputs="delimiter:STRING!", outputs="s:STRING", **more)


def size(node_id: int, *values: Any, **more: Any) -> dict[str, Any]:
    return instance(node_id, 3, *values, inputs="size:INT!", outputs="l:LATENT", **more)


STRING = node(7, "PrimitiveString", "given", outputs="STRING:STRING")

CASES: Cases = {
    "3: the same subgraph twice": (
        workflow(LOADER, join(5, "+"), join(6, "*"), links="", subgraphs=(JOINING,)),
        {"1": CHECKPOINT, "5:2": {**INNER, "delimiter": "+"}, "6:2": {**INNER, "delimiter": "*"}},
    ),
    "22: an area of text is one for all instances": (
        workflow(encode(5, "first"), encode(6, "second"), subgraphs=(ENCODING,)),
        {"5:2": {"text": "second"}, "6:2": {"text": "second"}},
    ),
    "21: a link into a subgraph": (
        workflow(LOADER, encode(5, "outer"), SHOWN, links="1.1>5.clip 5.0>9.source", subgraphs=(ENCODING,)),
        {
            "1": CHECKPOINT,
            "5:2": {"text": "outer", "clip": ["1", 1]},
            "9": {"preview": "", "source": ["5:2", 0]},
        },
    ),
    "21: an input for several widgets": (
        workflow(size(5, 64), subgraphs=(SIZING,)),
        {"5:2": {**SIZED, "width": 64, "height": 64}},
    ),
    "21: inputs are matched by name": (
        workflow(
            LOADER,
            instance(5, 1, "outer", inputs="text:STRING! clip:CLIP", outputs="c:CONDITIONING"),
            links="1.1>5.clip",
            subgraphs=(ENCODING,),
        ),
        {"1": CHECKPOINT, "5:2": {"text": "outer", "clip": ["1", 1]}},
    ),
    "22: without saved values the inner ones count": (
        workflow(join(5), subgraphs=(JOINING,)),
        {"5:2": INNER},
    ),
    "22: a link beats the value of the instance": (
        workflow(STRING, join(5, "+"), links="7.0>5.delimiter", subgraphs=(JOINING,)),
        {"7": {"value": "given"}, "5:2": {**INNER, "delimiter": ["7", 0]}},
    ),
    "22: shown widgets by proxyWidgets": (
        workflow(
            join(5, None, "+", properties={"proxyWidgets": [["2", "string_b"], ["-1", "delimiter"]]}),
            subgraphs=(JOINING,),
        ),
        {"5:2": {**INNER, "delimiter": "+"}},
    ),
    "22: proxyWidgets that leave the value empty": (
        workflow(
            join(5, None, None, properties={"proxyWidgets": [["2", "string_b"], ["-1", "delimiter"]]}),
            subgraphs=(JOINING,),
        ),
        {"5:2": {**INNER, "delimiter": None}},
    ),
    "22: a shown inner widget hides the instance's own of its name": (
        workflow(join(5, "+", properties={"proxyWidgets": [["2", "delimiter"]]}), subgraphs=(JOINING,)),
        {"5:2": INNER},
    ),
    "22: a primitive into an instance": (
        workflow(
            node(7, "PrimitiveNode", "+", outputs="STRING:STRING"),
            join(5, "outer"),
            links="7.0>5.delimiter",
            subgraphs=(JOINING,),
        ),
        {"5:2": {**INNER, "delimiter": "+"}},
    ),
    "23: nodes inside a muted instance, which are muted themselves": (
        workflow(
            join(5, "+", mode=2),
            SHOWN,
            links="5.0>9.source",
            subgraphs=(
                subgraph(
                    2,
                    {**JOINED, "mode": 2},
                    links="in.0>2.delimiter 2.0>out.0",
                    inputs="delimiter:STRING",
                    outputs="s:STRING",
                ),
            ),
        ),
        {"9": {"preview": ""}},
    ),
    "23: a bypassed instance hands on by type": (
        workflow(
            STRING,
            join(5, "+", mode=4),
            SHOWN,
            links="7.0>5.delimiter 5.0>9.source",
            subgraphs=(
                subgraph(
                    2,
                    {**JOINED, "mode": 4},
                    links="in.0>2.delimiter 2.0>out.0",
                    inputs="delimiter:STRING",
                    outputs="s:STRING",
                ),
            ),
        ),
        {"7": {"value": "given"}, "9": {"preview": "", "source": ["7", 0]}},
    ),
    "23: a muted node inside": (
        workflow(
            join(5, "+"),
            SHOWN,
            links="5.0>9.source",
            subgraphs=(
                subgraph(
                    2,
                    {**JOINED, "mode": 2},
                    links="in.0>2.delimiter 2.0>out.0",
                    inputs="delimiter:STRING",
                    outputs="s:STRING",
                ),
            ),
        ),
        {"9": {"preview": ""}},
    ),
    "23: nested subgraphs, the inner one first in the file": (
        workflow(
            instance(8, 5, "outer", inputs="between:STRING!", outputs="s:STRING"),
            SHOWN,
            links="8.0>9.source",
            subgraphs=(JOINING, AROUND),
        ),
        {"8:4:2": {**INNER, "delimiter": "outer"}, "9": {"preview": "", "source": ["8:4:2", 0]}},
    ),
    "23: nested subgraphs, the inner one last in the file": (
        workflow(instance(8, 5, "outer", inputs="between:STRING!", outputs="s:STRING"), subgraphs=(AROUND, JOINING)),
        {"8:4:2": {**INNER, "delimiter": "outer"}},
    ),
    "24: an output that nothing leads to": (
        workflow(
            join(5, "+"),
            SHOWN,
            links="5.0>9.source",
            subgraphs=(subgraph(2, JOINED, links="in.0>2.delimiter", inputs="delimiter:STRING", outputs="s:STRING"),),
        ),
        {"5:2": {**INNER, "delimiter": "+"}, "9": {"preview": ""}},
    ),
    "24: no outputs at all": (
        workflow(instance(5, 6), subgraphs=(subgraph(6, node(3, "SaveImage", "pictures", inputs="images:IMAGE")),)),
        {"5:3": {"filename_prefix": "pictures"}},
    ),
    "13: a value from inside a subgraph": (
        workflow(join(5, "+"), node(9, "SaveImage", "%StringConcatenate.delimiter%"), subgraphs=(JOINING,)),
        {"5:2": {**INNER, "delimiter": "+"}, "9": {"filename_prefix": "+"}},
    ),
}
