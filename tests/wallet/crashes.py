"""Crashes before any statement and right after a commit: the connection is lost, with what was not committed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

AFTER_COMMIT = -1
"""In the place of a statement's number."""


class Crash(BaseException):
    """The process is gone, as far as the wallet can see."""


@dataclass
class Crashed:
    """Whether a crash came, and whether everything was committed by then."""

    crashed: bool = False
    committed: bool = False


@contextmanager
def crashing(at: int | None) -> Iterator[Crashed]:
    """Crash in the block before its statement of a number, counted from 0, or after its commit, or not at all."""
    told = Crashed()
    if at is None:
        yield told
        return
    hooks = _hooks(at, told)
    for name, hook in hooks.items():
        sa.event.listen(sa.Engine, name, hook)
    try:
        yield told
    except Crash:
        told.crashed = True
    finally:
        for name, hook in hooks.items():
            sa.event.remove(sa.Engine, name, hook)


def _hooks(at: int, told: Crashed) -> dict[str, Callable[..., None]]:
    left = [at]

    def before_statement(connection: Connection, *_: object) -> None:
        left[0] -= 1
        if left[0] == -1 and at != AFTER_COMMIT:
            _die(connection)

    def at_commit(connection: Connection) -> None:
        if at == AFTER_COMMIT:
            connection.connection.dbapi_connection.commit()
            told.committed = True
            _die(connection)
        before_statement(connection)

    return {"before_cursor_execute": before_statement, "commit": at_commit}


def _die(connection: Connection) -> None:
    connection.invalidate()
    raise Crash
