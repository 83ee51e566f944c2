"""Reads what a ComfyUI websocket sends. Unknown kinds and broken messages are passed over: events are hints."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..outputs.clean import one_line
from .entries import BLOCKED, error_problem
from .states import Hint, Hinted

PROGRESS_STATE = '{"type": "progress_state"'
"""How a message begins that lists all nodes at each step: of large graphs it is larger than all others together."""
PREVIEW, PREVIEW_WITH_JOB = 1, 4
"""Kinds of binary messages (ComfyUI's protocol.py); 3 is a text for one node."""
PICTURE = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP", re.DOTALL)
"""How a JPEG, a PNG or a WebP file begins."""
LARGEST_PREVIEW = 16 * 2**20
RUNS = ("execution_start", "execution_cached", "executing", "progress", "progress_state", "executed")
LEAVES = ("execution_success", "execution_error", "execution_interrupted")


class Frame(NamedTuple):
    """A message: of which job it speaks (nothing if it does not say), and what it says.

    Attributes:
        hinted: what it means for the job's state.
        steps: pairs of a node's id, and how far it is of how much.
        preview: the id of the node that made a picture, and the picture.
        written: whether the history has the job by now: the event that is sent after it was written.
        queue: whether the server's queue changed.
        alive: whether it shows that a job of ours is worked on, without saying which.
    """

    job_id: str = ""
    hinted: Hinted | None = None
    steps: tuple[tuple[str, int, int], ...] = ()
    preview: tuple[str, bytes] | None = None
    written: bool = False
    queue: bool = False
    alive: bool = False


NOTHING = Frame()
ALIVE = Frame(alive=True)


def read_frame(message: str | bytes, url: str, whole_progress: bool = False) -> Frame:
    """Return what a message says.

    Args:
        message: text, or the bytes of a binary one.
        url: the server's address, for messages.
        whole_progress: whether the lists of all nodes are read as well.
    """
    if isinstance(message, bytes):
        return _binary(message)
    if not whole_progress and message.startswith(PROGRESS_STATE):
        return ALIVE
    try:
        value = json.loads(message)
    except (ValueError, RecursionError):
        return NOTHING
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict):
        return NOTHING
    return _event(str(value.get("type")), data, url)


def _event(kind: str, data: Mapping[str, Any], url: str) -> Frame:
    job_id = data.get("prompt_id")
    if kind == "status":
        return Frame(queue=True)
    if not isinstance(job_id, str):
        return NOTHING
    if kind == "execution_error" and data.get("exception_type") == BLOCKED:
        return Frame(job_id, Hinted(Hint.RUNS, error_problem(url, data)))
    left = kind == "executing" and data.get("node") is None
    if left or kind in LEAVES:
        return Frame(job_id, Hinted(Hint.LEAVES), written=left)
    if kind not in RUNS:
        return NOTHING
    return Frame(job_id, Hinted(Hint.RUNS), _steps(kind, data))


def _steps(kind: str, data: Mapping[str, Any]) -> tuple[tuple[str, int, int], ...]:
    if kind == "progress":
        return _step(data.get("node"), data)
    nodes = data.get("nodes") if kind == "progress_state" else None
    running = [
        (name, node)
        for name, node in (nodes.items() if isinstance(nodes, dict) else ())
        if isinstance(node, dict) and node.get("state") == "running"
    ]
    return tuple(step for name, node in running for step in _step(name, node))


def _step(node: Any, data: Mapping[str, Any]) -> tuple[tuple[str, int, int], ...]:
    """Return a node's step; nothing for numbers that are none (some nodes count in fractions)."""
    value, of = data.get("value"), data.get("max")
    if not isinstance(value, int | float) or not isinstance(of, int | float) or not 0 <= value <= of < 2**31:
        return ()
    return ((one_line(str(node or ""), 200), int(value), int(of)),)


def _binary(message: bytes) -> Frame:
    """Read a binary message: four bytes for its kind, then for a picture of a known job its length-prefixed JSON."""
    if len(message) < 8 or len(message) > LARGEST_PREVIEW:
        return NOTHING
    kind, length = struct.unpack_from(">II", message)
    if kind == PREVIEW:  # after the kind of picture, which its own first bytes tell as well
        return _preview("", "", message[8:])
    if kind != PREVIEW_WITH_JOB or length > len(message) - 8:
        return NOTHING
    try:
        about = json.loads(message[8 : 8 + length])
    except (ValueError, RecursionError):
        return NOTHING
    about = about if isinstance(about, dict) else {}
    job_id, node = about.get("prompt_id"), about.get("node_id")
    return _preview(job_id if isinstance(job_id, str) else "", one_line(str(node or ""), 200), message[8 + length :])


def _preview(job_id: str, node: str, image: bytes) -> Frame:
    return Frame(job_id, preview=(node, image)) if PICTURE.match(image) else NOTHING
