"""What Tagloom's nodes give, worked out by the functions that the nodes themselves call; and their core stand-ins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ..prompt import (
    DIALECTS,
    Conversion,
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
from ..prompt.easy import easy
from ..prompt.lint import check
from ..wallet import image_tokens
from .places import wildcard_folders

COMFYUI = "comfyui"
Inputs = Mapping[str, Any]


class StandIn(NamedTuple):
    """A core node that does in the pack's absence what a node of ours does.

    Attributes:
        class_type: the core node.
        inputs: makes its inputs of ours.
        outputs: how many of our first outputs it gives.
    """

    class_type: str
    inputs: Callable[[Inputs], dict[str, Any]]
    outputs: int


STAND_INS = {
    "TagloomModelPicker": StandIn(
        "CheckpointLoaderSimple", lambda inputs: {"ckpt_name": inputs["ckpt_name"]}, outputs=3
    ),
    "TagloomTextEncode": StandIn(
        "CLIPTextEncode", lambda inputs: {"clip": inputs["clip"], "text": _converted(inputs).text}, outputs=1
    ),
}


def _converted(inputs: Inputs) -> Conversion:
    return convert(inputs["text"], inputs["dialect"], COMFYUI, inputs["tag_aware"])


def _encoded(inputs: Inputs) -> tuple[Any, ...]:
    converted = _converted(inputs)
    return (None, converted.text, as_list(converted.report()))


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


def _report(inputs: Inputs) -> tuple[Any, ...]:
    report = tag_report(inputs["text"])
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
    counted = account(inputs["text"], family.encoders if family else ("clip_l",), inputs.get("chunks", COMFYUI))
    return (as_list(counted.report()), -1 if counted.tokens is None else counted.tokens, counted.proposal())


EVALUATORS: dict[str, Callable[[Inputs], tuple[Any, ...]]] = {
    "TagloomFamilyProfile": _family,
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
    "TagloomTagReport": _report,
}
