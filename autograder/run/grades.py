"""`course grades`: the reports of a graded class again, with the marks that people have entered since."""

from __future__ import annotations

from pathlib import Path

from autograder.base.course import Course
from autograder.base.records import Result
from autograder.report.hand_back import hand_back_again
from autograder.run.journal import RESULTS, read_results, sole_writer


def grades(course: Course, folder: Path) -> list[Result]:
    """Write tables, pages and report of a graded class again, with what people entered in Formgrader.

    Nothing is executed.

    Args:
        course: the course.
        folder: the run folder of `course grade`.

    Raises:
        CourseError: the folder holds no results, another run is writing to it, or the gradebook cannot be used.
    """
    results = read_results(folder / RESULTS)
    with sole_writer(folder):
        return hand_back_again(course, folder, results)
