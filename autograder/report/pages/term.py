"""The class record as a page: a line per person, a column per assignment, and the course's total."""

from __future__ import annotations

from autograder.base.course import Course
from autograder.report.pages import common as pages
from autograder.report.term import Record

MAX_ROWS = 2_000  # people in the table; `term.csv` beside the page holds all


def render(record: Record, course: Course) -> str:
    """The page: one HTML file, the same bytes for the same record.

    Args:
        record: everybody's work.
        course: for its title and rules.
    """
    full = sum(record.weights)
    return pages.render(
        "term.html.j2",
        course_title=course.settings.title,
        record=record,
        shares=[100 * weight / full if full else 0.0 for weight in record.weights],
        means=[record.mean(column) for column in range(len(record.assignments))],
        by_points=all(entry.weight is None for entry in course.settings.assignments.values()),
        drop_lowest=course.settings.term.drop_lowest,
        waiting=sum(cell.state == "waits" for line in record.lines for cell in line.cells),
        unread=sum(cell.state == "not read" for line in record.lines for cell in line.cells),
        max_rows=MAX_ROWS,
    )
