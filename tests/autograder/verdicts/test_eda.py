"""Does the points table of assignment 02 tell right answers from wrong ones?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waferlab.checks.core import Case, Finding, Observation
from waferlab.checks.eda import TASKS

from autograder.mutants import answers, must_fail
from autograder.notebooks import read_notebook, reference_cells, without_markers
from autograder.verdicts import findings_for, give_points
from autograder.verdicts.eda import CHECKS

NOTEBOOK = Path(__file__).resolve().parents[3] / "source" / "02-eda" / "eda.ipynb"
SEED = 20_240_607
WRONG = answers("eda", "wrong")
RIGHT = answers("eda", "right")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """As in the grader's worker: results and times of one core."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def provided() -> dict[str, Any]:
    """A fresh namespace after the notebook's own cells."""
    names: dict[str, Any] = {"__name__": "answers"}
    for cell in reference_cells(read_notebook(NOTEBOOK)):
        exec(without_markers(cell.source), names)
    return names


@cache
def expectation(task: str) -> Observation:
    """What the reference gives in float64."""
    return TASKS[task].probe(provided(), Case(SEED, "float64"))


def task_of(path: Path) -> str:
    """The task whose name a file's name starts with."""
    return next(task for task in TASKS if path.stem.startswith(f"{task}_"))


@cache
def mark(path: Path) -> tuple[list[Finding], float]:
    """Findings and points for one answer."""
    names, task = provided(), task_of(path)
    exec(path.read_text(encoding="utf-8"), names)
    findings = findings_for("eda", TASKS[task], TASKS[task].probe(names, Case(SEED)), expectation(task))
    return findings, sum(mark.points for mark in give_points(CHECKS[task], findings))


def full(task: str) -> float:
    """The points of a task."""
    return sum(check.points for check in CHECKS[task])


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_wrong_answers_fail_the_checks_they_name(path: Path) -> None:
    """Does a mistake lose the checks that its docstring names, and points?"""
    findings, points = mark(path)
    named = set(must_fail(path.read_text(encoding="utf-8")))
    failed = {finding.name for finding in findings if not finding.passed}
    assert named and named <= failed, sorted(named - failed)
    assert points < full(task_of(path))


@pytest.mark.filterwarnings("ignore:this takes")
@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_right_answers_get_full_marks(path: Path) -> None:
    """Does an answer written another way keep all its points?"""
    findings, points = mark(path)
    assert [finding for finding in findings if not finding.passed] == []
    assert points == full(task_of(path))


@pytest.mark.parametrize(
    ("name", "most"),
    [
        pytest.param("eda_statistics_tuple", 0.0, id="no dict"),
        pytest.param("answer_eda_questions_repeats_questions", 0.0, id="the questions as answers"),
        pytest.param("answer_eda_questions_one_word", 0.0, id="a word repeated"),
    ],
)
def test_cheap_answers_collect_next_to_nothing(name: str, most: float) -> None:
    """Can points be had without an answer?"""
    assert mark(next(path for path in WRONG if path.stem == name))[1] <= most


@pytest.mark.parametrize(
    ("name", "least"),
    [
        pytest.param("eda_statistics_variances", 2.75, id="a root forgotten"),
        pytest.param("eda_statistics_densities", 3.25, id="densities instead of shares"),
        pytest.param("answer_eda_questions_no_number", 0.75, id="no number"),
    ],
)
def test_one_mistake_leaves_the_rest(name: str, least: float) -> None:
    """Does a single mistake cost what belongs to it, and not everything?"""
    assert mark(next(path for path in WRONG if path.stem == name))[1] >= least


def test_points_match_the_notebook() -> None:
    """Do the points of each task sum to those of its check cell?"""
    cells = read_notebook(NOTEBOOK).cells
    graded = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata}
    assert {task: full(task) for task in CHECKS} == {task: graded[f"check-{task}"]["points"] for task in CHECKS}


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_enough_answers_of_both_kinds(task: str) -> None:
    """Are there at least five mistakes and four other ways for each task?"""
    assert sum(task_of(path) == task for path in WRONG) >= 5
    assert sum(task_of(path) == task for path in RIGHT) >= 4


@pytest.mark.parametrize("task", TASKS)
def test_every_requirement_is_a_check(task: str) -> None:
    """Could a check never give points because it requires a finding that does not exist?"""
    names = {finding.name for finding in TASKS[task].judge(expectation(task), expectation(task))}
    assert {check.name for check in CHECKS[task]} == names
    assert all(set(check.requires) <= names for check in CHECKS[task])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "junk",
    [
        pytest.param(lambda value: None, id="missing"),
        pytest.param(lambda value: "text", id="text"),
        pytest.param(lambda value: np.full(np.shape(value), np.nan), id="NaN"),
        pytest.param(lambda value: np.zeros((3, 1, 2)), id="another shape"),
        pytest.param(lambda value: np.zeros(np.shape(value)), id="zeros"),
        pytest.param(lambda value: np.full(np.shape(value), 1e300), id="huge"),
        pytest.param(lambda value: [[1], [2, 3]], id="ragged"),
        pytest.param(lambda value: {"a": 1}, id="a dict"),
    ],
)
def test_hostile_observations_get_nothing(task: str, junk: Any) -> None:
    """Does the judge survive whatever comes out of a worker, without giving points for it?"""
    expected = expectation(task)
    for seen in ({}, {key: junk(value) for key, value in expected.items()}):
        findings = findings_for("eda", TASKS[task], seen, expected)
        assert sum(mark.points for mark in give_points(CHECKS[task], findings)) == 0
