"""Which database is meant: a file's path, a URL, or the usual place."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from .errors import StorageError

POSTGRESQL = "postgresql+psycopg"
PORTS = range(1, 65536)


def address(given: str | None = None) -> URL:
    """Return which database is meant: a URL or a file's path, else `TAGLOOM_WALLET`, else the default file.

    Files are absolute, so that another working folder finds them.

    Raises:
        StorageError: if it is no URL that is understood, or of no database that is known.
    """
    text = given or os.environ.get("TAGLOOM_WALLET") or str(_default())
    if "://" not in text:
        return _file(text)
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError) as error:  # a port that is no number
        raise StorageError("the wallet's URL is not understood; write sqlite:///FILE or postgresql://...") from error
    if backend == "sqlite":
        return _sqlite(url)
    if url.drivername not in ("postgresql", "postgres", POSTGRESQL):
        raise StorageError(f"{url.drivername} can hold no wallet; write sqlite:///FILE or postgresql://...")
    ports = [port for part in _values(url, "port") for port in part.split(",")]
    if not all(port.isdecimal() and int(port) in PORTS for port in ports):
        raise StorageError("the port in the wallet's URL is no number; write one such as 5432")
    return url.set(drivername=POSTGRESQL)


def shown(url: URL) -> str:
    """Return what a database is called in messages: its file, or its URL without password and query."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    hosts = ",".join(_values(url, "host"))
    plain = url.set(query={}, password=None, host=url.host or (None if hosts.startswith("/") else hosts or None))
    return plain.render_as_string()


def _file(text: str) -> URL:
    return URL.create("sqlite", database=str(Path(text).expanduser().absolute()))


def _sqlite(url: URL) -> URL:
    if url.query or url.drivername not in ("sqlite", "sqlite+pysqlite") or (url.database or "").startswith("file:"):
        raise StorageError("a wallet in a file is written as its path or as sqlite:///FILE, with nothing after it")
    if not url.database or url.database == ":memory:":
        raise StorageError("a wallet in memory would be gone at once; name a file")
    return _file(url.database)


def _values(url: URL, name: str) -> list[str]:
    found = url.query.get(name, ())
    return [found] if isinstance(found, str) else list(found)


def _default() -> Path:
    """Return the file in the platform's data folder, or below `TAGLOOM_HOME`."""
    home = os.environ.get("TAGLOOM_HOME")
    if home:
        return Path(home).expanduser() / "wallet.sqlite3"
    try:
        import platformdirs
    except ImportError:
        raise StorageError("nothing says where the wallet is; set TAGLOOM_WALLET to its file or URL") from None
    return platformdirs.user_data_path("tagloom", appauthor=False) / "wallet.sqlite3"
