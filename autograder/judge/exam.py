"""One assignment made ready for a grading run: questions, secret seeds, expectations and time limits."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from nbformat import NotebookNode
from waferlab.checks.core import Observation, Task

from autograder.base.course import Assignment, checks_module
from autograder.base.points import CHECK, cell_points, shares
from autograder.wall.sandbox import Ask


@dataclass(frozen=True)
class Exam:
    """Everything that grading one assignment takes; plain data, so that it travels to other processes.

    Attributes:
        assignment: which one.
        release: the instructor's release notebook, on which submissions are rebuilt.
        seeds: the probe's secret seed, by task.
        seconds: the time limit, by task.
        expected: the reference's observation, by task; never enters a student's process.
        arrays: images for the probes.
        written: points of the written answers, by grade_id.
        references: modules of `waferlab.reference` that answers may import: those of earlier assignments.
        answers: the reference cells, as one text.
        given: what the checks expect beside the reference's observation, by task; `expected` holds it, too.
    """

    assignment: Assignment
    release: NotebookNode
    seeds: dict[str, int]
    seconds: dict[str, float]
    expected: dict[str, Observation]
    arrays: Mapping[str, np.ndarray]
    written: dict[str, float]
    references: tuple[str, ...] = ()
    answers: str = ""
    given: Mapping[str, Observation] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        """The fields alone travel; what follows from them is found again where it is needed."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The assignment's tasks, in the notebook's order, each worth what its check cell in the release says."""
        points = cell_points(self.release)
        tasks = checks_module(self.assignment.module).TASKS
        return {name: worth(task, points.get(CHECK + name, task.points)) for name, task in tasks.items()}

    @cached_property
    def digest(self) -> str:
        """Of everything that decides a mark beside the submission: release, seeds, images, reference, and all code."""
        digest = hashlib.sha256(json.dumps([self.release, self.seeds, self.given], sort_keys=True).encode())
        for name, array in sorted(self.arrays.items()):
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
        digest.update(self.answers.encode())
        digest.update(code_digest(self.assignment.module, self.references).encode())
        return digest.hexdigest()

    @property
    def defines(self) -> dict[str, tuple[str, ...]]:
        """The names that each task's solution cell defines."""
        return {name: task.defines for name, task in self.tasks.items()}

    def asks(self, tasks: list[str]) -> list[Ask]:
        """The questions to the worker about the named tasks."""
        return [Ask(task, self.seeds[task], self.seconds[task]) for task in tasks]


def worth(task: Task, points: float) -> Task:
    """A task whose checks share out other points than their own.

    Args:
        task: as its check module has it.
        points: what all its checks give together.
    """
    parts = shares([check.points for check in task.checks], points)
    checks = zip(task.checks, parts, strict=True)
    return replace(task, checks=tuple(replace(check, points=part) for check, part in checks))


def derive_seed(secret: bytes, slug: str, task: str) -> int:
    """A seed of 48 bits that only the holder of the run's secret can tell."""
    digest = hmac.new(secret, f"{slug}/{task}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:6], "big")


def code_digest(module: str, references: Iterable[str]) -> str:
    """A digest of every file of ours that has a part in an assignment's marks, by name and content.

    All of `waferlab` but other assignments' checks and the answers that students cannot import; of the grader, how a
    submission is rebuilt, what runs inside the wall, and what judges, measured floors included.

    Args:
        module: the assignment's check module.
        references: modules of `waferlab.reference` that answers may import.
    """
    digest = hashlib.sha256()
    for root, path in sorted(_deciding_files(module, frozenset(references))):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _deciding_files(module: str, references: frozenset[str]) -> Iterator[tuple[Path, Path]]:
    ours, companion = Path(__file__).resolve().parents[1], _folder_of("waferlab")
    for folder in ("rebuild", "wall/inside", "judge"):
        for path in (ours / folder).rglob("*"):
            if path.suffix in (".py", ".json") and (path.parent.name != "hidden" or path.stem in ("__init__", module)):
                yield ours.parent, path
    checks, answers = companion / "checks", companion / "reference"
    others = {path.stem for path in (checks / "expected").glob("*.json")} - {module}
    for path in companion.rglob("*.py"):
        if path.is_relative_to(answers):
            wanted = path.stem in references
        else:
            wanted = not path.is_relative_to(checks) or path.relative_to(checks).parts[0].split(".")[0] not in others
        if wanted:
            yield companion.parent, path


def _folder_of(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).resolve().parent
