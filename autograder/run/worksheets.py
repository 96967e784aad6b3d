"""Moodle's grading worksheets that lie beside the submissions: they tell hand-in times, too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.base.course import Course, CourseError
from autograder.base.records import Submission
from autograder.intake.worksheets import worksheets_in
from autograder.report.hand_ins import moodles_number
from autograder.report.times import Entry, read_times


def times_beside(
    course: Course, paths: Sequence[Path], submissions: Sequence[Submission]
) -> tuple[list[Entry], list[str]]:
    """The times in the worksheets at these paths, and a sentence for each that cannot be read for times.

    A worksheet is about the assignment of the folders whose numbers it holds; nothing is taken from one whose numbers
    belong to several, or to an assignment without a due date.

    Args:
        course: for due dates.
        paths: what the person at the keyboard named.
        submissions: what was found there.
    """
    entries: list[Entry] = []
    remarks = []
    for file, numbers in {file: table for path in paths for file, table in worksheets_in(path).items()}.items():
        slugs = {one.assignment.slug for one in submissions if one.assignment and moodles_number(one.upload) in numbers}
        if len(slugs) != 1 or course.settings.assignments[slug := slugs.pop()].due is None:
            continue
        try:
            entries += read_times(course, f"{slug}={file}")
        except CourseError as error:
            remarks.append(f"No hand-in times are taken from Moodle's worksheet: {error}")
    return entries, remarks
