"""How a session works: what it accepts, and how long it waits for what."""

from __future__ import annotations

from dataclasses import dataclass, field

from .states import Waits


@dataclass(frozen=True)
class Options:
    """How a session works. All times are seconds.

    Attributes:
        accept_partial: whether a job goes on of which the server leaves outputs out.
        whole_progress: whether steps are read from the lists of all nodes as well.
        silence: for how long a server with work may show no sign of it before it counts as stuck.
        idle: for how long it may leave its queue alone before it counts as stuck.
        patience: for how long it may be out of reach.
        look: between two questions about a job whose events come: at first, and at most.
        blind: the same for a job whose events don't come, as after a reconnection.
        settle: between two questions for the history of a job that is over: at first, and at most.
        waits: for how long a job may be absent before it counts as lost.
    """

    accept_partial: bool = False
    whole_progress: bool = False
    silence: float = 900.0
    idle: float = 60.0
    patience: float = 60.0
    look: tuple[float, float] = (2.0, 10.0)
    blind: tuple[float, float] = (0.5, 2.0)
    settle: tuple[float, float] = (0.02, 0.2)
    waits: Waits = field(default_factory=Waits)
