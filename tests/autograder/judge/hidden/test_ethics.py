"""Does assignment 09 know what students are given, wherever it is judged, and does no theme count by accident?"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
from waferlab.checks.core import Case, Finding, Observation
from waferlab.checks.ethics import ASSESSMENT, THEMES, brief, own_sentences, theme_words

from autograder.banks import entries, entry
from autograder.base.course import Course, CourseError, find_course
from autograder.base.notebooks import read_notebook
from autograder.judge.hidden.ethics import expectations, given_texts
from autograder.judge.marking import mark_task
from autograder.wall.sandbox import Answer

COURSE = Course(Path(__file__).resolve().parents[4])
ASSIGNMENT = COURSE.assignment("ethics")
RIGHT = [one.source for one in entries(COURSE, ASSIGNMENT) if one.kind == "right"]


@cache
def expected() -> Observation:
    """What the grader tells the judge."""
    return expectations(COURSE)[ASSESSMENT.name]


def points(text: str) -> dict[str, float]:
    """The points of a text, by check."""
    answer = Answer("ok", "probe", "", 0.0, {"text": text, "type": "str"})
    return {mark.name: mark.points for mark in mark_task(ASSESSMENT, answer, expected()).checks}


@cache
def text_of(source: str) -> Any:
    """The text that an answer returns."""
    names: dict[str, Any] = {"__name__": "answers"}
    exec(source, names)
    return ASSESSMENT.probe(names, Case(1))["text"]


def found(text: str, known: Observation) -> dict[str, Finding]:
    """The findings about a text, by name."""
    return {finding.name: finding for finding in ASSESSMENT.judge({"text": text, "type": "str"}, known)}


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_no_theme_is_treated_by_accident(theme: Any) -> None:
    """Does each right essay lose a theme's points when the sentences that use its words are cut?"""
    for source in RIGHT:
        kept = [sentence for sentence in own_sentences(text_of(source), []) if not theme_words(sentence, theme)]
        padding = [f"On day {n} of the pilot we wrote down what we saw until {n + 12} o'clock." for n in range(9)]
        assert points(" ".join([*kept, *padding]))[theme.name] == 0


def test_the_case_study_and_the_notebook_are_known() -> None:
    """Are sentences of both put aside, although the visible check knows the brief only?"""
    given = "\n".join(expected()["given"])
    assert brief() in given and "The labels are noisy" in given and "Experiment 1" in given
    text = text_of(entry(COURSE, ASSIGNMENT, "case_study_copied").source)
    assert sum(points(text).values()) == 0
    assert found(text, {})["prose"].passed and not found(text, expected())["prose"].passed


def test_a_person_gives_most_of_the_points() -> None:
    """Is what a program sees of an essay worth less than what a person reads in it?"""
    cells = read_notebook(COURSE.notebook("source", ASSIGNMENT)).cells
    written = next(one for one in cells if one.metadata.get("nbgrader", {}).get("grade_id") == "written-conflict")
    assert ASSESSMENT.points < written.metadata.nbgrader["points"]


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
    before = [points(text) for text in texts]
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COURSE_ROOT", raising=False)
    monkeypatch.setattr("autograder.base.course.__file__", str(tmp_path / "site" / "autograder" / "course.py"))
    with pytest.raises(CourseError):
        find_course()
    assert [points(text) for text in texts] == before
    assert all(sum(one.values()) == ASSESSMENT.points for one in before)
