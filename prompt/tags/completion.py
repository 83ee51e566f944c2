"""Completes what is being typed: from the vocabulary first, then from the lists of names."""

from __future__ import annotations

from typing import NamedTuple

from ..naming import canonical
from .names import NameStore
from .vocabulary import vocabulary


class Completion(NamedTuple):
    """A tag that begins with what was typed; its group or kind; its pictures, where a list tells them."""

    name: str
    kind: str
    pictures: int | None = None


def complete(text: str, most: int = 20, store: NameStore | None = None) -> tuple[Completion, ...]:
    """Return the tags of which a spelling begins with `text`: known ones first, then listed names.

    Args:
        text: the tag as far as it is typed, in any spelling.
        most: so many at most.
        store: further names.

    Raises:
        TagListError: if the store can't be used.
    """
    start = canonical(text)
    found = {entry.name: Completion(entry.name, entry.group) for entry in vocabulary().prefix(start, most)}
    if store is not None and len(found) < most:
        for name in store.prefix(start, most):
            own = vocabulary().find(name.canonical)
            if own is None:
                found.setdefault(name.canonical, Completion(name.canonical, name.kind, name.pictures))
    return tuple(found.values())[:most]
