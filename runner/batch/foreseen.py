"""What a batch would do, in words and as data: its jobs with their values, without keys and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..outputs.clean import one_line
from ..outputs.secrets import without_secrets
from .rows import Row


def as_data(rows: Sequence[tuple[str, Row]], folder: Path) -> dict[str, Any]:
    """Return the jobs that there would be, as `--json` tells them."""
    planned = [{"job": key, "row": row.origin, "values": _values(row)} for key, row in rows]
    return {"folder": str(folder), "jobs": len(rows), "planned": planned}


def as_text(rows: Sequence[tuple[str, Row]]) -> str:
    """Return the same in words: their number, and a line for each."""
    lines = [f"{len(rows)} jobs; nothing is queued"]
    for key, row in rows:
        values = ", ".join(f"{name}={value!r}" for name, value in _values(row).items())
        lines.append(f"  {one_line(f'job {key} ({row.origin}): {values}')}")
    return "\n".join(lines)


def _values(row: Row) -> dict[str, Any]:
    given = {name: value for name, value in row.values.items() if value is not None}
    return dict(without_secrets(given))
