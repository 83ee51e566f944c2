"""What Tagloom's nodes give, worked out by the functions that the nodes themselves call; and their core stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...prompt import (
    DIALECTS,
    Family,
    account,
    as_list,
    chosen,
    compose_negative,
    convert,
    enhance,
    expand,
    explain,
    get_family,
    size_for,
    tag_report,
    tidy,
)
from ...prompt.easy import easy
from ...prompt.encoding import encoded_parts, encoded_report, encoded_text
from ...prompt.lint import check
from ...prompt.sampling_settings import settle
from ...wallet import image_tokens
from ..errors import WorkflowError
from ..places import wildcard_folders
from .base_image import base_nodes, base_values
from .encoding import encode_nodes
from .loras import lora_nodes, lora_values

COMFYUI, PNG = "comfyui", "png"
Inputs = Mapping[str, Any]


class StandIn(NamedTuple):
    """Core nodes that do in the pack's absence what a node of ours does.

    Attributes:
        nodes: makes them of our node's id, which one of them takes over, and of its inputs.
        outputs: how many of our first outputs that one gives.
        asks: whether `nodes` takes, besides, what is known of the inputs before the run: what our nodes give, the
            sizes of pictures, None for all else.
        passes: our inputs that take our first outputs' places where no node takes our id.
    """

    nodes: Callable[..., dict[str, Any]]
    outputs: int
    asks: bool = False
    passes: tuple[str, ...] = ()


def _loader(node_id: str, inputs: Inputs) -> dict[str, Any]:
    return {node_id: {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": inputs["ckpt_name"]}}}


def _no_nodes(node_id: str, inputs: Inputs) -> dict[str, Any]:
    """Leave Sampling Steps out: only Encode Prompt takes it, and its own stand-in knows what to do without."""
    return {}


def _saver(node_id: str, inputs: Inputs) -> dict[str, Any]:
    """Save as ComfyUI does; the settings are written by the runner itself, if the picture goes through it."""
    if inputs["format"] != PNG:
        raise WorkflowError(
            f"node {node_id} saves a {inputs['format']}, and core nodes save a {PNG} alone; choose {PNG}, or install "
            "Tagloom on the server"
        )
    wanted = {name: inputs[name] for name in ("images", "filename_prefix")}
    return {node_id: {"class_type": "SaveImage", "inputs": wanted}}


STAND_INS = {
    "TagloomBaseImage": StandIn(base_nodes, outputs=1, asks=True),
    "TagloomLoraTags": StandIn(lora_nodes, outputs=2, passes=("model", "clip")),
    "TagloomModelPicker": StandIn(_loader, outputs=3),
    "TagloomSamplingSteps": StandIn(_no_nodes, outputs=1),
    "TagloomSaveImage": StandIn(_saver, outputs=0),
    "TagloomTextEncode": StandIn(encode_nodes, outputs=1),
}


def _encoded(inputs: Inputs) -> tuple[Any, ...]:
    read = (inputs["dialect"], inputs["tag_aware"])
    parts = encoded_parts(inputs["text"], *read)
    return (None, encoded_text(parts, *read), as_list(encoded_report(inputs["text"], *read)))


def _easy(inputs: Inputs) -> tuple[Any, ...]:
    if not inputs["enabled"]:
        return (inputs["text"], "", "easy mode is off")
    result = easy(inputs["text"], inputs["family"], inputs["dialect"])
    return (result.text, ", ".join(result.negative), as_list(result.report()))


def _expanded(inputs: Inputs) -> tuple[Any, ...]:
    folders = wildcard_folders()
    result = expand(inputs["text"], inputs["seed"], folders, inputs["dialect"], inputs["tag_aware"])
    return (result.text, as_list(result.report()))


def _tidy(inputs: Inputs) -> tuple[Any, ...]:
    result = tidy(
        inputs["text"],
        inputs.get("second", ""),
        dialect=inputs["dialect"],
        sort=inputs["sort"],
        repeats=inputs["remove_repeats"],
        layout=inputs["layout"],
        family=inputs.get("family"),
        tag_aware=inputs["tag_aware"],
    )
    return (result.text, as_list(result.report()))


def _rewritten(inputs: Inputs) -> tuple[Any, ...]:
    result = convert(inputs["text"], inputs["dialect"], inputs["target"], inputs["tag_aware"])
    return (result.text, as_list(result.report()))


def _family(inputs: Inputs) -> tuple[Any, ...]:
    family = get_family(inputs["family"])
    return (family, *family.settings(), chosen(family.id).text())


def _picked(inputs: Inputs) -> tuple[Any, ...]:
    found = chosen(inputs["family"])
    return (None, None, None, found.profile(), found.text(), "")


def _enhanced(inputs: Inputs) -> tuple[Any, ...]:
    result = enhance(inputs["text"], inputs["family"], inputs["level"], inputs["enabled"], **_rules(inputs))
    return (result.text, as_list(result.report()))


def _negative(inputs: Inputs) -> tuple[Any, ...]:
    family: Family = inputs["family"]
    positive = inputs.get("positive", "")
    result = compose_negative(inputs["text"], family, inputs["preset"], positive, inputs["enabled"], **_rules(inputs))
    return (result.text, as_list(result.report()))


def _rules(inputs: Inputs) -> dict[str, Any]:
    """Return how a prompt is read; workflows made before these inputs lack them."""
    return {"dialect": inputs.get("dialect", DIALECTS[0]), "tag_aware": inputs.get("tag_aware", True)}


def _size(inputs: Inputs) -> tuple[Any, ...]:
    return tuple(size_for(inputs["family"], inputs["shape"], inputs.get("image")))


def _settled(inputs: Inputs) -> tuple[Any, ...]:
    given = [inputs[name] for name in ("family", "sampler", "schedule", "steps", "cfg", "denoise")]
    if None in given:
        raise WorkflowError(
            "TagloomSamplerSettings takes a value that a core node makes; install Tagloom on the server"
        )
    settled = settle(*given)
    return (*settled.settings, settled.settings, as_list(settled.report()))


def _report(inputs: Inputs) -> tuple[Any, ...]:
    report = tag_report(inputs["text"], dialect=inputs.get("dialect", DIALECTS[0]))
    cost = image_tokens(inputs["images"])
    return (report.text(cost), -1 if report.text_tokens is None else report.text_tokens, cost)


def _checked(inputs: Inputs) -> tuple[Any, ...]:
    rules = _rules(inputs)
    family, negative = inputs.get("family"), inputs.get("negative", "")
    result = check(inputs["text"], mend=inputs["mend"], family=family, negative=negative, **rules)
    reading = as_list(explain(result.text, rules["dialect"], rules["tag_aware"]).report())
    return (result.text, as_list(result.report()), result.warnings, reading)


def _counted(inputs: Inputs) -> tuple[Any, ...]:
    family = inputs.get("family")
    encoders = family.encoders if family else ("clip_l",)
    counted = account(inputs["text"], encoders, inputs.get("chunks", COMFYUI), tag_aware=False)
    return (as_list(counted.report()), -1 if counted.tokens is None else counted.tokens, counted.proposal())


EVALUATORS: dict[str, Callable[[Inputs], tuple[Any, ...]]] = {
    "TagloomBaseImage": base_values,
    "TagloomFamilyProfile": _family,
    "TagloomLoraTags": lora_values,
    "TagloomModelPicker": _picked,
    "TagloomConvertPrompt": _rewritten,
    "TagloomEasyPrompt": _easy,
    "TagloomPromptEnhancer": _enhanced,
    "TagloomPromptCheck": _checked,
    "TagloomTextEncode": _encoded,
    "TagloomTextTokens": _counted,
    "TagloomTidyPrompt": _tidy,
    "TagloomWildcards": _expanded,
    "TagloomNegativePreset": _negative,
    "TagloomImageSize": _size,
    "TagloomSamplerSettings": _settled,
    "TagloomTagReport": _report,
}
