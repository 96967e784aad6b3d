"""An assignment made ready for a run: the reference answers once for what is expected, once for the time it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import numpy as np
from nbformat import NotebookNode
from waferlab.checks.core import Case

from autograder.base.course import Assignment, Course, CourseError, checks_module
from autograder.base.notebooks import grade_id, grading, is_answer, is_marked, read_notebook, reference_cells
from autograder.base.records import Cell, Graft
from autograder.base.settings import Grading
from autograder.judge.datasets import drawn, draws, loaded
from autograder.judge.exam import Exam, derive_seed
from autograder.judge.marking import hidden_module, mark_task, readings
from autograder.run.variants import Sitting, secret_of
from autograder.wall.sandbox import Answer, Ask, Sandbox

FIRST_LIMIT = 300.0  # seconds for the reference itself, before anything is measured


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


def prepare_all(
    course: Course,
    sittings: Sequence[Sitting],
    secret: bytes,
    dataset: str,
    boxes: Sequence[Sandbox],
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, Exam]:
    """The exams of a run, by the names of their sittings, as many at a time as there are workers.

    Args:
        course: the course.
        sittings: which assignments, in which variants.
        secret: the run's secret.
        dataset: images for the hidden checks.
        boxes: warm workers.
        progress: told what is being done, how many exams are ready, and how many there will be.

    Raises:
        CourseError: as `prepare`, or the images cannot be loaded.
    """
    progress("loading the data", 0, 0)
    drawing = [one for one in sittings if draws(one.assignment)]
    arrays = {}
    if drawing:
        images = loaded(dataset)
        arrays = {one.name: drawn(one.assignment, images, secret_of(secret, one.variant)) for one in drawing}
    free: SimpleQueue[Sandbox] = SimpleQueue()
    for box in boxes:
        free.put(box)

    def exam(one: Sitting) -> Exam:
        box = free.get()
        try:
            return prepare(course, one.assignment, secret_of(secret, one.variant), arrays.get(one.name, {}), box)
        finally:
            free.put(box)

    exams = {}
    with ThreadPoolExecutor(len(boxes)) as threads:
        for one, ready in zip(sittings, threads.map(exam, sittings), strict=True):
            exams[one.name] = ready
            progress("running the references", len(exams), len(sittings))
    return exams


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
    seconds = {name: time_limit(course.settings.grading, answer.seconds) for name, answer in timed.items()}
    given = getattr(hidden_module(assignment.module), "expectations", lambda course: {})(course)
    expected = {
        name: {**answer.seen, **readings(tasks[name], Case(seeds[name], "float64", arrays)), **given.get(name, {})}
        for name, answer in exact.items()
    }
    written = {grade_id(cell): grading(cell)["points"] for cell in release.cells if is_marked(cell)}
    exam = Exam(assignment, release, seeds, seconds, expected, arrays, written, earlier, _text_of(graft), given)
    _prove(exam, timed)
    return exam


def time_limit(settings: Grading, seconds: float) -> float:
    """The time limit of a question whose reference took so many seconds.

    >>> [time_limit(Grading(), taken) for taken in (0.1, 1, 3, 10)]
    [6.0, 20.0, 20.0, 50.0]
    """
    most = max(settings.long_seconds, settings.long_factor * seconds)
    return float(max(settings.min_seconds, min(settings.time_factor * seconds, most)))


def _text_of(graft: Graft) -> str:
    return "\n\n".join(cell.source for cell in graft.cells)


def _prove(exam: Exam, answers: Mapping[str, Answer]) -> None:
    """A run whose own reference loses points must not mark anybody."""
    for name, answer in answers.items():
        result = mark_task(exam.tasks[name], answer, exam.expected[name])
        if result.points < result.max_points:
            lost = "; ".join(f"{mark.name}: {mark.message}" for mark in result.checks if mark.points < mark.max)
            where = f"{exam.assignment.slug}, {result.title}"
            raise CourseError(
                f"{where}: the reference answer itself does not get full marks ({result.message or lost})"
            )
