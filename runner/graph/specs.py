"""The inputs of a node class in the editor's order, with those that the editor itself adds to some classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]
UPLOADS = ("image_upload", "video_upload", "animated_image_upload")
PLAYERS = {"LoadAudio", "SaveAudio", "PreviewAudio", "SaveAudioMP3", "SaveAudioOpus"}
"""Classes that get a player for sound."""
VIEWERS = {"SaveGLB", "Preview3D"}
"""Classes that get a view of a 3D model."""
MATCH_TYPE = "COMFY_MATCHTYPE_V3"
DYNAMIC_COMBO = "COMFY_DYNAMICCOMBO_V3"
WIDGET_KINDS = {
    *("INT", "FLOAT", "BOOLEAN", "STRING", "COMBO", "MARKDOWN", "COLOR", "TEXTAREA", "GALLERIA", "CHART"),
    *("IMAGECOMPARE", "IMAGEUPLOAD", "AUDIOUPLOAD", "AUDIO_UI", "AUDIO_RECORD", "LOAD_3D", "PREVIEW_3D", "WEBCAM"),
    DYNAMIC_COMBO,
}
"""The types for which the editor has a widget (ComfyUI_frontend 1.32.9; the dynamic combo is in newer ones)."""


@dataclass(frozen=True)
class Spec:
    """An input of a class; of a choice, `choices` are what can be chosen."""

    name: str
    kind: str
    options: Mapping[str, Any]
    optional: bool
    choices: tuple[Any, ...] = ()

    @property
    def is_widget(self) -> bool:
        """Whether the editor shows a widget for it, whose value it saves and sends."""
        return self.widget_kind in WIDGET_KINDS and not self.options.get("forceInput")

    @property
    def widget_kind(self) -> str:
        """The kind of its widget, if it has one."""
        named = self.options.get("widgetType")
        return named if isinstance(named, str) else self.kind

    @property
    def slot_type(self) -> Any:
        """The type of its socket."""
        if self.kind != MATCH_TYPE:
            return self.kind
        template = self.options.get("template")
        return (template.get("allowed_types") if isinstance(template, dict) else None) or "*"


def specs(class_type: str, schema: Schema) -> list[Spec]:
    """Return a class's inputs in the order in which the editor makes their widgets; hidden ones are none."""
    sections = schema.get("input")
    sections = sections if isinstance(sections, Mapping) else {}
    found = {name: spec(name, raw, False) for name, raw in _required(class_type, sections).items()}
    found |= {name: spec(name, raw, True) for name, raw in _section(sections, "optional").items()}
    order = schema.get("input_order")
    ordered: dict[str, Spec] = {}
    for section in ("required", "optional"):
        names = order.get(section) if isinstance(order, Mapping) else None
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str) and name in found and found[name].optional == (section == "optional"):
                ordered[name] = found[name]
    return list((ordered | {name: each for name, each in found.items() if name not in ordered}).values())


def spec(name: str, raw: Any, optional: bool) -> Spec:
    """Return an input as `/object_info` describes it: `[type, options]`, where a list as type holds choices."""
    kind = raw[0] if isinstance(raw, (list, tuple)) and raw else "UNKNOWN"
    options = raw[1] if isinstance(raw, (list, tuple)) and len(raw) > 1 and isinstance(raw[1], Mapping) else {}
    if isinstance(kind, list):
        return Spec(name, "COMBO", options, optional, tuple(kind))
    choices = options.get("options") if kind == "COMBO" else None
    choices = tuple(choices) if isinstance(choices, list) else ()
    return Spec(name, kind if isinstance(kind, str) else "UNKNOWN", options, optional, choices)


def output_types(schema: Schema) -> list[Any]:
    """Return the types of a class's outputs; of one that takes its inputs' type, the one that fits all."""
    outputs = schema.get("output")
    kinds = outputs if isinstance(outputs, (list, tuple)) else ()
    return ["COMBO" if isinstance(kind, list) else "*" if kind == MATCH_TYPE else kind for kind in kinds]


def _section(sections: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = sections.get(name)
    return {key: raw for key, raw in section.items() if isinstance(key, str)} if isinstance(section, Mapping) else {}


def _required(class_type: str, sections: Mapping[str, Any]) -> dict[str, Any]:
    """Return the required inputs, with those that the editor adds behind them."""
    required = _section(sections, "required")
    for name, raw in list(required.items()):
        each = spec(name, raw, False)
        if each.kind == "COMBO" and any(each.options.get(upload) is True for upload in UPLOADS):
            required["upload"] = ["IMAGEUPLOAD", {**each.options, "imageInputName": name}]
            break
    if class_type in PLAYERS:
        required["audioUI"] = ["AUDIO_UI", {}]
    if class_type in VIEWERS:
        required["image"] = ["PREVIEW_3D"]
    if "audio" in required and spec("audio", required["audio"], False).options.get("audio_upload") is True:
        required["upload"] = ["AUDIOUPLOAD", {}]
    return required
