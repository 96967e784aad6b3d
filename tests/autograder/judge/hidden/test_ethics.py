"""Does assignment 09 know what students are given, wherever it is judged, and does a person mark the rest?"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from waferlab.checks.core import Case, Observation
from waferlab.checks.ethics import ASSESSMENT, brief

from autograder.banks import entries
from autograder.base.course import Course, CourseError, find_course
from autograder.base.notebooks import grade_id, grading, is_check, is_marked, read_notebook
from autograder.judge.hidden.ethics import expectations, given_texts
from autograder.judge.marking import mark_task
from autograder.wall.sandbox import Answer

COURSE = Course(Path(__file__).resolve().parents[4])
ASSIGNMENT = COURSE.assignment("ethics")
RIGHT = [one.source for one in entries(COURSE, ASSIGNMENT) if one.kind == "right"]
CELLS = read_notebook(COURSE.notebook("source", ASSIGNMENT)).cells


@cache
def expected() -> Observation:
    """What the grader tells the judge."""
    return expectations(COURSE)[ASSESSMENT.name]


def points(text: str) -> float:
    """The points of a text."""
    return mark_task(ASSESSMENT, Answer("ok", "probe", "", 0.0, {"text": text}), expected()).points


def text_of(source: str) -> Any:
    """The text that an answer returns."""
    names: dict[str, Any] = {"__name__": "answers"}
    exec(source, names)
    return ASSESSMENT.probe(names, Case(1))["text"]


def test_whatever_students_are_given_is_no_answer() -> None:
    """Do 400 words from any place of notebook and case study give nothing, although the visible check knows neither?"""
    words = " ".join(expected()["given"]).split()
    copies = [" ".join(words[start : start + 400]) for start in range(0, len(words) - 400, 200)]
    assert len(copies) > 20 and [text for text in copies if points(text)] == []


def test_a_person_gives_all_but_one_point() -> None:
    """Is what a program sees worth one point, and is every other cell marked by itself, the assessment included?"""
    assert sum(grading(cell)["points"] for cell in CELLS if is_check(cell)) == ASSESSMENT.points == 1
    by_hand = {grade_id(cell): grading(cell)["points"] for cell in CELLS if is_marked(cell)}
    assert by_hand.keys() == {ASSESSMENT.name, "written-conflict"} and sum(by_hand.values()) == 7


def test_the_length_of_the_model_answer() -> None:
    """Has the model answer to the question the length that it asks for?"""
    model = next(cell.source for cell in CELLS if grade_id(cell) == "written-conflict")
    assert 80 <= len(model.split()) <= 150


def test_a_course_without_a_release_is_judged(tmp_path: Path) -> None:
    """Is the brief enough where nothing else has been written yet?"""
    assert given_texts(Course(tmp_path)) == [brief()]


def test_given_texts_are_those_of_the_course_at_hand(tmp_path: Path) -> None:
    """Does an instructor's own case study count, and not the one that lies in the working folder?"""
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "case-study.md").write_text("Another plant makes lenses.")
    assert given_texts(Course(tmp_path)) == [brief(), "Another plant makes lenses."]


def test_the_working_folder_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Are the points the same where the working folder, and no folder above the grader, holds a course?"""
    texts = [text_of(source) for source in RIGHT]
    expected()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    monkeypatch.setattr("autograder.base.course.__file__", str(tmp_path / "site" / "autograder" / "course.py"))
    with pytest.raises(CourseError):
        find_course()
    assert [points(text) for text in texts] == [1.0] * len(texts)
