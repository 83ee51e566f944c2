"""What is written into pictures: ComfyUI's graph and workflow, A1111's parameters, and where the picture came from."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import dataclass, field
from functools import cache, partial

from ...prompt import PictureError
from ...prompt.pictures.embedding import embed
from ..errors import OutputBroken
from ..fleet.executor import Ended, Fetched
from .secrets import secrets_in, text_without_secrets, without_secrets

PICTURES = (".png", ".webp", ".jpg")
"""The kinds of files that take texts."""
LARGEST = 512 * 1024 * 1024
"""Bytes of a file that is read to put texts into it; a larger one is saved as it is."""
SCHEMA = "tagloom/1"


@dataclass(frozen=True)
class Told:
    """What a job's pictures are told: the texts by their names, and the secrets that stand in none of them."""

    texts: dict[str, str]
    secrets: frozenset[str] = field(repr=False)


def told(ended: Ended, core: str = "") -> Told:
    """Return what goes into all of a job's pictures, except for what is each one's own.

    Args:
        ended: the job.
        core: the version of the server's ComfyUI, where it is known.
    """
    secrets = secrets_in(ended.graph) | secrets_in(ended.workflow) | secrets_in(ended.values)
    strip = partial(without_secrets, known=secrets)
    texts = {
        "prompt": json.dumps(strip(ended.graph)) if ended.graph else "",
        "workflow": json.dumps(strip(ended.workflow)) if ended.workflow else "",
        "tagloom": json.dumps(_provenance(ended, core)),
        "parameters": text_without_secrets(ended.parameters, secrets),
    }
    return Told({name: text for name, text in texts.items() if text}, secrets)


def with_metadata(contents: bytes, of: Fetched, all_told: Told, server: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a picture with its texts, and the names of those for which it has no room (a JPEG of a large workflow).

    Texts that the server wrote are kept, without secrets.

    Raises:
        OutputBroken: if the server gave no whole picture.
    """
    own = {**json.loads(all_told.texts["tagloom"]), "node": of.node, "sha256": of.sha256}
    texts = {**all_told.texts, "tagloom": json.dumps(own)}

    def changed(text: str) -> str:
        is_ours = text in (all_told.texts.get("prompt"), all_told.texts.get("workflow"))  # as a rule, and gone through
        return text if is_ours else text_without_secrets(text, all_told.secrets)

    try:
        done = embed(contents, texts, changed)
    except (PictureError, ValueError) as error:
        raise OutputBroken(f"{server} gave no whole picture ({error}); run the job again") from error
    return done


def _provenance(ended: Ended, core: str) -> dict[str, str]:
    """Return where a picture came from: never an address, which may hold a password or tell of a private network."""
    known = {"comfyui": core} if core else {}
    return {"schema": SCHEMA, "tagloom": _version(), **known, "job": ended.outcome.job_id}


@cache
def _version() -> str:
    try:
        return importlib.metadata.version("tagloom")
    except importlib.metadata.PackageNotFoundError:  # a checkout that is not installed
        return "unknown"
