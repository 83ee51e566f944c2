"""What the scheduler knows: each server with its tasks and what it has loaded, and the tasks that wait."""

from __future__ import annotations

from dataclasses import dataclass, field

from .eligibility import lacks
from .executor import Facts
from .speeds import Speeds
from .tasks import Needs
from .waiting import Kind, Waiting


@dataclass
class Server:
    """A server as the scheduler sees it.

    Attributes:
        facts: what it has, kept while it is down, since it may come back; None if it never answered.
        up: whether it takes tasks.
        expected: whether it is thought to answer soon, for the first time.
        bound: the tasks that were given to it, in their order; the first one runs or will soon.
        loaded: the group that it loaded last, or nothing.
        running: the task that runs, if one does.
        began: when it began to.
        loads: whether it had to load its group.
        switched: when a task of another group than before was last bound to it.
    """

    name: str
    facts: Facts | None
    up: bool = True
    expected: bool = False
    bound: list[str] = field(default_factory=list)
    loaded: str = ""
    running: str = ""
    began: float = 0.0
    loads: bool = False
    switched: float = float("-inf")
    _can: dict[Kind, bool] = field(default_factory=dict)

    def can(self, kind: Kind) -> bool:
        """Whether it has what tasks of a kind need, and is not barred from them."""
        if self.expected:
            return True  # for all that is known
        if kind not in self._can:
            has_all = self.facts is not None and not lacks(self.facts, kind.needs)
            self._can[kind] = has_all and self.name not in kind.barred
        return self._can[kind]

    def drop(self, key: str) -> None:
        """Take a task from it."""
        if key in self.bound:
            self.bound.remove(key)
        if key == self.running:
            self.running = ""


@dataclass
class Fleet:
    """All servers and all tasks; `since` says from when on each waiting group has not been served."""

    needs: dict[str, Needs] = field(default_factory=dict)
    servers: dict[str, Server] = field(default_factory=dict)
    waiting: Waiting = field(default_factory=Waiting)
    speeds: Speeds = field(default_factory=Speeds)
    since: dict[str, float] = field(default_factory=dict)

    def up(self) -> list[Server]:
        """Return the servers that take tasks."""
        return [server for server in self.servers.values() if server.up]

    def tail(self, server: Server) -> str:
        """Return the group that a server will have loaded once it has done all that is bound to it."""
        groups = (self.needs[key].group for key in reversed(server.bound))
        return next((group for group in groups if group), server.loaded)

    def rivals(self, server: Server) -> list[Server]:
        """Return the other servers that take tasks, or will soon."""
        return [other for other in self.servers.values() if other is not server and (other.up or other.expected)]

    def load_seconds(self, server: Server, group: str, loaded: str) -> float:
        """Return what it costs a server to load a group while another (or the same) one is loaded."""
        return 0.0 if group in ("", loaded) else self.speeds.load(server.name)
