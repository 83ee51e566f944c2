"""The headless runner: turns requests and workflows into files on ComfyUI servers, its own or the user's.

    from tagloom.runner import Client, Request

    client = Client("http://127.0.0.1:8188", out="pictures")
    for job in client.run(Request("1girl, blue hair", count=4)):
        print(job.files[0].path)

`run`, `submit` and `stream` do one thing without a client; `tagloom.runner.aio` is the same for asyncio.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import Client as Client
    from .api import run as run
    from .api import stream as stream
    from .api import submit as submit
    from .request import Request as Request
    from .results import JobsFailed as JobsFailed
    from .submissions import Submission as Submission

_HOMES = {
    "Client": "api",
    "JobsFailed": "results",
    "Request": "request",
    "Submission": "submissions",
    "run": "api",
    "stream": "api",
    "submit": "api",
}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: most commands of the command line need none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
