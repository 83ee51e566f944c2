"""Reads a picture file: which texts it holds, which program wrote them, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import PictureError
from .a1111 import Parameters, read_parameters
from .a1111_loras import RESOURCES
from .comfyui import is_graph, read_graph
from .containers import read_container
from .novelai import is_novelai, read_novelai
from .results import PictureReading, Settings
from .texts import Texts
from .values import LONGEST_JSON, object_from_json

LARGEST_FILE = 512 * 1024 * 1024
LONGEST_PARAMETERS = 500_000
"""Characters of a `parameters` text that are taken apart."""
STRIPPED = "no settings are written in this picture: many sites and messengers take them out; fetch the original file"


def read_picture(path: Path) -> PictureReading:
    """Read the settings that are written in a picture file: PNG, JPEG or WebP.

    Raises:
        PictureError: if the file can't be read, is no such picture, is cut off, or holds too much text.
    """
    try:
        with path.open("rb") as file:
            contents = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or error
        raise PictureError(f"the file can't be read: {what}; give the path of a picture") from error
    if len(contents) > LARGEST_FILE:
        most = LARGEST_FILE // (1024 * 1024)
        raise PictureError(f"the file is larger than {most} MB, which is not read; save the picture in a smaller size")
    return parse_picture(contents)


def parse_picture(contents: bytes) -> PictureReading:
    """Read the settings that are written in a picture file of these bytes.

    Raises:
        PictureError: if they are no PNG, JPEG or WebP, are cut off, or hold too much text.
    """
    texts = read_container(contents)
    return _with_remarks(reading_of(texts.found), texts)


def reading_of(found: Mapping[str, str]) -> PictureReading:
    """Return what a picture's texts say, by their names in the file. A1111's `parameters` win over a graph."""
    if is_novelai(_inner(found)):
        return replace(read_novelai(_inner(found)), texts=found)
    parameters, graph = _parameters(found), _graph(found)
    if graph and parameters is None:
        return replace(read_graph(graph), texts=found)
    if parameters is None:
        return _nothing(found)
    reading = _from_parameters(parameters, found)
    if not graph:
        return reading
    drawn = read_graph(graph)
    source = "civitai" if "civitai" in (reading.source, drawn.source) else "comfyui"
    return replace(reading, source=source, settings=reading.settings.over(drawn.settings))


def _inner(found: Mapping[str, str]) -> Mapping[str, str]:
    """Return the texts, with those that a UserComment holds as a JSON object: so NovelAI writes them into WebP."""
    comment = found.get("UserComment", "")
    held = {name: value for name, value in object_from_json(comment).items() if isinstance(value, str)}
    return {"Comment": comment, **held, **found} if held else found


def _parameters(found: Mapping[str, str]) -> Parameters | None:
    """Return A1111's text, or None where none is."""
    text = found.get("parameters") or found.get("UserComment") or ""
    is_json = text.lstrip().startswith("{") and object_from_json(text)
    if not text.strip() or is_json or len(text) > LONGEST_PARAMETERS:
        return None
    return read_parameters(text)


def _graph(found: Mapping[str, str]) -> dict[str, Any]:
    """Return ComfyUI's graph, or an empty one; Civitai writes it into the UserComment of a JPEG."""
    for name in ("prompt", "UserComment"):
        document = object_from_json(found.get(name, ""))
        if is_graph(document):
            return document
    return {}


def _from_parameters(parameters: Parameters, found: Mapping[str, str]) -> PictureReading:
    others = parameters.settings.others
    source = "unknown" if not parameters.is_whole and not parameters.negative else "a1111"
    if others.get("Version", "").startswith("ComfyUI"):
        source = "comfyui"
    if RESOURCES in others:
        source = "civitai"
    return PictureReading(
        source=source,
        dialect="a1111",
        prompt=parameters.prompt,
        negative=parameters.negative,
        settings=parameters.settings,
        texts=found,
        remarks=parameters.remarks,
    )


def _nothing(found: Mapping[str, str]) -> PictureReading:
    """Return the reading of a picture whose texts nothing here understands, with the reason."""
    names = ", ".join(repr(name[:40]) for name in [*found][:10])
    remark = f"its texts are of no program that is known here, or broken: {names}" if found else STRIPPED
    if "workflow" in found and "prompt" not in found:
        remark = "it holds only the editor's workflow, which is not read; drop the picture into ComfyUI's editor"
    if any(len(text) > min(LONGEST_JSON, LONGEST_PARAMETERS) for text in found.values()):
        remark += "; a text is too long to be taken apart"
    return PictureReading("unknown", "a1111", "", "", Settings(), found, (remark,))


def _with_remarks(reading: PictureReading, texts: Texts) -> PictureReading:
    return replace(reading, remarks=(*texts.remarks, *reading.remarks))
