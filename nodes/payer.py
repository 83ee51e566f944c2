"""Who pays for this server's pictures, in which wallet: the server's environment says it, never a graph."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from comfy_execution.utils import get_executing_context

from ..wallet import Picture, StorageError
from .paid_runs import RUNS

if TYPE_CHECKING:
    from ..wallet import Standing, Wallet

NOBODY = "nobody pays: TAGLOOM_USER is not set on the server"
WHOSE = (
    "Whose image tokens they are is set where the server is started, by the environment variables TAGLOOM_USER and "
    "TAGLOOM_WALLET; a graph can't change it. Without TAGLOOM_USER nobody pays, and everything goes through. "
)
HONEST = (
    "It counts for honest users: who may edit the graph can delete it. Where that matters, let Tagloom's runner count, "
    "or a gateway in front of the server."
)


def payer() -> str:
    """Return the user who pays, or nothing if nobody does."""
    return os.environ.get("TAGLOOM_USER", "").strip()


def wallet() -> Wallet:
    """Return the wallet that the server's environment names, open.

    Raises:
        WalletError: if it is missing or can't be opened.
    """
    return _opened(os.environ.get("TAGLOOM_WALLET", ""))


@cache
def _opened(url: str) -> Wallet:
    try:
        from ..wallet import Wallet  # here, so that ComfyUI starts without it
    except ModuleNotFoundError as error:
        raise StorageError(
            f"TAGLOOM_USER is set, and image tokens need {error.name}, which this server's Python lacks; install "
            "sqlalchemy and alembic there"
        ) from error
    return Wallet.open(url or None)


def price(picture: Picture) -> int:
    """Return what a picture costs: by the plan of the user who pays here, else one."""
    user = payer()
    return wallet().plan_of(user).price(picture) if user else 1


def in_words(tokens: int) -> str:
    """Return a number of image tokens as reports say it."""
    return f"{tokens} image token{'s' * (tokens != 1)}"


class Standings:
    """How the user stood when a prompt's nodes were asked what they depend on.

    What they show must be just that: ComfyUI finds it again by that, also when the run has changed the balance.
    """

    def __init__(self) -> None:
        self._prompt_id = ""
        self._seen: dict[str, Standing | None] = {}

    def see(self) -> Standing | None:
        """Return how the user stands who pays here, None if nobody does; it is kept for the node that is asked."""
        RUNS.release_ended()
        stands, context = _standing(), get_executing_context()
        if context is not None:
            if context.prompt_id != self._prompt_id:
                self._prompt_id, self._seen = context.prompt_id, {}
            self._seen[context.node_id] = stands
        return stands

    def seen(self) -> Standing | None:
        """Return what was kept for the node that is executed."""
        context = get_executing_context()
        if context is None or context.prompt_id != self._prompt_id or context.node_id not in self._seen:
            return _standing()
        return self._seen[context.node_id]


def _standing() -> Standing | None:
    user = payer()
    return wallet().standing(user) if user else None


STANDINGS = Standings()
