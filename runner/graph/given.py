"""The values that a user gives, by their names: from `--set`, a file, and the environment."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError

PREFIX = "TAGLOOM_SET_"
"""Begins the names of variables of the environment that are values: TAGLOOM_SET_STEPS=30."""
STDIN = "-"
MOST = 100_000
"""Values that a file may hold."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a file of values."""
Values = dict[str, Any]


def given(settings: Iterable[str], file: str | None, environment: Mapping[str, str]) -> Values:
    """Return all values by selectors; the strongest come last: the flags, then the file, then the environment.

    Args:
        settings: `NAME=VALUE` each, as `--set` takes them.
        file: the path of a JSON or YAML file, `-` for standard input, or None.
        environment: of the process.

    Raises:
        UsageError: if one is not understood.
    """
    values: Values = {}
    for source in (from_environment(environment), from_file(file) if file else {}, from_flags(settings)):
        for name, value in source.items():
            values.pop(name, None)  # to stand where its strongest source does
            values[name] = value
    return values


def from_flags(settings: Iterable[str]) -> Values:
    """Return the values of `NAME=VALUE` texts.

    Raises:
        UsageError: if one has no name or no `=`.
    """
    values: Values = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not name.strip() or not equals:
            raise UsageError(f"--set {setting!r} is not NAME=VALUE; write for example --set steps=30")
        values[name.strip()] = value
    return values


def from_environment(environment: Mapping[str, str]) -> Values:
    """Return the values of the variables that begin with `TAGLOOM_SET_`, by short names in lower case."""
    names = sorted(name for name in environment if name.startswith(PREFIX) and len(name) > len(PREFIX))
    return {name.removeprefix(PREFIX).lower(): environment[name] for name in names}


def from_file(file: str) -> Values:
    """Return the values of a JSON or YAML file: one mapping of names to values, or of nodes to such mappings.

    Raises:
        UsageError: if it can't be read or holds something else.
    """
    name = "standard input" if file == STDIN else file
    values = _parsed(_text(file, name), name)
    if values is None:
        return {}
    if not isinstance(values, dict) or not all(isinstance(key, str | int) for key in values):
        raise UsageError(f"{name} holds no names with values; write lines such as 'steps: 30'")
    if _size(values) > MOST:
        raise UsageError(f"{name} holds more than {MOST:,} values; no workflow takes so many")
    return dict(_flat(values))


def _size(value: Any) -> int:
    """Return how many values there are, counting up to the limit: a few lines of YAML can stand for billions."""
    waiting, count = [value], 0
    while waiting and count <= MOST:
        here = waiting.pop()
        count += 1
        waiting += [*here.values()] if isinstance(here, dict) else here if isinstance(here, list) else []
    return count


def _flat(values: Mapping[Any, Any]) -> Iterable[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{name}", own) for name, own in value.items())
        else:
            yield str(key), value


def _text(file: str, name: str) -> str:
    try:
        if file == STDIN:
            contents = sys.stdin.read(LARGEST + 1)
        else:
            with Path(file).open(encoding="utf-8-sig") as opened:
                contents = opened.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        what = getattr(error, "strerror", None) or "it is no UTF-8 text"
        raise UsageError(f"{name} can't be read: {what}; mend the path in --values") from error
    if len(contents) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST // 1024**2} MB, which no file of values is")
    return contents


def _parsed(text: str, name: str) -> Any:
    """Return what a text holds; YAML is read by its safe loader, and JSON first, which it nearly is a part of."""
    import yaml

    try:
        return json.loads(text)
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deeply") from error
    except ValueError:
        pass
    try:
        return yaml.safe_load(text)
    except RecursionError as error:
        raise UsageError(f"{name} is nested too deeply") from error
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{name}{where} is neither JSON nor YAML: {getattr(error, 'problem', error)}") from error
