"""Days, weeks and months as calendars of time zones have them, with hours that are left out or come twice."""

from __future__ import annotations

from datetime import date, datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tagloom.wallet.periods import PERIODS, begins, between, first_day, next_first_day, zone

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("moment", "period", "time_zone", "first"),
    [
        ("2026-11-22 23:59:59.999", "day", "UTC", "2026-11-22"),
        ("2026-11-23 00:00", "day", "UTC", "2026-11-23"),
        ("2026-11-22 14:59", "day", "Asia/Tokyo", "2026-11-22"),
        ("2026-11-22 15:00", "day", "Asia/Tokyo", "2026-11-23"),
        ("2026-11-23 04:59", "day", "America/New_York", "2026-11-22"),
        ("2026-11-23 05:00", "day", "America/New_York", "2026-11-23"),
        ("2026-11-22 12:00", "week", "UTC", "2026-11-16"),
        ("2026-11-23 00:00", "week", "UTC", "2026-11-23"),
        ("2026-01-01 12:00", "week", "UTC", "2025-12-29"),
        ("2026-11-30 23:00", "month", "UTC", "2026-11-01"),
        ("2026-11-30 23:00", "month", "Europe/Berlin", "2026-12-01"),
        ("2026-01-01 02:00", "month", "America/New_York", "2025-12-01"),
    ],
)
def test_a_moment_lies_in_a_period_of_its_zone_s_calendar(moment, period, time_zone, first):
    assert first_day(utc(moment), period, time_zone) == date.fromisoformat(first)


@pytest.mark.parametrize(
    ("first", "period", "after"),
    [
        ("2026-12-31", "day", "2027-01-01"),
        ("2028-02-28", "day", "2028-02-29"),
        ("2026-12-28", "week", "2027-01-04"),
        ("2026-01-01", "month", "2026-02-01"),
        ("2026-02-01", "month", "2026-03-01"),
        ("2026-12-01", "month", "2027-01-01"),
    ],
)
def test_the_next_period(first, period, after):
    assert next_first_day(date.fromisoformat(first), period) == date.fromisoformat(after)


@pytest.mark.parametrize(
    ("first", "time_zone", "begins_at"),
    [
        ("2026-03-29", "Europe/Berlin", "2026-03-28 23:00"),
        ("2026-03-30", "Europe/Berlin", "2026-03-29 22:00"),
        ("2026-10-25", "Europe/Berlin", "2026-10-24 22:00"),
        ("2026-10-26", "Europe/Berlin", "2026-10-25 23:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04 03:00"),  # the hour after midnight is left out
        ("2011-12-30", "Pacific/Apia", "2011-12-30 10:00"),  # the whole day is left out
        ("2011-12-31", "Pacific/Apia", "2011-12-30 10:00"),
        ("2010-11-07", "America/St_Johns", "2010-11-07 02:30"),  # a minute later it is yesterday for 59 minutes
        ("2026-11-23", "Pacific/Kiritimati", "2026-11-22 10:00"),
    ],
)
def test_a_day_begins_by_its_zone_s_clocks(first, time_zone, begins_at):
    """Berlin's day of 23 hours and its day of 25."""
    assert begins(date.fromisoformat(first), time_zone) == utc(begins_at)


@pytest.mark.parametrize(
    ("after", "until", "period", "firsts"),
    [
        ("2026-11-20", "2026-11-23", "day", ["2026-11-21", "2026-11-22"]),
        ("2026-11-20", "2026-11-21", "day", []),
        ("2026-11-20", "2026-11-20", "day", []),
        ("2026-11-23", "2026-11-01", "day", []),
        ("2026-11-09", "2026-11-30", "week", ["2026-11-16", "2026-11-23"]),
        ("2026-11-01", "2027-02-01", "month", ["2026-12-01", "2027-01-01"]),
        ("2026-11-12", "2026-12-02", "week", ["2026-11-16", "2026-11-23", "2026-11-30"]),
    ],
)
def test_periods_between_two_days(after, until, period, firsts):
    assert between(after, until, period) == firsts


@given(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), st.sampled_from(PERIODS), st.sampled_from(ZONES))
def test_every_moment_lies_between_its_period_s_bounds(moment, period, time_zone):
    """Also in days that have 23, 25 or no hours."""
    moment = moment.replace(tzinfo=timezone.utc)
    first = first_day(moment, period, time_zone)
    after = next_first_day(first, period)
    assert begins(first, time_zone) <= moment < begins(after, time_zone)
    assert between(str(first), str(after), period) == []


@pytest.mark.parametrize("name", ["Mars/Base", "", "../../etc/passwd", "/etc/localtime", "Europe", "UTC\0", "x" * 999])
def test_there_is_no_such_zone(name):
    with pytest.raises(ValueError, match=r"there is no time zone .*; write one such as UTC or Europe/Berlin"):
        zone(name)
