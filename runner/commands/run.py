"""`tagloom run WORKFLOW`: runs any workflow with values of the user's on one or several servers."""

from __future__ import annotations

import argparse
import json
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..request import SEEDS
from .given_workflow import add_values, add_workflow, find, values_of
from .paying import account_of, add_paying, demanded, planned, tell_paid, tell_quote
from .results import add_results, saving_of
from .servers import add_servers, how_of, opened, server_entries

if TYPE_CHECKING:
    from ..output import Output
    from ..paying.payers import Payer
    from ..targets import Target
    from ..workflow_tasks import WorkflowTask

RANDOM = "random"


def add_run(parser: argparse.ArgumentParser) -> None:
    """Add the arguments to the parser of `tagloom run`."""
    parser.set_defaults(run=_run)
    add_workflow(parser)
    add_values(parser)
    seeds = parser.add_argument_group("runs")
    seeds.add_argument("--seed", metavar="N", help="the first run's, or random; each next one takes the next number")
    seeds.add_argument("--count", type=int, default=1, metavar="N", help="how often to run it (1)")
    seeds.add_argument("--partial", action="store_true", help="keep what works where the server refuses a part")
    seeds.add_argument("--unchecked", action="store_true", help="only warn of what a server would refuse, and try it")
    seeds.add_argument("--dry-run", action="store_true", help="check all of it and print the graph; nothing is run")
    add_paying(parser)
    add_results(parser)
    add_servers(parser)


def _run(options: argparse.Namespace, output: Output) -> int:
    from ..paying.payers import payer_of

    with payer_of(account_of(options)) as payer:
        return _done(options, payer, output)


def _done(options: argparse.Namespace, payer: Payer | None, output: Output) -> int:
    from ..reporting import follow
    from ..running import run_tasks
    from ..workflow_work import workflow_work

    document, values, seed = find(options.workflow), values_of(options), _seed(options.seed)
    saving, entries = saving_of(options), server_entries(options)
    tasks, able = workflow_work(
        document,
        values,
        opened(entries, output),
        count=options.count,
        seed=seed,
        allow_api_nodes=options.allow_api_nodes,
        unchecked=options.unchecked,
        warn=output.warning,
    )
    if options.dry_run:
        return _show(tasks[0], able[0], output)
    if options.quote:
        return tell_quote(tasks, able, payer, output)
    payment = demanded(tasks, able, payer)
    output.event("plan", jobs=len(tasks), servers=[entry.name for entry in entries], **planned(payment))
    how = replace(how_of(options, output), accept_partial=options.partial)
    events = run_tasks(tasks, entries, saving, how, payment=payment)
    report = follow(events, output, len(tasks), options.preview)
    report.tally(**tell_paid(payment, output))
    return report.exit_code


def _show(task: WorkflowTask, target: Target, output: Output) -> int:
    """Print the first run's graph, as it would be sent but for the names of uploaded files."""
    from ..jobs.job import new_id
    from ..workflow_ground import ground_of

    filled = task.filled(ground_of(target.client, task.document), None)
    job = filled.prepared(target, new_id()).job
    data = {"graph": job.graph, "workflow": job.workflow, "server": target.client.url}
    output.result("graph", data, json.dumps(job.graph, ensure_ascii=False, indent=2))
    return 0


def _seed(text: str | None) -> int | None:
    if text is None:
        return None
    if text == RANDOM:
        return secrets.randbelow(2**32)
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number < SEEDS:
        raise UsageError(f"--seed is {text!r}; give a whole number from 0 to {SEEDS - 1}, or random")
    return number
