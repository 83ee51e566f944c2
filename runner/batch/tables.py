"""Reads tables: CSV, JSON lines, and files with a prompt on each line."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .rows import MOST_JOBS, Row, checked_name, checked_value, too_many

MOST_BYTES = 64 * 2**20
"""How large a table may be."""
DELIMITERS = ",;\t"
PROMPT = "positive"
COMMENT = "#"
LINE_END = re.compile(r"\r\n|\r|\n")
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_table(path: Path) -> list[Row]:
    """Return the rows of a table, which its ending tells: .csv, .tsv, .jsonl, .ndjson, or .txt for prompts.

    Raises:
        UsageError: if it can't be read; the message names the line.
    """
    reader = READERS.get(path.suffix.casefold())
    if reader is None:
        raise UsageError(f"{str(path)!a} has no ending of a table; name it {', '.join(READERS)}")
    return list(_limited(reader(read_text(path), _shown(path)), _shown(path)))


def read_prompts(path: Path) -> list[Row]:
    """Return a row for each line of a file that is neither empty nor a comment.

    Raises:
        UsageError: if it can't be read.
    """
    return list(_limited(prompt_rows(read_text(path), _shown(path)), _shown(path)))


def read_text(path: Path) -> str:
    """Return what a file of at most 64 MiB holds.

    Raises:
        UsageError: if it is missing, too large, or no UTF-8 text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{_shown(path)} can't be read: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MOST_BYTES:
        raise UsageError(f"{_shown(path)} is larger than {MOST_BYTES // 2**20} MiB; make several batches of it")
    if content.startswith(UTF16) or b"\0" in content:
        raise UsageError(f"{_shown(path)} is not UTF-8 text; it looks like UTF-16 or a binary file; save it as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = 1 + content.count(b"\n", 0, error.start)
        raise UsageError(f"{_shown(path)} is not UTF-8 text: see line {line}; save it as UTF-8") from None


def csv_rows(text: str, where: str) -> Iterator[Row]:
    """Yield the rows of a CSV text; its first line names the columns, and an empty cell leaves a setting as it is.

    Raises:
        UsageError: for a missing or double name, or a row with more or fewer cells than there are names.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    columns: list[str] | None = None
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            raise UsageError(f"{where} line {line}: {error}; mend the quotes, or the cell") from None
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _header(cells, f"{where} line {line}")
        else:
            yield _csv_row(columns, cells, f"{where} line {line}")
    if columns is None:
        raise UsageError(f"{where} is empty; its first line names the columns, such as positive,seed")


def _delimiter(text: str) -> str:
    """Return what parts the names in the first line: a comma, a semicolon or a tab."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    outside = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=outside.count)


def _header(cells: Sequence[str], where: str) -> list[str]:
    names = [checked_name(cell, where) for cell in cells]
    double = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if double is not None:
        raise UsageError(f"{where}: two columns are named {double!a}; take one of them out")
    return names


def _csv_row(columns: Sequence[str], cells: Sequence[str], where: str) -> Row:
    if len(cells) != len(columns):
        advice = "put a text that holds the separator in double quotes"
        raise UsageError(f"{where} has {len(cells)} cells, and there are {len(columns)} columns; {advice}")
    return Row({name: cell.strip() or None for name, cell in zip(columns, cells, strict=True)}, where)


def json_rows(text: str, where: str) -> Iterator[Row]:
    """Yield the rows of a text that has a JSON object on each line.

    Raises:
        UsageError: if a line is no object, names a value twice, or holds lists or objects.
    """
    for number, line in enumerate(LINE_END.split(text), 1):
        if line.strip():
            yield mapping_row(_json(line, f"{where} line {number}"), f"{where} line {number}")


def _json(line: str, where: str) -> Any:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(found)) != len(found):
            raise UsageError(f"{where}: a name is there twice; take one of them out")
        return dict(found)

    try:
        return json.loads(line, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{where} is no JSON ({error}); write one object on each line") from None


def mapping_row(found: Any, where: str) -> Row:
    """Return a row from what JSON or YAML holds.

    Raises:
        UsageError: if it is no mapping of names to single values.
    """
    if not isinstance(found, dict):
        raise UsageError(f"{where} is no mapping of names to values")
    row: dict[str, Any] = {}
    for name, value in found.items():
        known = checked_name(name, where)
        if known in row:
            raise UsageError(f"{where}: {known!a} is there twice; take one of them out")
        row[known] = checked_value(value, known, where)
    return Row(row, where)


def prompt_rows(text: str, where: str) -> Iterator[Row]:
    r"""Yield a row for each prompt; `#` begins a comment, and `\#` a prompt that begins with `#`."""
    for number, line in enumerate(LINE_END.split(text), 1):
        prompt = line.strip()
        if prompt and not prompt.startswith(COMMENT):
            yield Row({PROMPT: prompt[1:] if prompt.startswith(f"\\{COMMENT}") else prompt}, f"{where} line {number}")


def _limited(rows: Iterator[Row], where: str) -> Iterator[Row]:
    count = 0
    for count, row in enumerate(rows, 1):
        if count > MOST_JOBS:
            raise too_many(where)
        yield row
    if not count:
        raise UsageError(f"{where} has no rows, so there is nothing to do")


def _shown(path: Path) -> str:
    """Return a path without anything that a terminal would take for a command."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


READERS: dict[str, Callable[[str, str], Iterator[Row]]] = {
    ".csv": csv_rows,
    ".tsv": csv_rows,
    ".jsonl": json_rows,
    ".ndjson": json_rows,
    ".txt": prompt_rows,
}
