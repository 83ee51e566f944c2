"""The tasks that wait: sorted by what they need of a server, in their order."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import NamedTuple

from .tasks import Model, Needs


class Kind(NamedTuple):
    """What tasks have in common that any server may take as readily as one another."""

    group: str
    models: tuple[Model, ...]
    classes: frozenset[str]
    barred: frozenset[str]
    """Servers that shall not be asked again."""

    @property
    def needs(self) -> Needs:
        """What a server must have for them."""
        return Needs(self.models, self.classes, self.group)


class Place(NamedTuple):
    """Where a task stands among those of its kind: what came back goes first."""

    again: int
    number: int
    key: str


class Waiting:
    """A queue for each kind of task."""

    def __init__(self) -> None:
        """Begin without tasks; `largest` is the most work that any of them ever was."""
        self.largest = 0.0
        self._queues: dict[Kind, list[Place]] = {}
        self._places: dict[str, tuple[Kind, Place]] = {}
        self._units: dict[Kind, float] = {}
        self._of: dict[str, float] = {}

    def put(
        self, key: str, needs: Needs, number: int, barred: frozenset[str] = frozenset(), again: bool = False
    ) -> None:
        """Queue a task; `number` is its place in the tasks' order, and what comes `again` goes before the others.

        A server in `barred` shall not be asked.
        """
        self.largest = max(self.largest, needs.units)
        kind = Kind(needs.group, needs.models, needs.classes, barred)
        place = Place(0 if again else 1, number, key)
        self._places[key] = (kind, place)
        self._of[key] = needs.units
        self._units[kind] = self._units.get(kind, 0.0) + needs.units
        heapq.heappush(self._queues.setdefault(kind, []), place)

    def remove(self, key: str) -> None:
        """Take a task out, if it waits."""
        if key not in self._places:
            return
        kind, _ = self._places.pop(key)
        self._units[kind] -= self._of.pop(key)
        self._tidy(kind)

    def kinds(self) -> Iterator[Kind]:
        """Yield the kinds of which tasks wait."""
        yield from self._queues

    def first(self, kind: Kind) -> Place:
        """Return the task of a kind that is next."""
        return self._queues[kind][0]

    def units(self, kind: Kind) -> float:
        """Return the work of all waiting tasks of a kind."""
        return self._units[kind]

    def keys(self, kind: Kind) -> list[str]:
        """Return the waiting tasks of a kind in their order."""
        return [place.key for place in sorted(self._queues[kind]) if self._stands(kind, place)]

    def _tidy(self, kind: Kind) -> None:
        """Drop removed tasks from a queue's front: its first is always one that waits."""
        queue = self._queues[kind]
        while queue and not self._stands(kind, queue[0]):
            heapq.heappop(queue)
        if not queue:
            del self._queues[kind], self._units[kind]

    def _stands(self, kind: Kind, place: Place) -> bool:
        return self._places.get(place.key) == (kind, place)
