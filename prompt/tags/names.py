"""Keeps lists of tag names in an SQLite file: a million names that need no memory and are found while one types."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import TagListError
from .name_files import DANBOORU, PACKAGE, ListedName, package_lists, read_csv, read_package_list

if TYPE_CHECKING:
    import sqlite3

LAYOUT = 1
"""Of the tables; a file of another layout is made anew from the lists."""
KINDS = ("general", "artist", "copyright", "character", "meta", "species", "lore", "invalid")
"""Kinds by their number in the tables; a mapping of one's own may name no others."""
LAST_CHARACTER = chr(0x10FFFF)
FEW = 2000
"""Names that are sorted by their counts in a millisecond or two."""
WAIT = 30.0
"""Seconds to wait for another process that writes."""
TABLES = (
    "DROP TABLE IF EXISTS names",
    "DROP TABLE IF EXISTS lists",
    "CREATE TABLE lists (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version TEXT NOT NULL, "
    "names INTEGER NOT NULL)",
    "CREATE TABLE names (name TEXT NOT NULL, list INTEGER NOT NULL, kind INTEGER NOT NULL, target TEXT NOT NULL, "
    "count INTEGER NOT NULL, PRIMARY KEY (name, list, kind, target)) WITHOUT ROWID",
    "CREATE INDEX counted_names ON names (name, count) WHERE count > 0",
    "CREATE INDEX counts ON names (count DESC) WHERE count > 0",
    f"PRAGMA user_version = {LAYOUT}",
)
IN_RANGE = "name >= ? AND name < ?"


class Name(NamedTuple):
    """A listed name: as it was looked for, its kind, how many pictures bear it, and the tag that it is a spelling of.

    `pictures` is None where the list tells none; `canonical` is `name` unless that is another spelling.
    """

    name: str
    kind: str
    pictures: int | None
    canonical: str


class TagList(NamedTuple):
    """A list in the store: its name, its version (a package's; empty for a file), how many names and spellings."""

    name: str
    version: str
    names: int


