"""Saves what a job made, from the spool folder: each file whole or not at all, never over a file of anybody else's.

It takes two steps, so that a journal can stand between them:

1. `plan_files` decides the names. It writes nothing. A journal notes `intended` of each: name and hash.
2. `write` writes them; when it returns they are on the disk for good, and the journal notes what was `Saved`.

After a crash in between, both steps are done again, with `earlier`, what the journal has: a file that lies under such a
name with such a hash is the job's own and stays, even if the job was done again meanwhile, so that there is never a
second one; any other file is left alone, and the new one gets another name. `save` does both steps for those who keep
no journal.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from ...prompt.whole_files import part_of, take_name
from ..errors import OutputBroken, SaveError
from ..fleet.executor import Ended, Fetched
from . import folders, naming
from .claims import Intended as Intended  # part of what is said here
from .claims import Own
from .clean import cleaned, one_line
from .kinds import LONGEST_DRAWING, LOOKED_AT, UNKNOWN, ending
from .metadata import LARGEST, PICTURES, Told, told, with_metadata
from .names import NameTemplate
from .secrets import text_without_secrets
from .thumbnails import size_of

TEXT = "text"
KEPT = 64 * 1024 * 1024
"""Bytes of a job's pictures that are kept between the two steps; what is more is made a second time."""


class Contents(NamedTuple):
    """What is written, None for a file that is copied as it is; and the texts that a picture had no room for."""

    whole: bytes | None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Saving:
    """Where a run's results go, and how.

    Attributes:
        out: the folder.
        template: the files' names; where it is None, number and seed or, without a seed, number and the server's name.
        texts: whether texts that nodes show are saved beside files; those of a job without files always are.
        offset: what is added to the jobs' numbers in names.
    """

    out: Path
    template: NameTemplate | None = None
    texts: bool = False
    offset: int = 0

    def going_on(self) -> Saving:
        """Return the same with names whose numbers go on from the highest in the folder: not for what is resumed."""
        return replace(self, offset=(self.template or naming.default_template({"seed": 0})).highest(self.out))


@dataclass(frozen=True)
class Planned:
    """A file to be written: its name and hash, where it comes from, and what goes into it.

    Attributes:
        intended: what the journal notes.
        is_there: whether it lies there already, as the journal has it from before a crash.
        source: the file that was fetched; None for a text.
        text: the text, of those that are no files.
        position: of the file within the job, from 1 on.
        size: a picture's width and height, else zeros.
        told: what goes into a picture.
        server: who gave it, for errors.
        contents: what is written, where it is worth keeping until then.
    """

    intended: Intended
    is_there: bool
    source: Fetched | None
    text: str = field(repr=False)
    position: int
    size: tuple[int, int]
    told: Told = field(repr=False)
    server: str = field(repr=False)
    contents: Contents | None = field(default=None, repr=False, compare=False)


class Saved(NamedTuple):
    """A file that was saved.

    Attributes:
        path: where it lies.
        name: that below the run's folder, parts separated by `/`.
        sha256: the hash of its bytes, hexadecimal.
        kind: the history's key, `images`, `video`, ...; `text` for a text that a node showed.
        node: the id of the node that it came from; empty for a text.
        position: of the file within the job, from 1 on.
        width: a picture's, in pixels; else 0.
        height: likewise.
        left_out: names of texts for which a picture had no room.
    """

    path: Path
    name: str
    sha256: str
    kind: str
    node: str
    position: int
    width: int = 0
    height: int = 0
    left_out: tuple[str, ...] = ()


def save(ended: Ended, saving: Saving, number: int, core: str = "") -> tuple[Saved, ...]:
    """Save what a job made, in both steps; see `plan_files` and `write`."""
    return write(plan_files(ended, saving, number, core=core), saving)


def plan_files(
    ended: Ended,
    saving: Saving,
    number: int,
    *,
    earlier: Sequence[Intended] = (),
    core: str = "",
    now: datetime | None = None,
) -> tuple[Planned, ...]:
    """Decide how a job's files are called, in the order in which the job made them.

    Args:
        ended: the job; a preview counts only where it has nothing that the server kept.
        saving: where they go.
        number: of the job.
        earlier: what was intended for this job before a crash.
        core: the version of the server's ComfyUI, for the pictures' metadata.
        now: for `{date}` and `{time}`.

    Raises:
        OutputBroken: if the server gave a broken picture.
        SaveError: if a fetched file can't be read.
    """
    try:
        return tuple(_planned(ended, saving, number, earlier, core, now or datetime.now()))
    except OSError as error:
        raise _unsaved(saving.out, error) from error


def write(planned: Sequence[Planned], saving: Saving, earlier: Iterable[Intended] = ()) -> tuple[Saved, ...]:
    """Write files under the names that were decided; one that somebody else took meanwhile is left to them.

    Args:
        planned: from `plan_files`.
        saving: as it was given there.
        earlier: as it was given there.

    Raises:
        SaveError: if one can't be written; nothing is left of that one then.
    """
    own = Own.of(earlier, [file.intended for file in planned])
    try:
        saved = tuple(_write(file, saving.out, own) for file in planned)
        folders.settle(file.path.parent for file in saved)
    except OSError as error:
        raise _unsaved(saving.out, error) from error
    return saved


