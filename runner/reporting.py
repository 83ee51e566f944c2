"""Shows a run as it goes: a bar, a line for each file and each failure, or events; and what its exit code is."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from types import TracebackType
from typing import Any

from .batch.told import Adopted, JobAgain, JobEnded, Told
from .errors import RunnerError, ServerUnavailable
from .fleet.executor import Changed, Previewed, ServerDown, ServerUp, Stepped
from .jobs.job import Problem, State
from .output import Output
from .outputs.kinds import PICTURES
from .outputs.previews import Screen
from .outputs.saving import Saved
from .outputs.secrets import without_secrets
from .wallets import EXIT_CODES

SHAPE = "{percentage:3.0f}%|{bar:30}| {desc} [{elapsed}<{remaining}]"
SERVERS_FAULT = frozenset({"server-stuck", "job-lost", "post-unanswered"})
"""Codes of jobs' problems that belong to no class of errors: the server is to blame."""
PARTLY = 3
"""The exit code of a run of which some jobs are done and some are not."""


class Report:
    """Shows what a run tells. Use it in a `with` statement; `tally` and `exit_code` say how it went."""

    def __init__(self, output: Output, jobs: int, previews: bool = False) -> None:
        """Take where to show it, and how many jobs there are; `previews` shows unfinished pictures in a terminal."""
        self._output, self._jobs = output, jobs
        self._started = time.monotonic()
        self._steps: dict[str, float] = {}
        self._screen = Screen.of(sys.stderr) if previews and not output.as_json else None
        self._ended: list[JobEnded] = []

    def __enter__(self) -> Report:
        """Draw the bar, in a terminal."""
        from tqdm import tqdm

        hidden = self._output.as_json or not sys.stderr.isatty()
        self._bar = tqdm(total=self._jobs, leave=False, disable=hidden, file=sys.stderr, bar_format=SHAPE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar and the preview away."""
        self._clear()
        self._bar.close()

    def show(self, event: Told) -> None:
        """Show one thing that happened."""
        match event:
            case Stepped(server, key, value, of, node):
                self._output.event("progress", job=key, step=value, of=of, server=server, node=node)
                self._steps[key] = value / max(1, of)
                self._draw(f"step {value} of {of}")
            case Previewed():
                self._preview(event.image)
            case Changed(server, key, state):
                self._output.event("job", job=key, state=state.value, server=server)
            case ServerUp(server, facts):
                self._output.event("server-up", server=server, version=facts.version)
            case ServerDown(server, problem):
                self._down(server, problem)
            case Adopted(server, key):
                self._output.event("job", job=key, state=State.SUBMITTED.value, server=server, adopted=True)
            case JobAgain():
                self._again(event)
            case JobEnded():
                self._end(event)

    @property
    def ended(self) -> tuple[JobEnded, ...]:
        """The jobs that came to their ends, in that order."""
        return tuple(self._ended)

    @property
    def exit_code(self) -> int:
        """0 if all jobs that ended are done, 3 if some are, even in part, else the code of the first failure."""
        failed = [job for job in self._ended if job.state is not State.DONE]
        if not failed:
            return 0
        some = len(failed) < len(self._ended) or any(job.state is State.PARTIAL for job in failed)
        return PARTLY if some else exit_code_of(failed[0].problem)

    def tally(self, **more: Any) -> None:
        """Tell how the run went; text only where a job failed."""
        done = sum(job.state is State.DONE for job in self._ended)
        files = [file for job in self._ended for file in job.files]
        counts: dict[str, Any] = {
            "jobs": len(self._ended),
            "done": done,
            "failed": len(self._ended) - done,
            "files": len(files),
            "images": sum(map(is_picture, files)),
            "seconds": round(time.monotonic() - self._started, 3),
        }
        self._output.event("done", **counts, **more)

    def _draw(self, what: str) -> None:
        done = len(self._ended)
        self._bar.n = done + sum(self._steps.values())
        self._bar.set_description_str(f"{min(done + 1, self._jobs)} of {self._jobs}, {what}")

    def _preview(self, image: bytes) -> None:
        if self._screen is not None:
            with self._bar.external_write_mode(file=sys.stderr):
                self._screen.show(image)

    def _down(self, server: str, problem: Problem) -> None:
        if self._output.as_json:
            self._output.event("server-down", server=server, code=problem.code, message=problem.message)
        else:
            self._line(f"warning: {server} is down: {problem.message}")

    def _again(self, event: JobAgain) -> None:
        told = _told(event.problem)
        self._steps.pop(event.key, None)
        if self._output.as_json:
            self._output.event("job", job=event.key, state=event.state.value, server=event.server, again=True, **told)
        elif told:
            self._line(f"warning: job {event.key} is tried again: {told['message']}")

    def _end(self, job: JobEnded) -> None:
        self._ended.append(job)
        self._steps.pop(job.key, None)
        for file in job.files:
            self._file(job, file)
        if self._output.as_json:
            ends = {"state": job.state.value, "server": job.server, "seconds": job.seconds}
            shown = without_secrets({"texts": list(job.texts), "values": _plain(job.values)})
            self._output.event("job", job=job.key, **ends, **shown, **_told(job.problem))
            return
        for text in () if job.files else job.texts:
            self._print(text)
        if job.state is not State.DONE:
            reason = job.problem.message if job.problem else job.state.value
            self._line(f"error: {reason}" if self._jobs == 1 else f"error: job {job.key}: {reason}")
        self._draw("done")

    def _file(self, job: JobEnded, file: Saved) -> None:
        seed = job.values.get("seed")
        if self._output.as_json:
            common: dict[str, Any] = {"path": str(file.path), "sha256": file.sha256, "kind": file.kind, "job": job.key}
            common |= {"server": job.server, "seed": seed if isinstance(seed, int) else None}
            size = {"width": file.width, "height": file.height} if is_picture(file) else {}
            self._output.event("image" if size else "file", **common, **size)
            return
        size_text = f"  {file.width}x{file.height}" if is_picture(file) else ""
        self._print(f"{file.path}{size_text}" + (f"  seed {seed}" if isinstance(seed, int) else ""))

    def _clear(self) -> None:
        if self._screen is not None:
            self._screen.clear()

    def _print(self, text: str) -> None:
        self._clear()
        with self._bar.external_write_mode(file=sys.stderr):
            self._output.line(text)

    def _line(self, text: str) -> None:
        self._clear()
        with self._bar.external_write_mode(file=sys.stderr):
            self._output.note(text)


def follow(events: Generator[Told, None, None], output: Output, jobs: int, previews: bool = False) -> Report:
    """Show a run until its end, and return how it went; its iterator is closed whatever happens."""
    with closing(events), Report(output, jobs, previews) as report:
        for event in events:
            report.show(event)
    return report


def is_picture(file: Saved) -> bool:
    """Return whether a file is a picture whose size is known."""
    return file.width > 0 and file.path.suffix in PICTURES


def exit_code_of(problem: Problem | None) -> int:
    """Return the exit code for what went wrong with a job."""
    if problem is None:
        return RunnerError.exit_code
    classes: list[type[RunnerError]] = [RunnerError]
    for kind in classes:
        classes.extend(kind.__subclasses__())
    codes = dict.fromkeys(SERVERS_FAULT, ServerUnavailable.exit_code) | {kind.code: kind.exit_code for kind in classes}
    return {**codes, **EXIT_CODES}.get(problem.code, RunnerError.exit_code)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if isinstance(value, str | int | float)}


def _told(problem: Problem | None) -> Mapping[str, str]:
    if problem is None:
        return {}
    node = {"node": problem.node} if problem.node else {}
    return {"code": problem.code, "message": problem.message, **node}
