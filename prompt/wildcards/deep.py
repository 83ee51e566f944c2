"""Runs functions that call themselves, without Python's limit on depth: they yield what they would call."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

Result = TypeVar("Result")
Deep = Generator["Deep[Any]", Any, Result]
"""A call that yields the calls it needs, gets their results, and returns its own."""


def run(call: Deep[Result]) -> Result:
    """Return the result of a call, however deep the calls in it go."""
    waiting: list[Deep[Any]] = [call]
    result: Any = None
    while waiting:
        try:
            waiting.append(waiting[-1].send(result))
            result = None
        except StopIteration as done:
            waiting.pop()
            result = done.value
    return result  # type: ignore[no-any-return]  # what the first call returned
