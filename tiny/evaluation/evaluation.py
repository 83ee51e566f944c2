"""The evaluation as a whole: pictures are made and judged, and what was found is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...prompt.hashing import hash_file
from ...prompt.whole_files import replace_file
from ...runner.fleet.servers import ServerEntry
from . import judging, looks
from .asking import MAIN, NEGATIVE, different, pictures
from .errors import EvaluationError
from .judging import Judged
from .making import Made, make
from .measures import Measured, measures
from .questions import Questions
from .sheet import sheet
from .table import table
from .words import untrained

RESULTS, TABLE, SHEET = "results.json", "table.md", "sheet.jpg"


class Wanted(NamedTuple):
    """What is evaluated, where, and how.

    Attributes:
        folder: for the pictures and the results; an interrupted evaluation goes on there.
        server: which makes the pictures.
        seeds: how many, from 1 on.
        only: what it is limited to; empty is all of it.
        checkpoint: its name, where there are several.
        command: as the table shows it.
    """

    folder: Path
    server: ServerEntry
    seeds: int
    only: tuple[str, ...] = ()
    checkpoint: str | None = None
    command: str = ""


def evaluate(questions: Questions, wanted: Wanted, tell: Callable[[str], None]) -> dict[str, Any]:
    """Make the pictures that are missing, judge all of them, write the results, and return them.

    Raises:
        EvaluationError: if the evaluation is limited to what isn't there, or pictures are missing.
        RunnerError: if they can't be made.
    """
    if strange := set(wanted.only) - set(questions.parts):
        raise EvaluationError(f"there is no {', '.join(sorted(strange))}; there are {', '.join(questions.parts)}")
    asked = pictures(questions, wanted.seeds, wanted.only, wanted.checkpoint)
    made = make({key: one.row for key, one in different(asked).items()}, wanted.folder, wanted.server, tell)
    measured = measures(questions, _measured_groups(questions, wanted.only), tell)
    tell("judging the pictures")
    judged = judging.judge(asked, made.files, measured)
    results = _results(questions, wanted, judged, made, measured)
    replace_file(wanted.folder / RESULTS, (json.dumps(results, indent=1, ensure_ascii=False) + "\n").encode())
    replace_file(wanted.folder / TABLE, table(results).encode())
    sheet(judged, questions, wanted.folder / SHEET)
    return results


def _measured_groups(questions: Questions, only: Sequence[str]) -> list[str]:
    """Return the groups that have to be told: those asked for, and with a trial all that its prompts ask."""
    if not only:
        return list(questions.groups)
    names = set(only) & set(questions.groups)
    for trial in set(only) & set(questions.trials):
        names.update(group for prompt in questions.trials[trial].prompts for group in questions.prompts[prompt].asks)
    if NEGATIVE in only:
        names.update(questions.negative.avoided)
    return [name for name in questions.groups if name in names]


def _results(
    questions: Questions, wanted: Wanted, judged: Sequence[Judged], made: Made, measured: dict[str, Measured]
) -> dict[str, Any]:
    tags = {tag for group in questions.groups.values() for tag in group.tags}
    unknown = untrained(made.file, tags) if made.file else frozenset()
    asked = [questions.groups[name] for name in measured if not wanted.only or name in wanted.only]
    found = judging.trials(judged, questions, unknown)
    return {
        "command": wanted.command,
        "checkpoint": made.checkpoint,
        "sha256": hash_file(made.file).whole if made.file else "",
        "seeds": wanted.seeds,
        "pictures": len(made.files),
        "settings": _settings(judged, made),
        "measures": {name: one.right.as_data() for name, one in measured.items()},
        "groups": judging.groups(judged, asked, unknown),
        "trials": found,
        "negative": judging.negative(judged, questions),
        "looks": {name: one.as_data() for name, one in looks.checked(questions).items()} if found else {},
        "each": [_picture(one, wanted.folder) for one in judged],
    }


def _settings(judged: Sequence[Judged], made: Made) -> dict[str, Any]:
    """Return the settings where nothing else was asked."""
    first = next((one for one in judged if one.asked.trial in (MAIN, NEGATIVE)), judged[0])
    names = ("width", "height", "steps", "cfg", "sampler", "scheduler")
    return {name: made.settings[first.asked.key].get(name) for name in names}


def _picture(one: Judged, folder: Path) -> dict[str, Any]:
    return {
        "trial": one.asked.trial,
        "arm": one.asked.arm,
        "request": dict(one.asked.row),
        "file": one.path.relative_to(folder).as_posix(),
        "asked": dict(one.asked.answers),
        "shown": dict(one.shown),
        "looks": {name: round(value, 6) for name, value in one.looks.items()},
    }
