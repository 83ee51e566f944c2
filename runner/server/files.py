"""Fetches the files that jobs made: streamed, hashed on the way, whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from ..errors import OutputBroken, OutputMissing, SaveError
from ..outputs.clean import one_line
from .wire import Wire

FILE_LIMIT = 4 * 2**30
"""Bytes that a file may have on disk."""


def fetch(wire: Wire, url: str, file: Mapping[str, Any], to: Path, limit: int) -> str:
    """Write a file to `to` and return its SHA-256; see `Client.download`."""
    digest = hashlib.sha256()
    with wire.opened_file("/view", _named(file)) as answer:
        _check(url, answer, file)
        try:
            with to.open("xb") as target:
                for chunk in wire.chunks(answer, limit, _told(url, file)):
                    target.write(chunk)
                    digest.update(chunk)
        except BaseException as error:
            if not isinstance(error, FileExistsError):
                to.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise SaveError(f"can't write {to}: {error.strerror or error}; free some space there") from error
            raise
    return digest.hexdigest()


def _named(file: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(file.get(key) or "") for key in ("filename", "subfolder", "type")}


def _told(url: str, file: Mapping[str, Any]) -> str:
    return f"{url}'s output {one_line(str(file.get('filename', '')), 200)}"


def _check(url: str, answer: requests.Response, file: Mapping[str, Any]) -> None:
    status = answer.status_code
    if status in (404, 410):
        name = one_line(str(file.get("filename", "")), 200)
        raise OutputMissing(f"{url} no longer has its output {name} ({status}); run the job under another name")
    if status != 200:
        raise OutputBroken(f"{_told(url, file)} can't be had: it answered {status}; look into its log")
