"""Opens the wallet, and says what its errors mean to the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..wallet.errors import WalletError
from .errors import WalletMissing

if TYPE_CHECKING:
    from ..wallet.ledger import Wallet

EXIT_CODES = {
    "wallet": 1,
    "wallet-storage": 1,
    "wallet-amount": 2,
    "wallet-user": 2,
    "wallet-plan": 2,
    "wallet-key": 2,
    "image-tokens": 6,
}
"""Of the wallet's errors, by their codes. 6 is theirs alone: the balance does not suffice."""
PACKAGES = ("sqlalchemy", "alembic")


def exit_code(error: WalletError) -> int:
    """Return the command line's exit code for an error of the wallet."""
    return EXIT_CODES.get(error.code, EXIT_CODES["wallet"])


def open_wallet(url: str | None = None, create: bool = False) -> Wallet:
    """Open a wallet; close it, or use it in a `with`.

    Args:
        url: a database URL or a file's path; None for `TAGLOOM_WALLET`, else the default place.
        create: make the database where there is none, or bring it up to date.

    Raises:
        WalletMissing: if the extra `wallet` is not installed.
        WalletError: if it can't be opened.
    """
    try:
        from ..wallet.ledger import Wallet
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in PACKAGES:
            raise
        raise WalletMissing(
            f"image tokens need {error.name}; install the extra wallet: uv sync --extra wallet; "
            "or with pip, in a clone: pip install '.[wallet]'"
        ) from error
    return Wallet.open(url, create=create)
