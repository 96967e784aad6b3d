"""`course grades`: the reports of a graded class again, with the marks that people have entered since."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autograder.base.course import Course
from autograder.report.hand_back import HandedBack, hand_back_again
from autograder.report.times import read_times
from autograder.run.journal import RESULTS, read_results, sole_writer


def grades(course: Course, folder: Path, times: Sequence[str] = (), *, tell: bool = True) -> HandedBack:
    """Write tables, pages and report of a graded class again, with what people entered in Formgrader.

    Nothing is executed.

    Args:
        course: the course.
        folder: the run folder of `course grade`.
        times: files with hand-in times and extensions, as for `course grade`.
        tell: whether somebody is told whose mark moved; if not, that is left for the next time.

    Raises:
        CourseError: a file of times cannot be used, the folder holds no results, another run is writing to it, or the
            gradebook cannot be used.
    """
    results = read_results(folder / RESULTS)
    given = [entry for one in times for entry in read_times(course, one)]
    with sole_writer(folder):
        return hand_back_again(course, folder, results, given, tell=tell)
