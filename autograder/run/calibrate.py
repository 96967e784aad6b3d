"""`course calibrate`: what the reference reaches over many seeds, and the floors that follow from it."""

from __future__ import annotations

import platform
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import product
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from autograder.base.course import Assignment, Course, CourseError
from autograder.base.notebooks import read_notebook
from autograder.judge.datasets import drawn, loaded
from autograder.judge.exam import derive_seed
from autograder.judge.floors import Quantity, limit_of
from autograder.judge.marking import hidden_module
from autograder.run.prepare import reference_graft
from autograder.wall.sandbox import Ask, Sandbox, limits_of

DATASETS = ("fashion-mnist", "synthetic-wafers")
SECONDS = 300.0  # for one run of the reference
PACKAGES = ("torch", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Measured:
    """What one run of the reference gave: the value of each quantity, by `task/key`."""

    module: str
    dataset: str
    values: Mapping[str, float]


def quantities(assignment: Assignment) -> tuple[Quantity, ...]:
    """What is to be measured for an assignment; nothing for most."""
    return getattr(hidden_module(assignment.module), "QUANTITIES", ())


def calibrate(
    course: Course, assignments: Sequence[Assignment], seeds: int, jobs: int, *, walled: bool = True
) -> Iterator[Measured]:
    """Run the reference of every assignment with quantities, `seeds` times on each data set, images drawn anew.

    Args:
        course: the course.
        assignments: which ones; those without quantities are left out.
        seeds: runs on each data set.
        jobs: runs at the same time.
        walled: run behind the wall, as grading does.

    Yields:
        One result a run, as they finish.

    Raises:
        CourseError: a data set is not at hand, or a run gave no number.
    """
    wanted = [one for one in assignments if quantities(one)]
    images = {name: loaded(name) for name in DATASETS} if wanted else {}
    work = [(one, name, number) for one, name, number in product(wanted, DATASETS, range(seeds))]
    shares = [work[start::jobs] for start in range(jobs)]
    runs = (delayed(_share)(course, share, images, walled) for share in shares if share)
    for results in Parallel(n_jobs=jobs, prefer="threads", return_as="generator_unordered")(runs):
        yield from results


def _share(
    course: Course, work: Sequence[tuple[Assignment, str, int]], images: Mapping[str, Any], walled: bool
) -> list[Measured]:
    """One worker's runs, with a secret for each."""
    modules = sorted({one.module for one, _, _ in work})
    with Sandbox(modules, limits_of(course, walled=walled)) as box:
        return [_run(course, one, name, images[name], box) for one, name, _ in work]


def _run(course: Course, assignment: Assignment, name: str, dataset: Any, box: Sandbox) -> Measured:
    secret = secrets.token_bytes(32)
    arrays = drawn(assignment, dataset, secret)
    wanted = quantities(assignment)
    asks = [Ask(task, derive_seed(secret, assignment.slug, task), SECONDS) for task in {one.task for one in wanted}]
    graft = reference_graft(read_notebook(course.notebook("source", assignment)))
    earlier = course.modules_before(assignment)
    answers = box.run(assignment.module, graft, asks, arrays=arrays, references=earlier)
    values = {}
    for one in wanted:
        value = answers[one.task].seen.get(one.key)
        if not isinstance(value, (int, float)) or not np.isfinite(value):
            raise CourseError(f"{assignment.slug}: the reference gave {value!r} for {one.task}/{one.key}, not a number")
        values[f"{one.task}/{one.key}"] = float(value)
    return Measured(assignment.module, name, values)


def floors_of(results: Sequence[Measured], assignments: Sequence[Assignment]) -> dict[str, Any]:
    """The floors by module, quantity and data set."""
    floors: dict[str, Any] = {}
    for assignment in assignments:
        for one in quantities(assignment):
            key = f"{one.task}/{one.key}"
            rows = [result for result in results if result.module == assignment.module]
            values = {name: [row.values[key] for row in rows if row.dataset == name] for name in DATASETS}
            limits = {name: limit_of(numbers, one.side) | {"side": one.side} for name, numbers in values.items()}
            floors.setdefault(assignment.module, {})[key] = limits
    return floors


def versions() -> dict[str, str]:
    """What the floors were measured with."""
    return {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}}
