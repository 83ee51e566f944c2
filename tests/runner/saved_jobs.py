"""Jobs that have ended, for the tests of what is saved of them."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

from PIL import Image

from tagloom.runner.fleet.executor import Ended, Fetched
from tagloom.runner.jobs.job import Outcome, State

GRAPH = {"3": {"class_type": "KSampler", "inputs": {"seed": 7, "cfg": 4.5}}}
WORKFLOW = {"nodes": [{"id": 3, "widgets_values": [7, 4.5]}], "links": []}


def picture(kind: str = "PNG", size: tuple[int, int] = (16, 8), mode: str = "RGB", **options: Any) -> bytes:
    """Return the bytes of a picture of many colours."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(file, kind, **options)
    return file.getvalue()


def fetched(folder: Path, contents: bytes, name: str = "ComfyUI_00001_.png", **other: Any) -> Fetched:
    """Return a file as the executor gives it, written into a spool folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.iterdir()))}.part"
    path.write_bytes(contents)
    known = {"node": "9", "kind": "images", "kept": True, **other}
    return Fetched(name=name, path=path, sha256=hashlib.sha256(contents).hexdigest(), **known)


def ended(*files: Fetched, **other: Any) -> Ended:
    """Return a job that is done."""
    known = {"values": {"seed": 7}, "graph": GRAPH, "workflow": WORKFLOW, "parameters": "a cat\nSteps: 4", **other}
    outcome = Outcome(known.pop("job_id", "job-1"), State.DONE)
    return Ended("http://user:pw@server", "1", outcome, tuple(files), **known)
