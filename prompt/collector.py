"""Keeps Python's garbage collector out of work that makes thousands of objects, none of which is garbage."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def uncollected(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that pauses the collector while it works.

    A tree of many nodes would else be searched for garbage again and again while it grows, which takes as long as
    parsing. The pause is the whole process's, well under a second, and ends with an exception too.
    """

    @wraps(function)
    def paused(*args: P.args, **kwargs: P.kwargs) -> R:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            gc.enable()

    return paused
