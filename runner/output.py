"""What the command line prints: lines for people, or events as JSON, one a line."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .embedded.installations import Installation
    from .embedded.server_state import RunningServer
    from .generate import Picture, Plan
    from .jobs.session import Progress
    from .models import Listing
    from .request import Checked


class Output:
    """Results go to standard output; what is said about them goes to standard error."""

    def __init__(self, as_json: bool) -> None:
        """Choose between text and events."""
        self._as_json = as_json
        self._started = time.monotonic()

    def announce(self, text: str) -> None:
        """Tell what is being done while nothing else shows."""
        self._tell("status", text, message=text)

    def warning(self, text: str) -> None:
        """Tell something that the user should know and may ignore."""
        self._tell("warning", f"warning: {text}", message=text)

    def error(self, code: str, text: str) -> None:
        """Tell why the command fails."""
        self._tell("error", f"error: {text}", code=code, message=text)

    def result(self, kind: str, data: Mapping[str, Any], text: str, notes: str = "") -> None:
        """Give a result: as text, with notes on it on standard error, or as one event that holds its data."""
        if self._as_json:
            self._event(kind, **data)
            return
        if text:
            print(text)
        if notes:
            print(notes, file=sys.stderr)

    def begin(self, plan: Plan, url: str) -> None:
        """Tell what will be made where."""
        for text in plan.warnings:
            self.warning(text)
        if self._as_json:
            self._event("plan", server=url, checkpoint=plan.checkpoint, family=plan.family.id, seed=plan.seed)

    @contextlib.contextmanager
    def progress(self, checked: Checked) -> Iterator[Callable[[Progress | Picture], None]]:
        """Yield a function that shows events: a bar in a terminal, a line for each picture."""
        from tqdm import tqdm

        from .jobs.session import Progress

        of = checked.request.count
        hidden = self._as_json or not sys.stderr.isatty()
        shape = "{percentage:3.0f}%|{bar:30}| {desc} [{elapsed}<{remaining}]"
        with tqdm(total=of, leave=False, disable=hidden, file=sys.stderr, bar_format=shape) as bar:
            done = 0

            def show(event: Progress | Picture) -> None:
                nonlocal done
                if isinstance(event, Progress):
                    self._step(event)
                    bar.n = done + event.value / max(1, event.of)
                    bar.set_description_str(f"image {done + 1} of {of}, step {event.value} of {event.of}")
                    return
                done += 1
                bar.n = done
                with bar.external_write_mode(file=sys.stderr):
                    self._picture(event)

            yield show

    def _step(self, event: Progress) -> None:
        if self._as_json:
            self._event("progress", job=event.job.id, step=event.value, of=event.of)

    def _picture(self, picture: Picture) -> None:
        if self._as_json:
            size = {"width": picture.size.width, "height": picture.size.height}
            self._event("image", path=str(picture.path), seed=picture.seed, **size)
        else:
            print(f"{picture.path}  {picture.size}  seed {picture.seed}", flush=True)

    def done(self, plan: Plan) -> None:
        """Tell that everything asked for is made."""
        if self._as_json:
            seconds = round(time.monotonic() - self._started, 3)
            self._event("done", images=plan.checked.request.count, image_tokens=plan.cost, seconds=seconds)

    def server(self, installation: Installation, server: RunningServer | None, answers: bool = True) -> None:
        """Tell where a server runs, that it does not answer yet, or that none runs."""
        state = "not running" if server is None else "running" if answers else "starting or busy"
        if self._as_json:
            where = {"url": server.url, "pid": server.pid} if server else {"url": None, "pid": None}
            folders = {"models": str(installation.models), "log": str(installation.log)}
            self._event("server", state=state, **where, **folders)
            return
        if server is not None:
            idle = f"after {server.idle_seconds / 60:g} idle minutes" if server.idle_seconds else "never by itself"
            state += f" at {server.url} (process {server.pid}; stops {idle})"
        print(state)
        print(f"models go into {installation.models}")
        print(f"its log is {installation.log}")

    def stopped(self, ran: bool) -> None:
        """Tell whether a server was stopped."""
        if self._as_json:
            self._event("stopped", ran=ran)
        else:
            print("stopped" if ran else "it was not running")

    def log(self, lines: Sequence[str]) -> None:
        """Print lines of a server's log."""
        if self._as_json:
            self._event("log", lines=list(lines))
        else:
            print("\n".join(lines))

    def models(self, listing: Listing) -> None:
        """Tell which models there are, each with its family and how that was found."""
        if self._as_json:
            self._event("models", place=listing.place, models=[model.as_json() for model in listing.models])
            return
        for folder in dict.fromkeys(model.folder for model in listing.models):
            print(f"{folder}:")
            print("\n".join(f"  {model.line()}" for model in listing.models if model.folder == folder))
        if not listing.models:
            print(f"no models in {listing.place}")

    def _tell(self, kind: str, text: str, **values: Any) -> None:
        if self._as_json:
            self._event(kind, **values)
        else:
            print(f"tagloom: {text}", file=sys.stderr, flush=True)

    def _event(self, kind: str, **values: Any) -> None:
        print(json.dumps({"schema": "tagloom/1", "type": kind, **values}), flush=True)
