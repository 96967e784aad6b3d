"""What only the grader knows about assignment 09: all that students are given, from which sentences may be copied.

The visible checks know the four questions only. Here the case study and the notebook's own text are known as well.
"""

from __future__ import annotations

from waferlab.checks.core import Observation
from waferlab.checks.ethics import ASSESSMENT, brief

from autograder.base.course import Course, CourseError
from autograder.base.notebooks import read_notebook


def given_texts(course: Course) -> list[str]:
    """What students have before them: the questions, the case study, and the notebook's own text."""
    case = course.root / "course" / "case-study.md"
    try:
        cells = read_notebook(course.root / "release" / "09-ethics" / "ethics.ipynb").cells
    except CourseError:  # a course that is being written has no release yet
        cells = []
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    return [brief(), *([case.read_text(encoding="utf-8")] if case.is_file() else []), *texts]


def expectations(course: Course) -> dict[str, Observation]:
    """The texts that no sentence may be copied from, for the judge."""
    return {ASSESSMENT.name: {"given": given_texts(course)}}
