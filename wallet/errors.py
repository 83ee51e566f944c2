"""What can go wrong with image tokens. Each class carries a code; the runner's registry says what each means.

WalletError                 wallet          it can't be used or understood
├── BadAmount               wallet-amount   no such number of image tokens, or no such text
├── UnknownUser             wallet-user     nobody has this name, or somebody has it already
├── UnknownPlan             wallet-plan     no plan has this id, or the file of plans is wrong
├── KeyUsed                 wallet-key      a key that stands for something else already
├── InsufficientTokens      image-tokens    the balance does not suffice
└── StorageError            wallet-storage  the database is missing, damaged, locked, read-only or newer
"""

from __future__ import annotations

from datetime import datetime, timezone


class WalletError(Exception):
    """A failure that the user is told in one line; nothing was changed."""

    code = "wallet"


class BadAmount(WalletError, ValueError):
    """An amount that is negative, no whole number, or beyond what a ledger holds; or a name or key that is none."""

    code = "wallet-amount"


class UnknownUser(WalletError):
    """Nobody in the wallet has this name, or somebody has it already."""

    code = "wallet-user"

    @classmethod
    def of(cls, name: str) -> UnknownUser:
        """Return the error of a user that is not there."""
        return cls(f"there is no user {name!r:.120} in the wallet; make one with: tagloom wallet create NAME")


class UnknownPlan(WalletError, ValueError):
    """No plan has this id, or a file of plans can't be understood."""

    code = "wallet-plan"


class KeyUsed(WalletError):
    """An idempotency key that stands for another operation already."""

    code = "wallet-key"


class InsufficientTokens(WalletError):
    """The balance does not suffice.

    Attributes:
        needs: image tokens that are wanted.
        left: image tokens that there are.
        next_grant: when the user receives the next ones (UTC), or None.
    """

    code = "image-tokens"

    def __init__(self, needs: int, left: int, next_grant: datetime | None) -> None:
        when = f", next grant {when_text(next_grant)}" if next_grant else ""
        super().__init__(f"needs {needs} image token{'s' * (needs != 1)}, {left} left{when}")
        self.needs, self.left, self.next_grant = needs, left, next_grant

    def __reduce__(self) -> tuple[type[InsufficientTokens], tuple[int, int, datetime | None]]:
        return type(self), (self.needs, self.left, self.next_grant)


class StorageError(WalletError):
    """The wallet's database is missing, damaged, locked, read-only, out of reach or of a newer Tagloom."""

    code = "wallet-storage"


def when_text(moment: datetime) -> str:
    """Return a moment as users read it: `2026-11-23 00:00 UTC`."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
