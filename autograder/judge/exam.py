"""One assignment made ready for a grading run: questions, secret seeds, expectations and time limits."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from nbformat import NotebookNode
from waferlab.checks import core
from waferlab.checks.core import Observation, Task

from autograder.base.course import Assignment, Course, CourseError, checks_module
from autograder.base.notebooks import grade_id, grading, is_answer, is_written, read_notebook, reference_cells
from autograder.base.records import Cell, Check, Graft
from autograder.judge import marking
from autograder.judge.marking import mark_task, verdict_module
from autograder.wall.sandbox import Answer, Ask, Sandbox

FIRST_LIMIT = 300.0  # seconds for the reference itself, before anything is measured


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
        only: the tasks to run; None runs all.
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
    only: tuple[str, ...] | None = None

    @cached_property
    def tasks(self) -> dict[str, Task]:
        """The assignment's tasks, in the notebook's order."""
        return checks_module(self.assignment.module).TASKS

    @cached_property
    def checks(self) -> dict[str, tuple[Check, ...]]:
        """The points table."""
        return verdict_module(self.assignment.module).CHECKS

    @cached_property
    def digest(self) -> str:
        """What every result of this exam depends on: the release and the seeds."""
        shapes = {name: array.shape for name, array in self.arrays.items()}
        text = json.dumps([self.release, self.seeds, shapes], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def code(self) -> str:
        """What judges: a digest of the checks, the verdict and the reference answers."""
        module = self.assignment.module
        modules = (core, marking, checks_module(module), verdict_module(module))
        texts = [Path(str(one.__file__)).read_text(encoding="utf-8") for one in modules]
        return hashlib.sha256("\0".join([*texts, self.answers]).encode()).hexdigest()

    @property
    def defines(self) -> dict[str, tuple[str, ...]]:
        """The names that each task's solution cell defines."""
        return {name: task.defines for name, task in self.tasks.items()}

    def asks(self, tasks: list[str]) -> list[Ask]:
        """The questions to the worker about the named tasks."""
        return [Ask(task, self.seeds[task], self.seconds[task]) for task in tasks]


def derive_seed(secret: bytes, slug: str, task: str) -> int:
    """A seed of 48 bits that only the holder of the run's secret can tell."""
    digest = hmac.new(secret, f"{slug}/{task}".encode(), hashlib.sha256).digest()
    return int.from_bytes(digest[:6], "big")


def reference_graft(source: NotebookNode) -> Graft:
    """The instructor's own answers as a submission: every cell of the source notebook tagged `reference`."""
    cells = [
        Cell("solution" if is_answer(cell) else "provided", grade_id(cell) or cell.id, cell.source)
        for cell in reference_cells(source)
    ]
    return Graft(tuple(cells), stubs={})


def released(course: Course, assignment: Assignment) -> NotebookNode:
    """The release notebook of an assignment.

    Raises:
        CourseError: it is not there; says which command makes it.
    """
    path = course.notebook("release", assignment)
    if not path.is_file():
        raise CourseError(f"{path} does not exist: run `course release` first")
    return read_notebook(path)


def choose_dataset(name: str) -> str:
    """`auto` means real Fashion-MNIST when it is at hand (no download for grading), else synthetic wafers."""
    if name != "auto":
        return name
    from waferlab.data import fashion_mnist_available

    return "fashion-mnist" if fashion_mnist_available() else "synthetic-wafers"


def probe_arrays(assignments: Sequence[Assignment], name: str, secret: bytes) -> dict[str, dict[str, np.ndarray]]:
    """The images that probes get, by assignment; the data set is loaded only when one asks for it."""
    wanted = [one for one in assignments if hasattr(verdict_module(one.module), "arrays")]
    if not wanted:
        return {}
    from waferlab.data import DataError, load_dataset
    from waferlab.profiles import get_profile

    try:
        dataset = load_dataset(name, get_profile("smoke"))
    except (DataError, ValueError) as error:
        raise CourseError(f"the images for the hidden checks cannot be loaded: {error}") from error
    return {
        one.slug: verdict_module(one.module).arrays(
            dataset, np.random.default_rng(derive_seed(secret, one.slug, "arrays"))
        )
        for one in wanted
    }


def prepare(
    course: Course, assignment: Assignment, secret: bytes, arrays: Mapping[str, np.ndarray], box: Sandbox
) -> Exam:
    """Run the reference once for its expectations and once for its time, and prove that it gets full marks.

    Args:
        course: the course.
        assignment: the assignment to prepare.
        secret: the run's secret.
        arrays: images for the probes.
        box: a warm worker; the reference runs in a fork of its own, of which nothing stays behind.

    Raises:
        CourseError: a notebook is missing, or the reference does not get full marks (a defect of the course).
    """
    release = released(course, assignment)
    graft = reference_graft(read_notebook(course.notebook("source", assignment)))
    tasks = checks_module(assignment.module).TASKS
    seeds = {name: derive_seed(secret, assignment.slug, name) for name in tasks}
    asks = [Ask(name, seed, FIRST_LIMIT) for name, seed in seeds.items()]
    earlier = course.modules_before(assignment)
    exact = box.run(assignment.module, graft, asks, dtype="float64", arrays=arrays, references=earlier)
    timed = box.run(assignment.module, graft, asks, arrays=arrays, references=earlier)
    seconds = {name: time_limit(course.settings["grading"], answer.seconds) for name, answer in timed.items()}
    expected = {name: answer.seen for name, answer in exact.items()}
    written = {grade_id(cell): grading(cell)["points"] for cell in release.cells if is_written(cell)}
    exam = Exam(assignment, release, seeds, seconds, expected, arrays, written, earlier, _text_of(graft))
    _prove(exam, timed)
    return exam


def time_limit(settings: Mapping[str, float], seconds: float) -> float:
    """The time limit of a question whose reference took so many seconds.

    >>> settings = {"time_factor": 20, "min_seconds": 8, "long_seconds": 30, "long_factor": 5}
    >>> [time_limit(settings, taken) for taken in (0.1, 1, 3, 10)]
    [8.0, 20.0, 30.0, 50.0]
    """
    most = max(settings["long_seconds"], settings["long_factor"] * seconds)
    return float(max(settings["min_seconds"], min(settings["time_factor"] * seconds, most)))


def _text_of(graft: Graft) -> str:
    return "\n\n".join(cell.source for cell in graft.cells)


def _prove(exam: Exam, answers: Mapping[str, Answer]) -> None:
    """A run whose own reference loses points must not mark anybody."""
    for name, answer in answers.items():
        result = mark_task(exam.assignment.module, exam.tasks[name], exam.checks[name], answer, exam.expected[name])
        if result.points < result.max_points:
            lost = "; ".join(f"{mark.name}: {mark.message}" for mark in result.checks if mark.points < mark.max)
            where = f"{exam.assignment.slug}, {result.title}"
            raise CourseError(
                f"{where}: the reference answer itself does not get full marks ({result.message or lost})"
            )
