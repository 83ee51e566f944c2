"""What `tagloom tags` does: imports lists of names, searches what is known, tells what is known of a tag."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..prompt.naming import canonical
from ..prompt.tags import vocabulary
from ..prompt.tags.completion import Completion, complete
from ..prompt.tags.name_files import NUMBERINGS
from ..prompt.tags.names import Name, NameStore, TagList
from . import places
from .errors import UsageError

SHOWN_CONFLICTS = 12
"""So many contradicting tags are told in words; JSON has all."""


@dataclass(frozen=True)
class TagInfo:
    """All that is known of a tag.

    Attributes:
        name: its canonical name.
        asked: as it was asked for.
        group: its group in the vocabulary, or empty.
        subgroup: its sub-group, or empty.
        kind: the kind that the lists give it, or empty.
        pictures: how many pictures bear it, if a list tells that.
        spellings: its other spellings in the vocabulary.
        implied: what it says besides itself.
        conflicts: the tags that contradict it.
    """

    name: str
    asked: str
    group: str = ""
    subgroup: str = ""
    kind: str = ""
    pictures: int | None = None
    spellings: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the values for JSON."""
        return asdict(self)

    def text(self) -> str:
        """Return what is known in words, a line for each."""
        return "\n".join(line for line in self._lines() if line)

    def _lines(self) -> Iterator[str]:
        yield self.name if self.name == self.asked else f"{self.asked} is written {self.name}"
        yield f"- group: {self.group}, {self.subgroup}" if self.group else ""
        yield f"- kind: {self.kind}" if self.kind else ""
        yield f"- pictures: {self.pictures:,}" if self.pictures is not None else ""
        yield f"- also written: {', '.join(self.spellings)}" if self.spellings else ""
        yield f"- implies: {', '.join(self.implied)}" if self.implied else ""
        if self.conflicts:
            more = len(self.conflicts) - SHOWN_CONFLICTS
            others = ", ".join(self.conflicts[:SHOWN_CONFLICTS])
            yield f"- contradicts: {others}{f' and {more} more' if more > 0 else ''}"


def package_is_new() -> bool:
    """Return whether the names of the extra `tags` are still to be put in."""
    with NameStore(places.tag_lists()) as store:
        return store.lacks_package()


def import_list(path: Path, numbering: str = "danbooru") -> TagList:
    """Import a CSV file; what its types mean is one of `NUMBERINGS`.

    Raises:
        UsageError: if there is no such numbering.
        TagListError: if a line is wrong; then nothing is imported.
    """
    if numbering not in NUMBERINGS:
        raise UsageError(f"no numbering {numbering!r} of tag types; there are {', '.join(NUMBERINGS)}")
    with NameStore(places.tag_lists()) as store:
        return store.import_csv(path, NUMBERINGS[numbering])


def imported_text(imported: TagList) -> str:
    """Return in words what an import did."""
    names = f"{imported.names:,} names and spellings" if imported.names != 1 else "1 name"
    return f"imported {names} from {imported.name}; they are kept in {places.tag_lists()}"


def search(text: str, most: int = 20) -> tuple[Completion, ...]:
    """Return the tags and names that begin with `text`; the extra's lists are put in at the first search."""
    with _names() as store:
        return complete(text, most, store)


def search_text(found: tuple[Completion, ...]) -> str:
    """Return the tags in words, one a line."""
    if not found:
        return "nothing begins so"
    width = max(len(one.name) for one in found)
    counts = [f"  {one.pictures:,}" if one.pictures is not None else "" for one in found]
    return "\n".join(f"{one.name:<{width}}  {one.kind}{count}" for one, count in zip(found, counts, strict=True))


def info(text: str) -> TagInfo | None:
    """Return what is known of a tag in any spelling, or None."""
    asked = canonical(text)
    with _names() as store:
        listed = store.find(asked)
        entry = vocabulary().find(asked) or (vocabulary().find(listed.canonical) if listed else None)
        if entry is None:
            return _listed_only(asked, listed)
        listed = store.find(entry.name)
    names = vocabulary()
    spellings = tuple(sorted(other for other, its in names.spellings.items() if its == entry and other != entry.name))
    return TagInfo(
        *(entry.name, asked, entry.group, entry.subgroup),
        kind=listed.kind if listed else "",
        pictures=listed.pictures if listed else None,
        spellings=spellings,
        implied=names.implied(entry.name),
        conflicts=tuple(sorted(names.conflicts(entry.name))),
    )


def _listed_only(asked: str, listed: Name | None) -> TagInfo | None:
    if listed is None:
        kind = vocabulary().names.get(asked)
        return TagInfo(asked, asked, kind=kind) if kind else None
    return TagInfo(listed.canonical, asked, kind=listed.kind, pictures=listed.pictures)


@contextmanager
def _names() -> Iterator[NameStore]:
    """Give the lists of names, with those of the extra `tags` where it is installed."""
    with NameStore(places.tag_lists()) as store:
        store.add_package()
        yield store
