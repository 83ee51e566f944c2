"""Carries tasks to servers over a Ray cluster: an actor a server, which Ray places, and starts again when it dies."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import RunnerError, UsageError
from ..server.address import Address
from .carriers import Carriers
from .lane import Settings
from .ray_actor import ServerActor
from .ray_link import RayLink
from .servers import ServerEntry

LOCAL = "local"
"""The address that stands for a Ray of our own on this machine."""
QUIET = {"include_dashboard": False, "log_to_driver": False, "configure_logging": False, "logging_level": "ERROR"}
OFF = ("RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_UV_RUN_RUNTIME_ENV")
"""What Ray reads when it is imported, and leaves undone: reports of its use; and, where Tagloom was begun with
`uv run`, copying the folder and building the environment anew for the actors, in which none began its work."""
GROUPS = {"events": 1, "files": 1}
"""Threads of an actor besides the one that takes orders in their order: they wait for events, and send files."""


class RayExecutor(Carriers):
    """An `Executor` over Ray. What it posts, and what is posted again, is decided by the caller and never by Ray."""

    def __init__(
        self,
        servers: Mapping[str, Address | ServerEntry],
        spool: Path,
        address: str = LOCAL,
        settings: Settings | None = None,
    ) -> None:
        """Take the servers by their names, the folder in which files are put, and the cluster.

        Args:
            servers: attached by address, or started on a machine of the cluster, which then needs Tagloom's extra
                `embedded`, and on which a GPU is reserved for it if the cluster has any. Their secrets travel to the
                cluster.
            spool: a folder on this machine; files are brought here.
            address: `local` for a Ray of our own, `auto` for the one that runs on this machine, or the address of one.
            settings: how servers are worked with.

        Raises:
            UsageError: if Ray is not installed.
        """
        super().__init__(spool)
        self._ray = import_ray()
        self._address = address
        self._settings = replace(settings or Settings(), announce=_say_nothing)
        self._servers = {name: _entry(name, server) for name, server in servers.items()}
        self._links: dict[str, RayLink] = {}
        self._began_ray = False

    def open(self) -> None:
        """Connect to the cluster, and begin to connect to all servers; `ServerUp` or `ServerDown` tells of each.

        Raises:
            RunnerError: if the cluster does not answer.
        """
        self._connect()
        make = self._ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=0, concurrency_groups=GROUPS)(ServerActor)
        for name, entry in self._servers.items():
            actor = make.options(num_gpus=self._gpus(entry)).remote(entry, self._settings)
            self._carriers[name] = self._links[name] = RayLink(self._ray, name, actor, self._spool, self._events.put)
        super().open()

    def close(self, take_back: bool = True) -> None:
        """Take back what is unfinished, or leave it, end the actors, and return when nothing runs any more."""
        super().close(take_back)
        if self._began_ray:
            self._ray.shutdown()
            self._began_ray = False

    def process(self, server: str) -> int:
        """Return the id of the process that holds a server's actor, on its machine."""
        return self._links[server].process()

    def _connect(self) -> None:
        if self._ray.is_initialized():
            return
        own: dict[str, Any] = {"num_cpus": max(2, os.cpu_count() or 1)} if self._address == LOCAL else {}
        try:
            self._ray.init(address=self._address, **own, **QUIET)
        except (OSError, RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0][:200]
            raise RunnerError(
                f"no Ray cluster at {self._address} ({reason}); start one with `ray start --head`, or use local"
            ) from error
        self._began_ray = True

    def _gpus(self, entry: ServerEntry) -> int:
        """Return how many GPUs a server takes: none where it runs already."""
        return int(entry.address is None and self._ray.cluster_resources().get("GPU", 0) >= 1)


def import_ray() -> Any:
    """Return the module `ray`, set up to do only what it was asked for.

    Raises:
        UsageError: if it is not installed; the message says how to get it.
    """
    for name in OFF:
        os.environ.setdefault(name, "0")
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise UsageError(
            "Ray is not installed; install it with uv: uv sync --extra fleet; or with pip: pip install '.[fleet]'"
        ) from error


def _entry(name: str, server: Address | ServerEntry) -> ServerEntry:
    """Return a server's entry; one that is started gets a folder of its own, as several may share a machine."""
    entry = server if isinstance(server, ServerEntry) else ServerEntry(name, server)
    return replace(entry, name=name, apart=entry.address is None)


def _say_nothing(text: str) -> None:
    """Announce nothing: nobody reads what is said on another machine."""
