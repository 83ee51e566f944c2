"""Makes the pictures through Tagloom's own runner, as a batch with a journal: what was made is never made again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...runner.batch.journal import NAME, Journal
from ...runner.batch.leftovers import remove_parts
from ...runner.batch.making import Making, at
from ...runner.batch.rows import Row
from ...runner.batch.told import JobEnded
from ...runner.fleet.servers import ServerEntry
from ...runner.jobs.job import State
from ...runner.outputs.saving import Saving
from ...runner.running import How, run_tasks
from ...runner.targets import Target, open_entry
from .errors import EvaluationError

FOLDER = "pictures"
"""Where they lie, in the evaluation's folder."""


class Made(NamedTuple):
    """The pictures by what was asked (see `asking.Asked.key`), the settings of each, and which checkpoint made them."""

    files: Mapping[str, Path]
    settings: Mapping[str, Mapping[str, Any]]
    checkpoint: str
    file: Path | None


def make(rows: Mapping[str, Mapping[str, Any]], folder: Path, server: ServerEntry, tell: Callable[[str], None]) -> Made:
    """Make the pictures that aren't there yet.

    Args:
        rows: requests, by key.
        folder: the evaluation's; a batch that was begun there goes on.
        server: where.
        tell: called with what is being done.

    Raises:
        EvaluationError: if the folder holds the pictures of other questions, or a picture can't be made.
        RunnerError: if the server can't be reached, or nothing can be saved.
    """
    out = folder / FOLDER
    target = open_entry(server, tell)
    with _journal(out, rows) as journal:
        _finish(journal, out, server, target, tell)
        files, entries = journal.files(), {entry.key: entry for entry in journal.entries()}
        failed = [entry for entry in entries.values() if entry.key not in files]
        if failed:
            why = failed[0].problem.message if failed[0].problem else failed[0].state
            raise EvaluationError(
                f"{len(failed)} of {len(entries)} pictures are missing ({why}); run it again to go on"
            )
        by_row = {_key(entry.row.values): entry.key for entry in entries.values()}
        name = target.choose_checkpoint(next(iter(rows.values())).get("checkpoint"))
        paths = {key: files[by_row[key]][0].path for key in rows}
        return Made(paths, {key: entries[by_row[key]].shown for key in rows}, name, _file(target, name))


def _journal(out: Path, rows: Mapping[str, Mapping[str, Any]]) -> Journal:
    """Open the journal that is there, or begin one."""
    if not (out / NAME).exists():
        out.mkdir(parents=True, exist_ok=True)
        numbered = [(str(n), Row(dict(row), f"picture {n}")) for n, row in enumerate(rows.values(), 1)]
        return Journal.new(out / NAME, numbered, Making(out).as_json())
    journal = Journal.open(out / NAME)
    if {_key(entry.row.values) for entry in journal.entries()} != set(rows):
        journal.close()
        raise EvaluationError(f"{out} holds the pictures of other questions, seeds or settings; choose another folder")
    remove_parts(out, journal.names())
    return journal


def _finish(journal: Journal, out: Path, server: ServerEntry, target: Target, tell: Callable[[str], None]) -> None:
    journal.revive((State.FAILED, State.LOST, State.CANCELLED, State.PARTIAL))
    rows = [(entry.key, entry.row) for entry in journal.entries() if entry.is_open]
    if not rows:
        return
    tasks, done = at(Making.from_json(journal.made).tasks(rows), [target]), 0
    tell(f"making {len(rows)} pictures")
    for event in run_tasks(tasks, [server], Saving(out), How(announce=tell), journal):
        if isinstance(event, JobEnded):
            done += 1
            if done % 20 == 0 or done == len(rows):
                tell(f"{done} of {len(rows)} pictures")


def _key(row: Mapping[str, Any]) -> str:
    return json.dumps(dict(row), sort_keys=True)


def _file(target: Target, name: str) -> Path | None:
    folders: Sequence[Path] = target.installation.checkpoint_folders if target.installation else ()
    return next((folder / name for folder in folders if (folder / name).is_file()), None)
