"""`tagloom batch ...`: tables and grids of jobs, with a journal from which they go on after anything."""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ...wallet.errors import WalletError
from ..batch.retries import RETRIES
from ..batch.rows import MOST_JOBS, SEED, Row
from ..errors import JournalError, RunnerError, UsageError
from ..request import SEEDS
from .paying import account_again, account_of, add_paying, demanded, planned, tell_paid, tell_quote
from .results import add_preview, add_results, path
from .servers import add_json, add_servers, how_of, opened, server_entries

if TYPE_CHECKING:
    from ..batch.journal import Journal
    from ..batch.making import Making
    from ..batch.specs import Spec
    from ..fleet.servers import ServerEntry
    from ..fleet.tasks import Task
    from ..output import Output
    from ..paying.payers import Payer, Payment

MOST_RETRIES = 100


def add_batch(parser: argparse.ArgumentParser) -> None:
    """Add the commands to the parser of `tagloom batch`."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    run = commands.add_parser("run", help="do what a table, a grid or a YAML file says")
    run.set_defaults(run=_run)
    _add_jobs(run)
    add_paying(run)
    add_results(run, "batch", "a folder of its own")
    _add_how(run)
    resume = commands.add_parser("resume", help="go on with a batch that was ended, killed or cut off")
    resume.set_defaults(run=_resume)
    resume.add_argument("--failed", action="store_true", help="also try again what failed")
    add_paying(resume, quote=False)
    add_preview(resume)
    _add_how(resume)
    status = commands.add_parser("status", help="count a batch's jobs by state, and list what failed")
    status.set_defaults(run=_status)
    report = commands.add_parser("report", help="write a batch's contact sheet and gallery")
    report.set_defaults(run=_report)
    for command in (resume, status, report):
        command.add_argument("folder", type=path, metavar="DIR", help="the batch's folder, given as --out")
        add_json(command)


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("spec", nargs="?", type=path, metavar="SPEC", help="a table, or YAML with rows, grid, seeds")
    jobs = parser.add_argument_group("jobs (rows are requests, as of generate, or values for a workflow)")
    jobs.add_argument("--workflow", metavar="FILE", help="run this workflow for each row; or a shipped one's name")
    jobs.add_argument("--table", type=path, metavar="FILE", help="CSV or JSON lines: a job a row")
    jobs.add_argument("--prompts", type=path, metavar="FILE", help="a prompt on each line")
    jobs.add_argument(
        "--grid",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE,VALUE",
        help='each row with each combination, such as "cfg=4,6,8" "sampler=Euler a,DPM++ 2M SDE Karras"',
    )
    jobs.add_argument(
        "--set", action="append", default=[], dest="settings", metavar="NAME=VALUE", help="what a row leaves out"
    )
    jobs.add_argument("--count", type=int, metavar="N", help="jobs of each row, with seeds that count up (1)")
    jobs.add_argument("--seed", type=int, metavar="N", help="of rows that have none (each gets its own by chance)")
    jobs.add_argument("--partial", action="store_true", help="keep what works where the server refuses a part")
    jobs.add_argument("--dry-run", action="store_true", help="check all of it and list the jobs; nothing is run")
    jobs.add_argument("--allow-api-nodes", action="store_true", help="run nodes that ask services which cost money")


def _add_how(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--retries", type=int, default=RETRIES, metavar="N", help=f"tries after a job's first ({RETRIES})"
    )
    add_servers(parser)


def _run(options: argparse.Namespace, output: Output) -> int:
    from ..paying.payers import payer_of

    with payer_of(account_of(options)) as payer:
        return _begin(options, payer, output)


def _begin(options: argparse.Namespace, payer: Payer | None, output: Output) -> int:
    from ..batch import foreseen
    from ..batch.journal import NAME, Journal
    from ..batch.making import Making, at
    from ..batch.schema import check_new
    from ..outputs.folders import check_folder
    from ..outputs.names import SETTINGS, read_template
    from .given_workflow import find

    _check_retries(options)
    spec = _spec(options)
    if options.name is not None:
        read_template(options.name).check(SETTINGS)
    check_new(options.out / NAME)
    check_folder(options.out)
    document = find(spec.workflow) if spec.workflow else None
    making = Making(spec.folder, document, tuple(axis.name for axis in spec.axes), options.name, options.partial)
    servers = server_entries(options)
    if document is None:
        making.tasks(_rows(spec, options, SEED))  # what is wrong with a request shows before a server is started
    targets = opened(servers, output)
    rows = _rows(spec, options, making.seed(targets))
    tasks = making.tasks(rows, targets)
    for note in making.check(rows, tasks, targets, options.allow_api_nodes):
        output.warning(note)
    if options.dry_run:
        making.foresee(rows, targets)
        output.result("batch", foreseen.as_data(rows, options.out), foreseen.as_text(rows))
        return 0
    tasks = at(tasks, targets)
    if options.quote:
        return tell_quote(tasks, targets, payer, output)
    payment = demanded(tasks, targets, payer)
    options.out.mkdir(parents=True, exist_ok=True)
    with Journal.new(options.out / NAME, rows, making.paid(payer).as_json()) as journal:
        payment = payment and replace(payment, run=journal.name)
        run = _Run(options.out, making, tasks, servers, payment, is_first=True)
        return _drive(journal, run, options, output)


def _resume(options: argparse.Namespace, output: Output) -> int:
    from ..batch.journal import NAME, Journal
    from ..batch.leftovers import remove_parts
    from ..batch.making import Making, at
    from ..jobs.job import State
    from ..paying.payers import payer_of

    _check_retries(options)
    with ExitStack() as opened_here:
        journal = opened_here.enter_context(Journal.open(options.folder / NAME))
        remove_parts(options.folder, journal.names())
        making = Making.from_json(journal.made)
        payer = opened_here.enter_context(payer_of(account_again(options, making.paid_by)))
        if options.failed:
            journal.revive((State.FAILED, State.LOST, State.CANCELLED, State.PARTIAL))
        rows = [(entry.key, entry.row) for entry in journal.entries() if entry.is_open]
        servers = server_entries(options) if rows else ()
        targets = opened(servers, output)
        tasks = at(making.tasks(rows, targets), targets) if rows else []
        payment = demanded(tasks, targets, payer, journal)
        return _drive(journal, _Run(options.folder, making, tasks, servers, payment), options, output)


def _status(options: argparse.Namespace, output: Output) -> int:
    from ..batch import overview
    from ..batch.journal import NAME, Journal

    with Journal.read(options.folder / NAME) as journal:
        data, text = overview.as_data(journal, options.folder), overview.as_text(journal, options.folder)
    output.result("batch", data, text)
    return 0


def _report(options: argparse.Namespace, output: Output) -> int:
    from ..batch import overview
    from ..batch.journal import NAME, Journal

    with Journal.read(options.folder / NAME) as journal:
        written = overview.write_pages(journal, options.folder)
        data = {**overview.as_data(journal, options.folder), **written.as_data()}
    output.result("batch", data, written.as_text())
    return 0


class _Run(NamedTuple):
    """What is left of a batch, where it is done, how it is paid, and whether nothing of it was tried before."""

    folder: Path
    making: Making
    tasks: Sequence[Task]
    servers: Sequence[ServerEntry]
    payment: Payment | None = None
    is_first: bool = False


def _drive(journal: Journal, run: _Run, options: argparse.Namespace, output: Output) -> int:
    """Do what is left, show it, and write the contact sheet and the gallery; return the exit code."""
    from ..batch import overview
    from ..outputs.names import read_template
    from ..outputs.saving import Saving
    from ..reporting import PARTLY, follow
    from ..running import run_tasks

    template = read_template(run.making.name) if run.making.name else None
    how = replace(how_of(options, output), retries=options.retries, accept_partial=run.making.partial)
    servers = [server.name for server in run.servers]
    output.event("plan", jobs=len(run.tasks), servers=servers, **planned(run.payment))
    try:
        events = run_tasks(run.tasks, run.servers, Saving(run.folder, template), how, journal, run.payment)
        report = follow(events, output, len(run.tasks), options.preview)
    except (KeyboardInterrupt, RunnerError, WalletError):
        if run.is_first and _dropped(journal):
            raise  # the mended batch can have the same folder
        output.note(f"the batch is kept; go on with: tagloom batch resume {run.folder}")
        raise
    written = overview.write_pages(journal, run.folder)
    report.tally(**written.as_data(), **tell_paid(run.payment, output))
    if not output.as_json:
        output.line(written.as_text())
    if not overview.failures(journal):
        return 0
    return PARTLY if overview.counts(journal).get("done") else report.exit_code or 1


def _dropped(journal: Journal) -> bool:
    try:
        return journal.drop_untouched()
    except JournalError:
        return False  # what ended the run says more


def _spec(options: argparse.Namespace) -> Spec:
    """Return what the file and the options say together.

    Raises:
        UsageError: if there is nothing to do, or two options say the same.
    """
    from ..batch.grids import parse_axis
    from ..batch.specs import Spec, read_spec, with_options
    from ..batch.tables import read_prompts, read_table
    from ..graph.given import given

    sources = [name for name in ("spec", "table", "prompts") if getattr(options, name) is not None]
    if len(sources) > 1:
        raise UsageError(f"{' and '.join(sources)} both say what the jobs are; give one of them")
    if options.spec is not None:
        spec = read_spec(options.spec)
    elif options.table is not None:
        spec = Spec(rows=tuple(read_table(options.table)), folder=options.table.parent)
    else:
        spec = Spec(rows=tuple(read_prompts(options.prompts)) if options.prompts else ())
    axes = tuple(parse_axis(text) for text in options.grid)
    if options.count is not None and not 1 <= options.count <= MOST_JOBS:
        raise UsageError(f"--count is {options.count}; it must lie between 1 and {MOST_JOBS}")
    spec = with_options(spec, axes, given(options.settings, None, os.environ), options.count)
    if options.workflow and spec.workflow:
        raise UsageError(f"the batch names a workflow itself ({spec.workflow}); leave --workflow out")
    if not sources and not axes:
        raise UsageError("nothing says what the jobs are; give a table or a YAML file, --prompts, or --grid")
    return replace(spec, workflow=options.workflow or spec.workflow)


def _rows(spec: Spec, options: argparse.Namespace, seed: str | None) -> list[tuple[str, Row]]:
    """Return the rows with the keys of their jobs; the seeds that are chosen here are kept by the journal."""
    if options.seed is not None and not 0 <= options.seed < SEEDS:
        raise UsageError(f"--seed is {options.seed}; it must lie between 0 and {SEEDS - 1}")
    chosen = (lambda: secrets.randbelow(2**32)) if options.seed is None else (lambda: int(options.seed))
    return [(str(number), row) for number, row in enumerate(spec.made_out(chosen, seed), 1)]


def _check_retries(options: argparse.Namespace) -> None:
    if not 0 <= options.retries <= MOST_RETRIES:
        raise UsageError(f"--retries is {options.retries}; it must lie between 0 and {MOST_RETRIES}")
