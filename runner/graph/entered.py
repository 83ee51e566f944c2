"""What the editor's widgets make of the values that are put into them: texts, numbers, names of files."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

UNSET: Any = type("Unset", (), {"__repr__": lambda self: "UNSET", "__bool__": lambda self: False})()
"""The value of a choice without choices: the editor sends nothing for it."""

LARGEST = 1e100
MOST_DIVISIONS = 100


def area_text(value: Any) -> str:
    """Return what an area of text makes of a value: lines end with a line feed."""
    return re.sub(r"\r\n?", "\n", "" if value is None or value is UNSET else js_text(value))


def js_text(value: Any) -> str:
    """Return a JSON value as JavaScript writes it into a text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, list):
        return ",".join("" if each is None else js_text(each) for each in value)
    if isinstance(value, dict):
        return "[object Object]"
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
        return repr(value)
    return str(value)


def rounded(value: Any, options: Mapping[str, Any]) -> Any:
    """Return a number as a widget takes it that is typed in: whole, or at the steps of its input."""
    number = finite(value)
    if number is None:
        return value
    if options.get("kind") == "INT":
        return _whole(number, finite(options.get("step")) or 1, finite(options.get("min")) or 0)
    step = finite(options.get("step")) or 0.5
    places = max(0, -math.floor(math.log10(step))) if step > 0 else 0
    grain = finite(options.get("round")) or (10.0**-places if places else None)
    count = finite(number / grain) if grain else None
    if grain is None or count is None:
        return value
    return within(float(f"{math.floor(count + 0.5) * grain:.{places}f}"), options)


def _whole(number: float, step: float, low: float) -> float:
    if step == 1:
        return number if isinstance(number, int) else math.floor(number + 0.5)
    offset = math.fmod(low, step)
    whole = math.floor((number - offset) / step + 0.5) * step + offset
    return int(whole) if float(whole).is_integer() else whole


def within(value: float, options: Mapping[str, Any]) -> float:
    """Return a number within the range of an input, which is 0 to 2048 where it names none."""
    low, high = options.get("min"), options.get("max")
    lowest = low if isinstance(low, (int, float)) else 0
    return min(max(value, lowest), high if isinstance(high, (int, float)) else 2048)


def common_step(one: float, other: float) -> float:
    """Return the least common multiple of two steps."""
    left, right = one, other
    for _ in range(MOST_DIVISIONS):
        if right == 0:
            break
        left, right = right, math.fmod(left, right)
    return abs(one * other) / left if left else one


def finite(value: Any) -> float | int | None:
    """Return a number that can be reckoned with, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value if abs(value) < LARGEST else None


def file_value(value: Any, first: Any, options: Mapping[str, Any]) -> Any:
    """Return a file's name with the folder that it is in, as the server reads it; entries may be objects."""
    if not value:
        return first
    if isinstance(value, list):
        paths = [_path(each, options) for each in value]
        return paths if options.get("allow_batch") else paths[0]
    return _path(value, options)


def _path(value: Any, options: Mapping[str, Any]) -> Any:
    folder = options.get("image_folder") or "input"
    if isinstance(value, Mapping):
        name, inside = str(value.get("filename") or ""), value.get("subfolder")
        return (f"{inside}/{name}" if inside else name) + (
            _mark(str(value["type"]), folder) if value.get("type") else ""
        )
    return value + _mark(value, folder) if isinstance(value, str) else value


def _mark(path: str, folder: str) -> str:
    marked = re.search(r"\[(input|output|temp)\]", path, re.IGNORECASE)
    return "" if marked or folder == "input" else f" [{folder}]"