def _unsaved(out: Path, error: OSError) -> SaveError:
    return SaveError(
        f"can't save in {out}: {error.strerror or error}; free some space, or choose another folder with --out"
    )


def _planned(
    ended: Ended, saving: Saving, number: int, earlier: Sequence[Intended], core: str, now: datetime
) -> Iterator[Planned]:
    job = naming.job_values(ended, number + saving.offset, now)
    all_told = told(ended, core)
    taken: set[str] = set()
    room = KEPT
    for index, (file, text) in enumerate(_results(ended, saving.texts)):
        suffix, size = _kind(file, ended.server) if file else (".txt", (0, 0))
        before = Intended(*earlier[index]) if index < len(earlier) else None
        contents = None
        if before and naming.split(before.name)[1] == suffix and Own.of((), [before]).has(saving.out, before.name):
            intended, is_there = before, True
        else:
            contents = _contents(file, text, suffix, all_told, ended.server)
            values = naming.file_values(job, file, index + 1, suffix, size)
            intended = Intended(_name(saving, values, suffix, taken, before), _hash(file, contents.whole))
            is_there = False
            room -= len(contents.whole or b"")
        taken.add(intended.name.casefold())
        kept = contents if room >= 0 else None
        yield Planned(intended, is_there, file, text, index + 1, size, all_told, ended.server, kept)


def _results(ended: Ended, texts: bool) -> Iterator[tuple[Fetched | None, str]]:
    kept = [file for file in ended.files if file.kept] or ended.files
    yield from ((file, "") for file in kept)
    if texts or not kept:
        yield from ((None, text) for text in ended.texts if text.strip())


def _kind(file: Fetched, server: str) -> tuple[str, tuple[int, int]]:
    """Return a fetched file's ending and, of a picture, its size.

    Raises:
        OutputBroken: if it is called a picture and is none, such as a proxy's page.
    """
    with file.path.open("rb") as opened:
        start = opened.read(LOOKED_AT)
        suffix = ending(file.name, start, lambda: start + opened.read(LONGEST_DRAWING + 1 - len(start)))
    if suffix == UNKNOWN and PurePosixPath(file.name).suffix.lower() in PICTURES:
        raise OutputBroken(f"{server} gave something else as the picture {one_line(file.name)}; run the job again")
    return suffix, size_of(file.path)


def _is_told(file: Fetched, suffix: str) -> bool:
    return suffix in PICTURES and file.path.stat().st_size <= LARGEST


def _contents(file: Fetched | None, text: str, suffix: str, all_told: Told, server: str) -> Contents:
    if file is None:
        return Contents(cleaned(text_without_secrets(text, all_told.secrets)).encode("utf-8", "replace"))
    if not _is_told(file, suffix):
        return Contents(None)
    return Contents(*with_metadata(file.path.read_bytes(), file, all_told, server))


def _hash(file: Fetched | None, contents: bytes | None) -> str:
    return file.sha256 if file and contents is None else hashlib.sha256(contents or b"").hexdigest()


def _name(saving: Saving, values: Mapping[str, Any], suffix: str, taken: set[str], before: Intended | None) -> str:
    """Return the name that the file was to have before a crash, if it is free, or the template's."""
    if before and naming.split(before.name)[1] == suffix and before.name.casefold() not in taken:
        free = not folders.is_taken(saving.out, before.name) or Own.of([before]).has(saving.out, before.name)
        if free:
            return before.name
    stem = (saving.template or naming.default_template(values)).filled(values)
    stem = stem[: -len(suffix)] if stem.lower().endswith(suffix) and len(stem) > len(suffix) else stem
    return next(
        name
        for name in naming.numbered(stem, suffix)
        if name.casefold() not in taken and not folders.is_taken(saving.out, name)
    )


def _write(file: Planned, out: Path, own: Own) -> Saved:
    name, sha256 = file.intended
    kind, node = (file.source.kind, file.source.node) if file.source else (TEXT, "")
    path = folders.made(out, name)
    if file.is_there and own.has(out, name):
        folders.settle_file(path)
        return Saved(path, name, sha256, kind, node, file.position, *size_of(path))
    contents, left_out = file.contents or _contents(
        file.source, file.text, naming.split(name)[1], file.told, file.server
    )
    with part_of(path.parent) as part:
        if contents is not None:
            part.write_bytes(contents)
        elif file.source is not None:
            shutil.copyfile(file.source.path, part)
        folders.settle_file(part)
        name = _place(part, out, name, own)
    path = out.joinpath(*name.split("/"))
    return Saved(path, name, _hash(file.source, contents), kind, node, file.position, *file.size, left_out)


def _place(part: Path, out: Path, name: str, own: Own) -> str:
    """Give a written file its name, or the next one that is free."""
    stem, suffix = naming.split(name)
    for candidate in naming.numbered(stem, suffix):
        path = out.joinpath(*candidate.split("/"))
        if take_name(part, path):
            return candidate
        if own.has(out, candidate):
            part.replace(path)
            return candidate
    raise AssertionError("numbers do not end")
