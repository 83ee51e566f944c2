"""Values for the inputs of nodes: read as the server's schema says, and refused where the server would."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any

from ..errors import WorkflowError
from ..outputs.clean import one_line
from .inputs import COMBO, DYNAMIC, SCALARS, Input

TRUE, FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
ENDINGS = (".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".bin", ".gguf", ".onnx")
"""Of models' files, which a user may leave out."""
MOST_SHOWN = 12
LONGEST_SHOWN = 80
WRAPPER = "__value__"
"""Holds a list in a graph, where a bare one would be a link."""


class BadValue(WorkflowError):
    """A value that is none for its input.

    Attributes:
        reason: what is wrong with it.
        fix: what to do.
    """

    def __init__(self, reason: str, fix: str) -> None:
        super().__init__(f"{reason}; {fix}")
        self.reason, self.fix = reason, fix


def typed(value: Any, spec: Input) -> Any:
    """Return a value as an input takes it: `"5"` is 5 for an INT, `Euler` is `euler` where that is offered.

    Args:
        value: a text as a user types it, or a value of JSON.
        spec: the input.

    Raises:
        BadValue: if it is none that the input takes.
    """
    if spec.kind == DYNAMIC:
        raise BadValue(f"{spec.name} decides which inputs there are", "choose it in the editor")
    if value is None and (spec.kind in SCALARS or spec.kind == COMBO):
        raise BadValue(f"{spec.name} is {_article(spec)}, which null is not", "leave it out to keep what is there")
    if spec.kind == COMBO:
        return _chosen(value, spec)
    return _READERS.get(spec.kind, _plain)(value, spec)


def problem_of(value: Any, spec: Input) -> tuple[str, str] | None:
    """Return what the server would refuse about a value that stands in a graph, and what to do; None if it is good."""
    if spec.kind == COMBO:
        return _not_offered(value, spec)
    if spec.kind in ("INT", "FLOAT"):
        try:
            number = int(value) if spec.kind == "INT" else float(value)
        except (TypeError, ValueError, OverflowError):
            return f"{shown(value)} is {_no(spec)}", "give a number"
        return _out_of_range(number, spec)
    return None


def shown(value: Any) -> str:
    """Return a value for a message: a text in quotes, all else as JSON; on one line, and not long."""
    if isinstance(value, str):
        return repr(one_line(value, LONGEST_SHOWN))
    return one_line(json.dumps(value, ensure_ascii=False, default=str), LONGEST_SHOWN)


def offer(options: Iterable[Any]) -> str:
    """Return some options for a message."""
    texts = [one_line(str(option)) for option in options]
    more = f" and {len(texts) - MOST_SHOWN} more" if len(texts) > MOST_SHOWN else ""
    return ", ".join(texts[:MOST_SHOWN]) + more


def _integer(value: Any, spec: Input) -> int:
    number = value
    if isinstance(value, str):
        try:
            number = int(value.strip())
        except ValueError:
            number = _float(value)
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int):
        raise BadValue(f"{shown(value)} is {_no(spec)}", "give a whole number")
    _demand_range(number, spec)
    return number


def _number(value: Any, spec: Input) -> float:
    number = None if isinstance(value, bool) or not isinstance(value, str | int | float) else _float(value)
    if number is None or not math.isfinite(number):
        raise BadValue(f"{shown(value)} is {_no(spec)}", "give a number")
    _demand_range(number, spec)
    return number


def _text(value: Any, spec: Input) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return re.sub(r"\r\n?", "\n", str(value)) if spec.options.get("multiline") else str(value)
    raise BadValue(f"{shown(value)} is {_no(spec)}", "give a text")


def _boolean(value: Any, spec: Input) -> bool:
    word = str(value).strip().casefold()
    labels = {str(spec.options.get(f"label_{name}", name)).casefold() for name in ("on", "off")}
    if word in TRUE or (word in labels and word == str(spec.options.get("label_on", "on")).casefold()):
        return True
    if word in FALSE or word in labels:
        return False
    raise BadValue(f"{shown(value)} is {_no(spec)}", "give true or false")


