"""A node's widgets as the editor makes them: which values are saved, which are sent, what setting one does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import WorkflowError
from .entered import UNSET, area_text, file_value, rounded
from .specs import DYNAMIC_COMBO, Schema, Spec, spec, specs

SEEDS = ("seed", "noise_seed")
DEEPEST_CHOICE = 8
"""Levels of choices that bring choices."""
FIRST = {"COLOR": "#000000", "GALLERIA": [], "CHART": {}, "IMAGECOMPARE": ["", ""], "BOOLEAN": False}
"""What the widgets of the rarer kinds hold at first; all others an empty text."""


@dataclass
class Widget:
    """A widget of a node that is loaded.

    Attributes:
        name: the input that it gives.
        role: "plain"; "number"; "text", an area of text; "file", a choice of a file; "view", which has no value;
            "dynamic", a choice that brings widgets of its own; "rendered", whose value only an editor can make.
        cell: its value in a list; the copies of an area of text on subgraphs share one, as they do in the editor.
        saved: whether it has a place in `widgets_values`.
        sent: whether the server gets its value.
        options: of its input.
        random: whether `{a|b}` in its text is a random choice.
        owner: the dynamic choice that brought it.
    """

    name: str
    role: str
    cell: list[Any]
    saved: bool = True
    sent: bool = True
    options: Mapping[str, Any] | None = None
    random: bool = False
    owner: str = ""

    @property
    def value(self) -> Any:
        """What the widget shows."""
        value = self.cell[0]
        return value if self.role != "file" else file_value(value, self.cell[1], self.options or {})

    def put(self, value: Any) -> None:
        """Set the value, as loading a workflow does."""
        if self.role == "text":
            self.cell[0] = area_text(value)
        elif self.role != "view":
            self.cell[0] = value

    def enter(self, value: Any) -> None:
        """Set the value as by hand: numbers are brought to their steps."""
        self.put(rounded(value, self.options or {}) if self.role == "number" else value)

    def promoted(self, name: str) -> Widget:
        """Return its copy on a subgraph's node; an area of text stays one and the same."""
        cell = self.cell if self.role == "text" else [self.value]
        return replace(self, name=name, cell=cell, role="plain" if self.role == "file" else self.role, random=False)


def make_widgets(class_type: str, schema: Schema) -> list[Widget]:
    """Return the widgets of a new node of a class, with their first values."""
    found: list[Widget] = []
    for each in specs(class_type, schema):
        if each.is_widget:
            found += widgets_of(each)
            if each.kind == "IMAGEUPLOAD":
                found = [_with_upload(widget, each) for widget in found]
    if class_type == "PreviewAny":
        found.append(Widget("preview", "text", [""], saved=False))
    return found


def fill(widgets: list[Widget], values: Sequence[Any]) -> list[Widget]:
    """Put saved values into the widgets in their order; return the widgets, which a dynamic choice changes.

    Too few values leave the first values of the others; what is too many is left out.

    Raises:
        WorkflowError: for a dynamic choice that the server does not offer.
    """
    filled = list(widgets)
    for place, value in enumerate(values):
        saved = [widget for widget in filled if widget.saved]
        if place >= len(saved):
            break
        filled = put_into(filled, saved[place], value)
    return filled


def put_into(widgets: list[Widget], widget: Widget, value: Any) -> list[Widget]:
    """Put a value into one of the widgets; return the widgets, which a dynamic choice changes.

    Raises:
        WorkflowError: for a dynamic choice that the server does not offer.
    """
    widget.put(value)
    if widget.role != "dynamic" or widget.options is None:
        return widgets
    brought = (widget.name, f"{widget.name}.")
    place = next(at for at, each in enumerate(widgets) if each is widget)
    rest = [each for each in widgets[place + 1 :] if each.owner != brought[0] and not each.owner.startswith(brought[1])]
    grown = _dynamic(widget.options["spec"], value, widget.options["depth"])
    return [*widgets[:place], *[replace(each, owner=each.owner or widget.owner) for each in grown], *rest]


def widgets_of(each: Spec, depth: int = 0) -> list[Widget]:
    """Return the widgets of one input: its own, and the controls and buttons that come with it.

    Raises:
        WorkflowError: if choices that bring inputs are nested too deeply.
    """
    found = _dynamic(each, UNSET, depth) if each.widget_kind == DYNAMIC_COMBO else _own(each)
    control = each.options.get("control_after_generate")
    is_seed = each.widget_kind == "INT" and control is None and each.name in SEEDS
    if is_seed or (control and each.widget_kind in ("INT", "COMBO") and not each.options.get("multi_select")):
        found.append(Widget("control_after_generate", "plain", ["randomize"], sent=False))
        if each.widget_kind == "COMBO":
            found.append(Widget("control_filter_list", "plain", [""], sent=False))
    return found


