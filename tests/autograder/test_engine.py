"""Many submissions: what goes wrong with one of them."""

import nbformat
import pytest

from autograder import engine
from autograder.layout import Assignment
from autograder.model import Submission
from autograder.sandbox import Limits, WorkerError

ASSIGNMENT = Assignment("04-encoder", "Encoder", 14)


class Exam:
    """An exam that is never asked anything."""

    assignment = ASSIGNMENT
    release = nbformat.v4.new_notebook()
    defines = ()


def submissions(*students):
    notebook = nbformat.v4.new_notebook()
    return [Submission(student, f"{student}.ipynb", ASSIGNMENT, notebook) for student in students]


def grade(*students):
    exams = {ASSIGNMENT.slug: Exam()}
    results = engine.grade_all(exams, submissions(*students), jobs=1, limits=Limits(), box=object())
    return {result.student: result for result in results}


def test_a_submission_that_breaks_the_grader_is_a_row_with_a_cause(monkeypatch):
    """Does a defect of ours stop the batch, or cost one row that says whose fault it is?"""

    def graded(exam, submission, box):
        if submission.student == "bob":
            raise ZeroDivisionError("secret detail")
        return engine.unreadable(submission)

    monkeypatch.setattr(engine, "_graded", graded)
    results = grade("ada", "bob", "cyd")
    assert list(results) == ["ada", "bob", "cyd"]
    assert "defect of the grader (ZeroDivisionError)" in results["bob"].cause
    assert "secret" not in results["bob"].cause


def test_a_run_without_a_worker_stops_with_the_reason(monkeypatch):
    """Is a machine that cannot start the worker told so once, and not as a zero for everybody?"""

    def graded(exam, submission, box):
        raise WorkerError("the grading worker did not start")

    monkeypatch.setattr(engine, "_graded", graded)
    with pytest.raises(WorkerError):
        grade("ada")


def test_what_could_not_be_read_keeps_its_cause():
    """Does a broken file become a row without being run?"""
    broken = Submission("ada", "ada.ipynb", None, None, "not a notebook")
    (row,) = engine.grade_all({}, [broken], jobs=1, limits=Limits(), box=object())
    assert (row.status, row.cause, row.points) == ("unreadable", "not a notebook", 0)
