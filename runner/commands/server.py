"""`tagloom server`: starts, shows and stops the ComfyUI that Tagloom runs itself."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from .. import places
from ..embedded import environment, installations, processes, server_state
from ..errors import UsageError
from .results import path
from .servers import add_json

if TYPE_CHECKING:
    from ..output import Output


def add_server(parser: argparse.ArgumentParser) -> None:
    """Add the commands that control it."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, action, text in (
        ("start", _start, "start it, or tell where it runs"),
        ("status", _status, "tell whether it runs, and where its files are"),
        ("stop", _stop, "stop it"),
        ("logs", _logs, "print what it wrote"),
    ):
        command = commands.add_parser(name, help=text)
        command.set_defaults(run=action)
        command.add_argument(
            "--comfyui", type=path, metavar="DIR", help="your ComfyUI's folder instead of the embedded one"
        )
        add_json(command)
        if name == "start":
            command.add_argument("--port", type=int, help="the loopback port (a free one)")
            command.add_argument("--idle", metavar="MINUTES", help="stop after so long without work (10); 0 never")
        if name == "logs":
            command.add_argument("--lines", type=int, default=40, metavar="N", help="how many of the last lines (40)")


def _start(options: argparse.Namespace, output: Output) -> None:
    minutes = places.idle_minutes(options.idle)
    if options.port is not None and not 1 <= options.port <= 65535:
        raise UsageError(f"port {options.port} is out of range; it must lie between 1 and 65535")
    installation = _installation(options)
    server = processes.ensure(installation, minutes * 60, options.port, output.announce)
    if options.idle is not None and server.idle_seconds != minutes * 60:
        output.warning(f"the server runs already and keeps its idle time; {processes.STOP_IT}")
    kept = environment.kept(installation, server)
    if kept:
        output.warning(f"the server runs already and keeps its {' and '.join(kept)}; {processes.STOP_IT}")
    output.server(installation, server)


def _status(options: argparse.Namespace, output: Output) -> None:
    installation = _installation(options)
    server = server_state.noted(installation)
    output.server(installation, server, server is not None and server_state.answers(installation, server.port))


def _stop(options: argparse.Namespace, output: Output) -> None:
    output.stopped(processes.stop(_installation(options)))


def _logs(options: argparse.Namespace, output: Output) -> None:
    output.log(server_state.last_lines(_installation(options), max(1, options.lines)))


def _installation(options: argparse.Namespace) -> installations.Installation:
    return installations.checkout(options.comfyui) if options.comfyui else installations.embedded()
