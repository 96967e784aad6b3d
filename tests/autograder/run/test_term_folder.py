"""Two weeks in one run folder, graded by the real pipeline."""

from __future__ import annotations

import csv
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from autograder.base.course import Course, find_course
from autograder.base.notebooks import read_notebook, write_notebook
from autograder.run import one
from autograder.run.grade import grade
from autograder.run.grades import grades

pytestmark = pytest.mark.usefixtures("one_worker")


def hand_in(folder: Path, slug: str, *students: str) -> Path:
    """Releases as they are, which cost no time to grade."""
    course = find_course()
    assignment = course.assignment(slug)
    for student in students:
        notebook = read_notebook(course.notebook("release", assignment))
        write_notebook(folder / student / f"{assignment.notebook_name}.ipynb", notebook)
    return folder


def rows(out: Path) -> list[tuple[str, str]]:
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        return [(row["student"], row["assignment"]) for row in csv.DictReader(file)]


def test_a_second_week_leaves_the_first_in_every_table(tmp_path):
    """Are 04's rows, pages and columns still there after 03 was graded into the folder that held 04?"""
    out, course = tmp_path / "graded", find_course()
    four, two = hand_in(tmp_path / "w4", "04-encoder", "ada", "bob"), hand_in(tmp_path / "w2", "02-eda", "ada")
    options = {"jobs": 1, "dataset": "synthetic-wafers"}
    grade(course, [four], out, **options)
    graded = grade(course, [two], out, **options)
    both = [("ada", "02-eda"), ("ada", "04-encoder"), ("bob", "04-encoder")]
    assert rows(out) == both
    assert graded.remarks == ("Earlier rows of other assignments stay as they are: 04-encoder (2).",)
    assert "Look at the data first" in (out / "canvas.csv").read_text()
    assert "The encoder" in (out / "canvas.csv").read_text()
    page = (out / "report.html").read_text()
    assert "feedback/bob/04-encoder/encoder.html" in page and "feedback/ada/02-eda/eda.html" in page
    assert graded.changes == ()
    shutil.rmtree(four / "bob")
    assert "Kept 1 earlier row whose files" in grade(course, [four], out, **options).remarks[-1]
    assert rows(out) == both
    grade(course, [four], out, drop=True, **options)
    assert rows(out) == both[:2]


def test_a_time_that_becomes_known_later_costs_points_and_no_grading(tmp_path, monkeypatch):
    """Does `course grades --times` take points off and say whose mark moved, and a regrade keep that?"""
    out, course = tmp_path / "graded", with_due_date()
    two = hand_in(tmp_path / "w2", "02-eda", "ada", "bob")
    options = {"jobs": 1, "dataset": "synthetic-wafers"}
    assert "no hand-in time is known: 02-eda (2)." in grade(course, [two], out, **options).remarks[-1]
    times = tmp_path / "times.csv"
    times.write_text("name,assignment,submitted_at\nada,02-eda,2026-12-02 08:00\nbob,02-eda,2026-12-01 08:00\n")
    (change,) = grades(course, out, [str(times)]).changes
    assert (change.student, change.task, change.after) == ("ada", "late", -0.8)
    times.unlink()
    monkeypatch.setattr(one, "grade_graft", None)
    graded = grade(course, [two], out, **options)
    assert [row.late_penalty for row in graded.results] == [0.8, 0.0]
    assert graded.changes == ()


def with_due_date() -> Course:
    """The course, whose second assignment is due."""
    course = find_course()
    due = datetime(2026, 12, 1, 23, 59, tzinfo=timezone(timedelta(hours=1)))
    assignments = dict(course.settings.assignments)
    assignments["02-eda"] = assignments["02-eda"].model_copy(update={"due": due})
    dated = Course(course.root)
    dated.__dict__["settings"] = course.settings.model_copy(update={"assignments": assignments})
    return dated
