"""What has to be done, said so that any server can be asked whether it could, and any executor can carry it there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ..jobs.job import Job
from ..server.client import Client

if TYPE_CHECKING:
    from ..paying.expected import Expected
    from ..targets import Target


class Model(NamedTuple):
    """A model file by ComfyUI's names of its folder (`checkpoints`, `loras`, ...) and of itself.

    Attributes:
        folder: of ComfyUI's.
        name: the file's.
        is_loose: whether any file will do that differs in folders, ending and case alone; the task finds its name.
    """

    folder: str
    name: str
    is_loose: bool = False


@dataclass(frozen=True)
class Needs:
    """What a server must have for a task.

    Attributes:
        models: the files; a server that lacks one is not asked.
        classes: the node classes.
        group: what costs time to load, the checkpoint's name as a rule; tasks of one group run one after the other.
        units: how much work it is beside other tasks: pixels times steps, or 1.0 where nothing is known.
    """

    models: tuple[Model, ...] = ()
    classes: frozenset[str] = frozenset()
    group: str = ""
    units: float = 1.0


@dataclass(frozen=True)
class Prepared:
    """A task made out for one server: the job, and what is known of it for file names and metadata.

    Attributes:
        job: what is posted.
        values: the settings by their names (`seed`, `positive`, `width`, ...), for names, galleries and events.
        parameters: the text that A1111 writes into its pictures, or nothing.
    """

    job: Job
    values: Mapping[str, Any] = field(default_factory=dict)
    parameters: str = ""


class Task(Protocol):
    """One piece of work. It can be pickled, so that an executor may carry it to another machine."""

    @property
    def key(self) -> str:
        """What tells it from every other task of its run, such as its number."""

    @property
    def needs(self) -> Needs:
        """What a server must have for it."""

    def prepare(self, client: Client, job_id: str) -> Prepared:
        """Make it out for a server: names resolved, files uploaded. Nothing is queued.

        Raises:
            RunnerError: if it can't be done there.
        """

    def expected(self, target: Target) -> Expected:
        """Return what it is going to make on a server, as far as that is known before; nothing is uploaded.

        Raises:
            RunnerError: as `prepare`.
            PromptError: likewise.
        """
