"""All families there are: the shipped ones, and the users' in their own folders, which are laid over them.

A folder's files are read at first use and again when they change. Nothing here fails for a broken file until the
family is asked for; `profile_problems` tells of all of them at once, and `leave_out` goes on without one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, overload

from ..errors import ProfileError, PromptError, UnknownFamily, nearest_names
from ..resources import DATA
from .profiles import Family
from .reading import extended, family_of, lay_over, read_file, shipped_file

VARIABLE = "TAGLOOM_FAMILIES"
"""The environment variable with folders of users' profiles; `:` between them, or `;` on Windows."""
SHIPPED = DATA / "families"
_registered: dict[Path, None] = {}
_left_out: set[_Stamp] = set()


class _Stamp(NamedTuple):
    """A file as it was at one time."""

    path: Path
    changed: int
    length: int


def add_families_folder(folder: Path) -> None:
    """Read users' profiles from a folder too; it may be missing. Those of `TAGLOOM_FAMILIES` are laid over them."""
    _registered[folder] = None


def families_folders() -> tuple[Path, ...]:
    """Return the folders of users' profiles; a later one's files are laid over an earlier one's."""
    named = [Path(name).expanduser() for name in os.environ.get(VARIABLE, "").split(os.pathsep) if name.strip()]
    return tuple(dict.fromkeys([*_registered, *named]))


def family_ids() -> tuple[str, ...]:
    """Return the ids of all families, in alphabetical order; reads no file."""
    return tuple(sorted({*_shipped_ids(), *(stamp.path.stem for stamp in _user_files())}))


def get_family(family_id: str) -> Family:
    """Return a family by its id.

    Raises:
        UnknownFamily: with the nearest ids.
        ProfileError: if a user's file for it is wrong.
    """
    known = family_ids()
    if family_id not in known:
        hint = nearest_names(family_id, known) or f"known are {', '.join(known)}"
        raise UnknownFamily(f"unknown model family {family_id!r}; {hint}")
    return _family(family_id, _user_files())


@overload
def as_family(family: Family | str) -> Family: ...
@overload
def as_family(family: Family | str | None) -> Family | None: ...
def as_family(family: Family | str | None) -> Family | None:
    """Return a family that is given by itself or by its id, as all functions take it; None stays.

    Raises:
        UnknownFamily: see `get_family`, as for what else it raises.
    """
    return get_family(family) if isinstance(family, str) else family


def all_families() -> tuple[Family, ...]:
    """Return all families, those whose names are tried first in front.

    Raises:
        ProfileError: if any user's file is wrong.
    """
    return _all(_user_files())


def profile_problems() -> tuple[ProfileError, ...]:
    """Return what is wrong with users' profiles and their folders, without raising."""
    problems = [
        ProfileError(folder, "the folder", f"does not exist; mend {VARIABLE}")
        for folder in families_folders()
        if folder not in _registered and not folder.is_dir()
    ]
    for family_id in dict.fromkeys(stamp.path.stem for stamp in _user_files()):
        try:
            get_family(family_id)
        except ProfileError as error:
            problems.append(error)
        except PromptError as error:
            problems.append(ProfileError(_last_file(family_id, _user_files()), "the file", str(error)))
    return tuple({str(problem): problem for problem in problems}.values())


def leave_out(path: Path) -> None:
    """Go on as if a user's file were not there, until it changes."""
    _left_out.update(stamp for stamp in _user_files() if stamp.path == path)


def _shipped_ids() -> list[str]:
    return [path.stem for path in SHIPPED.glob("*.yaml") if not path.stem.startswith("_")]


def _user_files() -> tuple[_Stamp, ...]:
    found = []
    for folder in families_folders():
        try:
            files = sorted(path for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
            stats = [(path, path.stat()) for path in files]
        except OSError:
            continue
        found += [_Stamp(path, stat.st_mtime_ns, stat.st_size) for path, stat in stats]
    return tuple(stamp for stamp in found if stamp not in _left_out)


@lru_cache(maxsize=4)
def _all(files: tuple[_Stamp, ...]) -> tuple[Family, ...]:
    families = (_family(family_id, files) for family_id in family_ids())
    return tuple(sorted(families, key=lambda family: (-family.priority, family.id)))


@lru_cache(maxsize=512)
def _family(family_id: str, files: tuple[_Stamp, ...]) -> Family:
    return family_of(_values(family_id, files), _last_file(family_id, files))


def _last_file(family_id: str, files: tuple[_Stamp, ...]) -> Path:
    """Return the file whose fields count most, to be named where the whole is wrong."""
    own = [stamp.path for stamp in files if stamp.path.stem == family_id]
    return own[-1] if own else SHIPPED / f"{family_id}.yaml"


def _values(family_id: str, files: tuple[_Stamp, ...]) -> Mapping[str, Any]:
    """Return a family's fields: what it extends, then the shipped file, then the users' in their order."""
    chain: list[dict[str, Any]] = []
    ids: list[str] = []
    wanted: str | None = family_id
    while wanted is not None:
        ids.append(wanted)
        own, wanted = _own_values(wanted, files)
        chain.append(own)
        if wanted in ids:
            path = _last_file(family_id, files)
            raise ProfileError(path, "extends", f"goes round in a circle: {', '.join([*ids, str(wanted)])}")
    values = chain.pop()
    for name, own in zip(reversed(ids[:-1]), reversed(chain), strict=True):
        values = lay_over(extended(values, name), own)
    return values


def _own_values(family_id: str, files: tuple[_Stamp, ...]) -> tuple[dict[str, Any], str | None]:
    """Return the fields in a family's own files, and the id of the family that it extends."""
    values: dict[str, Any] = {}
    is_shipped = (SHIPPED / f"{family_id}.yaml").is_file()
    if is_shipped:
        values = shipped_file(SHIPPED / f"{family_id}.yaml")
    for path in (stamp.path for stamp in files if stamp.path.stem == family_id):
        above = read_file(path)
        base = above.get("extends")
        if base is not None and is_shipped:
            raise ProfileError(path, "extends", f"is not for {family_id}, which comes with Tagloom; leave it out")
        if base is not None and base not in family_ids():
            hint = nearest_names(base, family_ids()) or f"there are {', '.join(family_ids())}"
            raise ProfileError(path, "extends", f"names no family {base!r}; {hint}")
        values = lay_over(values, above)
    return values, values.pop("extends", None)
