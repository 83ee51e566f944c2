"""Makes a profile's values out of the files that it consists of: the shipped one, and a user's laid over it."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ProfileError
from ..resources import load_yaml
from ..sizes import parse_size
from .checks import Wrong
from .profiles import LEVELS, PRESETS, ClipSkip, Encoder, Family, Negative, Quality, Range, Shift, Variant
from .schema import DEFAULTS, check_partial, check_whole
from .shared import expand, reason

OWN = ("id", "name", "names", "civitai", "hashes", "priority")
"""What a family that extends another does not take from it: by these two families are told apart."""
LARGEST = 1_000_000
"""Bytes that a profile may have; more is no profile."""


def shipped_file(path: Path) -> dict[str, Any]:
    """Return the fields of a profile that comes with Tagloom: the tests check it, so that nobody waits for that."""
    return dict(expand(load_yaml(path)))


def read_file(path: Path) -> dict[str, Any]:
    """Return the fields that a profile's file gives, checked; its id is its name where it gives none.

    Raises:
        ProfileError: naming the file, the field, what is wrong with it and what is allowed.
    """
    try:
        values: dict[str, Any] = expand(_parsed(path))
        check_partial(values)
        if values.setdefault("id", path.stem) != path.stem:
            raise Wrong("id", f"is {values['id']!r}, but the file's name says {path.stem!r}; they must be the same")
        check_partial({"id": values["id"]})
    except Wrong as error:
        raise ProfileError(path, error.field, error.what) from error
    return values


def _parsed(path: Path) -> Any:
    from yaml import YAMLError

    try:
        if path.stat().st_size > LARGEST:
            raise Wrong("the file", f"is longer than {LARGEST} bytes")
        return load_yaml(path) or {}
    except OSError as error:
        raise Wrong("the file", f"can't be read ({error.strerror or error})") from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else "the file"
        raise Wrong(line, f"is no YAML ({getattr(error, 'problem', None) or error})") from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Wrong("the file", f"is no YAML text ({type(error).__name__})") from error


def lay_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return both, table by table; where both give a value or a list, the upper one counts."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        merged[key] = lay_over(under, value) if isinstance(under, Mapping) and isinstance(value, Mapping) else value
    return merged


def extended(base: Mapping[str, Any], family_id: str) -> dict[str, Any]:
    """Return what a new family takes from the one it extends; it is told by its id until it gives names of its own."""
    inherited = {key: value for key, value in base.items() if key not in OWN}
    words = r"[-_. ]?".join(map(re.escape, family_id.split("_")))
    return inherited | {"name": family_id, "names": [words], "priority": base.get("priority", 0) + 5}


def family_of(values: Mapping[str, Any], path: Path) -> Family:
    """Return the family that a profile's values describe.

    Args:
        values: all its files, laid over one another.
        path: the file to name where something is missing or does not fit.

    Raises:
        ProfileError: as `read_file`.
    """
    whole = lay_over(copy.deepcopy(DEFAULTS), values)
    try:
        check_whole(whole)
    except Wrong as error:
        raise ProfileError(path, error.field, error.what) from error
    return _family(whole)


def _family(values: dict[str, Any]) -> Family:
    sampling, size = values["sampling"], values["size"]
    plain = ("id", "name", "use", "style", "architecture", "prediction", "priority", "system")
    lists = ("names", "civitai", "order", "underscores", "unverified", "sources")
    fields: dict[str, Any] = {key: values[key] for key in plain} | {key: tuple(values[key]) for key in lists}
    sizes = [size["default"], *(choice for choice in size["choices"] if choice != size["default"])]
    return Family(
        **fields,
        hashes=tuple(text.lower() for text in values["hashes"]),
        quality=_quality(values["quality"]),
        negative=_negative(values["negative"]),
        foreign={word: reason(word) for word in values["foreign"]},
        remarks=dict(values["remarks"]),
        sampler=sampling["sampler"],
        scheduler=sampling["scheduler"],
        avoid_schedulers=tuple(sampling["avoid_schedulers"]),
        steps=Range(**sampling["steps"]),
        cfg=Range(**sampling["cfg"]),
        guidance=sampling["guidance"] and Range(**sampling["guidance"]),
        rescale_cfg=sampling["rescale_cfg"] and Range(**sampling["rescale_cfg"]),
        shift=sampling["shift"] and Shift(**sampling["shift"]),
        clip_skip=values["clip_skip"] and ClipSkip(**values["clip_skip"]),
        sizes=tuple(map(parse_size, dict.fromkeys(sizes))),
        multiple_of=size["multiple_of"],
        encoders=tuple(Encoder(name, **facts) for name, facts in values["encoders"].items()),
        weight_effect=values["weights"],
        variants={name: _variant(name, entry) for name, entry in values["variants"].items()},
    )


def _quality(values: Mapping[str, Any]) -> Quality:
    levels = {"none": (), **{level: tuple(values[level]) for level in LEVELS[1:]}}
    return Quality(values["place"], levels, tuple(dict.fromkeys([*levels["full"], *values["known"]])))


def _negative(values: Mapping[str, Any]) -> Negative:
    presets = {preset: tuple(values["presets"][preset]) for preset in PRESETS}
    return Negative(values["used"], presets, tuple(values["default"]), values["system"])


def _variant(name: str, values: Mapping[str, Any]) -> Variant:
    steps, cfg = (values.get(key) for key in ("steps", "cfg"))
    return Variant(
        name,
        tuple(values.get("names", [re.escape(name)])),
        values.get("sampler"),
        values.get("scheduler"),
        steps and Range(**steps),
        cfg and Range(**cfg),
        values.get("negative"),
    )
