"""The runner for programs: a client of one or several servers that runs requests and workflows."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .batch.told import JobEnded, Told
from .errors import UsageError
from .fleet.servers import ServerEntry, from_options
from .fleet.tasks import Task
from .generate import begin, pictures
from .graph.finding import find_workflow
from .graph.reading import Document, recognised
from .outputs.folders import check_folder
from .outputs.names import read_template
from .outputs.saving import Saving
from .paying.bills import Quote, bill
from .paying.payers import Account, payer_of
from .places import idle_minutes
from .planning import prepare
from .request import Request, check
from .results import JobsFailed as JobsFailed
from .results import all_done
from .running import How, run_tasks
from .server.address import Address
from .submissions import Submission
from .targets import Target, answering
from .workflow_work import workflow_work

Work = Request | Document | Mapping[str, Any] | str | Path
"""What can be run: a request; or a workflow as it was read, as data, by its file, or by the name of a shipped one."""
Server = str | Address | ServerEntry


@dataclass(frozen=True)
class Asked:
    """Something to run.

    Attributes:
        work: a request or a workflow.
        values: for a workflow, by selectors such as `seed`, `positive` or `KSampler.cfg`.
        count: how many pictures of a request (its own count, if None), or runs of a workflow; their seeds count up.
        seed: the first one's.
        allow_api_nodes: whether a workflow may use nodes that ask services which cost money.
    """

    work: Work
    values: Mapping[str, Any] | None = None
    count: int | None = None
    seed: int | None = None
    allow_api_nodes: bool = False


class Client:
    """One or several ComfyUI servers, and where their results go. It holds no connection between its calls.

    Every call may be made from any thread. `aio.Client` is the same for asyncio.
    """

    def __init__(
        self,
        *servers: Server,
        comfyui: Path | None = None,
        out: Path | str = "output",
        name: str | None = None,
        how: How | None = None,
        user: str | None = None,
        wallet: str | None = None,
    ) -> None:
        """Take the servers; without any, the embedded ComfyUI, or a checkout of one's own.

        Args:
            servers: addresses, or entries of `fleet.servers.read`, which keep headers, tokens and certificates.
            comfyui: the folder of a checkout, which is started.
            out: the folder for results; nothing there is ever overwritten.
            name: the template of the files' names, such as `{number:05}-{seed}`.
            how: retries and the like.
            user: who pays for the pictures, from the wallet; None: nobody does.
            wallet: the wallet's database URL or file; None is the usual one.

        Raises:
            UsageError: if an address, the template, the wallet or the folder is none, or there is a wallet and no user.
        """
        if wallet is not None and user is None:
            raise UsageError("a wallet says where users are, but none is named; give user, too")
        if wallet == "":
            raise UsageError("the wallet is empty; give a file or a database URL, or leave it out")
        idle = idle_minutes() * 60
        entries = [_entry(server, idle) for server in servers] or [ServerEntry("embedded", None, comfyui, idle)]
        self.servers: tuple[ServerEntry, ...] = tuple(entries)
        self._saving = Saving(Path(out), None if name is None else read_template(name))
        self.how = how or How()
        self._account = None if user is None else Account(user, wallet)
        check_folder(self._saving.out)

    def stream(
        self, work: Work, values: Mapping[str, Any] | None = None, **options: Any
    ) -> Generator[Told, None, None]:
        """Run something and yield what happens: the executor's events, and a `JobEnded` for each job.

        Closing the generator takes back what is unfinished.

        Args:
            work: what to run; see `Asked`, also for the other arguments.
            values: for a workflow.
            options: `count`, `seed`, `allow_api_nodes`.

        Raises:
            RunnerError: if it can't be done on any server; a job that fails is an event.
            PromptError: for what is wrong with a request's prompt, family or sampler.
            WalletError: if there is a user who has too few image tokens for all of it, or the wallet can't be used.
        """
        return self.events(Asked(work, values, **options), self.how)

    def run(self, work: Work, values: Mapping[str, Any] | None = None, **options: Any) -> tuple[JobEnded, ...]:
        """Run something to its end and return its jobs in their order, with the files that were saved.

        The arguments are `stream`'s.

        Raises:
            JobsFailed: if a job is not done; it holds all jobs, and what the others made is saved.
            RunnerError: as `stream`.
        """
        with closing(self.stream(work, values, **options)) as events:
            return all_done(event for event in events if isinstance(event, JobEnded))

    def submit(self, work: Work, values: Mapping[str, Any] | None = None, **options: Any) -> Submission:
        """Run something in the background and return at once; the arguments are `stream`'s."""
        asked = Asked(work, values, **options)
        return Submission(lambda stopped: self.events(asked, replace(self.how, stopped=stopped)))

    def quote(self, work: Work, values: Mapping[str, Any] | None = None, **options: Any) -> Quote:
        """Return what something would cost, and how the client's user stands; nothing is made.

        The arguments and errors are `stream`'s; too few image tokens are no error.
        """
        with payer_of(self._account) as payer:
            tasks, targets = self._work(Asked(work, values, **options), self.how)
            if payer is not None:
                return payer.pays(tasks, targets).quote()
        found = bill(tasks, targets)
        return Quote(found.images, found.tokens, found.is_least)

    def events(self, asked: Asked, how: How) -> Generator[Told, None, None]:
        """Run something in a way of its own and yield what happens; see `stream`."""
        with payer_of(self._account) as payer:
            tasks, targets = self._work(asked, how)
            payment = payer.pays(tasks, targets) if payer else None
            if payment is not None:
                payment.demand()
            yield from run_tasks(tasks, self.servers, self._saving.going_on(), how, payment=payment)

    def _work(self, asked: Asked, how: How) -> tuple[Sequence[Task], list[Target]]:
        """Return what is asked for as tasks, and servers that can do them."""
        if isinstance(asked.work, Request):
            return self._pictures(asked.work, asked, how)
        return workflow_work(
            _document(asked.work),
            asked.values or {},
            [*answering(self.servers, how.announce, how.announce)],
            count=asked.count or 1,
            seed=asked.seed,
            allow_api_nodes=asked.allow_api_nodes,
        )

    def _pictures(self, request: Request, asked: Asked, how: How) -> tuple[Sequence[Task], list[Target]]:
        if asked.values:
            raise UsageError("values are for workflows; a request has its settings in it")
        seed = request.seed if asked.seed is None else asked.seed
        checked = prepare(check(replace(request, count=asked.count or request.count, seed=seed)))
        generation = begin(checked, self.servers, how.announce)
        return pictures(generation), [generation.target]


