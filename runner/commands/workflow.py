"""`tagloom workflow ...`: lists, shows, converts and checks workflows."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NotRunnable, WorkflowError
from ..graph.describing import Description, described
from ..graph.reading import Document
from ..graph.workflows import shipped, shipped_names
from .given_workflow import add_server, add_values, add_workflow, find, schemas_of, values_of

if TYPE_CHECKING:
    from ..graph.faults import Report
    from ..output import Output


def add_workflow_commands(parser: argparse.ArgumentParser) -> None:
    """Add the commands to the parser of `tagloom workflow`."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    lists = commands.add_parser("list", help="list the shipped workflows, with the inputs that they declare")
    lists.set_defaults(run=_list)
    lists.add_argument("--json", action="store_true", help="print the result as JSON, on one line")
    for name, action, text in (
        ("show", _show, "show a workflow's nodes, the inputs that can be set, its models and outputs"),
        ("convert", _convert, "convert a workflow of the editor to the graph that a server runs"),
        ("check", _check, "tell what keeps a workflow from running on a server"),
    ):
        command = commands.add_parser(name, help=text, description=f"{text.capitalize()}.")
        command.set_defaults(run=action)
        add_workflow(command)
        add_server(command)
        if name != "show":
            add_values(command)
        if name == "convert":
            command.add_argument(
                "-o", "--output", type=Path, metavar="FILE", help="where to write it (standard output)"
            )


def _list(options: argparse.Namespace, output: Output) -> int:
    entries = [{"name": name, "inputs": _declared_names(shipped(name))} for name in shipped_names()]
    lines = [f"{entry['name']}\n    {', '.join(entry['inputs'])}" for entry in entries]
    output.result("workflows", {"workflows": entries}, "\n".join(lines))
    return 0


def _declared_names(document: dict[str, Any]) -> list[str]:
    declared = document.get("extra", {}).get("tagloom", {}).get("inputs", {})
    return sorted(declared)


def _show(options: argparse.Namespace, output: Output) -> int:
    document = find(options.workflow)
    about = _described(document, options, output)
    output.result("workflow", about.as_dict(), about.text())
    return 0


def _described(document: Document, options: argparse.Namespace, output: Output) -> Description:
    """Return a workflow's description; one in API format needs no server."""
    named = options.object_info or options.server or options.comfyui
    if document.kind == "api" and not named:
        return described(document, lambda class_type: None)
    return described(document, schemas_of(options, output)[0])


def _convert(options: argparse.Namespace, output: Output) -> int:
    """Write the graph; values given are in it."""
    from ..workflow_ground import made_ground
    from ..workflow_tasks import made_task

    document, values = find(options.workflow), values_of(options)
    schemas, where, _ = schemas_of(options, output)
    graph = made_task(document, values).filled(made_ground(document, schemas, where), None).done.graph
    text = json.dumps(graph, ensure_ascii=False, indent=2)
    if options.output is None:
        output.result("graph", {"graph": graph}, text)
        return 0
    try:
        options.output.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise WorkflowError(f"{options.output} can't be written: {error.strerror}; choose another place") from error
    output.result("graph", {"graph": graph, "path": str(options.output)}, f"{options.output}")
    return 0


def _check(options: argparse.Namespace, output: Output) -> int:
    """Print what preflight finds; the exit code is 5 if the workflow can't run."""
    document, values = find(options.workflow), values_of(options)
    report = _checked(document, values, options, output)
    count = len(report.faults)
    notes = f"{count} problem{'s' if count != 1 else ''}" if count else "nothing keeps it from running"
    output.result("checked", report.as_dict(), "\n".join(report.lines()), notes)
    return NotRunnable.exit_code if report.faults else 0


def _checked(document: Document, values: dict[str, Any], options: argparse.Namespace, output: Output) -> Report:
    from ..graph.faults import Report
    from ..workflow_checks import check
    from ..workflow_ground import faults_of, made_ground
    from ..workflow_tasks import made_task

    schemas, where, target = schemas_of(options, output)
    try:
        ground = made_ground(document, schemas, where)
    except WorkflowError as error:
        return Report(faults_of(error))
    return check(made_task(document, values), ground, target, options.allow_api_nodes).report