def _own(each: Spec) -> list[Widget]:
    kind, options = each.widget_kind, each.options
    default = options.get("default")
    if kind in ("INT", "FLOAT"):
        return [Widget(each.name, "number", [0 if default is None else default], options={**options, "kind": kind})]
    if kind == "COMBO":
        return [Widget(each.name, "plain", [_chosen(each)], options=options), *_remote(options)]
    if kind in ("STRING", "MARKDOWN"):
        area = kind == "MARKDOWN" or bool(options.get("multiline"))
        first = "" if default is None else default
        dynamic = kind == "STRING" and options.get("dynamicPrompts") is True
        value = area_text(first) if area else first
        return [Widget(each.name, "text" if area else "plain", [value], random=dynamic)]
    if kind == "BOOLEAN" and default is not None:
        return [Widget(each.name, "plain", [default])]
    return _special(each.name, kind) or [Widget(each.name, "plain", [FIRST.get(kind, "")])]


def _chosen(each: Spec) -> Any:
    if each.options.get("multi_select"):
        return []
    if each.options.get("default"):
        return each.options["default"]
    if each.choices:
        return each.choices[0]
    return "Loading..." if each.options.get("remote") else UNSET


def _remote(options: Mapping[str, Any]) -> list[Widget]:
    """Return the switch and the button beside a choice whose choices a server route gives."""
    remote = options.get("remote")
    if not isinstance(remote, Mapping) or options.get("multi_select"):
        return []
    switch = Widget("Auto-refresh after generation", "plain", [False], sent=False)
    return [switch, Widget("refresh", "plain", ["refresh"])] if remote.get("refresh_button") else [switch]


def _special(name: str, kind: str) -> list[Widget]:
    """Return the widgets of sound, pictures and 3D models: buttons, players, views."""
    button = Widget(name, "plain", ["image" if kind == "IMAGEUPLOAD" else ""], sent=False)
    buttons = {"upload 3d model": "upload3dmodel", "upload extra resources": "uploadExtraResources", "clear": "clear"}
    return {
        "IMAGEUPLOAD": [button],
        "AUDIOUPLOAD": [button],
        "AUDIO_UI": [Widget(name, "view", [""], saved=False)],
        "AUDIO_RECORD": [Widget(name, "view", [""]), button],
        "PREVIEW_3D": [Widget(name, "view", [""])],
        "LOAD_3D": [
            *[Widget(label, "plain", [value]) for label, value in buttons.items()],
            Widget(name, "rendered", [""], options={"what": "a picture of its 3D view"}),
        ],
        "WEBCAM": [Widget(name, "rendered", [""], options={"what": "a picture from the camera"})],
    }.get(kind, [])


def _with_upload(widget: Widget, upload: Spec) -> Widget:
    """Return the widget of a file's name, as the button beside it makes it: empty ones fall back to the first."""
    if widget.name != upload.options.get("imageInputName") or widget.role != "plain":
        return widget
    first = widget.value
    return replace(widget, role="file", cell=[first, "undefined" if first is UNSET else first], options=upload.options)


def _dynamic(each: Spec, key: Any, depth: int) -> list[Widget]:
    """Return the widget of a choice that brings inputs of its own, and their widgets, for the chosen key."""
    if depth > DEEPEST_CHOICE:
        raise WorkflowError(f"the choices of {each.name} are nested too deeply")
    offered = each.options.get("options")
    offers = [offer for offer in offered if isinstance(offer, Mapping)] if isinstance(offered, list) else []
    if key is UNSET and offers:
        key = offers[0].get("key")
    found = [Widget(each.name, "dynamic", [key], options={"spec": each, "depth": depth})]
    if key is UNSET:
        return found
    inputs = next((offer.get("inputs") for offer in offers if offer.get("key") == key), None)
    if not isinstance(inputs, Mapping):
        known = ", ".join(str(offer.get("key"))[:50] for offer in offers[:10])
        raise WorkflowError(f"{each.name} is {str(key)[:50]!r}, which the server does not offer (it has {known})")
    for inner in offered_inputs(each.name, inputs):
        if inner.is_widget:
            found += [replace(widget, owner=widget.owner or each.name) for widget in widgets_of(inner, depth + 1)]
    return found


def offered_inputs(name: str, inputs: Mapping[str, Any]) -> list[Spec]:
    """Return the inputs that a choice brings, named behind its own name."""
    found = []
    for section in ("required", "optional"):
        held = inputs.get(section)
        for inner, raw in held.items() if isinstance(held, Mapping) else ():
            found.append(spec(f"{name}.{inner}", raw, section == "optional"))
    return found
