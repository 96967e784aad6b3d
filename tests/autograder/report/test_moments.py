"""Moments of time as platforms and people write them."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from autograder.report.moments import Zone, moment_of

BERLIN = Zone(ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    "text",
    [
        "Friday, 27 November 2026, 11:58 PM",
        "Friday, November 27, 2026, 11:58 PM",
        "Freitag, 27. November 2026, 23:58",
        "vendredi 27 novembre 2026, 23:58",
        "viernes, 27 de noviembre de 2026, 23:58",
        "piątek, 27 listopada 2026, 23:58",
        "Extension granted until: Friday, 27 November 2026, 11:58 PM",
        "2026-11-27T22:58:00Z",
        "2026-11-27 22:58:00 UTC",
        "2026-11-27 23:58",
        "2026-11-27T23:58:00+01:00",
        "27.11.2026 23:58",
        "11/27/2026 11:58 pm",
        "27/11/2026, 23:58:00",
    ],
)
def test_a_moment_is_read_however_it_is_written(text):
    """Do Moodle's languages, Canvas' and a spreadsheet's way of writing all mean the same moment?"""
    assert moment_of(text, BERLIN).astimezone(UTC).isoformat() == "2026-11-27T22:58:00+00:00"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("03/04/2026 12:00", "may be two days: write 2026-MM-DD"),
        ("soon", "expected a date and a time, for example"),
        ("2026-11-27", "the time is missing"),
        ("30 February 2026, 12:00", "no such day"),
        ("27 November 2026, 13:00 PM", "no such time"),
        ("27 November 1970, 13:00", "before the year 2000"),
        ("November 2026, 12:00", "expected a date"),
    ],
)
def test_what_is_no_moment_or_two_is_not_guessed(text, cause):
    """Is a day that may be another one refused, and the cause told?"""
    with pytest.raises(ValueError, match=cause):
        moment_of(text, BERLIN)


def test_a_time_without_an_offset_needs_a_zone():
    """Is it said how to set one where neither the settings nor a due date tell?"""
    with pytest.raises(ValueError, match=r"no offset from UTC: set timezone"):
        moment_of("2026-11-27 23:58", Zone(None))


def test_a_day_alone_is_its_last_second_where_a_day_is_enough():
    """Does an extension until the 30th end with the 30th?"""
    assert moment_of("2026-11-30", BERLIN, end_of_day=True).isoformat() == "2026-11-30T23:59:59+01:00"
