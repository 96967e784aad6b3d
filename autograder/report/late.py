"""Late submissions: when something was due, when it was handed in, and what the difference costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from autograder.base.course import Course
from autograder.base.records import Result
from autograder.base.settings import Late

DAY = timedelta(days=1)


def due_dates(course: Course) -> dict[str, datetime]:
    """When each assignment is due, where `course.toml` says so."""
    return {slug: entry.due for slug, entry in course.settings.assignments.items() if entry.due}


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
