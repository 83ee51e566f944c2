"""What the commands that run something share: on which servers, and how."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from .. import places
from ..errors import UsageError
from .results import path

if TYPE_CHECKING:
    from ..fleet.servers import ServerEntry
    from ..output import Output
    from ..running import How
    from ..targets import Target


def add_servers(parser: argparse.ArgumentParser) -> None:
    """Add the servers that something is run on."""
    where = parser.add_argument_group("servers (without: the embedded ComfyUI)")
    one = where.add_mutually_exclusive_group()
    one.add_argument(
        "--server",
        action="append",
        metavar="URL",
        help="your ComfyUI's address, repeated for several; or TAGLOOM_SERVER",
    )
    one.add_argument("--servers", type=path, metavar="FILE", help="YAML: servers with addresses, headers, tokens")
    one.add_argument("--comfyui", type=path, metavar="DIR", help="your ComfyUI's folder, started from there")
    where.add_argument(
        "--ray", nargs="?", const="local", metavar="ADDRESS", help="work through Ray: local, auto or its address"
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add events instead of text."""
    parser.add_argument("--json", action="store_true", help="print events as JSON, one a line")


def add_where(parser: argparse.ArgumentParser, folder_help: str) -> None:
    """Add the one server that is looked at."""
    where = parser.add_argument_group("server (without: the embedded ComfyUI)").add_mutually_exclusive_group()
    where.add_argument("--server", metavar="URL", help="your ComfyUI's address; or TAGLOOM_SERVER")
    where.add_argument("--comfyui", type=path, metavar="DIR", help=folder_help)


def server_of(options: argparse.Namespace) -> str | None:
    """Return the address of the one server to look at, or None for one of ours."""
    if options.server is None and options.comfyui is None:
        return os.environ.get("TAGLOOM_SERVER") or None
    return str(options.server) if options.server is not None else None


def how_of(options: argparse.Namespace, output: Output) -> How:
    """Return how it is run."""
    from ..running import How

    return How(ray=options.ray, whole_progress=options.preview, announce=output.announce)


def server_entries(options: argparse.Namespace) -> tuple[ServerEntry, ...]:
    """Return the servers that are asked for: named ones, the user's usual one, a checkout, or the embedded ComfyUI.

    Raises:
        UsageError: if an address is none, or the file can't be understood.
    """
    from ..fleet.servers import ServerEntry, from_options, read

    idle = places.idle_minutes() * 60
    if options.servers is not None:
        return read(options.servers, idle)
    usual = os.environ.get("TAGLOOM_SERVER")
    named = options.server or ([usual] if usual and options.comfyui is None else [])
    if "" in named:
        raise UsageError("--server is empty; write for example http://127.0.0.1:8188")
    return from_options(named, idle) if named else (ServerEntry("embedded", None, options.comfyui, idle),)


def opened(servers: Sequence[ServerEntry], output: Output) -> list[Target]:
    """Return the servers that answer, started if they are ours; the others are told.

    Raises:
        RunnerError: if none answers.
    """
    from ..targets import answering

    return [*answering(servers, output.announce, output.warning)]
