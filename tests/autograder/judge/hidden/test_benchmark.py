"""Does the points table of assignment 08 tell right answers from wrong ones?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from autograder.judge.hidden.benchmark import CHECKS
from waferlab.checks.benchmark import TASKS
from waferlab.checks.core import Case, Finding, Observation

from autograder.banks import answers, must_fail
from autograder.base.notebooks import read_notebook, reference_cells, without_markers
from autograder.judge.marking import findings_for, give_points

NOTEBOOK = Path(__file__).resolve().parents[4] / "source" / "08-benchmark" / "benchmark.ipynb"
SEED = 20_240_607
WRONG = answers("benchmark", "wrong")
RIGHT = answers("benchmark", "right")


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As in the grader's worker; and clocks that an answer replaced are put back."""
    import time

    import torch

    for name in ("perf_counter", "monotonic", "time", "sleep"):
        monkeypatch.setattr(time, name, getattr(time, name))
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
    """What the reference gives."""
    return TASKS[task].probe(provided(), Case(SEED, "float64"))


def task_of(path: Path) -> str:
    """The task whose name a file's name starts with."""
    return next(task for task in TASKS if path.stem.startswith(f"{task}_"))


@cache
def judge(path: Path) -> tuple[list[Finding], float]:
    """Findings and points for one answer."""
    task = TASKS[task_of(path)]
    expected = expectation(task.name)
    names = provided()
    exec(path.read_text(encoding="utf-8"), names)
    findings = findings_for("benchmark", task, task.probe(names, Case(SEED)), expected)
    return findings, sum(mark.points for mark in give_points(CHECKS[task.name], findings))


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_wrong_answers_fail_the_checks_they_name(path: Path) -> None:
    """Does a mistake lose the checks that its docstring names, and points?"""
    findings, points = judge(path)
    failed = {finding.name for finding in findings if not finding.passed}
    expected = set(must_fail(path.read_text(encoding="utf-8")))
    assert expected and expected <= failed, sorted(expected - failed)
    assert points < sum(check.points for check in CHECKS[task_of(path)])


@pytest.mark.filterwarnings("ignore:::answers")
@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_right_answers_get_full_marks(path: Path) -> None:
    """Does an answer written another way keep all its points?"""
    findings, points = judge(path)
    assert [finding for finding in findings if not finding.passed] == []
    assert points == sum(check.points for check in CHECKS[task_of(path)])


def test_invented_numbers_collect_nothing() -> None:
    """Can points be had without a measurement?"""
    path = next(path for path in WRONG if path.stem == "benchmark_inference_invented")
    assert judge(path)[1] == 0


def test_points_match_the_notebook() -> None:
    """Do the points of each task sum to those of its check cell?"""
    cells = read_notebook(NOTEBOOK).cells
    graded = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata}
    for task, checks in CHECKS.items():
        assert sum(check.points for check in checks) == graded[f"check-{task}"]["points"]


@pytest.mark.parametrize("task", TASKS)
def test_every_requirement_is_a_check(task: str) -> None:
    """Could a check never give points because it requires a finding that does not exist?"""
    names = {check.name for check in CHECKS[task]}
    assert all(set(check.requires) <= names for check in CHECKS[task])


def test_every_task_has_enough_answers_of_both_kinds() -> None:
    """Are there at least five mistakes and four other ways for each task?"""
    for task in TASKS:
        assert sum(task_of(path) == task for path in WRONG) >= 5
        assert sum(task_of(path) == task for path in RIGHT) >= 4
