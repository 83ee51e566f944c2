"""A clock that a test sets."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

START = datetime(2026, 11, 20, 22, 0, tzinfo=timezone.utc)
"""A Friday."""


class Clock:
    """Tells the time that it was given."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def step(self, **amounts: float) -> None:
        """Go forward, or back."""
        self.now += timedelta(**amounts)

    def set(self, text: str) -> None:
        """Go to a moment, given in UTC."""
        self.now = datetime.fromisoformat(text).replace(tzinfo=timezone.utc)
