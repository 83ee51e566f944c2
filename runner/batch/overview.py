"""Where a batch stands, in words and as data; and its contact sheet and gallery."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..jobs.job import State
from ..outputs.clean import one_line
from ..outputs.gallery import gallery
from ..outputs.results import Result
from ..outputs.sheet import contact_sheet
from ..outputs.thumbnails import Thumbnails
from .journal import Journal
from .making import Making
from .records import OPEN, WAITING, Entry

MOST_SHOWN = 20
"""Failures that are listed in words; `--json` has them all."""


class Written(NamedTuple):
    """The pages of the contact sheet, none if there are no jobs at their ends, and the gallery."""

    sheet: tuple[Path, ...]
    gallery: Path

    def as_data(self) -> dict[str, Any]:
        """Return their paths as `--json` tells them."""
        return {"sheet": [str(path) for path in self.sheet], "gallery": str(self.gallery)}

    def as_text(self) -> str:
        """Return their paths, one a line."""
        return "\n".join(one_line(str(path)) for path in (*self.sheet, self.gallery))


def counts(journal: Journal) -> dict[str, int]:
    """Return how many jobs are waiting, at a server (`open`), and at each end that some came to."""
    found = journal.counts()
    at_servers = sum(found.pop(state, 0) for state in OPEN)
    return {"jobs": sum(found.values()) + at_servers, WAITING: found.pop(WAITING, 0), "open": at_servers, **found}


def failures(journal: Journal) -> list[Entry]:
    """Return the jobs that came to an end and are not done."""
    return [entry for entry in journal.entries() if not entry.is_open and entry.state != State.DONE]


def as_data(journal: Journal, folder: Path) -> dict[str, Any]:
    """Return where a batch stands, as `--json` tells it."""
    told = [
        {"job": entry.key, "row": entry.row.origin, "state": entry.state, **_problem(entry)}
        for entry in failures(journal)
    ]
    return {"folder": str(folder), **counts(journal), "failures": told}


def as_text(journal: Journal, folder: Path) -> str:
    """Return the same in words."""
    found = counts(journal)
    lines = [f"{found.pop('jobs')} jobs: " + ", ".join(f"{count} {name}" for name, count in found.items() if count)]
    failed = failures(journal)
    for entry in failed[:MOST_SHOWN]:
        message = entry.problem.message if entry.problem else entry.state
        lines.append(one_line(f"  job {entry.key} ({entry.row.origin}) {entry.state}: {message}"))
    if len(failed) > MOST_SHOWN:
        lines.append(f"  and {len(failed) - MOST_SHOWN} more; --json lists all of them")
    if found[WAITING] or found["open"]:
        lines.append(f"go on with: tagloom batch resume {one_line(str(folder))}")
    return "\n".join(lines)


def write_pages(journal: Journal, folder: Path) -> Written:
    """Write the contact sheet and the gallery of all jobs that are at their ends.

    Raises:
        SaveError: if they can't be written.
    """
    files = journal.files()
    results = [
        Result(
            number=entry.number,
            state=State(entry.state),
            files=tuple(files.get(entry.key, ())),
            asked=entry.row.values,
            values=entry.shown,
            problem=entry.problem.message if entry.problem else "",
            seconds=entry.seconds,
        )
        for entry in journal.entries()
        if not entry.is_open
    ]
    axes = Making.from_json(journal.made).axes
    title, small = one_line(folder.absolute().name), Thumbnails()
    sheet = contact_sheet(results, folder, axes, title=title, run=journal.name, thumbnails=small)
    return Written(sheet, gallery(results, folder, title=title, run=journal.name, thumbnails=small))


def _problem(entry: Entry) -> Mapping[str, str]:
    return {"code": entry.problem.code, "message": entry.problem.message} if entry.problem else {}
