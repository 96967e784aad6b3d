"""Does the points table of assignment 07 tell right answers from wrong ones?"""

from __future__ import annotations

import contextlib
import io
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from waferlab.checks.core import Case, Finding
from waferlab.checks.error_analysis import TASKS

from autograder.banks import answers, must_fail
from autograder.base.notebooks import read_notebook, reference_cells, without_markers
from autograder.base.records import Mark
from autograder.judge.hidden.error_analysis import CHECKS
from autograder.judge.marking import findings_for, give_points

NOTEBOOK = Path(__file__).resolve().parents[4] / "source" / "07-error-analysis" / "error-analysis.ipynb"
SEEDS = (1, 20_240_607, 2**47 + 5)
WRONG = answers("error_analysis", "wrong")
RIGHT = answers("error_analysis", "right")


def provided() -> dict[str, Any]:
    """A fresh namespace after the notebook's own cells."""
    names: dict[str, Any] = {"__name__": "answers"}
    for cell in reference_cells(read_notebook(NOTEBOOK)):
        exec(without_markers(cell.source), names)
    return names


@cache
def expectation(task: str, seed: int) -> dict[str, Any]:
    """What the reference gives in float64."""
    return TASKS[task].probe(provided(), Case(seed, "float64"))


@cache
def mark(path: Path, seed: int) -> tuple[list[Finding], list[Mark]]:
    """Findings and marks for one answer."""
    task = next(name for name in TASKS if path.stem.startswith(name))
    names = provided()
    exec(path.read_text(encoding="utf-8"), names)
    with contextlib.redirect_stdout(io.StringIO()):
        seen = TASKS[task].probe(names, Case(seed))
    findings = findings_for("error_analysis", TASKS[task], seen, expectation(task, seed))
    return findings, give_points(CHECKS[task], findings)


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_wrong_answers_lose_exactly_the_checks_they_name(path: Path) -> None:
    """Does a mistake cost what its docstring names, and nothing else, whatever the seed?"""
    for seed in SEEDS:
        lost = {one.name for one in mark(path, seed)[1] if one.points < one.max}
        assert lost == set(must_fail(path.read_text(encoding="utf-8"))), seed


@pytest.mark.filterwarnings("ignore:few misses")
@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_right_answers_get_full_marks(path: Path) -> None:
    """Does an answer written another way keep all its points, for every seed?"""
    for seed in SEEDS:
        findings, marks = mark(path, seed)
        assert [finding for finding in findings if not finding.passed] == []
        assert all(one.points == one.max for one in marks)


@pytest.mark.parametrize("name", ["categorize_failure_modes_zeros", "error_heatmap_zeros"])
def test_empty_answers_collect_nothing(name: str) -> None:
    """Can points be had with the right form and nothing in it?"""
    path = next(path for path in WRONG if path.stem == name)
    assert all(one.points == 0 for seed in SEEDS for one in mark(path, seed)[1])


def test_ranking_by_count_keeps_most_points() -> None:
    """Does the mistake that the notebook warns of cost its own check only?"""
    path = next(path for path in WRONG if path.stem.endswith("by_count"))
    assert sum(one.points for one in mark(path, SEEDS[0])[1]) == 3.25


@pytest.mark.parametrize("task", TASKS)
def test_points_match_the_notebook(task: str) -> None:
    """Do the points of each task sum to those of its check cell?"""
    cells = read_notebook(NOTEBOOK).cells
    graded = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader for cell in cells if "nbgrader" in cell.metadata}
    assert sum(check.points for check in CHECKS[task]) == graded[f"check-{task}"]["points"]


@pytest.mark.parametrize("task", TASKS)
def test_every_requirement_is_a_check(task: str) -> None:
    """Could a check never give points because it requires a finding that does not exist?"""
    names = {check.name for check in CHECKS[task]}
    assert all(set(check.requires) <= names for check in CHECKS[task])
