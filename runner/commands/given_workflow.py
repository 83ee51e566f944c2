"""What the commands on workflows share: the workflow, the values for it, and the servers that it is for."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import WorkflowError
from ..graph.convert import Schemas
from ..graph.finding import find_workflow as find
from ..graph.given import given
from .results import path
from .servers import server_of

if TYPE_CHECKING:
    from ..output import Output
    from ..targets import Target

__all__ = ["add_server", "add_values", "add_workflow", "find", "object_info", "schemas_of", "values_of"]
LARGEST = 512 * 1024**2
"""Bytes of a file with all of a server's classes; with hundreds of packs it has tens of megabytes."""


def add_workflow(parser: argparse.ArgumentParser) -> None:
    """Add the workflow."""
    parser.add_argument(
        "workflow", metavar="WORKFLOW", help="a file (JSON, or a picture that carries one), or a shipped one's name"
    )


def add_values(parser: argparse.ArgumentParser) -> None:
    """Add the values that are put into a workflow."""
    values = parser.add_argument_group("values (strongest first: --set, --values, TAGLOOM_SET_NAME, the workflow)")
    values.add_argument(
        "--set",
        action="append",
        default=[],
        dest="settings",
        metavar="NAME=VALUE",
        help="such as steps=30, KSampler.seed=5, 12:3.cfg=4, size=832x1216, image=photo.jpg; may be repeated",
    )
    values.add_argument("--values", metavar="FILE", help="JSON or YAML: names with values; - is standard input")
    values.add_argument("--allow-api-nodes", action="store_true", help="run nodes that ask services which cost money")


def add_server(parser: argparse.ArgumentParser) -> None:
    """Add the one server that a workflow is looked at for."""
    where = parser.add_argument_group("server (without: the embedded ComfyUI)").add_mutually_exclusive_group()
    where.add_argument("--server", metavar="URL", help="your ComfyUI's address; or TAGLOOM_SERVER")
    where.add_argument("--comfyui", type=path, metavar="DIR", help="your ComfyUI's folder, started from there")
    where.add_argument(
        "--object-info", type=path, metavar="FILE", help="what a server answers at /object_info, saved as JSON"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON, on one line")


def values_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the values from all sources."""
    return given(options.settings, options.values, os.environ)


def schemas_of(options: argparse.Namespace, output: Output) -> tuple[Schemas, str, Target | None]:
    """Return the classes that a workflow is for, what to call them, and the server if it is one."""
    from .. import places
    from ..targets import open_target

    if options.object_info is not None:
        return object_info(options.object_info), str(options.object_info), None
    target = open_target(server_of(options), options.comfyui, places.idle_minutes() * 60, output.announce)
    return target.client.schema, target.client.url, target


def object_info(file: Path) -> Callable[[str], dict[str, Any] | None]:
    """Return the classes in a saved answer of `/object_info`.

    Raises:
        WorkflowError: if the file can't be read or is none.
    """
    try:
        if file.stat().st_size > LARGEST:
            raise WorkflowError(f"{file} is larger than {LARGEST // 1024**2} MB; it is no answer of /object_info")
        classes = json.loads(file.read_bytes())
    except OSError as error:
        raise WorkflowError(f"{file} can't be read: {error.strerror}; mend the path in --object-info") from error
    except (ValueError, RecursionError) as error:
        raise WorkflowError(f"{file} is no JSON; save a server's answer at /object_info there") from error
    if not isinstance(classes, dict):
        raise WorkflowError(f"{file} holds no node classes; save a server's answer at /object_info there")
    return {name: entry for name, entry in classes.items() if isinstance(entry, dict)}.get
