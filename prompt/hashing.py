"""Hashes by which Civitai and A1111 know a model file; no file is hashed twice, by any thread or after a restart."""

from __future__ import annotations

import hashlib
import json
import re
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from .families.headers import LONGEST_HEADER
from .whole_files import replace_file

PIECE = 1024 * 1024
"""Bytes that are read at a time."""
SAFETENSORS = (".safetensors", ".sft")
SHA256 = re.compile(r"[0-9a-f]{64}")
SCHEMA = "tagloom/1"


class Hashes(NamedTuple):
    """The hashes of a model file, each a SHA-256 in 64 hexadecimal digits.

    Attributes:
        whole: of the whole file.
        tensors: of what stands behind the header of a safetensors file; empty for other files.
    """

    whole: str
    tensors: str = ""

    @property
    def auto_v2(self) -> str:
        """The first 10 digits of the whole file's: A1111's `Model hash`, Civitai's AutoV2."""
        return self.whole[:10]

    @property
    def auto_v3(self) -> str:
        """The first 12 digits of the tensors', or of another file's own: A1111's `Lora hashes`, Civitai's AutoV3.

        A training script may change the metadata in the header, and this stays the same.
        """
        return (self.tensors or self.whole)[:12]


class Identity(NamedTuple):
    """What tells a file from itself after a change: bytes, nanoseconds, and its number on the disk if it has one."""

    size: int
    changed: int
    number: int


def hash_file(path: Path) -> Hashes:
    """Return a file's hashes, reading it once.

    Raises:
        OSError: if it can't be read.
    """
    with path.open("rb") as file:
        return _hashes(file, path.suffix.lower() in SAFETENSORS)


def _hashes(file: BinaryIO, is_safetensors: bool) -> Hashes:
    whole, tensors = hashlib.sha256(), hashlib.sha256()
    start = file.read(8)
    whole.update(start)
    header = struct.unpack("<Q", start)[0] if is_safetensors and len(start) == 8 else LONGEST_HEADER + 1
    has_header = header <= LONGEST_HEADER
    left = header if has_header else 0
    while piece := file.read(min(PIECE, left) if left else PIECE):
        whole.update(piece)
        if left:
            left -= len(piece)
        elif has_header:
            tensors.update(piece)
    return Hashes(whole.hexdigest(), tensors.hexdigest() if has_header and not left else "")


class HashCache:
    """Hashes files, each once as long as it does not change: in this process, and in later ones by a file of its own.

    A file is known by its path, size, time of change and number on the disk. Threads may share a cache. One that can't
    be written serves as long as the process lives; one that is broken is written anew.
    """

    def __init__(self, file: Path, announce: Callable[[Path], None] = lambda path: None) -> None:
        """Take the file to keep the hashes in, and what is told of each file before it is read, which may take long."""
        self._file = file
        self._announce = announce
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Identity, Hashes]] = {}

    def of(self, path: Path) -> Hashes | None:
        """Return a file's hashes, or None if it is not there or can't be read."""
        with self._lock, suppress(OSError):
            path = path.resolve()
            before = _identity(path)
            return self._look_up(path, before) or self._hash(path, before)
        return None

    def _look_up(self, path: Path, identity: Identity) -> Hashes | None:
        """Return what is known of a file; the cache's file is read where the memory has nothing."""
        known = self._known.get(str(path))
        if known is None or known[0] != identity:
            known = self._read().get(str(path))
        if known is None or known[0] != identity:
            return None
        self._known[str(path)] = known
        return known[1]

    def _hash(self, path: Path, before: Identity) -> Hashes:
        self._announce(path)
        hashes = hash_file(path)
        if _identity(path) == before:  # else it is being written just now
            self._known[str(path)] = (before, hashes)
            self._write(str(path))
        return hashes

    def _read(self) -> dict[str, tuple[Identity, Hashes]]:
        """Return what the cache's file says: another process may have written it since."""
        try:
            files = json.loads(self._file.read_text(encoding="utf-8"))["files"]
            return {path: _entry(values) for path, values in files.items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return {}

    def _write(self, path: str) -> None:
        """Write all that is known; of other files than this one, what another process wrote counts."""
        entries = self._known | self._read() | {path: self._known[path]}
        files = {path: [*identity, *hashes] for path, (identity, hashes) in sorted(entries.items())}
        text = json.dumps({"schema": SCHEMA, "files": files}, indent=1)
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self._file, text.encode())


def _identity(path: Path) -> Identity:
    stat = path.stat()
    return Identity(stat.st_size, stat.st_mtime_ns, stat.st_ino)


def _entry(values: Any) -> tuple[Identity, Hashes]:
    """Return an entry of the cache's file, or raise ValueError: then the whole file is not trusted."""
    size, changed, number, whole, tensors = values
    if not all(type(part) is int for part in (size, changed, number)):
        raise ValueError("no numbers")
    if not SHA256.fullmatch(whole) or not (tensors == "" or SHA256.fullmatch(tensors)):
        raise ValueError("no hashes")
    return Identity(size, changed, number), Hashes(whole, tensors)
