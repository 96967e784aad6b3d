"""The tables that a spreadsheet may open."""

from __future__ import annotations

import csv

import pytest

from autograder.base.records import Mark, Result, TaskResult, WrittenResult
from autograder.report.tables import write_tables


def result(student: str, points: float = 2.0) -> Result:
    task = TaskResult("pca", "Task 1", "ok", points, 3.0, (Mark("scores", points, 3.0, "right"),))
    written = (WrittenResult("written-k", 3.0, "Because."),)
    return Result(student, f"{student}.ipynb", "03-pca", "graded", tasks=(task,), written=written, points=points)


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_tables_have_a_row_per_submission_and_per_check(tmp_path):
    """Do both CSV files hold what was graded?"""
    write_tables(tmp_path, [result("ada"), result("bob", points=0.0)])
    assert [(row["student"], row["points"], row["written_max"]) for row in rows(tmp_path / "grades.csv")] == [
        ("ada", "2.0", "3.0"),
        ("bob", "0.0", "3.0"),
    ]
    assert [(row["check"], row["points"]) for row in rows(tmp_path / "checks.csv")] == [
        ("scores", "2.0"),
        ("scores", "0.0"),
    ]


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        pytest.param('=HYPERLINK("http://evil")', '\'=HYPERLINK("http://evil")', id="a formula"),
        pytest.param("@SUM(1)", "'@SUM(1)", id="the old sign of a function"),
        pytest.param("\t=1", "'\t'=1", id="behind a tab that is dropped"),
        pytest.param("＝1", "'＝1", id="full-width sign"),
        pytest.param("－1＋1", "'－1＋1", id="full-width minus"),
        pytest.param("Ada;=1", "Ada;'=1", id="a new cell where semicolons separate"),
        pytest.param('Ada;"=1', "Ada;\"'=1", id="a new cell that begins with a quotation mark"),
        pytest.param("Ada\n+1", "Ada\n'+1", id="a new row where the quotation marks do not hold"),
        pytest.param("a = b - c; d", "a = b - c; d", id="no formula"),
    ],
)
def test_a_student_s_name_is_never_a_formula(tmp_path, name, cell):
    """Does a spreadsheet that opens the table, in whatever country, run what a student is called?"""
    write_tables(tmp_path, [result(name)])
    assert rows(tmp_path / "grades.csv")[0]["student"] == cell