def _plain(value: Any, spec: Input) -> Any:
    """Return a value of a type that is not known: JSON where it looks like it."""
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise BadValue(f"{spec.name} is no JSON ({error})", "mend it") from error
    return {WRAPPER: value} if isinstance(value, list) else value


_READERS: dict[str, Callable[[Any, Input], Any]] = {
    "INT": _integer,
    "FLOAT": _number,
    "STRING": _text,
    "BOOLEAN": _boolean,
}


def _chosen(value: Any, spec: Input) -> Any:
    if isinstance(value, list):
        return {WRAPPER: [_one_of(each, spec) for each in value]}
    return _one_of(value, spec)


def _one_of(value: Any, spec: Input) -> Any:
    """Return the choice that is meant: the same text, but for case, slashes, and the ending of a model's file."""
    if spec.choices is None or (spec.upload and isinstance(value, str) and _is_elsewhere(value)):
        return value
    for alike in _ALIKE:
        wanted = alike(value)
        found = [option for option in spec.choices if alike(option) == wanted]
        if len(found) == 1 or (found and alike is _same):
            return found[0]
    raise BadValue(*_refusal(value, spec))


def _same(value: Any) -> tuple[str, Any]:
    return type(value).__name__, value


def _slashed(value: Any) -> str:
    return str(value).replace("\\", "/")


def _folded(value: Any) -> str:
    return _slashed(value).strip().casefold()


def _stem(value: Any) -> str:
    name = PurePosixPath(_folded(value)).name
    return next((name.removesuffix(ending) for ending in ENDINGS if name.endswith(ending)), name)


_ALIKE: tuple[Callable[[Any], Any], ...] = (_same, str, _slashed, _folded, _stem)


def _not_offered(value: Any, spec: Input) -> tuple[str, str] | None:
    inner = value.get(WRAPPER) if isinstance(value, dict) else value
    if spec.choices is None or (isinstance(inner, str) and spec.upload and _is_elsewhere(inner)):
        return None
    wanted = inner if isinstance(inner, list) else [inner]
    missing = next((each for each in wanted if each not in spec.choices), None)
    return None if missing is None and inner is not None else _refusal(missing, spec)


def _is_elsewhere(name: str) -> bool:
    """Return whether a name tells a file in a folder that the list of choices leaves out."""
    return "/" in _slashed(name) or name.endswith("]")


def _refusal(value: Any, spec: Input) -> tuple[str, str]:
    choices = spec.choices or ()
    fix = f"give a file of yours: --set {spec.upload}=FILE" if spec.upload else "put the file into its folder"
    if not choices:
        return f"{shown(value)} is not there: the server has nothing to choose from", fix
    alike = {_stem(option): one_line(str(option)) for option in choices}
    near = difflib.get_close_matches(_stem(value), alike, n=3, cutoff=0.5)
    hint = f"did you mean {', '.join(alike[name] for name in near)}?" if near else f"choose one of {offer(choices)}"
    return f"{shown(value)} is none of its choices", hint


def _demand_range(number: float, spec: Input) -> None:
    problem = _out_of_range(number, spec)
    if problem:
        raise BadValue(*problem)


def _out_of_range(number: float, spec: Input) -> tuple[str, str] | None:
    low, high = (spec.options.get(bound) for bound in ("min", "max"))
    below = isinstance(low, int | float) and number < low
    above = isinstance(high, int | float) and number > high
    if not (below or above) and (isinstance(number, int) or math.isfinite(number)):
        return None
    return f"{shown(number)} is out of range", f"it must lie between {_bound(low)} and {_bound(high)}"


def _bound(value: Any) -> str:
    return str(value) if isinstance(value, int | float) else "any number"


def _float(value: str | float) -> float | None:
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _no(spec: Input) -> str:
    return f"no {spec.kind}"


def _article(spec: Input) -> str:
    return f"{'an' if spec.kind[0] in 'AEIO' else 'a'} {spec.kind}"
