"""Any workflow with a user's values in it, as tasks: one for each picture's seed, or for each row of a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..prompt.errors import PromptError
from .embedded.installations import Installation
from .errors import UsageError, WorkflowError
from .fleet.tasks import Needs, Prepared
from .graph.convert import Schemas
from .graph.faults import Report
from .graph.inputs import Input
from .graph.needs import needs_of
from .graph.nodes import Nodes, Place
from .graph.overrides import Overridden, override
from .graph.preflight import preflight
from .graph.reading import Document
from .graph.selectors import Selectors
from .graph.understanding import Known, understood
from .graph.values import shown
from .jobs.job import Job
from .paying.expected import Expected, expected
from .request import SEEDS
from .server.client import Client
from .targets import FOLDER, Target
from .uploads import HERE, LocalFile, kinds_of, local_files
from .workflow_ground import Ground, faults_of, ground_of, made_ground
from .workflow_texts import chosen
from .working_out import WorkedOut, family_of, prompts_of, work_out

SEED = "seed"
PREFIX = "filename_prefix"


@dataclass(frozen=True)
class WorkflowTask:
    """One run of a workflow.

    Attributes:
        key: what tells it from the run's other tasks.
        document: the workflow.
        values: what is put into it, by selectors; the later ones are the stronger.
        needs: what a server must have for it.
        files: the files of this machine that values name, by what names them.
        installations: by address, those of the servers whose files can be read here.
    """

    key: str
    document: Document
    values: Mapping[str, Any] = field(default_factory=dict)
    needs: Needs = field(default_factory=Needs)
    files: Mapping[str, LocalFile] = field(default_factory=dict)
    installations: Mapping[str, Installation] = field(default_factory=dict)

    def prepare(self, client: Client, job_id: str) -> Prepared:
        """Make it out for a server: convert it, put the values in, upload the files. Nothing is queued.

        Raises:
            RunnerError: if the workflow can't be run there, or a value is none for its input.
            PromptError: for prompts and families that Tagloom's nodes would refuse.
        """
        filled = self.filled(ground_of(client, self.document, self.seed or 0), client)
        target = Target(client, self.installations.get(client.url))
        return filled.prepared(target, job_id)

    def expected(self, target: Target) -> Expected:
        """Return what it is going to make, as far as the graph says it.

        Raises:
            RunnerError: as `prepare`.
            PromptError: likewise.
        """
        return self.filled(ground_of(target.client, self.document, self.seed or 0), None).expected(target)

    def filled(self, ground: Ground, client: Client | None) -> Filled:
        """Return the graph with the values in it, wildcards in them chosen; without a server nothing is uploaded.

        Raises:
            RunnerError: as `prepare`.
        """
        sent: dict[str, LocalFile] = {}

        def send(value: Any, spec: Input) -> str | None:
            file = self.files.get(str(value))
            if file is None or spec.upload not in kinds_of(file.path.name):
                _demand_there(value, spec)
                return None
            name = file.sent(client) if client else f"{FOLDER}/{file.path.name}"
            sent[name] = file
            return name

        done = override(ground.graph, self.values, ground.schemas, ground.declared, send)
        return Filled(ground, chosen(done, ground, self.seed), sent, self.seed)

    @property
    def seed(self) -> int | None:
        """The seed that is given, if one is."""
        value = self.values.get(SEED)
        return None if value is None else _whole(value)


@dataclass(frozen=True)
class Filled:
    """A workflow's graph with a task's values in it.

    Attributes:
        ground: the workflow for one server.
        done: the graph with the values.
        sent: the files that were sent for it, by their names there.
        seed: the one that the task gives, if it gives one.
    """

    ground: Ground
    done: Overridden
    sent: Mapping[str, LocalFile]
    seed: int | None

    def check(self, target: Target | None, allow_api_nodes: bool = False) -> Report:
        """Return what keeps the graph from running on a server."""
        found = preflight(self.done.graph, self.ground.schemas, allow_api_nodes=allow_api_nodes)
        if self.ground.has_pack or found.faults or target is None:
            return found
        try:
            self._worked_out(dict(self.done.graph), target)
        except (WorkflowError, PromptError) as error:
            return replace(found, faults=faults_of(error))
        return found

    def prepared(self, target: Target, job_id: str) -> Prepared:
        """Return the job, and what is known of its picture."""
        graph, prefix = with_prefix(self.done.graph, self.ground.schemas, job_id)
        worked = self._worked_out(graph, target)
        told = understood(worked.graph, Known(worked.texts, worked.dialect, self.seed, target.model_hash))
        values = {**told.values, **({"prefix": prefix} if prefix else {})}
        return Prepared(Job(worked.sent, self.ground.mirrored(self.done), job_id), values, told.parameters)

    def expected(self, target: Target) -> Expected:
        """Return what the graph is going to make on a server."""
        graph = self._worked_out(dict(self.done.graph), target).graph
        family = family_of(graph, self.ground, target)
        return expected(Nodes(graph, self.ground.schemas), family, lambda node_id: prompts_of(graph[node_id]))

    def _worked_out(self, graph: dict[str, Any], target: Target) -> WorkedOut:
        sizes = {name: file.size for name, file in self.sent.items() if file.size}
        return work_out(graph, self.ground, target, sizes)


def with_prefix(graph: Mapping[str, Any], schemas: Schemas, job_id: str) -> tuple[dict[str, Any], str]:
    """Return a graph whose files are saved under a job's own name, and the prefix that the first one had.

    So a job whose nodes are all cached saves anew, and no two runners count in one series.
    """
    nodes = Nodes(graph, schemas)
    changed = dict(graph)
    prefixes: list[str] = []
    for node_id, node in graph.items():
        if PREFIX in node["inputs"] and nodes.is_output(node_id):
            own = node["inputs"][PREFIX]
            prefixes += [own] if isinstance(own, str) else []
            changed[node_id] = {**node, "inputs": {**node["inputs"], PREFIX: f"{FOLDER}/{job_id}"}}
    return changed, prefixes[0] if prefixes else ""


def made_task(document: Document, values: Mapping[str, Any], key: str = "1", folder: Path = HERE) -> WorkflowTask:
    """Return a task without its needs, for looking at a workflow with values in it; files are those in a folder.

    Raises:
        UsageError: if a value names a file that can't be read.
    """
    return WorkflowTask(key, document, values, Needs(), local_files(values.values(), folder))


def workflow_tasks(
    document: Document,
    rows: Iterable[Mapping[str, Any]],
    schemas: Schemas,
    installations: Mapping[str, Installation] | None = None,
    folder: Path = HERE,
) -> Iterator[WorkflowTask]:
    """Yield a task for each row of values; the keys count from 1.

    Args:
        document: the workflow.
        rows: the values by selectors.
        schemas: the classes of the servers, for what each task needs.
        installations: by address, those of the servers whose files can be read here.
        folder: where names of files start from.

    Raises:
        RunnerError: if a row's values don't fit the workflow.
    """
    ground = made_ground(document, schemas)
    for number, values in enumerate(rows, 1):
        task = made_task(document, values, str(number), folder)
        graph = task.filled(ground, None).done.graph
        yield replace(task, needs=needs_of(Nodes(graph, ground.schemas)), installations=installations or {})


def seeded(ground: Ground, values: Mapping[str, Any], count: int, seed: int | None) -> list[dict[str, Any]]:
    """Return the values of so many pictures, whose seeds count up from the first one's.

    The first seed is `seed`, else the one among the values, else the workflow's own. Of one picture without any the
    workflow's seeds stay as they are, however many it has.

    Raises:
        UsageError: if there are several pictures, or a seed, and it is not clear which input takes it.
    """
    if count == 1 and seed is None:
        return [dict(values)]
    nodes = Nodes(ground.graph, ground.schemas)
    place = Selectors(nodes, ground.declared(nodes)).find(SEED).places[0]
    first = _whole(values.get(SEED, _present(nodes, place))) if seed is None else seed
    others = {name: value for name, value in values.items() if name != SEED}
    return [{**others, SEED: (first + number) % SEEDS} for number in range(count)]


def _present(nodes: Nodes, place: Place) -> Any:
    return nodes.inputs(place.node_id).get(place.name)


def _whole(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"seed {shown(value)} is no whole number; give one, or leave it out") from error


def _demand_there(value: Any, spec: Input) -> None:
    """Refuse the name of a file that is neither here nor on the server."""
    if isinstance(value, str) and spec.choices is not None and kinds_of(value) and "/" not in value:
        there = [str(choice).casefold() for choice in spec.choices]
        if value.casefold() not in there and not value.endswith("]"):
            raise UsageError(f"{shown(value)} is neither a file here nor one of the server's inputs; mend the path")
