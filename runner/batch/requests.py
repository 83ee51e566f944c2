"""Rows as requests: what `tagloom generate` takes, a picture for each row."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ...prompt import WildcardFolders
from ...prompt.errors import PromptError
from ..errors import RunnerError, UsageError, WorkflowError
from ..places import wildcard_folders
from ..planning import plan
from ..prompts import look_up_wildcards
from ..request import SEEDS, Request, check
from ..request_tasks import RequestTask
from ..targets import Target
from .rows import COUNT, Row, Value, whole

COLUMNS = tuple(field.name for field in fields(Request) if field.name != COUNT)
"""What a column may be called."""
ALIKE = {
    "prompt": "positive",
    "tags": "positive",
    "negative_prompt": "negative",
    "model": "checkpoint",
    "cfg_scale": "cfg",
    "sampler_name": "sampler",
    "width": "size",
    "height": "size",
    "n": "count",
}
"""What other programs call them."""
BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
MOST = 10**6


def check_columns(names: Iterable[str]) -> None:
    """Make sure that columns are settings of a request.

    Raises:
        UsageError: for one that is none; the message lists those that there are.
    """
    for name in names:
        if name not in (*COLUMNS, COUNT):
            near = [ALIKE[name]] if name in ALIKE else difflib.get_close_matches(name, COLUMNS, 1, 0.5)
            hint = f"did you mean {near[0]}? " if near else ""
            raise UsageError(f"there is no setting {name[:40]!a}; {hint}columns are {', '.join((*COLUMNS, COUNT))}")


def request_of(row: Row, folder: Path) -> Request:
    """Return a row as a request that was checked; paths in it start from `folder`.

    Raises:
        UsageError: for what can't be done, naming the row.
    """
    try:
        check_columns(row.values)
        given = {name: value for name, value in row.values.items() if value is not None}
        typed = {name: READERS.get(name, _text)(value, name, folder) for name, value in given.items()}
        request = Request(**{"positive": "", **typed})
        check(request)
        look_up_wildcards(request, [request.seed or 0], WildcardFolders(wildcard_folders()))
        return request
    except (RunnerError, PromptError) as error:
        raise UsageError(f"{row.origin}: {error}") from error


def request_tasks(rows: Iterable[tuple[str, Row]], folder: Path) -> list[RequestTask]:
    """Return the task of each row, under the key in front of it.

    Raises:
        UsageError: for a row that can't be done.
    """
    return [RequestTask(key, request_of(row, folder)) for key, row in rows]


def check_requests(rows: Iterable[tuple[str, Row]], folder: Path, targets: Sequence[Target]) -> None:
    """Make sure that each row can be made out for one of the servers: its checkpoint is there, its family known.

    Raises:
        WorkflowError: for a row that can't; the message names the row and what the first server lacks.
    """
    for _, row in rows:
        request = request_of(row, folder)
        problems = [_problem(request, target) for target in targets]
        if all(problems):
            raise WorkflowError(f"{row.origin}: {problems[0]}")


def _problem(request: Request, target: Target) -> str:
    try:
        plan(check(request), target)
    except (UsageError, WorkflowError, PromptError) as error:
        return str(error)
    return ""


def _text(value: Value, name: str, folder: Path) -> str:
    if isinstance(value, bool):
        raise UsageError(f"{name} is {str(value).lower()}; put a text that reads like this in quotes")
    return str(value)


def _whole(value: Value, name: str, folder: Path) -> int:
    return whole(value, name, "", 0, SEEDS - 1 if name == "seed" else MOST)


def _number(value: Value, name: str, folder: Path) -> float:
    try:
        number = float("nan" if isinstance(value, bool) or value is None else value)
    except ValueError:
        number = float("nan")
    if number - number != 0:  # also what is beyond all numbers
        raise UsageError(f"{name} {str(value)[:40]!a} is no number; write for example 5.5")
    return number


def _yes(value: Value, name: str, folder: Path) -> bool:
    found = BOOLEANS.get(str(value).strip().casefold())
    if found is None:
        raise UsageError(f"{name} {str(value)[:40]!a} is neither true nor false")
    return found


def _path(value: Value, name: str, folder: Path) -> Path:
    return folder / _text(value, name, folder)


READERS: dict[str, Callable[[Value, str, Path], Any]] = {
    **dict.fromkeys(("steps", "clip_skip", "seed"), _whole),
    **dict.fromkeys(("cfg", "denoise"), _number),
    **dict.fromkeys(("enhance", "tag_aware", "easy"), _yes),
    "image": _path,
}
"""How a column's values are read; all others are texts."""
