"""Crashes and Ctrl-C between any two operations of a run: a gate that all of them go through."""

from __future__ import annotations

from collections.abc import Callable
from traceback import clear_frames
from typing import Any

import pytest

from tagloom.runner.batch import schema
from tagloom.runner.outputs import saving

FAR = 10_000
"""An operation that no run comes to."""


class Crash(BaseException):
    """The process is dead."""


class Gate:
    """Counts operations, and lets none through from a certain one on."""

    def __init__(self, last: int) -> None:
        self.count = 0
        self._last = last

    def __call__(self) -> None:
        self.count += 1
        if self.count > self._last:
            raise Crash


class Once(Gate):
    """Lets a single Ctrl-C through after a certain operation, and all that follows."""

    def __call__(self) -> None:
        self.count += 1
        if self.count == self._last + 1:
            raise KeyboardInterrupt


class GatedConnection:
    """A connection to the journal's file behind a gate."""

    def __init__(self, connection: Any, gate: Gate) -> None:
        self._connection, self._gate = connection, gate

    def execute(self, *arguments: Any) -> Any:
        self._gate()
        done = self._connection.execute(*arguments)
        self._gate()
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def gated(function: Callable[..., Any], gate: Gate) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        gate()
        result = function(*arguments)
        gate()
        return result

    return call


def wait_for_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let journals and saved files be on the disk at once."""
    connected = schema._connected

    def connect(*arguments: Any) -> Any:
        connection = connected(*arguments)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    monkeypatch.setattr(schema, "_connected", connect)
    monkeypatch.setattr(saving.folders, "settle", lambda folders: None)
    monkeypatch.setattr(saving.folders, "settle_file", lambda file: None)


def forget(crash: BaseException | None) -> None:
    """Let nothing of a process that is dead hold anything."""
    while crash is not None:
        clear_frames(crash.__traceback__)
        crash = crash.__context__
