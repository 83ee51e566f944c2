"""Image tokens, the currency that pays for images: plans and prices, and a ledger of who may still generate.

`Wallet`, which needs SQLAlchemy, and what it tells are imported at first use: `import tagloom.wallet` costs little.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .errors import (
    BadAmount,
    InsufficientTokens,
    KeyUsed,
    StorageError,
    UnknownPlan,
    UnknownUser,
    WalletError,
    when_text,
)
from .plans import Picture, Plan, Price, image_tokens, plan, plans

if TYPE_CHECKING:
    from .ledger import Wallet
    from .records import Entry, Fault, Reservation, Standing

HOMES = {
    "ledger": "Wallet",
    "records": "Entry Fault Reservation Standing",
}
"""The public names of modules that are imported when one of them is asked for."""

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
    "when_text",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its home, once (PEP 562)."""
    for home, names in HOMES.items():
        if name in names.split():
            value = getattr(importlib.import_module(f".{home}", __name__), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
