"""Does the points table of assignment 09 keep every honest essay's points and give none for boilerplate?"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from waferlab.checks.core import Case, Finding
from waferlab.checks.ethics import TASKS, THEMES, brief, own_sentences, theme_words

from autograder.banks import answers, must_fail
from autograder.base.notebooks import read_notebook, reference_cells, without_markers
from autograder.base.records import Mark
from autograder.judge.hidden.ethics import CHECKS, given_texts
from autograder.judge.marking import findings_for, give_points

ROOT = Path(__file__).resolve().parents[4]
NOTEBOOK = ROOT / "source" / "09-ethics" / "ethics.ipynb"
TASK = TASKS["ethical_impact_assessment"]
TABLE = CHECKS[TASK.name]
FULL = sum(check.points for check in TABLE)
WRONG = answers("ethics", "wrong")
RIGHT = answers("ethics", "right")


def judged(source: str) -> tuple[dict[str, Any], list[Finding], list[Mark]]:
    """Observation, findings and marks of one answer."""
    names: dict[str, Any] = {"__name__": "answers"}
    exec(source, names)
    seen = TASK.probe(names, Case(1))
    findings = findings_for("ethics", TASK, seen, {})
    return seen, findings, give_points(TABLE, findings)


@cache
def judged_file(path: Path) -> tuple[dict[str, Any], list[Finding], list[Mark]]:
    """The same for a file of a bank."""
    return judged(path.read_text(encoding="utf-8"))


def model_answer() -> str:
    """The reference's solution cell."""
    return "\n\n".join(without_markers(cell.source) for cell in reference_cells(read_notebook(NOTEBOOK)))


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_wrong_answers_lose_exactly_the_checks_they_name(path: Path) -> None:
    """Does a flaw cost the points that its docstring names, and no others?"""
    lost = {mark.name for mark in judged_file(path)[2] if mark.points < mark.max}
    assert lost == set(must_fail(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_right_answers_get_full_marks(path: Path) -> None:
    """Does an honest essay of any form keep all its points?"""
    _, findings, marks = judged_file(path)
    assert [finding for finding in findings if not finding.passed] == []
    assert sum(mark.points for mark in marks) == FULL


def test_the_model_answer_gets_full_marks() -> None:
    """Is the solution's own essay within the rules?"""
    assert sum(mark.points for mark in judged(model_answer())[2]) == FULL


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_no_theme_is_treated_by_accident(theme: Any) -> None:
    """Does each right essay lose a theme's points, and no more, when the sentences that use its words are cut?"""
    for path in RIGHT:
        text = judged_file(path)[0]["text"]
        kept = [sentence for sentence in own_sentences(text, []) if not theme_words(sentence, theme)]
        padding = [f"On day {n} of the pilot we wrote down what we saw until {n + 12} o'clock." for n in range(9)]
        marks = judged(f"def ethical_impact_assessment():\n    return {' '.join([*kept, *padding])!r}")[2]
        assert next(mark.points for mark in marks if mark.name == theme.name) == 0


def test_the_case_study_and_the_notebook_are_known() -> None:
    """Are sentences of both put aside, although the visible check knows the brief only?"""
    given = "\n".join(given_texts(ROOT))
    assert brief() in given and "The labels are noisy" in given and "Experiment 1" in given
    path = next(path for path in WRONG if path.stem.endswith("case_study_copied"))
    seen, _, marks = judged_file(path)
    assert sum(mark.points for mark in marks) == 0
    assert next(finding for finding in TASK.judge(seen, {}) if finding.name == "prose").passed


def test_quoting_the_questions_as_headings_is_fine() -> None:
    """Does an essay that repeats all four questions above its answers keep every point?"""
    text = judged_file(next(path for path in RIGHT if path.stem.endswith("questions")))[0]["text"]
    assert all(theme.question in text for theme in THEMES)


def test_points_match_the_notebook() -> None:
    """Do the points of the task sum to those of its check cell, and most of all points lie with a person?"""
    cells = read_notebook(NOTEBOOK).cells
    graded = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata}
    assert graded[f"check-{TASK.name}"]["points"] == FULL < graded["written-conflict"]["points"]


def test_a_course_without_a_release_is_judged(tmp_path: Path) -> None:
    """Is the brief enough where nothing else has been written yet?"""
    assert given_texts(tmp_path) == (brief(),)
