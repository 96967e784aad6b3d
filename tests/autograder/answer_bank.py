"""The banks of one assignment, judged without a wall: what the verdict tests have in common."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from nbformat import NotebookNode
from waferlab.checks.core import Case, Finding, Observation, Task

from autograder.banks import answers, must_fail
from autograder.base.course import checks_module
from autograder.base.notebooks import read_notebook, reference_cells, without_markers
from autograder.judge.marking import findings_for, give_points, verdict_module

ROOT = Path(__file__).resolve().parents[2]
JUNK = {
    "missing": lambda value: None,
    "text": lambda value: "text",
    "NaN": lambda value: np.full(np.shape(value), np.nan),
    "another shape": lambda value: np.zeros((3, 1, 2)),
    "zeros": lambda value: np.zeros(np.shape(value)),
    "huge": lambda value: np.full(np.shape(value), 1e300),
    "ragged": lambda value: [[1], [2, 3]],
    "a dict": lambda value: {"a": 1},
}


@cache
def notebook(slug: str) -> NotebookNode:
    """The source notebook of an assignment."""
    return read_notebook(ROOT / "source" / slug / f"{slug.split('-', 1)[1]}.ipynb")


@cache
def reference_source(slug: str) -> str:
    """A notebook's reference cells as one text."""
    cells = reference_cells(notebook(slug))
    return "\n\n".join(without_markers(cell.source) for cell in cells)


class Bank:
    """One assignment's answers and how they are judged.

    Args:
        slug: for example `05-training`.
        arrays: images for the probe, as the verdict's own `arrays` makes them.
    """

    def __init__(self, slug: str, arrays: Mapping[str, np.ndarray] | None = None) -> None:
        self.slug, self.module = slug, slug.split("-", 1)[1].replace("-", "_")
        self.arrays = arrays or {}
        self.expected: dict[tuple[str, int], Observation] = {}

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The assignment's tasks."""
        return checks_module(self.module).TASKS

    @property
    def checks(self) -> dict[str, Any]:
        """The points table."""
        return verdict_module(self.module).CHECKS

    def files(self, kind: str) -> list[Path]:
        """The files of a bank, `wrong` or `right`."""
        return answers(self.module, kind)

    def task_of(self, path: Path) -> str:
        """The task whose name a file's name starts with."""
        return next(task for task in self.tasks if path.stem.startswith(f"{task}_"))

    def provided(self, *more: str) -> dict[str, Any]:
        """A fresh namespace after the notebook's own cells, and after further source."""
        names: dict[str, Any] = {"__name__": "answers"}
        for source in (reference_source(self.slug), *more):
            exec(source, names)
        return names

    def expectation(self, task: str, seed: int) -> Observation:
        """What the reference gives in float64."""
        if (task, seed) not in self.expected:
            case = Case(seed, "float64", self.arrays)
            self.expected[task, seed] = self.tasks[task].probe(self.provided(), case)
        return self.expected[task, seed]

    def judge(self, source: str, task: str, seed: int) -> tuple[list[Finding], float]:
        """Findings and points for an answer's source."""
        seen = self.tasks[task].probe(self.provided(source), Case(seed, arrays=self.arrays))
        return self.judge_seen(seen, task, seed)

    def judge_seen(self, seen: Observation, task: str, seed: int) -> tuple[list[Finding], float]:
        """Findings and points for an observation."""
        findings = findings_for(self.module, self.tasks[task], seen, self.expectation(task, seed))
        return findings, sum(mark.points for mark in give_points(self.checks[task], findings))

    def full(self, task: str) -> float:
        """The points of a task."""
        return sum(check.points for check in self.checks[task])

    def assert_caught(self, path: Path, seed: int) -> None:
        """A mistake loses the checks that its docstring names, and points."""
        source, task = path.read_text(encoding="utf-8"), self.task_of(path)
        findings, points = self.judge(source, task, seed)
        failed, named = {finding.name for finding in findings if not finding.passed}, set(must_fail(source))
        assert named and named <= failed, (sorted(named - failed), seed)
        assert points < self.full(task)

    def assert_kept(self, path: Path, seed: int) -> None:
        """A right answer keeps every point."""
        task = self.task_of(path)
        findings, points = self.judge(path.read_text(encoding="utf-8"), task, seed)
        assert [finding for finding in findings if not finding.passed] == []
        assert points == self.full(task)

    def points_of(self, name: str, seed: int) -> float:
        """The points of one wrong answer."""
        path = next(path for path in self.files("wrong") if path.stem == name)
        return self.judge(path.read_text(encoding="utf-8"), self.task_of(path), seed)[1]

    def assert_requirements_exist(self) -> None:
        """Every check has a finding, and requires none that does not exist."""
        for task, table in self.checks.items():
            expected = self.expectation(task, 1)
            names = {finding.name for finding in self.tasks[task].judge(expected, expected)}
            assert {check.name for check in table} == names
            assert all(set(check.requires) <= names for check in table)

    def assert_survives(self, task: str, junk: str, seed: int, most: float) -> None:
        """The judge survives whatever comes out of a worker, without giving more than `most` points for it."""
        expected = self.expectation(task, seed)
        for observation in ({}, {key: JUNK[junk](value) for key, value in expected.items()}):
            assert self.judge_seen(observation, task, seed)[1] <= most

    def assert_points_match(self) -> None:
        """The points of each task sum to those of its check cell."""
        cells = notebook(self.slug).cells
        graded = {one.metadata.nbgrader.grade_id: one.metadata.nbgrader for one in cells if "nbgrader" in one.metadata}
        assert {task: self.full(task) for task in self.checks} == {
            task: graded[f"check-{task}"]["points"] for task in self.checks
        }

    def assert_enough(self) -> None:
        """There are at least five mistakes and four other ways for each task."""
        for task in self.tasks:
            assert sum(self.task_of(path) == task for path in self.files("wrong")) >= 5
            assert sum(self.task_of(path) == task for path in self.files("right")) >= 4
