"""What the command line prints: lines for people, or events as JSON, one a line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from .outputs.clean import cleaned

if TYPE_CHECKING:
    from .embedded.installations import Installation
    from .embedded.server_state import RunningServer
    from .models import Listing


class Output:
    """Results go to standard output; what is said about them goes to standard error."""

    def __init__(self, as_json: bool) -> None:
        """Choose between text and events."""
        self._as_json = as_json

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
        if text:  # into a file or another program it goes as it is: it may be the user's own prompt
            print(cleaned(text) if sys.stdout.isatty() else text, flush=True)
        if notes:
            _show(notes, sys.stderr)

    @property
    def as_json(self) -> bool:
        """Whether events are printed instead of text."""
        return self._as_json

    def event(self, kind: str, /, **values: Any) -> None:
        """Print an event, where events are printed."""
        if self._as_json:
            self._event(kind, **values)

    def line(self, text: str) -> None:
        """Print a line of results."""
        _show(text)

    def note(self, text: str) -> None:
        """Print a line about the work, or nothing where events are printed."""
        if not self._as_json:
            _show(f"tagloom: {text}", sys.stderr)

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
        _show(state)
        _show(f"models go into {installation.models}")
        _show(f"its log is {installation.log}")

    def stopped(self, ran: bool) -> None:
        """Tell whether a server was stopped."""
        if self._as_json:
            self._event("stopped", ran=ran)
        else:
            _show("stopped" if ran else "it was not running")

    def log(self, lines: Sequence[str]) -> None:
        """Print lines of a server's log."""
        if self._as_json:
            self._event("log", lines=list(lines))
        else:
            _show("\n".join(lines))

    def models(self, listing: Listing) -> None:
        """Tell which models there are, each with its family and how that was found."""
        if self._as_json:
            self._event("models", place=listing.place, models=[model.as_json() for model in listing.models])
            return
        for folder in dict.fromkeys(model.folder for model in listing.models):
            _show(f"{folder}:")
            _show("\n".join(f"  {model.line()}" for model in listing.models if model.folder == folder))
        if not listing.models:
            _show(f"no models in {listing.place}")

    def _tell(self, kind: str, text: str, **values: Any) -> None:
        if self._as_json:
            self._event(kind, **values)
        else:
            _show(f"tagloom: {text}", sys.stderr)

    def _event(self, kind: str, /, **values: Any) -> None:
        print(json.dumps({"schema": "tagloom/1", "type": kind, **values}), flush=True)


def _show(text: str, file: TextIO | None = None) -> None:
    """Print lines without what a terminal would obey: servers and workflows write into them."""
    print(cleaned(text), file=file, flush=True)
