"""Hidden verdict of assignment 09: the points a program can give, and a comparison with all that students are given.

The visible check knows the four questions only. Here sentences copied from the case study or from the notebook are put
aside as well. Nothing is drawn at random: the same text gives the same points in every run.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from waferlab.checks.core import Finding, Observation
from waferlab.checks.ethics import THEMES, brief, judge_against

from autograder.base.course import CourseError, find_course
from autograder.base.notebooks import read_notebook
from autograder.base.records import Check

CHECKS: dict[str, tuple[Check, ...]] = {
    "ethical_impact_assessment": (
        Check("length", 0.5, requires=("prose",)),
        Check("prose", 0.5),
        *(Check(theme.name, 0.5, requires=("prose",)) for theme in THEMES),
    ),
}


@lru_cache
def given_texts(root: Path) -> tuple[str, ...]:
    """What students have before them: the questions, the case study, and the notebook's own text."""
    case = root / "course" / "case-study.md"
    try:
        cells = read_notebook(root / "release" / "09-ethics" / "ethics.ipynb").cells
    except CourseError:  # a course that is being written has no release yet
        cells = []
    texts = [cell.source for cell in cells if cell.cell_type == "markdown"]
    return (brief(), *([case.read_text(encoding="utf-8")] if case.is_file() else []), *texts)


def judge(task: str, seen: Observation, expected: Observation) -> list[Finding]:
    """The visible findings again, with everything copied put aside."""
    return judge_against(seen, given_texts(find_course().root))
