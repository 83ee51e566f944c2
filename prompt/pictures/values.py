"""Values as they stand in texts and JSON, made into numbers where they are some; never an error."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from ..sizes import Size

LONGEST_JSON = 8 * 1024 * 1024
"""Characters of JSON that are parsed: data may take twenty times the memory of its text."""
INTEGER = re.compile(r"[+-]?\d{1,20}")
SIZE = re.compile(r"(\d{1,6})\s*[x×]\s*(\d{1,6})")


def as_int(value: Any) -> int | None:
    """Return a whole number, or None."""
    if isinstance(value, str):
        return int(value) if INTEGER.fullmatch(value.strip()) else None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value == int(value) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_float(value: Any) -> float | None:
    """Return a finite number, or None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def as_text(value: Any) -> str:
    """Return a string as it is, a number in digits, and nothing for all else."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def as_size(text: str) -> Size | None:
    """Return `WIDTHxHEIGHT` in pixels, or None."""
    match = SIZE.fullmatch(text.strip())
    return Size(int(match[1]), int(match[2])) if match else None


def from_json(text: str) -> Any:
    """Return what a JSON text says, or None where it is none, is too long or too deep."""
    if len(text) > LONGEST_JSON:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def object_from_json(text: str) -> dict[str, Any]:
    """Return the JSON object that a text is, or an empty one."""
    value = from_json(text)
    return value if isinstance(value, dict) else {}


def to_json(value: Any) -> str:
    """Return a value as JSON text; deep nesting gives an empty one."""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
