"""Small workflows whose links are a trap, each with the inputs that the editor sends by node.

`tests/comfy/editor/test_conversion.py` asks the real editor for the same.
"""

from __future__ import annotations

from typing import Any

from .drawing import node, workflow
from .widget_cases import LOADER, SIZE, Cases, empty, sampler, text

CHECKPOINT = {"ckpt_name": "a.safetensors"}
SCALING = {"upscale_method": "nearest-exact", "width": 512, "height": 512, "crop": "disabled"}


def reroute(node_id: int, kind: str = "*") -> dict[str, Any]:
    return node(node_id, "Reroute", inputs=f":{kind}", outputs=f":{kind}", widgets_values=None)


def primitive(kind: str, *values: Any, **more: Any) -> dict[str, Any]:
    return node(7, "PrimitiveNode", *values, outputs=f"{kind}:{kind}", **more)


def lora(node_id: int, mode: int = 4) -> dict[str, Any]:
    return node(
        node_id,
        "LoraLoader",
        "l.safetensors",
        1,
        1,
        inputs="model:MODEL clip:CLIP",
        outputs="M:MODEL C:CLIP",
        mode=mode,
    )


def picture(node_id: int, kind: str, *values: Any, mode: int = 0, inputs: str = "image:IMAGE") -> dict[str, Any]:
    return node(node_id, kind, *values, inputs=inputs, outputs="IMAGE:IMAGE", mode=mode)


SOURCE = node(1, "LoadImage", "b.png", "image", outputs="IMAGE:IMAGE MASK:MASK")
SHOWN = node(9, "PreviewImage", inputs="images:IMAGE")
GIVEN = {"1": {"image": "b.png"}}
SIZED = {"width": 512, "height": 768, "batch_size": 2}
SIZES = "width:INT! height:INT! batch_size:INT!"
ANY = node(8, "PreviewAny", inputs="source:*")

