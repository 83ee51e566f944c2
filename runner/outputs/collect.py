"""Fetches what a job made, of every kind: each file that its outputs name, and their texts."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import OutputBroken
from ..fleet.executor import Fetched
from ..jobs.job import Outcome
from ..server.client import Client
from ..server.files import FILE_LIMIT
from .clean import cleaned, one_line

KEPT = {"output": True, "temp": False}
"""The types of files that jobs make; the third, `input`, is what they were given."""
DEPTH = 8
"""How deep files are looked for below a node's output."""
MOST_FILES = 10_000
LONGEST_NAME, LONGEST_TEXT = 1_000, 1_000_000
"""Characters of a file's name and folder, and of a text."""


class File(NamedTuple):
    """A file that an output names: `entry` is the server's own description of it."""

    node: str
    kind: str
    entry: Mapping[str, Any]


class Collected(NamedTuple):
    """What a job made, on this machine."""

    files: tuple[Fetched, ...]
    texts: tuple[str, ...]


def collect(client: Client, outcome: Outcome, spool: Path, limit: int = FILE_LIMIT) -> Collected:
    """Fetch a job's files into a folder, each under a name of our own, and return them with the job's texts.

    Args:
        client: the server that ran the job.
        outcome: how it ended.
        spool: an existing folder.
        limit: the most bytes that a file may have.

    Raises:
        OutputMissing: if the server no longer has a file, as one of its cache that was deleted.
        OutputBroken: if one does not come whole, or there are too many. No file of the job is left then.
        SaveError: if one can't be written.
    """
    fetched: list[Fetched] = []
    try:
        for file in files_in(outcome.outputs):
            if len(fetched) == MOST_FILES:
                raise OutputBroken(f"{client.url} names more than {MOST_FILES} files of one job; none was kept")
            fetched.append(_fetched(client, file, spool, limit))
    except BaseException:
        for one in fetched:
            one.path.unlink(missing_ok=True)
        raise
    return Collected(tuple(fetched), tuple(texts_in(outcome.outputs)))


def files_in(outputs: Mapping[str, Any]) -> Iterator[File]:
    """Yield each file that a job's outputs name, once, whatever key it stands under."""
    seen = set()
    for node, output in outputs.items():
        for kind, value in output.items() if isinstance(output, dict) else ():
            for entry in _entries(value, DEPTH):
                place = tuple(str(entry.get(key) or "") for key in ("type", "subfolder", "filename"))
                if place[0] in KEPT and place not in seen:
                    seen.add(place)
                    yield File(one_line(str(node), 200), one_line(str(kind), 100), entry)


def texts_in(outputs: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts among a job's outputs, without what a terminal would obey."""
    for output in outputs.values():
        yield from _texts(output.get("text"), DEPTH) if isinstance(output, dict) else ()


def _entries(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, dict) and isinstance(value.get("filename"), str) and value["filename"]:
        yield value
    elif depth and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _entries(inner, depth - 1)


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield cleaned(value[:LONGEST_TEXT])
    elif depth and isinstance(value, list):
        for inner in value:
            yield from _texts(inner, depth - 1)


def _fetched(client: Client, file: File, spool: Path, limit: int) -> Fetched:
    entry = {key: str(file.entry.get(key) or "") for key in ("filename", "subfolder", "type")}
    if sum(map(len, entry.values())) > LONGEST_NAME:
        raise OutputBroken(f"{client.url} names a file in more than {LONGEST_NAME} characters; look into its log")
    path = spool / uuid.uuid4().hex
    digest = client.download(entry, path, limit)
    name = one_line(entry["filename"].replace("\\", "/").rpartition("/")[2], 250)
    return Fetched(file.node, file.kind, name, KEPT[entry["type"]], path, digest)
