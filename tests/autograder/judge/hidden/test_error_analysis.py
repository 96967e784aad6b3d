"""Does the mistake that assignment 07 warns of cost its own check only, whatever the seed?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from waferlab.checks.core import Case
from waferlab.checks.error_analysis import MODES, TASKS

from autograder.banks import answers, must_fail
from autograder.base.notebooks import read_notebook, reference_cells, without_markers
from autograder.judge.marking import give_points

NOTEBOOK = Path(__file__).resolve().parents[4] / "source" / "07-error-analysis" / "error-analysis.ipynb"
SEEDS = (1, 2**47 + 5)
WRONG = answers("error_analysis", "wrong")


def provided(*more: str) -> dict[str, Any]:
    """A fresh namespace after the notebook's own cells, and after further source."""
    names: dict[str, Any] = {"__name__": "answers"}
    for source in (*(without_markers(cell.source) for cell in reference_cells(read_notebook(NOTEBOOK))), *more):
        exec(source, names)
    return names


@pytest.fixture(scope="module", params=SEEDS)
def seed(request: pytest.FixtureRequest) -> int:
    """One of several seeds."""
    return request.param


@pytest.fixture(scope="module")
def lost(seed: int) -> Any:
    """Which checks an answer loses points in, by what file it is in, and the points that it keeps."""
    expected = {name: task.probe(provided(), Case(seed, "float64")) for name, task in TASKS.items()}

    def judge(path: Path) -> tuple[set[str], float]:
        source = path.read_text(encoding="utf-8")
        task = next(task for name, task in TASKS.items() if path.stem.startswith(name))
        marks = give_points(task.checks, task.judge(task.probe(provided(source), Case(seed)), expected[task.name]))
        return {mark.name for mark in marks if mark.points < mark.max}, sum(mark.points for mark in marks)

    return judge


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_wrong_answers_lose_exactly_the_checks_they_name(path: Path, lost: Any) -> None:
    """Does a mistake cost what its docstring names, and nothing else, whatever the seed?"""
    assert lost(path)[0] == set(must_fail(path.read_text(encoding="utf-8")))


def test_ranking_by_count_keeps_most_points(lost: Any) -> None:
    """Does the mistake that the notebook warns of cost its own check only?"""
    path = next(path for path in WRONG if path.stem.endswith("by_count"))
    assert lost(path)[1] == 3.25 < MODES.points
