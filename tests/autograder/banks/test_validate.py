"""`course validate`: does it notice a check that judges wrongly?"""

from types import SimpleNamespace

import pytest
from typer.testing import CliRunner
from waferlab.checks.core import Check, Task

from autograder.banks import Entry
from autograder.banks import prove as module
from autograder.base.course import Assignment, CourseError
from autograder.cli import app

PCA = Assignment("03-pca", "PCA", 12)
TASK = "pca_anomaly_detection"
CHECKS = ("values", "auroc", "keys", "default")
WRONG = Entry("pca", TASK, "sum", "wrong", "Sums.", ("values", "auroc"), "", most=1.0, least=0.5)
CHECKED = Task("pca", TASK, "Task 1", (), dict, tuple(Check(one, 1.0, "", "") for one in CHECKS))
RIGHT = Entry("pca", TASK, "svd", "right", "By hand.", (), "")


def row(entry, **points):
    """What `mark` says of one answer: points of each check, out of one."""
    checks = [
        {"name": f"{TASK}.{name}", "points": got, "max": 1.0, "message": "says why"} for name, got in points.items()
    ]
    return {"file": entry.label, "points": sum(points.values()), "max_points": float(len(points)), "checks": checks}


@pytest.fixture
def trials(monkeypatch):
    """The defects in the trials of one wrong and one right answer, marked as a test says."""

    def run(wrong, right):
        monkeypatch.setattr(module, "checks_module", lambda name: SimpleNamespace(TASKS={TASK: CHECKED}))
        monkeypatch.setattr(module, "entries", lambda course, assignment: [WRONG, RIGHT])
        monkeypatch.setattr(module, "mark", lambda *args, **options: iter([row(WRONG, **wrong), row(RIGHT, **right)]))
        return [trial.defect for trial in module.validate(None, [PCA])]

    return run


def test_checks_that_judge_well_have_no_defect(trials):
    """Is all and all what it says?"""
    assert trials({"values": 0.0, "auroc": 0.0, "keys": 1.0}, {"values": 1.0}) == ["", ""]


def test_a_wrong_answer_with_full_marks_is_a_defect(trials):
    """Are the checks named that catch nothing?"""
    assert "passed values, auroc" in trials({"values": 1.0, "auroc": 1.0}, {"values": 1.0})[0]


def test_a_wrong_answer_that_passes_a_named_check_is_a_defect(trials):
    """Is it noticed when points are lost for the wrong reason only?"""
    assert "passed auroc" in trials({"values": 0.0, "auroc": 1.0}, {"values": 1.0})[0]


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ({"keys": 1.0, "default": 1.0}, "got 2 points, and may get 1 at most"),
        ({"keys": 0.0}, "got 0 points, and must keep 0.5 at least; lost values, auroc, keys"),
    ],
    ids=["too many", "too few"],
)
def test_points_that_were_not_promised_are_a_defect(trials, points, words):
    """Is it noticed when a mistake costs less, or more, than it should?"""
    assert trials({"values": 0.0, "auroc": 0.0, **points}, {"values": 1.0})[0] == words


def test_a_right_answer_that_loses_points_is_a_defect(trials):
    """Are the lost check and its message shown?"""
    defect = trials({"values": 0.0, "auroc": 0.0}, {"values": 0.5})[1]
    assert "lost values (says why)" in defect


def test_points_changed_in_the_notebook_are_no_defect(trials):
    """Does a bank, whose points are those of the checks, hold when the cell gives twice as many?"""

    def twice(**points):
        return [{**check, "points": 2 * check["points"], "max": 2.0} for check in row(WRONG, **points)["checks"]]

    marks = module._marks(CHECKED, twice(values=0.0, auroc=0.0, keys=1.0, default=0.0))
    assert [(mark.points, mark.max) for mark in marks] == [(0, 1), (0, 1), (1, 1), (0, 1)]
    assert module.defect(WRONG, marks) == ""


def test_an_empty_bank_is_no_success(monkeypatch):
    """Is a bank without answers said in a sentence, in the place of an empty table and a good status?"""
    monkeypatch.setattr(module, "entries", lambda course, assignment: [])
    with pytest.raises(CourseError, match="03-pca has no bank: expected wrong and right answers"):
        list(module.validate(None, [PCA]))


def test_a_defect_fails_the_command(monkeypatch):
    """Does the command's exit status tell a pipeline?"""
    trial = module.Trial("03-pca", "pca_anomaly_detection", "a_mistake", "wrong", "a wrong answer with full marks")
    monkeypatch.setattr(module, "validate", lambda *args, **options: iter([trial]))
    result = CliRunner().invoke(app, ["validate", "03-pca"])
    assert result.exit_code == 1
    assert "0 of 1" in result.output
    assert "a_mistake" in result.output
