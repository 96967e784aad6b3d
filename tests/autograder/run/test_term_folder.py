"""Two weeks in one run folder, graded by the real pipeline."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from autograder.base.course import find_course
from autograder.base.notebooks import read_notebook, write_notebook
from autograder.run.grade import grade

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
    (four / "bob" / "encoder.ipynb").unlink()
    assert "Kept 1 earlier row whose files" in grade(course, [four], out, **options).remarks[-1]
    assert rows(out) == both
    grade(course, [four], out, drop=True, **options)
    assert rows(out) == both[:2]
