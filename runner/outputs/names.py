"""Templates for the names of saved files, such as `{prefix}-{number:05}-{seed}`."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import Any, NamedTuple

from ..errors import UsageError
from .file_names import FORBIDDEN, safe_part, safe_value

FIELDS = {
    "number": "of the job, from 1 on",
    "index": "of the file within the job, from 1 on",
    "seed": "",
    "prefix": "the workflow's own, or tagloom",
    "checkpoint": "without folder and ending",
    "width": "",
    "height": "",
    "node": "the id of the node that saved the file",
    "kind": "images, video, audio, ...",
    "stem": "the name that the server gave, without its ending",
    "ext": "the ending, which is appended in any case",
    "date": "when the file was saved; {date:%Y%m%d} writes it so",
    "time": "likewise",
}
"""What every template may name, besides the settings of the job."""
DEFAULT = "{number:05}-{seed}"
WITHOUT_SEED = "{number:05}-{prefix}"
"""For jobs of which no seed is known."""
SPECIFICATION = re.compile(r"(?P<width>0[1-9]\d?)?(?:\.(?P<longest>[1-9]\d{0,2}))?")
TIME_SPECIFICATION = re.compile(r"(?:%[YymdHMSj]|[-_. ])+")
TIMES = {"date": "%Y-%m-%d", "time": "%H-%M-%S"}
LONGEST_TEMPLATE = 1000
MODEL_ENDING = re.compile(r"\.(?:safetensors|sft|ckpt|pth?|bin|gguf)$", re.IGNORECASE)
INSTEAD = "write for example '{number:05}-{seed}' or '{checkpoint}/{number:05}'"


class Piece(NamedTuple):
    """A literal text, or where `is_field` a field and what stands behind its colon."""

    text: str
    is_field: bool = False
    specification: str = ""


@dataclass(frozen=True)
class NameTemplate:
    """A template that was read: the pieces of each part between two `/`."""

    text: str
    parts: tuple[tuple[Piece, ...], ...]

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that it names."""
        return tuple(dict.fromkeys(piece.text for part in self.parts for piece in part if piece.is_field))

    def check(self, names: Iterable[str]) -> None:
        """Make sure that each field is one of `FIELDS` or of the settings that the jobs have.

        Raises:
            UsageError: if one is not, with the nearest that is.
        """
        known = [*FIELDS, *(name for name in names if name not in FIELDS)]
        for name in self.fields:
            if name not in known:
                near = difflib.get_close_matches(name, known, 1, 0.5)
                what = f"write {{{near[0]}}}" if near else f"use one of {', '.join(known)}"
                raise UsageError(f"name template {self.text!r}: there is no field {name!r}; {what}")

    def filled(self, values: Mapping[str, Any]) -> str:
        """Return the path below the folder, parts separated by `/`, without an ending; what has no value is left out.

        Args:
            values: of the fields, by their names; `date` and `time` as `datetime`.
        """
        return "/".join(safe_part("".join(_written(piece, values) for piece in part)) for part in self.parts)

    def highest(self, folder: Path) -> int:
        """Return the highest `number` among the files that the template has named in a folder, or 0."""
        patterns = [_pattern(part) for part in self.parts]
        return max(_numbers(folder, patterns), default=0) if "number" in self.fields else 0


SETTINGS = ("positive", "negative", "family", "steps", "cfg", "sampler", "scheduler")
"""What names may say besides `FIELDS` of whatever makes pictures, as far as it is known."""


def read_template(text: str) -> NameTemplate:
    """Read a template; a `/` in it makes folders.

    Raises:
        UsageError: if it is no template, or could lead out of the folder.
    """
    if not text.strip() or len(text) > LONGEST_TEMPLATE:
        raise _refusal(text, "is empty" if not text.strip() else f"has more than {LONGEST_TEMPLATE} characters")
    parts: list[list[Piece]] = [[]]
    for piece in _pieces(text):
        if piece.is_field:
            parts[-1].append(piece)
            continue
        first, *others = piece.text.replace("\\", "/").split("/")
        parts[-1].append(Piece(first))
        parts += [[Piece(other)] for other in others]
    for part in parts:
        _check_part(text, part)
    return NameTemplate(text, tuple(tuple(piece for piece in part if piece.text) for part in parts))


