"""Runs tasks on servers: puts scheduler, executor, journal and saving together for everything that makes files."""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from .batch.driver import Rules, drive
from .batch.journal import Journal
from .batch.retries import RETRIES
from .batch.rows import Row
from .batch.told import Told
from .errors import SaveError
from .fleet.executor import Executor
from .fleet.lane import Settings
from .fleet.scheduler import Scheduler
from .fleet.servers import ServerEntry
from .fleet.tasks import Task
from .fleet.threads import ThreadExecutor
from .jobs.options import Options
from .outputs.saving import Saving
from .paying.till import Paying
from .targets import tidy

if TYPE_CHECKING:
    from .paying.payers import Payment

SPOOL = ".tagloom-spool"
"""The folder among a run's results in which files lie until they have their names."""

ALONE, AMONG_OTHERS = 60.0, 10.0
"""Seconds for which a server may be out of reach: one that is started anew needs half a minute."""


@dataclass(frozen=True)
class How:
    """How tasks are run.

    Attributes:
        retries: how often a job is tried again after a failure that another try may mend.
        accept_partial: whether a job goes on of which the server leaves outputs out.
        silence: for how many seconds a server with work may show no sign of it before it counts as stuck.
        patience: for how many seconds a server may be out of reach before its jobs go elsewhere; None is 60, or 10
            where there are several.
        whole_progress: whether steps are read from the lists of all nodes, too, which is more work.
        stopped: asked again and again; when it says so, what is unfinished is taken back and `Cancelled` raised.
        ray: where Ray runs (`local`, `auto` or an address); None does without it.
        announce: called with what is being done where it takes time.
    """

    retries: int = RETRIES
    accept_partial: bool = False
    silence: float = 900.0
    patience: float | None = None
    whole_progress: bool = False
    stopped: Callable[[], bool] = field(default=lambda: False, repr=False)
    ray: str | None = None
    announce: Callable[[str], None] = field(default=lambda text: None, repr=False)


USUAL = How()


def run_tasks(
    tasks: Sequence[Task],
    servers: Sequence[ServerEntry],
    saving: Saving,
    how: How = USUAL,
    journal: Journal | None = None,
    payment: Payment | None = None,
) -> Generator[Told, None, None]:
    """Bring tasks to their ends, save what they make, and yield what happens; close the iterator to take them back.

    Args:
        tasks: what has to be done, in order.
        servers: where.
        saving: where files go, and how they are called.
        how: see there.
        journal: of a batch, with an entry for each task; without it, one that is gone with the process.
        payment: who pays for them, and what is expected of them; None: nobody does.

    Raises:
        RunnerError: if no server can do it, or nothing can be saved; a job that fails is an event, and no error.
        WalletError: if the wallet can't be used.
    """
    kept = journal or Journal.new(None, [(task.key, Row({}, "")) for task in tasks], {})
    needs = {task.key: task.needs for task in tasks}
    try:
        with _spool(saving.out) as spool:
            executor = _executor(servers, spool, how)
            scheduler = Scheduler(needs, expected=[entry.name for entry in servers])
            rules = Rules(retries=how.retries, forget=_forgetting(servers, how), stopped=how.stopped)
            if payment is not None:
                rules = replace(rules, paying=Paying(payment, kept, saving.out, goes_on=journal is not None))
            names = [entry.name for entry in servers]
            yield from drive(tasks, executor, scheduler, kept, saving, names, rules)
    finally:
        if journal is None:
            kept.close()


def _executor(servers: Sequence[ServerEntry], spool: Path, how: How) -> Executor:
    patience = how.patience if how.patience is not None else ALONE if len(servers) == 1 else AMONG_OTHERS
    session = Options(
        accept_partial=how.accept_partial, whole_progress=how.whole_progress, silence=how.silence, patience=patience
    )
    entries = {entry.name: entry for entry in servers}
    if how.ray is not None:
        from .fleet.ray import RayExecutor

        return RayExecutor(entries, spool, how.ray, Settings(session=session))
    return ThreadExecutor(entries, spool, Settings(session=session, announce=how.announce))


def _forgetting(servers: Sequence[ServerEntry], how: How) -> Callable[[str, str], None]:
    """Return what deletes a job's files on the server after they were saved, where that is an embedded one, here."""
    own = {} if how.ray else {entry.name: entry for entry in servers if entry.is_embedded}

    def forget(server: str, job_id: str) -> None:
        if server in own:
            tidy(own[server].installation, [job_id])

    return forget


@contextmanager
def _spool(out: Path) -> Iterator[Path]:
    """Yield an empty folder that is gone afterwards; those of processes that were killed go, too."""
    spools = out / SPOOL
    spool = spools / f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        _sweep(spools)
        spool.mkdir(parents=True)
    except OSError as error:
        raise SaveError(f"can't save in {out}: {error.strerror or error}; choose another folder with --out") from error
    try:
        yield spool
    finally:
        shutil.rmtree(spool, ignore_errors=True)
        for folder in (spools, out):
            with suppress(OSError):  # it is still used
                folder.rmdir()


def _sweep(spools: Path) -> None:
    for left in spools.glob(f"{socket.gethostname()}-*-*"):
        process = left.name.rsplit("-", 2)[1]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(left, ignore_errors=True)
