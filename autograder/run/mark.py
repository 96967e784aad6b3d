"""`course mark`: marks answers that are given as plain Python source, without a notebook around them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.base.course import Assignment, Course, CourseError, checks_module
from autograder.base.notebooks import is_answer
from autograder.base.points import DIGITS
from autograder.judge.datasets import choose_dataset, probe_arrays
from autograder.rebuild import from_answer
from autograder.run.one import grade_graft
from autograder.run.prepare import prepare, released
from autograder.wall.sandbox import Sandbox, limits_of

MAX_ANSWER = 2 * 2**20


def mark(
    course: Course,
    assignment: Assignment,
    answers: Sequence[tuple[str, str]],
    dataset: str | None = None,
    *,
    walled: bool = True,
) -> Iterator[dict[str, Any]]:
    """Mark answers; one may answer only some tasks, and then only their checks run and count.

    A blank one answers nothing and is marked as the untouched release would be: on every task, without points.

    Args:
        course: the course.
        assignment: whose tasks are answered.
        answers: what each is called, and Python source as it would stand in the solution cells.
        dataset: images for the hidden checks; by default as `course.toml` says.
        walled: run the answers behind the wall.

    Yields:
        One object per answer: `file` (what it is called), `points`, `max_points`, and `checks` with `name` (task and
        check, joined by a dot), `points`, `max` and `message`.

    Raises:
        CourseError: an answer defines none of the names that the tasks ask for.
    """
    release = released(course, assignment)
    defines = {name: task.defines for name, task in checks_module(assignment.module).TASKS.items()}
    stubs = "\n\n".join(cell.source for cell in release.cells if is_answer(cell))
    grafts = [
        (name, *from_answer(release, stubs if _is_blank(source) else source, defines)) for name, source in answers
    ]
    secret = secrets.token_bytes(32)
    chosen = choose_dataset(dataset or course.settings.grading.dataset)
    arrays = probe_arrays([assignment], chosen, secret).get(assignment.slug, {})
    with Sandbox([assignment.module], limits_of(course, walled=walled)) as box:
        exam = prepare(course, assignment, secret, arrays, box)
        for name, graft, tasks in grafts:
            results = grade_graft(exam, graft, box, tasks)
            checks = [
                {"name": f"{task.name}.{one.name}", "points": one.points, "max": one.max, "message": one.message}
                for task in results
                for one in task.checks
            ]
            points, most = (round(sum(check[key] for check in checks), DIGITS) for key in ("points", "max"))
            yield {"file": name, "points": points, "max_points": most, "checks": checks}


def _is_blank(source: str) -> bool:
    """Whether there is nothing but space and comments."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in source.splitlines())


def read_answers(files: Sequence[Path]) -> list[tuple[str, str]]:
    """Python files with the source of solution cells, by path.

    Raises:
        CourseError: a file cannot be read.
    """
    return [(str(path), _read(path)) for path in files]


def _read(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path}: cannot be read ({error.strerror})") from error
    if len(data) > MAX_ANSWER:
        raise CourseError(f"{path}: {len(data)} bytes, expected Python source of at most {MAX_ANSWER}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CourseError(f"{path}: not UTF-8 text, expected Python source") from error
