"""`tagloom models`: lists models with their families; `tagloom models convert` changes a model's layout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ...prompt.families import profile_problems
from .servers import add_json, add_where, server_of

if TYPE_CHECKING:
    from ..conversion import Conversion
    from ..output import Output

CONVERT = "turn a diffusers folder into a single file, or a single file into a folder"
CONVERTED = (
    "Converts a model of Stable Diffusion 1.5, of SDXL or the tiny one between a diffusers folder and a single "
    ".safetensors file. Tensors keep their types and every bit of them, metadata (modelspec.*) stays, and what the "
    "other layout has no place for is named. Pickles (.bin, .ckpt) are never opened."
)


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add the arguments to the parser of `tagloom models`."""
    parser.set_defaults(run=_models)
    add_json(parser)
    add_where(parser, "your ComfyUI's folder; it is not started")
    commands = parser.add_subparsers(title="commands (without: list the models)", metavar="[COMMAND]")
    convert = commands.add_parser("convert", help=CONVERT, description=CONVERTED)
    convert.set_defaults(run=_convert)
    convert.add_argument("source", type=Path, metavar="SRC", help="a folder with model_index.json, or a file")
    convert.add_argument("destination", type=Path, metavar="DST", help="the file (.safetensors) or folder to make")
    convert.add_argument("--force", action="store_true", help="replace the model that is there already")
    add_json(convert)


def _models(options: argparse.Namespace, output: Output) -> None:
    from ..models import list_folders, list_server

    for problem in profile_problems():
        output.warning(str(problem))
    server = server_of(options)
    output.models(list_folders(options.comfyui) if server is None else list_server(server))


def _convert(options: argparse.Namespace, output: Output) -> None:
    from tqdm import tqdm

    from ..conversion import convert

    hidden = output.as_json or not sys.stderr.isatty()
    with tqdm(unit="B", unit_scale=True, leave=False, disable=hidden, file=sys.stderr) as bar:

        def watch(count: int, total: int) -> None:
            bar.total = total
            bar.update(count)

        conversion = convert(options.source, options.destination, force=options.force, watch=watch)
    for text in conversion.left_out:
        output.warning(f"left out: {text}")
    output.result("model-converted", conversion.as_data(), _text(conversion))


def _text(conversion: Conversion) -> str:
    kind = "folder" if conversion.destination.is_dir() else "single file"
    return (
        f"{conversion.source} -> {conversion.destination} ({conversion.architecture}, {conversion.tensors} tensors, "
        f"a {kind} now)"
    )
