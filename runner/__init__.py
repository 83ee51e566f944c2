"""The headless runner: turns requests and workflows into files on ComfyUI servers, its own or the user's.

    from tagloom.runner import Client, Request

    client = Client("http://127.0.0.1:8188", out="pictures")
    for job in client.run(Request("1girl, blue hair", count=4)):
        print(job.files[0].path)

`run`, `submit` and `stream` do one thing without a client; `tagloom.runner.aio` is the same for asyncio. What `stream`
yields: `ServerUp`, `ServerDown`, `Changed`, `Stepped`, `Previewed`, `JobAgain`, `Adopted`, and each job's `JobEnded`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import Client as Client
    from .api import run as run
    from .api import stream as stream
    from .api import submit as submit
    from .batch.told import Adopted as Adopted
    from .batch.told import JobAgain as JobAgain
    from .batch.told import JobEnded as JobEnded
    from .errors import Cancelled as Cancelled
    from .errors import RunnerError as RunnerError
    from .errors import ServerUnavailable as ServerUnavailable
    from .errors import UsageError as UsageError
    from .errors import WorkflowError as WorkflowError
    from .fleet.executor import Changed as Changed
    from .fleet.executor import Previewed as Previewed
    from .fleet.executor import ServerDown as ServerDown
    from .fleet.executor import ServerUp as ServerUp
    from .fleet.executor import Stepped as Stepped
    from .fleet.servers import ServerEntry as ServerEntry
    from .fleet.servers import read as read_servers
    from .jobs.job import Problem as Problem
    from .jobs.job import State as State
    from .outputs.saving import Saved as Saved
    from .paying.bills import Quote as Quote
    from .request import Request as Request
    from .results import JobsFailed as JobsFailed
    from .running import How as How
    from .server.address import Address as Address
    from .submissions import Submission as Submission

_HOMES = {
    "Address": "server.address",
    "Adopted": "batch.told",
    "Cancelled": "errors",
    "Changed": "fleet.executor",
    "Client": "api",
    "How": "running",
    "JobAgain": "batch.told",
    "JobEnded": "batch.told",
    "JobsFailed": "results",
    "Previewed": "fleet.executor",
    "Problem": "jobs.job",
    "Quote": "paying.bills",
    "Request": "request",
    "RunnerError": "errors",
    "Saved": "outputs.saving",
    "ServerDown": "fleet.executor",
    "ServerEntry": "fleet.servers",
    "ServerUnavailable": "errors",
    "ServerUp": "fleet.executor",
    "State": "jobs.job",
    "Stepped": "fleet.executor",
    "Submission": "submissions",
    "UsageError": "errors",
    "WorkflowError": "errors",
    "read_servers": "fleet.servers",
    "run": "api",
    "stream": "api",
    "submit": "api",
}
__all__ = [
    "Address",
    "Adopted",
    "Cancelled",
    "Changed",
    "Client",
    "How",
    "JobAgain",
    "JobEnded",
    "JobsFailed",
    "Previewed",
    "Problem",
    "Request",
    "RunnerError",
    "Saved",
    "ServerDown",
    "ServerEntry",
    "ServerUnavailable",
    "ServerUp",
    "State",
    "Stepped",
    "Submission",
    "UsageError",
    "WorkflowError",
    "read_servers",
    "run",
    "stream",
    "submit",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: most commands of the command line need none of them."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f".{_HOMES[name]}", __name__)
    return getattr(module, "read" if name == "read_servers" else name)