class NameStore:
    """The lists in one SQLite file; for any number of threads and processes. Reading makes no file.

    Every method raises `TagListError` where the file can't be used.
    """

    def __init__(self, path: Path) -> None:
        """Take the file's place; it is opened at first use."""
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.RLock()

    def __enter__(self) -> NameStore:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def find(self, name: str) -> Name | None:
        """Return what the lists know of a canonical name or other spelling, or None; a tag's own name comes first."""
        order = "ORDER BY target <> '', count DESC, kind LIMIT 1"
        rows = self._read(f"SELECT name, kind, target, count FROM names WHERE name = ? {order}", name)
        return _name(rows[0]) if rows else None

    def prefix(self, text: str, most: int = 20) -> tuple[Name, ...]:
        """Return the tags of which a spelling begins with `text` (canonical): `text` itself, then the commonest.

        Names of lists that tell no counts follow in the order of the alphabet.
        """
        own = self.find(text) if text else None
        found = {own.canonical: own} if own else {}
        for row in (*self._counted(text, 2 * most), *self._uncounted(text, 2 * most)):
            if len(found) >= most:
                break
            name = _name(row)
            found.setdefault(name.canonical, name)
        return tuple(found.values())[:most]

    def lists(self) -> tuple[TagList, ...]:
        """Return the lists that are in the store."""
        return tuple(TagList(*row) for row in self._read("SELECT name, version, names FROM lists ORDER BY name"))

    def import_csv(self, path: Path, kinds: Mapping[int, str] = DANBOORU) -> TagList:
        """Put in the list of a CSV file, under the file's name, in place of one of that name; all of it or nothing.

        Args:
            path: a file as `name_files.read_csv` takes it.
            kinds: what its types mean, of `KINDS`.
        """
        unknown = sorted(set(kinds.values()) - set(KINDS))
        if unknown:
            raise TagListError(f"no kind of tag: {', '.join(unknown)}; kinds are {', '.join(KINDS)}")
        return self._put(path.name, "", read_csv(path, kinds))

    def add_package(self) -> TagList | None:
        """Put in the lists of the package `tipo-kgen`, unless its version is there; None where it is not installed."""
        package = package_lists()
        if package is None:
            return None
        known = self._known(package.version)
        if known:
            return known
        names = (name for kind, path in package.files.items() for name in read_package_list(path, kind))
        return self._put(PACKAGE, package.version, names)

    def lacks_package(self) -> bool:
        """Return whether `add_package` has something to put in, which takes seconds."""
        package = package_lists()
        return package is not None and self._known(package.version) is None

    def _known(self, version: str) -> TagList | None:
        return next((one for one in self.lists() if (one.name, one.version) == (PACKAGE, version)), None)

    def remove(self, name: str) -> bool:
        """Take a list out; return whether it was there."""
        with self._writing() as connection:
            return _remove(connection, name)

    def _put(self, name: str, version: str, names: Iterable[ListedName]) -> TagList:
        with self._writing() as connection:
            _remove(connection, name)
            heading = "INSERT INTO lists (name, version, names) VALUES (?, ?, 0)"
            number = connection.execute(heading, (name, version)).lastrowid
            # Sorted first: names in the order of the alphabet fill the table page by page.
            connection.execute("CREATE TEMP TABLE incoming (name TEXT, kind INTEGER, target TEXT, count INTEGER)")
            connection.executemany("INSERT INTO incoming VALUES (?, ?, ?, ?)", _rows(names))
            put = connection.execute(
                "INSERT OR IGNORE INTO names (name, list, kind, target, count) "
                "SELECT name, ?, kind, target, count FROM incoming ORDER BY name, kind, target, count DESC",
                (number,),
            ).rowcount
            connection.execute("UPDATE lists SET names = ? WHERE id = ?", (put, number))
            connection.execute("DROP TABLE incoming")
        return TagList(name, version, put)

    def _counted(self, text: str, most: int) -> list[Any]:
        """Return names with counts, the commonest first: few are sorted, among many the next ones are near the top."""
        bounds = (text, text + LAST_CHARACTER)
        few = f"SELECT 1 FROM names INDEXED BY counted_names WHERE {IN_RANGE} AND count > 0 LIMIT {FEW}"
        index = "counted_names" if len(self._read(few, *bounds)) < FEW else "counts"
        return self._read(
            f"SELECT name, kind, target, count FROM names INDEXED BY {index} WHERE {IN_RANGE} AND count > 0 "
            "ORDER BY count DESC LIMIT ?",
            *bounds,
            most,
        )

    def _uncounted(self, text: str, most: int) -> list[Any]:
        columns = "SELECT name, kind, target, count FROM names"
        return self._read(
            f"{columns} WHERE {IN_RANGE} AND count = 0 ORDER BY name LIMIT ?", text, text + LAST_CHARACTER, most
        )

    def _read(self, query: str, *values: object) -> list[Any]:
        import sqlite3

        with self._lock:
            try:
                connection = self._open() if self._connection or self._path.exists() else None
                return connection.execute(query, values).fetchall() if connection else []
            except UnicodeEncodeError:  # a lone surrogate is in no list
                return []
            except sqlite3.Error as error:
                raise self._unusable(error) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection for one transaction, which an error undoes."""
        import sqlite3

        with self._lock:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                connection = self._open()
                connection.execute("BEGIN IMMEDIATE")
            except (OSError, sqlite3.Error) as error:
                raise self._unusable(error) from error
            try:
                yield connection
                connection.execute("COMMIT")
            except sqlite3.Error as error:
                connection.rollback()
                raise self._unusable(error) from error
            except BaseException:
                connection.rollback()
                raise

    def _open(self) -> sqlite3.Connection:
        """Return the connection, with the tables made."""
        import sqlite3

        if self._connection is None:
            connection = sqlite3.connect(self._path, timeout=WAIT, isolation_level=None, check_same_thread=False)
            try:
                _prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _unusable(self, error: Exception) -> TagListError:
        return TagListError(f"can't use the tag lists in {self._path}: {error}; delete that file to start anew")


def import_csv(path: Path, database: Path, kinds: Mapping[int, str] = DANBOORU) -> TagList:
    """Put the list of a CSV file into a store's file; see `NameStore.import_csv`."""
    with NameStore(database) as store:
        return store.import_csv(path, kinds)


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the tables; those of another layout are dropped."""
    if _layout(connection) == LAYOUT:
        return
    connection.execute("BEGIN IMMEDIATE")
    if _layout(connection) != LAYOUT:  # another process may have made them meanwhile
        for statement in TABLES:
            connection.execute(statement)
    connection.execute("COMMIT")


def _layout(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _remove(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute("SELECT id FROM lists WHERE name = ?", (name,)).fetchone()
    if found is not None:
        connection.execute("DELETE FROM names WHERE list = ?", found)
        connection.execute("DELETE FROM lists WHERE id = ?", found)
    return found is not None


def _rows(names: Iterable[ListedName]) -> Iterator[tuple[str, int, str, int]]:
    """Go through the rows of names: one each, and one for each other spelling."""
    for name in names:
        kind = KINDS.index(name.kind)
        yield name.name, kind, "", name.pictures
        yield from ((spelling, kind, name.name, name.pictures) for spelling in name.spellings)


def _name(row: Any) -> Name:
    name, kind, target, count = row
    return Name(name, KINDS[kind], count or None, target or name)
