"""Late submissions: when something was due, when it was handed in, and what the difference costs."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from autograder.base.course import Course
from autograder.base.records import Result
from autograder.base.settings import Late

DAY = timedelta(days=1)
MAX_NAMED = 8
HOW = (
    "Give the times with `course grades RUN --times FILE` (nothing is graded again): Moodle's grading worksheet, "
    "Canvas' submissions as JSON, or a CSV with the columns name, assignment, submitted_at"
)
_CANVAS_LATE = re.compile(r"[^\W_][^_\s]*_LATE_\d+_\d+_.+")


def due_dates(course: Course) -> dict[str, datetime]:
    """When each assignment is due, where `course.toml` says so."""
    return {slug: entry.due for slug, entry in course.settings.assignments.items() if entry.due}


def due_of(result: Result, due: Mapping[str, datetime]) -> datetime | None:
    """When a submission was due: for this student, who may have longer than the class."""
    end = due.get(result.assignment or "")
    return max(end, datetime.fromisoformat(result.extended_until)) if end and result.extended_until else end


def lateness(result: Result, due: Mapping[str, datetime], rules: Late) -> timedelta | None:
    """How long after its due date a submission came; None when it was in time or nobody knows."""
    end = due_of(result, due)
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
    end = due_of(result, due)
    if not result.submitted_at or end is None:
        return ""
    first = due[result.assignment or ""]
    handed_in = datetime.fromisoformat(result.submitted_at).astimezone(first.tzinfo)
    extended = f", for you {_shown(end.astimezone(first.tzinfo))}" if end > first else ""
    times = f"Handed in {_shown(handed_in)}, due {_shown(first)}{extended} ({first:%Z})"
    late = lateness(result, due, rules)
    if late is None:
        return f"{times}: in time."
    days = math.ceil(late / DAY)
    if rules.accept_days is not None and late > rules.accept_days * DAY:
        return f"{times}: more than {rules.accept_days:g} days late, which gives no points."
    return f"{times}: {days} started {'day' if days == 1 else 'days'} late."


def _shown(moment: datetime) -> str:
    return f"{moment:%d %b %Y %H:%M:%S}"


# --- what is not known -----------------------------------------------------------------------------------------------


def marked_late(result: Result) -> bool:
    """Whether Canvas says so in the file's name, which tells no time."""
    return any(_CANVAS_LATE.fullmatch(part) for part in (result.upload, *result.file.split("/")))


def with_notes(results: Sequence[Result]) -> list[Result]:
    """Say of those that Canvas marked as late, and whose time is not known, that nothing is taken off."""
    note = "Canvas marked it as late; when it came is not known here, so nothing is taken off."
    unknown = [marked_late(one) and not one.submitted_at for one in results]
    return [
        replace(one, repairs=(*one.repairs, note)) if late else one for one, late in zip(results, unknown, strict=True)
    ]


def remarks(course: Course, results: Sequence[Result]) -> list[str]:
    """What is missing to charge those who are late, and how to give it."""
    due, rules = due_dates(course), course.settings.late
    late = [one for one in results if marked_late(one) and not one.submitted_at]
    timeless = Counter(
        one.assignment for one in results if one.assignment in due and not one.submitted_at and one not in late
    )
    said = []
    if late:
        names = [f"{one.student} ({one.assignment or one.file})" for one in late]
        listed = ", ".join(names[:MAX_NAMED]) + (f" and {len(names) - MAX_NAMED} more" if names[MAX_NAMED:] else "")
        dates = sorted({one.assignment for one in late if one.assignment and one.assignment not in due})
        more = f", and a due date below {', '.join(f'[assignments.{slug}]' for slug in dates)}" if dates else ""
        said.append(f"Canvas marked as late, and names no time: {listed}. Nothing is taken off for that. {HOW}{more}.")
    elif timeless and (rules.per_day or rules.accept_days is not None):
        counts = ", ".join(f"{slug} ({count})" for slug, count in sorted(timeless.items(), key=str))
        said.append(f"Due dates are set, and no hand-in time is known: {counts}. Nothing is taken off there. {HOW}.")
    return said