def run(
    work: Work, values: Mapping[str, Any] | None = None, *, client: Client | None = None, **options: Any
) -> tuple[JobEnded, ...]:
    """Run something to its end with a client, or on the embedded ComfyUI; see `Client.run`."""
    return (client or Client()).run(work, values, **options)


def submit(
    work: Work, values: Mapping[str, Any] | None = None, *, client: Client | None = None, **options: Any
) -> Submission:
    """Run something in the background; see `Client.submit`."""
    return (client or Client()).submit(work, values, **options)


def stream(
    work: Work, values: Mapping[str, Any] | None = None, *, client: Client | None = None, **options: Any
) -> Generator[Told, None, None]:
    """Run something and yield what happens; see `Client.stream`."""
    return (client or Client()).stream(work, values, **options)


def _entry(server: Server, idle_seconds: float) -> ServerEntry:
    if isinstance(server, ServerEntry):
        return server
    if isinstance(server, Address):
        return ServerEntry(server.url.partition("//")[2], server, idle_seconds=idle_seconds)
    return from_options([server], idle_seconds)[0]


def _document(work: Document | Mapping[str, Any] | str | Path) -> Document:
    if isinstance(work, Document):
        return work
    if isinstance(work, Mapping):
        return recognised(dict(work), "the workflow")
    return find_workflow(str(work))
