"""Code that a person marks beside the checks (09's assessment): does it wait for a mark by itself, everywhere?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from page_class import COURSE, answered, handed_in
from page_samples import words
from waferlab.checks.ethics import ASSESSMENT

from autograder.banks import entry
from autograder.base.notebooks import grade_id, read_notebook
from autograder.base.records import Result, WrittenResult
from autograder.rebuild import regraft
from autograder.report.gradebook import COURSE_ID
from autograder.report.hand_back import hand_back
from autograder.report.pages.feedback import render
from autograder.report.pages.hardest import questions
from autograder.report.pages.report import class_of
from autograder.report.similar import similar_answers
from autograder.report.titles import Titles
from autograder.run.journal import write_results
from autograder.run.one import to_mark

SLUG, NAME, QUESTION = "09-ethics", ASSESSMENT.name, "written-conflict"
ESSAY = entry(COURSE, COURSE.assignment(SLUG), "british_prose").source


def result(points: float | None = None) -> Result:
    """A right assessment, and an empty question."""
    written = (WrittenResult(NAME, 5.0, ESSAY, points), WrittenResult(QUESTION, 2.0, ""))
    made = handed_in("Ann", SLUG, answered(ASSESSMENT), written=written)
    return replace(made, answers={NAME: ESSAY}, person="name:Ann")


@pytest.mark.parametrize(
    ("cell", "source", "expected"),
    [
        pytest.param(NAME, ESSAY, {NAME: ESSAY, QUESTION: ""}, id="question left empty"),
        pytest.param(
            QUESTION, "They pull apart.", {NAME: "", QUESTION: "They pull apart."}, id="assessment left empty"
        ),
        pytest.param("", "", {NAME: "", QUESTION: ""}, id="both left empty"),
    ],
)
def test_what_is_left_empty_takes_nothing_from_another(cell: str, source: str, expected: dict[str, str]) -> None:
    """Does a person get to read each answer that is there, whatever else is not?"""
    release = read_notebook(COURSE.notebook("release", COURSE.assignment(SLUG)))
    submission = read_notebook(COURSE.notebook("release", COURSE.assignment(SLUG)))
    for one in submission.cells:
        if grade_id(one) == cell:
            one.source = source
    graft = regraft(release, submission, {NAME: ASSESSMENT.defines})
    assert {name: to_mark(graft, name).strip() for name in expected} == {
        name: text.strip() for name, text in expected.items()
    }


def test_formgrader_asks_for_the_mark_and_gives_it_back(tmp_path: Path) -> None:
    """Does the assessment wait in the gradebook with its points, and come back with mark and comment, told once?"""
    write_results(tmp_path / "results.jsonl", [result()])
    assert [one.to_mark for one in hand_back(COURSE, tmp_path, [result()], "synthetic-wafers").results] == [1]
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}", COURSE_ID) as book:
        grades = {one.name: one for one in book.find_submission_notebook("ethics", SLUG, "Ann").grades}
        assert (grades[NAME].max_score, grades[NAME].needs_manual_grade) == (5.0, True)
        assert (grades[QUESTION].auto_score, grades[QUESTION].needs_manual_grade) == (0.0, False)
        grades[NAME].manual_score = 4.5
        comment = next(one for one in book.find_submission_notebook("ethics", SLUG, "Ann").comments if one.name == NAME)
        comment.manual_comment = "Who pays?"
        book.db.commit()
    (again,) = hand_back(COURSE, tmp_path, [result()], "synthetic-wafers").results
    assert (again.total, again.to_mark) == (5.5, 0)
    assert words(render(again, COURSE)).count("Who pays?") == 1


def test_it_is_no_copy_of_itself() -> None:
    """Is a text that is both a task's answer and marked by hand compared with others' only?"""
    assert similar_answers(COURSE, [result()]) == []


def test_checks_and_mark_are_ranked_apart() -> None:
    """Does the report rank what a person gave and what the checks gave as two questions?"""
    ranked = questions(class_of([result(2.5)], COURSE), Titles(COURSE))
    titles = ["Question 1: unequal errors", "Task 1: the assessment", ASSESSMENT.title]
    assert [(one.title, one.won) for one in ranked] == list(zip(titles, (0.0, 0.5, 1.0), strict=True))
