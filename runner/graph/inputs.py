"""What a node class says about its inputs in `/object_info`, in either of the forms that ComfyUI has for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .convert import Schema

COMBO, DYNAMIC = "COMBO", "COMFY_DYNAMICCOMBO_V3"
SCALARS = ("INT", "FLOAT", "STRING", "BOOLEAN")
UPLOADS = {"image_upload": "image", "video_upload": "video", "audio_upload": "audio", "animated_image_upload": "image"}
"""The options by which an input takes files that a user sends."""
DEEPEST = 20
"""Levels of inputs that depend on the choice of another input."""


class Input(NamedTuple):
    """An input of a node class.

    Attributes:
        name: its name; behind a dot, that of an input that hangs on the choice of another one.
        kind: `INT`, `FLOAT`, `STRING`, `BOOLEAN`, `COMBO`, or the type of what is linked.
        choices: of a `COMBO`, what it offers; None where the server does not tell.
        options: all else that is said of it, such as `min` and `max`.
        required: whether a graph must have it.
    """

    name: str
    kind: str
    choices: tuple[Any, ...] | None
    options: Mapping[str, Any]
    required: bool

    @property
    def is_value(self) -> bool:
        """Whether it is typed in, as a rule."""
        own = self.kind in (*SCALARS, COMBO, DYNAMIC) or bool(self.options.get("socketless"))
        return own and not self.options.get("forceInput")

    @property
    def is_dynamic(self) -> bool:
        """Whether it takes a prompt in which the editor makes random choices."""
        return self.kind == "STRING" and self.options.get("dynamicPrompts") is True

    @property
    def upload(self) -> str:
        """The kind of file that it takes, `image`, `video` or `audio`; empty where it takes none."""
        if self.options.get("image_folder", "input") != "input":
            return ""
        return next((kind for option, kind in UPLOADS.items() if self.options.get(option)), "")


def specs(schema: Schema, inputs: Mapping[str, Any]) -> dict[str, Input]:
    """Return the inputs of a class by their names.

    Args:
        schema: the class's entry of `/object_info`.
        inputs: a node's own, which decide on what hangs on choices.
    """
    declared = schema.get("input")
    return {spec.name: spec for spec in _sections(declared, inputs, "", 0)}


def outputs(schema: Schema) -> tuple[str, ...]:
    """Return the types of a class's outputs; a list of choices counts as `COMBO`."""
    kinds = schema.get("output")
    return tuple(kind if isinstance(kind, str) else COMBO for kind in kinds) if isinstance(kinds, list) else ()


def is_link(value: Any) -> bool:
    """Return whether an input's value is a link: a node's id and the number of its output."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    return isinstance(value[0], str | int) and isinstance(value[1], int) and not isinstance(value[1], bool)


def _sections(declared: Any, inputs: Mapping[str, Any], before: str, depth: int) -> Iterator[Input]:
    if not isinstance(declared, Mapping) or depth > DEEPEST:
        return
    for section in ("required", "optional"):
        entries = declared.get(section)
        for name, entry in entries.items() if isinstance(entries, Mapping) else ():
            yield from _entry(before + name, entry, section == "required", inputs, depth)


def _entry(name: str, entry: Any, required: bool, inputs: Mapping[str, Any], depth: int) -> Iterator[Input]:
    if not isinstance(entry, list | tuple) or not entry:
        return
    kind = entry[0]
    options = entry[1] if len(entry) > 1 and isinstance(entry[1], Mapping) else {}
    if isinstance(kind, list):
        yield Input(name, COMBO, tuple(kind), options, required)
    elif kind == DYNAMIC:
        branches = [branch for branch in options.get("options") or [] if isinstance(branch, Mapping)]
        yield Input(name, DYNAMIC, tuple(branch.get("key") for branch in branches), options, required)
        for branch in branches:
            if branch.get("key") == inputs.get(name):
                yield from _sections(branch.get("inputs"), inputs, f"{name}.", depth + 1)
    else:
        offered = options.get("options")
        choices = tuple(offered) if kind == COMBO and isinstance(offered, list | tuple) else None
        yield Input(name, str(kind), choices, options, required)
