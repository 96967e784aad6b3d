"""What only the grader knows about assignment 09: all that students are given, from which words may be copied.

The visible checks know the four questions only. Here the case study and the notebook's own text are known as well.
"""

from __future__ import annotations

from waferlab.checks.core import Observation
from waferlab.checks.ethics import ASSESSMENT, brief

from autograder.base.course import Course, CourseError
from autograder.base.notebooks import read_notebook


def given_texts(course: Course) -> list[str]:
    """What students have before them: the questions, the case study, and the notebook, docstrings included."""
    case = course.root / "course" / "case-study.md"
    try:
        cells = read_notebook(course.notebook("release", course.assignment(ASSESSMENT.module))).cells
    except CourseError:  # a course that is being written has no release yet
        cells = []
    texts = [case.read_text(encoding="utf-8")] if case.is_file() else []
    return [brief(), *texts, *(cell.source for cell in cells)]


def expectations(course: Course) -> dict[str, Observation]:
    """The texts that no words may be copied from, for the judge."""
    return {ASSESSMENT.name: {"given": given_texts(course)}}