def model_stem(name: str) -> str:
    """Return a model's name without folders and ending."""
    return MODEL_ENDING.sub("", name.replace("\\", "/").rpartition("/")[2])


def _pieces(text: str) -> Iterator[Piece]:
    try:
        found = list(Formatter().parse(text))
    except ValueError as error:
        raise _refusal(text, f"is not understood ({error}); double a brace that stands for itself") from error
    for literal, name, specification, conversion in found:
        if literal:
            yield Piece(literal)
        if name is not None:
            yield _field(text, name, specification or "", conversion)


def _field(text: str, name: str, specification: str, conversion: str | None) -> Piece:
    if conversion is not None:
        raise _refusal(text, f"has a '!{conversion}', which names do not know")
    if not name.strip() or any(sign in "{}[]" for sign in name):
        raise _refusal(text, f"has a field {name!r}, which is no name")
    pattern = TIME_SPECIFICATION if name in TIMES else SPECIFICATION
    if specification and not pattern.fullmatch(specification):
        known = "%Y %m %d %H %M %S" if name in TIMES else "05 (so many digits) and .40 (at most so many characters)"
        raise _refusal(text, f"has {specification!r} behind a colon, where {known} may stand")
    return Piece(name, True, specification)


def _check_part(text: str, part: list[Piece]) -> None:
    literal = "".join(piece.text for piece in part if not piece.is_field)
    wrong = next((sign for sign in literal if sign in FORBIDDEN or not sign.isprintable()), None)
    if wrong is not None:
        raise _refusal(text, f"has a {wrong!r}, which not every system takes in a name")
    if not any(piece.is_field for piece in part) and literal.strip(". ") == "":
        raise _refusal(text, "leads out of the folder, or has a folder without a name")


def _refusal(text: str, what: str) -> UsageError:
    return UsageError(f"name template {text[:80]!r} {what}; {INSTEAD}")


def _written(piece: Piece, values: Mapping[str, Any]) -> str:
    if not piece.is_field:
        return piece.text
    value = values.get(piece.text)
    if isinstance(value, datetime):
        return safe_value(value.strftime(piece.specification or TIMES.get(piece.text, TIMES["date"])))
    match = None if piece.text in TIMES else SPECIFICATION.fullmatch(piece.specification)
    width, longest = (match["width"], match["longest"]) if match else (None, None)
    text = "" if value is None else safe_value(_plain(value))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (text.zfill(int(width)) if width and is_number else text)[: int(longest) if longest else None]


def _plain(value: Any) -> str:
    """Return a value as a user would write it; a long list is not written out in full."""
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, list | tuple):
        return ",".join(map(_plain, value[:20]))
    if isinstance(value, int) and value.bit_length() > LONGEST_TEMPLATE:
        return ""  # Python itself writes none of more than 4,300 digits
    return str(value)


def _pattern(part: tuple[Piece, ...]) -> re.Pattern[str]:
    """Return what the names of a part look like, behind them whatever else."""
    return re.compile("".join(map(_piece_pattern, part)), re.DOTALL)


def _piece_pattern(piece: Piece) -> str:
    if not piece.is_field:
        return re.escape(piece.text)
    return r"(\d{1,18})(?!\d)" if piece.text == "number" else ".*?"


def _numbers(folder: Path, patterns: list[re.Pattern[str]]) -> Iterator[int]:
    """Yield the numbers in names that the patterns fit, folder by folder; other folders are not looked into."""
    pattern, *below = patterns
    try:
        names = os.listdir(folder)  # noqa: PTH208 names alone, of which there may be many
    except OSError:
        return
    for name in names:
        match = pattern.match(name)
        if match is None:
            continue
        yield from (int(number) for number in match.groups())
        if below and not (folder / name).is_symlink():
            yield from _numbers(folder / name, below)
