"""Tables as text for people, as JSON, or as CSV for spreadsheets; into a file they are written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from ..prompt.whole_files import replace_file
from .errors import SaveError
from .outputs.clean import one_line

Form = Literal["text", "json", "csv"]
FORMS: tuple[Form, ...] = ("text", "json", "csv")
FORMULA = re.compile(r"[=+\-@＝＋－＠]")
"""What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection")."""
LONGEST = 1000
"""Characters of a text that a cell shows."""
DATABASE = b"SQLite format 3\0"
"""How a file begins that a table must never replace: it may be the wallet itself."""


@dataclass(frozen=True)
class Table:
    """Records, and what people read of them.

    Attributes:
        columns: the records' keys, in their order.
        records: a mapping each, for JSON and CSV.
        heads: what stands above the columns of the text.
        lines: the cells of the text; numbers are put right.
    """

    columns: tuple[str, ...]
    records: Sequence[Mapping[str, Any]]
    heads: tuple[str, ...]
    lines: Sequence[Sequence[str | int]]

    def written(self, form: Form) -> str:
        """Return the table in a form, without a line break at its end."""
        if form == "json":
            return json.dumps(list(self.records), indent=2)
        return self._csv() if form == "csv" else _aligned(self.heads, self.lines)

    def _csv(self) -> str:
        """Return it as CSV (RFC 4180 but for the line breaks), where no text is a formula."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows([_cell(record[column]) for column in self.columns] for record in self.records)
        return text.getvalue().rstrip("\n")


def form_of(path: Path | None, chosen: Form | None, usual: Form) -> Form:
    """Return the form that was chosen, else the one that a file's ending names, else the usual one."""
    ending = path.suffix.lower() if path else ""
    named: dict[str, Form] = {f".{form}": form for form in FORMS}
    return chosen or named.get(ending, usual)


def write_table(path: Path, text: str) -> None:
    """Write a text in a file's place; what there was is replaced at once, when the new one is whole.

    Raises:
        SaveError: if it can't be written, or something lies there that is no file, or a database.
    """
    try:
        if path.exists() and not path.is_file():
            raise SaveError(f"{path} is no file, so nothing is written there; choose another place")
        if path.exists() and _begins_as_database(path):
            raise SaveError(f"{path} is a database and is left alone; choose another place")
        replace_file(path, f"{text}\n".encode())
    except OSError as error:
        raise SaveError(f"{path} can't be written: {error.strerror or error}; choose another place") from error


def _begins_as_database(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(DATABASE)) == DATABASE


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = one_line(value, LONGEST)
    return f"'{text}" if FORMULA.match(text) else text


def _aligned(heads: Sequence[str], lines: Sequence[Sequence[str | int]]) -> str:
    cells = [list(heads), *([_shown(cell) for cell in line] for line in lines)]
    widths = [max(map(_width, column)) for column in zip_longest(*cells, fillvalue="")]
    right = [any(isinstance(line[place], int) for line in lines) for place in range(len(heads))]
    return "\n".join("  ".join(map(_padded, line, widths, right)).rstrip() for line in cells)


def _shown(cell: str | int) -> str:
    return str(cell) if isinstance(cell, int) else one_line(cell, LONGEST)


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - _width(text))
    return space + text if right else text + space


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes; Chinese and Japanese characters take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
