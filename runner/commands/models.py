"""`tagloom models`: lists models with their families."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ...prompt.families import profile_problems
from .servers import add_json, add_where, server_of

if TYPE_CHECKING:
    from ..output import Output


def add_models(parser: argparse.ArgumentParser) -> None:
    """Add the arguments to the parser of `tagloom models`."""
    parser.set_defaults(run=_models)
    add_json(parser)
    add_where(parser, "your ComfyUI's folder; it is not started")


def _models(options: argparse.Namespace, output: Output) -> None:
    from ..models import list_folders, list_server

    for problem in profile_problems():
        output.warning(str(problem))
    server = server_of(options)
    output.models(list_folders(options.comfyui) if server is None else list_server(server))
