"""Files of this machine that inputs of nodes shall have: each is sent to a server once, under its own hash."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ..prompt import Size
from .errors import UsageError
from .request import read_image_size
from .server.client import Client
from .targets import FOLDER

ENDINGS = {
    "image": {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"},
    "video": {".mp4", ".webm", ".mov", ".mkv", ".avi", ".m4v", ".gif"},
    "audio": {".wav", ".mp3", ".flac", ".ogg", ".opus", ".m4a", ".aac", ".mp4", ".webm"},
}
"""The files that inputs take, by kind. Nothing else is ever sent: a table may come from somebody else."""
HERE = Path()
SHORT = 32
"""Digits of the hash in a folder's name."""
_sent: WeakKeyDictionary[Client, dict[tuple[str, str], str]] = WeakKeyDictionary()
_lock = threading.Lock()


@dataclass(frozen=True)
class LocalFile:
    """A file to send. Carried to another machine, it takes its contents along.

    Attributes:
        path: where it lies.
        digest: the SHA-256 of its contents, hexadecimal.
        size: of a picture, as it is shown.
        contents: its bytes, once it was carried.
    """

    path: Path
    digest: str
    size: Size | None = None
    contents: bytes | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        contents = self.contents if self.contents is not None else self.path.read_bytes()
        return {**self.__dict__, "contents": contents}

    def sent(self, client: Client) -> str:
        """Upload it, if this server does not have it yet; return the name under which the server knows it.

        Raises:
            RunnerError: if it can't be read, or the server refuses it.
        """
        key = (self.digest, self.path.name)
        with _lock:
            known = _sent.setdefault(client, {})
        if key not in known:
            known[key] = self._send(client)
        return known[key]

    def _send(self, client: Client) -> str:
        folder = f"{FOLDER}/{self.digest[:SHORT]}"
        if self.contents is None:
            try:
                return client.upload(self.path, folder)
            except OSError as error:
                raise UsageError(f"{self.path} can't be read any more ({error.strerror}); put it back") from error
        with tempfile.TemporaryDirectory() as held:
            copy = Path(held, self.path.name)
            copy.write_bytes(self.contents)
            return client.upload(copy, folder)


def local_files(values: Iterable[Any], folder: Path = HERE) -> dict[str, LocalFile]:
    """Return the files of this machine that values name, by what names them; other values are left out.

    Args:
        values: any.
        folder: where names start from.

    Raises:
        UsageError: if one of them can't be read, or is called a picture and is none.
    """
    found: dict[str, LocalFile] = {}
    for value in values:
        name = str(value) if isinstance(value, str | Path) else ""
        if name and name not in found and kinds_of(name) and _is_file(folder / name):
            found[name] = local_file(folder / name)
    return found


def local_file(path: Path) -> LocalFile:
    """Return a file with its hash, and its size if it is a picture.

    Raises:
        UsageError: if it can't be read, or is called a picture and is none.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}; mend the path") from error
    found = LocalFile(path, digest.hexdigest())
    return replace(found, size=read_image_size(path)) if kinds_of(path.name)[0] == "image" else found


def kinds_of(name: str) -> list[str]:
    """Return the kinds of input, `image`, `video` and `audio`, that a file of this name may be for."""
    return [kind for kind, endings in ENDINGS.items() if Path(name).suffix.casefold() in endings]


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text that no path can be
        return False
