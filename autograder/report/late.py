"""Late submissions: when something was due, when it was handed in, and what the difference costs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.base.course import Course
from autograder.base.records import Result
from autograder.base.settings import Late

DAY = timedelta(days=1)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CLOCKS = timedelta(minutes=10)  # by which two machines' clocks may differ
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?"
    r"(?: ?(Z|[+-]\d\d:?\d\d)| ([A-Za-z][\w+/-]{0,40}))?",
    re.ASCII,
)


def due_dates(course: Course) -> dict[str, datetime]:
    """When each assignment is due, where `course.toml` says so."""
    return {slug: entry.due for slug, entry in course.settings.assignments.items() if entry.due}


def parse_time(text: str, now: datetime) -> datetime:
    """When something was handed in, in UTC, from the words of nbgrader's `timestamp.txt`.

    As in `nbgrader.utils.parse_utc`, a zone may be an offset or a name, and a time without one is UTC. In the hour that
    a clock shows twice in autumn, the earlier is meant.

    >>> parse_time("2026-03-29 03:30:00 Europe/Berlin", datetime(2027, 1, 1, tzinfo=UTC)).isoformat()
    '2026-03-29T01:30:00+00:00'

    Args:
        text: the file's contents; nobody vouches for them.
        now: nothing is handed in later than this.

    Raises:
        ValueError: with a sentence for people.
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise ValueError("its timestamp is no date and time")
    try:
        fields = [int(one or 0) for one in found.groups()[:6]]
        time = datetime(*fields, tzinfo=_zone(found[7], found[8])).astimezone(UTC)  # type: ignore[misc, arg-type]
    except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
        raise ValueError("its timestamp is no date and time that exists, or names an unknown time zone") from None
    if not EARLIEST <= time <= now + CLOCKS:
        raise ValueError("its timestamp lies in the future" if time > now else "its timestamp is before the year 2000")
    return time


def _zone(offset: str | None, name: str | None) -> tzinfo:
    if name:
        return ZoneInfo(name)
    if not offset or offset == "Z":
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:])
    return timezone((-1 if offset[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def lateness(result: Result, due: Mapping[str, datetime], rules: Late) -> timedelta | None:
    """How long after its due date a submission came; None when it was in time or nobody knows."""
    end = due.get(result.assignment or "")
    if end is None or not result.submitted_at:
        return None
    late = datetime.fromisoformat(result.submitted_at).astimezone(UTC) - end.astimezone(UTC)
    return late if late > timedelta(minutes=rules.grace_minutes) else None


def penalty(late: timedelta, full: float, rules: Late) -> float:
    """The points that lateness costs; a day is 24 hours, whatever clocks do in between.

    >>> penalty(timedelta(hours=25), 10.0, Late(per_day=0.1, most=0.5))
    2.0

    Args:
        late: how late, more than nothing.
        full: points of the whole assignment.
        rules: what a day costs.
    """
    if rules.accept_days is not None and late > rules.accept_days * DAY:
        return full
    return round(full * min(rules.most, rules.per_day * math.ceil(late / DAY)), 6)


def with_penalties(course: Course, results: Sequence[Result]) -> list[Result]:
    """The results with what lateness costs each."""
    due, rules = due_dates(course), course.settings.late
    charged = []
    for one in results:
        if one.status == "graded" and (late := lateness(one, due, rules)):
            one = replace(one, late_penalty=penalty(late, one.full, rules))
        charged.append(one)
    return charged


def sentence(course: Course, result: Result) -> str:
    """When it was handed in, and how late that was; empty where no time or no due date is known."""
    due, rules = due_dates(course), course.settings.late
    if not result.submitted_at or result.assignment not in due:
        return ""
    end = due[result.assignment]
    handed_in = datetime.fromisoformat(result.submitted_at).astimezone(end.tzinfo)
    times = f"Handed in {handed_in:%d %b %Y %H:%M:%S}, due {end:%d %b %Y %H:%M:%S} ({end:%Z})"
    late = lateness(result, due, rules)
    if late is None:
        return f"{times}: in time."
    days = math.ceil(late / DAY)
    if rules.accept_days is not None and late > rules.accept_days * DAY:
        return f"{times}: more than {rules.accept_days:g} days late, which gives no points."
    return f"{times}: {days} started {'day' if days == 1 else 'days'} late."
