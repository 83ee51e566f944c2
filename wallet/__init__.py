"""Image tokens, the currency that pays for images: plans and prices, and a ledger of who may still generate.

`Wallet` and what belongs to it needs SQLAlchemy and is loaded when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import (
    BadAmount,
    InsufficientTokens,
    KeyUsed,
    StorageError,
    UnknownPlan,
    UnknownUser,
    WalletError,
)
from .plans import Picture, Plan, Price, image_tokens, plan, plans
from .records import Entry, Fault, Reservation, Standing

if TYPE_CHECKING:
    from .ledger import Wallet

__all__ = [
    "BadAmount",
    "Entry",
    "Fault",
    "InsufficientTokens",
    "KeyUsed",
    "Picture",
    "Plan",
    "Price",
    "Reservation",
    "Standing",
    "StorageError",
    "UnknownPlan",
    "UnknownUser",
    "Wallet",
    "WalletError",
    "image_tokens",
    "plan",
    "plans",
]


def __getattr__(name: str) -> object:
    if name != "Wallet":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .ledger import Wallet

    return Wallet
