"""Are points set in one place, the notebook's cells, and shared out among a task's checks?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.base.course import Course
from autograder.base.points import cell_points, is_points, notebook_points, shares
from autograder.base.records import TaskResult
from autograder.judge.exam import worth
from autograder.judge.marking import without_points


@pytest.mark.parametrize(
    ("weights", "total", "expected"),
    [
        pytest.param([2, 1, 0.5], 3.5, [2, 1, 0.5], id="they add up: as they are"),
        pytest.param([2, 1, 1], 8, [4, 2, 2], id="twice as many"),
        pytest.param([1, 1, 1], 1, [0.34, 0.33, 0.33], id="a rest of a hundredth goes to the first"),
        pytest.param([1, 1, 2, 5], 10, [1.11, 1.11, 2.22, 5.56], id="nine become ten"),
        pytest.param([1, 2], 0, [0, 0], id="nothing"),
        pytest.param([0, 0], 1, [0.5, 0.5], id="weightless checks"),
        pytest.param([], 3, [], id="no checks"),
    ],
)
def test_checks_share_out_what_their_cell_says(weights: list[float], total: float, expected: list[float]) -> None:
    """Does every check keep its part, and do all together give exactly the cell's points?"""
    assert shares(weights, total) == expected
    if weights:
        assert round(sum(shares(weights, total)), 6) == total


@pytest.mark.parametrize("value", ["nine", None, True, -1, float("nan"), float("inf"), [9]])
def test_what_is_no_number_of_points(value: object) -> None:
    """Does a word, a negative or an infinite number count for nothing?"""
    assert not is_points(value)
    cell = {"metadata": {"nbgrader": {"grade": True, "grade_id": "a", "points": value}}}
    assert cell_points({"cells": [cell, {}, {"metadata": {"nbgrader": None}}]}) == {}


def test_an_assignment_is_worth_what_its_cells_say(tiny_course: Course) -> None:
    """Does a number changed in JupyterLab change the assignment, with nothing else to edit?"""
    path = tiny_course.notebook("source", tiny_course.assignment("01"))
    assert tiny_course.assignment("01").points == 3 + 2
    notebook = json.loads(path.read_text())
    next(cell for cell in notebook["cells"] if cell["id"] == "check-double")["metadata"]["nbgrader"]["points"] = 4.5
    path.write_text(json.dumps(notebook))
    assert Course(tiny_course.root).assignment("01").points == 6.5


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 3}', '{"cells": [{"metadata": 3}]}', "[" * 100_000])
def test_a_broken_notebook_costs_no_command(tmp_path: Path, text: str) -> None:
    """Is it worth nothing until it is mended, and do other commands go on?"""
    (tmp_path / "one.ipynb").write_text(text)
    assert notebook_points(tmp_path / "none.ipynb", tmp_path / "one.ipynb") == 0


def test_a_task_gives_its_new_points(tiny_task: object) -> None:
    """Do results, with or without points, speak of what the cell says?"""
    task = worth(tiny_task, 10)
    assert (task.points, [check.points for check in task.checks]) == (10, [3.33, 6.67])
    result = without_points(task, "unanswered", "not yet answered")
    assert isinstance(result, TaskResult) and (result.points, result.max_points) == (0, 10)


@pytest.fixture
def tiny_task() -> object:
    """Two checks, of one point and of two."""
    from waferlab.checks.core import Check, Task

    checks = (Check("shape", 1, "a", "b"), Check("values", 2, "c", "d"))
    return Task("m", "t", "Task 1", ("f",), lambda answers, case: {}, checks)