CASES: Cases = {
    "15: reroutes in a row": (
        workflow(LOADER, reroute(5), reroute(6), text("a"), links="1.1>5. 5.0>6. 6.0>2.clip"),
        {"1": CHECKPOINT, "2": {"text": "a", "clip": ["1", 1]}},
    ),
    "15: a reroute that nothing leads into": (
        workflow(LOADER, reroute(5), text("a"), links="5.0>2.clip"),
        {"1": CHECKPOINT, "2": {"text": "a"}},
    ),
    "15: a reroute into a widget": (
        workflow(
            node(1, "PrimitiveInt", 64, "fixed", outputs="INT:INT"),
            reroute(5),
            empty(512, 768, 2, inputs=SIZES),
            links="1.0>5. 5.0>2.width",
        ),
        {"1": {"value": 64}, "2": {**SIZE, "width": ["1", 0]}},
    ),
    "15: points on a link": (
        workflow(
            LOADER,
            text("a"),
            links="1.1>2.clip",
            extra={
                "linkExtensions": [{"id": 1, "parentId": 1}],
                "reroutes": [{"id": 1, "pos": [5, 5], "linkIds": [1]}],
            },
        ),
        {"1": CHECKPOINT, "2": {"text": "a", "clip": ["1", 1]}},
    ),
    "15: a muted reroute still leads on": (
        workflow(LOADER, {**reroute(5), "mode": 2}, text("a"), links="1.1>5. 5.0>2.clip"),
        {"1": CHECKPOINT, "2": {"text": "a", "clip": ["1", 1]}},
    ),
    "16: a primitive's value beats the widget's": (
        workflow(primitive("INT", 64, "fixed"), empty(512, 768, 2, inputs=SIZES), links="7.0>2.width"),
        {"2": {**SIZED, "width": 64}},
    ),
    "16: a primitive for several widgets": (
        workflow(primitive("INT", 64, "fixed"), empty(512, 768, 2, inputs=SIZES), links="7.0>2.width 7.0>2.height"),
        {"2": {**SIZED, "width": 64, "height": 64}},
    ),
    "16: a primitive's number is brought into the range": (
        workflow(
            primitive("FLOAT", 7.126, "fixed"),
            sampler(5, "fixed", 20, 4.5, "euler", "normal", 0.5, inputs="denoise:FLOAT!"),
            links="7.0>3.denoise",
        ),
        {"3": {"seed": 5, "steps": 20, "cfg": 4.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 1}},
    ),
    "16: a primitive's number is brought to the step": (
        workflow(
            primitive("FLOAT", 0.126, "fixed"),
            sampler(5, "fixed", 20, 4.5, "euler", "normal", 0.5, inputs="denoise:FLOAT!"),
            links="7.0>3.denoise",
        ),
        {"3": {"seed": 5, "steps": 20, "cfg": 4.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 0.13}},
    ),
    "16: a primitive for a choice": (
        workflow(
            primitive("COMBO", "dpmpp_2m", "fixed", ""),
            sampler(5, "fixed", 20, 4.5, "euler", "normal", 0.5, inputs="sampler_name:COMBO!"),
            links="7.0>3.sampler_name",
        ),
        {"3": {"seed": 5, "steps": 20, "cfg": 4.5, "sampler_name": "dpmpp_2m", "scheduler": "normal", "denoise": 0.5}},
    ),
    "16: a primitive for a prompt, whose choices are made": (
        workflow(
            primitive("STRING", "a {b|c}"),
            text(
                "old",
            )
            | {
                "inputs": [
                    {"name": "clip", "type": "CLIP", "link": None},
                    {"name": "text", "type": "STRING", "link": None, "widget": {"name": "text"}},
                ]
            },
            links="7.0>2.text",
        ),
        {"2": {"text": "a b"}},
    ),
    "16: a primitive behind a reroute does not reach the widget": (
        workflow(
            primitive("INT", 64, "fixed"), reroute(5), empty(512, 768, 2, inputs=SIZES), links="7.0>5. 5.0>2.width"
        ),
        {"2": SIZED},
    ),
    "16: a primitive that replaces patterns": (
        workflow(
            primitive("STRING", "%KSampler.seed%", properties={"Run widget replace on values": True}),
            node(2, "CLIPTextEncode", "old", inputs="clip:CLIP text:STRING!"),
            sampler(5, "fixed", 20, 4.5, "euler", "normal", 0.5),
            links="7.0>2.text",
        ),
        {
            "2": {"text": "5"},
            "3": {"seed": 5, "steps": 20, "cfg": 4.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 0.5},
        },
    ),
    "18: a muted node takes the input with it": (
        workflow({**LOADER, "mode": 2}, text("a"), links="1.1>2.clip"),
        {"2": {"text": "a"}},
    ),
    "18: a muted node takes a widget's value with it": (
        workflow(
            node(1, "PrimitiveInt", 64, "fixed", outputs="INT:INT", mode=2),
            empty(512, 768, 2, inputs=SIZES),
            links="1.0>2.width",
        ),
        {"2": {"height": 768, "batch_size": 2}},
    ),
    "18: a bypassed node hands on by place": (
        workflow(LOADER, lora(5), text("a"), links="1.0>5.model 1.1>5.clip 5.1>2.clip"),
        {"1": CHECKPOINT, "2": {"text": "a", "clip": ["1", 1]}},
    ),
    "18: bypassed nodes in a row": (
        workflow(LOADER, lora(5), lora(6), text("a"), links="1.1>5.clip 5.1>6.clip 6.1>2.clip"),
        {"1": CHECKPOINT, "2": {"text": "a", "clip": ["1", 1]}},
    ),
    "18: a bypassed node with nothing that fits": (
        workflow(
            node(4, "EmptyLatentImage", 512, 512, 1, outputs="LATENT:LATENT"),
            node(5, "VAEDecode", inputs="samples:LATENT vae:VAE", outputs="IMAGE:IMAGE", mode=4),
            SHOWN,
            links="4.0>5.samples 5.0>9.images",
        ),
        {"4": {"width": 512, "height": 512, "batch_size": 1}, "9": {}},
    ),
    "18: a bypassed node hands on the first of its type": (
        workflow(
            SOURCE,
            node(5, "ImageBlend", 0.5, "normal", inputs="image1:IMAGE image2:IMAGE", outputs="IMAGE:IMAGE", mode=4),
            SHOWN,
            links="1.0>5.image2 5.0>9.images",
        ),
        {**GIVEN, "9": {}},
    ),
    "18: a bypassed node in front of a widget leaves its value": (
        workflow(
            node(1, "PrimitiveInt", 64, "fixed", outputs="INT:INT", mode=4),
            empty(512, 768, 2, inputs=SIZES),
            links="1.0>2.width",
        ),
        {"2": SIZED},
    ),
    "18: a bypassed node behind which all is muted": (
        workflow({**SOURCE, "mode": 2}, picture(5, "ImageInvert", mode=4), SHOWN, links="1.0>5.image 5.0>9.images"),
        {"9": {}},
    ),
    "18: a bypassed node behind a reroute": (
        workflow(SOURCE, picture(5, "ImageInvert", mode=4), reroute(6), SHOWN, links="1.0>5.image 5.0>6. 6.0>9.images"),
        {**GIVEN, "9": {"images": ["1", 0]}},
    ),
    "18: a bypassed node for an input that takes anything": (
        workflow(LOADER, lora(5), ANY, links="1.0>5.model 1.1>5.clip 5.1>8.source"),
        {"1": CHECKPOINT, "8": {"preview": "", "source": ["1", 1]}},
    ),
    "18: anything, and fewer inputs than outputs": (
        workflow(
            node(4, "EmptyLatentImage", 512, 512, 1, outputs="LATENT:LATENT"),
            node(5, "LoadImage", "b.png", "image", outputs="IMAGE:IMAGE MASK:MASK", mode=4),
            ANY,
            links="5.1>8.source",
        ),
        {"4": {"width": 512, "height": 512, "batch_size": 1}, "8": {"preview": ""}},
    ),
    "18: types with commas": (
        workflow(
            SOURCE,
            picture(5, "NoSuchNode", mode=4, inputs="other:STRING both:IMAGE,MASK"),
            SHOWN,
            links="1.1>5.both 5.0>9.images",
        ),
        {**GIVEN, "9": {"images": ["1", 1]}},
    ),
    "18: the case of types does not matter": (
        workflow(
            SOURCE,
            picture(5, "NoSuchNode", mode=4, inputs="other:STRING both:image"),
            SHOWN,
            links="1.0>5.both 5.0>9.images",
        ),
        {**GIVEN, "9": {"images": ["1", 0]}},
    ),
    "19: notes": (
        workflow(LOADER, node(5, "Note", "Read me"), node(6, "MarkdownNote", "Read me")),
        {"1": CHECKPOINT},
    ),
    "19: a muted node of an unknown class": (workflow(LOADER, node(5, "NoSuchNode", mode=2)), {"1": CHECKPOINT}),
    "19: classes that have other names now": (
        workflow(node(5, "T2IAdapterLoader", "c.safetensors")),
        {"5": {"control_net_name": "c.safetensors"}},
    ),
}
