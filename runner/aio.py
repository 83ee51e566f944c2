"""The runner for programs that use asyncio: the same client, whose calls are awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from . import api
from .api import Asked, Work
from .batch.told import JobEnded, Told
from .paying.bills import Quote
from .results import all_done
from .submissions import Submission


class Client:
    """One or several ComfyUI servers, for asyncio. The work is done in threads, so the loop is never held up."""

    def __init__(self, *servers: api.Server, **options: Any) -> None:
        """Take what `api.Client` takes."""
        self.client = api.Client(*servers, **options)

    async def stream(
        self, work: Work, values: Mapping[str, Any] | None = None, **options: Any
    ) -> AsyncGenerator[Told, None]:
        """Run something and yield what happens; leaving early, or being cancelled, takes back what is unfinished.

        The arguments and errors are those of `api.Client.stream`.
        """
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Told | None] = asyncio.Queue()
        client, asked = self.client, Asked(work, values, **options)
        submission = Submission(
            lambda stopped: client.events(asked, replace(client.how, stopped=stopped)),
            lambda event: loop.call_soon_threadsafe(told.put_nowait, event),
        )
        try:
            while (event := await told.get()) is not None:
                yield event
        except BaseException:
            submission.cancel()
            raise
        finally:
            await asyncio.shield(asyncio.to_thread(submission.join))
        submission.demand()

    async def run(self, work: Work, values: Mapping[str, Any] | None = None, **options: Any) -> tuple[JobEnded, ...]:
        """Run something to its end and return its jobs in their order; see `api.Client.run`."""
        async with aclosing(self.stream(work, values, **options)) as events:
            return all_done([event async for event in events if isinstance(event, JobEnded)])

    async def quote(self, work: Work, values: Mapping[str, Any] | None = None, **options: Any) -> Quote:
        """Return what something would cost; see `api.Client.quote`."""
        return await asyncio.to_thread(self.client.quote, work, values, **options)

    def submit(
        self, work: Work, values: Mapping[str, Any] | None = None, **options: Any
    ) -> asyncio.Task[tuple[JobEnded, ...]]:
        """Run something in the background and return a task; cancelling it takes back what is unfinished."""
        return asyncio.get_running_loop().create_task(self.run(work, values, **options))
