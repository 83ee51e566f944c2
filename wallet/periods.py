"""Periods of plans: which one a moment lies in, and when the next one begins, in a time zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import TYPE_CHECKING, Literal

Period = Literal["day", "week", "month"]
PERIODS: tuple[Period, ...] = ("day", "week", "month")


if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


@cache
def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name.

    Raises:
        ValueError: if there is none of that name, or this machine has no list of them.
    """
    from zoneinfo import ZoneInfo  # at its first use, as ComfyUI's start should not wait for it

    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError) as error:
        raise ValueError(f"there is no time zone {name!r}; write one such as UTC or Europe/Berlin") from error


def first_day(moment: datetime, period: Period, time_zone: str) -> date:
    """Return the first day of the period in which a moment lies, by that zone's calendar; weeks begin on Monday."""
    return _begin(moment.astimezone(zone(time_zone)).date(), period)


def next_first_day(first: date, period: Period) -> date:
    """Return the first day of the period after the one that begins on a day."""
    longest = {"day": 1, "week": 7, "month": 31}[period]
    return _begin(first + timedelta(days=longest), period)


def begins(first: date, time_zone: str) -> datetime:
    """Return the moment, in UTC, at which a day begins in a zone; where midnight is left out, the first one after."""
    return datetime.combine(first, time(), zone(time_zone)).astimezone(timezone.utc)


def between(after: str, until: str, period: Period) -> list[str]:
    """Return the first days of the periods that begin after one day and before another, all as `2026-11-23`."""
    first = next_first_day(_begin(date.fromisoformat(after), period), period)
    found = []
    while first.isoformat() < until:
        found.append(first.isoformat())
        first = next_first_day(first, period)
    return found


def days_between(first: str, second: str) -> int:
    """Return how many days lie between two, each as `2026-11-23`; 0 if the second one does not come later."""
    return max(0, (date.fromisoformat(second) - date.fromisoformat(first)).days)


def _begin(day: date, period: Period) -> date:
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day
