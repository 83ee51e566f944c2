"""The lists of names that this process knows besides the vocabulary: none, until a program says where they are."""

from __future__ import annotations

import os
from pathlib import Path

from .names import Name, NameStore
from .vocabulary import vocabulary

NAME_KINDS = frozenset({"artist", "character", "copyright"})
VARIABLE = "TAGLOOM_TAGS"
"""Names the file of the lists, wherever the program would look for it itself."""
_stores: list[NameStore] = []


def use_names(default: Path) -> None:
    """Know the names of a file of lists from now on; of the one that `TAGLOOM_TAGS` names, if it is set.

    Where there is no file, nothing is known and none is made.
    """
    path = Path(os.environ.get(VARIABLE) or default)
    while _stores:
        _stores.pop().close()
    if path.is_file():
        _stores.append(NameStore(path))


def names_in_use() -> NameStore | None:
    """Return the lists that are in use, or None."""
    return _stores[0] if _stores else None


def listed(name: str) -> Name | None:
    """Return what the lists tell of a canonical name, or None.

    Raises:
        TagListError: if their file can't be read.
    """
    store = names_in_use()
    return store.find(name) if store else None


def name_kind(name: str) -> str:
    """Return the kind of a canonical name that is known: `artist`, `character` or `copyright`; else an empty text.

    Raises:
        TagListError: if the lists' file can't be read.
    """
    known = vocabulary().names.get(name)
    if known:
        return known
    found = listed(name)
    return found.kind if found is not None and found.kind in NAME_KINDS else ""
