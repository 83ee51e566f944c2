"""Carries tasks to servers from this process, each with threads of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..server.address import Address
from .carriers import Carriers
from .lane import Lane, Settings
from .servers import ServerEntry


class ThreadExecutor(Carriers):
    """An `Executor` for any number of servers; what it does is waiting, so one process is enough for hundreds."""

    def __init__(
        self, servers: Mapping[str, Address | ServerEntry], spool: Path, settings: Settings | None = None
    ) -> None:
        """Take the servers by their names, and the folder in which files are put; `open` connects.

        A server that is started by us is started again when it died; all of them are tried again when they were gone.
        """
        super().__init__(spool)
        self._carriers = {
            name: Lane(_entry(name, server), spool, settings or Settings(), self._events.put)
            for name, server in servers.items()
        }


def _entry(name: str, server: Address | ServerEntry) -> ServerEntry:
    return server if isinstance(server, ServerEntry) else ServerEntry(name, server)
