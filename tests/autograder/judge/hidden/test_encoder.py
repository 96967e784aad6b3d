"""Does the points table of assignment 04 tell right answers from wrong ones?"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waferlab.checks.core import Case, Finding, Observation
from waferlab.checks.encoder import TASKS

from autograder.banks import answers, must_fail
from autograder.base.notebooks import read_notebook, reference_cells, without_markers
from autograder.judge.hidden.encoder import CHECKS
from autograder.judge.marking import findings_for, give_points

ROOT = Path(__file__).resolve().parents[4]
SEEDS = (1, 20_240_607)
MANY_SEEDS = range(100, 104)
WRONG = answers("encoder", "wrong")
RIGHT = answers("encoder", "right")


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Any:
    """As in the grader's worker: results and times of one core."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def reference_source() -> str:
    """The notebook's reference cells as one text."""
    cells = reference_cells(read_notebook(ROOT / "source" / "04-encoder" / "encoder.ipynb"))
    return "\n\n".join(without_markers(cell.source) for cell in cells)


def provided() -> dict[str, Any]:
    """A fresh namespace after the notebook's own cells."""
    names: dict[str, Any] = {"__name__": "answers"}
    exec(reference_source(), names)
    return names


@cache
def expectation(task: str, seed: int) -> Observation:
    """What the reference gives in float64."""
    return TASKS[task].probe(provided(), Case(seed, "float64"))


def task_of(path: Path) -> str:
    """The task whose name a file's name starts with."""
    return next(task for task in TASKS if path.stem.startswith(f"{task}_"))


def observe(path: Path, seed: int) -> Observation:
    """What the probe of a file's task sees in the file's answer."""
    names = provided()
    exec(path.read_text(encoding="utf-8"), names)
    return TASKS[task_of(path)].probe(names, Case(seed))


def judge(path: Path, seed: int) -> tuple[list[Finding], float]:
    """Findings and points for one answer."""
    task, seen = TASKS[task_of(path)], observe(path, seed)
    findings = findings_for("encoder", task, seen, expectation(task.name, seed))
    return findings, sum(mark.points for mark in give_points(CHECKS[task.name], findings))


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_wrong_answers_fail_the_checks_they_name(path: Path) -> None:
    """Does a mistake lose the checks that its docstring names, and points?"""
    for seed in SEEDS:
        findings, points = judge(path, seed)
        failed = {finding.name for finding in findings if not finding.passed}
        expected = set(must_fail(path.read_text(encoding="utf-8")))
        assert expected and expected <= failed, (sorted(expected - failed), seed)
        assert points < sum(check.points for check in CHECKS[task_of(path)])


@pytest.mark.filterwarnings("ignore:::answers")
@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_right_answers_get_full_marks(path: Path) -> None:
    """Does an answer written another way keep all its points, for every seed?"""
    for seed in SEEDS:
        findings, points = judge(path, seed)
        assert [finding for finding in findings if not finding.passed] == []
        assert points == sum(check.points for check in CHECKS[task_of(path)])


@pytest.mark.parametrize("task", TASKS)
def test_reference_gets_full_marks_for_many_seeds(task: str) -> None:
    """Does the reference itself pass for whatever seed is drawn?"""
    names = provided()
    for seed in MANY_SEEDS:
        findings = findings_for("encoder", TASKS[task], TASKS[task].probe(names, Case(seed)), expectation(task, seed))
        assert [finding for finding in findings if not finding.passed] == []


@pytest.mark.parametrize(
    ("name", "most"),
    [
        pytest.param("forward_random_numbers", 0.25, id="noise of the right shape"),
        pytest.param("forward_zeros", 0.25, id="zeros of the right shape"),
        pytest.param("reparameterize_only_mu", 0.0, id="z = mu"),
        pytest.param("reparameterize_unrelated_numbers", 0.0, id="noise of the right shape"),
        pytest.param("kl_divergence_zero", 0.0, id="zero"),
    ],
)
def test_cheap_answers_collect_next_to_nothing(name: str, most: float) -> None:
    """Can points be had without an answer?"""
    path = next(path for path in WRONG if path.stem == name)
    assert judge(path, SEEDS[0])[1] <= most


def test_points_match_the_notebook() -> None:
    """Do the points of each task sum to those of its check cell?"""
    cells = read_notebook(ROOT / "source" / "04-encoder" / "encoder.ipynb").cells
    graded = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata}
    for task, checks in CHECKS.items():
        assert sum(check.points for check in checks) == graded[f"check-{task}"]["points"]


def test_every_task_has_enough_answers_of_both_kinds() -> None:
    """Are there at least five mistakes and four other ways for each task?"""
    for task in TASKS:
        assert sum(task_of(path) == task for path in WRONG) >= 5
        assert sum(task_of(path) == task for path in RIGHT) >= 4


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "junk",
    [
        pytest.param(lambda value: None, id="missing"),
        pytest.param(lambda value: "text", id="text"),
        pytest.param(lambda value: np.full(np.shape(value), np.nan), id="NaN"),
        pytest.param(lambda value: np.zeros((3, 1, 2)), id="another shape"),
        pytest.param(lambda value: np.zeros(np.shape(value)), id="zeros"),
        pytest.param(lambda value: [[1], [2, 3]], id="ragged"),
        pytest.param(lambda value: {"a": 1}, id="a dict"),
    ],
)
def test_hostile_observations_get_nothing(task: str, junk: Any) -> None:
    """Does the judge survive whatever comes out of a worker, without giving points for it?"""
    expected = expectation(task, SEEDS[0])
    seen = {key: junk(value) for key, value in expected.items()}
    for observation in ({}, seen):
        findings = findings_for("encoder", TASKS[task], observation, expected)
        assert sum(mark.points for mark in give_points(CHECKS[task], findings)) <= 0.25
